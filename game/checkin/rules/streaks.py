"""The streak as a pure state machine: what time did to it, and what the member does to it.

`NONE -> ACTIVE(n) -> AT_RISK -> FROZEN | REPAIRABLE -> BROKEN`. The row holds what was last written; `settle` brings it
to an instant, so that reading never writes and it does not matter how often one looked in between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from game.checkin.rules.calendar import CYCLE_DAYS, Calendar
from game.days.rules import ONE_DAY, business_day, day_exists, day_starts
from game.refusals import GameCode, GameRefused


class StreakState(StrEnum):
    """How a streak stands today."""

    NONE = "NONE"
    ACTIVE = "ACTIVE"
    AT_RISK = "AT_RISK"
    FROZEN = "FROZEN"
    REPAIRABLE = "REPAIRABLE"
    BROKEN = "BROKEN"


class Kept(StrEnum):
    """Why a day without a check-in does not count as missed."""

    FROZEN = "FROZEN"
    MENDED = "MENDED"
    TRAVEL = "TRAVEL"
    FORGIVEN = "FORGIVEN"


@dataclass(frozen=True, slots=True)
class Streak:
    """One member's streak as last written.

    `length` counts the days in a row; while `lapsed` is set, a gap is open that can still be repaired: `lapsed` is the
    length before the gap and `length` what came after it. `gap_day` is the first day of the last gap, and
    `repair_until` its time limit; `gap_to` is its last day once the member has come back. `covered_to` is the last day
    after `last_day` that is accounted for without a check-in, `frozen_to` the last one that took a freeze.
    `made_up_to` is the latest day that was made up for: a zone further west may bring it back, and it is paid.
    `cycle` is the cycle's day of the last check-in, 0 before the first. `zone` is in force; `next_zone` will be from
    `zone_from` on. `travel_from..travel_to` are the days that the last change of zone left out.
    """

    zone: str
    updated_at: datetime
    length: int = 0
    longest: int = 0
    total: int = 0
    freezes: int = 0
    cycle: int = 0
    last_day: date | None = None
    made_up_to: date | None = None
    covered_to: date | None = None
    frozen_to: date | None = None
    lapsed: int | None = None
    gap_day: date | None = None
    gap_to: date | None = None
    repair_until: datetime | None = None
    next_zone: str | None = None
    zone_from: datetime | None = None
    zone_changed_at: datetime | None = None
    travel_from: date | None = None
    travel_to: date | None = None

    @property
    def paid_to(self) -> date | None:
        """The latest day that was paid, by a check-in or made up; None before the first."""
        return max(filter(None, (self.last_day, self.made_up_to)), default=None)

    def today(self, now: datetime) -> date:
        """The business day of an instant in the zone in force; the streak should be settled at it."""
        return business_day(now, ZoneInfo(self.zone))


@dataclass(frozen=True, slots=True)
class Break:
    """A streak that broke: how long it was and what is left."""

    gap_day: date
    length_before: int
    length_after: int


@dataclass(frozen=True, slots=True)
class Passed:
    """What time did on the way: days that were kept, gaps that opened (their first day), and breaks."""

    kept: tuple[tuple[date, Kept], ...] = ()
    gaps: tuple[date, ...] = ()
    breaks: tuple[Break, ...] = ()

    def __add__(self, other: Passed) -> Passed:
        return Passed(self.kept + other.kept, self.gaps + other.gaps, self.breaks + other.breaks)


NOTHING = Passed()


def settle(streak: Streak, now: datetime, calendar: Calendar) -> tuple[Streak, Passed]:
    """The streak at `now` (or at its own last change, if that is later), and what time did to it."""
    now = max(now, streak.updated_at)
    passed = NOTHING
    zone, since = streak.next_zone, streak.zone_from
    if zone is not None and since is not None and now >= since:
        streak, passed = _pass(streak, since, calendar)
        streak = _switch_zone(streak, zone, since)
    streak, more = _pass(streak, now, calendar)
    return replace(streak, updated_at=now), passed + more


def state(streak: Streak, now: datetime) -> StreakState:
    """How a settled streak stands."""
    if streak.last_day is None:
        return StreakState.NONE
    if streak.lapsed is not None:
        return StreakState.REPAIRABLE
    if streak.gap_day is not None and streak.gap_day > streak.last_day:
        return StreakState.BROKEN
    if streak.last_day >= streak.today(now):
        return StreakState.ACTIVE
    if streak.frozen_to is not None and streak.frozen_to > streak.last_day and streak.frozen_to == streak.covered_to:
        return StreakState.FROZEN
    return StreakState.AT_RISK


def check_in(streak: Streak, now: datetime, calendar: Calendar) -> Streak:
    """Adds today to a settled streak. Refuses DAY_ALREADY_PAID.

    The cycle's seventh day earns a freeze, up to the most that one may hold.
    """
    now = max(now, streak.updated_at)
    today = streak.today(now)
    if streak.paid_to is not None and today <= streak.paid_to:
        raise GameRefused(
            GameCode.DAY_ALREADY_PAID, retryable=True, retry_at=next_day_at(streak), day=streak.paid_to.isoformat()
        )
    if streak.gap_day is not None and (streak.last_day is None or streak.gap_day > streak.last_day):
        streak = _come_back(streak, today)
    cycle = streak.cycle % CYCLE_DAYS + 1
    earned = 1 if cycle == CYCLE_DAYS and streak.freezes < calendar.freezes_most else 0
    return replace(
        streak, length=streak.length + 1, longest=max(streak.longest, streak.length + 1), total=streak.total + 1,
        cycle=cycle, freezes=streak.freezes + earned, last_day=today, covered_to=None, updated_at=now,
    )  # fmt: skip


def _come_back(streak: Streak, today: date) -> Streak:
    """Ends the gap before today. A zone further west may bring back the day that opened it: then there was none."""
    assert streak.gap_day is not None, "who comes back has been away"
    if streak.lapsed is not None and today <= streak.gap_day:
        return replace(streak, length=streak.lapsed + streak.length, lapsed=None, gap_day=None, repair_until=None)
    return replace(streak, gap_to=today - ONE_DAY)


def next_day_at(streak: Streak) -> datetime | None:
    """When the day after the last paid one begins, in the zone that is in force then; None before the first one."""
    return None if streak.paid_to is None else day_begins(streak, streak.paid_to + ONE_DAY)


def day_begins(streak: Streak, day: date) -> datetime:
    """When a coming day begins, in the zone that is in force then."""
    starts = day_starts(day, ZoneInfo(streak.zone))
    if streak.zone_from is None or streak.next_zone is None or starts < streak.zone_from:
        return starts
    return max(streak.zone_from, day_starts(day, ZoneInfo(streak.next_zone)))


def repair(streak: Streak, now: datetime) -> tuple[Streak, tuple[tuple[date, Kept], ...]]:
    """Joins a settled streak over its open gap; returns it and the days that were mended.

    Expects `check_repairable`.
    """
    assert streak.lapsed is not None, "only an open gap is repaired"
    assert streak.gap_day is not None, "a gap has its first day"
    assert streak.last_day is not None, "only what began can have a gap"
    now = max(now, streak.updated_at)
    length = streak.lapsed + streak.length
    away = streak.gap_day > streak.last_day
    last = max(streak.today(now) - ONE_DAY, streak.gap_day) if away else streak.gap_to or streak.gap_day
    mended = [streak.gap_day + each * ONE_DAY for each in range((last - streak.gap_day).days + 1)]
    joined = replace(
        streak, length=length, longest=max(streak.longest, length), lapsed=None, gap_day=None, gap_to=None,
        repair_until=None, covered_to=last if away else streak.covered_to, updated_at=now,
    )  # fmt: skip
    return joined, tuple((day, Kept.MENDED) for day in mended)


def check_repairable(streak: Streak) -> None:
    """Refuses NOTHING_TO_REPAIR and REPAIR_TOO_LATE of a settled streak."""
    if streak.lapsed is not None:
        return
    if streak.repair_until is not None:
        raise GameRefused(GameCode.REPAIR_TOO_LATE, until=streak.repair_until.isoformat())
    raise GameRefused(GameCode.NOTHING_TO_REPAIR)


def repair_opened(streak: Streak, calendar: Calendar) -> datetime:
    """Since when orders count towards the repair of an open gap."""
    assert streak.repair_until is not None, "an open gap has its time limit"
    return streak.repair_until - timedelta(hours=calendar.repair_hours)


def check_make_up(streak: Streak, day: date, now: datetime, joined: date, used: int, calendar: Calendar) -> None:
    """Refuses MAKE_UP_NOT_MISSED, MAKE_UP_OTHER_MONTH, MAKE_UP_LIMIT of a settled streak; `used` is of this month.

    Whether the day was paid is the caller's to know.
    """
    today = streak.today(max(now, streak.updated_at))
    if day >= today or day < joined:
        raise GameRefused(GameCode.MAKE_UP_NOT_MISSED, day=day.isoformat())
    if (day.year, day.month) != (today.year, today.month):
        raise GameRefused(GameCode.MAKE_UP_OTHER_MONTH, day=day.isoformat())
    if used >= calendar.make_ups:
        raise GameRefused(GameCode.MAKE_UP_LIMIT, limit=calendar.make_ups)


def make_up(streak: Streak, day: date) -> Streak:
    """Counts a missed day as paid; expects `check_make_up`. The streak's length stays as it is."""
    return replace(streak, total=streak.total + 1, made_up_to=max(day, streak.made_up_to or day))


