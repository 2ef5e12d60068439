"""Tapping a generator, once or many times on end: what drops is rolled under the board's seed, tap by tap."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from typing import TYPE_CHECKING

from game.board.rules import generators
from game.board.rules.cells import CELLS, EMPTY, GENERATOR, LEVEL_MASK, NEAREST, WEB
from game.board.rules.content import Supply
from game.board.rules.rolls import rolls
from game.energy import rules as energy_rules
from game.energy.rules import Energy
from game.refusals import GameCode, GameRefused

if TYPE_CHECKING:  # moves.py has the board, and knows this as one of its verbs
    from game.board.rules.moves import Board


def tap(board: Board, cell: int, times: int, now: datetime) -> int:
    """Taps up to so many times and says how often: at least once, less where charges, energy or room end.

    The same as that many single taps, which is what this is asked for where `times` is 1. Refuses what the first of
    them is refused: CELL_OUT_OF_BOUNDS, CELL_EMPTY, LOCKED_CELL, NOT_TAPPABLE, NO_CHARGES, NO_ENERGY, BOARD_FULL.
    """
    home = _find_generator(board, cell)
    generator = board.generators[home]
    total, weights, items = board.content.drops(generator.kind, board.level)
    if not total:
        raise GameRefused(GameCode.NOT_TAPPABLE, cell=cell)
    kind = board.content.kind(generator.kind)
    assert kind is not None, "what the sheet has lost drops nothing"
    by_itself = kind.supply is Supply.AUTO
    if generator.charges == 0 or by_itself:
        generators.refresh(kind, generator, now)
        if generator.charges == 0:
            raise GameRefused(GameCode.NO_CHARGES, retryable=True, retry_at=generator.ready_at, cell=cell)
    energy = board.energy
    if energy.amount < 1 and not by_itself:
        energy_rules.spend(energy, 1, board.energy_cap, board.content.layout.energy_seconds, now)
    most = min(times, generator.charges if by_itself else min(generator.charges, max(1, energy.amount)))
    targets = _find_room(board, cell, most)
    if not targets:
        raise GameRefused(GameCode.BOARD_FULL)
    units = 0
    for target, rolled in zip(
        targets, rolls(board.seed, b"tap|%d|" % home, generator.taps, len(targets), total), strict=True
    ):
        item = items[bisect_right(weights, rolled)]
        board.cells[target] = item
        units += 1 << (item & LEVEL_MASK) - 1
    board.units += units
    if not by_itself:
        board.energy = Energy(energy.amount - len(targets), energy.at)
    if generators.use(kind, generator, now, len(targets)):
        board.cells[cell] = EMPTY
        del board.generators[home]
    return len(targets)


def _find_generator(board: Board, cell: int) -> int:
    """The home of the free generator in that cell."""
    if not 0 <= cell < CELLS:
        raise GameRefused(GameCode.CELL_OUT_OF_BOUNDS, cell=cell, most=CELLS - 1)
    found = board.cells[cell]
    if GENERATOR <= found < WEB:
        return found & (GENERATOR - 1)
    if found == EMPTY:
        raise GameRefused(GameCode.CELL_EMPTY, cell=cell)
    raise GameRefused(GameCode.LOCKED_CELL if found >= WEB else GameCode.NOT_TAPPABLE, cell=cell)


def _find_room(board: Board, cell: int, most: int) -> list[int]:
    """The empty cells that are nearest, so many at most."""
    found = []
    for target in NEAREST[cell]:
        if not board.cells[target]:  # EMPTY
            found.append(target)
            if len(found) == most:
                break
    return found
