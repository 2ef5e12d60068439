"""Quests on a real database: counted from events, paid once among sixteen, over changes of zone, and audited."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.content import PARSERS
from api.runtime.batcher import run_action
from api.runtime.database import Database
from game.checkin.actions import CheckIn, SetTimezone, check_in, set_timezones
from game.quests import actions as quests
from game.quests.actions import QUESTS, ClaimQuest, QuestClaimed, claim_quests, read_quests
from game.quests.actions import publishing as quest_sheets
from game.quests.rules.content import parse_quests
from game.quests.rules.standing import Standing
from loyalty.members import actions as members
from loyalty.members.rules import MemberStatus
from loyalty.refusals import LoyaltyCode, Refused
from loyalty.requests.rules import RequestKey, fingerprint
from loyalty.sheets import actions as sheets
from tests.playing import NOW, sheet
from tests.races.test_chests import deliver
from tests.races.test_play import CONNECTIONS, TAP, ask, new_member, open_season, playing, rows
from tests.seeding import faults_of_books

DAY = timedelta(days=1)
MORNING = datetime(2027, 3, 9, 20, tzinfo=UTC)  # when Wednesday begins in Taipei; NOW is its noon


@pytest.fixture
async def wide(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, pool_size=CONNECTIONS)
    await open_season(opened)
    yield opened
    await opened.close()


def key(member: UUID, request: UUID | None, *asked: Any) -> RequestKey:
    return RequestKey(member, request or uuid4(), fingerprint("quests", {"asked": [*asked]}))


def claiming(member: UUID, code: str, now: datetime = NOW, request: UUID | None = None) -> ClaimQuest:
    return ClaimQuest(key(member, request, "claim", code), member, code, now)


async def claim(database: Database, command: ClaimQuest) -> Any:
    return (await run_action(database, claim_quests, [command]))[0]


async def code(database: Database, command: ClaimQuest) -> str:
    answer = await claim(database, command)
    return str(answer.code) if isinstance(answer, Refused) else "ok"


async def shown(database: Database, member: UUID, now: datetime = NOW) -> dict[str, Standing]:
    """What the member sees; the current period's under its code, that of before with a mark."""
    async with database.read() as connection:
        found = await read_quests(connection, member, now)
    return {each.window.quest.code + ("" if each.window.is_open(now) else " before"): each for each in found}


async def a_player(database: Database, orders: int = 3, now: datetime = NOW) -> UUID:
    """A member who delivered so many orders, each with a play of its own."""
    member = await new_member(database)
    await ask(database, playing(member, 0, TAP, TAP, now=now))
    for number in range(1, orders + 1):
        await deliver(database, member, number)
    return member


async def publish(database: Database, change: Callable[[dict[str, Any]], None]) -> None:
    body = sheet("quests")
    change(body)
    async with database.work() as work:
        await sheets.publish(work, *QUESTS[:2], body, QUESTS[2], author="op", reason="test", based_on=1, now=NOW)


async def check(database: Database, *member_ids: UUID) -> None:
    assert await faults_of_books(database, member_ids) == []
    async with database.read() as connection:
        found = await quests.audit(connection, NOW)
    assert [(each.sentence, each.rows) for each in found if not each.ok] == []
    assert len(found) == 4


async def test_progress_is_counted_from_events_and_a_claim_pays_what_was_promised(wide: Database) -> None:
    member = await a_player(wide)
    seen = await shown(wide, member)
    assert (seen["daily-orders"].progress, seen["daily-orders"].is_claimable) == (3, True)
    assert (seen["daily-taps"].progress, seen["weekly-orders"].progress, seen["season-orders"].progress) == (2, 3, 3)
    assert (seen["daily-merges"].progress, seen["daily-check-in"].progress) == (0, 0)
    assert "daily-chest" not in seen, "it is for level 2"
    request = uuid4()
    before = await rows(wide, "SELECT sum(balance)::int FROM wallets WHERE member_id = $1", member)
    done = await claim(wide, claiming(member, "daily-orders", request=request))
    assert isinstance(done, QuestClaimed)
    assert (done.diamonds, done.tickets, done.energy, done.period, done.progress) == (3, 0, 0, "2027-03-10", 3)
    after = await rows(wide, "SELECT sum(balance)::int FROM wallets WHERE member_id = $1", member)
    assert after[0][0] - before[0][0] == 3
    assert await claim(wide, claiming(member, "daily-orders", request=request)) == done
    assert await code(wide, claiming(member, "daily-taps", request=request)) == "REQUEST_ID_REUSED"
    assert await code(wide, claiming(member, "daily-orders")) == "QUEST_CLAIMED"
    assert await code(wide, claiming(member, "daily-taps")) == "QUEST_NOT_DONE"
    assert await code(wide, claiming(member, "no-such-quest")) == "QUEST_NOT_FOUND"
    assert (await shown(wide, member))["daily-orders"].claimed
    [(facts,)] = await rows(wide, "SELECT facts::text FROM events WHERE kind = 'quest_claimed'")
    assert json.loads(facts)["quest"] == "daily-orders"
    async with wide.read() as connection:
        [kept] = await quests.export_quests(connection, member)
    assert (kept["quest"], kept["diamonds"], kept["progress"]) == ("daily-orders", 3, 3)
    await check(wide, member)