def change_zone(streak: Streak, zone: str, now: datetime, calendar: Calendar) -> Streak:
    """Gives a settled streak a new zone. Refuses ZONE_TOO_SOON; the same zone again changes nothing.

    In force at once where the new zone's day exceeds the last one paid, else from the beginning of the first day
    that does; until then the old zone holds. Days that the change leaves out, today too if it ends early unpaid, are
    neutral.
    """
    if zone == (streak.next_zone or streak.zone):
        return streak
    now = max(now, streak.updated_at)
    if streak.zone_changed_at is not None:
        again = streak.zone_changed_at + timedelta(days=calendar.zone_days)
        if now < again:
            raise GameRefused(GameCode.ZONE_TOO_SOON, retryable=True, retry_at=again, days=calendar.zone_days)
    streak = replace(streak, zone_changed_at=now, updated_at=now)
    new = ZoneInfo(zone)
    if streak.paid_to is None or business_day(now, new) > streak.paid_to:
        return _switch_zone(streak, zone, now)
    return replace(streak, next_zone=zone, zone_from=day_starts(streak.paid_to + ONE_DAY, new))


def _switch_zone(streak: Streak, zone: str, at: datetime) -> Streak:
    before, after = streak.today(at), business_day(at, ZoneInfo(zone))
    streak = replace(streak, zone=zone, next_zone=None, zone_from=None)
    return replace(streak, travel_from=before, travel_to=after - ONE_DAY) if after > before else streak


