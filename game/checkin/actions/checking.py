"""`checkIn` and `makeUp`: days that pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from game.checkin import facts, store
from game.checkin.actions.book import Streaks, open_streaks
from game.checkin.actions.rewarding import check_room, give
from game.checkin.rules import streaks as rules
from game.checkin.rules.calendar import Reward
from game.checkin.rules.views import CHECK_IN, MAKE_UP, StreakView, view_streak
from game.days.rules import business_day
from game.refusals import GameCode, GameRefused
from loyalty.grants.actions import Grants
from loyalty.ledger.actions import Ledger, open_ledger
from loyalty.members import actions as members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.refusals import Refused
from loyalty.requests.actions import Requests, open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import Sheets, moment_of, open_sheets
from loyalty.sheets.rules import Season
from loyalty.timeline.actions import Facts, Timeline
from loyalty.work import Work

PAUSE = "checkin"


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A member checks in. `day` is what the app takes for today; None where it leaves that to the server.

    `season` is the one that it takes for the running one; None where it leaves that to the server too.
    """

    request: RequestKey
    member_id: UUID
    day: date | None
    now: datetime
    season: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """A day that was checked in, what it paid, and the streak after it."""

    member_id: UUID
    day: date
    cycle_day: int
    reward: Reward
    freeze_earned: bool
    streak: StreakView


@dataclass(frozen=True, slots=True)
class MakeUp:
    """A member makes up for a missed day of this month."""

    request: RequestKey
    member_id: UUID
    day: date
    now: datetime


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A missed day that was paid after all; the streak's length is as it was."""

    member_id: UUID
    day: date
    reward: Reward
    total: int
    left: int


@dataclass(frozen=True, slots=True)
class _Books:
    """Everything that a batch of paying days opens."""

    members: dict[UUID, Member]
    requests: Requests
    sheets: Sheets
    season: Season
    streaks: Streaks
    ledger: Ledger
    grants: Grants
    timeline: Timeline

    async def save(self, work: Work) -> None:
        await self.streaks.save(work)
        await self.ledger.save(work)
        await self.grants.save(work)
        await self.timeline.save(work)
        await self.requests.save(work)


async def check_in(work: Work, commands: Sequence[CheckIn]) -> list[CheckedIn | Refused]:
    """`checkIn`: pays today once, by the server's clock and the zone in force.

    Takes the members' locks. Refuses DAY_ALREADY_PAID, DAY_NOT_TODAY, SEASON_OVER, PAUSED, AMOUNT_OUT_OF_RANGE,
    REQUEST_ID_REUSED and what `refuse_unfit` refuses.
    """
    books = await _open(work, commands)
    answers = books.requests.answer(
        commands, CheckedIn, "checkIn", lambda command: _check_in(work, books, command), lambda each: each.member_id
    )
    await books.save(work)
    return answers


async def make_up(work: Work, commands: Sequence[MakeUp]) -> list[MadeUp | Refused]:
    """`makeUp`: pays a missed day of this month once; the streak stays as it is.

    Takes the members' locks. Refuses MAKE_UP_NOT_MISSED, MAKE_UP_OTHER_MONTH, MAKE_UP_LIMIT, DAY_ALREADY_PAID, PAUSED,
    AMOUNT_OUT_OF_RANGE, REQUEST_ID_REUSED and what `refuse_unfit` refuses.
    """
    books = await _open(work, commands)
    since: dict[UUID, date] = {}
    for command in commands:
        first = command.day.replace(day=1)
        since[command.member_id] = min(first, since.get(command.member_id, first))
    paid: dict[UUID, dict[date, str]] = {}
    for row in await store.load_days(work.connection, list(since), list(since.values())):
        if row["paid"]:
            paid.setdefault(row["member_id"], {})[row["day"]] = row["paid"]
    answers = books.requests.answer(
        commands,
        MadeUp,
        "makeUp",
        lambda command: _make_up(work, books, paid.setdefault(command.member_id, {}), command),
        lambda command: command.member_id,
    )
    await books.save(work)
    return answers


async def _open(work: Work, commands: Sequence[CheckIn] | Sequence[MakeUp]) -> _Books:
    locked = await members.lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    sheets = await open_sheets(work.connection, moment_of(commands))
    return _Books(
        members=locked,
        requests=requests,
        sheets=sheets,
        season=await sheets.season(work.connection),
        streaks=await open_streaks(work, sheets, sorted(locked)),
        ledger=await open_ledger(work, sorted(locked)),
        grants=Grants(),
        timeline=Timeline(),
    )


def _check_in(work: Work, books: _Books, command: CheckIn) -> CheckedIn:
    member = refuse_unfit(books.members.get(command.member_id))
    books.sheets.refuse_paused(PAUSE)
    books.season.refuse_over(command.season, command.now)
    calendar = books.streaks.calendar
    before, passed = books.streaks.settled(member, command.now)
    now = before.updated_at
    today = before.today(now)
    if command.day is not None and command.day != today:
        raise GameRefused(GameCode.DAY_NOT_TODAY, today=today.isoformat(), day=command.day.isoformat())
    after = rules.check_in(before, now, calendar)
    reward = calendar.of_check_in(today, after.cycle)
    check_room(books.ledger, member.id, reward)
    books.streaks.record(work, books.timeline, member.id, passed, command.now)
    books.streaks.put(member.id, after)
    books.streaks.pay(member.id, today, CHECK_IN, now)
    give(work, books.ledger, books.grants, books.season, calendar, member.id, reward, command.now)
    books.timeline.record(
        work, member.id, facts.CHECKED_IN, command.now,
        {**_facts(today, reward), "cycle_day": after.cycle, "length": after.length, "season": books.season.code},
        command.request.id,
    )  # fmt: skip
    earned = after.freezes > before.freezes
    return CheckedIn(member.id, today, after.cycle, reward, earned, view_streak(after, calendar))


def _make_up(work: Work, books: _Books, paid: dict[date, str], command: MakeUp) -> MadeUp:
    member = refuse_unfit(books.members.get(command.member_id))
    books.sheets.refuse_paused(PAUSE)
    calendar = books.streaks.calendar
    settled, _ = books.streaks.settled(member, command.now)
    if command.day in paid:
        raise GameRefused(GameCode.DAY_ALREADY_PAID, day=command.day.isoformat())
    month = (command.day.year, command.day.month)
    used = sum(how == MAKE_UP and (day.year, day.month) == month for day, how in paid.items())
    joined = business_day(member.created_at, ZoneInfo(settled.zone))
    rules.check_make_up(settled, command.day, command.now, joined, used, calendar)
    reward = calendar.of_day(command.day)
    check_room(books.ledger, member.id, reward)
    written = books.streaks.raw(member)
    books.streaks.put(member.id, rules.make_up(written, command.day))
    books.streaks.pay(member.id, command.day, MAKE_UP, command.now)
    paid[command.day] = MAKE_UP
    give(work, books.ledger, books.grants, books.season, calendar, member.id, reward, command.now)
    books.timeline.record(
        work, member.id, facts.DAY_MADE_UP, command.now, {**_facts(command.day, reward), "season": books.season.code},
        command.request.id,
    )  # fmt: skip
    return MadeUp(member.id, command.day, reward, written.total + 1, calendar.make_ups - used - 1)


def _facts(day: date, reward: Reward) -> Facts:
    return {
        "day": day.isoformat(),
        "diamonds": reward.diamonds,
        "energy": reward.energy,
        "tickets": reward.tickets,
        "points": reward.points,
    }
