"""Orders: what may be asked for, what it pays, delivering, and the replay of a list of moves.

Order number n of a member follows from the board's seed, n, and the level and generators at the time it was taken in.
It only asks for goods that the member's generators lead to, and for no more units than one filling of energy makes.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from game.board.rules import cells, moves
from game.board.rules.bubbles import BubblePopped
from game.board.rules.cells import EMPTY
from game.board.rules.content import MOST_EXPERIENCE
from game.board.rules.moves import Board, LevelClaimed, Move, MoveKind
from game.refusals import GameCode, GameRefused
from loyalty.refusals import LoyaltyRefused, Refused
from loyalty.sheets.rules import Reader

MOST_MOVES = 50
_WORD = 2**32


@dataclass(frozen=True, slots=True)
class OrderDials:
    """How many orders wait, how large they grow, and what they pay: per thousand units, rounded up."""

    slots: int
    most_items: int
    units_base: int
    units_per_level: int
    diamonds_per_mille: int
    experience_per_mille: int


@dataclass(frozen=True, slots=True)
class Order:
    """What one customer asks for (numbers of `cells.py`, sorted) and pays."""

    number: int
    items: tuple[int, ...]
    diamonds: int
    experience: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """An order that was delivered, and what its goods were worth."""

    number: int
    units: int
    diamonds: int
    experience: int


@dataclass(frozen=True, slots=True)
class Table:
    """A board and the orders that wait; `next_number` is the next order's."""

    board: Board
    orders: tuple[Order, ...]
    next_number: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """How a list of moves went: the table after the longest valid prefix, and why the next move was refused."""

    table: Table
    applied: int
    refusal: Refused | None
    delivered: tuple[Delivered, ...]
    claimed: tuple[LevelClaimed, ...]
    popped: tuple[BubblePopped, ...]


def parse_orders(name: str, body: Mapping[str, Any]) -> OrderDials:
    """The sheet of kind `orders`. Refuses SHEET_INVALID with every mistake at once."""
    reader = Reader(name, body)
    dials = OrderDials(
        slots=reader.integer("slots", low=1, high=12),
        most_items=reader.integer("most_items", low=1, high=3),
        units_base=reader.integer("units_base", low=1, high=1_000),
        units_per_level=reader.integer("units_per_level", low=0, high=100),
        diamonds_per_mille=reader.integer("diamonds_per_mille", low=0, high=1_000_000),
        experience_per_mille=reader.integer("experience_per_mille", low=1, high=1_000_000),
    )
    reader.finish()
    return dials


def most_units(dials: OrderDials, level: int, energy_cap: int) -> int:
    """How many units an order may ask for at a level."""
    return min(dials.units_base + dials.units_per_level * level, energy_cap)


def make_order(board: Board, dials: OrderDials, number: int, chains: Sequence[int]) -> Order:
    """Order `number` as it is taken in now, of the chains that the member owns."""
    digest = hmac.digest(board.seed, b"order|%d" % number, "sha256")
    words = [int.from_bytes(digest[at : at + 4]) for at in range(0, 32, 4)]
    assert chains, "a board has a generator whose goods are open"
    left = most_units(dials, board.level, board.energy_cap)
    items = []
    for index in range(1 + words[0] % dials.most_items):
        if left < 1:
            break
        chain = chains[words[1 + 2 * index] * len(chains) // _WORD]
        highest = min(board.content.chain_lengths[chain], left.bit_length())
        level = 1 + words[2 + 2 * index] * highest // _WORD
        items.append(cells.make_item(chain, level))
        left -= cells.units_of(items[-1])
    units = cells.total_units(items)
    return Order(
        number=number,
        items=tuple(sorted(items)),
        diamonds=-(-units * dials.diamonds_per_mille // 1000),
        experience=-(-units * dials.experience_per_mille // 1000),
    )


def can_be_filled(board: Board, order: Order, chains: Sequence[int]) -> bool:
    """Whether the chains that the member owns hold everything that the order asks for."""
    return all(cells.chain_of(item) in chains and board.content.goods(item) is not None for item in order.items)


def take_in(table: Table, dials: OrderDials) -> Table:
    """Fills the free places with new orders; one that a change of sheets made impossible gives up its place.

    Where a change of sheets left no generator that orders go by, places stay free.
    """
    board, number = table.board, table.next_number
    chains = moves.owned_chains(board)
    kept = [order for order in table.orders if can_be_filled(board, order, chains)]
    while chains and len(kept) < dials.slots:
        kept.append(make_order(board, dials, number, chains))
        number += 1
    return Table(board, tuple(kept), number)


def deliver(table: Table, dials: OrderDials, number: int) -> tuple[Table, Delivered]:
    """Hands over an order's goods, from the lowest cells on, and takes in the next one.

    Refuses ORDER_NOT_FOUND, ORDER_ITEMS_MISSING.
    """
    order = next((each for each in table.orders if each.number == number), None)
    if order is None:
        raise GameRefused(GameCode.ORDER_NOT_FOUND, order=number)
    board = table.board
    wanted = Counter(order.items)
    found = []
    for cell, item in enumerate(board.cells):
        if wanted.get(item, 0) > 0:
            wanted[item] -= 1
            found.append(cell)
    if len(found) < len(order.items):
        raise GameRefused(GameCode.ORDER_ITEMS_MISSING, order=number, missing=len(order.items) - len(found))
    units = cells.total_units(order.items)
    for cell in found:
        board.cells[cell] = EMPTY
    board.units -= units
    board.experience = min(MOST_EXPERIENCE, board.experience + order.experience)
    board.purse += order.diamonds
    rest = tuple(each for each in table.orders if each.number != number)
    after = take_in(Table(board, rest, table.next_number), dials)
    return after, Delivered(number, units, order.diamonds, order.experience)


def replay(table: Table, dials: OrderDials, asked: Sequence[Move], now: datetime, purse: int = 0) -> Replayed:
    """Does the moves in order until one is refused. The table that was handed in stays as it was.

    `purse` is how many diamonds the wallet has to spend, less what it owes; what the moves earn adds to it.
    """
    board = table.board.copy()
    board.purse = purse
    moves.settle(board, now)
    current = Table(board, table.orders, table.next_number)
    delivered: list[Delivered] = []
    refusal: Refused | None = None
    applied = 0
    for move in asked:
        try:
            if move.kind is MoveKind.DELIVER:
                current, done = deliver(current, dials, move.first)
                delivered.append(done)
            else:
                moves.apply(board, move, now)
        except (GameRefused, LoyaltyRefused) as refused:
            refusal = refused
            break
        applied += 1
    return Replayed(current, applied, refusal, tuple(delivered), tuple(board.claimed), tuple(board.popped))
