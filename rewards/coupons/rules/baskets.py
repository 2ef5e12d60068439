"""What coupons do to a basket: which apply, how much they take off each line, and what points pay of the rest.

Coupons of one item go first, then percentages, then amounts; each sees what the ones before left of a line. A minimum
spend counts the matching lines at their full price. Restricted goods are never discounted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from loyalty.ledger.rules import LIMIT
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from rewards.coupons.rules.offers import (
    PPM,
    Offer,
    OfferKind,
    Scope,
    check_currency,
    is_restricted,
    minor_per_major,
)
from rewards.refusals import RewardsCode, RewardsRefused

MOST_LINES = 500
MOST_CODES = 20
_ORDER = {
    OfferKind.FREE_ITEM: 0,
    OfferKind.STAMPS_PLUS_CASH: 0,
    OfferKind.PERCENT_OFF: 1,
    OfferKind.AMOUNT_OFF: 2,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a basket before coupons: what `quantity` units cost together, in minor units."""

    line_no: int
    sku: str
    name: str
    brand: str
    category: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Basket:
    """What a till has scanned."""

    currency: str
    lines: tuple[Line, ...]

    @property
    def total_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a basket stands: the store's code and its channel, as scopes name them."""

    store: str
    channel: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A coupon that may be used, as far as it alone is concerned."""

    coupon_id: UUID
    code: str
    offer: Offer


@dataclass(frozen=True, slots=True)
class LineDiscount:
    """What comes off one line, in minor units."""

    line_no: int
    discount_minor: int


@dataclass(frozen=True, slots=True)
class AppliedCoupon:
    """What one coupon takes off the basket, in minor units."""

    coupon_id: UUID
    discount_minor: int


@dataclass(frozen=True, slots=True)
class NotApplied:
    """A code that changes nothing in this basket, and the code of the reason."""

    code: str
    reason: RewardsCode


@dataclass(frozen=True, slots=True)
class Discounts:
    """What coupons do to a basket: every line is named, in the basket's order."""

    lines: tuple[LineDiscount, ...]
    applied: tuple[AppliedCoupon, ...]
    not_applied: tuple[NotApplied, ...]

    @property
    def total_minor(self) -> int:
        return sum(line.discount_minor for line in self.lines)


def check_basket(basket: Basket, codes: Sequence[str], pay_points: int) -> None:
    """Refuses INVALID_INPUT (field and rule) and AMOUNT_OUT_OF_RANGE."""
    check_currency(basket.currency)
    if not 1 <= len(basket.lines) <= MOST_LINES:
        raise _invalid("basket.lines", f"1 to {MOST_LINES} lines")
    if len({line.line_no for line in basket.lines}) < len(basket.lines):
        raise _invalid("basket.lines.lineNo", "each line number once")
    if len(codes) > MOST_CODES:
        raise _invalid("codes", f"at most {MOST_CODES} codes")
    if not 0 <= pay_points <= LIMIT:
        raise _invalid("payPoints", f"0 to {LIMIT}")
    for line in basket.lines:
        if not 0 <= line.line_no <= LIMIT:
            raise _invalid("basket.lines.lineNo", f"0 to {LIMIT}")
        if not 0 <= line.quantity <= LIMIT:
            raise _invalid("basket.lines.quantity", f"0 to {LIMIT}")
        if line.amount_minor < 0:
            raise _invalid("basket.lines.amountMinor", "0 or more")
        if any(len(text) > 200 for text in (line.sku, line.name, line.brand, line.category)):
            raise _invalid("basket.lines", "texts of at most 200 characters")
    if basket.total_minor > LIMIT:
        raise LoyaltyRefused(LoyaltyCode.AMOUNT_OUT_OF_RANGE, limit=LIMIT)


def fingerprint(basket: Basket, codes: Sequence[str], pay_points: int) -> bytes:
    """What makes a basket the same one: lines, currency, points, and the codes without tokens in any order."""
    lines = [
        [line.line_no, line.sku, line.name, line.brand, line.category, line.quantity, line.amount_minor]
        for line in basket.lines
    ]
    asked = [basket.currency, lines, sorted(set(codes)), pay_points]
    return hashlib.sha256(json.dumps(asked, ensure_ascii=False, separators=(",", ":")).encode()).digest()


