"""How each kind of bot spends its days: when it comes, what it opens, hurries and draws. Pure but for the dice given.

A new thing to do is one small function here, over what the app knows, and one phase in `lane.py` that sends it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from api.simulate.planning import Style
from api.simulate.wanted import Kind
from game.board.rules.dials import RefillDials
from game.board.rules.moves import Board
from game.chests.rules import timers
from game.chests.rules.content import ChestKind, ChestPrize, ChestSheet
from game.chests.rules.timers import Chest, ChestState, Shelf
from game.energy import rules as energy
from game.orders.rules import Delivered, Order
from loyalty.work import Dice
from rewards.gacha.rules.odds import TEN

HOURS = (8, 11, 14, 17, 20, 23)
"""When somebody may come: the ticks of a day, by the season's clock."""
QUEST_HOURS = (14, 23)
"""When they look at their quests."""
_CASUAL_DAYS_PERCENT = 70
_CASUAL_CHECKS_PERCENT = 80
_DAILY_SECOND_PERCENT = 50
_DRAWS_A_DAY = 10
_CASUAL_DRAWS_PERCENT = 30
_USED_UP = 5  # with less energy a list of moves is hardly worth its while
# What an optimiser takes things for, in thousandths of a diamond: a tap drops 1.2 units on average, an order pays one
# diamond for a unit, a gift of goods is worth two units.
_PER_MILLE = {ChestPrize.DIAMONDS: 1000, ChestPrize.ENERGY: 1200, ChestPrize.GOODS: 2000, ChestPrize.TICKETS: 9000}


@dataclass(frozen=True, slots=True)
class PoolShown:
    """A pool as its page shows it."""

    id: UUID
    sha256: str
    price_diamonds: int
    takes_tickets: bool


@dataclass(frozen=True, slots=True)
class House:
    """What everybody can read: the sheet of chests, the pools, and what a refill of energy costs and gives."""

    chests: ChestSheet
    chests_version: int
    pools: tuple[PoolShown, ...]
    refill: RefillDials


