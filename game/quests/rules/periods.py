"""A member's business days over changes of his zone, and the windows of quests made of them.

Days only go on. After a change to a zone further west the old zone's day lasts until the new zone's exceeds it; after
one further east the new day begins at once. So days lie side by side without gap or overlap, and what a member does
counts for exactly one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from game.days.rules import business_day, day_starts
from game.quests.rules.content import Period, Quest
from loyalty.sheets.rules import Season

_ONE_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
EARLY, FAR = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
LOOK_BACK = timedelta(days=24)
"""How far back a change of zone can matter: two weeks, and a day and more at each end."""


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones of a member, each from an instant on; the first one from the beginning."""

    parts: tuple[tuple[datetime, ZoneInfo], ...]

    def starts(self, day: date) -> datetime:
        """When the day begins for the member."""
        if len(self.parts) == 1:
            return max(self.parts[0][0], day_starts(day, self.parts[0][1]))
        ends = [*(since for since, _ in self.parts[1:]), FAR]
        found = [
            max(since, day_starts(day, zone))
            for (since, zone), end in zip(self.parts, ends, strict=True)
            if day_starts(day, zone) < end
        ]
        return min(found)

    def today(self, now: datetime) -> date:
        """The member's business day at an instant: the latest one that has begun."""
        day = max(business_day(min(now, end), zone) for zone, end in self._until(now))
        while self.starts(day) > now:
            day -= _ONE_DAY
        while self.starts(day + _ONE_DAY) <= now:
            day += _ONE_DAY
        return day

    def _until(self, now: datetime) -> list[tuple[ZoneInfo, datetime]]:
        begun = [part for part in self.parts if part[0] <= now]
        return [(zone, later[0]) for (_, zone), later in pairwise([*begun, (now, begun[-1][1])])]


def zones_of(current: str, changes: Sequence[tuple[datetime, str, str]]) -> Zones:
    """The zones of a member who lives by `current` now, by his changes in order: (at, from which, to which)."""
    first = changes[0][1] if changes else current
    return Zones(((EARLY, ZoneInfo(first)), *((at, ZoneInfo(zone)) for at, _, zone in changes)))


@dataclass(frozen=True, slots=True)
class Window:
    """A quest in one period. It counts what happens from `since` on and before `until`; after `ends` it is lost.

    `period` names it among all of the quest.
    """

    quest: Quest
    period: str
    since: datetime
    until: datetime
    ends: datetime

    def is_open(self, now: datetime) -> bool:
        return self.since <= now < self.until


def windows_of(quest: Quest, zones: Zones, season: Season, now: datetime) -> list[Window]:
    """The windows in which a quest can be worked on or still claimed, the one that ends first before the other.

    What was done in a day or week can be claimed until the next one is over, what was done in a season until it ends.
    """
    if quest.period is Period.SEASON:
        found = [_of_season(quest, season)]
    else:
        today = zones.today(now)
        length = _ONE_DAY if quest.period is Period.DAY else _WEEK
        first = today if quest.period is Period.DAY else today - today.weekday() * _ONE_DAY
        found = [_of_days(quest, zones, first - length, length), _of_days(quest, zones, first, length)]
    return [each for each in found if each and each.since < each.until and each.since <= now < each.ends]


def _of_days(quest: Quest, zones: Zones, first: date, length: timedelta) -> Window | None:
    since, until, ends = (zones.starts(first + number * length) for number in range(3))
    if (quest.since and since < quest.since) or (quest.until and since >= quest.until):
        return None
    return Window(quest, first.isoformat(), since, until, ends)


def _of_season(quest: Quest, season: Season) -> Window | None:
    since = _midnight(season.starts, season.zone) if season.starts else EARLY
    ends = _midnight(season.ends, season.zone) if season.ends else FAR
    return Window(quest, season.code, max(since, quest.since or since), min(ends, quest.until or ends), ends)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
