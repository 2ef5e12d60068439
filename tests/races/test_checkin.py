"""The check-in on the real database: what it pays, replays, sixteen connections, and batches against one by one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.content import seed_files
from api.runtime.batcher import run_action
from api.runtime.clock import SeededDice
from api.runtime.database import Database
from game.checkin import actions as checkin
from game.checkin.actions import (
    CheckedIn,
    CheckIn,
    MadeUp,
    MakeUp,
    RepairStreak,
    SetTimezone,
    StreakRepaired,
    TimezoneSet,
    check_in,
    make_up,
    repair_streaks,
    set_timezones,
)
from game.checkin.rules.calendar import Reward, parse_calendar
from game.checkin.rules.streaks import StreakState
from game.checkin.rules.views import DayState
from game.orders.store import insert_deliveries
from loyalty.ledger.rules import Currency
from loyalty.members.actions import (
    Device,
    OpenApp,
    RecordExposure,
    load_members,
    open_apps,
    record_exposures,
    set_status,
)
from loyalty.members.rules import DeviceForm, DeviceSystem, MemberStatus
from loyalty.refusals import Refused
from loyalty.requests.rules import RequestKey, fingerprint
from loyalty.sheets import actions as sheets
from loyalty.timeline.actions import load_events
from loyalty.work import Work
from tests.conftest import Servers
from tests.races.test_batched_alike import dump
from tests.seeding import (
    NOW,
    CountingMint,
    faults_of_books,
    make_shoppers,
    seed_season,
    two_servers,
    wallet_of,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CONNECTIONS = 16
_orders = count(1)
Command = CheckIn | MakeUp | RepairStreak | SetTimezone


async def seed_calendar(database: Database) -> None:
    await seed_season(database)
    async with database.work() as work:
        files = {"calendar.current.toml": seed_files()["calendar.current.toml"]}
        await sheets.seed_files(work, files, {"calendar": parse_calendar}, now=NOW)


@pytest.fixture
async def shop(database: Database) -> Database:
    await seed_calendar(database)
    return database


def key(member_id: UUID, request_id: UUID | None, *asked: Any) -> RequestKey:
    return RequestKey(member_id, request_id or uuid4(), fingerprint("checkin", {"asked": [*asked]}))


def coming(member_id: UUID, now: datetime = NOW, *, request_id: UUID | None = None, day: date | None = None) -> CheckIn:
    return CheckIn(key(member_id, request_id, day), member_id, day, now)


def making_up(member_id: UUID, day: date, now: datetime) -> MakeUp:
    return MakeUp(key(member_id, None, day), member_id, day, now)


def repairing(member_id: UUID, now: datetime, *, pay: bool = False) -> RepairStreak:
    return RepairStreak(key(member_id, None, pay), member_id, pay, now)


def moving(member_id: UUID, zone: str, now: datetime) -> SetTimezone:
    return SetTimezone(key(member_id, None, zone), member_id, zone, now)


async def ask(database: Database, action: Any, command: Any) -> Any:
    """The answer to one command; a refusal is a value."""
    return (await run_action(database, action, [command]))[0]


async def come(database: Database, member_id: UUID, now: datetime) -> CheckedIn:
    answer = await ask(database, check_in, coming(member_id, now))
    assert isinstance(answer, CheckedIn), answer
    return answer


async def code(database: Database, action: Any, command: Any) -> str:
    answer = await ask(database, action, command)
    return str(answer.code) if isinstance(answer, Refused) else "ok"


async def a_member(database: Database, now: datetime = NOW) -> UUID:
    return (await make_shoppers(database, 1, now=now))[0].id


async def deliver(database: Database, member_id: UUID, times: int, at: datetime) -> None:
    async with database.work() as work:
        await insert_deliveries(work, [(member_id, next(_orders), 1, 0, 1, at) for _ in range(times)])


async def kinds(database: Database, member_id: UUID) -> list[str]:
    async with database.read() as connection:
        return [event.kind for event in await load_events(connection, member_id, first=100)]


async def check_books(database: Database, member_id: UUID, now: datetime = NOW) -> None:
    assert await faults_of_books(database, [member_id]) == []
    async with database.read() as connection:
        assert [finding for finding in await checkin.audit(connection, now) if not finding.ok] == []


# -- what it pays ------------------------------------------------------------------------------------------------------


async def test_a_check_in_pays_and_counts(shop: Database) -> None:
    member = await a_member(shop)
    done = await come(shop, member, NOW)  # the 15th, a day of its own in the calendar
    assert (done.day, done.cycle_day, done.reward) == (date(2026, 6, 15), 1, Reward(diamonds=30, points=10))
    assert (done.streak.state, done.streak.length, done.streak.total) == (StreakState.ACTIVE, 1, 1)
    assert (await wallet_of(shop, member, Currency.DIAMONDS)).balance == 30
    points = await wallet_of(shop, member)
    assert [(lot.expires_on, units) for lot, units in points.lots.items()] == [(date(2027, 6, 30), 10)]
    assert (await kinds(shop, member))[0] == "checked_in"
    await check_books(shop, member)


async def test_a_week_ends_with_the_chest_a_ticket_energy_and_a_freeze(shop: Database) -> None:
    member = await a_member(shop)
    for each in range(7):
        done = await come(shop, member, NOW + each * DAY)
    assert (done.reward.chest, done.reward.tickets, done.freeze_earned, done.streak.freezes) == (True, 1, True, 1)
    tickets = await wallet_of(shop, member, Currency.TICKETS)
    assert [(lot.expires_on, units) for lot, units in tickets.lots.items()] == [(date(2026, 7, 20), 1)]
    async with shop.read() as connection:
        energy = await connection.fetchval("SELECT sum(amount) FROM grants WHERE member_id = $1", member)
    assert energy == 10 + 20 + 30 + 30  # days 3, 5 and 7 of the cycle, and the 20th of the month
    await check_books(shop, member)


async def test_a_day_is_paid_once_and_refused_after_that(shop: Database) -> None:
    member = await a_member(shop)
    await come(shop, member, NOW)
    assert await code(shop, check_in, coming(member, NOW + HOUR)) == "DAY_ALREADY_PAID"
    assert (await wallet_of(shop, member, Currency.DIAMONDS)).balance == 30
    await check_books(shop, member)


async def test_a_clock_two_days_ahead_changes_nothing(shop: Database) -> None:
    member = await a_member(shop)
    answer = await ask(shop, check_in, coming(member, NOW, day=date(2026, 6, 17)))
    assert isinstance(answer, Refused)
    assert (str(answer.code), answer.facts) == ("DAY_NOT_TODAY", {"today": "2026-06-15", "day": "2026-06-17"})
    assert (await wallet_of(shop, member, Currency.DIAMONDS)).balance == 0
    assert await code(shop, check_in, coming(member, NOW, day=date(2026, 6, 15))) == "ok"


async def test_who_may_not_act_and_a_pause_are_refused(shop: Database) -> None:
    member = await a_member(shop)
    async with shop.work() as work:
        await set_status(work, member, MemberStatus.SUSPENDED, operator="ann", now=NOW)
    assert await code(shop, check_in, coming(member)) == "MEMBER_SUSPENDED"
    assert await code(shop, check_in, coming(uuid4())) == "MEMBER_NOT_FOUND"
    other = await a_member(shop)
    async with shop.work() as work:
        await sheets.pause(work, "checkin", message="soon", reason="test", operator="ann", now=NOW)
    assert await code(shop, check_in, coming(other)) == "PAUSED"
    assert await code(shop, make_up, making_up(other, date(2026, 6, 15), NOW + DAY)) == "PAUSED"
    assert await code(shop, repair_streaks, repairing(other, NOW)) == "PAUSED"


async def test_a_replay_after_midnight_is_still_yesterdays_check_in(shop: Database) -> None:
    member, request = await a_member(shop), uuid4()
    first = await ask(shop, check_in, coming(member, NOW, request_id=request))
    again = await ask(shop, check_in, coming(member, NOW + DAY, request_id=request))
    assert again == first
    assert again.day == date(2026, 6, 15)
    assert (await come(shop, member, NOW + DAY)).streak.length == 2
    reused = coming(member, NOW + 2 * DAY, request_id=request, day=date(2026, 6, 17))
    assert await code(shop, check_in, reused) == "REQUEST_ID_REUSED"


# -- freeze, repair, decay ---------------------------------------------------------------------------------------------


async def weeks(database: Database, days: int) -> UUID:
    """A member who came on that many days in a row from the 15th of June on, without a freeze left."""
    member = await a_member(database)
    for each in range(days):
        await come(database, member, NOW + each * DAY)
    async with database.work() as work:
        await work.connection.execute("UPDATE streaks SET freezes = 0 WHERE member_id = $1", member)
    return member


async def test_a_freeze_is_written_down_with_the_next_check_in(shop: Database) -> None:
    member = await a_member(shop)
    for each in range(7):
        await come(shop, member, NOW + each * DAY)
    later = NOW + 8 * DAY
    async with shop.read() as connection:
        view = (await checkin.read_streaks(connection, [member], later))[member]
    assert (view.state, view.freezes, view.length) == (StreakState.FROZEN, 0, 7)
    assert (await come(shop, member, later)).streak.length == 8
    assert (await kinds(shop, member))[:2] == ["checked_in", "streak_frozen"]
    async with shop.read() as connection:
        month = await checkin.read_month(connection, member, later)
    assert month is not None
    found = {each.day.day: each.state for each in month.days}
    assert [found[day] for day in (14, 15, 21, 22, 23, 24)] == [
        DayState.BEFORE, DayState.CHECKED_IN, DayState.CHECKED_IN, DayState.FROZEN, DayState.CHECKED_IN, DayState.AHEAD,
    ]  # fmt: skip
    await check_books(shop, member)


async def test_a_clock_that_is_behind_does_not_pay_a_day_that_was_made_up_for(shop: Database) -> None:
    member = await a_member(shop)
    await come(shop, member, NOW)
    turn = datetime(2026, 6, 16, 20, 0, tzinfo=UTC)  # four in the morning of the 17th in Taipei
    assert await code(shop, make_up, making_up(member, date(2026, 6, 16), turn + timedelta(seconds=1))) == "ok"
    assert await code(shop, check_in, coming(member, turn - timedelta(seconds=1))) == "DAY_ALREADY_PAID"
    assert (await come(shop, member, turn)).day == date(2026, 6, 17)
    await check_books(shop, member)


async def test_three_orders_repair_a_streak(shop: Database) -> None:
    member = await weeks(shop, 5)
    back = NOW + 6 * DAY
    opened = datetime(2026, 6, 20, 20, 0, tzinfo=UTC)
    await deliver(shop, member, 5, opened - timedelta(minutes=1))
    await deliver(shop, member, 2, opened)
    answer = await ask(shop, repair_streaks, repairing(member, back))
    assert (str(answer.code), answer.facts) == ("REPAIR_NEEDS_ORDERS", {"needed": 3, "delivered": 2})
    await deliver(shop, member, 1, back)
    done = await ask(shop, repair_streaks, repairing(member, back))
    assert isinstance(done, StreakRepaired)
    assert (done.diamonds, done.streak.length, done.streak.state) == (0, 5, StreakState.AT_RISK)
    assert (await come(shop, member, back)).streak.length == 6
    assert await code(shop, repair_streaks, repairing(member, back)) == "NOTHING_TO_REPAIR"
    await check_books(shop, member)


async def test_a_late_command_beside_it_does_not_take_a_repairs_orders(shop: Database) -> None:
    """Two commands of one batch, the second given before the gap opened: each is judged at its own time."""
    member = await weeks(shop, 5)
    await deliver(shop, member, 3, NOW + 6 * DAY)
    batch = [repairing(member, NOW + 6 * DAY), repairing(member, NOW + 4 * DAY)]
    done, refused = await run_action(shop, repair_streaks, batch)
    assert isinstance(done, StreakRepaired)
    assert isinstance(refused, Refused)
    assert str(refused.code) == "NOTHING_TO_REPAIR"
    await check_books(shop, member)


async def test_diamonds_repair_a_streak_too(shop: Database) -> None:
    member = await weeks(shop, 5)
    had = (await wallet_of(shop, member, Currency.DIAMONDS)).balance
    came = await come(shop, member, NOW + 6 * DAY)
    assert (came.streak.state, came.streak.lapsed, came.streak.length) == (StreakState.REPAIRABLE, 5, 1)
    done = await ask(shop, repair_streaks, repairing(member, NOW + 6 * DAY + HOUR, pay=True))
    assert (done.diamonds, done.streak.length, done.streak.state) == (100, 6, StreakState.ACTIVE)
    now_has = (await wallet_of(shop, member, Currency.DIAMONDS)).balance
    assert now_has == had + came.reward.diamonds - 100
    await check_books(shop, member)


async def test_a_repair_costs_what_one_has(shop: Database) -> None:
    member = await weeks(shop, 1)
    assert await code(shop, repair_streaks, repairing(member, NOW + 2 * DAY, pay=True)) == "NOT_ENOUGH"
    await check_books(shop, member)


async def test_after_48_hours_it_is_too_late_and_85_percent_are_left(shop: Database) -> None:
    member = await weeks(shop, 10)
    late = datetime(2026, 6, 27, 20, 0, tzinfo=UTC)
    assert await code(shop, repair_streaks, repairing(member, late)) == "REPAIR_TOO_LATE"
    done = await come(shop, member, late)
    assert (done.streak.length, done.streak.longest, done.streak.total, done.cycle_day) == (9, 10, 11, 1)
    assert (await kinds(shop, member))[:3] == ["checked_in", "streak_broken", "streak_gapped"]
    assert await code(shop, repair_streaks, repairing(member, late)) == "REPAIR_TOO_LATE"
    await check_books(shop, member)


async def test_who_has_no_gap_has_nothing_to_repair(shop: Database) -> None:
    member = await weeks(shop, 2)
    assert await code(shop, repair_streaks, repairing(member, NOW + 2 * DAY)) == "NOTHING_TO_REPAIR"


async def test_a_made_up_day_that_a_zone_further_west_brings_back_is_not_paid_again(shop: Database) -> None:
    member = await weeks(shop, 5)  # the 15th to the 19th
    late = datetime(2026, 6, 20, 21, 0, tzinfo=UTC)  # five in the morning of the 21st in Taipei, still the 20th in LA
    assert await code(shop, make_up, making_up(member, date(2026, 6, 20), late)) == "ok"
    moved = await ask(shop, set_timezones, moving(member, "America/Los_Angeles", late))
    assert moved.check_in_from == datetime(2026, 6, 21, 11, 0, tzinfo=UTC)  # four in the morning of the 21st
    came = await come(shop, member, late + HOUR)  # until then by Taipei's day
    assert came.day == date(2026, 6, 21)
    await check_books(shop, member)


# -- make-up -----------------------------------------------------------------------------------------------------------


async def test_missed_days_of_this_month_are_made_up_three_times(shop: Database) -> None:
    member = await a_member(shop)
    await come(shop, member, NOW)
    later = NOW + 9 * DAY  # the 24th
    done = await ask(shop, make_up, making_up(member, date(2026, 6, 20), later))
    assert isinstance(done, MadeUp)
    assert (done.reward, done.total, done.left) == (Reward(diamonds=10, energy=30), 2, 2)
    assert await code(shop, make_up, making_up(member, date(2026, 6, 20), later)) == "DAY_ALREADY_PAID"
    assert await code(shop, make_up, making_up(member, date(2026, 6, 15), later)) == "DAY_ALREADY_PAID"
    assert await code(shop, make_up, making_up(member, date(2026, 6, 24), later)) == "MAKE_UP_NOT_MISSED"
    assert await code(shop, make_up, making_up(member, date(2026, 6, 14), later)) == "MAKE_UP_NOT_MISSED"
    assert await code(shop, make_up, making_up(member, date(2026, 6, 16), NOW + 20 * DAY)) == "MAKE_UP_OTHER_MONTH"
    for day in (16, 17):
        assert await code(shop, make_up, making_up(member, date(2026, 6, day), later)) == "ok"
    assert await code(shop, make_up, making_up(member, date(2026, 6, 18), later)) == "MAKE_UP_LIMIT"
    came = await come(shop, member, later)
    assert (came.streak.length, came.streak.total) == (1, 5)  # the streak broke: what was made up reconnects nothing
    await check_books(shop, member)


# -- zones -------------------------------------------------------------------------------------------------------------


async def test_a_zone_is_the_members_at_once_and_the_check_ins_when_its_day_comes(shop: Database) -> None:
    member = await a_member(shop)
    await come(shop, member, NOW)
    moved = await ask(shop, set_timezones, moving(member, "America/Los_Angeles", NOW + HOUR))
    starts = datetime(2026, 6, 16, 11, 0, tzinfo=UTC)
    assert moved == TimezoneSet(member, "America/Los_Angeles", starts)
    async with shop.read() as connection:
        known = await load_members(connection, [member])
        view = (await checkin.read_streaks(connection, [member], NOW + HOUR))[member]
    assert known[member].timezone == "America/Los_Angeles"
    assert (view.zone, view.next_zone, view.zone_from) == ("Asia/Taipei", "America/Los_Angeles", starts)
    again = await ask(shop, set_timezones, moving(member, "America/Los_Angeles", NOW + 2 * HOUR))
    assert again == moved
    refused = await ask(shop, set_timezones, moving(member, "Europe/London", NOW + 3 * DAY))
    assert (str(refused.code), refused.retry_at) == ("ZONE_TOO_SOON", NOW + HOUR + 30 * DAY)
    assert await code(shop, set_timezones, moving(member, "Mars/Olympus", NOW + 40 * DAY)) == "INVALID_INPUT"
    assert (await come(shop, member, starts)).streak.zone == "America/Los_Angeles"
    assert (await kinds(shop, member)).count("zone_changed") == 1
    await check_books(shop, member)


# -- visits ------------------------------------------------------------------------------------------------------------


async def test_visits_are_counted_and_exposure_is_kept_apart(shop: Database) -> None:
    member = await a_member(shop)
    phone = Device(DeviceSystem.IOS, DeviceForm.PHONE)
    opening = OpenApp(key(member, None, "ios"), member, phone, NOW)
    first = await ask(shop, open_apps, opening)
    assert first.day == date(2026, 6, 15)
    assert await ask(shop, open_apps, opening) == first
    assert await code(shop, open_apps, OpenApp(key(member, None), member, None, NOW + HOUR)) == "ok"
    shown = ("streak", "offer:off_1", "pool:spring")
    assert await code(shop, record_exposures, RecordExposure(key(member, None), member, "home", shown, NOW)) == "ok"
    for screen, things in (("home", ()), ("Home", shown), ("home", ("a b",)), ("home", ("x",) * 51)):
        bad = RecordExposure(key(member, None), member, screen, things, NOW)
        assert await code(shop, record_exposures, bad) == "INVALID_INPUT"
    assert (await kinds(shop, member)) == ["app_opened", "app_opened", "member_joined"]
    async with shop.read() as connection:
        events = await load_events(connection, member, first=2)
        exposures = await connection.fetch("SELECT kind, facts::text FROM exposures WHERE member_id = $1", member)
    assert [event.facts for event in events] == [
        {"day": "2026-06-15", "system": None, "form": None},
        {"day": "2026-06-15", "system": "IOS", "form": "PHONE"},
    ]
    assert [tuple(row) for row in exposures] == [
        ("screen_shown", '{"shown": ["streak", "offer:off_1", "pool:spring"], "screen": "home"}')
    ]


# -- races -------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def wide(shop: Database, database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, pool_size=CONNECTIONS)
    yield opened
    await opened.close()


async def test_one_day_asked_for_by_sixteen_connections_is_paid_once(wide: Database) -> None:
    member = await a_member(wide)
    answers = await asyncio.gather(*(code(wide, check_in, coming(member)) for _ in range(CONNECTIONS)))
    assert sorted(answers) == ["DAY_ALREADY_PAID"] * 15 + ["ok"]
    assert (await wallet_of(wide, member, Currency.DIAMONDS)).balance == 30
    await check_books(wide, member)


async def test_one_request_on_two_servers_has_one_result(shop: Database) -> None:
    member, request = await a_member(shop), uuid4()
    async with two_servers(shop) as servers:
        answers = await asyncio.gather(
            *(ask(server, check_in, coming(member, request_id=request)) for server in servers * 8)
        )
    assert all(answer == answers[0] for answer in answers)
    assert (await wallet_of(shop, member, Currency.DIAMONDS)).balance == 30
    await check_books(shop, member)


async def test_one_missed_day_and_one_gap_are_paid_for_once(wide: Database) -> None:
    member = await weeks(wide, 5)
    back = NOW + 6 * DAY
    made = await asyncio.gather(
        *(code(wide, make_up, making_up(member, date(2026, 6, 20), back)) for _ in range(CONNECTIONS))
    )
    assert sorted(made) == ["DAY_ALREADY_PAID"] * 15 + ["ok"]
    had = (await wallet_of(wide, member, Currency.DIAMONDS)).balance
    mended = await asyncio.gather(
        *(code(wide, repair_streaks, repairing(member, back, pay=True)) for _ in range(CONNECTIONS))
    )
    assert sorted(mended) == ["NOTHING_TO_REPAIR"] * 15 + ["ok"]
    assert (await wallet_of(wide, member, Currency.DIAMONDS)).balance == had - 100
    await check_books(wide, member)


# -- batches -----------------------------------------------------------------------------------------------------------

ACTIONS: dict[type[Any], Any] = {
    CheckIn: check_in, MakeUp: make_up, RepairStreak: repair_streaks, SetTimezone: set_timezones,
}  # fmt: skip


def history(dice: random.Random, members: Sequence[UUID]) -> list[list[Command]]:
    """Groups of commands of one action each, over a few weeks; some requests come twice."""
    now, groups, done = NOW, [], []
    for _ in range(60):
        now += timedelta(hours=dice.choice([1, 6, 12, 24, 24, 30]))
        kind = dice.choices([CheckIn, MakeUp, RepairStreak, SetTimezone], [6, 2, 2, 1])[0]
        group: list[Command] = []
        for _ in range(dice.randint(1, 9)):
            # What comes together was not asked for at one moment: a day may turn between two, and clocks differ.
            moment = now + dice.choice([0, 0, 1, 5, 25, -3]) * HOUR
            group.append(one_of(dice, kind, dice.choice(members), moment))
            same = [each for each in done if isinstance(each, kind)]
            if same and dice.random() < 0.2:
                group.append(dice.choice(same))
        done += group
        groups.append(group)
    return groups


def one_of(dice: random.Random, kind: type[Any], member: UUID, now: datetime) -> Command:
    request = UUID(int=dice.getrandbits(128))
    if kind is CheckIn:
        return CheckIn(key(member, request), member, None, now)
    if kind is MakeUp:
        day = now.date() - timedelta(days=dice.randrange(12))
        return MakeUp(key(member, request, day), member, day, now)
    if kind is RepairStreak:
        return RepairStreak(key(member, request), member, dice.random() < 0.8, now)
    zone = dice.choice(["Asia/Taipei", "America/Los_Angeles", "Pacific/Auckland"])
    return SetTimezone(key(member, request, zone), member, zone, now)


async def live(database: Database, groups: list[list[Command]], *, batched: bool) -> list[str]:
    said: list[str] = []
    for group in groups:
        for batch in [group] if batched else [[each] for each in group]:
            async with database.work() as work:
                answers = await ACTIONS[type(group[0])](work, batch)
            said += [f"{each.code} {each.facts}" if isinstance(each, Refused) else repr(each) for each in answers]
    return said


async def deliver_some(work: Work, members: Sequence[UUID]) -> None:
    for member in members[:2]:
        await insert_deliveries(work, [(member, each, 1, 0, 1, NOW + each * 12 * HOUR) for each in range(120)])


@pytest.mark.parametrize("run", range(3))
async def test_batched_and_one_by_one_give_identical_rows(embedded_servers: Servers, seed: int, run: int) -> None:
    names = [await embedded_servers.make() for _ in range(2)]
    worlds = [
        Database(
            embedded_servers.url(embedded_servers.embedded.database_url, name), pool_size=1, dice=SeededDice(7),
            mint=CountingMint(),
        )
        for name in names
    ]  # fmt: skip
    try:
        said = []
        for world, batched in zip(worlds, (True, False), strict=True):
            await seed_calendar(world)
            members = [each.id for each in await make_shoppers(world, 4, mark="alike", now=NOW - 2 * DAY)]
            async with world.work() as work:
                await deliver_some(work, members)
            said.append(await live(world, history(random.Random(seed + run), members), batched=batched))
        assert said[0] == said[1]
        one, other = [await dump(world) for world in worlds]
        for table, rows in one.items():
            assert rows == other[table], table
        for table in ("streaks", "checkin_days", "transfers", "grants", "events", "request_results"):
            assert one[table], f"this history leaves {table} empty and shows nothing"
        for member in members:
            await check_books(worlds[0], member)
    finally:
        for world, name in zip(worlds, names, strict=True):
            await world.close()
            await embedded_servers.drop(name)
