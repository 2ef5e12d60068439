"""The composition root: builds the server from settings and sends each path to whoever answers it.

A thin dispatcher stands in front: the four GraphQL paths go straight to their apps, everything else to FastAPI.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib import import_module
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from api.pages.console import console_routes
from api.pages.docs import docs_routes, documentation
from api.pages.health import health_routes
from api.pages.landing import landing_page, language_of
from api.pages.odds import odds_routes
from api.pages.play import play_routes
from api.runtime.embedded import Embedded
from api.runtime.logs import configure_logs
from api.runtime.migrations import migrate
from api.runtime.services import Services, open_services
from api.settings import Settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

# Each of these modules gives `build(services) -> ASGI app` for its path.
CALLERS = {
    "/graphql": "api.mobile.schema",
    "/till/graphql": "api.till.schema",
    "/partner/graphql": "api.partner.schema",
    "/admin/graphql": "api.admin.schema",
}
# What runs beside the requests, `module:name` of `async def work(services, stopping)`; it ends soon after `stopping`.
BACKGROUND: tuple[str, ...] = ("api.runtime.jobs:run_jobs",)

_log = logging.getLogger(__name__)


class Application:
    """One server process as an ASGI app; everything is opened at startup and drained at shutdown.

    Settings without a database start the embedded one at startup and migrate it, unless the caller did so already.
    """

    def __init__(self, settings: Settings, embedded: Embedded | None = None) -> None:
        self.settings = settings if embedded is None or not settings.is_embedded else settings.on(embedded)
        self._services: Services | None = None
        self._routes: dict[str, Asgi] = {}
        self._pages: Asgi = _pages(self)

    @property
    def services(self) -> Services:
        """What is open; only between startup and shutdown."""
        assert self._services is not None, "the application is not running"
        return self._services

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Services]:
        """Opens everything for the length of the block: what the ASGI lifespan does, for tests and tools too."""
        async with AsyncExitStack() as stack:
            if self.settings.is_embedded:
                servers = Embedded(self.settings.var)
                await asyncio.to_thread(servers.__enter__)
                stack.push_async_callback(asyncio.to_thread, servers.__exit__, None, None, None)
                self.settings = self.settings.on(servers)
                await asyncio.to_thread(migrate, servers.owner_url)
            self._services = await stack.enter_async_context(open_services(self.settings))
            self._routes = {path: import_module(name).build(self._services) for path, name in CALLERS.items()}
            for target in BACKGROUND:
                module, _, name = target.partition(":")
                work = getattr(import_module(module), name)
                self._services.in_background(partial(work, self._services), target)
            yield self._services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        path: str = scope.get("path", "")
        app = self._routes.get(path)
        if app is None:
            app = next((found for at, found in self._routes.items() if path.startswith(f"{at}/")), self._pages)
        await app(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        phase = "startup"
        try:
            async with self.running():
                await send({"type": "lifespan.startup.complete"})
                phase = "shutdown"
                await receive()
        except Exception as error:
            _log.exception("the server failed", extra={"facts": {"phase": phase}})
            await send({"type": f"lifespan.{phase}.failed", "message": type(error).__name__})
            raise
        await send({"type": "lifespan.shutdown.complete"})


def create_app(settings: Settings, embedded: Embedded | None = None) -> Application:
    """The server as an ASGI app, on `settings`, completed with running embedded servers where they are given."""
    return Application(settings, embedded)


def app_from_environment() -> Application:
    """The server for `uvicorn main:app`: settings from the environment, logs as JSON."""
    settings = Settings.from_environment(os.environ)
    configure_logs(settings.log_level)
    return create_app(settings)


def _pages(application: Application) -> Asgi:
    pages = FastAPI(title="mergemart", docs_url=None, redoc_url=None, openapi_url=None)

    @pages.get("/", include_in_schema=False)
    async def landing(request: Request, lang: str | None = None) -> HTMLResponse:
        language = language_of(lang, request.headers.get("accept-language", ""))
        page = landing_page(
            language,
            demo=application.settings.demo,
            docs=documentation(),
            console=bool(application.settings.console_url),
        )
        return HTMLResponse(page, headers={"Vary": "Accept-Language", "Content-Language": language})

    pages.include_router(docs_routes())
    pages.include_router(play_routes(demo=application.settings.demo))
    pages.include_router(console_routes(lambda: application.settings.console_url))
    pages.include_router(odds_routes(lambda: application.services))
    pages.include_router(health_routes(lambda: application.services))
    return pages
