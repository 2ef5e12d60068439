"""`/console`: where the operators' console is, which is a process of its own."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

_NONE = (
    "No console is known to this server. Start one with `python main.py console` and say where it is with "
    "MERGEMART_CONSOLE_URL (docs/operation.md).\n"
)


def console_routes(url: Callable[[], str | None]) -> APIRouter:
    """Leads to the console at `url`, which may be a port of the host that was asked: `:8001/console/`."""
    routes = APIRouter()

    @routes.get("/console", include_in_schema=False)
    @routes.get("/console/", include_in_schema=False)
    async def find_console(request: Request) -> Response:
        found = url()
        if found is None:
            return PlainTextResponse(_NONE, 404)
        if found.startswith(":"):
            host = request.url.hostname or "127.0.0.1"
            found = f"http://{f'[{host}]' if ':' in host else host}{found}"
        return RedirectResponse(found, 307)

    return routes