def _pass(streak: Streak, now: datetime, calendar: Calendar) -> tuple[Streak, Passed]:
    """Time up to `now` in the zone in force."""
    if streak.last_day is None:
        return streak, NOTHING
    last_day = streak.last_day
    streak, passed = _end_gap(streak, now, calendar)
    if streak.gap_day is not None and streak.gap_day > last_day:
        return streak, passed  # he has not come back since, so there is nothing more to miss
    zone, today = ZoneInfo(streak.zone), streak.today(now)
    day = max(last_day, streak.covered_to or last_day) + ONE_DAY
    while day < today:
        kept = _keep(streak, day, zone)
        if kept is None:
            streak, more = _open_gap(streak, day, zone, calendar)
            streak, ended = _end_gap(streak, now, calendar)
            return streak, passed + more + ended
        if kept is Kept.FROZEN:
            streak = replace(streak, freezes=streak.freezes - 1, frozen_to=day)
        streak = replace(streak, covered_to=day)
        passed += Passed(kept=((day, kept),))
        day += ONE_DAY
    return streak, passed


def _keep(streak: Streak, day: date, zone: ZoneInfo) -> Kept | None:
    left_out = streak.travel_from and streak.travel_to and streak.travel_from <= day <= streak.travel_to
    if left_out or not day_exists(day, zone):
        return Kept.TRAVEL
    return Kept.FROZEN if streak.freezes else None


def _open_gap(streak: Streak, day: date, zone: ZoneInfo, calendar: Calendar) -> tuple[Streak, Passed]:
    """Opens a gap on that day; an older one that was still open is over."""
    passed = NOTHING
    if streak.lapsed is not None:
        streak, passed = _break(streak, calendar)
    until = day_starts(day + ONE_DAY, zone) + timedelta(hours=calendar.repair_hours)
    streak = replace(streak, lapsed=streak.length, length=0, gap_day=day, gap_to=None, repair_until=until)
    return streak, passed + Passed(gaps=(day,))


def _end_gap(streak: Streak, now: datetime, calendar: Calendar) -> tuple[Streak, Passed]:
    """Breaks what was not repaired in time."""
    if streak.lapsed is None or streak.repair_until is None or now < streak.repair_until:
        return streak, NOTHING
    return _break(streak, calendar)


def _break(streak: Streak, calendar: Calendar) -> tuple[Streak, Passed]:
    """What is left of the streak before the gap, and what came after it; the cycle begins anew."""
    assert streak.lapsed is not None, "only an open gap breaks"
    assert streak.gap_day is not None, "a gap has its first day"
    left = calendar.left_of(streak.lapsed)
    broken = Break(streak.gap_day, streak.lapsed, left)
    length = left + streak.length
    longest = max(streak.longest, length)
    return replace(streak, length=length, longest=longest, lapsed=None, cycle=0), Passed(breaks=(broken,))
