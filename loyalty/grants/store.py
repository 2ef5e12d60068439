"""SQL of grants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.invariants import Invariant
from loyalty.work import Work

INSERT = """
INSERT INTO grants (member_id, id, kind, amount, source, at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::text[], $6::timestamptz[])
"""

# Of one table: in a join the planner, who believes that few grants wait, goes through all that do, of every member.
CONSUME = """
UPDATE grants SET consumed_at = greatest(($2::timestamptz[])[array_position($1::uuid[], member_id)], at)
WHERE member_id = ANY($1::uuid[]) AND kind = ANY($3::text[]) AND consumed_at IS NULL
RETURNING member_id, id, kind, amount, source
"""

COUNT_WAITING = """
SELECT kind, sum(amount)::bigint AS amount FROM grants WHERE member_id = $1 AND consumed_at IS NULL GROUP BY kind
"""

AUDIT = (
    Invariant(
        "a grant is of a positive amount, to a member there is, and not taken before it was given",
        "SELECT count(*) FROM grants",
        """
SELECT g.member_id, g.id, g.kind, g.amount FROM grants g LEFT JOIN members m ON m.id = g.member_id
WHERE m.id IS NULL OR g.amount <= 0 OR g.consumed_at < g.at
""",
    ),
)


async def insert_grants(work: Work, rows: Sequence[tuple[UUID, UUID, str, int, str, datetime]]) -> None:
    await work.connection.write(INSERT, *map(list, zip(*rows, strict=True)))


async def count_waiting(connection: Any, member_id: UUID) -> list[Any]:
    return list(await connection.fetch(COUNT_WAITING, member_id))


async def consume_grants(
    work: Work, member_ids: Sequence[UUID], moments: Sequence[datetime], kinds: Sequence[str]
) -> list[Any]:
    return list(await work.connection.fetch(CONSUME, member_ids, moments, kinds))
