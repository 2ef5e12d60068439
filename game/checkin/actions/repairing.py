"""`repairStreak`: joins a streak over a gap, by orders or for diamonds, while that is possible."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from game.checkin import facts
from game.checkin.actions.book import Streaks, open_streaks
from game.checkin.actions.checking import PAUSE
from game.checkin.rules import streaks as rules
from game.checkin.rules.calendar import Calendar
from game.checkin.rules.streaks import Streak
from game.checkin.rules.views import StreakView, view_streak
from game.orders.actions import delivered_since
from game.refusals import GameCode, GameRefused
from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note, open_ledger
from loyalty.ledger.rules import Currency
from loyalty.members import actions as members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.requests.actions import Requests, open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import Sheets, moment_of, open_sheets
from loyalty.sheets.rules import Season
from loyalty.timeline.actions import Timeline
from loyalty.work import Work


@dataclass(frozen=True, slots=True)
class RepairStreak:
    """A member repairs his streak: for diamonds, or by the orders delivered since the gap."""

    request: RequestKey
    member_id: UUID
    pay_diamonds: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class StreakRepaired:
    """The streak after its repair, and what that cost."""

    member_id: UUID
    diamonds: int
    streak: StreakView


@dataclass(frozen=True, slots=True)
class _Books:
    """Everything that a batch of repairs opens; `delivered` holds when each member delivered orders since his gap."""

    members: dict[UUID, Member]
    requests: Requests
    sheets: Sheets
    season: Season
    streaks: Streaks
    ledger: Ledger
    timeline: Timeline
    delivered: Mapping[UUID, Sequence[datetime]]


async def repair_streaks(work: Work, commands: Sequence[RepairStreak]) -> list[StreakRepaired | Refused]:
    """`repairStreak`: what was missed counts as kept; the length is that of before the gap and what came since.

    Takes the members' locks. Refuses NOTHING_TO_REPAIR, REPAIR_TOO_LATE, REPAIR_NEEDS_ORDERS, NOT_ENOUGH, PAUSED,
    REQUEST_ID_REUSED and what `refuse_unfit` refuses.
    """
    locked = await members.lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    sheets = await open_sheets(work.connection, moment_of(commands))
    streaks = await open_streaks(work, sheets, sorted(locked))
    asked = [
        (each.member_id, streaks.settled(locked[each.member_id], each.now)[0])
        for each in commands
        if each.member_id in locked
    ]
    books = _Books(
        members=locked,
        requests=requests,
        sheets=sheets,
        season=await sheets.season(work.connection),
        streaks=streaks,
        ledger=await open_ledger(work, sorted(locked)),
        timeline=Timeline(),
        delivered=await load_delivered(work.connection, asked, streaks.calendar),
    )
    answers = requests.answer(
        commands, StreakRepaired, "repairStreak", lambda command: _repair(work, books, command),
        lambda command: command.member_id,
    )  # fmt: skip
    await streaks.save(work)
    await books.ledger.save(work)
    await books.timeline.save(work)
    await requests.save(work)
    return answers


async def load_delivered(
    connection: Any, streaks: Sequence[tuple[UUID, Streak]], calendar: Calendar
) -> dict[UUID, list[datetime]]:
    """When each member delivered orders, from the first open gap of his settled streaks on.

    The commands of a batch were given at different times, so that one of them may see a gap and another none, or a
    later one.
    """
    opened: dict[UUID, datetime] = {}
    for member_id, streak in streaks:
        if streak.lapsed is not None:
            since = rules.repair_opened(streak, calendar)
            opened[member_id] = min(since, opened.get(member_id, since))
    return await delivered_since(connection, list(opened.items())) if opened else {}


def _repair(work: Work, books: _Books, command: RepairStreak) -> StreakRepaired:
    member = refuse_unfit(books.members.get(command.member_id))
    books.sheets.refuse_paused(PAUSE)
    calendar = books.streaks.calendar
    settled, passed = books.streaks.settled(member, command.now)
    rules.check_repairable(settled)
    cost = calendar.repair_diamonds if command.pay_diamonds else 0
    instants = books.delivered.get(member.id, [])
    delivered = len(instants) - bisect_left(instants, rules.repair_opened(settled, calendar))
    if not command.pay_diamonds and delivered < calendar.repair_orders:
        raise GameRefused(
            GameCode.REPAIR_NEEDS_ORDERS, retryable=True, needed=calendar.repair_orders, delivered=delivered
        )
    today = books.season.day(command.now)
    if cost:
        available = books.ledger.spendable(member.id, Currency.DIAMONDS, today)
        if available < cost:
            raise LoyaltyRefused(
                LoyaltyCode.NOT_ENOUGH, currency=Currency.DIAMONDS.value, needed=cost, available=available
            )
    streak, mended = rules.repair(settled, command.now)
    books.streaks.record(work, books.timeline, member.id, passed, command.now)
    books.streaks.keep(member.id, mended)
    books.streaks.put(member.id, streak)
    if cost:
        note = Note(ledgers.SINK_REPAIR, "repair", None, command.now)
        books.ledger.spend(work, member.id, Currency.DIAMONDS, cost, today, note)
    books.timeline.record(
        work, member.id, facts.STREAK_REPAIRED, command.now,
        {"days": [day.isoformat() for day, _ in mended], "diamonds": cost, "length": streak.length}, command.request.id,
    )  # fmt: skip
    return StreakRepaired(member.id, cost, view_streak(streak, calendar))
