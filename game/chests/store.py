"""SQL of chests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.ids import LAST_NUMBER
from loyalty.invariants import Invariant
from loyalty.work import Work

_COLUMNS = "member_id, number, kind, version, unlock_seconds, earned_at, starts_at, opens_at, opened_at"
_OPENING = "member_id, number, kind, version, epoch, client_seed, set_by, drops, at"

INSERT = """
INSERT INTO chests (member_id, number, kind, version, unlock_seconds, earned_at)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::int[], $6::timestamptz[])
"""

# Those that are still shut, and those that a command names.
LOAD = f"""
SELECT {_COLUMNS} FROM chests WHERE member_id = ANY($1::uuid[]) AND opened_at IS NULL
UNION ALL
SELECT c.* FROM unnest($2::uuid[], $3::int[]) AS k(member_id, number)
JOIN LATERAL (SELECT {_COLUMNS} FROM chests
              WHERE member_id = k.member_id AND number = k.number AND opened_at IS NOT NULL) c ON true
"""

PAGE = f"""
SELECT {_COLUMNS} FROM chests WHERE member_id = $1 AND opened_at IS NULL ORDER BY number LIMIT $2
"""

SAVE = """
UPDATE chests SET starts_at = n.starts_at, opens_at = n.opens_at, opened_at = n.opened_at
FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
  AS n(member_id, number, starts_at, opens_at, opened_at)
WHERE chests.member_id = n.member_id AND chests.number = n.number
"""

INSERT_OPENINGS = f"""
INSERT INTO chest_openings ({_OPENING})
SELECT m, n, k, v, e, c, s, d::jsonb, a
FROM unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::int[], $6::text[], $7::text[], $8::text[],
            $9::timestamptz[]) AS o(m, n, k, v, e, c, s, d, a)
"""

OPENINGS = f"""
SELECT {_OPENING} FROM chest_openings
WHERE member_id = $1 AND number < coalesce($2::int, {LAST_NUMBER}) ORDER BY number DESC LIMIT $3
"""

OPENINGS_PAGE = f"""
SELECT {_OPENING} FROM chest_openings
WHERE (member_id, number) > ($1::uuid, $2::int) ORDER BY member_id, number LIMIT $3
"""

AUDIT = (
    Invariant(
        "a chest was earned by an order that was delivered",
        "SELECT count(*) FROM chests",
        """
SELECT c.member_id, c.number FROM chests c
LEFT JOIN deliveries d ON d.member_id = c.member_id AND d.number = c.number
WHERE d.member_id IS NULL OR d.at <> c.earned_at
""",
    ),
    Invariant(
        "a chest that was opened has its opening, and no other has one",
        "SELECT count(*) FROM chests",
        """
SELECT coalesce(c.member_id, o.member_id) AS member_id, coalesce(c.number, o.number) AS number
FROM chests c FULL JOIN chest_openings o ON o.member_id = c.member_id AND o.number = c.number
WHERE c.member_id IS NULL OR (c.opened_at IS NULL) <> (o.at IS NULL) OR c.opened_at <> o.at OR c.kind <> o.kind
   OR c.version <> o.version
""",
    ),
    Invariant(
        "diamonds and tickets out of chests, and diamonds paid to hurry them, are what their transfers say",
        "SELECT count(*) FROM chest_openings",
        """
SELECT coalesce(p.member_id, t.member_id) AS member_id, coalesce(p.account, t.account) AS account,
       coalesce(p.currency, t.currency) AS currency, p.amount, t.amount AS booked
FROM (
    SELECT o.member_id, 'issue:chest' AS account, d.prize ->> 0 AS currency, sum((d.prize ->> 1)::bigint) AS amount
    FROM chest_openings o CROSS JOIN LATERAL jsonb_array_elements(o.drops) AS d(prize)
    WHERE d.prize ->> 0 IN ('DIAMONDS', 'TICKETS') GROUP BY 1, 3
    UNION ALL
    SELECT member_id, 'sink:chest', 'DIAMONDS', -sum((facts ->> 'diamonds')::bigint) FROM events
    WHERE kind = 'chest_hurried' GROUP BY member_id) p
FULL JOIN (SELECT member_id, account, currency, sum(amount) AS amount FROM transfers
           WHERE account IN ('issue:chest', 'sink:chest') GROUP BY 1, 2, 3) t
    ON t.member_id = p.member_id AND t.account = p.account AND t.currency = p.currency
WHERE coalesce(p.amount, 0) <> coalesce(t.amount, 0)
""",
    ),
    Invariant(
        "energy and goods out of chests were granted, as much as openings say",
        "SELECT count(*) FROM chest_openings",
        """
SELECT coalesce(p.member_id, g.member_id) AS member_id, coalesce(p.kind, g.kind) AS kind, p.amount, g.amount AS granted
FROM (SELECT o.member_id, d.prize ->> 0 AS kind, sum((d.prize ->> 1)::bigint) AS amount
      FROM chest_openings o CROSS JOIN LATERAL jsonb_array_elements(o.drops) AS d(prize)
      WHERE d.prize ->> 0 IN ('ENERGY', 'GOODS') GROUP BY 1, 2) p
FULL JOIN (SELECT member_id, kind, sum(amount) AS amount FROM grants WHERE source = 'chest' GROUP BY 1, 2) g
    ON g.member_id = p.member_id AND g.kind = p.kind
WHERE coalesce(p.amount, 0) <> coalesce(g.amount, 0)
""",
    ),
)


async def insert_chests(work: Work, rows: Sequence[tuple[UUID, int, str, int, int, datetime]]) -> None:
    """Member, order's number, kind, version, unlock seconds, earned at."""
    await work.connection.write(INSERT, *map(list, zip(*rows, strict=True)))


async def load_chests(
    connection: Any, member_ids: Sequence[UUID], named: Sequence[tuple[UUID, int]]
) -> list[Any]:  # fmt: skip
    """What is still shut of these members, and of what is opened only the named."""
    return list(await connection.fetch(LOAD, member_ids, [each[0] for each in named], [each[1] for each in named]))


async def load_shut(connection: Any, member_id: UUID, limit: int) -> list[Any]:
    return list(await connection.fetch(PAGE, member_id, limit))


async def save_chests(
    work: Work, rows: Sequence[tuple[UUID, int, datetime | None, datetime | None, datetime | None]]
) -> None:
    await work.connection.write(SAVE, *map(list, zip(*rows, strict=True)))


async def insert_openings(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    await work.connection.write(INSERT_OPENINGS, *map(list, zip(*rows, strict=True)))


async def load_openings(connection: Any, member_id: UUID, before: int | None, limit: int) -> list[Any]:
    """A member's openings, the newest order first, before an order's number."""
    return list(await connection.fetch(OPENINGS, member_id, before, limit))


async def load_openings_page(connection: Any, after: tuple[UUID, int], limit: int) -> list[Any]:
    """Openings of everybody past a key, for the audit."""
    return list(await connection.fetch(OPENINGS_PAGE, *after, limit))
