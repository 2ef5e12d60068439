"""Offers: what a coupon's template says, who may have one, and until when a coupon lasts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.ledger.rules import LIMIT, Currency
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets.rules import Reader
from rewards.refusals import RewardsCode, RewardsRefused

PPM = 1_000_000


class OfferKind(StrEnum):
    """What a coupon of the offer does to a basket."""

    AMOUNT_OFF = "AMOUNT_OFF"
    PERCENT_OFF = "PERCENT_OFF"
    FREE_ITEM = "FREE_ITEM"
    STAMPS_PLUS_CASH = "STAMPS_PLUS_CASH"


class Source(StrEnum):
    """How a coupon of the offer is got."""

    PRICE = "PRICE"
    GACHA = "GACHA"
    ORDER = "ORDER"
    TIER = "TIER"
    LIST = "LIST"
    WELCOME = "WELCOME"


class OnReturn(StrEnum):
    """What becomes of a redeemed coupon when everything on its receipt came back."""

    REOPEN = "REOPEN"
    VOID = "VOID"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which lines and which places the coupon is for; an empty list bounds nothing."""

    skus: frozenset[str]
    brands: frozenset[str]
    categories: frozenset[str]
    stores: frozenset[str]
    channels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may have one; an empty list bounds nothing, `new_days` 0 means everybody."""

    tiers: frozenset[str]
    segments: frozenset[str]
    new_days: int


@dataclass(frozen=True, slots=True)
class Price:
    """What one coupon costs."""

    currency: Currency
    amount: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How many there may be; 0 means no limit."""

    total: int
    member: int
    day: int


@dataclass(frozen=True, slots=True)
class Offer:
    """One version of an offer. Money in minor units of `currency`; days are of the season's zone, both ends inside.

    `amount_minor` is what comes off (AMOUNT_OFF) or what is still paid in cash for the item (STAMPS_PLUS_CASH).
    """

    slug: str
    names: Mapping[str, str]
    terms: Mapping[str, str]
    kind: OfferKind
    currency: str
    amount_minor: int
    percent_ppm: int
    cap_minor: int
    minimum_minor: int
    scope: Scope
    audience: Audience
    opens_on: date | None
    closes_on: date | None
    valid_from: date | None
    valid_until: date | None
    valid_days: int
    limits: Limits
    funder: str
    stacking: str
    source: Source
    price: Price | None
    print: bool
    on_return: OnReturn


@dataclass(frozen=True, slots=True)
class Claimant:
    """What an offer asks about a member: tier now, segments, the day of joining, and how many they had."""

    tier: str
    segments: frozenset[str]
    joined_on: date
    had: int
    had_today: int


def parse_offer(name: str, body: Mapping[str, Any]) -> Offer:
    """The sheet of kind `offer`. Refuses SHEET_INVALID with every mistake at once."""
    reader = Reader(name, body)
    kind = reader.choice("kind", OfferKind, list(OfferKind))
    source = reader.choice("source", Source, list(Source))
    scope = _read_scope(reader.table("scope", required=False))
    validity = reader.table("validity")
    offer = Offer(
        slug=name.partition(".")[2] or name,
        names=reader.names("name"),
        terms=reader.names("terms"),
        kind=kind,
        currency=reader.text("currency", most=3),
        amount_minor=_read_amount(reader, kind),
        percent_ppm=reader.integer("percent_ppm", low=1, high=PPM) if kind is OfferKind.PERCENT_OFF else 0,
        cap_minor=_read_cap(reader, kind),
        minimum_minor=reader.integer("minimum_minor", low=0, high=LIMIT, default=0),
        scope=scope,
        audience=_read_audience(reader.table("audience", required=False)),
        opens_on=validity.day("opens_on"),
        closes_on=validity.day("closes_on"),
        valid_from=validity.day("from"),
        valid_until=validity.day("until"),
        valid_days=validity.integer("days", low=0, high=3650, default=0),
        limits=_read_limits(reader.table("limits", required=False)),
        funder=reader.text("funder", most=80),
        stacking=reader.text("stacking", most=40),
        source=source,
        price=_read_price(reader.table("price")) if source is Source.PRICE else None,
        print=reader.flag("print", default=False),
        on_return=reader.choice("on_return", OnReturn, list(OnReturn)),
    )
    validity.close()
    _check(reader, validity, offer)
    reader.finish()
    return offer


