"""What goes over a connection: whole answers in one write each, and nothing else than uvicorn sends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from api.runtime.answers import WholeAnswers

Send = Callable[[Any], Awaitable[None]]
START = {"type": "http.response.start", "status": 200}
LENGTH = (b"content-length", b"5")


class Wire(asyncio.Transport):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.writes: list[bytes] = []
        self.late: list[bytes] = []
        self.taken: list[asyncio.BaseProtocol] = []
        self.closed = False

    def write(self, data: Any) -> None:
        if data:
            (self.late if self.closed else self.writes).append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.taken.append(protocol)

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def whole(send: Send, _: Any) -> None:
    await send({**START, "headers": [LENGTH]})
    await send({"type": "http.response.body", "body": b"hello"})


async def in_parts(send: Send, _: Any) -> None:
    await send(START)
    for part in (b"some", b"more"):
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body"})


async def with_a_part_like_a_head(send: Send, _: Any) -> None:
    parts: list[bytes | memoryview] = [b"some", b"HTTP/1.1 200 is text here", b"more", memoryview(b"last")]
    await send({**START, "headers": [(b"content-length", str(sum(map(len, parts))).encode())]})
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body"})


async def nothing(send: Send, _: Any) -> None:
    await send({**START, "status": 204})
    await send({"type": "http.response.body"})


async def after_reading(send: Send, receive: Any) -> None:
    assert (await receive())["body"] == b"abc"
    await whole(send, receive)


async def broken(send: Send, _: Any) -> None:
    await send({**START, "headers": [LENGTH]})
    raise RuntimeError("halfway")


GET, HEAD, LAST = (
    b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"HEAD / HTTP/1.1\r\nhost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
)  # fmt: skip
EXPECT = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n"
CASES: dict[str, tuple[Callable[[Send, Any], Awaitable[None]], list[bytes], int]] = {
    "whole": (whole, [GET], 1),
    "to HEAD": (whole, [HEAD], 1),
    "no content": (nothing, [GET], 1),
    "the last one": (whole, [LAST], 1),
    "two of one connection": (whole, [GET, GET], 2),
    "two that came at once": (whole, [GET + GET], 2),
    "in parts": (in_parts, [GET], 3),
    "in parts of known length": (with_a_part_like_a_head, [GET], 3),
    "asked to go on": (after_reading, [EXPECT, b"abc"], 2),
    "ended by a fault": (broken, [GET], 1),
    "no request": (whole, [b"hello\r\n\r\n"], 1),
}


async def talk(
    protocol: type[HttpToolsProtocol],
    answer: Callable[[Send, Any], Awaitable[None]],
    sent: list[bytes],
    wire: Wire | None = None,
) -> tuple[list[bytes], bool]:
    """What is written, and whether the connection was closed."""

    async def app(scope: Any, receive: Any, send: Send) -> None:
        del scope
        await answer(send, receive)

    config = uvicorn.Config(app, log_config=None, date_header=False, server_header=False, lifespan="off")
    config.load()
    wire = wire or Wire()
    talking = protocol(config, ServerState(), {}, asyncio.get_running_loop())
    talking.connection_made(wire)
    for data in sent:
        talking.data_received(data)
        for _ in range(10):
            await asyncio.sleep(0)
    for task in list(talking.tasks):
        await task
    talking._unset_keepalive_if_required()
    return wire.writes, wire.closed


@pytest.mark.parametrize("case", CASES)
async def test_the_same_bytes_go_in_fewer_writes(case: str) -> None:
    answer, sent, writes = CASES[case]
    ours, theirs = await talk(WholeAnswers, answer, sent), await talk(HttpToolsProtocol, answer, sent)
    assert b"".join(ours[0]) == b"".join(theirs[0])
    assert ours[0], "something was sent"
    assert ours[1] == theirs[1]
    assert len(ours[0]) == writes <= len(theirs[0])


async def test_a_client_that_waits_to_go_on_is_told_at_once() -> None:
    async def read(send: Send, receive: Any) -> None:
        del send
        await receive()

    assert (await talk(WholeAnswers, read, [EXPECT, b"abc"]))[0][0] == b"HTTP/1.1 100 Continue\r\n\r\n"


async def test_a_connection_that_is_lost_while_a_head_waits_is_left_alone() -> None:
    wire = Wire()

    async def lost(send: Send, _: Any) -> None:
        await send({**START, "headers": [LENGTH]})
        wire.close()
        raise RuntimeError("after the connection")

    assert await talk(WholeAnswers, lost, [GET], wire) == ([], True)
    assert wire.late == []


UPGRADE = (
    b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


async def upgrade(protocol: type[HttpToolsProtocol], *before: bytes) -> Wire:
    """What a connection comes to whose last request asks for a web socket, while the one before waits with its body."""

    async def app(scope: Any, receive: Any, send: Send) -> None:
        if scope["type"] == "http":
            await send({**START, "headers": [LENGTH]})
            await asyncio.Event().wait()
        await receive()
        await send({"type": "websocket.close"})

    config = uvicorn.Config(app, log_config=None, date_header=False, lifespan="off", ws="websockets-sansio")
    config.load()
    wire = Wire()
    talking = protocol(config, ServerState(), {}, asyncio.get_running_loop())
    talking.connection_made(wire)
    for data in (*before, UPGRADE):
        talking.data_received(data)
        for _ in range(10):
            await asyncio.sleep(0)
    for task in list(talking.tasks):
        task.cancel()
    return wire


async def test_a_web_socket_has_the_transport_for_itself() -> None:
    wire = await upgrade(WholeAnswers)
    [taken] = wire.taken
    assert vars(taken)["transport"] is wire
    assert b"".join(wire.writes).startswith(b"HTTP/1.1 403")


async def test_a_head_that_waits_goes_before_a_web_socket() -> None:
    ours, theirs = await upgrade(WholeAnswers, GET), await upgrade(HttpToolsProtocol, GET)
    assert ours.writes[0].startswith(b"HTTP/1.1 200")
    assert [each.split(b"\r\n")[0] for each in ours.writes] == [each.split(b"\r\n")[0] for each in theirs.writes]
