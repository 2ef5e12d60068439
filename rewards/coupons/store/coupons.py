"""SQL of coupons and their directory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.ids import LAST_ID
from loyalty.work import Work

_READ = "member_id, id, offer_id, version, code, secret, state, hold_id, issued_at, expires_at, due_at, updated_at"

FIND_CODES = "SELECT code, member_id, coupon_id FROM coupon_codes WHERE code = ANY($1::text[])"

LOAD = f"""
SELECT {", ".join(f"c.{column}" for column in _READ.split(", "))}
FROM unnest($1::uuid[], $2::uuid[]) AS k(member_id, id)
JOIN coupons c ON c.member_id = k.member_id AND c.id = k.id
"""

INSERT = """
INSERT INTO coupons (member_id, id, offer_id, version, code, secret, state, hold_id, issued_on, issued_at, expires_at,
                     due_at, updated_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::bytea[], $7::text[], $8::uuid[],
                     $9::date[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[])
"""

INSERT_CODES = """
INSERT INTO coupon_codes (code, member_id, coupon_id)
SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS c(code, member_id, coupon_id) ORDER BY code
"""

SAVE = """
UPDATE coupons SET state = s.state, hold_id = s.hold_id, due_at = s.due_at, updated_at = s.updated_at
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[], $6::timestamptz[])
    AS s(member_id, id, state, hold_id, due_at, updated_at)
WHERE coupons.member_id = s.member_id AND coupons.id = s.id
"""

PAGE = f"""
SELECT {_READ} FROM coupons
WHERE member_id = $1 AND ($2::text IS NULL OR state = $2) AND id < coalesce($3::uuid, {LAST_ID})
ORDER BY id DESC LIMIT $4
"""

MEMBERS_DUE = """
SELECT DISTINCT member_id FROM (
    SELECT member_id FROM coupons WHERE state = 'ISSUED' AND due_at <= $1 ORDER BY due_at LIMIT $2) AS due
"""

DUE = f"""
SELECT {_READ} FROM coupons
WHERE member_id = ANY($1::uuid[]) AND state = 'ISSUED' AND due_at <= $2
ORDER BY member_id, id
"""


async def find_codes(connection: Any, codes: Sequence[str]) -> dict[str, tuple[UUID, UUID]]:
    """code -> (member, coupon)."""
    rows = await connection.fetch(FIND_CODES, codes)
    return {row["code"]: (row["member_id"], row["coupon_id"]) for row in rows}


async def load_coupons(connection: Any, keys: Sequence[tuple[UUID, UUID]]) -> list[Any]:
    return list(await connection.fetch(LOAD, [key[0] for key in keys], [key[1] for key in keys]))


async def insert_coupons(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    """Member, id, offer, version, code, secret, state, hold, day, issued, expires, due, updated."""
    await work.connection.write(INSERT, *map(list, zip(*rows, strict=True)))
    await work.connection.write(
        INSERT_CODES, [row[4] for row in rows], [row[0] for row in rows], [row[1] for row in rows]
    )


async def save_coupons(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    """Member, id, state, hold, due, updated; each key once."""
    await work.connection.write(SAVE, *map(list, zip(*rows, strict=True)))


async def load_page(connection: Any, member_id: UUID, state: str | None, before: UUID | None, limit: int) -> list[Any]:
    """A member's newest coupons older than `before`, of one state or of all."""
    return list(await connection.fetch(PAGE, member_id, state, before, limit))


async def load_members_due(connection: Any, now: datetime, limit: int) -> list[UUID]:
    """Members of coupons that are due, at most `limit` coupons' worth."""
    return [row["member_id"] for row in await connection.fetch(MEMBERS_DUE, now, limit)]


async def load_due(work: Work, member_ids: Sequence[UUID], now: datetime) -> list[Any]:
    return list(await work.connection.fetch(DUE, member_ids, now))
