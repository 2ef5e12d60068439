"""The batcher: commands that arrive while the last batch commits go together in the next transaction.

There is no timer: an idle server takes a command at once. A batch that the database refuses for one command's reason is
run again in halves, so that only that command fails. A client that leaves does not cancel what was accepted.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

import asyncpg

from api.refusals import EdgeCode, EdgeRefused
from api.runtime.database import Database
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

log = logging.getLogger(__name__)


class Batcher(Generic[Command, Result]):
    """Runs one hot action over the commands that wait, at most `most` in a transaction, one transaction at a time."""

    def __init__(
        self,
        database: Database,
        action: Action[Command, Result],
        *,
        most: int = 64,
        queue: int = 2048,
        on_batch: Callable[[int], None] | None = None,
    ) -> None:
        self._database = database
        self._action = action
        self._most = most
        self._limit = queue
        self._on_batch = on_batch
        self._waiting: deque[tuple[Command, asyncio.Future[Result | Refused]]] = deque()
        self._running: asyncio.Task[None] | None = None
        self._closed = False

    async def submit(self, command: Command) -> Result:
        """The result of a command, once its transaction has committed; raises its refusal.

        Refuses OVERLOADED where the queue is full or the server is stopping.
        """
        if self._closed or len(self._waiting) >= self._limit:
            raise EdgeRefused(EdgeCode.OVERLOADED, retryable=True)
        future: asyncio.Future[Result | Refused] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, future))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        answer = await asyncio.shield(future)
        if isinstance(answer, Refused):
            raise answer
        return answer

    async def drain(self) -> None:
        """Takes nothing more, and returns when everything accepted has been answered."""
        self._closed = True
        while self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        try:
            while self._waiting:
                count = min(self._most, len(self._waiting))
                batch = [self._waiting.popleft() for _ in range(count)]
                if self._on_batch:
                    self._on_batch(count)
                await self._answer(batch)
        finally:
            self._running = None

    async def _answer(self, batch: list[tuple[Command, asyncio.Future[Result | Refused]]]) -> None:
        try:
            answers = await run_action(self._database, self._action, [command for command, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, it goes to the commands that caused it
            if len(batch) == 1 or isinstance(error, EdgeRefused):
                for _, future in batch:
                    _fail(future, error)
                return
            middle = len(batch) // 2
            await self._answer(batch[:middle])
            await self._answer(batch[middle:])
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)


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


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
