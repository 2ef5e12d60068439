"""SQL of seeds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.invariants import Invariant
from loyalty.work import Work

_COLUMNS = "member_id, epoch, commit_sha256, sealed, client_seed, set_by, next_nonce, revealed_at"

UNREVEALED = f"""
SELECT {_COLUMNS} FROM seeds WHERE member_id = ANY($1::uuid[]) AND revealed_at IS NULL ORDER BY member_id, epoch
"""

BY_KEY = f"""
SELECT s.* FROM unnest($1::uuid[], $2::int[]) AS k(member_id, epoch)
JOIN LATERAL (SELECT {_COLUMNS} FROM seeds WHERE member_id = k.member_id AND epoch = k.epoch) s ON true
"""

PAGE = f"""
SELECT {_COLUMNS} FROM seeds WHERE (member_id, epoch) > ($1::uuid, $2::int) ORDER BY member_id, epoch LIMIT $3
"""

INSERT = """
INSERT INTO seeds (member_id, epoch, commit_sha256, sealed, client_seed, set_by, next_nonce, created_at)
SELECT m, e, c, s, t, b, 0, a
FROM unnest($1::uuid[], $2::int[], $3::bytea[], $4::bytea[], $5::text[], $6::text[], $7::timestamptz[])
  AS n(m, e, c, s, t, b, a)
"""

SAVE = """
UPDATE seeds SET client_seed = n.client_seed, set_by = n.set_by, next_nonce = n.next_nonce, revealed_at = n.revealed_at
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::int[], $6::timestamptz[])
  AS n(member_id, epoch, client_seed, set_by, next_nonce, revealed_at)
WHERE seeds.member_id = n.member_id AND seeds.epoch = n.epoch
"""

AUDIT = (
    Invariant(
        "a member's epochs follow each other from 1: all revealed but the current one and the next, which waits",
        "SELECT count(DISTINCT member_id) FROM seeds",
        """
SELECT s.member_id, s.epochs, s.last, s.open FROM (
    SELECT member_id, count(*) AS epochs, max(epoch) AS last, count(*) FILTER (WHERE revealed_at IS NULL) AS open,
           min(epoch) FILTER (WHERE revealed_at IS NULL) AS first_open,
           count(*) FILTER (WHERE client_seed IS NULL) AS waiting, max(epoch) FILTER (WHERE client_seed IS NULL) AS next
    FROM seeds GROUP BY member_id) s
LEFT JOIN members m ON m.id = s.member_id
WHERE m.id IS NULL OR s.epochs <> s.last OR s.open <> 2 OR s.first_open <> s.last - 1 OR s.waiting <> 1
   OR s.next <> s.last
""",
    ),
)


async def load_unrevealed(connection: Any, member_ids: Sequence[UUID]) -> list[Any]:
    """The current epoch and the next of each member, in this order."""
    return list(await connection.fetch(UNREVEALED, member_ids))


async def load_epochs(connection: Any, keys: Sequence[tuple[UUID, int]]) -> list[Any]:
    return list(await connection.fetch(BY_KEY, [key[0] for key in keys], [key[1] for key in keys]))


async def load_page(connection: Any, after: tuple[UUID, int], limit: int) -> list[Any]:
    """Epochs of everybody past a key, for the audit."""
    return list(await connection.fetch(PAGE, *after, limit))


async def insert_seeds(
    work: Work, rows: Sequence[tuple[UUID, int, bytes, bytes, str | None, str | None, datetime]]
) -> None:
    await work.connection.write(INSERT, *map(list, zip(*rows, strict=True)))


async def save_seeds(
    work: Work, rows: Sequence[tuple[UUID, int, str | None, str | None, int, datetime | None]]
) -> None:
    await work.connection.write(SAVE, *map(list, zip(*rows, strict=True)))
