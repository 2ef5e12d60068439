"""SQL of addresses and identities, sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.work import Work

INSERT = """
INSERT INTO prize_papers (member_id, prize_id, address, identity)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[])
"""

LOAD = """
SELECT p.member_id, p.prize_id, p.address, p.identity, p.export_id, p.exported_at
FROM unnest($1::uuid[], $2::uuid[]) AS k(member_id, prize_id)
JOIN prize_papers p ON p.member_id = k.member_id AND p.prize_id = k.prize_id
"""

# Only of a prize that was handed over, and that no export has had; locked, so that of two exports one waits.
TAKE = """
SELECT q.member_id, q.prize_id FROM prize_papers q JOIN prizes p ON p.member_id = q.member_id AND p.id = q.prize_id
WHERE q.export_id IS NULL AND q.identity IS NOT NULL AND p.tax_year = $1 AND p.state = 'FULFILLED'
ORDER BY q.member_id, q.prize_id LIMIT $2 FOR NO KEY UPDATE OF q
"""

MARK = """
UPDATE prize_papers SET export_id = $3, exported_at = $4, exported_by = $5
FROM unnest($1::uuid[], $2::uuid[]) AS k(member_id, prize_id)
WHERE prize_papers.member_id = k.member_id AND prize_papers.prize_id = k.prize_id
"""

EXPORTED = "SELECT member_id, prize_id FROM prize_papers WHERE export_id = $1 ORDER BY member_id, prize_id"

# What a prize that is over no longer needs. The law of each prize says how long an identity outlives it; one that was
# never taxed need not be kept at all, and an address goes with the end.
ENDED = """
SELECT q.member_id, q.prize_id, q.address IS NOT NULL AS addressed, q.identity IS NOT NULL AS identified,
       p.law, p.tax_year, p.ended_at
FROM prize_papers q JOIN prizes p ON p.member_id = q.member_id AND p.id = q.prize_id
WHERE p.ended_at IS NOT NULL AND (q.member_id, q.prize_id) > ($1::uuid, $2::uuid)
ORDER BY q.member_id, q.prize_id LIMIT $3
"""

FORGET = """
DELETE FROM prize_papers USING unnest($1::uuid[], $2::uuid[]) AS k(member_id, prize_id)
WHERE prize_papers.member_id = k.member_id AND prize_papers.prize_id = k.prize_id
"""

FORGET_ADDRESSES = """
UPDATE prize_papers SET address = NULL FROM unnest($1::uuid[], $2::uuid[]) AS k(member_id, prize_id)
WHERE prize_papers.member_id = k.member_id AND prize_papers.prize_id = k.prize_id
"""


async def insert_papers(work: Work, rows: Sequence[tuple[UUID, UUID, bytes | None, bytes | None]]) -> None:
    await work.connection.write(INSERT, *map(list, zip(*rows, strict=True)))


async def load_papers(connection: Any, keys: Sequence[tuple[UUID, UUID]]) -> list[Any]:
    """By (member, prize), those that there are."""
    return list(await connection.fetch(LOAD, [key[0] for key in keys], [key[1] for key in keys]))


async def take_unexported(work: Work, year: int, limit: int) -> list[tuple[UUID, UUID]]:
    return [(row["member_id"], row["prize_id"]) for row in await work.connection.fetch(TAKE, year, limit)]


async def mark_exported(
    work: Work, keys: Sequence[tuple[UUID, UUID]], export_id: UUID, now: datetime, operator: str
) -> None:
    await work.connection.execute(MARK, [key[0] for key in keys], [key[1] for key in keys], export_id, now, operator)


async def load_exported(connection: Any, export_id: UUID) -> list[tuple[UUID, UUID]]:
    return [(row["member_id"], row["prize_id"]) for row in await connection.fetch(EXPORTED, export_id)]


async def load_ended(connection: Any, after: tuple[UUID, UUID], limit: int) -> list[Any]:
    return list(await connection.fetch(ENDED, *after, limit))


async def forget(work: Work, keys: Sequence[tuple[UUID, UUID]], *, addresses_alone: bool) -> None:
    statement = FORGET_ADDRESSES if addresses_alone else FORGET
    await work.connection.execute(statement, [key[0] for key in keys], [key[1] for key in keys])
