"""A web socket to the application in this process: what a client sends and hears, message by message."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from api.graphql.sockets import PROTOCOL, Sockets
from tests.edge import Edge, authorization

SECONDS = 30
Asgi = Callable[[Any, Any, Any], Awaitable[None]]


class Closed(Exception):
    """The server closed the socket; `code` says why."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Socket:
    """The client's end."""

    def __init__(self, app: Asgi, protocols: Sequence[str]) -> None:
        self._to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._to_client: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {
            "type": "websocket", "path": "/graphql", "headers": [], "subprotocols": list(protocols),
            "client": ("127.0.0.1", 1),
        }  # fmt: skip
        self.serving = asyncio.create_task(self._serve(app, scope))

    async def _serve(self, app: Asgi, scope: Any) -> None:
        try:
            await app(scope, self._to_server.get, self._to_client.put)
        finally:
            await self._to_client.put({"type": "websocket.close", "code": 0, "reason": "the app returned"})

    async def event(self) -> dict[str, Any]:
        """What the server does next."""
        return await asyncio.wait_for(self._to_client.get(), SECONDS)

    async def send(self, message: object) -> None:
        await self.send_text(json.dumps(message))

    async def send_text(self, text: str) -> None:
        await self._to_server.put({"type": "websocket.receive", "text": text})

    async def send_bytes(self, data: bytes) -> None:
        await self._to_server.put({"type": "websocket.receive", "text": None, "bytes": data})

    async def hear(self) -> dict[str, Any]:
        """The next message; raises `Closed`."""
        event = await self.event()
        if event["type"] == "websocket.close":
            raise Closed(event["code"], event["reason"])
        found: dict[str, Any] = json.loads(event["text"])
        return found

    async def closed(self) -> Closed:
        """The end, whatever comes before it."""
        while True:
            try:
                await self.hear()
            except Closed as end:
                return end

    async def init(self, who: str = "demo:mei") -> None:
        await self.send({"type": "connection_init", "payload": {"authorization": authorization(who)}})
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, query: str, number: str = "1", **payload: Any) -> None:
        await self.send({"id": number, "type": "subscribe", "payload": {"query": query, **payload}})

    async def revision(self) -> int:
        """The next revision that is told."""
        message = await self.hear()
        assert message["type"] == "next", message
        told: int = message["payload"]["data"]["boardChanged"]["revision"]
        return told

    async def leave(self) -> None:
        await self._to_server.put({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(asyncio.shield(self.serving), SECONDS)


@asynccontextmanager
async def connected(app: Asgi, protocols: Sequence[str] = (PROTOCOL,)) -> AsyncIterator[Socket]:
    """A socket that the server has accepted; left at the end."""
    socket = Socket(app, protocols)
    await socket._to_server.put({"type": "websocket.connect"})
    accepted = await socket.event()
    assert accepted["type"] == "websocket.accept", accepted
    assert accepted["subprotocol"] == (PROTOCOL if PROTOCOL in protocols else None)
    try:
        yield socket
    finally:
        await socket.leave()


@asynccontextmanager
async def subscribed(edge: Edge, who: str) -> AsyncIterator[Socket]:
    """A socket that hears of a member's board."""
    async with connected(sockets_of(edge)) as socket:
        await socket.init(who)
        await socket.subscribe(edge.operation("mobile", "BoardChanged"))
        yield socket


def sockets_of(edge: Edge) -> Sockets:
    """The sockets of the members' schema."""
    found = edge.routes["/graphql"].sockets
    assert isinstance(found, Sockets)
    return found
