"""SQL of request results."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from loyalty.invariants import Invariant
from loyalty.work import Work

LOAD = """
SELECT k.scope, k.id, r.hash, r.outcome
FROM unnest($1::uuid[], $2::uuid[]) AS k(scope, id)
CROSS JOIN LATERAL (SELECT hash, outcome FROM request_results WHERE scope = k.scope AND id = k.id OFFSET 0) r
"""

# In key order, so that two servers that hold the same ids wait for each other instead of locking each other out.
INSERT = """
INSERT INTO request_results (scope, id, hash, member_id, mutation, outcome, at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::uuid[], $5::text[], $6::jsonb[], $7::timestamptz[])
    AS r(scope, id, hash, member_id, mutation, outcome, at)
ORDER BY scope, id
"""

DELETE_OLD = """
DELETE FROM request_results WHERE (scope, id) IN (
    SELECT scope, id FROM request_results WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)
"""

AUDIT = (
    Invariant(
        "one result per request id, with the hash of what was asked",
        "SELECT count(*) FROM request_results",
        """
SELECT scope, id, count(*) AS results FROM request_results
GROUP BY scope, id HAVING count(*) > 1 OR min(length(hash)) <> 32 OR max(length(hash)) <> 32
""",
    ),
)


async def load_results(
    work: Work, scopes: Sequence[UUID], ids: Sequence[UUID]
) -> dict[tuple[UUID, UUID], tuple[bytes, str]]:
    """(scope, id) -> (hash, outcome as JSON text)."""
    rows = await work.connection.fetch(LOAD, scopes, ids)
    return {(row["scope"], row["id"]): (row["hash"], row["outcome"]) for row in rows}


async def insert_results(work: Work, rows: Sequence[tuple[UUID, UUID, bytes, UUID | None, str, str, datetime]]) -> None:
    """Fails with a unique violation where another transaction kept the same request first."""
    await work.connection.write(INSERT, *map(list, zip(*rows, strict=True)))


async def delete_results_before(work: Work, before: datetime, limit: int) -> int:
    """Deletes at most `limit` results older than `before`; returns how many."""
    return int((await work.connection.execute(DELETE_OLD, before, limit)).split()[-1])
