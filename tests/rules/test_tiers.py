"""Tiers: up at once, down one step after a notice, and what a return takes back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.tiers.rules import (
    TERM,
    Ladder,
    Standing,
    Tier,
    after_purchase,
    after_return,
    review,
    window,
    window_start,
)

NOW = datetime(2026, 6, 15, 4, tzinfo=UTC)
TODAY = NOW.date()
CODES = ("general", "silver", "gold", "black")
LADDER = Ladder(
    tuple(
        Tier(code, threshold, percent, 100, {})
        for code, threshold, percent in zip(CODES, (0, 200, 600, 1500), (100, 110, 125, 150), strict=True)
    ),
    timedelta(days=30),
)
CREDITS = st.integers(0, 2000)
STANDINGS = st.builds(
    lambda code, since, until, notice: Standing(
        code,
        NOW - timedelta(days=since),
        None if code == "general" else NOW + timedelta(days=until),
        NOW - timedelta(days=notice) if notice is not None and code != "general" else None,
    ),
    st.sampled_from(CODES),
    st.integers(0, 400),
    st.integers(-200, 365),
    st.none() | st.integers(0, 60),
)


def rank(standing: Standing) -> int:
    return LADDER.rank(standing.code)


def days(number: float) -> timedelta:
    return timedelta(days=number)


# The window


def test_the_window_is_365_days_with_its_last_one() -> None:
    assert window_start(date(2027, 1, 1)) == date(2026, 1, 2)
    spend = {date(2026, 1, 1): 1, date(2026, 1, 2): 10, date(2027, 1, 1): 100, date(2027, 1, 2): 1000}
    assert window(spend, date(2027, 1, 1)) == 110


@given(CREDITS)
def test_the_highest_tier_that_credits_reach_is_the_tier(credits: int) -> None:
    reached = LADDER.reached(credits)
    assert reached.threshold <= credits
    assert all(tier.threshold > credits for tier in LADDER.tiers[LADDER.rank(reached.code) + 1 :])


def test_a_tier_that_the_ladder_has_lost_counts_as_the_lowest() -> None:
    assert LADDER.tier("platinum").code == "general"


# Up


@given(STANDINGS, CREDITS)
def test_a_purchase_lifts_at_once_as_far_as_the_credits_reach_and_never_lowers(
    standing: Standing, credits: int
) -> None:
    after = after_purchase(LADDER, standing, credits, NOW)
    assert rank(after) == max(rank(standing), LADDER.rank(LADDER.reached(credits).code))
    if after.code == standing.code:
        assert after == standing
    else:
        assert after == Standing(after.code, NOW, NOW + TERM)


def test_a_step_up_of_a_server_whose_clock_is_behind_never_precedes_the_last_one() -> None:
    after = after_purchase(LADDER, Standing("silver", NOW), 600, NOW - timedelta(seconds=3))
    assert after.since == NOW


# What time does


def test_a_member_who_keeps_the_tier_gets_another_year_at_the_anniversary() -> None:
    standing = Standing("silver", NOW - days(365), NOW)
    assert review(LADDER, standing, 200, NOW - days(1)) == standing
    assert review(LADDER, standing, 200, NOW) == Standing("silver", NOW - days(365), NOW + TERM)


def test_a_notice_comes_30_days_before_and_the_step_down_is_one_step() -> None:
    standing = Standing("black", NOW - days(335), NOW + days(30))
    assert review(LADDER, standing, 0, NOW - timedelta(seconds=1)) == standing
    told = review(LADDER, standing, 0, NOW)
    assert told == Standing("black", standing.since, NOW + days(30), NOW)
    assert review(LADDER, told, 0, NOW + days(29)) == told, "one notice is enough"
    assert review(LADDER, told, 0, NOW + days(30)) == Standing("gold", NOW + days(30), NOW + days(30) + TERM)


def test_spending_enough_within_the_notice_keeps_the_tier() -> None:
    told = Standing("gold", NOW - days(335), NOW + days(30), NOW)
    assert review(LADDER, told, 600, NOW + days(29)) == told
    assert review(LADDER, told, 600, NOW + days(30)) == Standing("gold", told.since, NOW + days(30) + TERM)


def test_a_late_worker_gives_the_notice_first_and_steps_down_when_it_has_run() -> None:
    overdue = Standing("gold", NOW - days(400), NOW - days(35))
    told = review(LADDER, overdue, 0, NOW)
    assert told == Standing("gold", overdue.since, NOW + days(30), NOW)
    assert review(LADDER, told, 0, NOW + days(30)).code == "silver"


def test_a_worker_late_within_the_notice_still_gives_the_whole_of_it() -> None:
    told = review(LADDER, Standing("gold", NOW - days(355), NOW + days(10)), 0, NOW)
    assert (told.notice_at, told.until) == (NOW, NOW + days(30))


def test_the_lowest_tier_has_no_anniversary() -> None:
    told = Standing("silver", NOW - days(365), NOW, NOW - days(30))
    fallen = review(LADDER, told, 0, NOW)
    assert fallen == Standing("general", NOW, None)
    assert review(LADDER, fallen, 0, NOW + days(1000)) == fallen


@given(STANDINGS, CREDITS)
def test_time_lowers_one_step_at_most_and_never_without_a_notice(standing: Standing, credits: int) -> None:
    after = review(LADDER, standing, credits, NOW)
    assert rank(standing) - rank(after) in (0, 1)
    if after.code != standing.code:
        assert standing.notice_at is not None
        assert standing.until is not None
        assert standing.until <= NOW
        assert credits < LADDER.tier(standing.code).threshold
    if standing.until and after.until and after.code == standing.code:
        assert after.until >= standing.until
    if after.notice_at is not None and standing.notice_at is None:
        assert after.until is not None
        assert after.until >= NOW + LADDER.notice
    assert (after.until is None) == (after.code == "general")


@given(STANDINGS, CREDITS)
def test_a_review_that_has_just_run_has_nothing_more_to_do(standing: Standing, credits: int) -> None:
    once = review(LADDER, standing, credits, NOW)
    assert review(LADDER, once, credits, NOW) == once


# Returns


def fall(standing: Standing, before: dict[date, int], after: dict[date, int]) -> Standing:
    return after_return(LADDER, standing, before, after, standing.since.date(), NOW)


def test_a_promotion_that_the_returned_goods_had_earned_is_taken_back_at_once() -> None:
    standing = Standing("gold", NOW - days(3), NOW - days(3) + TERM)
    bought = TODAY - days(3)
    assert fall(standing, {bought: 700}, {bought: 650}) == standing
    assert fall(standing, {bought: 700}, {bought: 300}) == Standing("silver", NOW, NOW + TERM)
    assert fall(standing, {bought: 700}, {bought: 10}) == Standing("general", NOW, None)


def test_what_was_bought_since_can_carry_the_tier() -> None:
    standing = Standing("silver", NOW - days(9), NOW + days(300))
    first, second = TODAY - days(9), TODAY - days(1)
    assert fall(standing, {first: 200, second: 200}, {first: 0, second: 200}) == standing


def test_a_tier_once_earned_outlives_the_purchases_that_age_out_of_the_window() -> None:
    standing = Standing("silver", NOW - days(300), NOW + days(65))
    then, now = TODAY - days(600), TODAY - days(2)
    # On the day it was reached, `then` counted.
    assert fall(standing, {then: 200, now: 50}, {then: 200, now: 0}) == standing


def test_a_tier_that_purchases_do_not_hold_is_not_touched_by_a_small_return() -> None:
    # One step down from gold at the anniversary: silver for a year, with credits for general only.
    standing = Standing("silver", NOW - days(10), NOW + days(355))
    bought = TODAY - days(5)
    assert fall(standing, {bought: 50}, {bought: 20}) == standing


def test_goods_that_never_counted_change_no_tier() -> None:
    standing = Standing("black", NOW - days(10), NOW + days(355))
    assert fall(standing, {TODAY: 10}, {TODAY: 10}) == standing


def test_a_purchase_of_tomorrow_where_the_shop_stands_counts() -> None:
    standing = Standing("silver", NOW, NOW + TERM)
    tomorrow = TODAY + days(1)
    assert fall(standing, {TODAY: 50, tomorrow: 200}, {TODAY: 0, tomorrow: 200}) == standing


SPENDS = st.dictionaries(st.integers(-500, 1).map(lambda each: TODAY + days(each)), st.integers(0, 900), max_size=6)


@given(STANDINGS, SPENDS, st.data())
def test_a_return_never_lifts_and_falls_no_deeper_than_the_credits_reach(
    standing: Standing, before: dict[date, int], data: st.DataObject
) -> None:
    after = {day: data.draw(st.integers(0, credits)) for day, credits in before.items()}
    moved = fall(standing, before, after)
    assert rank(moved) <= rank(standing)
    if moved != standing:
        first = standing.since.date()
        best = max(window(after, first + days(each)) for each in range((TODAY - first).days + 2))
        assert moved.code == LADDER.reached(best).code
        assert moved.since >= standing.since


@given(STANDINGS, SPENDS, st.data())
def test_goods_returned_in_pieces_leave_the_tier_that_they_leave_together(
    standing: Standing, before: dict[date, int], data: st.DataObject
) -> None:
    after = {day: data.draw(st.integers(0, credits)) for day, credits in before.items()}
    halfway = {day: data.draw(st.integers(after[day], credits)) for day, credits in before.items()}
    first = standing.since.date()
    together = after_return(LADDER, standing, before, after, first, NOW)
    halfway_standing = after_return(LADDER, standing, before, halfway, first, NOW)
    # Pieces of one day: the window that counts is the same for both.
    in_pieces = after_return(LADDER, halfway_standing, halfway, after, first, NOW)
    assert in_pieces.code == together.code


@pytest.mark.parametrize("credits", [0, 199, 200, 599, 600, 1500, 10**9])
def test_the_whole_way_up_is_one_step(credits: int) -> None:
    assert after_purchase(LADDER, Standing("general", NOW), credits, NOW).code == LADDER.reached(credits).code
