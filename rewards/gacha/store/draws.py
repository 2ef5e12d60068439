"""SQL of draws, pity and guard rails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.ids import LAST_ID
from loyalty.work import Work

COLUMNS = (
    "member_id, id, set_id, pool_id, version, epoch, nonce, client_seed, set_by, count, position, pity_start, "
    "pity_before, pity_after, nothing_before, guaranteed, roll, roll_prize, roll_ten, rolled, awarded, currency, "
    "amount, coupon_id, at"
)

INSERT = f"""
INSERT INTO draws ({COLUMNS})
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::int[], $7::int[], $8::text[],
    $9::text[], $10::int2[], $11::int2[], $12::int[], $13::int[], $14::int[], $15::bool[], $16::bool[], $17::int[],
    $18::int[], $19::int[], $20::text[], $21::text[], $22::text[], $23::int[], $24::uuid[], $25::timestamptz[])
"""

# Pity in pools, and beside it, without a pool, what is kept over all of them.
STANDINGS = """
SELECT member_id, pool_id, version, pity, day, day_draws, month_draws, NULL::timestamptz AS excluded_until FROM pity
WHERE member_id = ANY($1::uuid[]) AND pool_id = ANY($2::uuid[])
UNION ALL
SELECT member_id, NULL, NULL, NULL, day, day_draws, month_draws, excluded_until FROM draw_rails
WHERE member_id = ANY($1::uuid[])
"""

SAVE_PITY = """
INSERT INTO pity (member_id, pool_id, version, pity, day, day_draws, month_draws)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::date[], $6::int[], $7::int[])
ON CONFLICT (member_id, pool_id) DO UPDATE SET version = excluded.version, pity = excluded.pity, day = excluded.day,
    day_draws = excluded.day_draws, month_draws = excluded.month_draws
"""

SAVE_RAILS = """
INSERT INTO draw_rails (member_id, day, day_draws, month_draws, excluded_until)
SELECT * FROM unnest($1::uuid[], $2::date[], $3::int[], $4::int[], $5::timestamptz[])
ON CONFLICT (member_id) DO UPDATE SET day = excluded.day, day_draws = excluded.day_draws,
    month_draws = excluded.month_draws, excluded_until = excluded.excluded_until
"""

PAGE = f"""
SELECT {COLUMNS} FROM draws WHERE member_id = $1 AND id < coalesce($2::uuid, {LAST_ID}) ORDER BY id DESC LIMIT $3
"""

BY_ID = f"SELECT {COLUMNS} FROM draws WHERE member_id = $1 AND id = ANY($2::uuid[]) ORDER BY id"

BY_NONCE = f"""
SELECT {COLUMNS} FROM draws WHERE (member_id, epoch, nonce) > ($1::uuid, $2::int, $3::int)
ORDER BY member_id, epoch, nonce LIMIT $4
"""

AWARDS = "SELECT version, awarded, count(*) AS draws FROM draws WHERE pool_id = $1 GROUP BY version, awarded"

SINCE = f"SELECT {COLUMNS} FROM draws WHERE pool_id = $1 AND at >= $2 ORDER BY at DESC, id DESC LIMIT $3"


async def insert_draws(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    await work.connection.write(INSERT, *map(list, zip(*rows, strict=True)))


async def load_standings(connection: Any, member_ids: Sequence[UUID], pool_ids: Sequence[UUID]) -> list[Any]:
    """Rows of both kinds; those of the guard rails have no `pool_id`."""
    return list(await connection.fetch(STANDINGS, member_ids, pool_ids))


async def save_pity(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    await work.connection.write(SAVE_PITY, *map(list, zip(*rows, strict=True)))


async def save_rails(work: Work, rows: Sequence[tuple[UUID, Any, int, int, datetime | None]]) -> None:
    await work.connection.write(SAVE_RAILS, *map(list, zip(*rows, strict=True)))


async def load_page(connection: Any, member_id: UUID, before: UUID | None, limit: int) -> list[Any]:
    """The newest draws of a member older than `before`."""
    return list(await connection.fetch(PAGE, member_id, before, limit))


async def load_draws(connection: Any, member_id: UUID, ids: Sequence[UUID]) -> list[Any]:
    return list(await connection.fetch(BY_ID, member_id, ids))


async def load_by_nonce(connection: Any, after: tuple[UUID, int, int], limit: int) -> list[Any]:
    """Draws of everybody past (member, epoch, nonce), for the audit."""
    return list(await connection.fetch(BY_NONCE, *after, limit))


async def count_awards(connection: Any, pool_id: UUID) -> list[Any]:
    """How often each prize was awarded under each version."""
    return list(await connection.fetch(AWARDS, pool_id))


async def load_since(connection: Any, pool_id: UUID, since: datetime, limit: int) -> list[Any]:
    """The latest draws of a pool."""
    return list(await connection.fetch(SINCE, pool_id, since, limit))


async def count_since(connection: Any, pool_id: UUID, since: datetime) -> int:
    found: int = await connection.fetchval(
        "SELECT count(*) FROM draws WHERE pool_id = $1 AND at >= $2", pool_id, since
    )  # fmt: skip
    return found
