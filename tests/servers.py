"""How many servers a test asks: one, or several on one database, each with its own caches, pool and batchers.

MERGEMART_TEST_SERVERS=2 gives every test of the edge two servers, which take its requests in turn (`make test-two`).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from itertools import cycle
from typing import Any

import httpx

from api.app import Application, create_app
from api.commands.seed import seed
from api.runtime.services import Services
from api.settings import Settings


def servers_asked() -> int:
    """How many the environment asks for."""
    return int(os.environ.get("MERGEMART_TEST_SERVERS") or 1)


class InTurn(httpx.AsyncBaseTransport):
    """Each request goes to the next server."""

    def __init__(self, apps: list[Application]) -> None:
        self._next = cycle([httpx.ASGITransport(app=app) for app in apps])

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await next(self._next).handle_async_request(request)


class Servers:
    """Applications on one database behind one client."""

    def __init__(self, apps: list[Application], client: httpx.AsyncClient) -> None:
        self._apps = apps
        self.client = client

    @property
    def services(self) -> list[Services]:
        """Those of each server."""
        return [app.services for app in self._apps]

    @property
    def routes(self) -> dict[str, Any]:
        """What the first server serves, by path."""
        return dict(self._apps[0]._routes)

    def set_clock(self, clock: Callable[[], datetime]) -> None:
        """Every server reads this clock from here on."""
        for app in self._apps:
            for route in app._routes.values():
                made: Any = route
                made._clock = clock


@asynccontextmanager
async def open_servers(settings: Settings, count: int | None = None) -> AsyncIterator[Servers]:
    """Seeded applications behind an HTTP client; as many as the environment asks for where no `count` is given."""
    async with AsyncExitStack() as stack:
        apps = [create_app(settings) for _ in range(count or servers_asked())]
        for app in apps:
            services = await stack.enter_async_context(app.running())
        await seed(services.database, settings)
        client = httpx.AsyncClient(transport=InTurn(apps), base_url="http://shop", timeout=30)
        yield Servers(apps, await stack.enter_async_context(client))
