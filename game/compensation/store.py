"""SQL of compensations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.ids import LAST_ID
from loyalty.invariants import Invariant
from loyalty.work import Work

_COLUMNS = (
    "id, key, state, cohort, diamonds, energy, tickets, days, members, alone, reason, proposed_by, proposed_at, "
    "approved_by, approved_at, ended_by, ended_at"
)

LOCK_ALL = "SELECT pg_advisory_xact_lock(hashtextextended('compensations', 0))"

ALONE = """
SELECT coalesce(sum(members), 0)::bigint AS members, coalesce(sum(members::bigint * diamonds), 0)::bigint AS diamonds,
       coalesce(sum(members::bigint * energy), 0)::bigint AS energy,
       coalesce(sum(members::bigint * tickets), 0)::bigint AS tickets
FROM compensations WHERE proposed_by = $1 AND proposed_at > $2 AND alone AND state <> 'WITHDRAWN'
"""

INSERT = f"""
INSERT INTO compensations ({_COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, NULL, NULL, NULL, NULL)
"""

INSERT_MEMBERS = """
INSERT INTO compensated (member_id, key, compensation_id, state, due_at, days)
SELECT m, $2, $3, 'WAITING', $4, 0 FROM unnest($1::uuid[]) AS m
"""

# Rows that another worker is at are passed over, so that several share the work.
TAKE_WAITING = """
SELECT member_id FROM compensated WHERE compensation_id = $1 AND state = 'WAITING' AND due_at <= $2
ORDER BY member_id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
"""

SAVE_MEMBERS = """
UPDATE compensated c SET state = s.state, why = s.why, days = s.days, at = s.at, due_at = coalesce(s.due_at, c.due_at)
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::int[], $6::timestamptz[], $7::timestamptz[])
    AS s(member_id, state, why, days, at, due_at)
WHERE c.member_id = s.member_id AND c.key = $1
"""

PROGRESS = """
SELECT compensation_id, state, count(*) AS members FROM compensated
WHERE compensation_id = ANY($1::uuid[]) GROUP BY 1, 2
"""

_GRANTED = """
SELECT m.member_id, m.compensation_id AS id, k.diamonds, k.energy, k.tickets
FROM compensated m JOIN compensations k ON k.id = m.compensation_id WHERE m.state = 'GRANTED'
"""
_CREDITED = """
SELECT member_id, source_id AS id, coalesce(sum(amount) FILTER (WHERE currency = 'DIAMONDS'), 0) AS diamonds,
       coalesce(sum(amount) FILTER (WHERE currency = 'TICKETS'), 0) AS tickets
FROM transfers WHERE account = 'issue:care' GROUP BY 1, 2
"""

AUDIT = (
    Invariant(
        "a compensation that began was within what one person may, or another one agreed to it",
        "SELECT count(*) FROM compensations WHERE state NOT IN ('PROPOSED', 'WITHDRAWN')",
        """
SELECT id, members FROM compensations
WHERE state NOT IN ('PROPOSED', 'WITHDRAWN') AND (approved_by = proposed_by OR (approved_by IS NULL AND NOT alone))
""",
    ),
    Invariant(
        "what compensations gave in diamonds, tickets and energy is what each member of them was to get, once",
        "SELECT count(*) FROM compensated WHERE state = 'GRANTED'",
        f"""
SELECT coalesce(c.member_id, t.member_id) AS member_id, coalesce(c.id, t.id) AS id, c.diamonds, t.diamonds AS credited,
       c.tickets, t.tickets AS credited_tickets, c.energy, g.energy AS granted
FROM ({_GRANTED}) c
FULL JOIN ({_CREDITED}) t ON t.member_id = c.member_id AND t.id = c.id
LEFT JOIN (SELECT member_id, source, sum(amount) AS energy FROM grants WHERE source LIKE 'compensation:%'
    GROUP BY 1, 2) g ON g.member_id = c.member_id AND g.source = 'compensation:' || c.id
WHERE c.id IS NULL OR c.diamonds <> coalesce(t.diamonds, 0) OR c.tickets <> coalesce(t.tickets, 0)
   OR c.energy <> coalesce(g.energy, 0)
""",
    ),
    Invariant(
        "who was compensated has one event of it, and the event is of nobody else",
        "SELECT count(*) FROM compensated WHERE state = 'GRANTED'",
        f"""
SELECT coalesce(c.member_id, e.member_id) AS member_id, coalesce(c.id, e.id) AS id, e.times
FROM ({_GRANTED}) c FULL JOIN (
    SELECT member_id, (facts ->> 'compensation')::uuid AS id, count(*) AS times
    FROM events WHERE kind = 'compensated' GROUP BY 1, 2) e ON e.member_id = c.member_id AND e.id = c.id
WHERE c.id IS NULL OR e.times IS DISTINCT FROM 1
""",
    ),
    Invariant(
        "a compensation has the members that it was agreed to for, and once it is done none of them waits",
        "SELECT count(*) FROM compensations WHERE state IN ('PROPOSED', 'RUNNING', 'DONE')",
        """
SELECT k.id, k.members, m.members AS named, m.waiting
FROM compensations k LEFT JOIN (
    SELECT compensation_id, count(*) AS members, count(*) FILTER (WHERE state = 'WAITING') AS waiting
    FROM compensated GROUP BY 1) m ON m.compensation_id = k.id
