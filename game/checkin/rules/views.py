"""How a streak and its calendar look at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from game.checkin.rules import streaks as rules
from game.checkin.rules.calendar import CYCLE_DAYS, Calendar, Reward
from game.checkin.rules.streaks import Kept, Streak, StreakState
from game.days.rules import ONE_DAY, day_starts

CHECK_IN, MAKE_UP = "CHECK_IN", "MAKE_UP"


class DayState(StrEnum):
    """How a day of the calendar stands: paid, kept without a check-in, missed, or not missed yet."""

    CHECKED_IN = "CHECKED_IN"
    MADE_UP = "MADE_UP"
    FROZEN = "FROZEN"
    MENDED = "MENDED"
    TRAVEL = "TRAVEL"
    FORGIVEN = "FORGIVEN"
    MISSED = "MISSED"
    TODAY = "TODAY"
    AHEAD = "AHEAD"
    BEFORE = "BEFORE"


@dataclass(frozen=True, slots=True)
class StreakView:
    """A streak at one moment. While a repair is possible, `lapsed` is the length that it would bring back.

    The repair takes `repair_orders` orders delivered since `repair_opened`, or `repair_diamonds`.
    """

    state: StreakState
    today: date
    length: int
    longest: int
    total: int
    freezes: int
    freezes_most: int
    checked_in_today: bool
    cycle_day: int
    next_at: datetime | None
    lapsed: int | None
    repair_opened: datetime | None
    repair_until: datetime | None
    repair_orders: int
    repair_diamonds: int
    zone: str
    next_zone: str | None
    zone_from: datetime | None

    @property
    def changes_at(self) -> datetime:
        """When time alone changes it next: the day turns, another zone takes force, or a repair is over."""
        turn = day_starts(self.today + ONE_DAY, ZoneInfo(self.zone))
        return min(each for each in (turn, self.zone_from, self.repair_until) if each is not None)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day of the month: what it pays and how it stands."""

    day: date
    reward: Reward
    state: DayState


@dataclass(frozen=True, slots=True)
class CalendarView:
    """The month of today, the cycle, and what the next check-in pays."""

    today: date
    days: tuple[CalendarDay, ...]
    cycle: tuple[Reward, ...]
    next_reward: Reward
    make_ups_left: int


def view_streak(streak: Streak, calendar: Calendar) -> StreakView:
    """A settled streak, at the moment that it was settled at."""
    now = streak.updated_at
    today = streak.today(now)
    lapsed = streak.lapsed is not None
    return StreakView(
        state=rules.state(streak, now),
        today=today,
        length=streak.length,
        longest=streak.longest,
        total=streak.total,
        freezes=streak.freezes,
        freezes_most=calendar.freezes_most,
        checked_in_today=streak.paid_to is not None and streak.paid_to >= today,
        cycle_day=streak.cycle,
        next_at=rules.next_day_at(streak),
        lapsed=streak.lapsed,
        repair_opened=rules.repair_opened(streak, calendar) if lapsed else None,
        repair_until=streak.repair_until if lapsed else None,
        repair_orders=calendar.repair_orders,
        repair_diamonds=calendar.repair_diamonds,
        zone=streak.zone,
        next_zone=streak.next_zone,
        zone_from=streak.zone_from,
    )


def view_month(
    streak: Streak, joined: date, paid: Mapping[date, str], kept: Mapping[date, Kept], calendar: Calendar
) -> CalendarView:
    """The month of a settled streak's today; `paid` and `kept` are the days of that month."""
    today = streak.today(streak.updated_at)

    def stands(day: date) -> DayState:
        if day in paid:
            return DayState.MADE_UP if paid[day] == MAKE_UP else DayState.CHECKED_IN
        if day >= today:
            return DayState.TODAY if day == today else DayState.AHEAD
        if day in kept:
            return DayState(kept[day].value)
        return DayState.BEFORE if day < joined else DayState.MISSED

    day, days = today.replace(day=1), []
    while day.month == today.month:
        days.append(CalendarDay(day, calendar.of_day(day), stands(day)))
        day += ONE_DAY
    used = sum(how == MAKE_UP for each, how in paid.items() if each.month == today.month)
    following = max(today, streak.paid_to + ONE_DAY) if streak.paid_to else today
    next_reward = calendar.of_check_in(following, streak.cycle % CYCLE_DAYS + 1)
    return CalendarView(today, tuple(days), calendar.cycle, next_reward, max(calendar.make_ups - used, 0))
