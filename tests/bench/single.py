"""One command on an idle server: through its batcher, against the same action run for it alone."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any
from uuid import uuid4

from api.runtime.batcher import Batcher, run_action
from api.runtime.database import Database
from loyalty.refusals import Refused
from tests.bench.commands import ACTIONS, Asking, command
from tests.bench.operations import REGULARS
from tests.bench.shop import Shop

OPERATIONS = ("draw", "recordReceipt")
WARM = 40


async def measure(url: str, place: Shop, count: int) -> dict[str, dict[str, float]]:
    """Median milliseconds of each way by operation, the two ways in turn, and their ratio."""
    database = Database(url, pool_size=2)
    try:
        return {operation: await _compare(database, place, operation, count) for operation in OPERATIONS}
    finally:
        await database.close()


async def _compare(database: Database, place: Shop, operation: str, count: int) -> dict[str, float]:
    action = ACTIONS[operation]
    batcher: Batcher[Any, Any] = Batcher(database, action)

    async def alone(asked: Any) -> None:
        [answer] = await run_action(database, action, [asked])
        if isinstance(answer, Refused):
            raise answer

    ways: dict[str, Callable[[Any], Awaitable[Any]]] = {"batcher": batcher.submit, "alone": alone}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(WARM + count):
        for name, way in ways.items() if number % 2 else reversed(ways.items()):
            now = datetime.now(UTC)
            asked = command(place, operation, Asking(number % REGULARS, uuid4(), now, f"{operation}-{name}-{number}"))
            began = time.perf_counter()
            await way(asked)
            if number >= WARM:
                seconds[name].append(time.perf_counter() - began)
    await batcher.drain()
    through, by_itself = (median(seconds[name]) * 1000 for name in ("batcher", "alone"))
    return {"batcher_ms": through, "alone_ms": by_itself, "ratio": through / by_itself}
