"""Alembic's environment: runs on the connection it is handed, or on DATABASE_OWNER_URL from the command line."""

from __future__ import annotations

import asyncio
import os

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from api.runtime.schema import is_declared, metadata
from api.settings import asyncpg_url


def run(connection: Connection) -> None:
    """All pending revisions in one transaction, on `connection`."""
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        compare_type=True,
        compare_server_default=True,
        include_name=lambda name, kind, parents: is_declared(name, kind),
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_alone(url: str) -> None:
    """The same on a connection of its own: for `alembic revision --autogenerate` and `alembic history`."""
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


handed = context.config.attributes.get("connection")
if handed is not None:
    run(handed)
elif context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=metadata(), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(run_alone(asyncpg_url(os.environ["DATABASE_OWNER_URL"])))
