"""Tells every server process that something has a new number: by Redis pub/sub, in process where Redis is not.

What is told is a hint: who hears it reads the truth for himself. So only the newest number of a topic is kept, a slow
listener costs no memory, and what may have been missed (a new subscription, a Redis that came back) is said as None.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from api.runtime.clock import SystemDice

if TYPE_CHECKING:
    from uuid import UUID

    from redis.asyncio import Redis
    from redis.asyncio.client import PubSub

    from api.runtime.services import Services

_LOG = logging.getLogger("mergemart.fanout")
_PREFIX = "fanout:"
_WAITING_MAX = 10_000
_REST_SECONDS = 1.0
_LOOK_SECONDS = 15.0
_END_SECONDS = 0.1
_DICE = SystemDice()
# Channels and messages in turn: one command for all of them, and one answer to wait for.
_PUBLISH = """
for n = 1, #ARGV, 2 do
  redis.call('PUBLISH', ARGV[n], ARGV[n + 1])
end
"""


class Listener:
    """Hears one topic. Between two calls of `heard` only the newest number is kept."""

    def __init__(self) -> None:
        self._news = asyncio.Event()
        self._newest: int | None = None
        self._missed = False

    async def heard(self) -> int | None:
        """Waits for the next number; None where some may have been missed."""
        await self._news.wait()
        self._news.clear()
        number, self._newest = (None if self._missed else self._newest), None
        self._missed = False
        return number

    def tell(self, number: int | None) -> None:
        """A newer number, or None for "look for yourself"."""
        if number is None:
            self._missed = True
        else:
            self._newest = number
        self._news.set()


class Fanout:
    """The topics of one process. Without Redis, or while it is gone, only this process's own listeners are told."""

    def __init__(self, redis: Redis | None) -> None:
        self._redis = redis
        self._publish: Any = redis.register_script(_PUBLISH) if redis is not None else None
        self._origin = _DICE.bytes(8).hex()
        self._listeners: dict[str, set[Listener]] = {}
        self._waiting: dict[str, int] = {}
        self._to_send = asyncio.Event()
        self._topics_changed = asyncio.Event()
        self._lost = False

    def tell(self, topic: str, number: int) -> None:
        """Tells listeners of the topic everywhere; returns at once, the other processes hear of it soon after."""
        for listener in self._listeners.get(topic, ()):
            listener.tell(number)
        if self._redis is not None and (topic in self._waiting or len(self._waiting) < _WAITING_MAX):
            self._waiting[topic] = number
            self._to_send.set()

    @contextmanager
    def listening(self, topic: str) -> Iterator[Listener]:
        """A listener for the length of the block."""
        listener = Listener()
        self._listeners.setdefault(topic, set()).add(listener)
        self._topics_changed.set()
        try:
            yield listener
        finally:
            self._listeners[topic].discard(listener)
            if not self._listeners[topic]:
                del self._listeners[topic]
                self._topics_changed.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Carries news to and from Redis until `stopping` is set."""
        if self._redis is None:
            return
        work = [asyncio.create_task(self._keep(step)) for step in (self._send, self._hear)]
        try:
            await stopping.wait()
        finally:
            left = set(work)
            while left:  # a wait that ends in the moment of its cancellation swallows it
                for task in left:
                    task.cancel()
                _, left = await asyncio.wait(left, timeout=_END_SECONDS)

    async def _keep(self, step: Any) -> None:
        """Runs `step` again and again; a Redis that fails is left alone for a second, and its loss is said once."""
        while True:
            try:
                await step()
            except (RedisError, OSError, TimeoutError) as error:
                if not self._lost:
                    _LOG.warning(
                        "Redis is out of reach: other servers do not hear of changes",
                        extra={"facts": {"error": type(error).__name__}},
                    )
                self._lost = True
                await asyncio.sleep(_REST_SECONDS)

    async def _send(self) -> None:
        assert self._redis is not None
        await self._to_send.wait()
        self._to_send.clear()
        taken, self._waiting = self._waiting, {}
        try:
            told = [(_PREFIX + topic, f"{self._origin}:{number}") for topic, number in taken.items()]
            await self._publish(args=[part for each in told for part in each])
        except (RedisError, OSError, TimeoutError):
            self._waiting = {**taken, **self._waiting}
            self._to_send.set()
            raise
        self._found()

    async def _hear(self) -> None:
        """One connection's life: it follows the topics that have listeners, and hands on what is said there."""
        assert self._redis is not None
        async with self._redis.pubsub() as pubsub:
            followed = {self._origin}
            await pubsub.subscribe(_PREFIX + self._origin)
            self._found()
            self._topics_changed.set()
            reading = asyncio.create_task(_next_message(pubsub))
            try:
                while True:
                    changed = asyncio.create_task(self._topics_changed.wait())
                    await asyncio.wait({reading, changed}, return_when=asyncio.FIRST_COMPLETED)
                    changed.cancel()
                    if self._topics_changed.is_set():
                        self._topics_changed.clear()
                        followed = await self._follow(pubsub, followed)
                    if reading.done():
                        self._hand_on(reading.result())
                        reading = asyncio.create_task(_next_message(pubsub))
            finally:
                reading.cancel()
                with suppress(asyncio.CancelledError, RedisError, OSError, TimeoutError):
                    await reading

    async def _follow(self, pubsub: PubSub, followed: set[str]) -> set[str]:
        wanted = {self._origin, *self._listeners}
        if added := wanted - followed:
            await pubsub.subscribe(*(_PREFIX + topic for topic in added))
        if gone := followed - wanted:
            await pubsub.unsubscribe(*(_PREFIX + topic for topic in gone))
        return wanted

    def _hand_on(self, message: dict[str, Any] | None) -> None:
        if message is None:
            return
        topic = message["channel"].decode().removeprefix(_PREFIX)
        if message["type"] == "subscribe":
            number = None  # what was said before Redis knew of us is lost
        elif message["type"] == "message":
            origin, _, text = message["data"].decode().partition(":")
            if origin == self._origin:
                return
            number = int(text)
        else:
            return
        for listener in self._listeners.get(topic, ()):
            listener.tell(number)

    def _found(self) -> None:
        if self._lost:
            self._lost = False
            _LOG.warning("Redis is back: other servers hear of changes")


async def _next_message(pubsub: PubSub) -> dict[str, Any] | None:
    found: dict[str, Any] | None = await pubsub.get_message(timeout=_LOOK_SECONDS)
    return found


def board_topic(member_id: UUID) -> str:
    """Where the revisions of a member's board are told."""
    return f"board:{member_id}"


def fanout_of(services: Services) -> Fanout:
    """The one fan-out of this process, made and set to work at the first call."""

    def make() -> Fanout:
        made = Fanout(services.redis)
        services.in_background(made.run, "fanout")
        return made

    return services.once(Fanout, make)
