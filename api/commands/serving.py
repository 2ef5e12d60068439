"""One server process: uvicorn on a listening socket. It says when it serves, and leaves without dropping a request."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from api.app import create_app
from api.commands.exits import NotStarted
from api.graphql.limits import BODY_BYTES_MAX
from api.runtime import metrics
from api.runtime.answers import WholeAnswers
from api.runtime.collector import rest_collector, spare_collector

if TYPE_CHECKING:
    from api.app import Application
    from api.settings import Settings

_log = logging.getLogger(__name__)
_DRAIN_SECONDS = 30
# How long a kept-alive connection may still bring a request after the server began to leave.
_LAST_REQUEST_SECONDS = 2.0


def serve(
    settings: Settings, listener: socket.socket, ready: Callable[[], None], alone: Callable[[], bool] | None = None
) -> None:
    """Serves until SIGTERM or Ctrl-C, or until `alone` says that the parent is gone. Calls `ready` once it serves.

    Raises `NotStarted`.
    """
    rest_collector()
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",  # at "info" every socket is two lines
        access_log=False,
        server_header=False,
        http=WholeAnswers,
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=BODY_BYTES_MAX,
        ws_per_message_deflate=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        callback_notify=_sampling(app),
        timeout_notify=1,
    )
    server = _Server(config, ready, alone)
    with suppress(KeyboardInterrupt, SystemExit):
        server.run(sockets=[listener])
    if not server.started:
        raise NotStarted("the server could not start; the log above says why")


def _sampling(app: Application) -> Callable[[], Awaitable[None]]:
    async def sample() -> None:
        metrics.sample(app.services.pools)

    return sample


class _Server(uvicorn.Server):
    """Says when it serves, and asks kept-alive connections to go before it closes them.

    uvicorn closes idle connections at once, also one whose next request is on its way: the client sees a reset. So the
    listener closes first, and answers carry `Connection: close` for a while; only what then still idles is closed.
    """

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], alone: Callable[[], bool] | None) -> None:
        super().__init__(config)
        self._ready = ready
        self._alone = alone

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.should_exit:
            spare_collector()
            _log.info("the server serves")
            self._ready()

    async def on_tick(self, counter: int) -> bool:
        if self._alone is not None and self._alone():
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        loop = asyncio.get_running_loop()
        until = loop.time() + _LAST_REQUEST_SECONDS
        # A connection that was accepted a moment ago may not be among them yet: look for a while in any case.
        least = loop.time() + 0.2
        # uvicorn's set of connections tells nobody when it is empty.
        while loop.time() < least or (self.server_state.connections and loop.time() < until):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)
