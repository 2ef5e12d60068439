"""The load generator as a process of its own: keep-alive connections over a bare protocol, requests made beforehand.

Reads a job from standard input and writes what it measured to standard output, both as JSON: `{"port", "connections",
"requests": [[path, token, body], ...], "expect": text, "collect": regular expression or null, "rate": number or null}`.

Without a rate each connection sends its next request as soon as the last one is answered. With one, requests fall due
at random instants at that many a second, whatever the server does: a request that finds no free connection waits, and
its time is counted from when it was due. Timers have a resolution of a millisecond, which these times include.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import resource
import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import uvloop


class Connection(asyncio.Protocol):
    """Sends one request at a time and hands each answer to its load."""

    def __init__(self, load: Load, number: int) -> None:
        self.load = load
        self.number = number
        self._buffer = b""
        self._transport: Any = None
        self._due = 0.0
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def send(self, request: bytes, due: float) -> None:
        self._due, self._busy = due, True
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._buffer.find(b"content-length: ") + 16
        length = int(self._buffer[at : self._buffer.find(b"\r\n", at)])
        if len(self._buffer) < head + 4 + length:
            return
        status, body = self._buffer[9:12], self._buffer[head + 4 :]
        self._buffer, self._busy = b"", False
        self.load.seconds.append(time.perf_counter() - self._due)
        self.load.bodies.append(body if status == b"200" else b"status " + status + b" " + body)
        self.load.answered(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._busy and not self.load.done.done():
            self.load.done.set_exception(exc or ConnectionError("the server closed the connection"))


class Load:
    """Requests dealt out to connections in turn, so that requests of one member can go one after the other."""

    def __init__(self, requests: list[bytes], connections: int) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.seconds: list[float] = []
        self.bodies: list[bytes] = []
        self._left: list[Iterator[bytes]] = [iter(requests[number::connections]) for number in range(connections)]
        self._count = len(requests)

    async def run(self, connections: list[Connection]) -> None:
        for each in connections:
            self._next(each)
        await self.done

    def answered(self, connection: Connection) -> None:
        if len(self.bodies) == self._count:
            self.done.set_result(None)
        else:
            self._next(connection)

    def _next(self, connection: Connection) -> None:
        request = next(self._left[connection.number], None)
        if request is not None:
            connection.send(request, time.perf_counter())


class OpenLoad(Load):
    """Requests that fall due at random at `rate` a second (exponential gaps, the same each time)."""

    def __init__(self, requests: list[bytes], connections: int, rate: float) -> None:
        super().__init__(requests, connections)
        self._requests = requests
        self._rate = rate
        self._free: list[Connection] = []
        self._waiting: deque[tuple[bytes, float]] = deque()

    async def run(self, connections: list[Connection]) -> None:
        self._free = list(connections)
        dice, due = random.Random(1), time.perf_counter()
        for request in self._requests:
            due += dice.expovariate(self._rate)
            ahead = due - time.perf_counter()
            if ahead > 0:
                await asyncio.sleep(ahead)
            if self._free:
                self._free.pop().send(request, due)
            else:
                self._waiting.append((request, due))
        await self.done

    def _next(self, connection: Connection) -> None:
        if self._waiting:
            connection.send(*self._waiting.popleft())
        else:
            self._free.append(connection)


async def measure(job: dict[str, Any]) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    requests = [_request(*each) for each in job["requests"]]
    count, rate = job["connections"], job.get("rate")
    load = OpenLoad(requests, count, rate) if rate else Load(requests, count)
    connections = [Connection(load, number) for number in range(count)]
    for each in connections:
        await loop.create_connection(lambda each=each: each, "127.0.0.1", job["port"])  # type: ignore[misc]
    busy, started = _cpu(), time.perf_counter()
    await load.run(connections)
    took = time.perf_counter() - started
    share = (_cpu() - busy) / took
    seconds = sorted(load.seconds)
    expected, pattern = job["expect"].encode(), re.compile(job["collect"].encode()) if job.get("collect") else None
    wrong = [body for body in load.bodies if expected not in body or b'"retryable"' in body or b'"errors"' in body]
    return {
        "per_second": len(requests) / took,
        "median_ms": seconds[len(seconds) // 2] * 1000,
        "p99_ms": seconds[len(seconds) * 99 // 100] * 1000,
        "load_cpu": share,
        "wrong": len(wrong),
        "first_wrong": wrong[0].decode(errors="replace") if wrong else None,
        "collected": [found[1].decode() for body in load.bodies if pattern and (found := pattern.search(body))],
    }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _request(path: str, token: str, body: str) -> bytes:
    sent = body.encode()
    return (
        f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
        f"authorization: {token}\r\ncontent-length: {len(sent)}\r\n\r\n"
    ).encode() + sent


if __name__ == "__main__":
    uvloop.install()
    json.dump(asyncio.run(measure(json.load(sys.stdin))), sys.stdout)
