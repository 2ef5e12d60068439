"""SQL of sheets and pauses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.ids import LAST_ID
from loyalty.work import Work

HEADS_AND_PAUSES = """
SELECT 's' AS what, kind, key, version, sha256, state, NULL::text AS message, active_at AS at
FROM sheets WHERE state = 'ACTIVE'
UNION ALL
SELECT 's', kind, key, version, sha256, state, NULL, active_at FROM sheets WHERE state = 'SCHEDULED'
UNION ALL
SELECT 'p', '', target, 0, NULL, NULL, message, paused_at FROM pauses WHERE resumed_at IS NULL
"""

COLUMNS = (
    "id, kind, key, version, body, sha256, state, author, approver, reason, created_at, active_at, retired_at, "
    "revision, based_on"
)

VERSIONS = f"""
SELECT {COLUMNS} FROM sheets
WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR key = $2) AND ($4::text IS NULL OR state = $4)
ORDER BY kind, key, version DESC LIMIT $3
"""

BETWEEN = f"""
SELECT {COLUMNS} FROM sheets
WHERE kind = $1 AND key = $2 AND version > $3 AND version <= $4 AND state IN ('SCHEDULED', 'ACTIVE', 'RETIRED')
ORDER BY version
"""

BY_ID = f"SELECT {COLUMNS} FROM sheets WHERE id = $1"

DUE = """
SELECT id, kind, key FROM sheets WHERE state = 'SCHEDULED' AND active_at <= $1 ORDER BY kind, key, version LIMIT $2
"""

# What is open or was ever to be in force; the numbers of successors and of what was withdrawn are merely taken.
NUMBERS = """
SELECT coalesce(max(version), 0) AS newest,
       coalesce(max(version) FILTER (WHERE state IN ('SCHEDULED', 'ACTIVE')), 0) AS base,
       coalesce(max(version) FILTER (WHERE state IN ('DRAFT', 'IN_REVIEW')), 0) AS open,
       coalesce(max(version) FILTER (WHERE state = 'SCHEDULED'), 0) AS scheduled,
       max(active_at) FILTER (WHERE state IN ('SCHEDULED', 'ACTIVE')) AS last_at
FROM sheets WHERE kind = $1 AND key = $2
"""

INSERT = f"""
INSERT INTO sheets ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, 1, $13)
"""

# Successors keep their state: when they were in force hangs on a stock, and on the version that holds them.
RETIRE = """
UPDATE sheets SET state = 'RETIRED', retired_at = $4
WHERE kind = $1 AND key = $2 AND version < $3 AND state = 'ACTIVE'
"""

INSERT_ACT = """
INSERT INTO trail (id, subject, version, act, operator, at, reason, changes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

TRAIL = f"""
SELECT id, subject, version, act, operator, at, reason, changes FROM trail
WHERE ($1::text IS NULL OR subject = $1) AND id < coalesce($2::uuid, {LAST_ID}) AND ($4 OR act <> 'LOOKED')
ORDER BY id DESC LIMIT $3
"""

LOOKED = """
SELECT EXISTS (SELECT FROM trail WHERE subject = $1 AND act = 'LOOKED' AND reason = $2 AND operator = $3 AND at >= $4)
"""

INSERT_PAUSE = """
INSERT INTO pauses (id, target, message, reason, paused_by, paused_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (target) WHERE resumed_at IS NULL DO NOTHING
"""

PAUSES = """
SELECT id, target, message, reason, paused_by, paused_at, resumed_by, resumed_at, reviewed_by, reviewed_at, review_note
FROM pauses WHERE NOT $2 OR reviewed_at IS NULL ORDER BY paused_at DESC, id DESC LIMIT $1
"""


async def load_heads_and_pauses(connection: Any) -> list[Any]:
    return list(await connection.fetch(HEADS_AND_PAUSES))


async def load_body(connection: Any, kind: str, key: str, version: int) -> str | None:
    body: str | None = await connection.fetchval(
        "SELECT body FROM sheets WHERE kind = $1 AND key = $2 AND version = $3", kind, key, version
    )
    return body


async def load_versions(
    connection: Any, kind: str | None, key: str | None, limit: int, state: str | None = None
) -> list[Any]:
    return list(await connection.fetch(VERSIONS, kind, key, limit, state))


async def load_between(connection: Any, kind: str, key: str, after: int, upto: int) -> list[Any]:
    """Versions that are, were or will be in force, by number."""
    return list(await connection.fetch(BETWEEN, kind, key, after, upto))


async def load_by_id(connection: Any, sheet_id: UUID) -> Any:
    return await connection.fetchrow(BY_ID, sheet_id)


async def load_due(connection: Any, now: datetime, limit: int) -> list[Any]:
    return list(await connection.fetch(DUE, now, limit))


async def load_all(connection: Any) -> list[Any]:
    """Every version that there ever was."""
    return list(await connection.fetch("SELECT kind, key, version, body, sha256, state FROM sheets ORDER BY id"))


async def lock_sheet(work: Work, kind: str, key: str) -> Any:
    """Serialises what is done to one sheet, even its first version.

    Returns `newest`, the highest number taken; `base`, the version that a new one follows; `open`, the one that is
    being drafted or reviewed; `scheduled`, the last one that is; each 0 where none is; and `last_at`, when the base
    comes or came into force.
    """
    await work.connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"sheet:{kind}:{key}")
    return await work.connection.fetchrow(NUMBERS, kind, key)


