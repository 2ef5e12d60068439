"""SQL of events and the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.ids import LAST_ID
from loyalty.invariants import Invariant
from loyalty.work import Work

INSERT_EVENTS = """
INSERT INTO events (member_id, id, kind, at, facts, request_id)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::jsonb[], $6::uuid[])
"""

INSERT_EXPOSURES = INSERT_EVENTS.replace("INTO events", "INTO exposures")

INSERT_OUTBOX = """
INSERT INTO outbox (id, member_id, kind, due_at, attempts)
SELECT id, member_id, kind, due_at, 0
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[]) AS o(id, member_id, kind, due_at)
"""

PAGE = f"""
SELECT id, member_id, kind, at, facts, request_id FROM events
WHERE member_id = $1 AND id < coalesce($2::uuid, {LAST_ID})
ORDER BY id DESC LIMIT $3
"""

LOAD_EVENT = "SELECT id, member_id, kind, at, facts FROM events WHERE member_id = $1 AND id = $2"

TAKE_OUTBOX = """
SELECT o.id, o.member_id, o.kind, o.attempts, e.at, e.facts
FROM outbox o JOIN events e ON e.member_id = o.member_id AND e.id = o.id
WHERE o.due_at <= $1 ORDER BY o.due_at LIMIT $2 FOR UPDATE OF o SKIP LOCKED
"""

COUNT_KINDS = "SELECT kind, count(*) AS events, count(DISTINCT member_id) AS members FROM events GROUP BY kind"

SUM_FACT = "SELECT coalesce(sum((facts ->> $2)::bigint), 0) FROM events WHERE kind = $1"

SUM_FACTS = """
SELECT facts ->> $4 AS one, facts ->> $5 AS other, sum(abs((facts ->> $2)::bigint))::bigint AS total
FROM events WHERE kind = $1 AND at > $3 AND facts ->> $4 = ANY($6::text[]) AND NOT facts ? $7 GROUP BY 1, 2
"""

MEMBERS_WITH = """
SELECT DISTINCT member_id FROM events WHERE kind = ANY($1::text[]) AND at >= $2 AND at < $3
"""

LAST_OF_KIND = """
SELECT DISTINCT ON (member_id) id, member_id, kind, at, facts FROM events
WHERE member_id = ANY($1::uuid[]) AND kind = $2 AND at >= $3 ORDER BY member_id, id DESC
"""

# A member's events of a time are found by their ids, which begin with it: in those partitions alone.
TALLY = """
SELECT k.place, t.kind, t.fact,
       sum(CASE WHEN t.fact = '' THEN 1 ELSE coalesce((e.facts ->> t.fact)::bigint, 0) END)::bigint AS total
FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::timestamptz[])
    AS k(place, member_id, first, last, since, until)
CROSS JOIN LATERAL (
    SELECT kind, facts FROM events
    WHERE member_id = k.member_id AND id >= k.first AND id < k.last AND at >= k.since AND at < k.until
      AND kind = ANY($7::text[])) e
JOIN unnest($7::text[], $8::text[]) AS t(kind, fact) ON t.kind = e.kind
GROUP BY 1, 2, 3
"""

KIND_SINCE = """
SELECT id, member_id, kind, at, facts FROM events
WHERE member_id = ANY($1::uuid[]) AND kind = $2 AND id >= $3 AND at >= $4 ORDER BY member_id, id
"""

COUNT_MEMBERS = """
SELECT count(*) FROM (
    SELECT member_id FROM events WHERE kind = ANY($1::text[]) GROUP BY member_id HAVING count(*) >= $2
) m
"""

COUNT_DAYS = """
WITH active AS (
    SELECT (at AT TIME ZONE $3)::date AS day, member_id, count(*) AS events
    FROM events WHERE kind = $1 GROUP BY 1, 2
), them AS (
    SELECT DISTINCT (at AT TIME ZONE $3)::date AS day, member_id FROM events WHERE kind = ANY($2::text[])
)
SELECT day, sum(active.events)::bigint AS events, count(*) AS members, count(them.member_id) AS among
FROM active LEFT JOIN them USING (day, member_id) GROUP BY day ORDER BY day
"""

COUNT_HOURS = """
SELECT extract(hour FROM at AT TIME ZONE $2)::int AS hour, count(*) AS events
FROM events WHERE kind = $1 GROUP BY 1 ORDER BY 1
"""

DAILY = """
SELECT (at AT TIME ZONE $3)::date AS day, kind, count(*) AS events, count(DISTINCT member_id) AS members
FROM events WHERE kind = ANY($1::text[]) AND at >= $2 GROUP BY 1, 2 ORDER BY 1, 2
"""

AUDIT = (
    Invariant(
        "what waits to be carried outside is an event",
        "SELECT count(*) FROM outbox",
        """
