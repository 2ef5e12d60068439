"""The unit of work: what it commits, what it undoes, and that no connection comes back spoilt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlmodel import select

from api.runtime.database import Database, Plans
from loyalty.members.rules import IdentityKind
from loyalty.members.tables import IdentityRow
from loyalty.work import Work
from tests.seeding import NOW

MARK = "INSERT INTO identities (kind, subject, member_id, at) VALUES ('demo', $1, $2, $3)"


@pytest.fixture
async def small(shared_database: Database) -> AsyncIterator[Database]:
    """The same database through a pool of one connection: whatever one transaction leaves, the next one meets."""
    opened = Database(shared_database.engine.url.render_as_string(hide_password=False), pool_size=1)
    yield opened
    await opened.close()


async def mark(work: Work) -> str:
    subject = uuid4().hex
    await work.connection.execute(MARK, subject, UUID(int=1), NOW)
    return subject


def row_of_a_session() -> IdentityRow:
    return IdentityRow(kind=IdentityKind.DEMO.value, subject=uuid4().hex, member_id=UUID(int=1), at=NOW)


async def stands(database: Database, subject: str) -> bool:
    async with database.read() as connection:
        return bool(
            await connection.fetchval("SELECT true FROM identities WHERE kind = 'demo' AND subject = $1", subject)
        )


async def test_a_unit_of_work_commits_at_its_end_and_not_before(small: Database, shared_database: Database) -> None:
    async with small.work() as work:
        subject = await mark(work)
        assert not await stands(shared_database, subject)
    assert await stands(shared_database, subject)


async def test_rollback_undoes_a_raw_write(small: Database) -> None:
    with pytest.raises(RuntimeError):
        async with small.work() as work:
            subject = await mark(work)
            raise RuntimeError
    assert not await stands(small, subject)


async def test_without_the_drivers_transaction_a_raw_write_survives_the_rollback(small: Database) -> None:
    # The trap that the unit of work is built around: SQLAlchemy begins nothing until it executes something itself.
    async with small.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        subject = await mark(Work(driver, small.mint, small.dice))
        await connection.rollback()
    assert await stands(small, subject)


async def test_a_session_joins_the_transaction_of_the_work_beside_it(small: Database) -> None:
    async with small.session() as (work, session):
        raw = await mark(work)
        row = (await session.exec(select(IdentityRow).where(IdentityRow.subject == raw))).one()
        assert row.member_id == UUID(int=1)
        session.add(mapped := row_of_a_session())
        await session.flush()
        seen = await work.connection.fetchval(
            "SELECT count(*) FROM identities WHERE subject = ANY($1)", [raw, mapped.subject]
        )
        assert seen == 2
    assert await stands(small, raw)
    assert await stands(small, mapped.subject)


async def test_rollback_undoes_raw_and_mapped_writes_together(small: Database, shared_database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with small.session() as (work, session):
            raw = await mark(work)
            session.add(mapped := row_of_a_session())
            await session.flush()
            await session.exec(select(IdentityRow).limit(1))
            later = await mark(work)
            raise RuntimeError
    for subject in (raw, mapped.subject, later):
        assert not await stands(shared_database, subject)


async def test_a_session_that_was_never_flushed_is_written_at_the_end(small: Database) -> None:
    async with small.session() as (_, session):
        session.add(mapped := row_of_a_session())
    assert await stands(small, mapped.subject)


async def test_a_failed_statement_spoils_its_own_transaction_alone(small: Database) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        async with small.work() as work:
            subject = await mark(work)
            await work.connection.execute(MARK, subject, UUID(int=1), NOW)
    assert not await stands(small, subject)
    async with small.work() as work:
        again = await mark(work)
    assert await stands(small, again)


@pytest.mark.parametrize("at_commit", [False, True], ids=["within", "at the commit"])
async def test_a_cancelled_unit_of_work_leaves_a_connection_that_works(small: Database, at_commit: bool) -> None:
    for _ in range(5):

        async def cancelled() -> None:
            async with small.work() as work:
                await mark(work)
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
                if not at_commit:
                    await work.connection.execute("SELECT pg_sleep(1)")

        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(cancelled())
        async with small.work() as work:
            subject = await mark(work)
        async with small.session() as (work, _):
            other = await mark(work)
        assert await stands(small, subject)
        assert await stands(small, other)


async def test_a_connection_that_the_server_closed_is_replaced(small: Database) -> None:
    async with small.read() as connection:
        pid = await connection.fetchval("SELECT pg_backend_pid()")
    other = Database(small.engine.url.render_as_string(hide_password=False), pool_size=1)
    async with other.read() as connection:
        assert await connection.fetchval("SELECT pg_terminate_backend($1)", pid)
    await asyncio.sleep(0.1)
    async with small.work() as work:
        subject = await mark(work)
    assert await stands(small, subject)
    await other.close()


@pytest.mark.parametrize(
    ("plans", "planned"), [(Plans.AS_ASKED, (0, 3)), (Plans.BY_KEYS, (0, 3)), (Plans.ONCE, (3, 0))]
)
async def test_a_statement_is_planned_once_where_that_is_wanted(
    shared_database: Database, plans: Plans, planned: tuple[int, int]
) -> None:
    url = shared_database.engine.url.render_as_string(hide_password=False)
    planning = Database(url, pool_size=1, plans=plans)
    try:
        async with planning.read() as connection:
            for n in range(3):
                await connection.fetch("SELECT subject FROM identities WHERE kind = $1 AND subject = 'x'", str(n))
            [row] = await connection.fetch(
                "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT subject%'"
            )
    finally:
        await planning.close()
    assert tuple(row) == planned
