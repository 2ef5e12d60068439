"""Whether this process lives, whether it should get requests, and what it counts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import asyncpg
from fastapi import APIRouter, Response

from api.refusals import EdgeRefused
from api.runtime import metrics
from api.runtime.migrations import newest_revision
from api.runtime.services import Services
from loyalty.sheets.actions import open_sheets

_SECONDS = 2


def health_routes(services: Callable[[], Services]) -> APIRouter:
    """`/healthz`, `/readyz` and `/metrics`; none of them needs a credential, none names data."""
    routes = APIRouter()
    needed = newest_revision()

    @routes.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/readyz", include_in_schema=False)
    async def readyz(response: Response) -> dict[str, str]:
        found = services()
        database = await _database_state(found, needed)
        state = "stopping" if found.stopping.is_set() else database
        response.status_code = 200 if state == "ok" else 503
        return {
            "status": "ready" if state == "ok" else "not ready",
            "database": database,
            "redis": await found.redis_state(),
            "serving": "stopping" if found.stopping.is_set() else "ok",
        }

    @routes.get("/metrics", include_in_schema=False)
    async def read_metrics() -> Response:
        metrics.sample(services().pools)
        return Response(metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes


async def _database_state(services: Services, needed: str) -> str:
    """`ok`, `down`, `not migrated`, `other revision` or `no season`."""
    try:
        async with asyncio.timeout(_SECONDS), services.database.read() as connection:
            held = await connection.fetchval("SELECT version_num FROM alembic_version")
            seeded = held == needed and ("season", "current") in (await open_sheets(connection)).heads
    except asyncpg.UndefinedTableError:
        return "not migrated"
    except (EdgeRefused, TimeoutError, asyncpg.PostgresError):
        return "down"
    if held == needed:
        return "ok" if seeded else "no season: run `python main.py season seed`"
    return "other revision" if held else "not migrated"
