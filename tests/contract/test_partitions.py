"""Partitions by time: what is made, moved and dropped, by whom, and that a page is still read in the order of ids."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from api.runtime.clock import Mint, SystemDice, utc_now
from api.runtime.database import Database
from api.runtime.jobs.polling import run_job
from api.runtime.jobs.tending import tending_of
from api.runtime.migrations import migrate, newest_revision
from api.runtime.partitions import (
    Partition,
    drop_expired,
    least_id,
    make_ahead,
    partitioned_tables,
    period_start,
    read_partitions,
    shifted,
)
from api.runtime.upgrading import configuration
from api.settings import Settings
from loyalty.timeline import store
from loyalty.timeline.actions import audit
from loyalty.work import Work

T = TypeVar("T")
LONG_AGO = datetime(2019, 2, 3, 4, 5, tzinfo=UTC)
EVENTS, EXPOSURES = sorted(partitioned_tables(), key=lambda table: table.name)
mint = Mint(SystemDice())


async def as_owner(url: str, act: Callable[[Connection], T]) -> T:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        done = await connection.run_sync(act)
    await engine.dispose()
    return done


async def raw(url: str) -> asyncpg.Connection:
    parts = make_url(url)
    return await asyncpg.connect(
        user=parts.username, database=parts.database, host=parts.query["host"], port=int(str(parts.query["port"]))
    )


def row(at: datetime, member_id: UUID | None = None) -> tuple[UUID, UUID, str, datetime, str, None]:
    return member_id or uuid4(), mint(at), "app_opened", at, "{}", None


async def put(database: Database, *rows: Any, exposures: bool = False) -> None:
    async with database.work() as work:
        await (store.insert_exposures if exposures else store.insert_events)(work, rows)


async def places(database: Database, table: str) -> dict[datetime, str]:
    """When each row happened -> the partition in which it lies."""
    async with database.read() as connection:
        return {
            found["at"]: found["place"]
            for found in await connection.fetch(f"SELECT at, tableoid::regclass::text AS place FROM {table}")
        }


@pytest.mark.parametrize(
    ("at", "months", "start"),
    [
        (datetime(2026, 11, 25, 8, tzinfo=UTC), 1, datetime(2026, 11, 1, tzinfo=UTC)),
        (datetime(2026, 11, 25, 8, tzinfo=UTC), 3, datetime(2026, 10, 1, tzinfo=UTC)),
        (datetime.fromisoformat("2027-01-01T07:59:59+08:00"), 3, datetime(2026, 10, 1, tzinfo=UTC)),
        (datetime.fromisoformat("2027-01-01T08:00:00+08:00"), 3, datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_periods_begin_at_midnight_in_utc(at: datetime, months: int, start: datetime) -> None:
    assert period_start(at, months) == start


def test_months_are_counted_over_the_turn_of_the_year() -> None:
    assert shifted(datetime(2026, 11, 1, tzinfo=UTC), 3) == datetime(2027, 2, 1, tzinfo=UTC)
    assert shifted(datetime(2026, 1, 1, tzinfo=UTC), -13) == datetime(2024, 12, 1, tzinfo=UTC)


def test_every_id_of_a_period_lies_between_its_bounds() -> None:
    start = datetime(2026, 10, 1, tzinfo=UTC)
    assert mint(start - timedelta(milliseconds=1)) < least_id(start) < mint(start)


async def test_a_database_of_revision_0001_keeps_its_rows_and_rights(owner_url: str, database: Database) -> None:
    owner = await raw(owner_url)
    await owner.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await as_owner(owner_url, lambda connection: _upgrade_to(connection, "0001"))
    now = utc_now()
    events = [row(LONG_AGO), row(now), row(now + timedelta(days=500))]
    for statement in (store.INSERT_EVENTS, store.INSERT_EXPOSURES):
        await owner.execute(statement, *map(list, zip(*events, strict=True)))
    await owner.close()

    assert await asyncio.to_thread(migrate, owner_url) == newest_revision()
    for table in ("events", "exposures"):
        assert await places(database, table) == {each[3]: f"{table}_earlier" for each in events}
    async with database.read() as connection:
        assert await store.load_event(connection, events[1][0], events[1][1])
    await put(database, row(now + timedelta(days=600)))
    with pytest.raises(asyncpg.UniqueViolationError):
        await put(database, events[1])


def _upgrade_to(connection: Connection, revision: str) -> None:
    settings = configuration()
    settings.attributes["connection"] = connection
    command.upgrade(settings, revision)


async def test_down_and_up_again_loses_nothing(owner_url: str, database: Database) -> None:
    kept = [row(LONG_AGO), row(utc_now())]
    await put(database, *kept)

    def down(connection: Connection) -> None:
        settings = configuration()
        settings.attributes["connection"] = connection
        command.downgrade(settings, "0001")

    await as_owner(owner_url, down)
    await asyncio.to_thread(migrate, owner_url)
    assert set(await places(database, "events")) == {each[3] for each in kept}


async def test_a_row_lies_in_the_period_of_its_id_whatever_its_time(database: Database) -> None:
    now = utc_now()
    far = now + timedelta(days=4000)
    await put(database, row(LONG_AGO), row(now), row(far))
    found = await places(database, "events")
    assert found == {LONG_AGO: "events_earlier", now: f"events_{period_start(now, 3):%Y_%m}", far: "events_later"}


async def test_periods_are_made_ahead_and_what_came_too_early_moves_in(owner_url: str, database: Database) -> None:
    now = utc_now()
    early = now + timedelta(days=1000)
    await put(database, row(now), row(early))
    assert await as_owner(owner_url, lambda connection: make_ahead(connection, EVENTS, now)) == []
    made = await as_owner(owner_url, lambda connection: make_ahead(connection, EVENTS, early))
    assert made[-1] == f"events_{shifted(period_start(early, 3), 6):%Y_%m}"
    assert (await places(database, "events"))[early] == f"events_{period_start(early, 3):%Y_%m}"
    partitions = await as_owner(owner_url, lambda connection: read_partitions(connection, "events"))
    assert [each.end for each in partitions[:-1]] == [each.start for each in partitions[1:]], "no gap"
    assert partitions[0].start is None
    assert partitions[-1] == Partition("events_later", partitions[-2].end, None)


async def test_what_is_past_its_time_is_dropped_whole_and_nothing_else(owner_url: str, database: Database) -> None:
    now = datetime(2028, 5, 6, tzinfo=UTC)
    await as_owner(owner_url, lambda connection: make_ahead(connection, EXPOSURES, now))
    old, last, kept = (datetime(2027, month, 28, 23, tzinfo=UTC) for month in (1, 3, 4))
    await put(database, *map(row, (LONG_AGO, old, last, kept, now)), exposures=True)
    dropped = await as_owner(owner_url, lambda connection: drop_expired(connection, EXPOSURES, now, 13))
    assert {"exposures_earlier", "exposures_2027_01", "exposures_2027_03"} <= set(dropped)
    assert set(await places(database, "exposures")) == {kept, now}
    await put(database, row(LONG_AGO), exposures=True)
    assert (await places(database, "exposures"))[LONG_AGO] == "exposures_earlier", "a late row is still taken"
    assert await as_owner(owner_url, lambda connection: drop_expired(connection, EXPOSURES, now, 0)) == []
    await as_owner(owner_url, lambda connection: drop_expired(connection, EXPOSURES, now, 13))
    assert LONG_AGO not in await places(database, "exposures")


async def test_the_apps_role_can_neither_drop_nor_reach_past_the_parent(database: Database) -> None:
    await put(database, row(LONG_AGO))
    refused = (
        "DROP TABLE events_earlier",
        "ALTER TABLE events DETACH PARTITION events_earlier",
        "DELETE FROM events_earlier",
        "TRUNCATE events_earlier",
        "CREATE TABLE public.mine (id int)",
    )
    for statement in refused:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.work() as work:
                await work.connection.execute(statement)
    assert len(await places(database, "events")) == 1


async def test_the_job_tends_as_the_owner_and_leaves_it_to_him_otherwise(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    later = utc_now() + timedelta(days=800)
    stranger = replace(settings, database_owner_url=settings.database_url)
    assert await run_job(database, tending_of(stranger), later)
    told = [record for record in caplog.records if record.message.startswith("partitions are left to the owner")]
    assert len(told) == 2
    await put(database, row(later), row(LONG_AGO), exposures=True)
    assert (await places(database, "exposures"))[later] == "exposures_later"
    assert await run_job(database, tending_of(settings), later)
    assert await places(database, "exposures") == {later: f"exposures_{later:%Y_%m}"}


async def test_the_audit_says_when_this_month_has_no_partition(database: Database) -> None:
    async with database.read() as connection:
        now, later = await audit(connection, utc_now()), await audit(connection, utc_now() + timedelta(days=800))
    assert [(each.broken, each.ok) for each in (now[-1], later[-1])] == [(0, True), (2, True)]


async def test_pages_of_a_timeline_are_read_in_the_order_of_ids_without_sorting(
    owner_url: str, database: Database
) -> None:
    members = [uuid4() for _ in range(40)]
    now = utc_now()
    for months in (0, 14):
        at = now - timedelta(days=30 * months)
        await put(database, *(row(at - timedelta(hours=hours), each) for hours in range(200) for each in members))
    await as_owner(owner_url, lambda connection: connection.execute(text("ANALYZE events")))
    async with database.read() as connection:
        for before in (None, mint(now - timedelta(days=4))):
            lines = await connection.fetch(f"EXPLAIN {store.PAGE}", members[0], before, 20)
            plan = "\n".join(line[0] for line in lines)
            assert "Sort" not in plan, plan
            assert "Seq Scan" not in plan, plan


async def test_a_write_goes_on_while_partitions_are_made(owner_url: str, database: Database) -> None:
    """Side by side with steady writes: both come through, and every row is there."""
    written = 0
    done = asyncio.Event()

    async def writing() -> None:
        nonlocal written
        while not done.is_set():
            async with database.work() as work:
                await insert(work)
            written += 1

    async def insert(work: Work) -> None:
        await store.insert_events(work, [row(utc_now())])

    tasks = [asyncio.create_task(writing()) for _ in range(4)]
    for days in (400, 800, 1200):
        at = utc_now() + timedelta(days=days)
        await as_owner(owner_url, lambda connection, at=at: make_ahead(connection, EVENTS, at))
    done.set()
    await asyncio.gather(*tasks)
    assert written > 0
    async with database.read() as connection:
        assert await connection.fetchval("SELECT count(*) FROM events") == written
