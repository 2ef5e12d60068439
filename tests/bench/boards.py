"""The board that every member of the bench has, and twenty moves that are valid on it.

All boards are copies with one seed, so that the same taps drop the same goods on each.
"""

from __future__ import annotations

import random
from functools import cache

from game.board.rules import moves
from game.board.rules.moves import Move, MoveKind
from game.refusals import GameRefused
from tests.playing import NOW, Player, new_table

SEED = bytes(range(1, 33))
MOVES = 20
_KINDS = (MoveKind.TAP, MoveKind.MERGE, MoveKind.MOVE)


@cache
def twenty() -> tuple[Move, ...]:
    """Taps, merges and moves as a player makes them; no delivery, so that a list sends the same statements always."""
    dice = random.Random(20)
    player = Player(dice, new_table(SEED), tidy=0.2)
    taken: list[Move] = []
    while len(taken) < MOVES:
        move = player.choose()
        if move.kind not in _KINDS:
            continue
        try:
            moves.apply(player.table.board, move, NOW)
        except GameRefused:
            continue
        taken.append(move)
    return tuple(taken)


def write_move(move: Move) -> dict[str, dict[str, int]]:
    """A move as the app sends it."""
    if move.kind is MoveKind.TAP:
        return {"tap": {"cell": move.first}}
    return {move.kind.value.lower(): {"from": move.first, "to": move.second}}
