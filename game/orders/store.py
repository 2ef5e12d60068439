"""SQL of deliveries and rerolls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from loyalty.ids import LAST_NUMBER
from loyalty.invariants import Invariant
from loyalty.work import Work

INSERT = """
INSERT INTO deliveries (member_id, number, units, diamonds, experience, at)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[], $6::timestamptz[])
"""

LOAD_SINCE_EACH = """
SELECT k.member_id, array_remove(array_agg(d.at ORDER BY d.at), NULL) AS instants
FROM unnest($1::uuid[], $2::timestamptz[]) AS k(member_id, since)
LEFT JOIN deliveries d ON d.member_id = k.member_id AND d.at >= k.since
GROUP BY k.member_id
"""

PAGE = f"""
SELECT number, units, diamonds, experience, at FROM deliveries
WHERE member_id = $1 AND number < coalesce($2::int, {LAST_NUMBER}) ORDER BY number DESC LIMIT $3
"""

LOAD_DELIVERED = """
SELECT d.member_id, d.number FROM unnest($1::uuid[], $2::int[]) AS k(member_id, number)
JOIN deliveries d ON d.member_id = k.member_id AND d.number = k.number
"""

INSERT_REROLLS = """
INSERT INTO rerolls (member_id, day, number, replaced_by, diamonds, at)
SELECT * FROM unnest($1::uuid[], $2::date[], $3::int[], $4::int[], $5::int[], $6::timestamptz[])
"""

COUNT_REROLLS = """
SELECT k.member_id, k.day, count(*) AS used FROM unnest($1::uuid[], $2::date[]) AS k(member_id, day)
JOIN rerolls r ON r.member_id = k.member_id AND r.day = k.day GROUP BY k.member_id, k.day
"""

REROLLS_OF = """
SELECT day, number, replaced_by, diamonds, at FROM rerolls WHERE member_id = $1 ORDER BY day DESC, number DESC
"""

AUDIT = (
    Invariant(
        "what orders and levels paid is what their transfers say",
        "SELECT count(*) FROM deliveries",
        """
SELECT coalesce(p.member_id, t.member_id) AS member_id, coalesce(p.account, t.account) AS account,
       p.diamonds, t.amount
FROM (
    SELECT member_id, 'issue:order' AS account, sum(diamonds) AS diamonds FROM deliveries GROUP BY member_id
    UNION ALL
    SELECT member_id, 'issue:level', sum((facts ->> 'diamonds')::bigint) FROM events
    WHERE kind = 'level_claimed' GROUP BY member_id) p
FULL JOIN (
    SELECT member_id, account, sum(amount) AS amount FROM transfers
    WHERE account IN ('issue:order', 'issue:level') GROUP BY member_id, account) t
    ON t.member_id = p.member_id AND t.account = p.account
WHERE coalesce(p.diamonds, 0) <> coalesce(t.amount, 0)
""",
    ),
    Invariant(
        "what was paid for bubbles is what their transfers say",
        "SELECT count(*) FROM events WHERE kind = 'bubble_popped'",
        """
SELECT coalesce(p.member_id, t.member_id) AS member_id, p.diamonds, t.amount
FROM (SELECT member_id, sum((facts ->> 'diamonds')::bigint) AS diamonds FROM events
      WHERE kind = 'bubble_popped' GROUP BY member_id) p
FULL JOIN (SELECT member_id, sum(amount) AS amount FROM transfers
           WHERE account = 'sink:bubble' GROUP BY member_id) t ON t.member_id = p.member_id
WHERE coalesce(p.diamonds, 0) <> -coalesce(t.amount, 0)
""",
    ),
    Invariant(
        "an order is taken in before it is delivered, and does not wait once it is",
        "SELECT count(*) FROM deliveries",
        """
SELECT d.member_id, d.number, b.next_order FROM deliveries d LEFT JOIN boards b ON b.member_id = d.member_id
WHERE b.member_id IS NULL OR (d.number >= b.next_order AND d.number < 1000000000)
   OR EXISTS (SELECT FROM jsonb_array_elements(b.orders) AS o(waiting) WHERE (waiting ->> 0)::int = d.number)
""",
    ),
    Invariant(
        "experience comes from deliveries, and levels were claimed one after the other, before and after a reset",
        "SELECT count(*) FROM boards",
        """