@lru_cache(maxsize=4096)  # asked for every line of every basket, of a few hundred categories
def is_restricted(category: str) -> bool:
    """Whether goods of this category may never be discounted: tobacco, alcohol, infant formula."""
    words = re.findall(r"[a-z]+", category.lower())
    if _RESTRICTED_WORDS.intersection(words):
        return True
    if "formula" in words and {"infant", "baby"}.intersection(words):
        return True
    return any(part in category for part in _RESTRICTED_PARTS)


def check_claim(offer: Offer, claimant: Claimant, today: date, zone: ZoneInfo) -> None:
    """Whether this member may get one today, the price and the total aside.

    Refuses OFFER_NOT_OPEN (with `retry_at` while it has yet to open), OFFER_AUDIENCE, MEMBER_LIMIT, DAY_LIMIT (with
    `retry_at`).
    """
    if offer.opens_on and today < offer.opens_on:
        raise RewardsRefused(
            RewardsCode.OFFER_NOT_OPEN, retryable=True, retry_at=start_of(offer.opens_on, zone), offer=offer.slug
        )
    if offer.closes_on and today > offer.closes_on:
        raise RewardsRefused(RewardsCode.OFFER_NOT_OPEN, offer=offer.slug)
    if offer.valid_until and today > offer.valid_until:
        raise RewardsRefused(RewardsCode.OFFER_NOT_OPEN, offer=offer.slug)
    if not suits(offer.audience, claimant, today):
        raise RewardsRefused(RewardsCode.OFFER_AUDIENCE, offer=offer.slug)
    if offer.limits.member and claimant.had >= offer.limits.member:
        raise RewardsRefused(RewardsCode.MEMBER_LIMIT, offer=offer.slug, limit=offer.limits.member)
    if offer.limits.day and claimant.had_today >= offer.limits.day:
        tomorrow = start_of(today + timedelta(days=1), zone)
        raise RewardsRefused(
            RewardsCode.DAY_LIMIT, retryable=True, retry_at=tomorrow, offer=offer.slug, limit=offer.limits.day
        )


def suits(audience: Audience, claimant: Claimant, today: date) -> bool:
    """Whether the member belongs to the audience: every bound that is set holds."""
    if audience.tiers and claimant.tier not in audience.tiers:
        return False
    if audience.segments and not audience.segments & claimant.segments:
        return False
    return not audience.new_days or (today - claimant.joined_on).days < audience.new_days


def last_moment(offer: Offer, issued_on: date, zone: ZoneInfo) -> datetime:
    """The instant from which a coupon issued on that day is expired: midnight after its last day.

    `days` counts the day of issue as the first; where `until` stands too, the sooner holds.
    """
    days = [offer.valid_until] if offer.valid_until else []
    if offer.valid_days:
        days.append(issued_on + timedelta(days=offer.valid_days - 1))
    return start_of(min(days) + timedelta(days=1), zone)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day in the season's zone."""
    return datetime.combine(day, time(), tzinfo=zone)


def check_amendment(before: Offer, after: Offer, issued: int) -> str | None:
    """What a new version of an offer may not do; None where all is well.

    Buyers of an offer without a total limit lock no shared row, so such a limit cannot be brought in later, nor can
    it fall below what was issued.
    """
    if bool(before.limits.total) != bool(after.limits.total):
        return "a total limit cannot be added to an offer or taken away later; publish a new offer"
    if after.limits.total and after.limits.total < issued:
        return f"must be at least the {issued} coupons issued so far"
    return None


