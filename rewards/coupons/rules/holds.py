"""A till's hold of a basket: OPEN -> SETTLED, RELEASED or LAPSED (its time limit); LAPSED -> SETTLED while nobody else
took anything of it, or RELEASED."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from rewards.coupons.rules.baskets import AppliedCoupon, LineDiscount, NotApplied
from rewards.refusals import RewardsCode, RewardsRefused


class HoldState(StrEnum):
    """Where a hold stands."""

    OPEN = "OPEN"
    SETTLED = "SETTLED"
    RELEASED = "RELEASED"
    LAPSED = "LAPSED"


class ReceiptState(StrEnum):
    """Whether the receipt of a settled hold was seen to fit: not yet come, fits, does not."""

    WAITING = "WAITING"
    FITS = "FITS"
    MISFIT = "MISFIT"


@dataclass(frozen=True, slots=True)
class BasketHeld:
    """What a till was answered. Money in minor units of `currency`: `due_minor` is left to pay in money."""

    hold_id: UUID
    expires_at: datetime
    currency: str
    basket_minor: int
    discount_minor: int
    points_held: int
    tender_minor: int
    due_minor: int
    lines: tuple[LineDiscount, ...]
    applied: tuple[AppliedCoupon, ...]
    not_applied: tuple[NotApplied, ...]


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold with what was answered. `transfer_id` holds the points, `tender_id` took them."""

    member_id: UUID
    id: UUID
    store_id: UUID
    state: HoldState
    fingerprint: bytes
    answer: BasketHeld
    points: int
    transfer_id: UUID | None
    tender_id: UUID | None
    receipt_no: str | None
    receipt_state: ReceiptState | None
    held_at: datetime
    expires_at: datetime
    settled_at: datetime | None
    updated_at: datetime

    @property
    def coupon_ids(self) -> tuple[UUID, ...]:
        return tuple(each.coupon_id for each in self.answer.applied)


@dataclass(frozen=True, slots=True)
class Paper:
    """What a hold asks about a receipt: whose it is and what was paid."""

    member_id: UUID
    currency: str
    total_minor: int


def has_lapsed(hold: Hold, moment: datetime) -> bool:
    """Whether the time limit of an open hold is over, by the database's clock."""
    return hold.state is HoldState.OPEN and hold.expires_at <= moment


def check_settle(hold: Hold, receipt_no: str) -> None:
    """Refuses HOLD_SETTLED where another receipt settled it, HOLD_RELEASED."""
    if hold.state is HoldState.SETTLED and hold.receipt_no != receipt_no:
        raise RewardsRefused(RewardsCode.HOLD_SETTLED)
    if hold.state is HoldState.RELEASED:
        raise RewardsRefused(RewardsCode.HOLD_RELEASED)


def judge_receipt(hold: Hold, paper: Paper | None) -> ReceiptState:
    """Whether a receipt fits: the same member and currency, and at least what was left to pay."""
    if paper is None:
        return ReceiptState.WAITING
    fits = (
        paper.member_id == hold.member_id
        and paper.currency == hold.answer.currency
        and paper.total_minor >= hold.answer.due_minor
    )
    return ReceiptState.FITS if fits else ReceiptState.MISFIT


def settle(hold: Hold, receipt_no: str, seen: ReceiptState, tender_id: UUID | None, now: datetime) -> Hold:
    """OPEN or LAPSED -> SETTLED."""
    assert hold.state in (HoldState.OPEN, HoldState.LAPSED), "only an unsettled hold is settled"
    assert (tender_id is None) == (hold.points == 0), "points that were held are taken"
    return replace(
        hold,
        state=HoldState.SETTLED, receipt_no=receipt_no, receipt_state=seen, tender_id=tender_id, settled_at=now,
        updated_at=max(now, hold.updated_at),
    )  # fmt: skip


def let_go(hold: Hold, state: HoldState, now: datetime) -> Hold:
    """OPEN -> RELEASED or LAPSED; LAPSED -> RELEASED."""
    assert (hold.state, state) in {
        (HoldState.OPEN, HoldState.RELEASED), (HoldState.OPEN, HoldState.LAPSED), (HoldState.LAPSED, HoldState.RELEASED)
    }, f"no way from {hold.state} to {state}"  # fmt: skip
    return replace(hold, state=state, updated_at=max(now, hold.updated_at))


def saw_receipt(hold: Hold, seen: ReceiptState, now: datetime) -> Hold:
    """The receipt that a settled hold waited for has come."""
    assert hold.receipt_state is ReceiptState.WAITING, "only a receipt that was waited for comes later"
    return replace(hold, receipt_state=seen, updated_at=max(now, hold.updated_at))
