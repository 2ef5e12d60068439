"""SQL of claims."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from game.quests.rules.content import SUMS
from loyalty.invariants import Invariant
from loyalty.work import Work

_COLUMNS = "member_id, code, period, counts, target, progress, since, until, diamonds, tickets, energy, at"
_SUMMED = ", ".join(f"('{counts}', '{kind}', '{fact}')" for counts, (kind, fact) in SUMS.items())

INSERT = f"""
INSERT INTO quest_claims ({_COLUMNS})
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::timestamptz[],
                     $8::timestamptz[], $9::int[], $10::int[], $11::int[], $12::timestamptz[])
"""

LOAD = """
SELECT c.member_id, c.code, c.period, c.progress FROM unnest($1::uuid[], $2::text[], $3::text[])
    AS k(member_id, code, period)
JOIN quest_claims c ON c.member_id = k.member_id AND c.code = k.code AND c.period = k.period
"""

OF_MEMBER = f"SELECT {_COLUMNS} FROM quest_claims WHERE member_id = $1 ORDER BY at DESC, code"

AUDIT = (
    Invariant(
        "diamonds and tickets for quests are what their transfers say",
        "SELECT count(*) FROM quest_claims",
        """
SELECT coalesce(p.member_id, t.member_id) AS member_id, coalesce(p.currency, t.currency) AS currency,
       p.amount, t.amount AS booked
FROM (
    SELECT member_id, 'DIAMONDS' AS currency, sum(diamonds) AS amount FROM quest_claims GROUP BY member_id
    UNION ALL
    SELECT member_id, 'TICKETS', sum(tickets) FROM quest_claims GROUP BY member_id) p
FULL JOIN (SELECT member_id, currency, sum(amount) AS amount FROM transfers
           WHERE account = 'issue:quest' GROUP BY 1, 2) t
    ON t.member_id = p.member_id AND t.currency = p.currency
WHERE coalesce(p.amount, 0) <> coalesce(t.amount, 0)
""",
    ),
    Invariant(
        "energy for quests was granted, as much as claims say",
        "SELECT count(*) FROM quest_claims",
        """
SELECT coalesce(p.member_id, g.member_id) AS member_id, p.amount, g.amount AS granted
FROM (SELECT member_id, sum(energy) AS amount FROM quest_claims GROUP BY member_id) p
FULL JOIN (SELECT member_id, sum(amount) AS amount FROM grants
           WHERE source = 'quest' AND kind = 'ENERGY' GROUP BY member_id) g
    ON g.member_id = p.member_id
WHERE coalesce(p.amount, 0) <> coalesce(g.amount, 0)
""",
    ),
    Invariant(
        "each claim of a quest has its event, and each such event its claim",
        "SELECT count(*) FROM quest_claims",
        """
SELECT coalesce(c.member_id, e.member_id) AS member_id, coalesce(c.code, e.code) AS quest, c.at, e.at AS told_at
FROM quest_claims c
FULL JOIN (SELECT member_id, facts ->> 'quest' AS code, facts ->> 'period' AS period, at FROM events
           WHERE kind = 'quest_claimed') e
    ON e.member_id = c.member_id AND e.code = c.code AND e.period = c.period
WHERE c.member_id IS NULL OR e.member_id IS NULL OR c.at <> e.at
""",
    ),
    Invariant(
        "a quest had come as far as its claim says, counted again from events",
        "SELECT count(*) FROM quest_claims",
        f"""
SELECT c.member_id, c.code AS quest, c.period, c.progress, r.again FROM quest_claims c
LEFT JOIN (VALUES {_SUMMED}) AS s(counts, kind, fact) ON s.counts = c.counts
LEFT JOIN LATERAL (
    SELECT coalesce(sum(CASE WHEN s.fact = '' THEN 1 ELSE (e.facts ->> s.fact)::bigint END), 0) AS again FROM events e
    WHERE e.member_id = c.member_id AND e.kind = s.kind AND e.at >= c.since AND e.at < c.until) r ON true
WHERE s.counts IS NULL OR r.again < c.progress
""",
    ),
)


async def insert_claims(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    """Rows in the order of `_COLUMNS`."""
    await work.connection.write(INSERT, *map(list, zip(*rows, strict=True)))


async def load_claims(connection: Any, keys: Sequence[tuple[UUID, str, str]]) -> list[Any]:
    """The claims among these (member, code, period)."""
    return list(await connection.fetch(LOAD, *map(list, zip(*keys, strict=True)))) if keys else []


async def load_claims_of(connection: Any, member_id: UUID) -> list[Any]:
    return list(await connection.fetch(OF_MEMBER, member_id))