_RESTRICTED_WORDS = frozenset(
    [
        "tobacco",
        "cigarette",
        "cigarettes",
        "cigar",
        "cigars",
        "vape",
        "vapes",
        "alcohol",
        "liquor",
        "liquors",
        "beer",
        "beers",
        "wine",
        "wines",
        "spirits",
        "whisky",
        "whiskey",
        "vodka",
        "sake",
        "champagne",
    ]
)
_RESTRICTED_PARTS = ("菸", "煙草", "酒", "嬰兒配方", "嬰兒奶粉")

_MINOR_PER_MAJOR = {"JPY": 1, "KRW": 1, "VND": 1}


def minor_per_major(currency: str) -> int:
    """How many minor units make a major one, as ISO 4217 says."""
    return _MINOR_PER_MAJOR.get(currency, 100)


def check_currency(currency: str) -> None:
    """Refuses INVALID_INPUT where that is no ISO 4217 code."""
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="basket.currency", rule="three capital letters")


def _read_amount(reader: Reader, kind: OfferKind) -> int:
    if kind is OfferKind.AMOUNT_OFF:
        return reader.integer("amount_minor", low=1, high=LIMIT)
    return reader.integer("cash_minor", low=1, high=LIMIT) if kind is OfferKind.STAMPS_PLUS_CASH else 0


def _read_cap(reader: Reader, kind: OfferKind) -> int:
    if kind is OfferKind.PERCENT_OFF:
        return reader.integer("cap_minor", low=1, high=LIMIT)
    return reader.integer("cap_minor", low=0, high=LIMIT, default=0) if kind is OfferKind.FREE_ITEM else 0


def _read_scope(reader: Reader) -> Scope:
    scope = Scope(
        *(frozenset(reader.texts(key)) for key in ("skus", "brands", "categories", "stores", "channels"))
    )  # fmt: skip
    for category in sorted(scope.categories):
        if is_restricted(category):
            reader.fault("categories", f"{category} is restricted: tobacco, alcohol and infant formula have no offers")
    reader.close()
    return scope


def _read_audience(reader: Reader) -> Audience:
    audience = Audience(
        frozenset(reader.texts("tiers")),
        frozenset(reader.texts("segments")),
        reader.integer("new_days", low=0, high=3650, default=0),
    )
    reader.close()
    return audience


def _read_limits(reader: Reader) -> Limits:
    limits = Limits(*(reader.integer(key, low=0, high=LIMIT, default=0) for key in ("total", "member", "day")))
    reader.close()
    return limits


def _read_price(reader: Reader) -> Price:
    price = Price(
        reader.choice("currency", Currency, [Currency.POINTS, Currency.STAMPS, Currency.DIAMONDS]),
        reader.integer("amount", low=1, high=LIMIT),
    )
    reader.close()
    return price


def _check(reader: Reader, validity: Reader, offer: Offer) -> None:
    if offer.currency and not re.fullmatch(r"[A-Z]{3}", offer.currency):
        reader.fault("currency", "must be an ISO 4217 code such as TWD")
    if not offer.valid_until and not offer.valid_days:
        validity.fault("days", "say `days` from issue, or `until`, or both")
    if offer.valid_from and offer.valid_until and offer.valid_from > offer.valid_until:
        validity.fault("until", "must not be before `from`")
    if offer.opens_on and offer.closes_on and offer.opens_on > offer.closes_on:
        validity.fault("closes_on", "must not be before `opens_on`")
    item = offer.kind in (OfferKind.FREE_ITEM, OfferKind.STAMPS_PLUS_CASH)
    if item and not (offer.scope.skus or offer.scope.brands or offer.scope.categories):
        reader.fault("scope", "an offer of one item names it by skus, brands or categories")
    if offer.kind is OfferKind.AMOUNT_OFF and 0 < offer.minimum_minor < offer.amount_minor:
        reader.fault("minimum_minor", "must be at least `amount_minor`, else the shop pays the basket")
    if offer.kind is OfferKind.STAMPS_PLUS_CASH and offer.price and offer.price.currency is not Currency.STAMPS:
        reader.fault("price.currency", "must be STAMPS for an offer of stamps and cash")
