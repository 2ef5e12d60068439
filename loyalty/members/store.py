"""SQL of members, identities and consents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.invariants import Invariant
from loyalty.work import Work

_COLUMNS = "id, card_no, status, timezone, locale, display_name, birth_year, created_at, erase_at"

# Locks and reads in one statement: what is read is the locked row itself, which PostgreSQL reads anew after its wait.
LOCK = f"SELECT {_COLUMNS} FROM members WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"

LOAD = f"SELECT {_COLUMNS} FROM members WHERE id = ANY($1::uuid[])"

FIND = """
SELECT i.subject, i.member_id FROM identities i WHERE i.kind = $1 AND i.subject = ANY($2::text[])
"""

INSERT_IDENTITIES = """
INSERT INTO identities (kind, subject, member_id, at)
SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[]) AS i(kind, subject, member_id, at)
ORDER BY kind, subject
ON CONFLICT (kind, subject) DO NOTHING
RETURNING kind, subject
"""

INSERT_MEMBERS = """
INSERT INTO members (id, card_no, status, timezone, locale, display_name, birth_year, created_at)
SELECT id, card_no, 'ACTIVE', timezone, locale, display_name, NULL, created_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
    AS m(id, card_no, timezone, locale, display_name, created_at)
"""

ERASE = """
UPDATE members SET status = 'ERASED', card_no = NULL, display_name = NULL, birth_year = NULL WHERE id = ANY($1::uuid[])
"""

ERASURES_DUE = """
SELECT id FROM members WHERE erase_at <= $1 AND status <> 'ERASED' ORDER BY id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
"""

INSERT_CONSENTS = """
INSERT INTO consents (id, member_id, purpose, version, granted, at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::boolean[], $6::timestamptz[])
"""

SEARCH = f"""
SELECT {_COLUMNS} FROM members
WHERE id IN (SELECT member_id FROM identities WHERE subject = ANY($1::text[]))
   OR lower(display_name) LIKE lower($2) || '%'
ORDER BY id LIMIT $3
"""

CONSENTS = """
SELECT DISTINCT ON (purpose) purpose, version, granted, at FROM consents WHERE member_id = $1 ORDER BY purpose, id DESC
"""

_OF_NOBODY = """
SELECT DISTINCT '{table}' AS named_in, t.member_id FROM {table} t LEFT JOIN members m ON m.id = t.member_id
WHERE t.member_id IS NOT NULL AND m.id IS NULL
"""
_KEYED = ("identities", "consents", "events", "exposures", "request_results")

AUDIT = (
    Invariant(
        "an erased member is bare: no card, name, birth year or identity",
        "SELECT count(*) FROM members WHERE status = 'ERASED'",
        """
SELECT m.id FROM members m WHERE m.status = 'ERASED' AND (
    m.card_no IS NOT NULL OR m.display_name IS NOT NULL OR m.birth_year IS NOT NULL
    OR EXISTS (SELECT FROM identities i WHERE i.member_id = m.id))
""",
    ),
    Invariant(
        "a member's card is in the directory, and every card there is its member's",
        "SELECT count(*) FROM members WHERE card_no IS NOT NULL",
        """
SELECT coalesce(m.id, i.member_id) AS member_id
FROM (SELECT id, card_no FROM members WHERE card_no IS NOT NULL) m
FULL JOIN (SELECT member_id, subject FROM identities WHERE kind = 'card') i
    ON i.member_id = m.id AND i.subject = m.card_no