SELECT b.member_id, b.experience, d.experience AS earned, b.level, e.claimed, r.experience AS before FROM boards b
LEFT JOIN (SELECT member_id, sum(experience) AS experience FROM deliveries GROUP BY member_id) d
    ON d.member_id = b.member_id
LEFT JOIN (SELECT member_id, count(*) AS claimed FROM events WHERE kind = 'level_claimed' GROUP BY member_id) e
    ON e.member_id = b.member_id
LEFT JOIN (SELECT member_id, sum((facts ->> 'experience')::bigint) AS experience,
                  sum((facts ->> 'level')::bigint - 1) AS levels
           FROM events WHERE kind = 'board_reset' GROUP BY member_id) r ON r.member_id = b.member_id
WHERE b.experience <> least(coalesce(d.experience, 0) - coalesce(r.experience, 0), 2147483647)
   OR b.level <> coalesce(e.claimed, 0) - coalesce(r.levels, 0) + 1
""",
    ),
    Invariant(
        "diamonds paid for rerolls are what their transfers say",
        "SELECT count(*) FROM rerolls",
        """
SELECT coalesce(p.member_id, t.member_id) AS member_id, p.diamonds, t.amount
FROM (SELECT member_id, sum(diamonds) AS diamonds FROM rerolls GROUP BY member_id) p
FULL JOIN (SELECT member_id, -sum(amount) AS amount FROM transfers WHERE account = 'sink:reroll' GROUP BY member_id) t
    ON t.member_id = p.member_id
WHERE coalesce(p.diamonds, 0) <> coalesce(t.amount, 0)
""",
    ),
    Invariant(
        "an order that was rerolled was a plain one, once, and neither waits nor was delivered",
        "SELECT count(*) FROM rerolls",
        """
SELECT r.member_id, r.number, r.replaced_by, r.times FROM (
    SELECT member_id, number, min(replaced_by) AS replaced_by, count(*) AS times FROM rerolls
    GROUP BY member_id, number) r
LEFT JOIN boards b ON b.member_id = r.member_id
LEFT JOIN deliveries d ON d.member_id = r.member_id AND d.number = r.number
WHERE r.times > 1 OR b.member_id IS NULL OR r.replaced_by >= b.next_order OR d.number IS NOT NULL
   OR EXISTS (SELECT FROM jsonb_array_elements(b.orders) AS o(waiting) WHERE (waiting ->> 0)::int = r.number)
""",
    ),
)


async def insert_deliveries(work: Work, rows: Sequence[tuple[UUID, int, int, int, int, datetime]]) -> None:
    """Member, number, units, diamonds, experience, at."""
    await work.connection.write(INSERT, *map(list, zip(*rows, strict=True)))


async def load_since(connection: Any, asks: Sequence[tuple[UUID, datetime]]) -> dict[UUID, list[datetime]]:
    """member -> the instants of his deliveries since then, in order; each member once."""
    rows = await connection.fetch(LOAD_SINCE_EACH, [ask[0] for ask in asks], [ask[1] for ask in asks])
    return {row["member_id"]: row["instants"] for row in rows}


async def load_delivered(connection: Any, asks: Sequence[tuple[UUID, int]]) -> list[Any]:
    """Those of the asked (member, number) that were delivered."""
    return list(await connection.fetch(LOAD_DELIVERED, [ask[0] for ask in asks], [ask[1] for ask in asks]))


async def insert_rerolls(work: Work, rows: Sequence[tuple[UUID, date, int, int, int, datetime]]) -> None:
    """Member, day, number, the number that took its place, diamonds, at."""
    await work.connection.write(INSERT_REROLLS, *map(list, zip(*rows, strict=True)))


async def count_rerolls(connection: Any, asks: Sequence[tuple[UUID, date]]) -> dict[tuple[UUID, date], int]:
    """(member, day) -> how often he rerolled on it; each pair once."""
    rows = await connection.fetch(COUNT_REROLLS, [ask[0] for ask in asks], [ask[1] for ask in asks])
    return {(row["member_id"], row["day"]): row["used"] for row in rows}


async def load_rerolls_of(connection: Any, member_id: UUID) -> list[Any]:
    return list(await connection.fetch(REROLLS_OF, member_id))


async def load_page(connection: Any, member_id: UUID, before: int | None, limit: int) -> list[Any]:
    return list(await connection.fetch(PAGE, member_id, before, limit))
