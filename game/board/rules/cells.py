"""Cells: 7 columns by 9 rows, each one whole number in memory and one short word in sheets and rows.

A number is 0 for EMPTY, a goods' code (chain and level), or a generator's (its home cell), with a flag for the bubble,
the web or the box around it. The flags are in an order: goods are below BUBBLE, bubbles below GENERATOR, generators
below WEB, and what cannot be moved is above. Words: `.` empty, `dairy.3` goods of level 3, `*dairy.3` a bubble with
them, `#dairy.3` the same in a web, `?dairy.3` in a box, `?#` in a web in a box, `@fridge.9` the generator of kind
fridge whose home is cell 9.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

COLUMNS = 7
ROWS = 9
CELLS = COLUMNS * ROWS
EMPTY = 0
EMPTY_WORD = "."

LEVEL_BITS = 4
LEVEL_MASK = (1 << LEVEL_BITS) - 1
BUBBLE = 1 << 23
GENERATOR = 1 << 24
WEB = 1 << 25
BOX = 1 << 26
_HOME_MASK = 63


class CellKind(StrEnum):
    """What a cell is. No command makes a CHEST."""

    EMPTY = "EMPTY"
    BOX = "BOX"
    WEBBED = "WEBBED"
    ITEM = "ITEM"
    GENERATOR = "GENERATOR"
    CHEST = "CHEST"
    BUBBLE = "BUBBLE"


def kind_of(cell: int) -> CellKind:
    """The kind of a cell's number."""
    if cell == EMPTY:
        return CellKind.EMPTY
    if cell & BOX:
        return CellKind.BOX
    if cell & WEB:
        return CellKind.WEBBED
    if cell & GENERATOR:
        return CellKind.GENERATOR
    return CellKind.BUBBLE if cell & BUBBLE else CellKind.ITEM


def is_item(cell: int) -> bool:
    """Whether that is goods which nothing holds."""
    return 0 < cell < BUBBLE


def is_bubble(cell: int) -> bool:
    return BUBBLE <= cell < GENERATOR


def make_item(chain: int, level: int) -> int:
    return chain << LEVEL_BITS | level


def chain_of(item: int) -> int:
    """The number of an item's chain; flags do not count."""
    return (item & (BUBBLE - 1)) >> LEVEL_BITS


def level_of(item: int) -> int:
    return item & LEVEL_MASK


def home_of(cell: int) -> int:
    """The home cell of a generator: by this it is known wherever it stands."""
    return cell & _HOME_MASK


def units_of(cell: int) -> int:
    """What a cell's goods are worth, hidden or not: 2^(level - 1).

    A generator and an empty cell nothing, and goods in a bubble nothing until it is popped.
    """
    return 0 if cell == EMPTY or cell & (GENERATOR | BUBBLE) else 1 << (cell & LEVEL_MASK) - 1


def total_units(cells: Iterable[int]) -> int:
    return sum(map(units_of, cells))


def _distance(one: int, other: int) -> int:
    row, column = divmod(one, COLUMNS)
    other_row, other_column = divmod(other, COLUMNS)
    return abs(row - other_row) + abs(column - other_column)


# For each cell all others, the nearest first (Manhattan), by index among equals.
NEAREST = tuple(
    tuple(sorted((other for other in range(CELLS) if other != cell), key=lambda other: (_distance(cell, other), other)))
    for cell in range(CELLS)
)
BESIDE = tuple(tuple(other for other in NEAREST[cell] if _distance(cell, other) == 1) for cell in range(CELLS))