WHERE m.id IS NULL OR i.member_id IS NULL
""",
    ),
    Invariant(
        "identities, consents, events, exposures and results name members that there are",
        "SELECT count(*) FROM members",
        " UNION ALL ".join(_OF_NOBODY.format(table=table) for table in _KEYED),
    ),
)


async def lock_members(work: Work, ids: Sequence[UUID]) -> list[Any]:
    return list(await work.connection.fetch(LOCK, ids))


async def lock_free_members(work: Work, ids: Sequence[UUID]) -> list[Any]:
    return list(await work.connection.fetch(f"{LOCK} SKIP LOCKED", ids))


async def load_members(connection: Any, ids: Sequence[UUID]) -> list[Any]:
    return list(await connection.fetch(LOAD, ids))


async def load_page_before(connection: Any, after: UUID, created_before: datetime, limit: int) -> list[UUID]:
    rows = await connection.fetch(
        "SELECT id FROM members WHERE id > $1 AND created_at < $2 ORDER BY id LIMIT $3", after, created_before, limit
    )
    return [row["id"] for row in rows]


async def load_active(connection: Any, among: Sequence[UUID] | None) -> list[UUID]:
    rows = await connection.fetch(
        "SELECT id FROM members WHERE status = 'ACTIVE' AND ($1::uuid[] IS NULL OR id = ANY($1))", among
    )
    return [row["id"] for row in rows]


async def load_identities(connection: Any, kind: str, subjects: Sequence[str]) -> dict[str, UUID]:
    return {row["subject"]: row["member_id"] for row in await connection.fetch(FIND, kind, subjects)}


async def load_identities_of(connection: Any, member_id: UUID) -> list[Any]:
    return list(
        await connection.fetch("SELECT kind, subject, at FROM identities WHERE member_id = $1 ORDER BY kind", member_id)
    )


async def insert_identities(work: Work, rows: Sequence[tuple[str, str, UUID, datetime]]) -> set[tuple[str, str]]:
    """Returns those that were new; waits for another transaction that is inserting the same one."""
    new = await work.connection.fetch(INSERT_IDENTITIES, *map(list, zip(*rows, strict=True)))
    return {(row["kind"], row["subject"]) for row in new}


async def insert_members(work: Work, rows: Sequence[tuple[UUID, str, str, str, str | None, datetime]]) -> None:
    await work.connection.write(INSERT_MEMBERS, *map(list, zip(*rows, strict=True)))


async def save_status(work: Work, member_id: UUID, status: str) -> None:
    await work.connection.execute("UPDATE members SET status = $2 WHERE id = $1", member_id, status)


async def save_timezones(work: Work, member_ids: Sequence[UUID], timezones: Sequence[str]) -> None:
    await work.connection.execute(
        "UPDATE members SET timezone = z.timezone FROM unnest($1::uuid[], $2::text[]) AS z(id, timezone) "
        "WHERE members.id = z.id",
        member_ids, timezones,
    )  # fmt: skip


async def save_birth_years(work: Work, member_ids: Sequence[UUID], years: Sequence[int]) -> None:
    await work.connection.execute(
        "UPDATE members SET birth_year = b.year FROM unnest($1::uuid[], $2::int2[]) AS b(id, year) "
        "WHERE members.id = b.id",
        member_ids, years,
    )  # fmt: skip


async def save_erase_at(work: Work, member_ids: Sequence[UUID], erase_at: Sequence[datetime | None]) -> None:
    await work.connection.execute(
        "UPDATE members SET erase_at = e.erase_at FROM unnest($1::uuid[], $2::timestamptz[]) AS e(id, erase_at) "
        "WHERE members.id = e.id",
        member_ids, erase_at,
    )  # fmt: skip


async def lock_erasures_due(work: Work, now: datetime, limit: int) -> list[UUID]:
    return [row["id"] for row in await work.connection.fetch(ERASURES_DUE, now, limit)]


async def erase_members(work: Work, ids: Sequence[UUID]) -> None:
    await work.connection.execute("DELETE FROM identities WHERE member_id = ANY($1::uuid[])", ids)
    await work.connection.execute(ERASE, ids)


async def insert_consents(work: Work, rows: Sequence[tuple[UUID, UUID, str, str, bool, datetime]]) -> None:
    await work.connection.write(INSERT_CONSENTS, *map(list, zip(*rows, strict=True)))


async def load_consents(connection: Any, member_id: UUID) -> list[Any]:
    """The newest word on each purpose."""
    return list(await connection.fetch(CONSENTS, member_id))


async def search_members(connection: Any, text: str, subjects: Sequence[str], limit: int) -> list[Any]:
    """Members by any identity that is one of `subjects`, or by a display name that begins with the text."""
    beginning = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return list(await connection.fetch(SEARCH, subjects, beginning, limit))