def discount(basket: Basket, candidates: Sequence[Candidate], place: Place) -> Discounts:
    """Applies the coupons: of each stacking group the one that takes most off, a tie goes to the one named first.

    Reasons of those that do not apply: COUPON_WRONG_STORE, BASKET_NO_MATCH, BASKET_TOO_SMALL, COUPON_STACKING.
    """
    full = {line.line_no: line.amount_minor for line in basket.lines}
    reasons: dict[UUID, RewardsCode] = {}
    best: dict[str, tuple[int, Candidate]] = {}
    for candidate in candidates:
        judged = _judge(basket, candidate.offer, place)
        if judged:
            reasons[candidate.coupon_id] = judged
            continue
        worth = sum(_take_off(basket, candidate.offer, full).values())
        group = candidate.offer.stacking
        if group not in best or worth > best[group][0]:
            best[group] = (worth, candidate)
    chosen = {candidate.coupon_id for _, candidate in best.values()}
    remaining, applied = dict(full), []
    for candidate in sorted(candidates, key=lambda each: _ORDER[each.offer.kind]):
        if candidate.coupon_id in reasons:
            continue
        off = _take_off(basket, candidate.offer, remaining) if candidate.coupon_id in chosen else {}
        if not sum(off.values()):
            out = candidate.coupon_id not in chosen
            reasons[candidate.coupon_id] = RewardsCode.COUPON_STACKING if out else RewardsCode.BASKET_NO_MATCH
            continue
        for line_no, units in off.items():
            remaining[line_no] -= units
        applied.append(AppliedCoupon(candidate.coupon_id, sum(off.values())))
    return Discounts(
        tuple(LineDiscount(line.line_no, full[line.line_no] - remaining[line.line_no]) for line in basket.lines),
        tuple(applied),
        tuple(NotApplied(each.code, reasons[each.coupon_id]) for each in candidates if each.coupon_id in reasons),
    )


def tender_minor(points: int, points_per_major: int, currency: str, season_currency: str, left_minor: int) -> int:
    """What points pay, in minor units of the season's currency.

    Refuses TENDER_CURRENCY (points pay in the season's currency alone), TENDER_NOT_WHOLE (not worth whole minor
    units; `step` is the multiple to use), TENDER_TOO_LARGE (more than `left_minor`; `most` is what may be paid).
    """
    if points == 0:
        return 0
    if currency != season_currency:
        raise RewardsRefused(RewardsCode.TENDER_CURRENCY, currency=season_currency)
    per_major = minor_per_major(currency)
    worth, rest = divmod(points * per_major, points_per_major)
    if rest:
        step = next(n for n in range(1, points_per_major + 1) if n * per_major % points_per_major == 0)
        raise RewardsRefused(RewardsCode.TENDER_NOT_WHOLE, step=step)
    if worth > left_minor:
        raise RewardsRefused(RewardsCode.TENDER_TOO_LARGE, most=left_minor * points_per_major // per_major)
    return worth


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Splits an amount by weights to whole units, largest remainder first, the earlier on a tie.

    Sums to `amount` exactly; no share is above its weight, so `amount` is at most their sum.
    """
    whole = sum(weights)
    assert 0 <= amount <= whole, "more is split than there is"
    if not amount:
        return [0] * len(weights)
    shares = [amount * weight // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda index: (-(amount * weights[index] % whole), index))
    for index in by_rest[: amount - sum(shares)]:
        shares[index] += 1
    return shares


def matches(scope: Scope, line: Line) -> bool:
    """Whether a line is of the scope; restricted goods are of none."""
    if is_restricted(line.category):
        return False
    return (
        (not scope.skus or line.sku in scope.skus)
        and (not scope.brands or line.brand in scope.brands)
        and (not scope.categories or line.category in scope.categories)
    )


def _judge(basket: Basket, offer: Offer, place: Place) -> RewardsCode | None:
    scope = offer.scope
    if (scope.stores and place.store not in scope.stores) or (scope.channels and place.channel not in scope.channels):
        return RewardsCode.COUPON_WRONG_STORE
    matching = [line for line in basket.lines if matches(scope, line)]
    if basket.currency != offer.currency or not matching:
        return RewardsCode.BASKET_NO_MATCH
    if sum(line.amount_minor for line in matching) < offer.minimum_minor:
        return RewardsCode.BASKET_TOO_SMALL
    full = {line.line_no: line.amount_minor for line in basket.lines}
    return None if sum(_take_off(basket, offer, full).values()) else RewardsCode.BASKET_NO_MATCH


def _take_off(basket: Basket, offer: Offer, remaining: dict[int, int]) -> dict[int, int]:
    lines = [line for line in basket.lines if matches(offer.scope, line)]
    if offer.kind in (OfferKind.FREE_ITEM, OfferKind.STAMPS_PLUS_CASH):
        return _one_item_off(lines, offer, remaining)
    weights = [remaining[line.line_no] for line in lines]
    if offer.kind is OfferKind.PERCENT_OFF:
        off = min(sum(weights) * offer.percent_ppm // PPM, offer.cap_minor)
    else:
        off = min(offer.amount_minor, sum(weights))
    return dict(zip((line.line_no for line in lines), allocate(off, weights), strict=True))


def _one_item_off(lines: Sequence[Line], offer: Offer, remaining: dict[int, int]) -> dict[int, int]:
    """One unit of the cheapest matching line that still costs something: free, or for the cash price."""
    priced = [(remaining[line.line_no] // max(line.quantity, 1), line.line_no) for line in lines]
    wanted = [(price - offer.amount_minor, line_no) for price, line_no in priced if price > offer.amount_minor]
    if not wanted:
        return {}
    off, line_no = min(wanted)
    return {line_no: min(off, offer.cap_minor) if offer.cap_minor else off}


def _invalid(field: str, rule: str) -> LoyaltyRefused:
    return LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field=field, rule=rule)