async def test_tickets_come_at_once_and_energy_as_a_gift(wide: Database) -> None:
    def change(body: dict[str, Any]) -> None:
        body["quests"][1]["reward"] = {"tickets": 2, "energy": 7}

    await publish(wide, change)
    member = await a_player(wide)
    assert await code(wide, claiming(member, "daily-orders")) == "ok"
    [(units, last)] = await rows(wide, "SELECT remaining, expires_on FROM lots WHERE currency = 'TICKETS'")
    assert (units, last) == (2, (NOW + 29 * DAY).date())
    waiting = "SELECT kind, amount, source FROM grants WHERE consumed_at IS NULL"
    assert await rows(wide, waiting) == [("ENERGY", 7, "quest")]
    await check(wide, member)


async def test_of_sixteen_that_claim_one_quest_one_is_paid(wide: Database) -> None:
    member, request = await a_player(wide), uuid4()
    commands = [claiming(member, "daily-orders") for _ in range(CONNECTIONS - 4)]
    commands += [claiming(member, "daily-orders", request=request) for _ in range(4)]
    answers = await asyncio.gather(*[claim(wide, each) for each in commands])
    paid = [each for each in answers if isinstance(each, QuestClaimed)]
    assert len(paid) in (1, 4), "the four are copies of one request"
    assert len({repr(each) for each in paid}) == 1
    assert {str(each.code) for each in answers if isinstance(each, Refused)} <= {"QUEST_CLAIMED"}
    assert await rows(wide, "SELECT count(*)::int FROM quest_claims") == [(1,)]
    assert await rows(wide, "SELECT sum(amount)::int FROM transfers WHERE account = 'issue:quest'") == [(3,)]
    batch = await run_action(wide, claim_quests, [claiming(member, "daily-orders", NOW + DAY) for _ in range(3)])
    assert [isinstance(each, Refused) for each in batch] == [True] * 3
    await check(wide, member)


async def test_a_batch_of_many_claims_pays_each_once(wide: Database) -> None:
    one, other = await a_player(wide), await a_player(wide)
    commands = [claiming(each, "daily-orders") for each in (one, other, one, uuid4())]
    answers = await run_action(wide, claim_quests, commands)
    assert [str(each.code) if isinstance(each, Refused) else "ok" for each in answers] == [
        "ok", "ok", "QUEST_CLAIMED", "MEMBER_NOT_FOUND",
    ]  # fmt: skip
    await check(wide, one, other)


async def test_what_was_done_yesterday_can_be_claimed_until_today_is_over(wide: Database) -> None:
    member = await a_player(wide)
    tomorrow = NOW + DAY
    seen = await shown(wide, member, tomorrow)
    assert (seen["daily-orders before"].progress, seen["daily-orders"].progress) == (3, 0)
    assert seen["daily-orders before"].window.ends == MORNING + 2 * DAY
    for now, expected in ((MORNING + 2 * DAY, "QUEST_NOT_DONE"), (MORNING + 2 * DAY - timedelta(seconds=1), "ok")):
        assert await code(wide, claiming(member, "daily-orders", now)) == expected
    assert await rows(wide, "SELECT period FROM quest_claims") == [("2027-03-10",)]
    assert "daily-orders before" not in await shown(wide, member, tomorrow)
    await check(wide, member)


