"""SQL of stores, receipts and returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from loyalty.ids import LAST_ID
from loyalty.invariants import Invariant
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

# Key by key, by OFFSET 0, whatever the planner believes of a table that had a few rows when it was last counted.
_LOOKED_UP = """
FROM unnest($1::uuid[], $2::text[]) AS k(store_id, receipt_no)
CROSS JOIN LATERAL (
    SELECT * FROM receipt_directory WHERE store_id = k.store_id AND receipt_no = k.receipt_no OFFSET 0) d
"""

LOAD_RECEIPTS = f"""
SELECT {", ".join(f"r.{column}" for column in RECEIPT_COLUMNS)}
{_LOOKED_UP}
CROSS JOIN LATERAL (SELECT * FROM receipts WHERE member_id = d.member_id AND id = d.receipt_id OFFSET 0) r
"""

LOAD_RECEIPT = f"SELECT {', '.join(RECEIPT_COLUMNS)} FROM receipts WHERE member_id = $1 AND id = $2"

FIND_RECEIPTS = f"SELECT d.store_id, d.receipt_no, d.member_id, d.receipt_id {_LOOKED_UP}"

LOAD_VISITS = """
SELECT r.member_id, r.day FROM unnest($1::uuid[], $2::date[]) AS k(member_id, day)
JOIN receipts r ON r.member_id = k.member_id AND r.day = k.day AND r.visit
"""

INSERT_RECEIPTS = f"""
INSERT INTO receipts ({", ".join(RECEIPT_COLUMNS)})
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::date[], $7::text[],
    $8::int[], $9::bytea[], $10::int[], $11::int[], $12::int[], $13::int[], $14::text[], $15::smallint[], $16::int[],
    $17::date[], $18::date[], $19::boolean[], $20::int[], $21::int[], $22::int[], $23::timestamptz[])
"""

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
CROSS JOIN LATERAL (
    SELECT * FROM return_directory WHERE store_id = k.store_id AND return_no = k.return_no OFFSET 0) d
CROSS JOIN LATERAL (SELECT * FROM returns WHERE member_id = d.member_id AND id = d.return_id OFFSET 0) r
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
WHERE member_id = $1 AND id < coalesce($2::uuid, {LAST_ID}) ORDER BY id DESC LIMIT $3
"""

_CREDITED = """
SELECT member_id, source_id, coalesce(sum(amount) FILTER (WHERE currency = 'POINTS'), 0) AS points,
       coalesce(sum(amount) FILTER (WHERE currency = 'STAMPS'), 0) AS stamps,
       coalesce(sum(amount) FILTER (WHERE currency = 'TICKETS'), 0) AS tickets
FROM transfers WHERE reason = '{reason}' AND account = 'issue:receipt' GROUP BY member_id, source_id
"""
# A fraction of a line's weight carries to the next line, so the weights' sum is the receipt's, floored once.
_BY_LINES = """
SELECT member_id, receipt_id, sum(amount_minor) AS total, sum(weight) AS weight,
       sum(CASE WHEN amount_minor > 0 THEN div(weight::numeric * returned_minor, amount_minor) ELSE 0 END) AS back,
       coalesce(sum(amount_minor) FILTER (WHERE weight > 0), 0) AS eligible,
       coalesce(sum(returned_minor) FILTER (WHERE weight > 0), 0) AS eligible_back,
       bool_or(returned_minor NOT BETWEEN 0 AND amount_minor OR returned_quantity NOT BETWEEN 0 AND quantity) AS beyond
FROM receipt_lines GROUP BY member_id, receipt_id
"""

