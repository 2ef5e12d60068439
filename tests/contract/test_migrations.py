"""The migrations build what the tables say, with the app's rights, once, and only forwards."""

from __future__ import annotations

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from api.runtime.migrations import (
    DatabaseNewer,
    DatabaseUnreachable,
    check_not_newer,
    migrate,
    newest_revision,
    revisions,
)
from api.runtime.schema import is_append_only, is_declared, metadata
from api.runtime.upgrading import configuration


async def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.begin() as connection:
        result = await connection.execute(text(statement))
        rows = [tuple(row) for row in result] if result.returns_rows else []
    await engine.dispose()
    return rows


async def test_the_migrated_database_is_what_the_tables_say(owner_url: str) -> None:
    def compare(connection: Connection) -> list[object]:
        options = {
            "compare_type": True, "compare_server_default": True,
            "include_name": lambda name, kind, parents: is_declared(name, kind),
        }  # fmt: skip
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata()))

    engine = create_async_engine(owner_url, poolclass=NullPool)
    async with engine.connect() as connection:
        differences = await connection.run_sync(compare)
    await engine.dispose()
    assert differences == [], "write a revision: DATABASE_OWNER_URL=... alembic revision --autogenerate -m '...'"


async def test_the_app_can_neither_change_nor_delete_in_append_only_tables(database_url: str) -> None:
    tables = metadata().sorted_tables
    assert any(is_append_only(table) for table in tables)
    for table in tables:
        granted = await execute(
            database_url,
            "SELECT " + ", ".join(
                f"has_table_privilege(current_user, '{table.name}', '{right}')"
                for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
            ),
        )  # fmt: skip
        changing = not is_append_only(table)
        assert granted == [(True, True, changing, changing, False)], table.name


def test_names_of_files_tell_the_revisions_as_alembic_does() -> None:
    scripts = ScriptDirectory.from_config(configuration())
    walked = [script.revision for script in scripts.walk_revisions()]
    assert revisions() == tuple(reversed(walked))
    assert [newest_revision()] == scripts.get_heads()


async def test_migrating_twice_changes_nothing(owner_url: str) -> None:
    found = await asyncio.to_thread(migrate, owner_url)
    assert found == newest_revision()


async def test_servers_that_start_together_migrate_once(owner_url: str) -> None:
    await execute(owner_url, "DROP SCHEMA public CASCADE")
    await execute(owner_url, "CREATE SCHEMA public")
    done = await asyncio.gather(*(asyncio.to_thread(migrate, owner_url) for _ in range(4)))
    assert set(done) == {newest_revision()}


async def test_a_database_from_a_newer_migration_is_refused(owner_url: str, database_url: str) -> None:
    await execute(owner_url, "DELETE FROM alembic_version")
    await execute(owner_url, "INSERT INTO alembic_version VALUES ('fffffffffff1')")
    for refuses in (lambda: migrate(owner_url), lambda: check_not_newer(database_url)):
        with pytest.raises(DatabaseNewer, match=r"fffffffffff1.*newer version"):
            await asyncio.to_thread(refuses)
    assert await execute(owner_url, "SELECT version_num FROM alembic_version") == [("fffffffffff1",)]


async def test_a_database_out_of_reach_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseUnreachable, match="localhost port 1") as refused:
        await asyncio.to_thread(migrate, "postgresql+asyncpg://app:secret@localhost:1/shop")
    assert "secret" not in str(refused.value)
