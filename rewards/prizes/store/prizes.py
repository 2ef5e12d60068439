"""SQL of prizes, their directory and yearly values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.ids import FIRST_ID, LAST_ID
from loyalty.work import Work

# In the order of the fields of `lives.Won`.
_TYPES = {
    "member_id": "uuid", "id": "uuid", "source": "text", "thing": "text", "version": "int", "law": "text",
    "code": "text", "state": "text", "value_minor": "int", "taxed": "boolean", "won_at": "timestamptz",
    "updated_at": "timestamptz", "due_at": "timestamptz", "delivery": "text", "store_id": "uuid", "tax_year": "int",
    "withheld_minor": "int", "stamps": "int", "cash_minor": "int", "transfer_id": "uuid", "paid_id": "uuid",
    "receipt_no": "text", "tracking_no": "text", "reason": "text", "claimed_at": "timestamptz",
    "ready_at": "timestamptz", "ended_at": "timestamptz",
}  # fmt: skip
COLUMNS = ", ".join(_TYPES)
_FIXED = ("member_id", "id", "source", "thing", "version", "law", "code", "value_minor", "taxed", "won_at")
_PARAMETERS = ", ".join(f"${at}::{kind}[]" for at, kind in enumerate(_TYPES.values(), 1))

LOAD = f"""
SELECT p.* FROM unnest($1::uuid[], $2::uuid[]) AS k(member_id, id)
JOIN LATERAL (SELECT {COLUMNS} FROM prizes WHERE member_id = k.member_id AND id = k.id) p ON true
"""

INSERT = f"INSERT INTO prizes ({COLUMNS}) SELECT * FROM unnest({_PARAMETERS})"

DIRECT = """
INSERT INTO prize_directory (prize_id, code, member_id) SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[])
"""

SAVE = f"""
UPDATE prizes SET {", ".join(f"{name} = n.{name}" for name in _TYPES if name not in _FIXED)}
FROM unnest({_PARAMETERS}) AS n({COLUMNS})
WHERE prizes.member_id = n.member_id AND prizes.id = n.id
"""

BY_CODE = "SELECT code, member_id, prize_id FROM prize_directory WHERE code = ANY($1::text[])"

BY_ID = "SELECT prize_id, member_id FROM prize_directory WHERE prize_id = ANY($1::uuid[])"

OF_MEMBER = f"""
SELECT {COLUMNS} FROM prizes WHERE member_id = $1 AND id < coalesce($2::uuid, {LAST_ID}) ORDER BY id DESC LIMIT $3
"""

IN_STATE = f"""
SELECT {COLUMNS} FROM prizes
WHERE state = $1 AND ($2::uuid IS NULL OR store_id = $2) AND id > coalesce($3::uuid, {FIRST_ID}) ORDER BY id LIMIT $4
"""

DUE = "SELECT member_id, id FROM prizes WHERE due_at <= $1 ORDER BY due_at LIMIT $2"

OPEN_PICKS = """
SELECT member_id, thing, count(*)::int AS picks FROM prizes
WHERE member_id = ANY($1::uuid[]) AND source = 'PICK' AND ended_at IS NULL GROUP BY member_id, thing
"""

OPEN_OF = """
SELECT member_id, id FROM prizes WHERE member_id = ANY($1::uuid[]) AND ended_at IS NULL ORDER BY member_id, id
"""

OWNERS = """
SELECT DISTINCT member_id FROM prizes WHERE ended_at IS NULL AND member_id > $1 ORDER BY member_id LIMIT $2
"""

YEARS = "SELECT member_id, year, value_minor FROM prize_years WHERE member_id = ANY($1::uuid[])"

SAVE_YEARS = """
INSERT INTO prize_years (member_id, year, value_minor) SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[])
ON CONFLICT (member_id, year) DO UPDATE SET value_minor = excluded.value_minor
"""


async def load_prizes(connection: Any, keys: Sequence[tuple[UUID, UUID]]) -> list[Any]:
    """By (member, prize)."""
    return list(await connection.fetch(LOAD, [key[0] for key in keys], [key[1] for key in keys]))


async def insert_prizes(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows in the order of the columns, and their places in the directory."""
    await work.connection.write(INSERT, *map(list, zip(*rows, strict=True)))
    await work.connection.execute(
        DIRECT, [row[1] for row in rows], [row[6] for row in rows], [row[0] for row in rows]
    )  # fmt: skip


async def save_prizes(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    await work.connection.write(SAVE, *map(list, zip(*rows, strict=True)))


async def find_codes(connection: Any, codes: Sequence[str]) -> dict[str, tuple[UUID, UUID]]:
    """code -> (member, prize)."""
    return {row["code"]: (row["member_id"], row["prize_id"]) for row in await connection.fetch(BY_CODE, codes)}


async def find_owners(connection: Any, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """prize -> member."""
    return {row["prize_id"]: row["member_id"] for row in await connection.fetch(BY_ID, ids)}


async def load_page(connection: Any, member_id: UUID, before: UUID | None, limit: int) -> list[Any]:
    """A member's, newest first."""
    return list(await connection.fetch(OF_MEMBER, member_id, before, limit))


async def load_in_state(
    connection: Any, state: str, store_id: UUID | None, after: UUID | None, limit: int
) -> list[Any]:  # fmt: skip
    """Everybody's in one state, the oldest first."""
    return list(await connection.fetch(IN_STATE, state, store_id, after, limit))


async def load_due(connection: Any, now: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    return [(row["member_id"], row["id"]) for row in await connection.fetch(DUE, now, limit)]


async def count_open_picks(connection: Any, member_ids: Sequence[UUID]) -> dict[tuple[UUID, str], int]:
    return {(row["member_id"], row["thing"]): row["picks"] for row in await connection.fetch(OPEN_PICKS, member_ids)}


async def load_open(connection: Any, member_ids: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """What members have that has not ended."""
    return [(row["member_id"], row["id"]) for row in await connection.fetch(OPEN_OF, member_ids)]


async def load_owners(connection: Any, after: UUID, limit: int) -> list[UUID]:
    """Members with something that has not ended, by their ids."""
    return [row["member_id"] for row in await connection.fetch(OWNERS, after, limit)]


async def load_years(connection: Any, member_ids: Sequence[UUID]) -> dict[tuple[UUID, int], int]:
    rows = await connection.fetch(YEARS, member_ids)
    return {(row["member_id"], row["year"]): row["value_minor"] for row in rows}


async def save_years(work: Work, rows: Sequence[tuple[UUID, int, int]]) -> None:
    await work.connection.write(SAVE_YEARS, *map(list, zip(*rows, strict=True)))