AUDIT = (
    Invariant(
        "a receipt's points, stamps and tickets are what its transfers credited, and no transfer is for another",
        "SELECT count(*) FROM receipts",
        f"""
SELECT coalesce(r.member_id, t.member_id) AS member_id, coalesce(r.id, t.source_id) AS receipt_id,
       r.points, t.points AS points_credited, r.stamps, t.stamps AS stamps_credited, r.tickets,
       t.tickets AS tickets_credited
FROM receipts r FULL JOIN ({_CREDITED.format(reason="receipt")}) t ON t.member_id = r.member_id AND t.source_id = r.id
WHERE r.id IS NULL OR r.points <> coalesce(t.points, 0) OR r.stamps <> coalesce(t.stamps, 0)
   OR r.tickets <> coalesce(t.tickets, 0)
""",
    ),
    Invariant(
        "a return's points and stamps are what its transfers took, and no transfer is for another",
        "SELECT count(*) FROM returns",
        f"""
SELECT coalesce(r.member_id, t.member_id) AS member_id, coalesce(r.id, t.source_id) AS return_id,
       r.points, -t.points AS points_taken, r.stamps, -t.stamps AS stamps_taken
FROM returns r FULL JOIN ({_CREDITED.format(reason="return")}) t ON t.member_id = r.member_id AND t.source_id = r.id
WHERE r.id IS NULL OR r.points <> -coalesce(t.points, 0) OR r.stamps <> -coalesce(t.stamps, 0)
""",
    ),
    Invariant(
        "what a receipt has revoked is the sum of its returns",
        "SELECT count(*) FROM receipts",
        """
SELECT coalesce(r.member_id, b.member_id) AS member_id, coalesce(r.id, b.receipt_id) AS receipt_id,
       r.revoked_points, b.points, r.revoked_stamps, b.stamps, r.revoked_credits, b.credits
FROM (SELECT * FROM receipts WHERE revoked_points <> 0 OR revoked_stamps <> 0 OR revoked_credits <> 0) r
FULL JOIN (
    SELECT member_id, receipt_id, sum(points) AS points, sum(stamps) AS stamps, sum(credits) AS credits
    FROM returns GROUP BY member_id, receipt_id) b ON b.member_id = r.member_id AND b.receipt_id = r.id
WHERE coalesce(r.revoked_points, 0) <> coalesce(b.points, 0) OR coalesce(r.revoked_stamps, 0) <> coalesce(b.stamps, 0)
   OR coalesce(r.revoked_credits, 0) <> coalesce(b.credits, 0)
""",
    ),
    Invariant(
        "a receipt earned and revoked what follows from its lines",
        "SELECT count(*) FROM receipt_lines",
        f"""
SELECT coalesce(r.member_id, l.member_id) AS member_id, coalesce(r.id, l.receipt_id) AS receipt_id, r.points,
       r.revoked_points, l.weight, l.back, r.total_minor, l.total
FROM receipts r FULL JOIN ({_BY_LINES}) l ON l.member_id = r.member_id AND l.receipt_id = r.id
WHERE r.id IS NULL OR l.receipt_id IS NULL OR l.beyond OR r.total_minor <> l.total
   OR r.points <> div(l.weight, 1000)
   OR r.revoked_points <> coalesce(div(r.points * l.back, nullif(l.weight, 0)), 0)
   OR r.revoked_stamps <> coalesce(div(r.stamps * l.eligible_back::numeric, nullif(l.eligible, 0)), 0)
   OR r.revoked_credits <> coalesce(div(r.credits * l.eligible_back::numeric, nullif(l.eligible, 0)), 0)
""",
    ),
    Invariant(
        "receipts and their directory are complete both ways",
        "SELECT count(*) FROM receipts",
        """
SELECT coalesce(r.member_id, d.member_id) AS member_id, coalesce(r.id, d.receipt_id) AS receipt_id
FROM receipts r FULL JOIN receipt_directory d
    ON d.member_id = r.member_id AND d.receipt_id = r.id AND d.store_id = r.store_id AND d.receipt_no = r.receipt_no
WHERE r.id IS NULL OR d.receipt_id IS NULL
""",
    ),
    Invariant(
        "returns and their directory are complete both ways",
        "SELECT count(*) FROM returns",
        """
SELECT coalesce(r.member_id, d.member_id) AS member_id, coalesce(r.id, d.return_id) AS return_id
FROM returns r FULL JOIN return_directory d
    ON d.member_id = r.member_id AND d.return_id = r.id AND d.store_id = r.store_id AND d.return_no = r.return_no
WHERE r.id IS NULL OR d.return_id IS NULL
""",
    ),
    Invariant(
        "tier credits of each day are those of its receipts, less what was revoked",
        "SELECT count(*) FROM tier_credits",
        """
SELECT coalesce(c.member_id, r.member_id) AS member_id, coalesce(c.day, r.day) AS day, c.credits, r.credits AS earned
FROM tier_credits c FULL JOIN (
    SELECT member_id, day, sum(credits - revoked_credits) AS credits FROM receipts GROUP BY member_id, day) r
    ON r.member_id = c.member_id AND r.day = c.day
WHERE coalesce(c.credits, 0) <> coalesce(r.credits, 0) OR c.credits < 0
""",
    ),
    Invariant(
        "every receipt and every return is in the timeline, once",
        "SELECT (SELECT count(*) FROM receipts) + (SELECT count(*) FROM returns)",
        """
SELECT p.kind, p.member_id, p.id, coalesce(e.times, 0) AS times
FROM (SELECT 'receipt_recorded' AS kind, member_id, id FROM receipts
      UNION ALL SELECT 'receipt_returned', member_id, id FROM returns) p
LEFT JOIN (
    SELECT member_id, kind, (facts ->> CASE kind WHEN 'receipt_recorded' THEN 'receipt' ELSE 'return' END)::uuid AS id,
           count(*) AS times
    FROM events WHERE kind IN ('receipt_recorded', 'receipt_returned') GROUP BY 1, 2, 3) e
    ON e.member_id = p.member_id AND e.kind = p.kind AND e.id = p.id
WHERE e.times IS DISTINCT FROM 1
""",
    ),
    Invariant(
        "a visit gave its energy and ticket once, a receipt that was none gave neither",
        "SELECT count(*) FROM receipts WHERE visit",
        """
SELECT r.member_id, r.id AS receipt_id, r.visit, r.tickets, coalesce(g.amount, 0) AS energy
FROM receipts r
LEFT JOIN sheets s ON s.kind = 'earning' AND s.key = r.currency AND s.version = r.sheet_version
LEFT JOIN (
    SELECT member_id, source, sum(amount) AS amount FROM grants
    WHERE kind = 'ENERGY' AND source LIKE 'receipt:%' GROUP BY member_id, source) g
    ON g.member_id = r.member_id AND g.source = 'receipt:' || r.id
WHERE s.id IS NULL
   OR coalesce(g.amount, 0) <> CASE WHEN r.visit THEN (s.body ->> 'visit_energy')::int ELSE 0 END
   OR r.tickets <> CASE WHEN r.visit THEN (s.body ->> 'visit_tickets')::int ELSE 0 END
""",
    ),
    Invariant(
        "receipts are of members and stores that there are, one visit a day",
        "SELECT count(*) FROM receipts",
        """
SELECT r.member_id, r.id AS receipt_id, r.store_id FROM receipts r
LEFT JOIN members m ON m.id = r.member_id LEFT JOIN stores s ON s.id = r.store_id
WHERE m.id IS NULL OR s.id IS NULL
UNION ALL
SELECT member_id, min(id::text)::uuid, min(store_id::text)::uuid FROM receipts
WHERE visit GROUP BY member_id, day HAVING count(*) > 1
""",
    ),
    Invariant(
        "the result of a recorded receipt names the receipt, its points and its stamps",
        "SELECT count(*) FROM request_results WHERE mutation = 'recordReceipt'",
        """
SELECT q.scope, q.id, q.member_id FROM request_results q
LEFT JOIN receipts r ON r.member_id = (q.outcome ->> 'member_id')::uuid AND r.id = (q.outcome ->> 'receipt_id')::uuid
WHERE q.mutation = 'recordReceipt' AND (r.id IS NULL OR q.member_id IS DISTINCT FROM r.member_id
    OR r.points <> (q.outcome ->> 'points')::int OR r.stamps <> (q.outcome ->> 'stamps')::int)
""",
    ),
)


