"""Seasons: their dates, which one ended when, what expires, and a streak that begins anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.checkin.rules import streaks
from game.checkin.rules.forgiving import restart
from game.checkin.rules.streaks import StreakState, settle, state
from game.season.rules import InForce, Turn, fate_of, over_with_it, turns_of
from loyalty.ledger.rules import Currency
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets.rules import AtEnd, Fate, Season, SheetInvalid, parse_season
from tests.rules.test_streaks import CALENDAR, DAY, START, after_days, come

BODY: dict[str, Any] = {
    "code": "2027-spring", "timezone": "Asia/Taipei", "currency": "TWD", "points_expiry_months": 12,
    "reversal_grace_days": 30, "tender_points_per_major": 100, "hold_seconds": 600,
}  # fmt: skip
NOW = datetime(2027, 3, 10, 4, 0, tzinfo=UTC)


def season(**changes: Any) -> Season:
    return parse_season("season.current", {**BODY, **changes})


def test_a_season_without_dates_never_ends_and_keeps_everything() -> None:
    plain = season()
    assert (plain.starts, plain.ends, plain.at_end) == (None, None, AtEnd())
    plain.refuse_over(None, NOW + timedelta(days=10_000))


def test_every_mistake_of_a_season_is_named() -> None:
    with pytest.raises(SheetInvalid) as caught:
        season(
            starts="2027-05-01", ends="2027-05-01",
            at_end={"diamonds": "RESET", "streak": "EXPIRE", "board": "EXPIRE", "points": "KEEP"},
        )  # fmt: skip
    assert {fault.key for fault in caught.value.faults} == {
        "ends", "at_end.diamonds", "at_end.streak", "at_end.board", "at_end.points",
    }  # fmt: skip


def test_boards_are_kept_unless_the_sheet_says_that_they_begin_anew() -> None:
    assert season(at_end={"streak": "RESET"}).at_end.board is Fate.KEEP
    assert season(at_end={"board": "RESET"}).at_end == AtEnd(board=Fate.RESET)


def code_of(found: Season, asked: str | None, now: datetime) -> tuple[Any, bool] | None:
    try:
        found.refuse_over(asked, now)
    except LoyaltyRefused as refused:
        return refused.code, refused.retryable
    return None


def test_a_late_command_is_refused_for_good_and_one_after_the_end_until_the_next_begins() -> None:
    ending = season(ends="2027-03-11")
    midnight = datetime(2027, 3, 10, 16, 0, tzinfo=UTC)
    assert code_of(ending, "2027-spring", midnight - timedelta(seconds=1)) is None
    assert code_of(ending, None, midnight) == (LoyaltyCode.SEASON_OVER, True)
    assert code_of(ending, "2026-winter", NOW) == (LoyaltyCode.SEASON_OVER, False)
    assert code_of(ending, "2027-spring", NOW) is None


def in_force(code: str, day: int, **at_end: str) -> InForce:
    return InForce(season(code=code, at_end=at_end), NOW + timedelta(days=day))


def test_a_season_ends_where_another_code_comes_and_its_own_last_word_counts() -> None:
    versions = [
        in_force("a", 0, diamonds="EXPIRE"), in_force("a", 1, streak="RESET"), in_force("b", 2), in_force("b", 3),
        in_force("c", 4),
    ]  # fmt: skip
    assert turns_of(versions) == [
        Turn("a", "b", AtEnd(streak=Fate.RESET), NOW + timedelta(days=2)),
        Turn("b", "c", AtEnd(), NOW + timedelta(days=4)),
    ]
    assert turns_of(versions[:2]) == []


def test_a_season_ends_once_even_when_its_code_comes_again() -> None:
    versions = [in_force("a", 0), in_force("b", 1), in_force("a", 2), in_force("c", 3)]
    assert [(turn.code, turn.following) for turn in turns_of(versions)] == [("a", "b"), ("b", "a")]


def test_points_are_moneys_worth_and_stay() -> None:
    every = AtEnd(Fate.EXPIRE, Fate.EXPIRE, Fate.EXPIRE, Fate.RESET)
    assert [fate_of(every, each) for each in Currency] == [
        Fate.KEEP if each is Currency.POINTS else Fate.EXPIRE for each in Currency
    ]


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_what_came_in_since_is_never_touched(before: int, since: int, spent: int) -> None:
    left = before + since - min(spent, before + since)
    gone = over_with_it(Fate.EXPIRE, left, since)
    assert 0 <= gone <= min(left, before)
    assert left - gone >= min(left, since)
    assert over_with_it(Fate.KEEP, left, since) == 0


def test_a_streak_that_begins_anew_keeps_the_days_since_and_its_totals() -> None:
    streak = after_days(9)
    fresh = restart(streak, 2)
    assert (fresh.length, fresh.longest, fresh.total, fresh.cycle, fresh.freezes) == (2, 9, 9, 2, 1)
    none = restart(streak, 0)
    assert (none.length, none.cycle, come(none, START + 9 * DAY).length) == (0, 0, 1)
    broken = restart(settle(after_days(3), START + 5 * DAY, CALENDAR)[0], 0)
    assert (broken.lapsed, broken.gap_day, state(broken, START + 5 * DAY)) == (None, None, StreakState.AT_RISK)


@given(st.integers(1, 40), st.integers(0, 60))
def test_a_restarted_streak_stands_within_its_longest(days: int, since: int) -> None:
    fresh = restart(after_days(days), since)
    assert fresh.length == min(days, since)
    assert fresh.length <= fresh.longest <= fresh.total == days
    assert replace(fresh, updated_at=START).cycle == ((fresh.length - 1) % 7 + 1 if fresh.length else 0)
    assert streaks.next_day_at(fresh) == streaks.next_day_at(after_days(days))


def test_dates_of_a_season_are_days_of_its_zone() -> None:
    assert season(starts="2027-02-01", ends="2027-05-01").ends == date(2027, 5, 1)
