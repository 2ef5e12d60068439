"""uvicorn's HTTP protocol, with answers that go to the socket whole.

uvicorn writes the head of an answer and then its body: two calls of the system, and a client that is woken for a head
alone. Here the head waits for what is written next.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD, _PROVISIONAL = b"HTTP/1.1 ", b"HTTP/1.1 1"


class WholeAnswers(HttpToolsProtocol):
    """One connection. While it holds, what goes over it is byte for byte what uvicorn sends."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._joining = _Joining(cast("asyncio.Transport", transport))
        super().connection_made(cast("asyncio.Transport", self._joining))

    def on_response_complete(self) -> None:
        self._joining.flush()  # an answer without a body, as to HEAD
        super().on_response_complete()

    def handle_websocket_upgrade(self) -> None:
        self._joining.flush()
        self.transport = self._joining.plain
        super().handle_websocket_upgrade()


class _Joining:
    """A transport that keeps the head of an answer until more is written, or the connection is closed.

    A part of a body that looks like a head waits too, until the next part or the end of the answer.
    """

    __slots__ = ("_head", "plain")

    def __init__(self, plain: asyncio.Transport) -> None:
        self.plain = plain
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plain, name)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        elif isinstance(data, bytes) and data.startswith(_HEAD) and not data.startswith(_PROVISIONAL):
            self._head = data
            return
        self.plain.write(data)

    def flush(self) -> None:
        head, self._head = self._head, b""
        if head and not self.plain.is_closing():  # uvloop does not write to a connection that is lost
            self.plain.write(head)

    def close(self) -> None:
        self.flush()
        self.plain.close()
