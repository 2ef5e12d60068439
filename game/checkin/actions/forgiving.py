"""Forgiven days: the part of the check-in in a compensation, for members whom its action has locked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from game.checkin import facts, store
from game.checkin.actions.book import Streaks, open_streaks
from game.checkin.rules import forgiving as rules
from game.checkin.rules.streaks import Break, Kept, Passed
from game.days.rules import business_day
from loyalty.members.rules import Member
from loyalty.sheets.actions import Sheets
from loyalty.timeline.actions import EventRow, Timeline, load_last
from loyalty.work import Work

_A_ZONE = timedelta(days=2)


class Forgiving:
    """Open streaks of locked members, with what is known of the days that are to be forgiven."""

    def __init__(
        self, streaks: Streaks, days: frozenset[date], rows: Mapping[tuple[UUID, date], tuple[str, str | None, bool]],
        broken: Mapping[UUID, EventRow],
    ) -> None:  # fmt: skip
        self.streaks = streaks
        self._days = days
        self._rows = rows
        self._broken = broken

    def must_wait(self, member: Member, now: datetime) -> bool:
        """Whether one of the days is still going on, or ahead, where the member is."""
        return bool(self._days) and not rules.are_over(self.streaks.settled(member, now)[0], self._days, now)

    def forgive(self, work: Work, timeline: Timeline, member: Member, now: datetime, source: str) -> list[date]:
        """Forgives the days of one member, all of them over; those that were paid need nothing. Returns the others."""
        settled, passed = self.streaks.settled(member, now)
        joined = business_day(member.created_at, ZoneInfo(settled.zone))
        missed = [day for day in sorted(self._days) if day >= joined and not self._paid(member.id, day)]
        if settled.last_day is None or not missed:
            return []
        done = rules.forgive(
            settled, frozenset(missed), self._frozen(member.id, passed), self._last_break(member.id, passed), now,
            self.streaks.calendar,
        )  # fmt: skip
        self.streaks.record(work, timeline, member.id, passed, now)
        for day in missed:
            self.streaks.keep_in(member.id, day, Kept.FORGIVEN, self._rows.get((member.id, day), (None,))[0])
        self.streaks.put(member.id, done.streak)
        timeline.record(
            work, member.id, facts.DAYS_FORGIVEN, now,
            {
                "days": [day.isoformat() for day in missed], "freezes": done.freezes, "rejoined": done.rejoined,
                "length": done.streak.length, "source": source,
            },
        )  # fmt: skip
        return missed

    async def save(self, work: Work) -> None:
        await self.streaks.save(work)

    def _paid(self, member_id: UUID, day: date) -> bool:
        return self._rows.get((member_id, day), ("", None, False))[2]

    def _frozen(self, member_id: UUID, passed: Passed) -> set[date]:
        written = {day for (whose, day), row in self._rows.items() if whose == member_id and row[1] == Kept.FROZEN}
        return written | {day for day, why in passed.kept if why is Kept.FROZEN}

    def _last_break(self, member_id: UUID, passed: Passed) -> Break | None:
        """What time broke just now, else what is written of the last break."""
        if passed.breaks:
            return passed.breaks[-1]
        event = self._broken.get(member_id)
        if event is None:
            return None
        return Break(date.fromisoformat(event.facts["day"]), event.facts["before"], event.facts["after"])


async def open_forgiving(work: Work, sheets: Sheets, member_ids: Sequence[UUID], days: Sequence[date]) -> Forgiving:
    """Opens the streaks of members whose days are to be forgiven. Expects their locks."""
    streaks = await open_streaks(work, sheets, member_ids)
    if not days:
        return Forgiving(streaks, frozenset(), {}, {})
    first = min(days)
    rows: dict[tuple[UUID, date], tuple[str, str | None, bool]] = {}
    for row in await store.load_days(work.connection, list(member_ids), [first] * len(member_ids)):
        key = (row["member_id"], row["day"])
        if row["day"] in days and not rows.get(key, ("", None, False))[2]:  # the row that paid it counts
            rows[key] = (row["season"], row["kept"], row["paid"] is not None)
    since = datetime.combine(first, time(), UTC) - _A_ZONE
    broken = await load_last(work.connection, list(member_ids), facts.STREAK_BROKEN.name, since)
    return Forgiving(streaks, frozenset(days), rows, broken)
