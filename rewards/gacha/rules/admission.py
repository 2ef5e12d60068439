"""Who may draw from a pool now, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from loyalty.ledger.rules import Currency
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from rewards.coupons.rules.offers import Offer
from rewards.gacha.rules.odds import COUNTS, Odds
from rewards.gacha.rules.rails import is_under
from rewards.refusals import RewardsCode, RewardsRefused


@dataclass(frozen=True, slots=True)
class Payment:
    """What a number of draws costs: the first `tickets` of them a ticket each, the others diamonds."""

    tickets: int
    diamonds: int

    def of(self, number: int, odds: Odds) -> tuple[Currency, int]:
        """What the n-th draw costs, n from 0."""
        return (Currency.TICKETS, 1) if number < self.tickets else (Currency.DIAMONDS, odds.price_diamonds)


def check_count(count: int) -> int:
    """Refuses COUNT_INVALID: a draw is of 1 or 10."""
    if count not in COUNTS:
        raise RewardsRefused(RewardsCode.COUNT_INVALID)
    return count


def check_window(odds: Odds, slug: str, today: date, zone: ZoneInfo) -> None:
    """Refuses POOL_NOT_OPEN (with `retry_at`) before the first day, POOL_CLOSED after the last."""
    if odds.opens_on and today < odds.opens_on:
        at = datetime.combine(odds.opens_on, time(), tzinfo=zone)
        raise RewardsRefused(RewardsCode.POOL_NOT_OPEN, retryable=True, retry_at=at, pool=slug)
    if odds.closes_on and today > odds.closes_on:
        raise RewardsRefused(RewardsCode.POOL_CLOSED, pool=slug)


def check_prizes(offers: Iterable[Offer], slug: str, today: date) -> None:
    """Refuses POOL_CLOSED where a coupon that may be drawn would be over already: then nobody pays for a draw.

    Publishing lets no such offer through, neither with the odds nor later; what was published by other ways ends here.
    """
    if any(offer.valid_until is not None and today > offer.valid_until for offer in offers):
        raise RewardsRefused(RewardsCode.POOL_CLOSED, pool=slug)


def check_hash(odds: Odds, sha256: str) -> None:
    """Refuses ODDS_CHANGED where the member saw other odds than those in force."""
    if sha256 != odds.sha256:
        raise RewardsRefused(RewardsCode.ODDS_CHANGED)


def check_gates(odds: Odds, tier: str, birth_year: int | None, today: date) -> None:
    """Refuses TIER_TOO_LOW, UNDER_AGE."""
    if odds.tiers and tier not in odds.tiers:
        raise RewardsRefused(RewardsCode.TIER_TOO_LOW)
    if is_under(odds.min_age, birth_year, today):
        raise RewardsRefused(RewardsCode.UNDER_AGE, age=odds.min_age)


def price(odds: Odds, count: int, tickets: int, diamonds: int) -> Payment:
    """Tickets before diamonds. Refuses NOT_ENOUGH."""
    free = min(count, tickets) if odds.takes_tickets else 0
    needed = (count - free) * odds.price_diamonds
    if diamonds < needed:
        raise LoyaltyRefused(LoyaltyCode.NOT_ENOUGH, currency=Currency.DIAMONDS, available=diamonds, needed=needed)
    return Payment(free, needed)


def refuse_young(age: int) -> None:
    """Refuses UNDER_AGE: members below that age draw nothing at all."""
    raise RewardsRefused(RewardsCode.UNDER_AGE, age=age)
