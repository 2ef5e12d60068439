"""The streak and the calendar, for reading; nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from game.checkin import store
from game.checkin.actions.book import read_calendar, streak_of
from game.checkin.rules import streaks as rules
from game.checkin.rules.streaks import Kept, Streak
from game.checkin.rules.views import CalendarView, StreakView, view_month, view_streak
from game.days.rules import business_day
from game.orders.actions import delivered_since
from loyalty.members import actions as members
from loyalty.members.rules import Member
from loyalty.sheets.actions import Sheets, open_sheets


async def read_streaks(
    connection: Any, member_ids: Sequence[UUID], now: datetime, opened: Sheets | None = None
) -> dict[UUID, StreakView]:
    """Streaks as they stand at `now`, of the members that there are.

    `opened` are the sheets of `now`, where the caller has opened them already.
    """
    calendar = await read_calendar(connection, opened or await open_sheets(connection, now))
    return {
        member.id: view_streak(rules.settle(streak, now, calendar)[0], calendar)
        for member, streak in await _read(connection, member_ids)
    }


async def read_month(connection: Any, member_id: UUID, now: datetime) -> CalendarView | None:
    """The calendar of today's month; None where there is no such member."""
    calendar = await read_calendar(connection, await open_sheets(connection, now))
    for member, streak in await _read(connection, [member_id]):
        settled, passed = rules.settle(streak, now, calendar)
        first = settled.today(settled.updated_at).replace(day=1)
        rows = await store.load_days(connection, [member_id], [first])
        paid = {row["day"]: row["paid"] for row in rows if row["paid"]}
        kept = {row["day"]: Kept(row["kept"]) for row in rows if row["kept"]} | dict(passed.kept)
        joined = business_day(member.created_at, ZoneInfo(settled.zone))
        return view_month(settled, joined, paid, kept, calendar)
    return None


async def count_orders(connection: Any, member_id: UUID, since: datetime) -> int:
    """Orders that a member delivered since an instant."""
    return len((await delivered_since(connection, [(member_id, since)])).get(member_id, []))


async def export_checkins(connection: Any, member_id: UUID) -> dict[str, Any]:
    """A member's streak and days, for `exportMyData`."""
    streaks = [_plain(row) for row in await store.load_streaks(connection, [member_id])]
    days = [_plain(row) for row in await store.load_all_days(connection, member_id)]
    return {"streak": streaks[0] if streaks else None, "days": days}


def _plain(row: Any) -> dict[str, Any]:
    values = ((name, value) for name, value in dict(row).items() if name != "member_id")
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values}


async def _read(connection: Any, member_ids: Sequence[UUID]) -> list[tuple[Member, Streak]]:
    found = await members.load_members(connection, member_ids)
    known = {row["member_id"]: streak_of(row) for row in await store.load_streaks(connection, list(found))}
    return [
        (each, known.get(each.id) or Streak(zone=each.timezone, updated_at=each.created_at)) for each in found.values()
    ]
