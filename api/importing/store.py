"""SQL of imports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from loyalty.work import Work

LOAD = """
SELECT shift_days, baskets_total, done, skipped, points, stamps, tickets, started_at, finished_at
FROM imports WHERE source = $1
"""

INSERT = """
INSERT INTO imports (source, shift_days, baskets_total, done, skipped, points, stamps, tickets, started_at, updated_at)
VALUES ($1, $2, $3, 0, 0, 0, 0, 0, $4, $4) ON CONFLICT (source) DO NOTHING
"""

# Only from where the batch began: of two imports at once the slower one changes nothing.
ADVANCE = """
UPDATE imports SET done = $3, skipped = skipped + $4, points = points + $5, stamps = stamps + $6,
                   tickets = tickets + $7, updated_at = $8,
                   finished_at = CASE WHEN $3 = baskets_total THEN $8 ELSE finished_at END
WHERE source = $1 AND done = $2
"""


async def load_import(connection: Any, source: str) -> Any | None:
    return await connection.fetchrow(LOAD, source)


async def insert_import(work: Work, source: str, shift_days: int, baskets_total: int, now: datetime) -> None:
    """Leaves one that is there as it is."""
    await work.connection.execute(INSERT, source, shift_days, baskets_total, now)


async def save_progress(
    work: Work, source: str, done: tuple[int, int], skipped: int, earned: tuple[int, int, int], now: datetime
) -> bool:
    """Moves `done` from its first to its second value; False where it is not at the first."""
    moved = await work.connection.execute(ADVANCE, source, *done, skipped, *earned, now)
    return bool(moved.endswith("1"))
