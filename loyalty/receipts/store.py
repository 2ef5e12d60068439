"""SQL of stores, receipts and returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from loyalty.work import Work

LOAD_STORES = "SELECT id, code, name, timezone, currency, channel FROM stores WHERE id = ANY($1::uuid[])"

SAVE_STORES = """
INSERT INTO stores (id, code, name, timezone, currency, channel)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
ON CONFLICT (code) DO NOTHING
"""

RECEIPT_COLUMNS = (
    "member_id", "id", "store_id", "receipt_no", "bought_at", "day", "currency", "total_minor", "content_hash",
    "points", "stamps", "credits", "tickets", "tier", "multiplier_percent", "sheet_version", "points_expire_on",
    "stamps_expire_on", "visit", "revoked_points", "revoked_stamps", "revoked_credits", "recorded_at",
)  # fmt: skip

LOAD_RECEIPTS = f"""
SELECT {", ".join(f"r.{column}" for column in RECEIPT_COLUMNS)}
FROM unnest($1::uuid[], $2::text[]) AS k(store_id, receipt_no)
JOIN receipt_directory d ON d.store_id = k.store_id AND d.receipt_no = k.receipt_no
JOIN receipts r ON r.member_id = d.member_id AND r.id = d.receipt_id
"""  # noqa: S608

FIND_RECEIPTS = """
SELECT d.store_id, d.receipt_no, d.member_id, d.receipt_id
FROM unnest($1::uuid[], $2::text[]) AS k(store_id, receipt_no)
JOIN receipt_directory d ON d.store_id = k.store_id AND d.receipt_no = k.receipt_no
"""

LOAD_VISITS = """
SELECT r.member_id, r.day FROM unnest($1::uuid[], $2::date[]) AS k(member_id, day)
JOIN receipts r ON r.member_id = k.member_id AND r.day = k.day AND r.visit
"""

INSERT_RECEIPTS = f"""
INSERT INTO receipts ({", ".join(RECEIPT_COLUMNS)})
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::date[], $7::text[],
    $8::int[], $9::bytea[], $10::int[], $11::int[], $12::int[], $13::int[], $14::text[], $15::smallint[], $16::int[],
    $17::date[], $18::date[], $19::boolean[], $20::int[], $21::int[], $22::int[], $23::timestamptz[])
"""  # noqa: S608

# In key order, so that two batches with the same receipts wait for each other instead of locking each other out.
INSERT_DIRECTORY = """
INSERT INTO receipt_directory (store_id, receipt_no, member_id, receipt_id)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[]) AS d(store_id, receipt_no, member_id, receipt_id)
ORDER BY store_id, receipt_no
"""

INSERT_LINES = """
INSERT INTO receipt_lines (member_id, receipt_id, line_no, sku, name, brand, category, quantity, amount_minor, weight,
                           returned_quantity, returned_minor)
SELECT *, 0, 0 FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::text[],
                           $8::int[], $9::int[], $10::bigint[])
"""

LOAD_LINES = """
SELECT l.member_id, l.receipt_id, l.line_no, l.sku, l.name, l.brand, l.category, l.quantity, l.amount_minor, l.weight,
       l.returned_quantity, l.returned_minor
FROM unnest($1::uuid[], $2::uuid[]) AS k(member_id, receipt_id)
JOIN receipt_lines l ON l.member_id = k.member_id AND l.receipt_id = k.receipt_id
ORDER BY l.receipt_id, l.line_no
"""

SAVE_LINES = """
UPDATE receipt_lines SET returned_quantity = s.returned_quantity, returned_minor = s.returned_minor
FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::int[], $5::int[])
    AS s(member_id, receipt_id, line_no, returned_quantity, returned_minor)
WHERE receipt_lines.member_id = s.member_id AND receipt_lines.receipt_id = s.receipt_id
  AND receipt_lines.line_no = s.line_no
"""

SAVE_REVOKED = """
UPDATE receipts SET revoked_points = s.points, revoked_stamps = s.stamps, revoked_credits = s.credits
FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::int[]) AS s(member_id, id, points, stamps, credits)
WHERE receipts.member_id = s.member_id AND receipts.id = s.id
"""

LOAD_RETURNS = """
SELECT r.member_id, r.id, r.receipt_id, r.store_id, r.return_no, r.content_hash, r.points, r.stamps, r.credits, r.tier,
       r.everything