@dataclass(slots=True)
class Knows:
    """What the app of one member knows, kept from the answers that it got. The board has no seed."""

    board: Board
    revision: int
    orders: tuple[Order, ...]
    diamonds: int = 0
    tickets: int = 0
    shelf: Shelf = field(default_factory=dict)
    opened: list[int] = field(default_factory=list)
    delivered: int = 0
    checked_in: date | None = None
    drew_on: date | None = None
    drew: int = 0
    refilled_on: date | None = None
    refills: int = 0

    def draws_left(self, today: date) -> int:
        return _DRAWS_A_DAY - (self.drew if self.drew_on == today else 0)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a kind plays on the board: lists of moves in a visit, and how careful each is."""

    rounds: int
    style: Style


MANNERS: Mapping[Kind, Manner] = {
    Kind.CASUAL: Manner(2, Style(moves=16, taps=8, ranks=False)),
    Kind.DAILY: Manner(3, Style(pops=True)),
    Kind.OPTIMISER: Manner(6, Style()),
    Kind.CHEATER: Manner(6, Style()),
}


def hours_of_day(kind: Kind, dice: Dice) -> frozenset[int]:
    """The ticks of one day at which somebody comes; none on a day that is forgotten."""
    if kind is Kind.CASUAL:
        if dice.below(100) >= _CASUAL_DAYS_PERCENT:
            return frozenset()
        first = dice.below(len(HOURS))
        return frozenset({HOURS[first], HOURS[(first + 1 + dice.below(len(HOURS) - 1)) % len(HOURS)]})
    if kind is Kind.DAILY:
        hours = {HOURS[3 + dice.below(3)]}
        if dice.below(100) < _DAILY_SECOND_PERCENT:
            hours.add(HOURS[dice.below(3)])
        return frozenset(hours)
    return frozenset(HOURS)


def checks_in(kind: Kind, knows: Knows, today: date, dice: Dice) -> bool:
    """Whether the day is to be checked in now."""
    if knows.checked_in == today:
        return False
    return kind is not Kind.CASUAL or dice.below(100) < _CASUAL_CHECKS_PERCENT


def chests_to_open(knows: Knows, now: datetime) -> list[int]:
    """Those that are ready."""
    return [number for number, chest in sorted(knows.shelf.items()) if chest.state(now) is ChestState.READY]


def chests_to_queue(knows: Knows, house: House, now: datetime) -> list[int]:
    """Those that wait and for which the queue has room, the quickest first."""
    shelf = knows.shelf.values()
    running = sum(each.opens_at is not None and each.opens_at > now for each in shelf)
    room = house.chests.slots + house.chests.queue - running
    waiting = sorted(
        (each for each in shelf if each.starts_at is None), key=lambda each: (each.unlock_seconds, each.number)
    )
    return [each.number for each in waiting[: max(0, room)]]


def worth_of(kind: ChestKind) -> int:
    """What a chest brings on average, in thousandths of a diamond."""
    return int(sum(kind.expected(prize) * worth for prize, worth in _PER_MILLE.items()))


def chest_to_hurry(kind: Kind, knows: Knows, house: House, now: datetime) -> tuple[int, int] | None:
    """The chest whose hurry pays most beyond its price, and that price: where others wait for its place.

    An optimiser alone; the others wait.
    """
    if kind not in (Kind.OPTIMISER, Kind.CHEATER) or all(each.starts_at for each in knows.shelf.values()):
        return None
    best: tuple[int, int, int] | None = None
    for number, chest in sorted(knows.shelf.items()):
        found = house.chests.kind(chest.kind)
        if found is None or chest.state(now) is not ChestState.UNLOCKING:
            continue
        cost = timers.price(chest, now, house.chests.diamond_seconds)
        gain = worth_of(found) - 1000 * cost
        if 0 < cost <= knows.diamonds and gain > 0 and (best is None or gain > best[0]):
            best = (gain, number, cost)
    return best[1:] if best else None


def refill_price(kind: Kind, knows: Knows, house: House, today: date, now: datetime) -> int | None:
    """What to pay for energy now: where it is used up, and the orders that it fills pay more than it costs.

    A daily buys the first refill of a day alone, a casual none.
    """
    used = knows.refills if knows.refilled_on == today else 0
    dials, board = house.refill, knows.board
    most = 0 if kind is Kind.CASUAL else 1 if kind is Kind.DAILY else dials.most_per_day
    if used >= min(most, dials.most_per_day):
        return None
    price = dials.diamonds << used
    if knows.diamonds < price or _PER_MILLE[ChestPrize.ENERGY] * dials.energy <= 1000 * price:
        return None
    there = energy.settle(board.energy, board.energy_cap, board.content.layout.energy_seconds, now)
    return price if there.amount < _USED_UP else None


def earn_chests(knows: Knows, house: House, delivered: Sequence[Delivered], now: datetime) -> None:
    """Puts the chests of delivered orders on the shelf, as the published cycle says."""
    for order in delivered:
        code = house.chests.earned(order.turn) if order.turn else None
        found = house.chests.kind(code) if code else None
        if found is not None:
            knows.shelf[order.number] = Chest(order.number, found.code, house.chests_version, found.unlock_seconds, now)


def draws(kind: Kind, knows: Knows, house: House, today: date, dice: Dice) -> list[tuple[PoolShown, int]]:
    """What to draw now: the pool, and one or ten."""
    left = knows.draws_left(today)
    free = [pool for pool in house.pools if pool.takes_tickets]
    chosen = [(pool, 1) for pool in free[:1] for _ in range(min(left, knows.tickets))]
    left -= len(chosen)
    if not house.pools or kind in (Kind.OPTIMISER, Kind.CHEATER):
        return chosen  # draws give back fewer diamonds than they take
    if kind is Kind.CASUAL:
        pool = house.pools[0]
        if left > 0 and knows.diamonds >= pool.price_diamonds and dice.below(100) < _CASUAL_DRAWS_PERCENT:
            chosen.append((pool, 1))
        return chosen
    pool = house.pools[dice.below(len(house.pools))]
    if left >= TEN and not chosen and knows.diamonds >= TEN * pool.price_diamonds:
        return [(pool, TEN)]
    most = min(left, knows.diamonds // pool.price_diamonds if pool.price_diamonds else 0, 3)
    return chosen + [(pool, 1)] * most
