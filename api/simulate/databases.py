"""The throwaway databases of a simulation: copies of a template on an embedded server, dropped at the end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from hashlib import sha256
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from api.content import seed_files, seed_sheets
from api.runtime.database import Database
from api.runtime.embedded import Embedded
from api.runtime.embedded.locks import FileLock
from api.runtime.migrations import migrate, newest_revision
from api.simulate.wanted import FIRST_DAY

_OWNER = "mergemart_owner"
_STEM = "simulated"


def template_name() -> str:
    """The template of this code's schema and of the sheets that ship with it."""
    told = "".join(f"{name}\n{text}" for name, text in sorted(seed_files().items()))
    digest = sha256(f"{FIRST_DAY} {newest_revision()}\n{told}".encode()).hexdigest()
    return f"template_{_STEM}_{digest[:16]}"


def name_of(process: int, number: int) -> str:
    """The name of a copy that this process makes."""
    return f"{_STEM}_{process}_{number}"


def url_of(role_url: str, name: str) -> str:
    """The same role on the database `name`."""
    return make_url(role_url).set(database=name).render_as_string(hide_password=False)


async def execute(servers: Embedded, statement: str, *arguments: Any) -> list[Any]:
    """One statement of the superuser, outside any transaction."""
    url = make_url(servers.admin_url)
    connection = await asyncpg.connect(
        user=url.username, database=url.database, host=url.query["host"], port=int(str(url.query["port"]))
    )
    try:
        return list(await connection.fetch(statement, *arguments))
    finally:
        await connection.close()


def make_template(servers: Embedded, now: datetime) -> None:
    """Makes the template where it is missing: migrated, with the shipped sheets in force from `now` on. Blocks.

    What killed simulations left is dropped first, and templates of other code.
    """
    with FileLock(servers.var / "simulation.lock").held():
        name = template_name()
        if not asyncio.run(_tidy(servers, name)):
            asyncio.run(execute(servers, f"CREATE DATABASE {name}_new OWNER {_OWNER}"))
            migrate(url_of(servers.owner_url, f"{name}_new"))
            asyncio.run(_seal(servers, name, now))


async def _tidy(servers: Embedded, name: str) -> bool:
    """Drops what is left over; whether the template is there."""
    rows = await execute(servers, "SELECT datname FROM pg_database WHERE datname LIKE $1", f"%{_STEM}\\_%")
    found = {row["datname"] for row in rows}
    for each in sorted(found - {name}):
        if each.startswith(f"template_{_STEM}_") or (each.startswith(f"{_STEM}_") and not _is_running(each)):
            await drop(servers, each)
    return name in found


def _is_running(name: str) -> bool:
    """Whether the process that made this copy is alive."""
    try:
        os.kill(int(name.split("_")[1]), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


async def _seal(servers: Embedded, name: str, now: datetime) -> None:
    database = Database(url_of(servers.database_url, f"{name}_new"), pool_size=1)
    try:
        async with database.work() as work:
            await seed_sheets(work, now)
    finally:
        await database.close()
    await execute(servers, f"ALTER DATABASE {name}_new RENAME TO {name}")


@asynccontextmanager
async def copied(servers: Embedded, name: str, *, keep: bool = False) -> AsyncIterator[str]:
    """A copy of the template under that name, whose commits need not reach the disk; dropped at the end."""
    await execute(servers, f"CREATE DATABASE {name} OWNER {_OWNER} TEMPLATE {template_name()}")
    try:
        await execute(servers, f"ALTER DATABASE {name} SET synchronous_commit = off")
        yield url_of(servers.database_url, name)
    finally:
        if keep:
            with suppress(asyncpg.PostgresError):
                await execute(servers, f"ALTER DATABASE {name} RENAME TO kept_{name}")
        else:
            await drop(servers, name)


async def drop(servers: Embedded, name: str) -> None:
    await execute(servers, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
