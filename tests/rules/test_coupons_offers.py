"""What an offer's sheet may say, and who may have a coupon of it."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loyalty.sheets.rules import SheetInvalid
from rewards.coupons.rules.offers import (
    Claimant,
    Offer,
    OfferKind,
    Source,
    check_amendment,
    check_claim,
    is_restricted,
    last_moment,
    minor_per_major,
    parse_offer,
)
from rewards.coupons.rules.welcome import parse_welcome
from rewards.refusals import RewardsCode, RewardsRefused

TAIPEI = ZoneInfo("Asia/Taipei")
TODAY = date(2026, 3, 10)


def body(**changes: Any) -> dict[str, Any]:
    """A plain offer, changed key by key; a change to None takes the key out."""
    plain: dict[str, Any] = {
        "kind": "AMOUNT_OFF",
        "source": "PRICE",
        "currency": "TWD",
        "amount_minor": 5000,
        "minimum_minor": 30000,
        "funder": "mergemart",
        "stacking": "basket",
        "on_return": "REOPEN",
        "name": {"en": "NT$50 off", "zh-TW": "折五十元"},
        "terms": {"en": "Once.", "zh-TW": "限用一次。"},
        "validity": {"days": 30},
        "price": {"currency": "POINTS", "amount": 300},
    }
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


def offer(**changes: Any) -> Offer:
    return parse_offer("offer.plain", body(**changes))


def claimant(**changes: Any) -> Claimant:
    plain: dict[str, Any] = {
        "tier": "silver", "segments": frozenset(), "joined_on": date(2025, 1, 1), "had": 0, "had_today": 0,
    }  # fmt: skip
    return Claimant(**{**plain, **changes})


def test_a_plain_offer_is_read() -> None:
    read = offer()
    assert (read.slug, read.kind, read.source, read.amount_minor) == ("plain", OfferKind.AMOUNT_OFF, Source.PRICE, 5000)
    assert read.price and read.price.amount == 300
    assert read.limits.total == 0


def test_every_mistake_of_an_offer_is_reported_at_once() -> None:
    wrong = body(
        kind="PERCENT_OFF", percent_ppm=2_000_000, cap_minor=0, currency="twd", surprise=1, on_return="KEEP",
        scope={"categories": ["BEERS", "ALCOHOL", "dairy"], "color": "red"}, validity={"from": "soon"},
    )  # fmt: skip
    with pytest.raises(SheetInvalid) as refused:
        parse_offer("offer.wrong", wrong)
    faulty = {fault.key for fault in refused.value.faults}
    assert faulty >= {
        "percent_ppm", "cap_minor", "currency", "surprise", "on_return", "scope.categories", "scope.color",
        "validity.from", "validity.days", "amount_minor",
    }  # fmt: skip


@pytest.mark.parametrize(
    "category", ["ALCOHOL", "Beer", "tobacco & cigars", "INFANT FORMULA", "菸品", "啤酒", "嬰兒奶粉"]
)
def test_restricted_goods_have_no_offers(category: str) -> None:
    assert is_restricted(category)
    with pytest.raises(SheetInvalid) as refused:
        offer(scope={"categories": [category]})
    assert [(fault.key, "restricted" in fault.rule) for fault in refused.value.faults] == [("scope.categories", True)]


@pytest.mark.parametrize("category", ["dairy", "BABY FOODS", "swine", "ginger ale", "", "蛋糕"])
def test_other_goods_are_not_restricted(category: str) -> None:
    assert not is_restricted(category)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"kind": "FREE_ITEM", "amount_minor": None}, "scope"),
        (
            {"kind": "STAMPS_PLUS_CASH", "amount_minor": None, "cash_minor": 1, "scope": {"skus": ["a"]}},
            "price.currency",
        ),
        ({"minimum_minor": 100}, "minimum_minor"),
        ({"validity": {"days": 1, "from": date(2026, 2, 1).isoformat(), "until": "2026-01-01"}}, "validity.until"),
        ({"validity": {"days": 1, "opens_on": "2026-02-01", "closes_on": "2026-01-01"}}, "validity.closes_on"),
        ({"price": None}, "price"),
    ],
)
def test_an_offer_that_contradicts_itself_is_refused(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(SheetInvalid) as refused:
        offer(**changes)
    assert key in {fault.key for fault in refused.value.faults}


@pytest.mark.parametrize(
    ("changes", "facts", "code"),
    [
        ({"validity": {"days": 1, "opens_on": "2026-03-11"}}, {}, RewardsCode.OFFER_NOT_OPEN),
        ({"validity": {"days": 1, "closes_on": "2026-03-09"}}, {}, RewardsCode.OFFER_NOT_OPEN),
        ({"validity": {"until": "2026-03-09"}}, {}, RewardsCode.OFFER_NOT_OPEN),
        ({"audience": {"tiers": ["gold"]}}, {}, RewardsCode.OFFER_AUDIENCE),
        ({"audience": {"segments": ["parents"]}}, {}, RewardsCode.OFFER_AUDIENCE),
        ({"audience": {"new_days": 7}}, {"joined_on": date(2026, 3, 3)}, RewardsCode.OFFER_AUDIENCE),
        ({"limits": {"member": 2}}, {"had": 2}, RewardsCode.MEMBER_LIMIT),
        ({"limits": {"day": 1}}, {"had": 1, "had_today": 1}, RewardsCode.DAY_LIMIT),
    ],
)
def test_who_may_not_have_an_offer_is_told_why(
    changes: dict[str, Any], facts: dict[str, Any], code: RewardsCode
) -> None:
    with pytest.raises(RewardsRefused) as refused:
        check_claim(offer(**changes), claimant(**facts), TODAY, TAIPEI)
    assert refused.value.code is code


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ({"validity": {"days": 1, "opens_on": "2026-03-10", "closes_on": "2026-03-10"}}, {}),
        ({"audience": {"tiers": ["gold", "silver"]}}, {}),
        ({"audience": {"segments": ["parents", "pets"]}}, {"segments": frozenset({"pets"})}),
        ({"audience": {"new_days": 7}}, {"joined_on": date(2026, 3, 4)}),
        ({"limits": {"member": 2, "day": 1}}, {"had": 1}),
    ],
)
def test_who_may_have_an_offer_gets_it(changes: dict[str, Any], facts: dict[str, Any]) -> None:
    check_claim(offer(**changes), claimant(**facts), TODAY, TAIPEI)


def test_retry_at_names_the_moment_in_the_seasons_zone() -> None:
    with pytest.raises(RewardsRefused) as early:
        check_claim(offer(validity={"days": 1, "opens_on": "2026-03-11"}), claimant(), TODAY, TAIPEI)
    assert early.value.retry_at == datetime(2026, 3, 10, 16, tzinfo=UTC)
    with pytest.raises(RewardsRefused) as often:
        check_claim(offer(limits={"day": 1}), claimant(had_today=1), TODAY, TAIPEI)
    assert often.value.retry_at == datetime(2026, 3, 10, 16, tzinfo=UTC)


def test_a_coupon_lasts_to_the_end_of_its_last_day() -> None:
    assert last_moment(offer(validity={"days": 1}), TODAY, TAIPEI) == datetime(2026, 3, 10, 16, tzinfo=UTC)
    both = offer(validity={"days": 30, "until": "2026-03-12"})
    assert last_moment(both, TODAY, TAIPEI) == datetime(2026, 3, 12, 16, tzinfo=UTC)


def test_a_total_limit_is_neither_added_nor_taken_away_nor_undercut() -> None:
    free, bound = offer(), offer(limits={"total": 10})
    assert check_amendment(free, free, 5) is None
    assert check_amendment(bound, bound, 10) is None
    assert check_amendment(free, bound, 0)
    assert check_amendment(bound, free, 0)
    assert check_amendment(bound, bound, 11)


def test_minor_units_follow_iso_4217() -> None:
    assert (minor_per_major("TWD"), minor_per_major("USD"), minor_per_major("JPY")) == (100, 100, 1)


def test_every_offer_of_the_demo_season_is_read() -> None:
    files = sorted((Path(__file__).parents[2] / "rewards/coupons/sheets").glob("offer.*.toml"))
    read = [parse_offer(file.stem, tomllib.loads(file.read_text())) for file in files]
    assert {each.kind for each in read} == set(OfferKind)
    assert {each.currency for each in read} == {"TWD", "USD"}
    welcome = parse_welcome("welcome.current", tomllib.loads((files[0].parent / "welcome.current.toml").read_text()))
    assert set(welcome.offers) <= {each.slug for each in read if each.source is Source.WELCOME}
