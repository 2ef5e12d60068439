"""SQL of tiers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from loyalty.invariants import Invariant
from loyalty.work import Work

LOAD_STANDINGS = "SELECT member_id, code, since, until, notice_at FROM standings WHERE member_id = ANY($1::uuid[])"

LOAD_WINDOWS = """
SELECT k.member_id, k.day, coalesce(sum(c.credits), 0)::bigint AS credits
FROM (SELECT DISTINCT * FROM unnest($1::uuid[], $2::date[], $3::date[])) AS k(member_id, start, day)
LEFT JOIN tier_credits c ON c.member_id = k.member_id AND c.day BETWEEN k.start AND k.day
GROUP BY k.member_id, k.day
"""

LOAD_CREDITS = "SELECT member_id, day, credits FROM tier_credits WHERE member_id = ANY($1::uuid[]) AND day >= $2"

SAVE_STANDINGS = """
INSERT INTO standings (member_id, code, since, until, notice_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
ON CONFLICT (member_id) DO UPDATE
SET code = excluded.code, since = excluded.since, until = excluded.until, notice_at = excluded.notice_at
"""

ADD_CREDITS = """
INSERT INTO tier_credits (member_id, day, credits)
SELECT * FROM unnest($1::uuid[], $2::date[], $3::bigint[])
ON CONFLICT (member_id, day) DO UPDATE SET credits = tier_credits.credits + excluded.credits
"""

TAKE_CREDITS = """
UPDATE tier_credits SET credits = tier_credits.credits - t.credits
FROM unnest($1::uuid[], $2::date[], $3::bigint[]) AS t(member_id, day, credits)
WHERE tier_credits.member_id = t.member_id AND tier_credits.day = t.day
"""

INSERT_CHANGES = """
INSERT INTO tier_changes (member_id, id, before, after, at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
"""

TIER_AT = """
SELECT coalesce(
    (SELECT after FROM tier_changes WHERE member_id = $1 AND at <= $2 ORDER BY at DESC, id DESC LIMIT 1),
    (SELECT before FROM tier_changes WHERE member_id = $1 ORDER BY at, id LIMIT 1),
    (SELECT code FROM standings WHERE member_id = $1))
"""

# Due for a word: past the anniversary, or so near it that a notice must go out and has not.
STANDINGS_DUE = """
SELECT member_id FROM standings
WHERE until IS NOT NULL AND until <= $1::timestamptz + $2::interval AND (until <= $1 OR notice_at IS NULL)
  AND member_id > $3
ORDER BY member_id LIMIT $4
"""

AUDIT = (
    Invariant(
        "a standing is where the member's last change of tier led",
        "SELECT count(*) FROM standings",
        """
SELECT coalesce(s.member_id, c.member_id) AS member_id, s.code AS tier, c.after
FROM standings s
FULL JOIN (SELECT DISTINCT ON (member_id) member_id, after FROM tier_changes ORDER BY member_id, at DESC, id DESC) c
    ON c.member_id = s.member_id
WHERE s.member_id IS NULL OR s.code <> c.after OR (c.member_id IS NULL AND s.until IS NOT NULL)
""",
    ),
    Invariant(
        "each change of tier begins where the one before it led, and is in the timeline",
        "SELECT count(*) FROM tier_changes",
        """
SELECT c.member_id, c.id, c.came_from, c.before FROM (
    SELECT *, lag(after) OVER (PARTITION BY member_id ORDER BY at, id) AS came_from FROM tier_changes) c
WHERE c.came_from <> c.before OR c.before = c.after OR NOT EXISTS (
    SELECT FROM events e WHERE e.member_id = c.member_id AND e.kind IN ('tier_raised', 'tier_lowered')
    AND e.at = c.at AND e.facts ->> 'before' = c.before AND e.facts ->> 'after' = c.after)
""",
    ),
)


async def load_members_in(connection: Any, codes: Sequence[str], *, other: bool) -> list[UUID]:
    rows = await connection.fetch("SELECT member_id FROM standings WHERE (code = ANY($1::text[])) <> $2", codes, other)
    return [row["member_id"] for row in rows]


async def count_standings(connection: Any) -> dict[str, int]:
    rows = await connection.fetch("SELECT code, count(*) AS members FROM standings GROUP BY code ORDER BY code")
    return {row["code"]: row["members"] for row in rows}


async def load_standings(connection: Any, member_ids: Sequence[UUID]) -> list[Any]:
    return list(await connection.fetch(LOAD_STANDINGS, member_ids))


async def load_windows(
    connection: Any, member_ids: Sequence[UUID], starts: Sequence[date], days: Sequence[date]
) -> list[Any]:
    return list(await connection.fetch(LOAD_WINDOWS, member_ids, starts, days))


async def load_credits(connection: Any, member_ids: Sequence[UUID], since: date) -> list[Any]:
    return list(await connection.fetch(LOAD_CREDITS, member_ids, since))


async def save_standings(
    work: Work, rows: Sequence[tuple[UUID, str, datetime, datetime | None, datetime | None]]
) -> None:
    await work.connection.write(SAVE_STANDINGS, *map(list, zip(*rows, strict=True)))


async def add_credits(work: Work, rows: Sequence[tuple[UUID, date, int]]) -> None:
    await work.connection.write(ADD_CREDITS, *map(list, zip(*rows, strict=True)))


async def take_credits(work: Work, rows: Sequence[tuple[UUID, date, int]]) -> None:
    await work.connection.write(TAKE_CREDITS, *map(list, zip(*rows, strict=True)))


async def insert_changes(work: Work, rows: Sequence[tuple[UUID, UUID, str, str, datetime]]) -> None:
    await work.connection.write(INSERT_CHANGES, *map(list, zip(*rows, strict=True)))


async def load_tier_at(connection: Any, member_id: UUID, at: datetime) -> str | None:
    code: str | None = await connection.fetchval(TIER_AT, member_id, at)
    return code


async def load_due(connection: Any, now: datetime, ahead: Any, after: UUID, limit: int) -> list[UUID]:
    return [row["member_id"] for row in await connection.fetch(STANDINGS_DUE, now, ahead, after, limit)]
