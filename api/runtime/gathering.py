"""Questions that come while the last ones are being answered go together into the next call.

For reads what the batcher is for writes: no timer, so a question to an idle process is asked at once, and under load
one statement, or one call, answers for many.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar, cast

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Gatherer(Generic[Question, Answer]):
    """Asks with `call`, at most `most` questions in each and at most `lanes` calls at a time.

    A question is never part of a call that began before it was asked: what was committed until then is in its answer.
    `call` answers each question, in order; what it raises is raised to each who asked in that call.
    """

    def __init__(
        self, call: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]], *, most: int = 256, lanes: int = 1
    ) -> None:
        self._call = call
        self._most = most
        self._lanes = lanes
        self._waiting: deque[tuple[Question, asyncio.Future[Answer]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def ask(self, question: Question) -> Answer:
        """The answer to one question."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if len(self._running) < self._lanes:
            self._running.add(asyncio.create_task(self._run(), name="gathered questions"))
        return await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
                # Who went away meanwhile is not asked for.
                batch = [(question, future) for question, future in batch if not future.done()]
                if batch:
                    await self._answer(batch)
        finally:
            # At once: a question that comes before the task's callbacks run must start another.
            self._running.remove(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _answer(self, batch: list[tuple[Question, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._call([question for question, _ in batch])
            assert len(answers) == len(batch), "a call answers each question"
        except Exception as error:  # noqa: BLE001 - whatever it is, it goes to those who asked
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