async def test_a_change_of_zone_neither_loses_nor_doubles(wide: Database) -> None:
    member = await a_player(wide)
    assert await code(wide, claiming(member, "daily-orders")) == "ok"
    command = SetTimezone(key(member, None, "zone"), member, "Pacific/Honolulu", NOW + timedelta(minutes=1))
    [answer] = await run_action(wide, set_timezones, [command])
    assert not isinstance(answer, Refused)
    evening = NOW + timedelta(hours=20)  # six in the evening of the same day in Honolulu, already tomorrow in Taipei
    seen = await shown(wide, member, evening)
    assert (seen["daily-orders"].window.period, seen["daily-orders"].claimed) == ("2027-03-10", True)
    assert await code(wide, claiming(member, "daily-orders", evening)) == "QUEST_CLAIMED"
    assert seen["weekly-orders"].progress == 3
    later = datetime(2027, 3, 11, 14, tzinfo=UTC)  # four in the morning in Honolulu
    assert (await shown(wide, member, later))["daily-orders"].progress == 0
    await check(wide, member)


async def test_check_ins_receipts_and_days_count_in_the_week_they_belong_to(wide: Database) -> None:
    member = await new_member(wide)
    for number in range(5):
        now = NOW + (number + 5) * DAY
        [answer] = await run_action(wide, check_in, [CheckIn(key(member, None, "in", number), member, None, now)])
        assert not isinstance(answer, Refused)
    friday = NOW + 9 * DAY
    assert (await shown(wide, member, friday))["weekly-check-in"].progress == 5
    assert await code(wide, claiming(member, "weekly-check-in", friday)) == "ok"
    sunday = friday + 9 * DAY
    assert "weekly-check-in before" not in await shown(wide, member, sunday)
    await check(wide, member)


async def test_quests_are_refused_while_they_are_paused_after_a_season_and_to_the_unfit(wide: Database) -> None:
    member = await a_player(wide)
    async with wide.work() as work:
        await sheets.pause(work, "quests", message="Back soon.", reason="x", operator="x", now=NOW)
    assert await code(wide, claiming(member, "daily-orders")) == "PAUSED"
    async with wide.work() as work:
        await sheets.resume(work, "quests", operator="x", now=NOW)
    season = json.loads((await rows(wide, "SELECT body::text FROM sheets WHERE kind = 'season'"))[0][0])
    async with wide.work() as work:
        await sheets.publish(
            work, "season", "current", {**season, "ends": "2027-03-10"}, PARSERS["season"], author="op", reason="test",
            based_on=1, now=NOW,
        )  # fmt: skip
    assert await code(wide, claiming(member, "daily-orders")) == LoyaltyCode.SEASON_OVER
    async with wide.work() as work:
        await members.set_status(work, member, MemberStatus.SUSPENDED, operator="x", now=NOW)
    assert await code(wide, claiming(member, "daily-orders")) == LoyaltyCode.MEMBER_SUSPENDED
    assert await rows(wide, "SELECT count(*) FROM quest_claims") == [(0,)]


async def test_a_quest_for_more_than_the_other_sheets_allow_is_a_mistake(wide: Database) -> None:
    body = sheet("quests")
    body["quests"][1]["target"] = 21
    body["quests"][8]["target"] = 12
    async with wide.read() as connection:
        assert await quest_sheets.faults_with(connection) == []
        found = await quest_sheets.faults_with(connection, "quests", parse_quests("quests.current", body))
        levels = {**sheet("levels"), "levels": sheet("levels")["levels"][:3]}
        fewer = await quest_sheets.faults_with(connection, "levels", PARSERS["levels"]("levels.current", levels))
    assert [each.key for each in found] == ["quests[1].target", "quests[8].target"]
    assert [each.key for each in fewer] == ["quests[8].target"]


async def test_two_servers_pay_a_quest_once(database_url: str, wide: Database) -> None:
    other = Database(database_url, pool_size=4)
    try:
        member = await a_player(wide)
        answers = await asyncio.gather(*[code(each, claiming(member, "daily-orders")) for each in (wide, other) * 4])
        assert sorted(answers) == ["QUEST_CLAIMED"] * 7 + ["ok"]
        await check(wide, member)
    finally:
        await other.close()
