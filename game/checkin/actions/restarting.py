"""Streaks at the turn of a season, for members whom its action has locked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from game.checkin import store
from game.checkin.actions.book import Streaks, open_streaks
from game.checkin.rules.forgiving import restart
from game.checkin.rules.streaks import Streak
from loyalty.members.rules import Member
from loyalty.sheets.actions import Sheets
from loyalty.timeline.actions import Timeline
from loyalty.work import Work


class Restarting:
    """Open streaks of locked members, with the days that each checked in on in the new season."""

    def __init__(self, streaks: Streaks, since: Mapping[UUID, int]) -> None:
        self._streaks = streaks
        self._since = since

    def settled(self, member: Member, now: datetime) -> Streak:
        """The streak at `now`; changes nothing."""
        return self._streaks.settled(member, now)[0]

    def restart(self, work: Work, timeline: Timeline, member: Member, now: datetime) -> None:
        """Lets a streak begin anew; days of the new season stay."""
        settled, passed = self._streaks.settled(member, now)
        if settled.last_day is None:
            return
        self._streaks.record(work, timeline, member.id, passed, now)
        self._streaks.put(member.id, restart(settled, self._since.get(member.id, 0)))

    async def save(self, work: Work) -> None:
        await self._streaks.save(work)


async def open_restarting(work: Work, sheets: Sheets, member_ids: Sequence[UUID], season: str) -> Restarting:
    """Opens the streaks of members at the turn to `season`. Expects their locks."""
    since = await store.count_season_days(work.connection, member_ids, season)
    return Restarting(await open_streaks(work, sheets, member_ids), since)