async def load_stores(connection: Any, ids: Sequence[UUID]) -> list[Any]:
    return list(await connection.fetch(LOAD_STORES, ids))


async def find_stores(connection: Any, codes: Sequence[str]) -> dict[str, UUID]:
    rows = await connection.fetch("SELECT code, id FROM stores WHERE code = ANY($1::text[])", codes)
    return {row["code"]: row["id"] for row in rows}


async def insert_stores(work: Work, rows: Sequence[tuple[UUID, str, str, str, str, str]]) -> None:
    await work.connection.write(SAVE_STORES, *_columns(rows))


async def find_receipts(connection: Any, store_ids: Sequence[UUID], numbers: Sequence[str]) -> list[Any]:
    return list(await connection.fetch(FIND_RECEIPTS, store_ids, numbers))


async def load_receipts(connection: Any, store_ids: Sequence[UUID], numbers: Sequence[str]) -> list[Any]:
    return list(await connection.fetch(LOAD_RECEIPTS, store_ids, numbers))


async def load_visits(work: Work, member_ids: Sequence[UUID], days: Sequence[date]) -> set[tuple[UUID, date]]:
    rows = await work.connection.fetch(LOAD_VISITS, member_ids, days)
    return {(row["member_id"], row["day"]) for row in rows}


async def insert_receipts(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    await work.connection.write(INSERT_RECEIPTS, *_columns(rows))


async def insert_directory(work: Work, rows: Sequence[tuple[UUID, str, UUID, UUID]]) -> None:
    """Fails with a unique violation where another transaction recorded the same number first."""
    await work.connection.write(INSERT_DIRECTORY, *_columns(rows))


async def insert_lines(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    await work.connection.write(INSERT_LINES, *_columns(rows))


async def load_lines(connection: Any, member_ids: Sequence[UUID], receipt_ids: Sequence[UUID]) -> list[Any]:
    return list(await connection.fetch(LOAD_LINES, member_ids, receipt_ids))


async def save_lines(work: Work, rows: Sequence[tuple[UUID, UUID, int, int, int]]) -> None:
    await work.connection.write(SAVE_LINES, *_columns(rows))


async def save_revoked(work: Work, rows: Sequence[tuple[UUID, UUID, int, int, int]]) -> None:
    await work.connection.write(SAVE_REVOKED, *_columns(rows))


async def load_returns(work: Work, store_ids: Sequence[UUID], numbers: Sequence[str]) -> list[Any]:
    return list(await work.connection.fetch(LOAD_RETURNS, store_ids, numbers))


async def insert_returns(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    await work.connection.write(INSERT_RETURNS, *_columns(rows))


async def insert_return_directory(work: Work, rows: Sequence[tuple[UUID, str, UUID, UUID]]) -> None:
    """Fails with a unique violation where another transaction recorded the same number first."""
    await work.connection.write(INSERT_RETURN_DIRECTORY, *_columns(rows))


async def load_page(connection: Any, member_id: UUID, before: UUID | None, limit: int) -> list[Any]:
    return list(await connection.fetch(PAGE, member_id, before, limit))


async def load_receipt(connection: Any, member_id: UUID, receipt_id: UUID) -> Any:
    return await connection.fetchrow(LOAD_RECEIPT, member_id, receipt_id)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