async def retire_before(work: Work, kind: str, key: str, version: int, at: datetime) -> None:
    await work.connection.execute(RETIRE, kind, key, version, at)


async def insert_version(
    work: Work, sheet_id: UUID, kind: str, key: str, version: int, body: str, sha256: bytes, state: str, author: str,
    reason: str, now: datetime, *, approver: str | None = None, active_at: datetime | None = None, based_on: int = 0,
) -> None:  # fmt: skip
    await work.connection.execute(
        INSERT, sheet_id, kind, key, version, body, sha256, state, author, approver, reason, now, active_at, based_on
    )


async def save_draft(
    work: Work, sheet_id: UUID, body: str, sha256: bytes, reason: str, revision: int, based_on: int
) -> None:
    await work.connection.execute(
        "UPDATE sheets SET body = $2, sha256 = $3, reason = $4, revision = $5, based_on = $6 WHERE id = $1",
        sheet_id, body, sha256, reason, revision, based_on,
    )  # fmt: skip


async def save_state(work: Work, sheet_id: UUID, state: str) -> None:
    await work.connection.execute("UPDATE sheets SET state = $2 WHERE id = $1", sheet_id, state)


async def save_approval(work: Work, sheet_id: UUID, approver: str, active_at: datetime) -> None:
    await work.connection.execute(
        "UPDATE sheets SET state = 'SCHEDULED', approver = $2, active_at = $3 WHERE id = $1",
        sheet_id, approver, active_at,
    )  # fmt: skip


async def withdraw_successors(work: Work, kind: str, key: str, after: int, upto: int) -> None:
    await work.connection.execute(
        "UPDATE sheets SET state = 'WITHDRAWN' "
        "WHERE kind = $1 AND key = $2 AND version > $3 AND version <= $4 AND state = 'SUCCESSOR'",
        kind, key, after, upto,
    )  # fmt: skip


async def insert_act(work: Work, row: tuple[Any, ...]) -> None:
    await work.connection.execute(INSERT_ACT, *row)


async def load_trail(
    connection: Any, subject: str | None, before: UUID | None, limit: int, looks: bool
) -> list[Any]:  # fmt: skip
    return list(await connection.fetch(TRAIL, subject, before, limit, looks))


async def has_looked(connection: Any, subject: str, what: str, operator: str, since: datetime) -> bool:
    return bool(await connection.fetchval(LOOKED, subject, what, operator, since))


async def load_authors(connection: Any, subject: str, version: int, acts: Sequence[str]) -> set[str]:
    rows = await connection.fetch(
        "SELECT DISTINCT operator FROM trail WHERE subject = $1 AND version = $2 AND act = ANY($3::text[])",
        subject, version, acts,
    )  # fmt: skip
    return {row["operator"] for row in rows}


async def insert_pause(
    work: Work, pause_id: UUID, target: str, message: str, reason: str, operator: str, now: datetime
) -> bool:
    """False where the target is paused already."""
    done = await work.connection.execute(INSERT_PAUSE, pause_id, target, message, reason, operator, now)
    return bool(done.endswith("1"))


async def end_pause(work: Work, target: str, operator: str, now: datetime) -> bool:
    done = await work.connection.execute(
        "UPDATE pauses SET resumed_by = $2, resumed_at = $3 WHERE target = $1 AND resumed_at IS NULL",
        target, operator, now,
    )  # fmt: skip
    return bool(done.endswith("1"))


async def load_paused_by(connection: Any, pause_id: UUID) -> str | None:
    found: str | None = await connection.fetchval("SELECT paused_by FROM pauses WHERE id = $1", pause_id)
    return found


async def review_pause(work: Work, pause_id: UUID, operator: str, note: str, now: datetime) -> str | None:
    """The target of the pause; None where somebody reviewed it before."""
    target: str | None = await work.connection.fetchval(
        "UPDATE pauses SET reviewed_by = $2, review_note = $3, reviewed_at = $4 "
        "WHERE id = $1 AND reviewed_at IS NULL RETURNING target",
        pause_id, operator, note, now,
    )  # fmt: skip
    return target


async def load_pauses(connection: Any, limit: int, *, unreviewed: bool) -> Sequence[Any]:
    return list(await connection.fetch(PAUSES, limit, unreviewed))
