"""What a chest holds, by rolls of the member's seeds; docs/fairness.md defines them byte by byte.

The nonce of a chest is the number of the order that earned it: the server cannot choose it, and it is used once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from uuid import UUID

from game.chests.rules.content import PPM, ChestKind, Content
from loyalty.ids import to_typeid
from rewards.fairness.rules import Place, Roll

LABEL = "gc1"
PLACE = "chest"
Roller = Callable[[str, int], Roll]


def place_of(kind: str, version: int, member_id: UUID, client_seed: str, number: int) -> Place:
    """What a chest's rolls are made for, in the form of receipts. No pool has such a name: theirs are ids."""
    return Place(f"{PLACE}:{kind}", f"v{version}", to_typeid("mem", member_id), client_seed, number)


def label_of(drop: int) -> str:
    """The label of a chest's drop, counted from 1."""
    return f"{LABEL}-{drop}"


def fill(kind: ChestKind, roller: Roller) -> tuple[tuple[Roll, Content], ...]:
    """Each drop with its roll: the first line whose cumulative weight is greater than the roll."""
    edges = tuple(accumulate(kind.weights))
    rolls = [roller(label_of(drop), PPM) for drop in range(1, kind.drops + 1)]
    return tuple((roll, kind.contents[bisect_right(edges, roll.value)]) for roll in rolls)
