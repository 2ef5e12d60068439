"""The season's clock: the one that the server reads from a file, and the one that the database is given with it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from api.runtime.clock import ReplayedClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from api.runtime.database import Database

# Holds are judged by the database's clock. In the database of a replay, and nowhere else, a function of the same name
# stands before PostgreSQL's own: the season's time, which goes on at its natural pace from where it was last set.
_INSTALL = """
CREATE TABLE replay_clock (season timestamptz NOT NULL, set_at timestamptz NOT NULL);
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog AS
'SELECT season + (pg_catalog.clock_timestamp() - set_at) FROM public.replay_clock';
DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database());
END $$
"""
_BEGIN = "INSERT INTO replay_clock (season, set_at) VALUES ($1, pg_catalog.clock_timestamp())"
_SET = "UPDATE replay_clock SET season = $1, set_at = pg_catalog.clock_timestamp()"


class SeasonClock:
    """Drives both clocks together, on a connection of the database's owner."""

    def __init__(self, clock: ReplayedClock, connection: Any) -> None:
        self.read = clock
        self._connection = connection

    async def set_forward(self, at: datetime) -> None:
        """Goes on from `at`; a time that is over already changes nothing."""
        self.read.set_forward(at)
        await self._connection.execute(_SET, self.read())


@asynccontextmanager
async def season_clock(path: Path, owner: Database, at: datetime) -> AsyncIterator[SeasonClock]:
    """Makes the clock's file and gives the migrated database its clock; connections opened from then on go by it."""
    clock = ReplayedClock(path, at)
    async with owner.read() as connection:
        await connection.execute(_INSTALL)
        await connection.execute(_BEGIN, clock())
        yield SeasonClock(clock, connection)
