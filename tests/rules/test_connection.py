"""Writes that go together: one statement for several, and nobody can tell it from what comes of them one by one."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from api.runtime.database import Database, Plans
from loyalty.connection import Connection, join_writes, target_of
from loyalty.receipts import store as receipts
from loyalty.requests import store as requests
from loyalty.work import Work
from tests.seeding import NOW

ROOT = Path(__file__).resolve().parents[2]
EVENTS = "INSERT INTO events (member_id, id, kind, at, facts) VALUES ($1, $2, 'noted', $3, '{}')"
CONSENTS = "INSERT INTO consents (id, member_id, purpose, version, granted, at) VALUES ($1, $2, 'ads', '1', true, $3)"


@dataclass
class Counted:
    """The driver, with a list of what was executed."""

    driver: Any
    executed: list[str] = field(default_factory=list)

    async def execute(self, statement: str, *arguments: Any) -> Any:
        self.executed.append(statement)
        return await self.driver.execute(statement, *arguments)

    async def fetchval(self, statement: str, *arguments: Any) -> Any:
        return await self.driver.fetchval(statement, *arguments)


def opened(work: Work) -> tuple[Connection, Counted]:
    """Another connection over the same transaction, and what it sends."""
    counted: Any = Counted(work.connection.driver)
    return Connection(counted), counted


async def note(connection: Connection, member_id: UUID) -> None:
    await connection.write(EVENTS, member_id, uuid4(), NOW)


async def consent(connection: Connection, member_id: UUID, id_: UUID | None = None) -> None:
    await connection.write(CONSENTS, id_ or uuid4(), member_id, NOW)


async def count(connection: Any, table: str, member_id: UUID) -> int:
    return int(await connection.fetchval(f"SELECT count(*) FROM {table} WHERE member_id = $1", member_id))


def test_arguments_follow_each_other_past_the_ninth() -> None:
    first = "INSERT INTO a VALUES (" + ", ".join(f"${number}" for number in range(1, 12)) + ")"
    joined = join_writes((first, "UPDATE b SET x = $2, y = $2 WHERE id = $1", "\nDELETE FROM c WHERE id = $1\n"))
    assert joined == (
        f"WITH w0 AS (DELETE FROM c WHERE id = $14), w1 AS (UPDATE b SET x = $13, y = $13 WHERE id = $12) {first}"
    )
    assert join_writes((first,)) == first


async def test_writes_are_done_in_their_order(owner_url: str) -> None:
    """Locks are taken as they would be one by one."""
    owner = Database(owner_url, pool_size=1)
    tables = ("first", "second", "third", "fourth")
    async with owner.work() as work:
        await work.connection.execute("CREATE TEMP SEQUENCE turns")
        for table in tables:
            await work.connection.execute(f"CREATE TEMP TABLE {table} (named text, turn int DEFAULT nextval('turns'))")
        for table in tables:
            await work.connection.write(f"INSERT INTO {table} (named) VALUES ($1)", table)
        rows = await work.connection.fetch(" UNION ALL ".join(f"SELECT named, turn FROM {table}" for table in tables))
    await owner.close()
    assert [(row["named"], row["turn"]) for row in rows] == [(table, at) for at, table in enumerate(tables, 1)]


def test_a_write_begins_with_its_table() -> None:
    assert [target_of(each) for each in (EVENTS, "\nUPDATE lots SET x = 1", "DELETE FROM outbox")] == [
        "events", "lots", "outbox",
    ]  # fmt: skip
    with pytest.raises(AssertionError, match="begins with the table"):
        target_of("SELECT 1")


async def test_writes_wait_for_each_other_and_are_found_by_whoever_reads(shared_database: Database) -> None:
    member_id = uuid4()
    async with shared_database.work() as work:
        connection, sent = opened(work)
        await note(connection, member_id)
        await consent(connection, member_id)
        assert sent.executed == []
        assert await count(connection, "events", member_id) == 1
        assert await count(connection, "consents", member_id) == 1
        assert len(sent.executed) == 1


async def test_a_table_is_changed_once_in_one_statement(shared_database: Database) -> None:
    member_id = uuid4()
    async with shared_database.work() as work:
        connection, sent = opened(work)
        for _ in range(3):
            await note(connection, member_id)
            await consent(connection, member_id)
        await connection.flush()
        await connection.flush()
    assert len(sent.executed) == 3
    async with shared_database.read() as reader:
        assert [await count(reader, table, member_id) for table in ("events", "consents")] == [3, 3]


async def test_what_waits_is_sent_before_the_commit_and_not_after_a_failure(shared_database: Database) -> None:
    kept, lost = uuid4(), uuid4()
    async with shared_database.work() as work:
        await note(work.connection, kept)
        await consent(work.connection, kept)
    with pytest.raises(RuntimeError):
        async with shared_database.work() as work:
            await note(work.connection, lost)
            raise RuntimeError
    async with shared_database.read() as reader:
        assert [await count(reader, table, kept) for table in ("events", "consents")] == [1, 1]
        assert await count(reader, "events", lost) == 0


async def test_a_key_that_stands_already_undoes_all_of_the_transaction(shared_database: Database) -> None:
    member_id, taken = uuid4(), uuid4()
    async with shared_database.work() as work:
        await consent(work.connection, member_id, taken)
    with pytest.raises(asyncpg.UniqueViolationError):
        async with shared_database.work() as work:
            await note(work.connection, member_id)
            await consent(work.connection, member_id, taken)
    async with shared_database.read() as reader:
        assert await count(reader, "events", member_id) == 0


async def test_beside_a_session_a_write_goes_at_once(shared_database: Database) -> None:
    member_id = uuid4()
    async with shared_database.session() as (work, _):
        await note(work.connection, member_id)
        assert await work.connection.driver.fetchval("SELECT count(*) FROM events WHERE member_id = $1", member_id) == 1


def written() -> list[tuple[str, str]]:
    """Of each statement that a store hands to `write`: its module and name."""
    found = []
    for path in sorted(each for house in ("loyalty", "rewards", "game") for each in ROOT.glob(f"{house}/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("connection.write"):
                found.append((".".join(path.relative_to(ROOT).with_suffix("").parts), ast.unparse(node.args[0])))
    return sorted(set(found))


def test_stores_hand_over_writes_by_name() -> None:
    assert len(written()) > 40
    assert all(name.isupper() for _, name in written())


@pytest.mark.parametrize(("module", "name"), written())
def test_what_goes_together_reads_nothing_but_its_arguments_and_its_rows(module: str, name: str) -> None:
    """In one statement with others it would not see what they write."""
    statement = getattr(__import__(module, fromlist=[name]), name)
    target = target_of(statement)
    read = set(re.findall(r"\b(?:FROM|JOIN|USING)\s+(\w+)", statement.replace(f"DELETE FROM {target}", "", 1)))
    assert read <= {"unnest"}, read
    assert "RETURNING" not in statement


@pytest.mark.parametrize(
    ("statement", "types"),
    [
        (requests.LOAD, "uuid[], uuid[]"), (receipts.LOAD_RECEIPTS, "uuid[], text[]"),
        (receipts.FIND_RECEIPTS, "uuid[], text[]"), (receipts.LOAD_RETURNS, "uuid[], text[]"),
    ],
    ids=["results of requests", "receipts", "receipt numbers", "returns"],
)  # fmt: skip
async def test_what_is_found_by_keys_is_planned_so_while_its_tables_are_small(
    owner_url: str, database_url: str, statement: str, types: str
) -> None:
    """A plan is kept: one that reads all of a table does so long after the table has grown."""
    url = make_url(owner_url)
    owner = await asyncpg.connect(user=url.username, database=url.database, host=str(url.query["host"]))
    await owner.execute("ANALYZE request_results, receipt_directory, receipts, return_directory, returns")
    await owner.close()
    database = Database(database_url, pool_size=1, plans=Plans.BY_KEYS)
    try:
        async with database.read() as connection:
            await connection.execute("SET plan_cache_mode = force_generic_plan")
            await connection.execute(f"PREPARE asked ({types}) AS {statement}")
            lines = [row[0].strip() for row in await connection.fetch("EXPLAIN EXECUTE asked ('{}', '{}')")]
    finally:
        await database.close()
    scans = [after for line, after in pairwise(lines) if re.match(r"->\s+(Index|Seq|Bitmap)", line)]
    assert scans, lines
    assert all(after.startswith("Index Cond: ") for after in scans), "\n".join(lines)


async def test_an_instant_is_written_as_it_is_read(shared_database: Database) -> None:
    """Arguments of several statements keep their types."""
    member_id, at = uuid4(), NOW + timedelta(microseconds=1)
    async with shared_database.work() as work:
        await consent(work.connection, member_id)
        await work.connection.write(EVENTS, member_id, uuid4(), at)
        assert await work.connection.fetchval("SELECT at FROM events WHERE member_id = $1", member_id) == at
