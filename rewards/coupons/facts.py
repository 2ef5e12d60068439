"""Events of offers, coupons and holds."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

COUPON_BOUGHT = EventKind("coupon_bought", Drives(accomplishment=3, ownership=6, scarcity=3), outbox=True)
COUPON_ISSUED = EventKind("coupon_issued", Drives(ownership=5, unpredictability=2), outbox=True)
COUPON_REDEEMED = EventKind("coupon_redeemed", Drives(accomplishment=5, ownership=4), outbox=True)
COUPON_EXPIRED = EventKind("coupon_expired", Drives(scarcity=4, avoidance=7))
COUPON_REOPENED = EventKind("coupon_reopened", Drives(ownership=4))
COUPON_VOIDED = EventKind("coupon_voided", Drives(avoidance=4))
BASKET_HELD = EventKind("basket_held", Drives(ownership=3))
BASKET_SETTLED = EventKind("basket_settled", Drives(accomplishment=3, ownership=3))
HOLD_RELEASED = EventKind("hold_released", Drives(ownership=1))
REDEMPTION_FAILED = EventKind("redemption_failed", Drives(avoidance=3))
REDEMPTION_MISFIT = EventKind("redemption_misfit", Drives(), outbox=True)
TENDER_RETURNED = EventKind("tender_returned", Drives(ownership=3))
WELCOMED = EventKind("welcomed", Drives(meaning=4, ownership=5))
KINDS = (
    COUPON_BOUGHT,
    COUPON_ISSUED,
    COUPON_REDEEMED,
    COUPON_EXPIRED,
    COUPON_REOPENED,
    COUPON_VOIDED,
    BASKET_HELD,
    BASKET_SETTLED,
    HOLD_RELEASED,
    REDEMPTION_FAILED,
    REDEMPTION_MISFIT,
    TENDER_RETURNED,
    WELCOMED,
)
