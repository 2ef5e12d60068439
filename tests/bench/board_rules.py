"""The rules of the board alone: `python -m tests.bench.board_rules [--millions N] [--seed S]`.

Measures how many moves the replay makes in a second of processor time, of recorded play in lists of twenty, and then
plays so many million random moves with every invariant checked, as the tests do with two million.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from datetime import datetime, timedelta

from game.board.rules import moves
from game.board.rules.moves import Move, MoveKind
from game.orders import rules as orders
from game.orders.rules import Table, replay
from game.refusals import GameRefused
from loyalty.refusals import LoyaltyRefused
from tests.playing import Player, new_table, play, shipped

LISTS = 400
LIST_LENGTH = 20
ROUNDS = 7


def record(seed: int) -> list[tuple[Table, list[Move], datetime]]:
    """Tables, the twenty moves that were taken from each, and when."""
    _, dials = shipped()
    dice = random.Random(seed)
    player = Player(dice, new_table(dice.randbytes(32)))
    found = []
    while len(found) < LISTS:
        start = Table(player.table.board.copy(), player.table.orders, player.table.next_number)
        player.now += timedelta(hours=1)
        moves.settle(player.table.board, player.now)
        taken: list[Move] = []
        for _ in range(LIST_LENGTH * 10):
            move = player.choose()
            try:
                if move.kind is MoveKind.DELIVER:
                    player.table, _ = orders.deliver(player.table, dials, move.first)
                else:
                    moves.apply(player.table.board, move, player.now)
            except (GameRefused, LoyaltyRefused):
                continue
            taken.append(move)
            if len(taken) == LIST_LENGTH:
                found.append((start, taken, player.now))
                break
    return found


def measure(seed: int) -> tuple[float, float]:
    """Moves a second of the replay: the median of some rounds, and the slowest."""
    _, dials = shipped()
    lists = record(seed)
    speeds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for table, asked, now in lists:
            assert replay(table, dials, asked, now, purse=table.board.purse).applied == LIST_LENGTH
        speeds.append(len(lists) * LIST_LENGTH / (time.process_time() - began))
    return statistics.median(speeds), min(speeds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=int, default=1)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    median, slowest = measure(arguments.seed)
    print(f"replay of lists of {LIST_LENGTH}: {median:,.0f} moves/s of processor time (slowest round {slowest:,.0f})")
    began, taken = time.process_time(), 0
    for game in range(arguments.millions * 50):
        taken += sum(play(arguments.seed + game, 20_000).applied.values())
    print(f"{taken:,} moves with every invariant checked in {time.process_time() - began:.0f} s")


if __name__ == "__main__":
    main()
