"""Days that an operator forgives, as after an outage or a typhoon: what that does to a streak. Pure."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from game.checkin.rules.calendar import CYCLE_DAYS, Calendar
from game.checkin.rules.streaks import Break, Streak, repair
from game.days.rules import ONE_DAY, day_starts


@dataclass(frozen=True, slots=True)
class Forgiven:
    """A streak after days were forgiven: freezes that came back, and whether a gap closed."""

    streak: Streak
    freezes: int
    rejoined: bool


def are_over(streak: Streak, days: Set[date], now: datetime) -> bool:
    """Whether each of the days has ended where the member is; a settled streak. Only what is over was missed."""
    return max(days) < streak.today(max(now, streak.updated_at))


def forgive(
    streak: Streak, days: Set[date], frozen: Set[date], broken: Break | None, now: datetime, calendar: Calendar
) -> Forgiven:
    """Forgives days that are over, of a settled streak. Nothing that the member has becomes less.

    `frozen` are the days that took a freeze: of those forgiven it comes back, up to the most that one may hold. A gap
    whose days are all forgiven closes as if it had been repaired; one whose first days are forgiven begins after them,
    and has that much longer to be repaired. `broken` is the last break: where it is of the last gap, that one opens
    again and closes in the same way.
    """
    if streak.last_day is None:
        return Forgiven(streak, 0, rejoined=False)
    back = min(len(days & frozen), max(calendar.freezes_most - streak.freezes, 0))
    frozen_to = None if streak.frozen_to in days else streak.frozen_to
    streak = replace(streak, freezes=streak.freezes + back, frozen_to=frozen_to)
    after = _rejoin(streak, days, broken, max(now, streak.updated_at), calendar)
    rejoined = after.gap_day is None and streak.gap_day is not None
    return Forgiven(after, back, rejoined=rejoined)


def restart(streak: Streak, since: int) -> Streak:
    """A settled streak that begins anew with a season: what was checked in since stays, totals and longest never fall.

    Expects that at most `since` days of its length are of the new season.
    """
    length = min(streak.length, since)
    return replace(
        streak, length=length, lapsed=None, gap_day=None, gap_to=None, repair_until=None,
        cycle=(length - 1) % CYCLE_DAYS + 1 if length else 0,
    )  # fmt: skip


def _rejoin(streak: Streak, days: Set[date], broken: Break | None, now: datetime, calendar: Calendar) -> Streak:
    opened = _reopen(streak, broken)
    if opened.lapsed is None:
        return streak
    assert opened.gap_day is not None, "an open gap has its first day"
    assert opened.last_day is not None, "only what began can have a gap"
    away = opened.gap_day > opened.last_day
    last = max(opened.today(now) - ONE_DAY, opened.gap_day) if away else opened.gap_to or opened.gap_day
    first = opened.gap_day
    while first <= last and first in days:
        first += ONE_DAY
    if first > last:
        return repair(opened, now)[0]
    until = day_starts(first + ONE_DAY, ZoneInfo(opened.zone)) + timedelta(hours=calendar.repair_hours)
    if first == opened.gap_day or now >= until:
        return streak
    covered = first - ONE_DAY if away else opened.covered_to
    return replace(opened, gap_day=first, repair_until=until, covered_to=covered, updated_at=now)


def _reopen(streak: Streak, broken: Break | None) -> Streak:
    """The streak before its last gap broke it; as it is where it did not, or where that is not known."""
    if streak.lapsed is not None or broken is None or broken.gap_day != streak.gap_day:
        return streak
    since = streak.length - broken.length_after
    if since < 0:
        return streak
    return replace(streak, lapsed=broken.length_before, length=since)
