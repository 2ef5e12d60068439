"""SQL of sheets and pauses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.work import Work

HEADS_AND_PAUSES = """
SELECT 's' AS what, kind, key, version, sha256, NULL::text AS message, NULL::timestamptz AS at
FROM sheets WHERE state = 'ACTIVE'
UNION ALL
SELECT 'p', '', target, 0, NULL, message, paused_at FROM pauses WHERE resumed_at IS NULL
"""

VERSIONS = """
SELECT id, kind, key, version, body, sha256, state, author, approver, reason, created_at, active_at, retired_at
FROM sheets WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR key = $2)
ORDER BY kind, key, version DESC LIMIT $3
"""

INSERT_ACTIVE = """
INSERT INTO sheets (id, kind, key, version, body, sha256, state, author, reason, created_at, active_at)
VALUES ($1, $2, $3, $4, $5, $6, 'ACTIVE', $7, $8, $9, $9)
"""

INSERT_PAUSE = """
INSERT INTO pauses (id, target, message, reason, paused_by, paused_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (target) WHERE resumed_at IS NULL DO NOTHING
"""

PAUSES = """
SELECT id, target, message, reason, paused_by, paused_at, resumed_by, resumed_at, reviewed_by, reviewed_at, review_note
FROM pauses ORDER BY paused_at DESC, id DESC LIMIT $1
"""


async def load_heads_and_pauses(connection: Any) -> list[Any]:
    return list(await connection.fetch(HEADS_AND_PAUSES))


async def load_body(connection: Any, kind: str, key: str, version: int) -> str:
    body: str = await connection.fetchval(
        "SELECT body FROM sheets WHERE kind = $1 AND key = $2 AND version = $3", kind, key, version
    )
    return body


async def load_versions(connection: Any, kind: str | None, key: str | None, limit: int) -> list[Any]:
    return list(await connection.fetch(VERSIONS, kind, key, limit))


async def load_all(connection: Any) -> list[Any]:
    """Every version that there ever was."""
    return list(await connection.fetch("SELECT kind, key, version, body, sha256, state FROM sheets ORDER BY id"))


async def lock_sheet(work: Work, kind: str, key: str) -> int:
    """Serialises the publishing of one sheet, even its first version; returns the newest version, 0 where none is."""
    await work.connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"sheet:{kind}:{key}")
    newest = await work.connection.fetchval("SELECT max(version) FROM sheets WHERE kind = $1 AND key = $2", kind, key)
    return int(newest or 0)


async def retire_active(work: Work, kind: str, key: str, now: datetime) -> None:
    await work.connection.execute(
        "UPDATE sheets SET state = 'RETIRED', retired_at = $3 WHERE kind = $1 AND key = $2 AND state = 'ACTIVE'",
        kind, key, now,
    )  # fmt: skip


async def insert_active(
    work: Work, sheet_id: UUID, kind: str, key: str, version: int, body: str, sha256: bytes, author: str, reason: str,
    now: datetime,
) -> None:  # fmt: skip
    await work.connection.execute(INSERT_ACTIVE, sheet_id, kind, key, version, body, sha256, author, reason, now)


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


async def review_pause(work: Work, pause_id: UUID, operator: str, note: str, now: datetime) -> bool:
    done = await work.connection.execute(
        "UPDATE pauses SET reviewed_by = $2, review_note = $3, reviewed_at = $4 WHERE id = $1 AND reviewed_at IS NULL",
        pause_id, operator, note, now,
    )  # fmt: skip
    return bool(done.endswith("1"))


async def load_pauses(connection: Any, limit: int) -> Sequence[Any]:
    return list(await connection.fetch(PAUSES, limit))
