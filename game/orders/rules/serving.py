"""What orders ask for and pay, taking them in, delivering, rerolling, and the replay of a list of moves.

Order number n of a member follows from the board's seed, n, and the level and generators at the time it was taken in;
that of an appointment from its code and day instead of n. It only asks for goods that the member's generators lead to,
and for no more units than one filling of energy makes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from struct import Struct
from typing import NamedTuple

from game.board.rules import cells, moves
from game.board.rules.bubbles import BubblePopped
from game.board.rules.cells import EMPTY, LEVEL_BITS, LEVEL_MASK
from game.board.rules.content import MOST_EXPERIENCE
from game.board.rules.moves import Board, LevelClaimed, Move, MoveKind
from game.board.rules.rolls import digest as digest_under
from game.board.rules.taps import tap
from game.orders.rules.dials import Band, OrderDials
from game.orders.rules.hours import APPOINTED, Appointment, Wall, Window, find_window, next_window, open_windows
from game.refusals import GameCode, GameRefused
from loyalty.refusals import LoyaltyRefused, Refused

MOST_MOVES = 50
# Asked for by every move: a member of an enumeration is looked up anew whenever it is named.
_TAP, _DELIVER = MoveKind.TAP, MoveKind.DELIVER
_WORD = 2**32
_WORDS = Struct(">8I")


@dataclass(frozen=True, slots=True)
class Special:
    """What an order is besides plain: an appointment's, which pays more."""

    code: str
    names: Mapping[str, str]
    bonus_per_mille: int


