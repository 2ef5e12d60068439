"""The batcher: commands that arrive while the last batch commits go together in the next transaction.

There is no timer: an idle server takes a command at once. Submitters take turns, so that a flood of one starves nobody.
A batch that the database refuses for one command's reason is run again in halves, so that only that command fails. A
client that leaves does not cancel what was accepted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Generic, TypeVar

import asyncpg

from api.refusals import EdgeCode, EdgeRefused
from api.runtime.clock import utc_now
from api.runtime.database import Database
from api.runtime.turns import Turns
from loyalty.refusals import Refused
from loyalty.work import Work

Command = TypeVar("Command")
Result = TypeVar("Result")
Action = Callable[[Work, Sequence[Command]], Awaitable[Sequence[Result | Refused]]]

# What another transaction caused and what a second try may well survive. A unique key lost means that the other wrote
# the row that this one must now read.
PASSING = (
    asyncpg.UniqueViolationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)
TRIES = 4

_SLOW_SECONDS = 1.0
_RETRY_LEAST, _RETRY_MOST = 0.1, 30.0
# How much the newest batch weighs in the rate by which a full queue is said to empty.
_NEWEST = 0.2

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Asked(Generic[Command, Result]):
    """One command that waits, since when (on the loop's clock), and the trace of the request that brought it."""

    command: Command
    future: asyncio.Future[Result | Refused]
    trace: str | None
    since: float


class Batcher(Generic[Command, Result]):
    """Runs one hot action over the commands that wait, at most `most` in a transaction.

    `lanes` transactions may be under way at once; commands of the same `key` are never in two of them, and keep their
    order. `submitter` says whose turn a command takes.
    """

    def __init__(
        self,
        database: Database,
        action: Action[Command, Result],
        *,
        name: str = "",
        most: int = 64,
        queue: int = 2048,
        lanes: int = 1,
        submitter: Callable[[Command], Hashable] = attrgetter("request.scope"),
        key: Callable[[Command], Hashable] = attrgetter("request.scope"),
        on_batch: Callable[[int], None] | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._action = action
        self._name = name
        self._most = most
        self._lanes = lanes
        self._submitter = submitter
        self._key = key
        self._on_batch = on_batch
        self._clock = clock
        self._waiting: Turns[_Asked[Command, Result]] = Turns(queue)
        self._running: set[asyncio.Task[None]] = set()
        self._busy: set[Hashable] = set()
        self._rate = 0.0
        self._closed = False

    async def submit(self, command: Command, trace: str | None = None) -> Result:
        """The result of a command, once its transaction has committed; raises its refusal.

        Refuses OVERLOADED where the queue has no room for this submitter, with the time at which what waits now will
        have been worked off, or where the server is stopping. `trace` names the request in the logs.
        """
        loop = asyncio.get_running_loop()
        asked: _Asked[Command, Result] = _Asked(command, loop.create_future(), trace, loop.time())
        key = self._key(command) if self._lanes > 1 else None
        if self._closed or not self._waiting.add(self._submitter(command), key, asked):
            raise EdgeRefused(EdgeCode.OVERLOADED, retryable=True, retry_at=self._retry_at())
        if len(self._running) < self._lanes:
            self._running.add(asyncio.create_task(self._run()))
        # A caller who goes away cancels the future alone: the batch leaves it as it is.
        answer = await asked.future
        if isinstance(answer, Refused):
            raise answer
        return answer

    async def drain(self) -> None:
        """Takes nothing more, and returns when everything accepted has been answered."""
        self._closed = True
        while self._running:
            await asyncio.wait(self._running)

    def _retry_at(self) -> datetime:
        seconds = len(self._waiting) / self._rate if self._rate else _RETRY_LEAST
        return self._clock() + timedelta(seconds=min(max(seconds, _RETRY_LEAST), _RETRY_MOST))

    async def _run(self) -> None:
        try:
            while taken := self._waiting.take(self._most, self._busy):
                await self._batch([asked for _, asked in taken], {key for key, _ in taken if key is not None})
        finally:
            # At once: a command that comes before the task's callbacks run must start another.
            task = asyncio.current_task()
            assert task is not None
            self._running.discard(task)

    async def _batch(self, batch: list[_Asked[Command, Result]], keys: set[Hashable]) -> None:
        if self._on_batch:
            self._on_batch(len(batch))
        loop = asyncio.get_running_loop()
        started = loop.time()
        self._busy |= keys
        try:
            await self._answer(batch)
        finally:
            self._busy -= keys
        self._watch(batch, started, loop.time())

    def _watch(self, batch: list[_Asked[Command, Result]], started: float, ended: float) -> None:
        """Learns how fast this action goes, and names the slowest command where it was slow."""
        rate = len(batch) / max(ended - started, 1e-6) * self._lanes
        self._rate = rate if not self._rate else self._rate + _NEWEST * (rate - self._rate)
        oldest = min(batch, key=lambda asked: asked.since)
        if ended - oldest.since > _SLOW_SECONDS:
            told = {
                "action": self._name, "traceId": oldest.trace, "commands": len(batch),
                "waited": round(started - oldest.since, 3), "ran": round(ended - started, 3),
            }  # fmt: skip
            log.warning("a command was slow", extra={"facts": told})

    async def _answer(self, batch: list[_Asked[Command, Result]]) -> None:
        try:
            answers = await run_action(self._database, self._action, [asked.command for asked in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, it goes to the commands that caused it
            if len(batch) == 1 or isinstance(error, EdgeRefused):
                for asked in batch:
                    self._fail(asked, error)
                return
            middle = len(batch) // 2
            await self._answer(batch[:middle])
            await self._answer(batch[middle:])
            return
        for asked, answer in zip(batch, answers, strict=True):
            if not asked.future.done():
                asked.future.set_result(answer)

    def _fail(self, asked: _Asked[Command, Result], error: Exception) -> None:
        told = {
            "action": self._name, "traceId": asked.trace, "error": type(error).__name__,
            "code": str(error.code) if isinstance(error, Refused) else getattr(error, "sqlstate", None),
        }  # fmt: skip
        level = logging.INFO if isinstance(error, EdgeRefused) else logging.WARNING
        log.log(level, "a command failed", extra={"facts": told})
        if not asked.future.done():
            asked.future.set_exception(error)


async def run_action(
    database: Database, action: Action[Command, Result], commands: Sequence[Command]
) -> Sequence[Result | Refused]:
    """Runs an action in one unit of work, again where another transaction came between; four times at most."""
    for left in reversed(range(TRIES)):
        try:
            async with database.work() as work:
                answers = await action(work, commands)
                assert len(answers) == len(commands), "an action answers each command"
                return answers
        except PASSING as error:
            if left == 0:
                raise
            log.debug("a batch of %d runs again: %s", len(commands), type(error).__name__)
    raise AssertionError("unreachable")
