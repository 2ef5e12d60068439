"""News between servers while Redis goes away and comes back: nothing breaks, and who listens is told to look."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from api.runtime.fanout import Fanout, Listener

SECONDS = 30


class Wire:
    """A line to Redis that can be cut."""

    def __init__(self, redis_url: str) -> None:
        self.target = urlsplit(redis_url)
        self.is_cut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> str:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self.is_cut:
            writer.close()
            return
        if self.target.hostname:
            far_reader, far_writer = await asyncio.open_connection(self.target.hostname, self.target.port)
        else:
            far_reader, far_writer = await asyncio.open_unix_connection(self.target.path)
        self._writers.add(far_writer)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            try:
                while data := await source.read(65_536):
                    sink.write(data)
                    await sink.drain()
            except ConnectionError:
                pass
            finally:
                sink.close()

        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    def cut(self) -> None:
        self.is_cut = True
        for writer in self._writers:
            writer.close()

    def mend(self) -> None:
        self.is_cut = False

    async def close(self) -> None:
        self.cut()
        assert self._server is not None
        self._server.close()


@asynccontextmanager
async def running(url: str) -> AsyncIterator[Fanout]:
    """A process's fan-out at work."""
    redis = Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)
    fanout, stopping = Fanout(redis), asyncio.Event()
    work = asyncio.create_task(fanout.run(stopping))
    try:
        yield fanout
    finally:
        stopping.set()
        await asyncio.wait_for(work, SECONDS)
        await redis.aclose()


async def heard(listener: Listener) -> int | None:
    return await asyncio.wait_for(listener.heard(), SECONDS)


async def test_listeners_look_again_after_redis_was_away_and_hear_on(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    wire = Wire(redis_url)
    url = await wire.open()
    with caplog.at_level(logging.WARNING, "mergemart.fanout"):
        async with running(url) as fanout, running(redis_url) as other:
            with fanout.listening("board:1") as listener:
                assert await heard(listener) is None, "Redis knows of the listener only now"
                other.tell("board:1", 1)
                assert await heard(listener) == 1
                wire.cut()
                other.tell("board:1", 2)
                fanout.tell("board:1", 3)
                assert await heard(listener) == 3, "one's own process needs no Redis"
                await said(caplog, "out of reach")
                wire.mend()
                assert await heard(listener) is None, "what was said meanwhile is lost: look"
                other.tell("board:1", 4)
                assert await heard(listener) == 4
                await said(caplog, "back")
    await wire.close()
    assert [record.message for record in caplog.records if "out of reach" in record.message] == [
        "Redis is out of reach: other servers do not hear of changes"
    ]


async def said(caplog: Any, text: str) -> None:
    """Returns once the log has it."""
    async with asyncio.timeout(SECONDS):
        while text not in caplog.text:  # noqa: ASYNC110 - the log has no event
            await asyncio.sleep(0.02)


async def test_what_waits_for_an_absent_redis_is_told_when_it_comes(redis_url: str) -> None:
    wire = Wire(redis_url)
    url = await wire.open()
    wire.cut()
    async with running(url) as fanout, running(redis_url) as other:
        with other.listening("board:1") as listener:
            assert await heard(listener) is None
            for number in range(1, 6):
                fanout.tell("board:1", number)
            wire.mend()
            assert await heard(listener) == 5, "the newest alone"
    await wire.close()


async def test_it_ends_at_once_whatever_it_is_busy_with(redis_url: str) -> None:
    """A wait for Redis that ends in the moment of its cancellation swallows that."""
    for turns in range(60):
        async with running(redis_url) as fanout:
            with fanout.listening("board:1") as listener:
                assert await heard(listener) is None
            for _ in range(turns % 12):  # into the middle of what follows from the listener's end
                await asyncio.sleep(0)


async def test_a_listener_keeps_the_newest_number_alone() -> None:
    fanout = Fanout(None)
    with fanout.listening("a") as one, fanout.listening("a") as two, fanout.listening("b") as other:
        for number in range(1000):
            fanout.tell("a", number)
        assert [await heard(one), await heard(two)] == [999, 999]
        fanout.tell("b", 7)
        assert await heard(other) == 7
    fanout.tell("a", 1)