@dataclass(frozen=True, slots=True)
class Order:
    """What one customer asks for (numbers of `cells.py`, sorted) and pays.

    `place` is its place among the orders that earn chests, where that is another than its number: an order that takes
    the place of one that went away keeps it. `expires_at` None: it waits for good.
    """

    number: int
    items: tuple[int, ...]
    diamonds: int
    experience: int
    place: int = 0
    expires_at: datetime | None = None
    special: Special | None = None

    @property
    def turn(self) -> int:
        """Which one it is of those that earn chests; 0 for an appointment, which earns none."""
        return 0 if self.special else self.place or self.number

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Delivered:
    """An order that was delivered, and what its goods were worth; `turn` as of the order."""

    number: int
    units: int
    diamonds: int
    experience: int
    turn: int = 0
    appointment: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A board and the orders that wait; `next_number` is the next plain order's.

    `had` are the numbers of appointments that were delivered, `gone` the orders whose time was over.
    """

    board: Board
    orders: tuple[Order, ...]
    next_number: int
    had: frozenset[int] = frozenset()
    gone: tuple[Order, ...] = ()


class Replayed(NamedTuple):
    """How a list of moves went: the table after the longest valid prefix, and why the next move was refused."""

    table: Table
    applied: int
    refusal: Refused | None
    delivered: tuple[Delivered, ...]
    claimed: tuple[LevelClaimed, ...]
    popped: tuple[BubblePopped, ...]


def most_units(dials: OrderDials, level: int, energy_cap: int) -> int:
    """How many units an order may ask for at a level."""
    return _most_units(dials.band(level), level, energy_cap)


def _most_units(band: Band, level: int, energy_cap: int) -> int:
    return min(band.units_base + band.units_per_level * level, energy_cap)


def make_order(
    board: Board, dials: OrderDials, number: int, chains: Sequence[int], now: datetime | None = None, place: int = 0
) -> Order:
    """Plain order `number` as it is taken in now, of the chains that the member owns."""
    band = dials.band(board.level)
    items = _choose(board, band, chains, b"order|%d" % number)
    units = cells.total_units(items)
    expires_at = now + timedelta(hours=dials.expires_hours) if now and dials.expires_hours else None
    return Order(
        number=number,
        items=items,
        diamonds=-(-units * band.diamonds_per_mille // 1000),
        experience=-(-units * band.experience_per_mille // 1000),
        place=0 if place == number else place,
        expires_at=expires_at,
    )


def make_special(board: Board, dials: OrderDials, window: Window, chains: Sequence[int]) -> Order:
    """The order of an appointment's window as it is taken in now, of these chains."""
    band, appointment = dials.band(board.level), window.appointment
    items = _choose(board, band, chains, b"appointment|%d" % window.number)
    paid = cells.total_units(items) * (1000 + appointment.bonus_per_mille)
    return Order(
        number=window.number,
        items=items,
        diamonds=-(-paid * band.diamonds_per_mille // 1_000_000),
        experience=-(-paid * band.experience_per_mille // 1_000_000),
        expires_at=window.ends_at,
        special=Special(appointment.code, appointment.names, appointment.bonus_per_mille),
    )


def can_be_filled(board: Board, order: Order, chains: Collection[int]) -> bool:
    """Whether the chains that the member owns hold everything that the order asks for."""
    lengths = board.content.chain_lengths
    for item in order.items:
        chain = item >> LEVEL_BITS
        if chain not in chains or item & LEVEL_MASK > lengths[chain]:
            return False
    return True


def chains_for(board: Board, appointment: Appointment, chains: Sequence[int]) -> list[int]:
    """What an appointment asks for of the chains that the member owns; none: it is not for him yet."""
    if board.level < appointment.level:
        return []
    return [each for each in chains if not appointment.chains or board.content.chain_codes[each] in appointment.chains]


def next_appointment(
    board: Board, dials: OrderDials, orders: Sequence[Order], had: frozenset[int], wall: Wall
) -> Window | None:
    """The window that is open or opens next and whose order the member has yet to be given; None: none is foreseen."""
    if not dials.appointments:
        return None
    chains = moves.owned_chains(board)
    mine = [each for each in dials.appointments if chains_for(board, each, chains)]
    return next_window(mine, wall, had | {order.number for order in orders})


def take_in(table: Table, dials: OrderDials, wall: Wall | None = None) -> Table:
    """Fills the free places with new orders, and brings those of open windows beside them.

    An order that a change of sheets made impossible, or whose time is over, gives up its place; a plain one leaves its
    turn of chests to the one that follows. Without `wall` nothing is over and no window open. Where a change of sheets
    left no generator that orders go by, places stay free. A table on which all stays as it is comes back itself.
    """
    orders, number, over = _fill(table.board, table.orders, table.next_number, table.had, dials, wall)
    if orders == table.orders and not over:
        return table
    return Table(table.board, orders, number, table.had, (*table.gone, *over))


def _fill(
    board: Board, orders: Sequence[Order], number: int, had: frozenset[int], dials: OrderDials, wall: Wall | None,
    spent: int = 0,
) -> tuple[tuple[Order, ...], int, list[Order]]:  # fmt: skip
    """These orders, and others in the places of those that cannot stay; the next number; those whose time is over.

    `number` is the next plain order's, `spent` the turn that was delivered just now.
    """
    chains = moves.owned_chains(board)
    plain: list[Order] = []
    special: list[Order] = []
    left: list[Order] = []
    over: list[Order] = []
    for each in orders:
        if wall is not None and each.expires_at and each.expires_at <= wall.now:
            over.append(each)
            left.append(each)
        elif can_be_filled(board, each, chains):
            (plain if each.special is None else special).append(each)
        else:
            left.append(each)
    if chains and len(plain) < dials.slots:
        turns = sorted(each.turn for each in left if each.turn)
        last = max((spent, *(each.turn for each in orders))) or number - 1
        while len(plain) < dials.slots:
            turn = turns.pop(0) if turns else last + 1
            plain.append(make_order(board, dials, number, chains, wall.now if wall else None, turn))
            last, number = max(last, turn), number + 1
    for window in open_windows(dials.appointments, wall) if wall else ():
        if window.number not in had and all(window.number != each.number for each in special):
            fitting = chains_for(board, window.appointment, chains)
            if fitting:
                special.append(make_special(board, dials, window, fitting))
    return (*plain, *special), number, over


def deliver(table: Table, dials: OrderDials, number: int, wall: Wall | None = None) -> tuple[Table, Delivered]:
    """Hands over an order's goods, from the lowest cells on, and takes in the next one.

    Refuses ORDER_NOT_FOUND, ORDER_EXPIRED, ORDER_ITEMS_MISSING.
    """
    order = find_order(table, dials, number, wall)
    board = table.board
    found = find_goods(board, order.items)
    if len(found) < len(order.items):
        raise GameRefused(GameCode.ORDER_ITEMS_MISSING, order=number, missing=len(order.items) - len(found))
    units = cells.total_units(order.items)
    for cell in found:
        board.cells[cell] = EMPTY
    board.units -= units
    board.experience = min(MOST_EXPERIENCE, board.experience + order.experience)
    board.purse += order.diamonds
    rest = [each for each in table.orders if each.number != number]
    had = table.had | {number} if order.special else table.had
    orders, following, over = _fill(board, rest, table.next_number, had, dials, wall, order.turn)
    after = Table(board, orders, following, had, (*table.gone, *over))
    code = order.special.code if order.special else ""
    return after, Delivered(number, units, order.diamonds, order.experience, order.turn, code)


def find_goods(board: Board, items: Sequence[int]) -> list[int]:
    """The cells of these goods, from the lowest on, for each that is there one. Expects equal goods together."""
    found: list[int] = []
    before, start = EMPTY, 0
    for item in items:
        start = start if item == before else 0
        before = item
        try:
            start = board.cells.index(item, start) + 1
        except ValueError:
            start = len(board.cells)
            continue
        found.append(start - 1)
    return found


def reroll(table: Table, dials: OrderDials, number: int, wall: Wall) -> tuple[Table, Order]:
    """The table with the next order in the place of a plain one, and that order.

    Refuses ORDER_NOT_FOUND, ORDER_EXPIRED, NOT_REROLLABLE.
    """
    order = find_order(table, dials, number, wall)
    if order.special is not None:
        raise GameRefused(GameCode.NOT_REROLLABLE, order=number)
    chains = moves.owned_chains(table.board)
    if not chains:
        raise GameRefused(GameCode.NOT_REROLLABLE, order=number)
    made = make_order(table.board, dials, table.next_number, chains, wall.now, order.turn)
    orders = tuple(made if each is order else each for each in table.orders)
    return replace(table, orders=orders, next_number=table.next_number + 1), made


def find_order(table: Table, dials: OrderDials, number: int, wall: Wall | None) -> Order:
    """The order that waits under a number. Refuses ORDER_NOT_FOUND, ORDER_EXPIRED."""
    order = None
    for each in table.orders:
        if each.number == number:
            order = each
            break
    if order is not None and not (wall and order.is_over(wall.now)):
        return order
    over = order or next((each for each in table.gone if each.number == number), None)
    expired_at = over.expires_at if over else None
    if expired_at is None and wall is not None and number >= APPOINTED and number not in table.had:
        window = find_window(dials.appointments, number, wall.zone)
        expired_at = window.ends_at if window and window.ends_at <= wall.now else None
    if expired_at is not None:
        raise GameRefused(GameCode.ORDER_EXPIRED, order=number, expired_at=expired_at.isoformat())
    raise GameRefused(GameCode.ORDER_NOT_FOUND, order=number)


def replay(
    table: Table, dials: OrderDials, asked: Sequence[Move], now: datetime, wall: Wall | None = None, purse: int = 0
) -> Replayed:
    """Does the moves in order until one is refused. The table that was handed in stays as it was.

    `purse` is how many diamonds the wallet has to spend, less what it owes; what the moves earn adds to it.
    """
    board = table.board.copy()
    board.purse = purse
    moves.settle(board, now)
    current = Table(board, table.orders, table.next_number, table.had, table.gone)
    delivered: list[Delivered] = []
    refusal: Refused | None = None
    applied = 0
    try:
        while applied < len(asked):
            move = asked[applied]
            if move.kind is _TAP:
                applied += tap(board, move.first, _count_taps(asked, applied), now)
                continue
            if move.kind is _DELIVER:
                current, done = deliver(current, dials, move.first, wall)
                delivered.append(done)
            else:
                moves.apply(board, move, now)
            applied += 1
    except (GameRefused, LoyaltyRefused) as refused:
        refusal = refused
    return Replayed(current, applied, refusal, tuple(delivered), tuple(board.claimed), tuple(board.popped))


def _count_taps(asked: Sequence[Move], start: int) -> int:
    """How many moves from there on tap the same cell."""
    first, end = asked[start], start + 1
    while end < len(asked) and asked[end].kind is _TAP and asked[end].first == first.first:
        end += 1
    return end - start


def _choose(board: Board, band: Band, chains: Sequence[int], message: bytes) -> tuple[int, ...]:
    """The goods that an order asks for, by the seed and its message."""
    words = _WORDS.unpack(digest_under(board.seed, message))
    assert chains, "a board has a generator whose goods are open"
    left = _most_units(band, board.level, board.energy_cap)
    items = []
    for index in range(1 + words[0] % band.most_items):
        if left < 1:
            break
        chain = chains[words[1 + 2 * index] * len(chains) // _WORD]
        highest = min(board.content.chain_lengths[chain], left.bit_length())
        lowest = min(band.least_item_level, highest)
        level = lowest + words[2 + 2 * index] * (highest - lowest + 1) // _WORD
        items.append(cells.make_item(chain, level))
        left -= 1 << level - 1
    return tuple(sorted(items))
