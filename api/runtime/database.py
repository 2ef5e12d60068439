"""The one engine, the one pool, and the unit of work: the only place where a transaction begins and commits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from api.runtime.clock import Mint, SystemDice
from loyalty.work import Dice, Work

if TYPE_CHECKING:
    from datetime import datetime

    import asyncpg


class Database:
    """One process's way to PostgreSQL: an engine with one pool of `pool_size` connections.

    `url` is a SQLAlchemy URL of the asyncpg dialect.
    """

    def __init__(
        self, url: str, *, pool_size: int = 6, dice: Dice | None = None, mint: Callable[[datetime], UUID] | None = None
    ) -> None:
        self.engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            connect_args={"statement_cache_size": 400},
            # JSON goes in and out as text, on the driver and in sessions alike: each flat reads its own documents.
            json_serializer=_as_it_is,
            json_deserializer=_as_it_is,
        )
        self.dice = dice or SystemDice()
        self.mint = mint or Mint(SystemDice())

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """One transaction on the driver's connection: commits at the end of the block, rolls back on any exception.

        The driver's own transaction is begun first, since SQLAlchemy begins one only when SQLAlchemy executes
        something; raw writes before that would survive a rollback.
        """
        async with self._transaction() as (connection, driver):
            del connection
            yield Work(driver, self.mint, self.dice)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[tuple[Work, AsyncSession]]:
        """The same for rare work: a SQLModel session that joins the transaction of the `Work` beside it."""
        async with self._transaction() as (connection, driver):
            async with AsyncSession(bind=connection, expire_on_commit=False) as session:
                yield Work(driver, self.mint, self.dice), session
                await session.flush()
            # SQLAlchemy's transaction is a savepoint inside the driver's: releasing it commits nothing yet.
            await connection.commit()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection for reading; every statement sees its own snapshot."""
        async with self.engine.connect() as connection:
            yield await _driver(connection)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[tuple[AsyncConnection, asyncpg.Connection]]:
        async with self.engine.connect() as connection:
            driver = await _driver(connection)
            transaction = driver.transaction()
            await transaction.start()
            try:
                yield connection, driver
            except BaseException:
                await connection.rollback()
                await transaction.rollback()
                raise
            await transaction.commit()

    async def close(self) -> None:
        """Closes every connection of the pool."""
        await self.engine.dispose()


def _as_it_is(text: str) -> str:
    return text


async def _driver(connection: AsyncConnection) -> asyncpg.Connection:
    raw = await connection.get_raw_connection()
    return cast("Any", raw.driver_connection)
