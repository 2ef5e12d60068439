"""Refills of energy on a real database: doubled prices, days of the member's zone, sixteen for one number."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.runtime.batcher import run_action
from api.runtime.database import Database
from game.board.actions import BOARD
from game.checkin.actions import SetTimezone, check_in, set_timezones
from game.refills import actions as refills
from game.refills.actions import EnergyRefilled, RefillEnergy, export_refills, read_offer, refill_energy
from game.refills.rules import Bought, make_offer
from loyalty.ledger.rules import Currency
from loyalty.members.rules import MemberStatus
from loyalty.refusals import Refused
from loyalty.requests.rules import RequestKey, fingerprint
from loyalty.sheets import actions as sheets
from tests.playing import NOW, sheet, shipped
from tests.races.test_checkin import coming
from tests.races.test_play import CONNECTIONS, change_row, new_member, open_season, playing, rows
from tests.races.test_play import ask as ask_play
from tests.races.test_play import check as check_boards
from tests.seeding import faults_of_books, give_currency

DAY_ENDS = datetime(2027, 3, 10, 20, 0, tzinfo=NOW.tzinfo)  # four in the morning in Taipei


@pytest.fixture
async def wide(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, pool_size=CONNECTIONS)
    await open_season(opened)
    yield opened
    await opened.close()


def refilling(
    member_id: UUID, most: int = 10_000, now: datetime = NOW, request: UUID | None = None
) -> RefillEnergy:  # fmt: skip
    key = RequestKey(member_id, request or uuid4(), fingerprint("refillEnergy", {"mostDiamonds": most}))
    return RefillEnergy(key, member_id, most, now)


async def refill(database: Database, *commands: RefillEnergy) -> list[Any]:
    return list(await run_action(database, refill_energy, list(commands)))


async def a_member(database: Database, diamonds: int = 1_000) -> UUID:
    member = await new_member(database)
    await ask_play(database, playing(member, 0))
    if diamonds:
        await give_currency(database, member, Currency.DIAMONDS, diamonds, NOW)
    return member


async def check(database: Database, *member_ids: UUID) -> None:
    assert await faults_of_books(database, list(member_ids)) == []
    await check_boards(database)
    async with database.read() as connection:
        found = await refills.audit(connection, NOW)
    assert [(each.sentence, each.rows) for each in found if not each.ok] == []
    assert len(found) == 2


async def offered(database: Database, member: UUID, now: datetime = NOW) -> tuple[int, int]:
    async with database.read() as connection:
        found = await read_offer(connection, member, now)
    return found.diamonds, found.left


def test_the_price_doubles_and_is_back_at_its_start_on_another_day() -> None:
    dials, day, other = shipped()[0].layout.refill, date(2027, 3, 10), date(2027, 3, 11)
    assert (dials.diamonds, dials.energy, dials.most_per_day) == (20, 100, 4)
    lasts = [None, *(Bought(day, number) for number in (1, 2, 3, 4))]
    told = [(each.diamonds, each.left) for each in (make_offer(dials, day, last, NOW) for last in lasts)]
    assert told == [(20, 4), (40, 3), (80, 2), (160, 1), (20, 0)]
    assert make_offer(dials, other, Bought(day, 4), NOW).diamonds == 20


async def test_each_refill_of_a_day_costs_twice_as_much_and_goes_above_the_cap(wide: Database) -> None:
    member = await a_member(wide)
    paid = []
    for _ in range(4):
        [done] = await refill(wide, refilling(member))
        paid.append((done.number, done.diamonds, done.energy))
    assert paid == [(1, 20, 100), (2, 40, 100), (3, 80, 100), (4, 160, 100)]
    [refused] = await refill(wide, refilling(member))
    assert (str(refused.code), refused.retryable, refused.retry_at) == ("REFILLS_USED_UP", True, DAY_ENDS)
    assert await rows(wide, "SELECT energy, revision FROM boards") == [(500, 5)]
    assert await rows(wide, "SELECT balance FROM wallets WHERE currency = 'DIAMONDS'") == [(700,)]
    [still] = await refill(wide, refilling(member, now=DAY_ENDS - timedelta(seconds=1)))
    assert str(still.code) == "REFILLS_USED_UP"
    assert await offered(wide, member) == (20, 0)
    [next_day] = await refill(wide, refilling(member, 20, DAY_ENDS))
    assert (next_day.day, next_day.number, next_day.diamonds) == (date(2027, 3, 11), 1, 20)
    async with wide.read() as connection:
        exported = await export_refills(connection, member)
    assert [(each["day"], each["number"]) for each in exported] == [
        ("2027-03-11", 1), *(("2027-03-10", number) for number in (4, 3, 2, 1)),
    ]  # fmt: skip
    await check(wide, member)


async def test_sixteen_connections_pay_each_number_once(wide: Database) -> None:
    member = await a_member(wide)
    answers = [each for [each] in await asyncio.gather(*(refill(wide, refilling(member)) for _ in range(CONNECTIONS)))]
    bought = sorted((each.number, each.diamonds) for each in answers if isinstance(each, EnergyRefilled))
    assert bought == [(1, 20), (2, 40), (3, 80), (4, 160)]
    assert {str(each.code) for each in answers if isinstance(each, Refused)} == {"REFILLS_USED_UP"}
    await check(wide, member)


async def test_sixteen_who_agreed_to_the_first_price_buy_one_refill(wide: Database) -> None:
    member = await a_member(wide)
    answers = [
        each for [each] in await asyncio.gather(*(refill(wide, refilling(member, 20)) for _ in range(CONNECTIONS)))
    ]  # fmt: skip
    assert [each.diamonds for each in answers if isinstance(each, EnergyRefilled)] == [20]
    assert {str(each.code) for each in answers if isinstance(each, Refused)} == {"PRICE_CHANGED"}
    assert await rows(wide, "SELECT count(*) FROM refills") == [(1,)]
    await check(wide, member)


async def test_the_same_request_sixteen_times_is_paid_once_and_answered_alike(wide: Database) -> None:
    member, request = await a_member(wide), uuid4()
    asked = [refilling(member, 20, request=request) for _ in range(CONNECTIONS)]
    answers = [each for [each] in await asyncio.gather(*(refill(wide, each) for each in asked))]
    assert all(each == answers[0] for each in answers)
    assert isinstance(answers[0], EnergyRefilled)
    assert await rows(wide, "SELECT energy FROM boards") == [(200,)]
    await check(wide, member)


async def test_a_batch_of_two_members_and_two_prices_is_as_if_each_had_come_alone(wide: Database) -> None:
    one, other = await a_member(wide), await a_member(wide, 30)
    done = await refill(wide, refilling(one), refilling(other), refilling(one), refilling(other), refilling(one, 79))
    assert [getattr(each, "diamonds", None) or str(each.code) for each in done] == [
        20, 20, 40, "NOT_ENOUGH", "PRICE_CHANGED",
    ]  # fmt: skip
    await check(wide, one, other)


async def test_each_no_has_its_code_and_changes_nothing(wide: Database) -> None:
    poor, fresh, gone = await a_member(wide, 19), await new_member(wide), await a_member(wide)
    await change_row(wide, "UPDATE members SET status = $2 WHERE id = $1", gone, MemberStatus.SUSPENDED.value)
    kept = "SELECT md5(string_agg(b::text, ',' ORDER BY member_id)) FROM boards b"
    before = await rows(wide, kept)

    async def code(command: RefillEnergy) -> str:
        [answer] = await refill(wide, command)
        return str(answer.code)

    assert await code(refilling(poor, 19)) == "PRICE_CHANGED"
    assert await code(refilling(poor, -1)) == "PRICE_CHANGED"
    assert await code(refilling(poor)) == "NOT_ENOUGH"
    assert await code(refilling(fresh)) == "NOT_ENOUGH"
    assert await code(refilling(gone)) == "MEMBER_SUSPENDED"
    assert await code(refilling(uuid4())) == "MEMBER_NOT_FOUND"
    async with wide.work() as work:
        await sheets.pause(work, "board", message="later", reason="test", operator="op", now=NOW)
    assert await code(refilling(poor)) == "PAUSED"
    assert await rows(wide, kept) == before
    assert await rows(wide, "SELECT count(*) FROM refills") == [(0,)]
    await check(wide, poor, fresh)


async def test_a_board_that_was_never_opened_is_opened_by_a_refill(wide: Database) -> None:
    member = await new_member(wide)
    await give_currency(wide, member, Currency.DIAMONDS, 20, NOW)
    [done] = await refill(wide, refilling(member, 20))
    assert done.diamonds == 20
    assert await rows(wide, "SELECT energy, revision FROM boards") == [(200, 1)]
    await check(wide, member)


async def test_a_zone_that_brings_a_day_back_brings_no_refill_back(wide: Database) -> None:
    """Two days' refills are used up; a move far to the west makes today the day before, and that stays used up."""
    member = await a_member(wide, 10_000)
    later = DAY_ENDS + timedelta(hours=1)
    for now in (NOW, later):
        assert all(isinstance(each, EnergyRefilled) for [each] in [await refill(wide, refilling(member, now=now))])
    for _ in range(3):
        await refill(wide, refilling(member, now=later))
    key = RequestKey(member, uuid4(), fingerprint("setTimezone", {"timezone": "America/Los_Angeles"}))
    await run_action(wide, set_timezones, [SetTimezone(key, member, "America/Los_Angeles", later)])
    [refused] = await refill(wide, refilling(member, now=later + timedelta(hours=1)))
    assert str(refused.code) == "REFILLS_USED_UP"
    [done] = await refill(wide, refilling(member, now=refused.retry_at))
    assert (done.day, done.number) == (date(2027, 3, 12), 1)
    await check(wide, member)


async def test_a_check_in_and_a_refill_speak_of_the_same_day(wide: Database) -> None:
    member = await a_member(wide)
    for now in (DAY_ENDS - timedelta(seconds=1), DAY_ENDS):
        [came] = await run_action(wide, check_in, [coming(member, now)])
        [done] = await refill(wide, refilling(member, now=now))
        assert came.day == done.day


async def test_a_sheet_without_refills_sells_none(wide: Database) -> None:
    member = await a_member(wide)
    body = sheet("board")
    del body["refill"]
    async with wide.work() as work:
        await sheets.publish(work, *BOARD[:2], body, BOARD[2], author="op", reason="test", based_on=1, now=NOW)
    [refused] = await refill(wide, refilling(member))
    assert str(refused.code) == "REFILLS_USED_UP"
    assert (await offered(wide, member))[1] == 0
