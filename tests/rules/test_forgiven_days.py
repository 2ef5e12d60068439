"""Forgiven days: what they do to a streak, by example and over years of random days."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from game.checkin.rules import streaks
from game.checkin.rules.forgiving import Forgiven, are_over, forgive
from game.checkin.rules.streaks import Break, Kept, Streak, StreakState, settle, state
from tests.rules.test_streaks import CALENDAR, DAY, HOUR, START, after_days, come, fresh

FIRST = date(2026, 6, 15)


def day(number: int) -> date:
    """Day 1 is the first of the streak."""
    return FIRST + timedelta(days=number - 1)


def at(number: int) -> datetime:
    return START + (number - 1) * DAY


def forgiven(streak: Streak, now: datetime, *numbers: int, broken: Break | None = None) -> Forgiven:
    settled, passed = settle(streak, now, CALENDAR)
    frozen = {each for each, why in passed.kept if why is Kept.FROZEN}
    last = passed.breaks[-1] if passed.breaks else broken
    return forgive(settled, {day(each) for each in numbers}, frozen, last, now, CALENDAR)


def test_who_missed_the_day_goes_on_as_if_he_had_been_away_on_a_neutral_day() -> None:
    done = forgiven(after_days(3), at(5), 4)
    assert (done.rejoined, done.streak.length, state(done.streak, at(5))) == (True, 3, StreakState.AT_RISK)
    assert come(done.streak, at(5)).length == 4


def test_who_came_back_before_it_was_forgiven_gets_both_parts() -> None:
    streak = come(come(after_days(3), at(5)), at(6))
    assert (streak.length, streak.lapsed) == (2, 3)
    done = forgiven(streak, at(6), 4)
    assert (done.rejoined, done.streak.length, done.streak.longest, done.streak.total) == (True, 5, 5, 5)


def test_a_streak_that_broke_meanwhile_stands_again_in_full() -> None:
    streak = after_days(6)
    settled, passed = settle(streak, at(12), CALENDAR)
    assert (state(settled, at(12)), settled.length, passed.breaks) == (
        StreakState.BROKEN, 5, (Break(day(7), 6, 5),),
    )  # fmt: skip
    done = forgiven(streak, at(12), 7, 8, 9, 10, 11)
    assert (done.rejoined, done.streak.length, state(done.streak, at(12))) == (True, 6, StreakState.AT_RISK)


def test_a_break_that_was_written_down_and_days_since_count_together() -> None:
    settled, passed = settle(after_days(6), at(12), CALENDAR)
    back = come(come(settled, at(12)), at(13))
    assert back.length == 7  # five of six stayed
    broken = passed.breaks[-1]
    done = forgiven(back, at(13), 7, 8, 9, 10, 11, broken=broken)
    assert (done.rejoined, done.streak.length) == (True, 8)
    other = forgiven(back, at(13), 7, 8, 9, 10, 11, broken=Break(day(2), 6, 5))
    assert (other.rejoined, other.streak) == (False, settle(back, at(13), CALENDAR)[0])


def test_a_freeze_that_the_day_took_comes_back_up_to_what_one_may_hold() -> None:
    done = forgiven(after_days(7), at(9), 8)
    assert (done.freezes, done.streak.freezes, done.rejoined) == (1, 1, False)
    assert state(done.streak, at(9)) is StreakState.AT_RISK
    full = forgive(settle(after_days(14), at(14), CALENDAR)[0], {day(3)}, {day(3)}, None, at(14), CALENDAR)
    assert (full.freezes, full.streak.freezes) == (0, CALENDAR.freezes_most)


def test_of_a_gap_whose_first_day_is_forgiven_the_rest_may_be_repaired_that_much_longer() -> None:
    streak = after_days(3)
    before, _ = settle(streak, at(6), CALENDAR)
    done = forgiven(streak, at(6), 4)
    assert (done.rejoined, done.streak.gap_day, done.streak.lapsed) == (False, day(5), 3)
    assert before.repair_until is not None
    assert done.streak.repair_until == before.repair_until + DAY
    joined, mended = streaks.repair(done.streak, at(6))
    assert (joined.length, mended) == (3, ((day(5), Kept.MENDED),))


def test_a_forgiven_day_in_the_middle_closes_nothing() -> None:
    streak = after_days(3)
    assert forgiven(streak, at(6), 5).streak == settle(streak, at(6), CALENDAR)[0]


def test_a_streak_that_never_began_stays_as_it_is() -> None:
    assert forgiven(fresh(), at(9), 3, 4).streak.last_day is None


def test_a_day_is_over_where_the_member_is() -> None:
    taipei, angeles = fresh(), fresh("America/Los_Angeles")
    now = datetime.fromisoformat("2026-06-16T04:00:00+00:00")
    assert are_over(taipei, {FIRST}, now)
    assert not are_over(angeles, {FIRST}, now)
    assert are_over(angeles, {FIRST}, now + 8 * HOUR)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**9), length=st.integers(5, 60), picked=st.sets(st.integers(1, 70), max_size=8))
def test_nothing_that_a_member_has_becomes_less_and_twice_is_once(seed: int, length: int, picked: set[int]) -> None:
    dice, streak, broken = random.Random(seed), fresh(), None
    frozen: set[date] = set()
    for number in range(1, length + 1):
        streak, passed = settle(streak, at(number), CALENDAR)
        frozen |= {each for each, why in passed.kept if why is Kept.FROZEN}
        broken = passed.breaks[-1] if passed.breaks else broken
        if dice.random() < 0.7:
            streak = streaks.check_in(streak, at(number), CALENDAR)
    now = at(length) + dice.randrange(12) * HOUR
    streak, passed = settle(streak, now, CALENDAR)
    days = {day(each) for each in picked if each < length}
    first = forgive(streak, days, frozen, broken, now, CALENDAR).streak
    assert first.length + (first.lapsed or 0) >= streak.length
    assert (first.freezes >= streak.freezes, first.longest >= streak.longest) == (True, True)
    assert (first.total, first.cycle, first.last_day) == (streak.total, streak.cycle, streak.last_day)
    assert first.length <= first.longest <= first.total
    assert first.freezes <= CALENDAR.freezes_most
    assert forgive(first, days, frozen - days, broken, now, CALENDAR).streak == first
    if not days:
        assert first == streak


@pytest.mark.parametrize("away", range(1, 15))
def test_whoever_missed_forgiven_days_alone_stands_as_if_there_had_been_none(away: int) -> None:
    streak = after_days(5)
    missed = range(6, 6 + away)
    back = at(6 + away)
    done = forgiven(streak, back, *missed)
    assert come(done.streak, back).length == 6
    assert streaks.state(done.streak, back) is StreakState.AT_RISK
