"""The life of a prize that is a thing: WON, perhaps TAX_HOLD, CLAIMED, READY, and then one of three ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from rewards.prizes.rules.things import Delivery, Thing
from rewards.refusals import RewardsCode, RewardsRefused


class PrizeState(StrEnum):
    """Where a prize stands. READY is posted, or waiting at a store; the last three are ends."""

    WON = "WON"
    TAX_HOLD = "TAX_HOLD"
    CLAIMED = "CLAIMED"
    READY = "READY"
    FULFILLED = "FULFILLED"
    FORFEITED = "FORFEITED"
    EXPIRED = "EXPIRED"


ENDS = frozenset({PrizeState.FULFILLED, PrizeState.FORFEITED, PrizeState.EXPIRED})
KEEPING = frozenset({PrizeState.TAX_HOLD, PrizeState.CLAIMED, PrizeState.READY})
"""In these a prize that is collected has one of its store's stock to itself."""


class Source(StrEnum):
    """How it came: won in a draw, or picked from the catalogue."""

    DRAW = "DRAW"
    PICK = "PICK"


@dataclass(frozen=True, slots=True)
class Won:
    """One thing of one member. `due_at` is the first instant too late for what the member has to do next.

    A pick's stamps are held by `transfer_id` until `paid_id` takes them for good.
    """

    member_id: UUID
    id: UUID
    source: Source
    thing: str
    version: int
    law: str
    code: str
    state: PrizeState
    value_minor: int
    taxed: bool
    won_at: datetime
    updated_at: datetime
    due_at: datetime | None
    delivery: Delivery | None = None
    store_id: UUID | None = None
    tax_year: int | None = None
    withheld_minor: int = 0
    stamps: int = 0
    cash_minor: int = 0
    transfer_id: UUID | None = None
    paid_id: UUID | None = None
    receipt_no: str | None = None
    tracking_no: str | None = None
    reason: str | None = None
    claimed_at: datetime | None = None
    ready_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def keeps_stock(self) -> bool:
        """Whether one of a store's stock is set aside for it."""
        return self.store_id is not None and self.state in KEEPING


def refuse_over(won: Won, now: datetime) -> None:
    """Refuses PRIZE_HANDED_OVER, PRIZE_EXPIRED, PRIZE_FORFEITED: the end is there, or its time has come."""
    if won.state is PrizeState.FULFILLED:
        raise RewardsRefused(RewardsCode.PRIZE_HANDED_OVER)
    if won.state is PrizeState.FORFEITED:
        raise RewardsRefused(RewardsCode.PRIZE_FORFEITED)
    if won.state is PrizeState.EXPIRED or (won.due_at is not None and won.due_at <= now):
        raise RewardsRefused(RewardsCode.PRIZE_EXPIRED)


def refuse_unless(won: Won, now: datetime, *states: PrizeState) -> None:
    """Refuses what `refuse_over` does, and PRIZE_STATE unless the prize stands in one of the states."""
    refuse_over(won, now)
    if won.state not in states:
        raise RewardsRefused(RewardsCode.PRIZE_STATE, state=won.state.value)


def check_delivery(thing: Thing, delivery: Delivery) -> None:
    """Refuses DELIVERY_NOT_OFFERED."""
    if delivery not in thing.delivery:
        raise RewardsRefused(RewardsCode.DELIVERY_NOT_OFFERED, delivery=delivery.value)


def claim(
    won: Won, delivery: Delivery, store_id: UUID | None, now: datetime, *, tax_year: int, held_until: datetime | None,
    withheld_minor: int,
) -> Won:  # fmt: skip
    """Claimed; or held for the tax, until `held_until`."""
    state = PrizeState.TAX_HOLD if held_until is not None else PrizeState.CLAIMED
    return replace(
        won, state=state, delivery=delivery, store_id=store_id, tax_year=tax_year, due_at=held_until,
        withheld_minor=withheld_minor, claimed_at=now, updated_at=now,
    )  # fmt: skip


def clear(won: Won, now: datetime) -> Won:
    """The tax officer is content."""
    return replace(won, state=PrizeState.CLAIMED, due_at=None, updated_at=now)


def make_ready(won: Won, now: datetime, *, due_at: datetime | None, tracking_no: str | None) -> Won:
    """Posted, or waiting at its store until `due_at`."""
    return replace(
        won, state=PrizeState.READY, due_at=due_at, tracking_no=tracking_no, ready_at=now, updated_at=now
    )  # fmt: skip


def check_hand_over(won: Won, store_id: UUID, cash_minor: int, now: datetime) -> None:
    """Whether a store may hand it over for that cash.

    Refuses PRIZE_OTHER_STORE, what `refuse_unless` does, CASH_DIFFERS.
    """
    if won.store_id != store_id:
        raise RewardsRefused(RewardsCode.PRIZE_OTHER_STORE)
    refuse_unless(won, now, PrizeState.READY)
    if cash_minor != won.cash_minor:
        raise RewardsRefused(RewardsCode.CASH_DIFFERS, due=won.cash_minor)


def end(won: Won, state: PrizeState, now: datetime, reason: str | None = None) -> Won:
    """One of the three ends; what is not fulfilled is nobody's income, and nothing is withheld for it."""
    assert state in ENDS, f"{state} is no end"
    kept = state is PrizeState.FULFILLED
    return replace(
        won, state=state, due_at=None, ended_at=now, updated_at=now, reason=reason,
        tax_year=won.tax_year if kept else None, withheld_minor=won.withheld_minor if kept else 0,
    )  # fmt: skip


def check_posted(won: Won) -> None:
    """Refuses PRIZE_OTHER_STORE: what waits at a store is handed over there."""
    if won.delivery is not Delivery.POST:
        raise RewardsRefused(RewardsCode.PRIZE_OTHER_STORE)
