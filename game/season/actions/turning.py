"""The turn of a season, member by member: archived, expired, begun anew; each exactly once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from game.board.actions import Boards, open_boards, read_levels
from game.checkin.actions import Restarting, open_restarting
from game.season import facts, rules, store
from game.season.rules import CURRENCIES, Ended, InForce, Turn
from loyalty.ledger.actions import SINK_SEASON, Ledger, Note, credited_since, open_ledger
from loyalty.ledger.rules import Currency
from loyalty.members import actions as members
from loyalty.members.rules import Member, MemberStatus
from loyalty.sheets.actions import load_versions, open_sheets
from loyalty.sheets.rules import Fate, Season, SheetState, parse_season
from loyalty.timeline.actions import Timeline
from loyalty.work import Work

_MOST_VERSIONS = 500
_SETTLING = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Books:
    """Everything that a batch of a turn opens."""

    season: Season
    ledger: Ledger
    streaks: Restarting
    levels: Mapping[UUID, tuple[int, int]]
    since: Mapping[tuple[UUID, Currency], int]
    timeline: Timeline
    boards: Boards | None


@dataclass(frozen=True, slots=True)
class Turned:
    """How many members a batch looked at, and the new revision of each board that began anew."""

    members: int
    revisions: tuple[tuple[UUID, int], ...] = ()


async def find_turns(connection: Any, now: datetime) -> list[Turn]:
    """The ends of seasons that have not reached every member yet, the oldest first.

    A minute after the instant, when whoever joined just before it is there.
    """
    found = []
    for each in await load_versions(connection, kind="season", key="current", limit=_MOST_VERSIONS):
        stood = each.state in (SheetState.ACTIVE, SheetState.RETIRED, SheetState.SCHEDULED)
        if stood and each.active_at is not None and each.active_at <= now:
            season = parse_season("season.current", json.loads(each.body))
            found.append((each.version, InForce(season, each.active_at)))
    finished = await store.load_finished(connection)
    turns = rules.turns_of([each for _, each in sorted(found, key=lambda one: one[0])])
    return [turn for turn in turns if turn.code not in finished and turn.at + _SETTLING <= now]


async def turn_some(work: Work, turn: Turn, now: datetime, limit: int) -> Turned:
    """Ends a season for the next members by id; it looked at 0 when there are no more.

    Takes the turn's lock, which one worker has at a time, then the members'. How far it is stands in the same
    transaction, so a worker that is killed leaves nothing half, and nobody's season ends twice.
    """
    await store.begin_turn(work, turn.code, turn.following, turn.at)
    row = await store.lock_turn(work, turn.code)
    if row is None:
        return Turned(0)
    page = await members.page_before(work.connection, row["reached"], row["at"], limit)
    if not page:
        await store.finish_turn(work, turn.code, now)
        return Turned(0)
    locked = await members.lock(work, page)
    ended = await store.load_ended(work, page, turn.code)
    fit = [each for each in sorted(locked) if locked[each].status is not MemberStatus.ERASED and each not in ended]
    revisions: tuple[tuple[UUID, int], ...] = ()
    if fit:
        books = await _open(work, turn, fit, now)
        rows = [_end(work, books, turn, locked[each], now) for each in fit]
        await books.streaks.save(work)
        await books.ledger.save(work)
        revisions = await _renew_boards(work, books, turn, now)
        await books.timeline.save(work)
        await store.insert_ends(work, [astuple(each) for each in rows])
    await store.save_reached(work, turn.code, page[-1], len(fit))
    return Turned(len(page), revisions)


async def _renew_boards(work: Work, books: _Books, turn: Turn, now: datetime) -> tuple[tuple[UUID, int], ...]:
    """Begins the boards of a batch anew; member and revision of each."""
    if books.boards is None:
        return ()
    renewed = [books.boards.begin_anew(work, books.timeline, each, turn.code, now) for each in sorted(books.levels)]
    await books.boards.save(work)
    return tuple((each.member_id, each.revision) for each in renewed)


async def _open(work: Work, turn: Turn, member_ids: list[UUID], now: datetime) -> _Books:
    sheets = await open_sheets(work.connection, now)
    timeline = Timeline()
    levels = await read_levels(work.connection, member_ids)
    boards = None
    if turn.at_end.board is Fate.RESET and levels:
        boards = await open_boards(work, sheets, timeline, [(each, now) for each in levels])
    return _Books(
        season=await sheets.season(work.connection),
        ledger=await open_ledger(work, member_ids),
        streaks=await open_restarting(work, sheets, member_ids, turn.following),
        levels=levels,
        since=await credited_since(work.connection, member_ids, turn.at),
        timeline=timeline,
        boards=boards,
    )


def _end(work: Work, books: _Books, turn: Turn, member: Member, now: datetime) -> Ended:
    streak = books.streaks.settled(member, now)
    level, experience = books.levels.get(member.id, (1, 0))
    today = books.season.day(now)
    had = {each: books.ledger.spendable(member.id, each, today) for each in CURRENCIES}
    gone: dict[Currency, int] = {}
    for currency in CURRENCIES:
        fate = rules.fate_of(turn.at_end, currency)
        gone[currency] = rules.over_with_it(fate, had[currency], books.since.get((member.id, currency), 0))
        if gone[currency]:
            note = Note(SINK_SEASON, "season", None, now)
            books.ledger.spend(work, member.id, currency, gone[currency], today, note)
    if turn.at_end.streak is Fate.RESET:
        books.streaks.restart(work, books.timeline, member, now)
    ended = Ended(
        member.id, turn.code, level, experience, streak.length, streak.longest, streak.total,
        had[Currency.DIAMONDS], had[Currency.TICKETS], had[Currency.STAMPS],
        gone[Currency.DIAMONDS], gone[Currency.TICKETS], gone[Currency.STAMPS], now,
    )  # fmt: skip
    books.timeline.record(
        work, member.id, facts.SEASON_ENDED, now,
        {
            "season": turn.code, "following": turn.following, "level": level, "streak": streak.length,
            "diamonds": -gone[Currency.DIAMONDS], "tickets": -gone[Currency.TICKETS],
            "stamps": -gone[Currency.STAMPS],
        },
    )  # fmt: skip
    return ended
