"""What an operator may do for a member alone, what takes two, and notes on a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from loyalty.ledger.rules import LIMIT, Currency
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets.rules import Reader

SHEET = ("limits", "current")
A_DAY = timedelta(hours=24)
NOTE_LENGTH_MAX = 1_000
_MEMBERS_MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class Gifts:
    """Amounts of what a compensation gives, or a limit of each."""

    diamonds: int = 0
    energy: int = 0
    tickets: int = 0

    def times(self, members: int) -> Gifts:
        return Gifts(self.diamonds * members, self.energy * members, self.tickets * members)

    def __add__(self, other: Gifts) -> Gifts:
        return Gifts(self.diamonds + other.diamonds, self.energy + other.energy, self.tickets + other.tickets)

    def within(self, limit: Gifts) -> bool:
        """Whether each of them is at most its limit."""
        return (
            self.diamonds <= limit.diamonds and self.energy <= limit.energy and self.tickets <= limit.tickets
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """The sheet `limits.current`."""

    adjustment: Mapping[Currency, int]
    adjustments_a_day: Mapping[Currency, int]
    members: int
    gifts: Gifts
    gifts_most: Gifts
    days_most: int
    tickets_days: int


NOTHING_ALONE = Limits(
    adjustment=dict.fromkeys(Currency, 0), adjustments_a_day=dict.fromkeys(Currency, 0), members=0, gifts=Gifts(),
    gifts_most=Gifts(10_000, 1_000, 50), days_most=14, tickets_days=30,
)  # fmt: skip
"""Where no sheet stands: everything takes two."""


def parse_limits(name: str, body: Mapping[str, Any]) -> Limits:
    """The sheet of kind `limits`. Refuses SHEET_INVALID."""
    reader = Reader(name, body)
    alone = reader.table("compensation")
    limits = Limits(
        adjustment=_read_currencies(reader.table("adjustment")),
        adjustments_a_day=_read_currencies(reader.table("adjustments_a_day")),
        members=alone.integer("members", low=0, high=_MEMBERS_MOST),
        gifts=_read_gifts(alone),
        gifts_most=_read_gifts(most := reader.table("compensation_most")),
        days_most=most.integer("days", low=1, high=31),
        tickets_days=reader.integer("tickets_days", low=1, high=3650),
    )
    alone.close()
    most.close()
    for currency in Currency:
        if limits.adjustments_a_day[currency] < limits.adjustment[currency]:
            reader.fault(f"adjustments_a_day.{currency}", "must not be less than what one adjustment may be")
    reader.finish()
    return limits


def _read_currencies(reader: Reader) -> dict[Currency, int]:
    read = {currency: reader.integer(currency.value, low=0, high=LIMIT) for currency in Currency}
    reader.close()
    return read


def _read_gifts(reader: Reader) -> Gifts:
    return Gifts(*(reader.integer(each, low=0, high=LIMIT) for each in ("diamonds", "energy", "tickets")))


def check_alone(limits: Limits, currency: Currency, amount: int, before: int) -> None:
    """Refuses ADJUSTMENT_NEEDS_TWO where the amount, or all of the operator's last 24 hours, is beyond one person.

    `before` is what the operator adjusted alone in that time, given and taken together.
    """
    size = abs(amount)
    if size > limits.adjustment[currency]:
        raise LoyaltyRefused(
            LoyaltyCode.ADJUSTMENT_NEEDS_TWO, currency=currency.value, limit=limits.adjustment[currency]
        )
    left = limits.adjustments_a_day[currency] - before
    if size > left:
        raise LoyaltyRefused(LoyaltyCode.ADJUSTMENT_NEEDS_TWO, currency=currency.value, limit=max(left, 0))


class AdjustmentState(StrEnum):
    """Where a proposed adjustment stands."""

    PROPOSED = "PROPOSED"
    DONE = "DONE"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A correction of a wallet that takes two people: proposed by one, done by another, or withdrawn."""

    id: UUID
    member_id: UUID
    currency: Currency
    amount: int
    reason: str
    state: AdjustmentState
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    transfer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class CaseNote:
    """What an operator wrote down about a member; it stays as it was written."""

    id: UUID
    member_id: UUID
    text: str
    operator_id: UUID
    at: datetime