FROM unnest($1::uuid[], $2::text[]) AS k(store_id, return_no)
JOIN return_directory d ON d.store_id = k.store_id AND d.return_no = k.return_no
JOIN returns r ON r.member_id = d.member_id AND r.id = d.return_id
"""

INSERT_RETURNS = """
INSERT INTO returns (member_id, id, receipt_id, store_id, return_no, content_hash, points, stamps, credits, tier,
                     everything, at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bytea[], $7::int[], $8::int[],
                     $9::int[], $10::text[], $11::boolean[], $12::timestamptz[])
"""

INSERT_RETURN_DIRECTORY = """
INSERT INTO return_directory (store_id, return_no, member_id, return_id)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[]) AS d(store_id, return_no, member_id, return_id)
ORDER BY store_id, return_no
"""

PAGE = f"""
SELECT {", ".join(RECEIPT_COLUMNS)} FROM receipts
WHERE member_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""  # noqa: S608


async def load_stores(connection: Any, ids: Sequence[UUID]) -> list[Any]:
    return list(await connection.fetch(LOAD_STORES, ids))


async def find_stores(connection: Any, codes: Sequence[str]) -> dict[str, UUID]:
    rows = await connection.fetch("SELECT code, id FROM stores WHERE code = ANY($1::text[])", codes)
    return {row["code"]: row["id"] for row in rows}


async def insert_stores(work: Work, rows: Sequence[tuple[UUID, str, str, str, str, str]]) -> None:
    await work.connection.execute(SAVE_STORES, *_columns(rows))


async def find_receipts(connection: Any, store_ids: Sequence[UUID], numbers: Sequence[str]) -> list[Any]:
    return list(await connection.fetch(FIND_RECEIPTS, store_ids, numbers))


async def load_receipts(connection: Any, store_ids: Sequence[UUID], numbers: Sequence[str]) -> list[Any]:
    return list(await connection.fetch(LOAD_RECEIPTS, store_ids, numbers))


async def load_visits(work: Work, member_ids: Sequence[UUID], days: Sequence[date]) -> set[tuple[UUID, date]]:
    rows = await work.connection.fetch(LOAD_VISITS, member_ids, days)
    return {(row["member_id"], row["day"]) for row in rows}


async def insert_receipts(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    await work.connection.execute(INSERT_RECEIPTS, *_columns(rows))


async def insert_directory(work: Work, rows: Sequence[tuple[UUID, str, UUID, UUID]]) -> None:
    """Fails with a unique violation where another transaction recorded the same number first."""
    await work.connection.execute(INSERT_DIRECTORY, *_columns(rows))


async def insert_lines(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    await work.connection.execute(INSERT_LINES, *_columns(rows))


async def load_lines(connection: Any, member_ids: Sequence[UUID], receipt_ids: Sequence[UUID]) -> list[Any]:
    return list(await connection.fetch(LOAD_LINES, member_ids, receipt_ids))


async def save_lines(work: Work, rows: Sequence[tuple[UUID, UUID, int, int, int]]) -> None:
    await work.connection.execute(SAVE_LINES, *_columns(rows))


async def save_revoked(work: Work, rows: Sequence[tuple[UUID, UUID, int, int, int]]) -> None:
    await work.connection.execute(SAVE_REVOKED, *_columns(rows))


async def load_returns(work: Work, store_ids: Sequence[UUID], numbers: Sequence[str]) -> list[Any]:
    return list(await work.connection.fetch(LOAD_RETURNS, store_ids, numbers))


async def insert_returns(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    await work.connection.execute(INSERT_RETURNS, *_columns(rows))


async def insert_return_directory(work: Work, rows: Sequence[tuple[UUID, str, UUID, UUID]]) -> None:
    """Fails with a unique violation where another transaction recorded the same number first."""
    await work.connection.execute(INSERT_RETURN_DIRECTORY, *_columns(rows))


async def load_page(connection: Any, member_id: UUID, before: UUID | None, limit: int) -> list[Any]:
    return list(await connection.fetch(PAGE, member_id, before, limit))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
