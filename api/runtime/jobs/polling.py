"""The poll: each job in its own rhythm, one short transaction at a time; one that fails does not stop the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.refusals import EdgeRefused
from api.runtime.clock import Clock, utc_now
from api.runtime.database import Database
from api.runtime.metrics import observe_job

_log = logging.getLogger(__name__)

Run = Callable[[Database, datetime], AsyncGenerator[int, None]]
"""Does what is due as of an instant; yields after each transaction how many rows it changed."""

# Jobs share the pool with requests, so they take at most two of its connections.
_SIDE_BY_SIDE = 2
_MOST_TRANSACTIONS = 1_000
_LONGEST_REST = 300.0


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of due work, and the seconds between two looks at it. Safe to run anywhere, any number of times."""

    name: str
    seconds: float
    run: Run


@dataclass(frozen=True, slots=True)
class _Rest:
    """Waits by the clock, and no longer than until `stopping` is set."""

    stopping: asyncio.Event
    clock: Clock
    nap: float | None

    async def __call__(self, seconds: float) -> None:
        if self.nap is None:
            await self._wait(seconds)
            return
        until = self.clock() + timedelta(seconds=seconds)
        while not self.stopping.is_set() and self.clock() < until:
            await self._wait(self.nap)

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.stopping.wait()


async def poll(
    database: Database,
    jobs: Sequence[Job],
    stopping: asyncio.Event,
    clock: Clock = utc_now,
    *,
    nap: float | None = None,
) -> None:
    """Runs every job again and again until `stopping` is set; then returns once the transactions under way are done.

    `nap`: for a clock that is set forward now and then, the seconds after which it is looked at again.
    """
    turns = asyncio.Semaphore(_SIDE_BY_SIDE)
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(_repeat(database, job, _Rest(stopping, clock, nap), turns), name=f"job {job.name}")


async def _repeat(database: Database, job: Job, rest: _Rest, turns: asyncio.Semaphore) -> None:
    failures = 0
    # Servers that start together do not all look at the same moment.
    await rest(_jittered(database, job.seconds) / 2)
    while not rest.stopping.is_set():
        async with turns:
            failures = 0 if await run_job(database, job, rest.clock(), rest.stopping) else failures + 1
        seconds = min(job.seconds * 2**failures, max(job.seconds, _LONGEST_REST))
        await rest(_jittered(database, seconds))


async def run_job(database: Database, job: Job, now: datetime, stopping: asyncio.Event | None = None) -> bool:
    """Does everything that is due as of `now`, a transaction at a time, until `stopping` is set.

    False where it is to be left alone for longer. What failed is logged and counted; what was committed before stays.
    """
    rows = transactions = 0
    try:
        async with aclosing(job.run(database, now)) as done:
            async for changed in done:
                rows += changed
                transactions += 1
                if (stopping is not None and stopping.is_set()) or transactions >= _MOST_TRANSACTIONS:
                    break
    except EdgeRefused as refused:
        # The database is out of reach: nothing is wrong with the job, and it keeps its rhythm.
        observe_job(job.name, rows, failed=True)
        _log.warning("a job waits for the database", extra={"facts": {"job": job.name, "code": refused.code}})
        return True
    except Exception:  # noqa: BLE001 - whatever it is, the other jobs go on and this one comes again
        observe_job(job.name, rows, failed=True)
        _log.exception("a job failed and will be tried again", extra={"facts": {"job": job.name, "rows": rows}})
        return False
    observe_job(job.name, rows, failed=False)
    if rows:
        _log.info("a job is done", extra={"facts": {"job": job.name, "rows": rows, "transactions": transactions}})
    return True


def _jittered(database: Database, seconds: float) -> float:
    """Four to six fifths of it."""
    return seconds * (800 + database.dice.below(401)) / 1_000