SELECT o.id, o.member_id, o.kind FROM outbox o
LEFT JOIN events e ON e.member_id = o.member_id AND e.id = o.id AND e.kind = o.kind
WHERE e.id IS NULL
""",
    ),
    Invariant(
        "events and exposures of this month have a partition of their own",
        "SELECT 2",
        """
SELECT p.named FROM (VALUES
    ('events_' || to_char(date_trunc('quarter', $1::timestamptz AT TIME ZONE 'UTC'), 'YYYY_MM')),
    ('exposures_' || to_char($1::timestamptz AT TIME ZONE 'UTC', 'YYYY_MM'))) AS p(named)
WHERE to_regclass('public.' || p.named) IS NULL
""",
        advisory=True,
    ),
)


async def insert_events(work: Work, rows: Sequence[tuple[UUID, UUID, str, datetime, str, UUID | None]]) -> None:
    await work.connection.write(INSERT_EVENTS, *map(list, zip(*rows, strict=True)))


async def insert_exposures(work: Work, rows: Sequence[tuple[UUID, UUID, str, datetime, str, UUID | None]]) -> None:
    await work.connection.write(INSERT_EXPOSURES, *map(list, zip(*rows, strict=True)))


async def load_exposures(connection: Any, member_id: UUID) -> list[Any]:
    return list(
        await connection.fetch("SELECT kind, at, facts FROM exposures WHERE member_id = $1 ORDER BY id DESC", member_id)
    )


async def insert_outbox(work: Work, rows: Sequence[tuple[UUID, UUID, str, datetime]]) -> None:
    await work.connection.write(INSERT_OUTBOX, *map(list, zip(*rows, strict=True)))


async def load_page(connection: Any, member_id: UUID, before: UUID | None, limit: int) -> list[Any]:
    """The newest `limit` events older than `before`, newest first."""
    return list(await connection.fetch(PAGE, member_id, before, limit))


async def take_outbox(work: Work, now: datetime, limit: int) -> list[Any]:
    """Due rows, locked; rows that another worker holds are passed over."""
    return list(await work.connection.fetch(TAKE_OUTBOX, now, limit))


async def delete_outbox(work: Work, ids: Sequence[UUID]) -> None:
    await work.connection.execute("DELETE FROM outbox WHERE id = ANY($1::uuid[])", ids)


async def postpone_outbox(work: Work, ids: Sequence[UUID], due_at: datetime) -> None:
    await work.connection.execute(
        "UPDATE outbox SET due_at = $2, attempts = attempts + 1 WHERE id = ANY($1::uuid[])", ids, due_at
    )


async def load_event(connection: Any, member_id: UUID, event_id: UUID) -> Any:
    return await connection.fetchrow(LOAD_EVENT, member_id, event_id)


async def count_kinds(connection: Any) -> list[Any]:
    return list(await connection.fetch(COUNT_KINDS))


async def sum_fact(connection: Any, kind: str, fact: str) -> int:
    return int(await connection.fetchval(SUM_FACT, kind, fact))


async def sum_facts(
    connection: Any, kind: str, fact: str, since: datetime, by: tuple[str, str], of: Sequence[str], without: str
) -> list[Any]:
    return list(await connection.fetch(SUM_FACTS, kind, fact, since, *by, of, without))


async def load_members_with(connection: Any, kinds: Sequence[str], since: datetime, until: datetime) -> list[UUID]:
    return [row["member_id"] for row in await connection.fetch(MEMBERS_WITH, kinds, since, until)]


async def load_last(connection: Any, member_ids: Sequence[UUID], kind: str, since: datetime) -> list[Any]:
    return list(await connection.fetch(LAST_OF_KIND, member_ids, kind, since))


async def tally(
    connection: Any, windows: Sequence[tuple[int, UUID, UUID, UUID, datetime, datetime]],
    sums: Sequence[tuple[str, str]],
) -> list[Any]:  # fmt: skip
    """Windows are (place, member, first id, last id, since, until)."""
    kinds, facts = [each[0] for each in sums], [each[1] for each in sums]
    return list(await connection.fetch(TALLY, *map(list, zip(*windows, strict=True)), kinds, facts))


async def load_since(
    connection: Any, member_ids: Sequence[UUID], kind: str, first: UUID, since: datetime
) -> list[Any]:  # fmt: skip
    return list(await connection.fetch(KIND_SINCE, member_ids, kind, first, since))


async def count_members(connection: Any, kinds: Sequence[str], times: int) -> int:
    return int(await connection.fetchval(COUNT_MEMBERS, kinds, times))


async def count_days(connection: Any, kind: str, among: Sequence[str], zone: str) -> list[Any]:
    return list(await connection.fetch(COUNT_DAYS, kind, among, zone))


async def count_hours(connection: Any, kind: str, zone: str) -> list[Any]:
    return list(await connection.fetch(COUNT_HOURS, kind, zone))


async def count_daily(connection: Any, kinds: Sequence[str], since: datetime, zone: str) -> list[Any]:
    return list(await connection.fetch(DAILY, kinds, since, zone))