WHERE k.state IN ('PROPOSED', 'RUNNING', 'DONE')
  AND (m.members IS DISTINCT FROM k.members OR (k.state = 'DONE' AND m.waiting > 0))
""",
    ),
)


async def lock_all(work: Work) -> None:
    """Lets compensations be proposed one after the other, so that what one person may alone holds."""
    await work.connection.execute(LOCK_ALL)


async def load_alone(connection: Any, operator: UUID, since: datetime) -> Any:
    """What an operator gave alone since an instant: members, and amounts in all."""
    return await connection.fetchrow(ALONE, operator, since)


async def load_compensated(connection: Any, key: str) -> set[UUID]:
    """Who has a place in a compensation of this incident already."""
    return {row["member_id"] for row in await connection.fetch("SELECT member_id FROM compensated WHERE key = $1", key)}


async def load_standing(connection: Any, key: str) -> UUID | None:
    """The compensation of an incident that is proposed, runs or is done."""
    found: UUID | None = await connection.fetchval(
        "SELECT id FROM compensations WHERE key = $1 AND state IN ('PROPOSED', 'RUNNING', 'DONE')", key
    )
    return found


async def insert_compensation(work: Work, row: tuple[Any, ...]) -> None:
    await work.connection.execute(INSERT, *row)


async def insert_members(work: Work, member_ids: Sequence[UUID], key: str, id_: UUID, due_at: datetime) -> None:
    await work.connection.execute(INSERT_MEMBERS, member_ids, key, id_, due_at)


async def lock_compensation(work: Work, compensation_id: UUID, *, share: bool = False) -> Any:
    """One compensation: alone for who changes it, shared by the workers who are at it.

    Not by a lock of its row: workers who share that one after the other would let a stop wait until all is given.
    """
    how = "pg_advisory_xact_lock_shared" if share else "pg_advisory_xact_lock"
    name = f"compensation {compensation_id}"
    await work.connection.execute(f"SELECT {how}(hashtextextended($1, 0))", name)
    return await load_compensation(work.connection, compensation_id)


async def save_approval(work: Work, compensation_id: UUID, by: UUID, at: datetime) -> None:
    await work.connection.execute(
        "UPDATE compensations SET state = 'RUNNING', approved_by = $2, approved_at = $3 WHERE id = $1",
        compensation_id, by, at,
    )  # fmt: skip


async def save_end(work: Work, compensation_id: UUID, state: str, by: UUID | None, at: datetime) -> None:
    await work.connection.execute(
        "UPDATE compensations SET state = $2, ended_by = $3, ended_at = $4 WHERE id = $1",
        compensation_id, state, by, at,
    )  # fmt: skip


async def delete_waiting(work: Work, compensation_id: UUID) -> None:
    await work.connection.execute(
        "DELETE FROM compensated WHERE compensation_id = $1 AND state = 'WAITING'", compensation_id
    )


async def load_running(connection: Any) -> list[UUID]:
    """Those that are under way, the oldest first."""
    rows = await connection.fetch("SELECT id FROM compensations WHERE state = 'RUNNING' ORDER BY id")
    return [row["id"] for row in rows]


async def take_waiting(work: Work, compensation_id: UUID, now: datetime, limit: int) -> list[UUID]:
    return [row["member_id"] for row in await work.connection.fetch(TAKE_WAITING, compensation_id, now, limit)]


async def count_waiting(work: Work, compensation_id: UUID) -> int:
    return int(
        await work.connection.fetchval(
            "SELECT count(*) FROM compensated WHERE compensation_id = $1 AND state = 'WAITING'", compensation_id
        )
    )


async def save_members(
    work: Work, key: str,
    rows: Sequence[tuple[UUID, str, str | None, int, datetime | None, datetime | None]],
) -> None:  # fmt: skip
    """Each member once: state, why he was passed over, days forgiven, when, and when to look again."""
    await work.connection.execute(SAVE_MEMBERS, key, *map(list, zip(*rows, strict=True)))


async def load_progress(connection: Any, ids: Sequence[UUID]) -> list[Any]:
    return list(await connection.fetch(PROGRESS, ids))


async def load_compensations(connection: Any, limit: int, before: UUID | None) -> list[Any]:
    """Compensations, newest first."""
    return list(
        await connection.fetch(
            f"SELECT {_COLUMNS} FROM compensations WHERE id < coalesce($2::uuid, {LAST_ID}) ORDER BY id DESC LIMIT $1",
            limit,
            before,
        )
    )


async def load_compensation(connection: Any, compensation_id: UUID) -> Any:
    return await connection.fetchrow(f"SELECT {_COLUMNS} FROM compensations WHERE id = $1", compensation_id)


async def load_of_member(connection: Any, member_id: UUID) -> list[Any]:
    """What a member was compensated with, newest first."""
    return list(
        await connection.fetch(
            "SELECT m.key, m.state, m.at, k.diamonds, k.energy, k.tickets, m.days FROM compensated m "
            "JOIN compensations k ON k.id = m.compensation_id WHERE m.member_id = $1 AND m.state = 'GRANTED' "
            "ORDER BY m.compensation_id DESC",
            member_id,
        )
    )
