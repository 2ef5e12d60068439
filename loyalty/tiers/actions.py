"""The book of tiers, and what time does to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from loyalty.invariants import Finding, examine
from loyalty.members import actions as members
from loyalty.sheets.actions import open_sheets
from loyalty.sheets.rules import Season
from loyalty.tiers import facts, rules, store
from loyalty.tiers.rules import Ladder, Standing, Tier, parse_ladder
from loyalty.timeline.actions import Timeline
from loyalty.timeline.rules import EventKind
from loyalty.work import Work

LADDER = ("ladder", "current", parse_ladder)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class TierView:
    """A member's tier for reading: which, how much it multiplies, until when, and how far the next one is."""

    tier: Tier
    since: datetime | None
    until: datetime | None
    notice_at: datetime | None
    credits: int
    next_tier: Tier | None


class Tiers:
    """The standings and credits of locked members."""

    def __init__(
        self, ladder: Ladder, season: Season, standings: dict[UUID, Standing], windows: dict[tuple[UUID, date], int]
    ) -> None:
        self.ladder = ladder
        self._season = season
        self._standings = standings
        self._windows = windows
        self._spend: dict[UUID, dict[date, int]] = {}
        self._added: dict[UUID, dict[date, int]] = {}
        self._taken: dict[tuple[UUID, date], int] = {}
        self._touched: set[UUID] = set()
        self._changes: list[tuple[UUID, UUID, str, str, datetime]] = []

    def standing(self, member_id: UUID, now: datetime) -> Standing:
        """The standing with everything done in this batch; a member who never bought stands lowest."""
        return self._standings.get(member_id) or Standing(self.ladder.tiers[0].code, now)

    def tier(self, member_id: UUID, now: datetime) -> Tier:
        return self.ladder.tier(self.standing(member_id, now).code)

    def window(self, member_id: UUID, day: date) -> int:
        """Credits of the 365 days that end with `day`, which the book must have been opened for."""
        start = rules.window_start(day)
        added = self._added.get(member_id, {})
        batch = sum(credits for on, credits in added.items() if start <= on <= day)
        return self._windows[member_id, day] + batch

    def qualify(self, work: Work, timeline: Timeline, member_id: UUID, credits: int, day: date, now: datetime) -> Tier:
        """Adds credits to a day of purchase; steps up at once as far as they reach. Returns the tier after."""
        if credits:
            added = self._added.setdefault(member_id, {})
            added[day] = added.get(day, 0) + credits
        before, at = self.standing(member_id, now), self._moment(member_id, now)
        # Where the shop stands it may be tomorrow already.
        credits_now = self.window(member_id, max(day, self._season.day(now)))
        after = rules.after_purchase(self.ladder, before, credits_now, at)
        if member_id not in self._standings:
            self._standings[member_id] = before
            self._touched.add(member_id)
        self._move(work, timeline, member_id, before, after, facts.TIER_RAISED, at)
        return self.ladder.tier(after.code)

    async def load_spend(self, work: Work, member_ids: Iterable[UUID]) -> None:
        """Loads the daily credits that `disqualify` needs: since a year before each member's tier was reached."""
        ids = sorted(set(member_ids))
        days = [self._season.day(self._standings[each].since) for each in ids if each in self._standings]
        self._spend = {each: {} for each in ids}
        if days:
            for row in await store.load_credits(work.connection, ids, rules.window_start(min(days))):
                self._spend[row["member_id"]][row["day"]] = row["credits"]

    def disqualify(
        self, work: Work, timeline: Timeline, member_id: UUID, credits: int, day: date, now: datetime
    ) -> Tier:
        """Takes credits off the day of purchase and reviews the tier at once. Returns the tier after.

        Expects `load_spend`. A promotion that the purchase had earned is taken back.
        """
        before, at = self.standing(member_id, now), self._moment(member_id, now)
        spend = self._spend[member_id]
        left = {**spend, day: spend.get(day, 0) - credits}
        after = rules.after_return(self.ladder, before, spend, left, self._season.day(before.since), at)
        self._spend[member_id] = left
        if credits:
            self._taken[member_id, day] = self._taken.get((member_id, day), 0) + credits
        self._move(work, timeline, member_id, before, after, facts.TIER_LOWERED, at)
        return self.ladder.tier(after.code)

    def let_time_pass(self, work: Work, timeline: Timeline, member_id: UUID, now: datetime) -> bool:
        """Gives notice, renews or steps down, whichever is due; False where nothing is."""
        before = self.standing(member_id, now)
        after = rules.review(self.ladder, before, self.window(member_id, _review_day(self._season, before, now)), now)
        if after == before:
            return False
        kind = facts.TIER_LOWERED
        if after.code == before.code:
            kind = facts.TIER_RENEWED if after.notice_at is None else facts.TIER_NOTICE
        self._move(work, timeline, member_id, before, after, kind, now)
        return True

    async def save(self, work: Work) -> None:
        """Writes standings once each, credits once per day, and the changes."""
        if self._touched:
            await store.save_standings(
                work,
                [
                    (each, standing.code, standing.since, standing.until, standing.notice_at)
                    for each in sorted(self._touched)
                    for standing in (self._standings[each],)
                ],
            )
        if self._added:
            await store.add_credits(
                work, [(each, *part) for each in sorted(self._added) for part in sorted(self._added[each].items())]
            )
        if self._taken:
            await store.take_credits(work, [(*key, credits) for key, credits in sorted(self._taken.items())])
        if self._changes:
            await store.insert_changes(work, self._changes)

    def _moment(self, member_id: UUID, now: datetime) -> datetime:
        """`now`, or just after the last step where another server's clock ran ahead: no two steps at one instant."""
        standing = self._standings.get(member_id)
        return now if standing is None else max(now, standing.since + _TICK)

    def _move(
        self,
        work: Work,
        timeline: Timeline,
        member_id: UUID,
        before: Standing,
        after: Standing,
        kind: EventKind,
        at: datetime,
    ) -> None:
        if after == before:
            return
        self._standings[member_id] = after
        self._touched.add(member_id)
        told: dict[str, str | int | bool | list[str | int | bool | None] | None] = {
            "before": before.code,
            "after": after.code,
            "until": after.until.isoformat() if after.until else None,
        }
        timeline.record(work, member_id, kind, at, told)
        if after.code != before.code:
            self._changes.append((member_id, work.mint(at), before.code, after.code, at))


