"""SQL of pools, their odds and their stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.work import Work

LOAD = "SELECT id, slug, version FROM pools WHERE id = ANY($1::uuid[])"

BY_SLUG = "SELECT id, slug, version FROM pools WHERE slug = ANY($1::text[]) ORDER BY id"

ALL = "SELECT id, slug, version FROM pools ORDER BY id"

LOCK = "SELECT id, slug, version FROM pools WHERE slug = $1 FOR NO KEY UPDATE"

ODDS = """
SELECT o.pool_id, o.version, p.slug, o.body, o.pity_from
FROM unnest($1::uuid[], $2::int[]) AS k(pool_id, version)
JOIN pool_odds o ON o.pool_id = k.pool_id AND o.version = k.version
JOIN pools p ON p.id = o.pool_id
"""

STOCK = "SELECT pool_id, code, total, awarded FROM pool_stock WHERE pool_id = ANY($1::uuid[])"

# Locks and reads in one statement: what is read is the locked row itself, which PostgreSQL reads anew after its wait.
LOCK_STOCK = STOCK + " ORDER BY pool_id, code FOR NO KEY UPDATE"

SAVE = """
INSERT INTO pools (id, slug, version, updated_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (slug) DO UPDATE SET version = excluded.version, updated_at = excluded.updated_at
RETURNING id
"""

INSERT_ODDS = """
INSERT INTO pool_odds (pool_id, version, body, sha256, pity_from, published_at) VALUES ($1, $2, $3, $4, $5, $6)
"""

SAVE_STOCK = """
INSERT INTO pool_stock (pool_id, code, total, awarded)
SELECT $1, c, t, 0 FROM unnest($2::text[], $3::int[]) AS s(c, t) ORDER BY c
ON CONFLICT (pool_id, code) DO UPDATE SET total = greatest(excluded.total, pool_stock.awarded)
"""

SAVE_AWARDED = """
UPDATE pool_stock SET awarded = s.awarded
FROM unnest($1::uuid[], $2::text[], $3::int[]) AS s(pool_id, code, awarded)
WHERE pool_stock.pool_id = s.pool_id AND pool_stock.code = s.code
"""


async def load_pools(connection: Any, ids: Sequence[UUID]) -> list[Any]:
    return list(await connection.fetch(LOAD, ids))


async def load_pools_by_slug(connection: Any, slugs: Sequence[str]) -> list[Any]:
    return list(await connection.fetch(BY_SLUG, slugs))


async def load_all_pools(connection: Any) -> list[Any]:
    """Every pool, the oldest first."""
    return list(await connection.fetch(ALL))


async def lock_pool(work: Work, slug: str) -> Any:
    """The pool's row, locked; a lone row, so lock and read may share a statement. None where there is none yet."""
    return await work.connection.fetchrow(LOCK, slug)


async def load_odds(connection: Any, keys: Sequence[tuple[UUID, int]]) -> list[Any]:
    return list(await connection.fetch(ODDS, [key[0] for key in keys], [key[1] for key in keys]))


async def load_stock(connection: Any, pool_ids: Sequence[UUID]) -> list[Any]:
    return list(await connection.fetch(STOCK, pool_ids))


async def lock_stock(work: Work, pool_ids: Sequence[UUID]) -> list[Any]:
    """All prizes with a stock of these pools, in the order of their keys, after the members."""
    return list(await work.connection.fetch(LOCK_STOCK, pool_ids))


async def save_pool(work: Work, pool_id: UUID, slug: str, version: int, now: datetime) -> UUID:
    """Makes the pool or moves it to another version; returns its id."""
    saved: UUID = await work.connection.fetchval(SAVE, pool_id, slug, version, now)
    return saved


async def insert_odds(
    work: Work, pool_id: UUID, version: int, body: str, sha256: bytes, pity_from: int, now: datetime
) -> None:
    await work.connection.execute(INSERT_ODDS, pool_id, version, body, sha256, pity_from, now)


async def save_stock(work: Work, pool_id: UUID, totals: Sequence[tuple[str, int]]) -> None:
    """Makes the stock of new prizes and moves the totals of known ones; what was awarded stays."""
    await work.connection.execute(SAVE_STOCK, pool_id, [code for code, _ in totals], [total for _, total in totals])


async def save_awarded(work: Work, rows: Sequence[tuple[UUID, str, int]]) -> None:
    await work.connection.write(SAVE_AWARDED, *map(list, zip(*rows, strict=True)))
