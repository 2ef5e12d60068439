"""A lean HTTP/1.1 client on kept connections, which now and then goes away before the answer comes."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from api.refusals import EdgeCode
from api.replay.tally import Tally
from api.runtime.clock import SeededDice

CUT_OFF_ONE_IN = 100
_TRIES = 8
_WAIT_SECONDS = 0.05  # before the second try; then twice as long each time, 6 s in all
_ANSWER_SECONDS = 60
_API = Path(__file__).resolve().parents[1]
_PATHS = {"mobile": "/graphql", "till": "/till/graphql"}
_RETRYABLE_STATUS = frozenset({429, 502, 503, 504})
_RETRYABLE_CODES = frozenset({EdgeCode.OVERLOADED, EdgeCode.UNAVAILABLE, EdgeCode.RATE_LIMITED})


class Broken(Exception):
    """The server does not answer any more, or answers what no client should ever see."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One committed operation, sent by its hash. `field` is the mutation that it holds; None for a query."""

    name: str
    kind: str
    digest: str
    field: str | None


def load_operations(kind: str, names: Mapping[str, str | None]) -> dict[str, Operation]:
    """Operations of one schema by name, from the committed documents; `names` says which field each mutation has."""
    found = {}
    for name, field in names.items():
        text = (_API / kind / "operations" / f"{name}.graphql").read_bytes()
        found[name] = Operation(name, kind, hashlib.sha256(text).hexdigest(), field)
    return found


@dataclass(frozen=True, slots=True)
class Answer:
    """The field of a mutation's answer, or the data of a query; `refusal` is the code where it was refused."""

    data: dict[str, Any]
    refusal: str | None = None


class Connection:
    """One kept connection to the server on `port` of the loopback; one request at a time."""

    def __init__(self, port: int, tally: Tally, dice: SeededDice) -> None:
        self._port = port
        self._tally = tally
        self._dice = dice
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, operation: Operation, token: str, **variables: Any) -> dict[str, Any]:
        """The data of a query. Raises `Broken`."""
        return (await self._send(operation, token, variables)).data

    async def tell(self, operation: Operation, token: str, **variables: Any) -> Answer:
        """The success or the refusal of a mutation, under a request id of its own, kept across retries. Raises
        `Broken`.
        """
        request_id = UUID(bytes=self._dice.bytes(16), version=4)
        return await self._send(operation, token, {"requestId": str(request_id), **variables})

    async def close(self) -> None:
        """Leaves."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _send(self, operation: Operation, token: str, variables: dict[str, Any]) -> Answer:
        request = _request(operation, token, variables)
        cut_off = self._dice.below(CUT_OFF_ONE_IN) == 0
        for attempt in range(_TRIES):
            if cut_off and attempt == 0:
                await self._send_and_leave(request)
                self._tally.cut_off += 1
                continue
            self._tally.sent_again += attempt > cut_off
            began = time.perf_counter_ns()
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    status, body = await self._exchange(request)
            except (OSError, asyncio.IncompleteReadError):
                await self.close()
                await asyncio.sleep(_WAIT_SECONDS * 2**attempt)
                continue
            self._tally.answered(operation.name, (time.perf_counter_ns() - began) // 1_000)
            answer = self._read(operation, status, body)
            if answer is not None:
                return answer
            await asyncio.sleep(_WAIT_SECONDS * 2**attempt)
        self._tally.faults[operation.name, f"no answer after {_TRIES} tries"] += 1
        raise Broken(f"{operation.name}: no answer after {_TRIES} tries")

    def _read(self, operation: Operation, status: int, body: bytes) -> Answer | None:
        """None where the request should be sent again."""
        if status in _RETRYABLE_STATUS:
            self._tally.refusals[operation.name, f"HTTP {status}"] += 1
            return None
        document: dict[str, Any] = orjson.loads(body)
        if status != 200 or document.get("errors"):
            told = str(document.get("errors", [{}])[0])[:300]
            self._tally.faults[operation.name, f"HTTP {status}: {told}"] += 1
            raise Broken(f"{operation.name}: HTTP {status}: {told}")
        data: dict[str, Any] = document["data"]
        if operation.field is None:
            return Answer(data)
        result: dict[str, Any] = data[operation.field]
        code = result.get("code")
        if code is None or "retryable" not in result:
            return Answer(result)
        self._tally.refusals[operation.name, code] += 1
        if code in _RETRYABLE_CODES:
            return None
        return Answer(result, code)

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        reader, writer = await self._open()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(_header(head, b"content-length"))
        body = await reader.readexactly(length)
        if b"connection: close" in head.lower():
            await self.close()
        return int(head[9:12]), body

    async def _send_and_leave(self, request: bytes) -> None:
        """Sends the whole request and closes before the answer is read: at once, or a few milliseconds later."""
        with suppress(OSError):  # it is sent again on another connection either way
            _, writer = await self._open()
            writer.write(request)
            await writer.drain()
            await asyncio.sleep(self._dice.below(6) / 1_000)
        await self.close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None or self._streams[0].at_eof():
            await self.close()
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        return self._streams


def _request(operation: Operation, token: str, variables: dict[str, Any]) -> bytes:
    body = orjson.dumps({"documentId": f"sha256:{operation.digest}", "variables": variables})
    head = (
        f"POST {_PATHS[operation.kind]} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _header(head: bytes, name: bytes) -> bytes:
    lowered = head.lower()
    start = lowered.index(b"\r\n" + name + b":") + len(name) + 3
    return head[start : lowered.index(b"\r\n", start)]
