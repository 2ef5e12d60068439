"""Guard rails: how much anybody may draw, and a member's own stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.sheets.rules import Reader
from rewards.refusals import RewardsCode, RewardsRefused

FOR_GOOD = datetime(9999, 12, 31, tzinfo=UTC)


class Exclusion(StrEnum):
    """How long a member wants to be kept from drawing, from now on."""

    NONE = "NONE"
    HOURS_24 = "HOURS_24"
    DAYS_7 = "DAYS_7"
    DAYS_30 = "DAYS_30"
    FOR_GOOD = "FOR_GOOD"


_LENGTHS = {
    Exclusion.NONE: timedelta(0),
    Exclusion.HOURS_24: timedelta(hours=24),
    Exclusion.DAYS_7: timedelta(days=7),
    Exclusion.DAYS_30: timedelta(days=30),
}


@dataclass(frozen=True, slots=True)
class Rails:
    """What holds over all pools: draws a day and a month, and a day of who is under the adult age."""

    day: int
    month: int
    minor_day: int
    adult_age: int
    loosening: timedelta


@dataclass(frozen=True, slots=True)
class Tally:
    """Draws of the latest day and of its month, days of the season's zone."""

    day: date
    day_draws: int
    month_draws: int


def parse_rails(name: str, body: Mapping[str, Any]) -> Rails:
    """The sheet of kind `rails`. Refuses SHEET_INVALID."""
    reader = Reader(name, body)
    rails = Rails(
        day=reader.integer("day", low=1, high=10_000),
        month=reader.integer("month", low=1, high=100_000),
        minor_day=reader.integer("minor_day", low=0, high=10_000),
        adult_age=reader.integer("adult_age", low=0, high=99),
        loosening=timedelta(hours=reader.integer("loosening_hours", low=1, high=24 * 30)),
    )
    if rails.minor_day > rails.day:
        reader.fault("minor_day", "must not be more than `day`")
    reader.finish()
    return rails


def is_under(age: int, birth_year: int | None, today: date) -> bool:
    """Whether somebody may be younger than that: an unknown year counts as young.

    A year alone does not say the birthday, so the last one to be of age counts: the 31st of December.
    """
    return age > 0 and (birth_year is None or today.year - birth_year <= age)


def tally_on(tally: Tally | None, today: date) -> Tally:
    """The tally as it stands on a day; never an earlier day than it was last counted on."""
    if tally is None:
        return Tally(today, 0, 0)
    day = max(today, tally.day)
    same_month = (day.year, day.month) == (tally.day.year, tally.day.month)
    return Tally(day, tally.day_draws if day == tally.day else 0, tally.month_draws if same_month else 0)


def add_draws(tally: Tally, count: int) -> Tally:
    return replace(tally, day_draws=tally.day_draws + count, month_draws=tally.month_draws + count)


def check_caps(tally: Tally, count: int, *, day: int, month: int, zone: ZoneInfo) -> None:
    """Refuses DRAW_CAP_DAY and DRAW_CAP_MONTH, each with what is left and, where waiting helps, `retry_at`.

    `tally` is of today; a cap of 0 bounds nothing.
    """
    if month and tally.month_draws + count > month:
        left = max(0, month - tally.month_draws)
        if count > month:
            raise RewardsRefused(RewardsCode.DRAW_CAP_MONTH, limit=month, left=left)
        at = _start((tally.day.replace(day=1) + timedelta(days=32)).replace(day=1), zone)
        raise RewardsRefused(RewardsCode.DRAW_CAP_MONTH, retryable=True, retry_at=at, limit=month, left=left)
    if day and tally.day_draws + count > day:
        left = max(0, day - tally.day_draws)
        if count > day:
            raise RewardsRefused(RewardsCode.DRAW_CAP_DAY, limit=day, left=left)
        at = _start(tally.day + timedelta(days=1), zone)
        raise RewardsRefused(RewardsCode.DRAW_CAP_DAY, retryable=True, retry_at=at, limit=day, left=left)


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


def exclude(until: datetime | None, wish: Exclusion, now: datetime, loosening: timedelta) -> datetime | None:
    """Until when the member is kept from drawing after a wish; None for not at all.

    Longer than before holds at once; shorter takes effect after `loosening`, so a moment's mood cannot undo it.
    """
    wanted = FOR_GOOD if wish is Exclusion.FOR_GOOD else now + _LENGTHS[wish]
    if until is not None and wanted < until and until > now:
        wanted = min(until, max(wanted, now + loosening))
    return wanted if wanted > now else None


def refuse_excluded(until: datetime | None, now: datetime) -> None:
    """Refuses SELF_EXCLUDED, with `retry_at` unless it is for good."""
    if until is None or now >= until:
        return
    if until >= FOR_GOOD:
        raise RewardsRefused(RewardsCode.SELF_EXCLUDED)
    raise RewardsRefused(RewardsCode.SELF_EXCLUDED, retryable=True, retry_at=until)
