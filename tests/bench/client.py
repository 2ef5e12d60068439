"""The load generator as a process of its own: keep-alive connections over a bare protocol, requests made beforehand.

Reads a job from standard input and writes what it measured to standard output, both as JSON:
`{"port", "connections", "requests": [[path, token, body], ...], "collect": regular expression or null}`.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import sys
import time
from typing import Any

import uvloop


class Connection(asyncio.Protocol):
    """Sends its next request as soon as the last one is answered."""

    def __init__(self, requests: list[bytes], done: asyncio.Future[None]) -> None:
        self._requests = iter(requests)
        self._done = done
        self._buffer = b""
        self._transport: Any = None
        self._started = 0.0
        self.seconds: list[float] = []
        self.bodies: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._done.set_result(None)
            return
        self._started = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._buffer.find(b"content-length: ") + 16
        length = int(self._buffer[at : self._buffer.find(b"\r\n", at)])
        if len(self._buffer) < head + 4 + length:
            return
        self.seconds.append(time.perf_counter() - self._started)
        status = self._buffer[9:12]
        self.bodies.append(self._buffer[head + 4 :] if status == b"200" else b'"errors" status ' + status)
        self._buffer = b""
        self.next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("the server closed the connection"))


async def measure(job: dict[str, Any]) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    requests = [_request(*each) for each in job["requests"]]
    count = job["connections"]
    connections: list[Connection] = []
    waiting = [loop.create_future() for _ in range(count)]
    for number, done in enumerate(waiting):
        made = Connection(requests[number::count], done)
        await loop.create_connection(lambda made=made: made, "127.0.0.1", job["port"])  # type: ignore[misc]
        connections.append(made)
    busy, started = _cpu(), time.perf_counter()
    for each in connections:
        each.next()
    await asyncio.gather(*waiting)
    took = time.perf_counter() - started
    seconds = sorted(second for each in connections for second in each.seconds)
    bodies = [body for each in connections for body in each.bodies]
    wrong = [body for body in bodies if b'"retryable"' in body or b'"errors"' in body]
    pattern = re.compile(job["collect"].encode()) if job.get("collect") else None
    return {
        "per_second": len(requests) / took,
        "median_ms": seconds[len(seconds) // 2] * 1000,
        "p99_ms": seconds[len(seconds) * 99 // 100] * 1000,
        "cpu_share": (_cpu() - busy) / took,
        "wrong": len(wrong),
        "first_wrong": wrong[0].decode() if wrong else None,
        "collected": [found[1].decode() for body in bodies if pattern and (found := pattern.search(body))],
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
