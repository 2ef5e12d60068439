"""SQL of the fairness monitor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.work import Work
from rewards.gacha.store.draws import COLUMNS

# Epochs that hold draws which are all revealed, and that were not made again yet.
WAITING = """
SELECT s.member_id, s.epoch FROM seeds s
LEFT JOIN replayed_epochs r ON r.member_id = s.member_id AND r.epoch = s.epoch
WHERE s.revealed_at IS NOT NULL AND s.next_nonce > 0 AND r.member_id IS NULL
ORDER BY s.member_id, s.epoch LIMIT $1
"""

OF_EPOCHS = f"""
SELECT d.* FROM unnest($1::uuid[], $2::int[]) AS k(member_id, epoch)
JOIN LATERAL (SELECT {COLUMNS} FROM draws WHERE member_id = k.member_id AND epoch = k.epoch) d ON true
ORDER BY d.member_id, d.epoch, d.nonce
"""

INSERT_REPLAYED = """
INSERT INTO replayed_epochs (member_id, epoch, draws, broken, at)
SELECT m, e, d, b, $5 FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[]) AS r(m, e, d, b)
ON CONFLICT DO NOTHING
"""

COUNTS = """
SELECT pool_id, version, pity_before, (roll / $1)::int AS bin, count(*) AS draws,
       count(*) FILTER (WHERE pity_after = 0) AS tops
FROM draws GROUP BY pool_id, version, pity_before, bin
"""

REPLAYED = """
SELECT coalesce(sum(draws), 0)::bigint AS draws, coalesce(sum(broken), 0)::bigint AS broken FROM replayed_epochs
"""

LATEST = """
SELECT at, draws, bins, together, replayed, broken, alarm,
       (SELECT min(at) FROM fairness_readings WHERE alarm) AS alarm_since
FROM fairness_readings ORDER BY id DESC LIMIT 1
"""

READINGS = """
SELECT at, draws, bins, together, replayed, broken, alarm, NULL::timestamptz AS alarm_since
FROM fairness_readings ORDER BY id DESC LIMIT $1
"""

INSERT_READING = """
INSERT INTO fairness_readings (id, at, draws, bins, together, replayed, broken, alarm)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


async def load_waiting(connection: Any, limit: int) -> list[Any]:
    return list(await connection.fetch(WAITING, limit))


async def load_of_epochs(connection: Any, keys: Sequence[tuple[UUID, int]]) -> list[Any]:
    """Draws of whole epochs, in the order of their nonces."""
    return list(await connection.fetch(OF_EPOCHS, [key[0] for key in keys], [key[1] for key in keys]))


async def insert_replayed(work: Work, rows: Sequence[tuple[UUID, int, int, int]], now: datetime) -> None:
    await work.connection.execute(INSERT_REPLAYED, *map(list, zip(*rows, strict=True)), now)


async def count_rolls(connection: Any, bin_ppm: int) -> list[Any]:
    return list(await connection.fetch(COUNTS, bin_ppm))


async def count_replayed(connection: Any) -> Any:
    return await connection.fetchrow(REPLAYED)


async def load_latest(connection: Any) -> Any:
    return await connection.fetchrow(LATEST)


async def load_readings(connection: Any, limit: int) -> list[Any]:
    """The latest ones, newest first."""
    return list(await connection.fetch(READINGS, limit))


async def may_read(work: Work) -> bool:
    """False where another server is at it."""
    taken: bool = await work.connection.fetchval(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('fairness_readings', 0))"
    )
    return taken


async def insert_reading(work: Work, row: tuple[Any, ...]) -> None:
    await work.connection.execute(INSERT_READING, *row)
