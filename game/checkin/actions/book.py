"""The open book of streaks: loaded for locked members, changed by the rules, saved once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from game.checkin import facts, store
from game.checkin.rules.calendar import SHEET, Calendar, parse_calendar
from game.checkin.rules.streaks import Kept, Passed, Streak, settle
from loyalty.members.rules import Member
from loyalty.sheets.actions import Sheets
from loyalty.timeline.actions import Timeline
from loyalty.work import Work


class Streaks:
    """The streaks of locked members. What time did to one is written with the first change of it."""

    def __init__(self, calendar: Calendar, season: str, known: dict[UUID, Streak]) -> None:
        self.calendar = calendar
        self._season = season
        self._streaks = known
        self._touched: set[UUID] = set()
        self._paid: dict[tuple[UUID, date], tuple[str, datetime]] = {}
        self._kept: dict[tuple[UUID, date], Kept] = {}
        self._seasons: dict[tuple[UUID, date], str] = {}

    def raw(self, member: Member) -> Streak:
        """The streak as last written, with everything done in this batch; a fresh one where there is none."""
        return self._streaks.get(member.id) or Streak(zone=member.timezone, updated_at=member.created_at)

    def settled(self, member: Member, now: datetime) -> tuple[Streak, Passed]:
        """The streak at `now`, and what time did to it; changes nothing."""
        return settle(self.raw(member), now, self.calendar)

    def put(self, member_id: UUID, streak: Streak) -> None:
        """The streak from now on."""
        self._streaks[member_id] = streak
        self._touched.add(member_id)

    def pay(self, member_id: UUID, day: date, how: str, at: datetime) -> None:
        """Notes that the day was paid."""
        self._paid[member_id, day] = (how, at)

    def keep(self, member_id: UUID, days: Iterable[tuple[date, Kept]]) -> None:
        """Notes why days count without a check-in."""
        self._kept.update({(member_id, day): why for day, why in days})

    def keep_in(self, member_id: UUID, day: date, why: Kept, season: str | None) -> None:
        """Notes why a past day counts, in the row that it has; `season` is that row's, None for this season."""
        self._kept[member_id, day] = why
        if season is not None:
            self._seasons[member_id, day] = season

    def record(self, work: Work, timeline: Timeline, member_id: UUID, passed: Passed, at: datetime) -> None:
        """Writes down what time did: kept days, and an event for each freeze, gap and break."""
        self.keep(member_id, passed.kept)
        for day, why in passed.kept:
            if why is Kept.FROZEN:
                timeline.record(work, member_id, facts.STREAK_FROZEN, at, {"day": day.isoformat()})
        for day in passed.gaps:
            timeline.record(work, member_id, facts.STREAK_GAPPED, at, {"day": day.isoformat()})
        for broken in passed.breaks:
            timeline.record(
                work, member_id, facts.STREAK_BROKEN, at,
                {"day": broken.gap_day.isoformat(), "before": broken.length_before, "after": broken.length_after},
            )  # fmt: skip

    async def save(self, work: Work) -> None:
        """Writes each touched streak and day once, in its final state."""
        if self._touched:
            streaks = [(member_id, self._streaks[member_id]) for member_id in sorted(self._touched)]
            await store.save_streaks(work, [_write(member_id, streak) for member_id, streak in streaks])
        keys = sorted({*self._paid, *self._kept})
        if keys:
            rows = [(*self._paid.get(key, (None, None)), self._kept.get(key)) for key in keys]
            await store.save_days(
                work,
                [
                    (key[0], self._seasons.get(key, self._season), key[1], *row)
                    for key, row in zip(keys, rows, strict=True)
                ],
            )


async def open_streaks(work: Work, sheets: Sheets, member_ids: Sequence[UUID]) -> Streaks:
    """Opens the streaks of members. Expects their locks."""
    season = await sheets.season(work.connection)
    return Streaks(await read_calendar(work.connection, sheets), season.code, await read_rows(work, member_ids))


async def read_calendar(connection: Any, sheets: Sheets) -> Calendar:
    """The calendar in force; asserts that one was seeded."""
    calendar = await sheets.get(connection, *SHEET, parse_calendar)
    assert calendar is not None, "no calendar sheet: run `main.py seed` first"
    return calendar


async def read_rows(work: Work, member_ids: Sequence[UUID]) -> dict[UUID, Streak]:
    """The streaks as last written, of those that have one."""
    return {row["member_id"]: streak_of(row) for row in await store.load_streaks(work.connection, member_ids)}


def streak_of(row: Mapping[str, Any]) -> Streak:
    """The streak that a row of the table holds."""
    return Streak(**{name: row[name] for name in store.COLUMNS[1:]})


def _write(member_id: UUID, streak: Streak) -> tuple[Any, ...]:
    return (member_id, *(getattr(streak, name) for name in store.COLUMNS[1:]))
