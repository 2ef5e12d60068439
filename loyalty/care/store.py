"""SQL of adjustments by two and of case notes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.care.rules import Adjustment, CaseNote
from loyalty.ids import LAST_ID
from loyalty.invariants import Invariant
from loyalty.work import Work

_ADJUSTMENT = (
    "id, member_id, currency, amount, reason, state, proposed_by, proposed_at, decided_by, decided_at, transfer_id"
)

LOCK_OPERATORS = """
SELECT pg_advisory_xact_lock(hashtextextended('adjustments of ' || o, 0)) FROM unnest($1::text[]) AS o ORDER BY o
"""

LOAD_ADJUSTMENTS = f"""
SELECT {_ADJUSTMENT} FROM adjustments WHERE id < coalesce($2::uuid, {LAST_ID}) AND (NOT $3 OR state = 'PROPOSED')
ORDER BY id DESC LIMIT $1
"""

INSERT_ADJUSTMENT = """
INSERT INTO adjustments (id, member_id, currency, amount, reason, state, proposed_by, proposed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

SAVE_ADJUSTMENT = """
UPDATE adjustments SET state = $2, decided_by = $3, decided_at = $4, transfer_id = $5 WHERE id = $1
"""

AUDIT = (
    Invariant(
        "an adjustment by two was agreed to by another person, and is a transfer and an event of its amount",
        "SELECT count(*) FROM adjustments WHERE state = 'DONE'",
        """
SELECT a.member_id, a.id, a.amount, t.amount AS moved, e.amount AS told
FROM adjustments a
LEFT JOIN transfers t ON t.member_id = a.member_id AND t.id = a.transfer_id AND t.currency = a.currency
LEFT JOIN (
    SELECT member_id, (facts ->> 'transfer')::uuid AS transfer, (facts ->> 'amount')::int AS amount,
           facts ->> 'operator' AS operator, facts ->> 'approver' AS approver
    FROM events WHERE kind = 'wallet_adjusted') e ON e.member_id = a.member_id AND e.transfer = a.transfer_id
WHERE a.state = 'DONE' AND (
    a.decided_by = a.proposed_by OR a.amount IS DISTINCT FROM t.amount OR a.amount IS DISTINCT FROM e.amount
    OR e.operator IS DISTINCT FROM a.proposed_by::text OR e.approver IS DISTINCT FROM a.decided_by::text)
""",
    ),
    Invariant(
        "adjustments and case notes are of members that there are",
        "SELECT (SELECT count(*) FROM adjustments) + (SELECT count(*) FROM case_notes)",
        """
SELECT n.member_id, n.id FROM (
    SELECT member_id, id FROM case_notes UNION ALL SELECT member_id, id FROM adjustments) n
LEFT JOIN members m ON m.id = n.member_id WHERE m.id IS NULL
""",
    ),
)


async def lock_operators(work: Work, operators: Sequence[str]) -> None:
    """Lets each operator adjust in one transaction at a time, so that a day's limit holds; in order."""
    await work.connection.execute(LOCK_OPERATORS, operators)


async def insert_adjustment(work: Work, made: Adjustment) -> None:
    await work.connection.execute(
        INSERT_ADJUSTMENT, made.id, made.member_id, made.currency.value, made.amount, made.reason, made.state.value,
        made.proposed_by, made.proposed_at,
    )  # fmt: skip


async def load_adjustment(work: Work, adjustment_id: UUID, *, lock: bool = False) -> Any:
    statement = f"SELECT {_ADJUSTMENT} FROM adjustments WHERE id = $1"
    return await work.connection.fetchrow(statement + (" FOR NO KEY UPDATE" if lock else ""), adjustment_id)


async def save_adjustment(
    work: Work, adjustment_id: UUID, state: str, by: UUID, at: datetime, transfer_id: UUID | None
) -> None:
    await work.connection.execute(SAVE_ADJUSTMENT, adjustment_id, state, by, at, transfer_id)


async def load_adjustments(connection: Any, limit: int, before: UUID | None, *, waiting: bool) -> list[Any]:
    """Adjustments by two, newest first; `waiting`: those alone that nobody decided yet."""
    return list(await connection.fetch(LOAD_ADJUSTMENTS, limit, before, waiting))


async def insert_note(work: Work, note: CaseNote) -> None:
    await work.connection.execute(
        "INSERT INTO case_notes (member_id, id, text, operator_id, at) VALUES ($1, $2, $3, $4, $5)",
        note.member_id, note.id, note.text, note.operator_id, note.at,
    )  # fmt: skip


async def load_notes(connection: Any, member_id: UUID, limit: int, before: UUID | None) -> list[Any]:
    """Notes on a member, newest first."""
    return list(
        await connection.fetch(
            "SELECT id, member_id, text, operator_id, at FROM case_notes "
            f"WHERE member_id = $1 AND id < coalesce($3::uuid, {LAST_ID}) ORDER BY id DESC LIMIT $2",
            member_id,
            limit,
            before,
        )
    )
