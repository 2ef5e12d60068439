"""The members' business days, for what else is counted by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from game.checkin import store
from game.checkin.actions.book import read_calendar, streak_of
from game.checkin.rules import streaks as rules
from game.checkin.rules.calendar import Calendar
from game.checkin.rules.streaks import Streak
from game.days.rules import ONE_DAY
from loyalty.members.rules import Member
from loyalty.sheets.actions import Sheets


class Days:
    """The business days of members, by the zones that their check-in goes by."""

    def __init__(self, calendar: Calendar, streaks: Mapping[UUID, Streak]) -> None:
        self._calendar = calendar
        self._streaks = streaks

    def at(self, member: Member, now: datetime, *, least: date | None = None) -> tuple[date, datetime]:
        """The member's day at `now`, and when the next one begins.

        `least` is a day that has been counted already: where another zone brings an earlier one back, it goes on.
        """
        known = self._streaks.get(member.id) or Streak(zone=member.timezone, updated_at=member.created_at)
        settled, _ = rules.settle(known, now, self._calendar)
        today = settled.today(settled.updated_at)
        day = today if least is None else max(today, least)
        return day, rules.day_begins(settled, day + ONE_DAY)


async def open_days(connection: Any, sheets: Sheets, member_ids: Sequence[UUID]) -> Days:
    """The days of members; whoever counts by them in a command holds the members' locks."""
    rows = await store.load_streaks(connection, member_ids)
    return Days(await read_calendar(connection, sheets), {row["member_id"]: streak_of(row) for row in rows})
