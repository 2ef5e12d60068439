"""The one engine, the one pool, and the unit of work: the only place where a transaction begins and commits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from api.refusals import EdgeCode, EdgeRefused
from api.runtime.clock import Mint, SystemDice
from loyalty.connection import Connection
from loyalty.work import Dice, Work

if TYPE_CHECKING:
    from datetime import datetime

# How PostgreSQL and the driver say that a connection is gone, or that none can be had just now.
LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    # What the driver says on a connection whose server sent its last word while nobody was asking.
    asyncpg.InternalClientError,
)


class Plans(StrEnum):
    """How PostgreSQL plans the statements of a pool's connections: what each of them sets as it is made.

    BY_KEYS: from row to row by indices. A plan is kept, and one that was made while a table was empty would read all of
    it long after it is not. That suits whatever finds its rows by keys, and nothing that reads much of a table. Nothing
    is compiled: before PostgreSQL 18 what must be scanned after all is reckoned so dear that it would be.
    ONCE: the same, once for each connection, whatever a statement is asked with, until its tables are analysed again.
    That suits large statements over a few rows, which take longer to plan than to run.
    """

    AS_ASKED = ""
    BY_KEYS = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off"
    ONCE = f"{BY_KEYS}; SET plan_cache_mode = force_generic_plan"


class Database:
    """One process's way to PostgreSQL: an engine with one pool of `pool_size` connections.

    `url` is a SQLAlchemy URL of the asyncpg dialect. Where the database is out of reach, everything that takes a
    connection refuses UNAVAILABLE (retryable). A commit that was cut off may have happened or not: the caller's retry
    with the same request id finds out.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 6,
        dice: Dice | None = None,
        mint: Callable[[datetime], UUID] | None = None,
        plans: Plans = Plans.AS_ASKED,
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
        event.listen(self.engine.sync_engine, "checkout", _replace_dead)
        if plans:
            event.listen(self.engine.sync_engine, "connect", partial(_plan, plans))
        self.dice = dice or SystemDice()
        self.mint = mint or Mint(SystemDice())

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """One transaction on the driver's connection: commits at the end of the block, rolls back on any exception.

        The driver's own transaction is begun first, since SQLAlchemy begins one only when SQLAlchemy executes
        something; raw writes before that would survive a rollback.
        """
        async with self._transaction() as (_, driver):
            connection = Connection(driver)
            yield Work(connection, self.mint, self.dice)
            await connection.flush()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[tuple[Work, AsyncSession]]:
        """The same for rare work: a SQLModel session that joins the transaction of the `Work` beside it."""
        async with (
            self._transaction() as (connection, driver),
            AsyncSession(bind=connection, expire_on_commit=False) as session,
        ):
            # The session does not know of writes that wait.
            yield Work(Connection(driver, together=False), self.mint, self.dice), session
            # The session's transaction is a savepoint inside the driver's: releasing it commits nothing yet.
            await session.commit()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection for reading; every statement sees its own snapshot."""
        async with self._connected() as (_, driver):
            yield driver

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection for reading alone, on which every statement sees the same moment (REPEATABLE READ)."""
        async with self._connected() as (_, driver), driver.transaction(isolation="repeatable_read", readonly=True):
            yield driver

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[tuple[AsyncConnection, asyncpg.Connection]]:
        async with self._connected() as (connection, driver):
            transaction = driver.transaction()
            with _closing_if_cut_off(driver):
                await transaction.start()
            try:
                yield connection, driver
            except BaseException:
                if not driver.is_closed():
                    with _closing_if_cut_off(driver):
                        await connection.rollback()
                        await transaction.rollback()
                raise
            with _closing_if_cut_off(driver):
                await transaction.commit()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[AsyncConnection, asyncpg.Connection]]:
        try:
            connection = await self.engine.connect()
        except (OSError, SQLAlchemyError, *LOST) as error:
            raise EdgeRefused(EdgeCode.UNAVAILABLE, retryable=True) from error
        try:
            driver = await _driver(connection)
            try:
                yield connection, driver
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
                if isinstance(error, LOST) or driver.is_closed():
                    await connection.invalidate()
                    raise EdgeRefused(EdgeCode.UNAVAILABLE, retryable=True) from error
                raise
        finally:
            await connection.close()

    async def close(self) -> None:
        """Closes every connection of the pool."""
        await self.engine.dispose()


@contextmanager
def _closing_if_cut_off(driver: asyncpg.Connection) -> Iterator[None]:
    """Gives up a connection whose BEGIN, COMMIT or ROLLBACK did not come to its end, as when the task is cancelled.

    It would go back to the pool in the middle of a transaction, and fail whoever takes it next.
    """
    try:
        yield
    except asyncpg.PostgresError:
        raise  # the server has answered: the transaction is over
    except BaseException:
        driver.terminate()
        raise


def _plan(plans: Plans, connection: Any, _record: Any) -> None:
    # By a statement: poolers in between refuse settings that they do not know in the handshake.
    connection.run_async(lambda driver: driver.execute(plans.value))


def _replace_dead(connection: Any, record: Any, proxy: Any) -> None:
    """At checkout: the pool makes another connection in the place of one that the server closed.

    SQLAlchemy does not see what fails on the driver's connection, so it would hand out the dead one for good.
    """
    del record, proxy
    if connection.driver_connection.is_closed():
        raise DisconnectionError("the server closed this connection")


def _as_it_is(text: str) -> str:
    return text


async def _driver(connection: AsyncConnection) -> asyncpg.Connection:
    raw = await connection.get_raw_connection()
    return cast("Any", raw.driver_connection)
