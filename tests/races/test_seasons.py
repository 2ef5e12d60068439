"""The turn of a season on the real database: several workers, members who play on, one end for each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.content import PARSERS
from api.runtime.database import Database
from api.runtime.jobs.polling import run_job
from api.runtime.jobs.work import jobs_of
from game.checkin.actions import check_in
from game.season import actions as seasons
from loyalty.ledger.rules import Currency
from loyalty.sheets import actions as sheets
from tests.journeys.test_jobs import Kept
from tests.races.test_checkin import DAY, HOUR, NOW, check_books, code, come, coming, seed_calendar
from tests.races.test_compensation import workers
from tests.seeding import give_currency, make_shoppers, wallet_of

TURN = NOW + 3 * DAY
LATER = TURN + timedelta(minutes=2)


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=16)
    await seed_calendar(database)
    yield database
    await database.close()


async def publish(database: Database, now: datetime, **changes: Any) -> None:
    """The season's sheet with other values, in force at once."""
    async with database.work() as work:
        [last, *_] = await sheets.load_versions(work.connection, kind="season", key="current", limit=1)
        await sheets.publish(
            work, "season", "current", {**json.loads(last.body), **changes}, PARSERS["season"], author="ann",
            reason="the next season", based_on=None, now=now,
        )  # fmt: skip


async def run(database: Database, now: datetime = LATER) -> None:
    job = next(job for job in jobs_of(Kept()) if job.name == "seasons")
    assert await run_job(database, job, now), "the job failed; the log says where"


async def check(database: Database, *member_ids: UUID) -> None:
    async with database.read() as connection:
        assert [each for each in await seasons.audit(connection, LATER) if not each.ok] == []
    for member_id in member_ids:
        await check_books(database, member_id)


async def turns(database: Database) -> list[tuple[str, str, int, bool]]:
    async with database.read() as connection:
        found = await seasons.read_turns(connection)
    return [(each["season"], each["following"], each["members"], each["finished_at"] is not None) for each in found]


async def test_nothing_ends_while_the_code_stays_or_before_the_turn_has_settled(shop: Database) -> None:
    await publish(shop, NOW, hold_seconds=700)
    await run(shop)
    await publish(shop, TURN, code="2027-summer")
    await run(shop, TURN + timedelta(seconds=59))
    assert await turns(shop) == []
    await run(shop)
    assert await turns(shop) == [("2027-spring", "2027-summer", 0, True)]
    await check(shop)


async def test_what_expires_is_of_the_old_season_alone_and_the_archive_tells_it(shop: Database) -> None:
    member, other = [each.id for each in await make_shoppers(shop, 2)]
    await publish(shop, NOW, at_end={"diamonds": "EXPIRE", "streak": "RESET"})
    for each in range(3):
        await come(shop, member, NOW + each * DAY)
    had = (await wallet_of(shop, member, Currency.DIAMONDS)).balance
    await give_currency(shop, member, Currency.TICKETS, 2, NOW)
    await publish(shop, TURN, code="2027-summer")
    await come(shop, member, TURN + HOUR)  # before the job comes by: the new season's first day
    since = (await wallet_of(shop, member, Currency.DIAMONDS)).balance - had
    late = TURN + 2 * HOUR
    await run(shop, late)
    await run(shop, late)
    assert (await wallet_of(shop, member, Currency.DIAMONDS)).balance == since > 0
    assert (await wallet_of(shop, member, Currency.TICKETS)).balance == 2
    async with shop.read() as connection:
        [ended] = await seasons.read_ended(connection, member, limit=5)
        [nothing] = await seasons.read_ended(connection, other, limit=5)
    assert (ended.season, ended.streak, ended.total, ended.diamonds, ended.expired_diamonds, ended.expired_tickets) == (
        "2027-spring", 4, 4, had + since, had, 0,
    )  # fmt: skip
    assert (nothing.level, nothing.diamonds, nothing.expired_diamonds) == (1, 0, 0)
    assert (await come(shop, member, TURN + DAY)).streak.length == 2, "one day of the new season, and today"
    await check(shop, member, other)


async def test_a_command_of_the_old_season_is_refused_and_one_after_the_end_waits(shop: Database) -> None:
    [member] = [each.id for each in await make_shoppers(shop, 1)]
    await publish(shop, NOW, ends=(NOW + DAY).date().isoformat())

    def asked(season: str | None, now: datetime) -> Any:
        plain = coming(member, now)
        return type(plain)(plain.request, member, None, now, season)

    assert await code(shop, check_in, asked("2026-winter", NOW)) == "SEASON_OVER"
    assert await code(shop, check_in, asked("2027-spring", NOW)) == "ok"
    assert await code(shop, check_in, asked(None, NOW + DAY)) == "SEASON_OVER"
    await publish(shop, NOW + DAY, code="2027-summer", ends=(NOW + 90 * DAY).date().isoformat())
    assert await code(shop, check_in, asked("2027-spring", NOW + DAY)) == "SEASON_OVER"
    assert await code(shop, check_in, asked("2027-summer", NOW + DAY)) == "ok"
    await check(shop, member)


async def test_four_workers_and_players_end_the_season_once_for_each(shop: Database) -> None:
    members = [each.id for each in await make_shoppers(shop, 400)]
    await publish(shop, NOW, at_end={"diamonds": "EXPIRE", "streak": "RESET"})
    players = members[::20]
    for each in players:
        await come(shop, each, NOW)
    await publish(shop, TURN, code="2027-summer")
    async with workers(shop) as servers:
        await asyncio.gather(
            *(run(each) for each in servers), *(code(shop, check_in, coming(each, LATER)) for each in players)
        )
    await run(shop)
    assert await turns(shop) == [("2027-spring", "2027-summer", 400, True)]
    for each in players:
        diamonds = (await wallet_of(shop, each, Currency.DIAMONDS)).balance
        assert diamonds > 0, "the new season's day stays, whoever was first"
    async with shop.read() as connection:
        took = await connection.fetchval("SELECT -sum(amount) FROM transfers WHERE account = 'sink:season'")
        events = await connection.fetchval("SELECT count(*) FROM events WHERE kind = 'season_ended'")
    assert (took, events) == (30 * len(players), 400)
    await check(shop, *players)


async def test_a_season_that_ended_while_nobody_worked_ends_before_the_one_after_it(shop: Database) -> None:
    [member] = [each.id for each in await make_shoppers(shop, 1)]
    await come(shop, member, NOW)
    await publish(shop, TURN, code="2027-summer")
    await publish(shop, TURN + DAY, code="2027-autumn")
    await run(shop, TURN + 2 * DAY)
    assert [each[:2] for each in await turns(shop)] == [
        ("2027-summer", "2027-autumn"), ("2027-spring", "2027-summer"),
    ]  # fmt: skip
    async with shop.read() as connection:
        assert len(await seasons.read_ended(connection, member, limit=5)) == 2
    await check(shop, member)
