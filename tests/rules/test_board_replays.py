"""What is done at once when a list of moves is replayed comes to the same as its moves one by one."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

from game.board.rules import moves
from game.board.rules.cells import CELLS
from game.board.rules.moves import Board, Move, MoveKind
from game.board.rules.rolls import roll, rolls
from game.energy.rules import Energy
from game.orders import rules as orders
from game.orders.rules import MOST_MOVES, Table
from game.refusals import GameRefused
from loyalty.refusals import LoyaltyRefused, Refused
from tests.playing import TASTINGS, Player, free_generators, lively, new_table, shipped


def one_by_one(table: Table, asked: list[Move], now: datetime) -> tuple[Table, int, Refused | None]:
    """The table after the longest valid prefix, how long that is, and the refusal of the next move."""
    _, dials = shipped()
    table = replace(table, board=table.board.copy())
    moves.settle(table.board, now)
    for applied, move in enumerate(asked):
        try:
            if move.kind is MoveKind.DELIVER:
                table, _ = orders.deliver(table, dials, move.first)
            else:
                moves.apply(table.board, move, now)
        except (GameRefused, LoyaltyRefused) as refused:
            return table, applied, refused
    return table, len(asked), None


def told(refused: Refused | None) -> Any:
    return refused and (refused.code, refused.retryable, refused.retry_at, refused.facts)


def choose(player: Player) -> list[Move]:
    """Runs of taps, of one and of many, with other moves between them."""
    dice, asked = player.random, list[Move]()
    while len(asked) < MOST_MOVES:
        if dice.random() < 0.7:
            free = free_generators(player.table.board)
            free += [each for each in free if each == TASTINGS] * 3
            cell = dice.choice(free) if dice.random() < 0.97 else dice.randrange(-1, CELLS + 1)
            made = Move(MoveKind.TAP, cell)
            asked += [made if dice.random() < 0.5 else replace(made, second=1) for _ in range(dice.randrange(1, 25))]
        else:
            asked.append(player.choose())
    return asked[: dice.randrange(1, MOST_MOVES + 1)]


def starting(player: Player) -> Board:
    """The board of a game under way, now with little energy and now with much, now with hardly a free cell."""
    for _ in range(12):
        player.step()
    player.wait()
    board = player.table.board
    board.energy = Energy(player.random.choice((0, 1, 9, 80, 200)), player.now)
    if player.random.random() < 0.3:
        full = [cell for cell, held in enumerate(board.cells) if not held][player.random.randrange(4) :]
        for cell in full:
            board.cells[cell] = player.random.choice((17, 33))
            board.units += 1
    return board


def test_moves_done_at_once_come_to_the_same_as_one_by_one(seed: int) -> None:
    dice = random.Random(seed)
    _, dials = shipped()
    ends: Counter[str] = Counter()
    gone = 0
    for number in range(120):
        player = Player(dice, new_table(dice.randbytes(32), content=lively() if number % 3 else None))
        for _ in range(4):
            board, asked = starting(player), choose(player)
            done = orders.replay(player.table, dials, asked, player.now, purse=board.purse)
            table, applied, refusal = one_by_one(player.table, asked, player.now)
            assert (done.applied, told(done.refusal)) == (applied, told(refusal)), seed
            assert (done.table.board, done.table.orders) == (table.board, table.orders), seed
            ends[str(refusal.code) if refusal else ""] += 1
            gone += len(board.generators) > len(done.table.board.generators)
            player.table = done.table
    assert {"", "NO_ENERGY", "NO_CHARGES", "BOARD_FULL"} <= set(ends), ends
    assert gone, "finite generators were used up"


def test_rolls_of_a_counter_are_those_of_their_messages(seed: int) -> None:
    key = random.Random(seed).randbytes(32)
    found = rolls(key, b"tap|23|", 98, 5, 1_000)
    assert found == [roll(key, b"tap|23|%d" % number, 1_000) for number in range(98, 103)]
    assert rolls(key, b"tap|23|", 98, 0, 1_000) == []
