"""SQL of boards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from loyalty.invariants import Invariant
from loyalty.work import Work

_COLUMNS = (
    "member_id, revision, seed, cells, generators, storage, inbox, orders, next_order, level, experience, energy, "
    "energy_at, units, merges, bubbles, created_at, updated_at"
)

LOAD = f"SELECT {_COLUMNS} FROM boards WHERE member_id = ANY($1::uuid[])"

SAVE = f"""
INSERT INTO boards ({_COLUMNS})
SELECT member_id, revision, seed, cells::jsonb, generators::jsonb, storage::jsonb, inbox::jsonb, orders::jsonb,
       next_order, level, experience, energy, energy_at, units, merges, bubbles::jsonb, created_at, updated_at
FROM unnest($1::uuid[], $2::int[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[],
            $10::int[], $11::int[], $12::int[], $13::timestamptz[], $14::bigint[], $15::int[], $16::text[],
            $17::timestamptz[], $18::timestamptz[]) AS b({_COLUMNS})
ON CONFLICT (member_id) DO UPDATE
SET revision = excluded.revision, seed = excluded.seed, cells = excluded.cells, generators = excluded.generators,
    storage = excluded.storage, inbox = excluded.inbox, orders = excluded.orders, next_order = excluded.next_order,
    level = excluded.level, experience = excluded.experience, energy = excluded.energy,
    energy_at = excluded.energy_at, units = excluded.units, merges = excluded.merges, bubbles = excluded.bubbles,
    updated_at = excluded.updated_at
"""

# What a word is worth: 2^(level - 1); a generator, a bubble and an empty cell nothing.
_WORTH = r"CASE WHEN {0} ~ '[@*]' OR {0} = '.' THEN 0 ELSE 1::bigint << (substring({0} from '[0-9]+$')::int - 1) END"

AUDIT = (
    Invariant(
        "the goods of a board are worth what was dropped and given, less what was sold and delivered",
        "SELECT count(*) FROM boards",
        f"""
SELECT b.member_id, b.units, coalesce(c.units, 0) + coalesce(s.units, 0) + coalesce(i.units, 0) AS found
FROM boards b
LEFT JOIN LATERAL (
    SELECT sum({_WORTH.format("word")})::bigint AS units FROM jsonb_array_elements_text(b.cells) AS w(word)) c ON true
LEFT JOIN LATERAL (
    SELECT sum({_WORTH.format("word")})::bigint AS units FROM jsonb_array_elements_text(b.storage) AS w(word)) s ON true
LEFT JOIN LATERAL (
    SELECT sum((pair ->> 1)::bigint * {_WORTH.format("(pair ->> 0)")})::bigint AS units
    FROM jsonb_array_elements(b.inbox) AS w(pair)) i ON true
WHERE b.units <> coalesce(c.units, 0) + coalesce(s.units, 0) + coalesce(i.units, 0)
""",
    ),
    Invariant(
        "each generator of a board stands in one cell",
        "SELECT count(*) FROM boards",
        """
SELECT b.member_id FROM boards b
WHERE (SELECT array_agg(substring(word from '[0-9]+$') ORDER BY substring(word from '[0-9]+$'))
       FROM jsonb_array_elements_text(b.cells) AS w(word) WHERE word ~ '@')
   IS DISTINCT FROM (SELECT array_agg(home ORDER BY home) FROM jsonb_object_keys(b.generators) AS g(home))
""",
    ),
    Invariant(
        "each bubble of a board has its time and its price, and nothing else has",
        "SELECT count(*) FROM boards WHERE bubbles <> '{}'",
        """
SELECT b.member_id FROM boards b
WHERE (SELECT array_agg(at ORDER BY at) FROM (
           SELECT (place - 1)::text AS at FROM jsonb_array_elements_text(b.cells) WITH ORDINALITY AS w(word, place)
           WHERE word ~ '^[*]') c)
   IS DISTINCT FROM (SELECT array_agg(at ORDER BY at) FROM jsonb_object_keys(b.bubbles) AS g(at))
   OR EXISTS (SELECT FROM jsonb_each(b.bubbles) AS g(at, bubble)
              WHERE (bubble ->> 0)::timestamptz IS NULL OR NOT (bubble ->> 1)::int > 0)
""",
    ),
    Invariant(
        "boards are of members that there are, and were opened by an event once",
        "SELECT count(*) FROM boards",
        """
SELECT b.member_id, coalesce(e.times, 0) AS times FROM boards b
LEFT JOIN members m ON m.id = b.member_id
LEFT JOIN (SELECT member_id, count(*) AS times FROM events WHERE kind = 'board_opened' GROUP BY member_id) e
    ON e.member_id = b.member_id
WHERE m.id IS NULL OR e.times IS DISTINCT FROM 1
""",
    ),
)


async def load_boards(connection: Any, member_ids: Sequence[UUID]) -> list[Any]:
    return list(await connection.fetch(LOAD, member_ids))


async def load_levels(connection: Any, member_ids: Sequence[UUID]) -> list[Any]:
    return list(
        await connection.fetch(
            "SELECT member_id, level, experience FROM boards WHERE member_id = ANY($1::uuid[])", member_ids
        )
    )


async def save_boards(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    """Every column in the order of the table; each member once."""
    await work.connection.write(SAVE, *map(list, zip(*rows, strict=True)))
