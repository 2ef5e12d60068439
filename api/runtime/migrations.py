"""Brings a database to the schema of this code, one server at a time, and refuses a database from newer code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

import asyncpg
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from api.runtime.clock import utc_now
from api.runtime.embedded.postgres import APP_ROLE
from api.runtime.partitions import partitioned_tables, tend
from api.runtime.privileges import grant_privileges

_ROOT = Path(__file__).resolve().parents[2]
# Any number that nothing else in the database locks.
_LOCK = 0x6D65726765

T = TypeVar("T")


class DatabaseNewer(Exception):
    """The database was migrated by newer code than this."""


class DatabaseOlder(Exception):
    """The database lacks a migration of this code."""


class DatabaseUnreachable(Exception):
    """No connection to the database could be had."""


def migrate(owner_url: str, app_role: str = APP_ROLE, *, exposures_months: int = 0) -> str:
    """Upgrades to the newest revision, grants `app_role` its rights, tends the partitions (exposures are kept
    so many months, 0: for good), and returns the revision.

    Servers that start together wait for each other (advisory lock); all or nothing. Refuses with `DatabaseNewer`, or
    with `DatabaseUnreachable` where there is no such role.
    Blocks and runs an event loop of its own: from a coroutine call it in a thread.
    """
    return asyncio.run(in_transaction(owner_url, lambda connection: _upgrade(connection, app_role, exposures_months)))


def check_not_newer(url: str) -> None:
    """Raises `DatabaseNewer` when the database holds a revision that this code does not know. Blocks, as above."""
    asyncio.run(in_transaction(url, _refuse_newer))


def check_current(url: str) -> None:
    """Raises `DatabaseNewer` or `DatabaseOlder` unless the database is at this code's revision. Blocks, as above."""
    asyncio.run(in_transaction(url, _refuse_other))


@cache
def revisions() -> tuple[str, ...]:
    """The revisions of this code, the oldest first: what the names of their files begin with.

    Told without Alembic, which takes a tenth of a server's start to bring in, and is needed only where the database
    lacks a revision.
    """
    found = (_ROOT / "migrations" / "versions").glob("[0-9]*_*.py")
    return tuple(sorted(path.name.partition("_")[0] for path in found))


def newest_revision() -> str:
    """The revision that this code needs."""
    return revisions()[-1]


async def in_transaction(url: str, act: Callable[[Connection], T]) -> T:
    """What `act` returns, in one transaction on a connection of its own, as the role of the URL: for DDL alone."""
    engine = create_async_engine(url, poolclass=NullPool)
    connection = engine.connect()
    try:
        await _connect(connection, url)
        try:
            async with connection.begin():
                return await connection.run_sync(act)
        finally:
            await connection.close()
    finally:
        await engine.dispose()


async def _connect(connection: AsyncConnection, url: str) -> None:
    try:
        await connection.start()
    except (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        parts = make_url(url)
        where = f"database {parts.database} on {parts.host or parts.query.get('host')} port {parts.port or 5432}"
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise DatabaseUnreachable(
            f"no connection to {where} ({reason}): check DATABASE_URL, DATABASE_OWNER_URL and that it runs"
        ) from None


def _held(connection: Connection) -> set[str]:
    """The revisions that the database says it is at; none before the first migration."""
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is None:
        return set()
    return set(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())


def _refuse_newer(connection: Connection) -> None:
    unknown = sorted(_held(connection) - {*revisions()})
    if unknown:
        raise DatabaseNewer(
            f"the database holds migration {', '.join(unknown)}, which this code does not know: it was migrated by a "
            "newer version; run that version, or restore a backup from before it"
        )


def _refuse_other(connection: Connection) -> None:
    _refuse_newer(connection)
    if _held(connection) != {newest_revision()}:
        raise DatabaseOlder("the database lacks migrations of this code: run `python main.py migrate` first")


def _refuse_stranger(connection: Connection, app_role: str) -> None:
    if connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": app_role}).first() is None:
        raise DatabaseUnreachable(
            f"the database server has no role {app_role}: make it (CREATE ROLE ... LOGIN), or correct the user in "
            "DATABASE_URL"
        )


def _upgrade(connection: Connection, app_role: str, exposures_months: int) -> str:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    _refuse_newer(connection)
    _refuse_stranger(connection, app_role)
    if _held(connection) != {newest_revision()}:
        from api.runtime.upgrading import upgrade  # noqa: PLC0415 - Alembic: a tenth of a start, and few starts need it

        upgrade(connection)
    grant_privileges(connection, app_role)
    for table in partitioned_tables():
        tend(connection, table, utc_now(), exposures_months)
    return newest_revision()
