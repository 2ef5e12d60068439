"""What a prize costs whoever pays for it: exact, in minor units of the season's currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from loyalty.sheets.rules import Season
from rewards.coupons.rules.offers import Offer, OfferKind, minor_per_major
from rewards.gacha.rules.odds import Entry, Odds
from rewards.prizes.rules import PrizeKind

HOUSE = "mergemart"
"""Who pays for what no offer and no sheet names a funder of."""


@dataclass(frozen=True, slots=True)
class Worth:
    """One prize: what it costs at most, and whom. `known` is False for a free item without a cap or a stated value."""

    minor: Fraction
    funder: str
    known: bool = True


def worths_of(odds: Odds, offers: Mapping[str, Offer], season: Season) -> tuple[Worth, ...]:
    """The worth of each prize, in order: what the sheet states, else what the offer takes off, else points at the till.

    Diamonds, energy, goods, stamps and tickets cost nobody money; they are counted by themselves.
    """
    return tuple(_worth(entry, offers.get(entry.prize.offer), season) for entry in odds.entries)


def _worth(entry: Entry, offer: Offer | None, season: Season) -> Worth:
    prize = entry.prize
    funder = prize.funder or (offer.funder if offer else HOUSE)
    if prize.value_minor:
        return Worth(Fraction(prize.value_minor), funder)
    if prize.kind is PrizeKind.POINTS:
        per_major = Fraction(minor_per_major(season.currency), season.tender_points_per_major)
        return Worth(prize.amount * per_major, funder)
    if prize.kind is PrizeKind.THING or (prize.kind is PrizeKind.COUPON and offer is None):
        return Worth(Fraction(0), funder, known=False)
    if prize.kind is not PrizeKind.COUPON or offer is None:
        return Worth(Fraction(0), funder)
    if offer.kind is OfferKind.AMOUNT_OFF:
        return Worth(Fraction(offer.amount_minor), funder)
    return Worth(Fraction(offer.cap_minor), funder, known=offer.cap_minor > 0)
