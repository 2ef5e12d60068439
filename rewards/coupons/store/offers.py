"""SQL of offers and segments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.ids import LAST_ID
from loyalty.work import Work

_COLUMNS = "id, slug, version, limit_total, issued"

LOAD = f"SELECT {_COLUMNS} FROM offers WHERE id = ANY($1::uuid[])"

# Locks and reads in one statement: what is read is the locked row itself, which PostgreSQL reads anew after its wait.
LOCK = f"SELECT {_COLUMNS} FROM offers WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"

BY_SLUG = f"SELECT {_COLUMNS} FROM offers WHERE slug = ANY($1::text[]) ORDER BY id"

PAGE = f"SELECT {_COLUMNS} FROM offers WHERE id < coalesce($1::uuid, {LAST_ID}) ORDER BY id DESC LIMIT $2"

TERMS = """
SELECT t.offer_id, t.version, o.slug, t.body
FROM unnest($1::uuid[], $2::int[]) AS k(offer_id, version)
JOIN offer_terms t ON t.offer_id = k.offer_id AND t.version = k.version
JOIN offers o ON o.id = t.offer_id
"""

SAVE = """
INSERT INTO offers (id, slug, version, limit_total, issued, updated_at) VALUES ($1, $2, $3, $4, 0, $5)
ON CONFLICT (slug) DO UPDATE SET version = excluded.version, limit_total = excluded.limit_total,
                                 updated_at = excluded.updated_at
RETURNING id
"""

SAVE_ISSUED = """
UPDATE offers SET issued = s.issued FROM unnest($1::uuid[], $2::int[]) AS s(id, issued) WHERE offers.id = s.id
"""

HAD = """
SELECT k.member_id, k.offer_id, k.today, count(c.id)::int AS had,
       (count(c.id) FILTER (WHERE c.issued_on = k.today))::int AS had_today
FROM unnest($1::uuid[], $2::uuid[], $3::date[]) AS k(member_id, offer_id, today)
LEFT JOIN coupons c ON c.member_id = k.member_id AND c.offer_id = k.offer_id
GROUP BY k.member_id, k.offer_id, k.today
"""

SEGMENTS = "SELECT member_id, segment FROM segment_members WHERE member_id = ANY($1::uuid[])"

ADD_SEGMENT = """
INSERT INTO segment_members (member_id, segment) SELECT id, $2 FROM unnest($1::uuid[]) AS m(id)
ON CONFLICT DO NOTHING
"""

WELCOMED = """
INSERT INTO welcomed (person_hash, at)
SELECT * FROM unnest($1::bytea[], $2::timestamptz[]) AS w(person_hash, at) ORDER BY person_hash
ON CONFLICT (person_hash) DO NOTHING
RETURNING person_hash
"""


async def load_offers(connection: Any, ids: Sequence[UUID]) -> list[Any]:
    return list(await connection.fetch(LOAD, ids))


async def lock_offers(work: Work, ids: Sequence[UUID]) -> list[Any]:
    """In the order of their ids, after the members."""
    return list(await work.connection.fetch(LOCK, ids))


async def load_offers_by_slug(connection: Any, slugs: Sequence[str]) -> list[Any]:
    return list(await connection.fetch(BY_SLUG, slugs))


async def load_page(connection: Any, before: UUID | None, limit: int) -> list[Any]:
    """The newest offers older than `before`."""
    return list(await connection.fetch(PAGE, before, limit))


async def load_terms(connection: Any, keys: Sequence[tuple[UUID, int]]) -> list[Any]:
    return list(await connection.fetch(TERMS, [key[0] for key in keys], [key[1] for key in keys]))


async def save_offer(
    work: Work, offer_id: UUID, slug: str, version: int, limit_total: int | None, now: datetime
) -> UUID:
    """Makes the offer or moves it to another version; returns its id."""
    saved: UUID = await work.connection.fetchval(SAVE, offer_id, slug, version, limit_total, now)
    return saved


async def insert_terms(work: Work, offer_id: UUID, version: int, body: str, now: datetime) -> None:
    await work.connection.execute(
        "INSERT INTO offer_terms (offer_id, version, body, published_at) VALUES ($1, $2, $3, $4)",
        offer_id, version, body, now,
    )  # fmt: skip


async def save_issued(work: Work, rows: Sequence[tuple[UUID, int]]) -> None:
    await work.connection.write(SAVE_ISSUED, [row[0] for row in rows], [row[1] for row in rows])


async def load_had(connection: Any, keys: Sequence[tuple[UUID, UUID, Any]]) -> list[Any]:
    """How many coupons of an offer a member had, and how many of them on the day, for (member, offer, day)."""
    return list(await connection.fetch(HAD, *([key[n] for key in keys] for n in range(3))))


async def load_segments(connection: Any, member_ids: Sequence[UUID]) -> list[Any]:
    return list(await connection.fetch(SEGMENTS, member_ids))


async def insert_segment(work: Work, segment: str, member_ids: Sequence[UUID]) -> None:
    await work.connection.execute(ADD_SEGMENT, member_ids, segment)


async def insert_welcomed(work: Work, rows: Sequence[tuple[bytes, datetime]]) -> set[bytes]:
    """Those that were not there; waits for whoever welcomes the same person just now."""
    found = await work.connection.fetch(WELCOMED, [row[0] for row in rows], [row[1] for row in rows])
    return {row["person_hash"] for row in found}
