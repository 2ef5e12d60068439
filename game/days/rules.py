"""Business days: the day turns at four in the morning of the member's wall clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

TURN = timedelta(hours=4)
ONE_DAY = timedelta(days=1)


def business_day(at: datetime, zone: ZoneInfo) -> date:
    """The date of the instant's wall time in the zone, less four hours."""
    return (at.astimezone(zone).replace(tzinfo=None) - TURN).date()


@lru_cache(4_096)
def day_starts(day: date, zone: ZoneInfo) -> datetime:
    """When the day begins, in UTC: four o'clock, or the first moment after it where the clocks jump over it."""
    return datetime.combine(day, time(TURN.seconds // 3600), zone).astimezone(UTC)


def day_exists(day: date, zone: ZoneInfo) -> bool:
    """Whether the zone has the day at all; a zone that moved over the date line left one out."""
    return business_day(day_starts(day, zone), zone) == day


def days_between(after: date, before: date) -> list[date]:
    """The days strictly between two."""
    return [after + each * ONE_DAY for each in range(1, (before - after).days)]
