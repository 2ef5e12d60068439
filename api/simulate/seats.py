"""A member of a world without a database: everything that rows would hold of it, and what it did."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from api.simulate.chances import Fate
from api.simulate.wanted import Kind
from game.board.rules.moves import Board
from game.checkin.rules.streaks import Streak
from game.chests.rules.timers import Shelf
from game.orders.rules import Order, Table
from game.quests.rules.content import SUMS
from game.refills.rules import Bought
from loyalty.grants.rules import GrantKind
from loyalty.ledger import rules as ledger
from loyalty.ledger.rules import Currency, LotKey, Wallet
from loyalty.members.rules import Member

Event = tuple[str, str]
"""A kind of event, and the fact that is summed; none: the events themselves."""


class Running:
    """A sum over time: what was added when, never out of order."""

    __slots__ = ("_instants", "_totals")

    def __init__(self) -> None:
        self._instants: list[datetime] = []
        self._totals = [0]

    def add(self, amount: int, at: datetime) -> None:
        self._instants.append(at)
        self._totals.append(self._totals[-1] + amount)

    def between(self, since: datetime, until: datetime) -> int:
        """What was added from `since` on and before `until`."""
        return (
            self._totals[bisect_left(self._instants, until)] - self._totals[bisect_left(self._instants, since)]
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gift:
    """Energy or goods that wait for the board to be opened."""

    kind: GrantKind
    amount: int
    id: bytes


@dataclass(slots=True)
class Seat:
    """One member. `number` is its own in the crowd, `had` are the appointments that it delivered.

    Of figures: `flows` are diamonds by day and account, `orders` deliveries by day, `levels` claims.
    """

    number: int
    kind: Kind
    fate: Fate
    member: Member
    board: Board
    streak: Streak
    orders: tuple[Order, ...] = ()
    next_order: int = 1
    had: frozenset[int] = frozenset()
    wallets: dict[Currency, Wallet] = field(default_factory=dict)
    shelf: Shelf = field(default_factory=dict)
    next_nonce: int = 0
    gifts: list[Gift] = field(default_factory=list)
    gifts_given: int = 0
    sums: dict[Event, Running] = field(default_factory=lambda: {key: Running() for key in SUMS.values()})
    claims: dict[tuple[str, str], int] = field(default_factory=dict)
    flows: dict[tuple[int, str], int] = field(default_factory=dict)
    delivered: Counter[int] = field(default_factory=Counter)
    levels: list[tuple[date, int]] = field(default_factory=list)
    units: int = 0
    chests_earned: int = 0
    chests_opened: int = 0
    spent: int = 0
    given: int = 0
    refilled: Bought | None = None

    def table(self) -> Table:
        return Table(self.board, self.orders, self.next_order, self.had)

    def put(self, table: Table) -> None:
        """The board and its orders from now on."""
        self.board, self.orders, self.next_order, self.had = table.board, table.orders, table.next_number, table.had

    def spendable(self, currency: Currency, today: date) -> int:
        wallet = self.wallets.get(currency)
        return wallet.spendable(today) if wallet else 0

    def credit(self, currency: Currency, lot: LotKey, amount: int, account: str, day: int) -> None:
        """Refuses AMOUNT_OUT_OF_RANGE."""
        self.wallets[currency], _ = ledger.credit(self.wallets.get(currency) or Wallet(), lot, amount)
        self._note(currency, amount, account, day)

    def spend(self, currency: Currency, amount: int, today: date, account: str, day: int) -> None:
        """Refuses NOT_ENOUGH, AMOUNT_OUT_OF_RANGE."""
        wallet = self.wallets.get(currency) or Wallet()
        after, _ = ledger.spend(wallet, amount, today, currency=currency)
        # Lots that are used up would be looked at for the rest of the season.
        self.wallets[currency] = Wallet(after.owed, {lot: units for lot, units in after.lots.items() if units})
        self._note(currency, -amount, account, day)

    def count(self, event: Event, amount: int, at: datetime) -> None:
        self.sums[event].add(amount, at)

    def _note(self, currency: Currency, amount: int, account: str, day: int) -> None:
        if currency is Currency.DIAMONDS:
            key = (day, account)
            self.flows[key] = self.flows.get(key, 0) + amount