async def open_tiers(work: Work, ladder: Ladder, season: Season, asks: Iterable[tuple[UUID, date]]) -> Tiers:
    """Opens the tiers of (member, day of the season's zone) pairs. Expects the members' locks."""
    pairs = sorted(set(asks))
    standings = await _load_standings(work.connection, sorted({member_id for member_id, _ in pairs}))
    return Tiers(ladder, season, standings, await _load_windows(work.connection, pairs))


async def read_tier(connection: Any, ladder: Ladder, season: Season, member_id: UUID, now: datetime) -> TierView:
    """A member's tier as it stands, for reading."""
    standing = (await _load_standings(connection, [member_id])).get(member_id)
    day = season.day(now)
    credits = (await _load_windows(connection, [(member_id, day)]))[member_id, day]
    rank = ladder.rank(standing.code) if standing else 0
    return TierView(
        ladder.tiers[rank],
        standing.since if standing else None,
        standing.until if standing else None,
        standing.notice_at if standing else None,
        credits,
        ladder.tiers[rank + 1] if rank + 1 < len(ladder.tiers) else None,
    )


async def read_tiers(connection: Any, ladder: Ladder, member_ids: Sequence[UUID]) -> dict[UUID, Tier]:
    """Each member's tier as it stands; the lowest for one who never bought. For flats that need no credits."""
    standings = await _load_standings(connection, member_ids)
    lowest = ladder.tiers[0]
    return {each: ladder.tier(standings[each].code) if each in standings else lowest for each in member_ids}


async def tier_at(connection: Any, member_id: UUID, at: datetime) -> str | None:
    """The code of the tier that a member had at an instant; None for one who never had a standing."""
    return await store.load_tier_at(connection, member_id, at)


async def members_in(connection: Any, codes: Sequence[str], *, other: bool = False) -> set[UUID]:
    """Members who stand in one of these tiers; `other`: in another. Who never bought has no standing."""
    return set(await store.load_members_in(connection, codes, other=other))


async def count_standings(connection: Any) -> dict[str, int]:
    """How many members stand in each tier, from the lowest; tiers that the ladder has lost come last."""
    counted = await store.count_standings(connection)
    ladder = await (await open_sheets(connection)).get(connection, *LADDER)
    codes = [tier.code for tier in ladder.tiers] if ladder else []
    return {code: counted[code] for code in (*codes, *sorted(set(counted) - set(codes))) if code in counted}


async def find_due(connection: Any, ladder: Ladder, now: datetime, *, after: UUID, limit: int) -> list[UUID]:
    """Members past `after` whose tier may need a notice, a renewal or a step down, by id."""
    return await store.load_due(connection, now, ladder.notice, after, limit)


async def review_due(work: Work, member_ids: Sequence[UUID], now: datetime) -> int:
    """Gives notices, renews and steps down where it is due; returns how many moved.

    Takes the members' locks; those that another transaction has are passed over.
    """
    locked = sorted(await members.lock_free(work, member_ids))
    sheets = await open_sheets(work.connection, now)
    season = await sheets.season(work.connection)
    ladder = await sheets.get(work.connection, *LADDER)
    assert ladder is not None, "no ladder sheet: run `main.py season seed` first"
    standings = await _load_standings(work.connection, locked)
    asks = [(member_id, _review_day(season, standings.get(member_id), now)) for member_id in locked]
    book = await open_tiers(work, ladder, season, asks)
    timeline = Timeline()
    moved = sum(book.let_time_pass(work, timeline, member_id, now) for member_id in locked)
    await book.save(work)
    await timeline.save(work)
    return moved


def _review_day(season: Season, standing: Standing | None, now: datetime) -> date:
    """Up to which day credits are counted: a notice looks ahead to what will still count at the anniversary."""
    until = standing.until if standing else None
    return season.day(max(now, until) if until else now)


async def _load_standings(connection: Any, member_ids: Sequence[UUID]) -> dict[UUID, Standing]:
    return {
        row["member_id"]: Standing(row["code"], row["since"], row["until"], row["notice_at"])
        for row in await store.load_standings(connection, member_ids)
    }


async def _load_windows(connection: Any, pairs: Sequence[tuple[UUID, date]]) -> dict[tuple[UUID, date], int]:
    rows = await store.load_windows(
        connection,
        [member_id for member_id, _ in pairs],
        [rules.window_start(day) for _, day in pairs],
        [day for _, day in pairs],
    )
    return {(row["member_id"], row["day"]): row["credits"] for row in rows}


async def audit(connection: Any, now: datetime) -> list[Finding]:
    """Examines every standing and change of tier; reads everything, changes nothing."""
    return await examine(connection, store.AUDIT, now)
