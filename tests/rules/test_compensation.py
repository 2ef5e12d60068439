"""Compensations and adjustments in thought: whom, how much, and when it takes two."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import loyalty.care
from game.compensation.rules import Cohort, Gift, check_cohort, check_gift, check_key, cost_of
from loyalty.care.rules import NOTHING_ALONE, Gifts, check_alone, parse_limits
from loyalty.ledger.rules import Currency
from loyalty.refusals import LoyaltyRefused
from loyalty.sheets.rules import SheetInvalid

BODY = tomllib.loads((Path(loyalty.care.__file__).parent / "sheets" / "limits.current.toml").read_text("utf-8"))
LIMITS = parse_limits("limits.current", BODY)
NOW = datetime(2027, 3, 10, 4, 0, tzinfo=UTC)
TODAY = date(2027, 3, 10)
CARD = "2920967844470"


def field_of(act: Any, *asked: Any) -> str:
    with pytest.raises(LoyaltyRefused) as caught:
        act(*asked)
    return str(caught.value.facts.get("field", caught.value.code))


def test_the_shipped_limits_are_read() -> None:
    assert (LIMITS.adjustment[Currency.POINTS], LIMITS.members, LIMITS.days_most) == (100_000, 50, 14)
    assert LIMITS.gifts == Gifts(5_000, 5_000, 50)


def test_every_mistake_of_limits_is_named_at_once() -> None:
    wrong = {
        **BODY, "tickets_days": 0, "adjustment": {**BODY["adjustment"], "POINTS": 2_000_000, "GEMS": 1},
        "compensation_most": {},
    }  # fmt: skip
    with pytest.raises(SheetInvalid) as caught:
        parse_limits("limits.current", wrong)
    assert {fault.key for fault in caught.value.faults} == {
        "tickets_days", "adjustment.GEMS", "adjustments_a_day.POINTS", "compensation_most.diamonds",
        "compensation_most.energy", "compensation_most.tickets", "compensation_most.days",
    }  # fmt: skip


def test_one_person_adjusts_up_to_the_limit_and_up_to_the_days_limit() -> None:
    check_alone(LIMITS, Currency.POINTS, 100_000, 0)
    check_alone(LIMITS, Currency.POINTS, -100_000, 900_000)
    assert field_of(check_alone, LIMITS, Currency.POINTS, 100_001, 0) == "ADJUSTMENT_NEEDS_TWO"
    assert field_of(check_alone, LIMITS, Currency.POINTS, -100_001, 0) == "ADJUSTMENT_NEEDS_TWO"
    assert field_of(check_alone, LIMITS, Currency.POINTS, 1, 1_000_000) == "ADJUSTMENT_NEEDS_TWO"
    assert field_of(check_alone, NOTHING_ALONE, Currency.POINTS, 1, 0) == "ADJUSTMENT_NEEDS_TWO"


@given(st.lists(st.integers(-120_000, 120_000).filter(bool), max_size=60))
def test_however_it_is_cut_one_person_moves_no_more_than_the_days_limit(amounts: list[int]) -> None:
    done = 0
    for amount in amounts:
        try:
            check_alone(LIMITS, Currency.POINTS, amount, done)
        except LoyaltyRefused:
            continue
        done += abs(amount)
    assert done <= LIMITS.adjustments_a_day[Currency.POINTS]


@pytest.mark.parametrize("key", ["typhoon-2027-09-12", "abc", "0" * 60])
def test_a_key_names_an_incident(key: str) -> None:
    check_key(key)


@pytest.mark.parametrize("key", ["", "ab", "Typhoon", "x" * 61, "-abc", "a b c", "颱風天", "abc\n"])
def test_what_names_no_incident_is_refused(key: str) -> None:
    assert field_of(check_key, key) == "key"


WINDOW = {"active_from": NOW - timedelta(days=2), "active_to": NOW}


@pytest.mark.parametrize(
    "cohort",
    [
        Cohort(everyone=True),
        Cohort(**WINDOW),
        Cohort(tiers=("gold",)),
        Cohort(cards=(CARD,), tiers=("gold",), **WINDOW),
    ],
)
def test_a_cohort_states_its_rules(cohort: Cohort) -> None:
    check_cohort(cohort, NOW)
    assert CARD not in str(cohort.told())


@pytest.mark.parametrize(
    ("cohort", "field"),
    [
        (Cohort(), "cohort"),
        (Cohort(everyone=True, tiers=("gold",)), "cohort"),
        (Cohort(active_from=NOW - timedelta(days=1)), "cohort.activeTo"),
        (Cohort(active_to=NOW), "cohort.activeTo"),
        (Cohort(active_from=NOW, active_to=NOW), "cohort.activeTo"),
        (Cohort(active_from=NOW, active_to=NOW + timedelta(seconds=1)), "cohort.activeTo"),
        (Cohort(active_from=NOW - timedelta(days=93), active_to=NOW), "cohort.activeFrom"),
        (Cohort(tiers=("x",) * 21), "cohort.tiers"),
        (Cohort(cards=(CARD,) * 1_001), "cohort.cards"),
        (Cohort(cards=(CARD, "2920967844471")), "cohort.cards"),
    ],
)
def test_a_cohort_that_cannot_hold_is_refused(cohort: Cohort, field: str) -> None:
    assert field_of(check_cohort, cohort, NOW) == field


@pytest.mark.parametrize(
    ("gift", "field"),
    [
        (Gift(Gifts()), "gift"),
        (Gift(Gifts(diamonds=-1)), "gift.diamonds"),
        (Gift(Gifts(energy=1_001)), "gift.energy"),
        (Gift(Gifts(tickets=51)), "gift.tickets"),
        (Gift(Gifts(), (TODAY,)), "gift.forgivenDays"),
        (Gift(Gifts(), (TODAY - timedelta(days=32),)), "gift.forgivenDays"),
        (Gift(Gifts(), (TODAY - timedelta(days=1),) * 2), "gift.forgivenDays"),
        (Gift(Gifts(), tuple(TODAY - timedelta(days=each) for each in range(1, 16))), "gift.forgivenDays"),
    ],
)
def test_a_gift_that_nobody_may_get_is_refused(gift: Gift, field: str) -> None:
    assert field_of(check_gift, gift, LIMITS, TODAY) == field


def test_a_gift_within_the_limits_stands() -> None:
    check_gift(Gift(Gifts(10_000, 1_000, 50), (TODAY - timedelta(days=1),)), LIMITS, TODAY)


def test_many_small_compensations_of_one_person_are_one_large_one() -> None:
    gift = Gift(Gifts(diamonds=100))
    assert not cost_of(gift, 50, LIMITS, 0, Gifts()).needs_two
    assert cost_of(gift, 51, LIMITS, 0, Gifts()).needs_two
    assert cost_of(gift, 1, LIMITS, 50, Gifts()).needs_two
    assert cost_of(gift, 1, LIMITS, 0, Gifts(diamonds=4_901)).needs_two
    assert not cost_of(gift, 1, LIMITS, 49, Gifts(diamonds=4_900)).needs_two


@given(
    st.integers(1, 10**6), st.integers(0, 10_000), st.integers(0, 1_000), st.integers(0, 50),
    st.sampled_from(["members", "diamonds", "energy", "tickets"]),
)  # fmt: skip
def test_a_cost_is_exact_and_beyond_any_one_limit_it_takes_two(
    members: int, diamonds: int, energy: int, tickets: int, limit: str
) -> None:
    gift = Gift(Gifts(diamonds, energy, tickets))
    wide = replace(LIMITS, members=10**9, gifts=Gifts(10**12, 10**12, 10**12))
    cost = cost_of(gift, members, wide, 0, Gifts())
    assert (cost.total, cost.needs_two) == (Gifts(members * diamonds, members * energy, members * tickets), False)
    spent = members if limit == "members" else getattr(cost.total, limit)
    if spent:
        tight = (
            replace(wide, members=spent - 1) if limit == "members"
            else replace(wide, gifts=replace(wide.gifts, **{limit: spent - 1}))
        )  # fmt: skip
        assert cost_of(gift, members, tight, 0, Gifts()).needs_two
