"""A coupon's life: ISSUED -> RESERVED -> REDEEMED -> (return) ISSUED or VOID; EXPIRED and VOID have no exit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from rewards.coupons.rules.codes import token_fits
from rewards.coupons.rules.offers import Offer, OnReturn
from rewards.refusals import RewardsCode, RewardsRefused

# A till that settles late is honoured while nobody else took the coupon; so long the job leaves a coupon alone that
# was held before it expired.
LATE = timedelta(days=1)


class CouponState(StrEnum):
    """Where a coupon stands."""

    ISSUED = "ISSUED"
    RESERVED = "RESERVED"
    REDEEMED = "REDEEMED"
    EXPIRED = "EXPIRED"
    VOID = "VOID"


EXITS: dict[CouponState, frozenset[CouponState]] = {
    CouponState.ISSUED: frozenset({CouponState.RESERVED, CouponState.REDEEMED, CouponState.EXPIRED, CouponState.VOID}),
    CouponState.RESERVED: frozenset({CouponState.ISSUED, CouponState.REDEEMED, CouponState.EXPIRED}),
    CouponState.REDEEMED: frozenset({CouponState.ISSUED, CouponState.EXPIRED, CouponState.VOID}),
    CouponState.EXPIRED: frozenset(),
    CouponState.VOID: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Coupon:
    """One member's claim. `hold_id` is the hold that has it (RESERVED), had it last (ISSUED) or took it (REDEEMED).

    `expires_at` is the first instant at which it cannot be held any more, `due_at` when the job may book that.
    """

    member_id: UUID
    id: UUID
    offer_id: UUID
    version: int
    code: str
    secret: bytes
    state: CouponState
    hold_id: UUID | None
    issued_at: datetime
    expires_at: datetime
    due_at: datetime
    updated_at: datetime


def check_presented(coupon: Coupon, offer: Offer, token: str | None, now: datetime) -> None:
    """Whether what was shown is fresh: a token of the last 90 seconds, or the bare code of a printed coupon.

    Refuses COUPON_TOKEN_MISSING, COUPON_TOKEN_OLD. A printed coupon may be shown with a token too.
    """
    if token is None:
        if not offer.print:
            raise RewardsRefused(RewardsCode.COUPON_TOKEN_MISSING, retryable=True)
    elif not token_fits(coupon.secret, token, now):
        raise RewardsRefused(RewardsCode.COUPON_TOKEN_OLD, retryable=True)


def check_usable(coupon: Coupon, now: datetime, begins_at: datetime | None, held_until: datetime | None) -> None:
    """Whether the coupon may be held now.

    Refuses COUPON_REDEEMED, COUPON_VOID, COUPON_RESERVED (`retry_at`: when the hold lets go), COUPON_EXPIRED,
    COUPON_NOT_YET (`retry_at`).
    """
    if coupon.state is CouponState.REDEEMED:
        raise RewardsRefused(RewardsCode.COUPON_REDEEMED)
    if coupon.state is CouponState.VOID:
        raise RewardsRefused(RewardsCode.COUPON_VOID)
    if coupon.state is CouponState.RESERVED:
        raise RewardsRefused(RewardsCode.COUPON_RESERVED, retryable=True, retry_at=held_until)
    if coupon.state is CouponState.EXPIRED or max(now, coupon.issued_at) >= coupon.expires_at:
        raise RewardsRefused(RewardsCode.COUPON_EXPIRED)
    if begins_at and now < begins_at:
        raise RewardsRefused(RewardsCode.COUPON_NOT_YET, retryable=True, retry_at=begins_at)


def reserve(coupon: Coupon, hold_id: UUID, until: datetime, now: datetime) -> Coupon:
    """ISSUED -> RESERVED by a hold that stands until then."""
    due_at = max(coupon.expires_at, until + LATE)
    return replace(_go(coupon, CouponState.RESERVED, now), hold_id=hold_id, due_at=due_at)


def let_go(coupon: Coupon, now: datetime, *, released: bool) -> Coupon:
    """RESERVED -> ISSUED. Where the till released it after its last moment it is EXPIRED at once; after the time limit
    it stays ISSUED for a late settlement, until the job books it."""
    if released and now >= coupon.expires_at:
        return _go(coupon, CouponState.EXPIRED, now)
    due_at = coupon.expires_at if released else coupon.due_at
    return replace(_go(coupon, CouponState.ISSUED, now), due_at=due_at)


def forget_hold(coupon: Coupon, now: datetime) -> Coupon:
    """A till gave up a hold that had lapsed: the coupon no longer waits for a late settlement."""
    return replace(coupon, hold_id=None, due_at=coupon.expires_at, updated_at=max(now, coupon.updated_at))


def redeem(coupon: Coupon, hold_id: UUID, now: datetime) -> Coupon:
    """RESERVED by that hold, or let go by it at its time limit and taken by nobody else -> REDEEMED.

    Refuses HOLD_EXPIRED where somebody else took it, or it expired.
    """
    mine = coupon.hold_id == hold_id and coupon.state in (CouponState.RESERVED, CouponState.ISSUED)
    if not mine:
        raise RewardsRefused(RewardsCode.HOLD_EXPIRED)
    return _go(coupon, CouponState.REDEEMED, now)


def give_back(coupon: Coupon, on_return: OnReturn, now: datetime) -> Coupon:
    """REDEEMED -> ISSUED, VOID, or EXPIRED where its last moment has passed meanwhile."""
    if on_return is OnReturn.VOID:
        return _go(coupon, CouponState.VOID, now)
    if now >= coupon.expires_at:
        return _go(coupon, CouponState.EXPIRED, now)
    return replace(_go(coupon, CouponState.ISSUED, now), hold_id=None, due_at=coupon.expires_at)


def expire(coupon: Coupon, now: datetime) -> Coupon:
    """ISSUED -> EXPIRED; only once its last moment has passed."""
    assert now >= coupon.expires_at, "a coupon expires after its last moment"
    return _go(coupon, CouponState.EXPIRED, now)


def _go(coupon: Coupon, state: CouponState, now: datetime) -> Coupon:
    assert state in EXITS[coupon.state], f"no way from {coupon.state} to {state}"
    return replace(coupon, state=state, updated_at=max(now, coupon.updated_at))
