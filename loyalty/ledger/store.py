"""SQL of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from loyalty.work import Work

LOAD_WALLETS = """
SELECT w.member_id, w.currency, w.owed, l.provenance, l.expires_on, l.remaining
FROM wallets w
LEFT JOIN lots l ON l.member_id = w.member_id AND l.currency = w.currency AND l.remaining > 0
WHERE w.member_id = ANY($1::uuid[])
"""

LOAD_TRANSFERS = """
SELECT t.member_id, t.id, t.currency, t.account, t.amount, t.parts,
       coalesce((SELECT sum(r.amount) FROM transfers r WHERE r.member_id = t.member_id AND r.reverses = t.id), 0)::int
           AS reversed
FROM unnest($1::uuid[], $2::uuid[]) AS k(member_id, id)
JOIN transfers t ON t.member_id = k.member_id AND t.id = k.id
"""

TRANSFERS_OF = """
SELECT currency, amount, account, reason, at FROM transfers WHERE member_id = $1 ORDER BY id DESC
"""

INSERT_TRANSFERS = """
INSERT INTO transfers (member_id, id, currency, account, amount, owed_change, parts, reason, source_id, reverses, at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::int[], $7::jsonb[], $8::text[],
                     $9::uuid[], $10::uuid[], $11::timestamptz[])
"""

SAVE_WALLETS = """
INSERT INTO wallets (member_id, currency, balance, owed, updated_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::int[], $4::int[], $5::timestamptz[])
ON CONFLICT (member_id, currency)
DO UPDATE SET balance = excluded.balance, owed = excluded.owed,
              updated_at = greatest(wallets.updated_at, excluded.updated_at)
"""

SAVE_LOTS = """
INSERT INTO lots (member_id, currency, provenance, expires_on, remaining)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::int[])
ON CONFLICT (member_id, currency, provenance, expires_on) DO UPDATE SET remaining = excluded.remaining
"""

MEMBERS_WITH_EXPIRED_LOTS = """
SELECT DISTINCT member_id FROM (
    SELECT member_id FROM lots WHERE expires_on < $1 AND remaining > 0 ORDER BY expires_on LIMIT $2) AS due
"""


async def load_wallets(connection: Any, member_ids: Sequence[UUID]) -> list[Any]:
    """A row per wallet and lot with something in it; lot columns are null where a wallet has none."""
    return list(await connection.fetch(LOAD_WALLETS, member_ids))


async def load_transfers(work: Work, member_ids: Sequence[UUID], ids: Sequence[UUID]) -> list[Any]:
    return list(await work.connection.fetch(LOAD_TRANSFERS, member_ids, ids))


async def load_transfers_of(connection: Any, member_id: UUID) -> list[Any]:
    """Every transfer of a member, newest first."""
    return list(await connection.fetch(TRANSFERS_OF, member_id))


async def insert_transfers(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    await work.connection.execute(INSERT_TRANSFERS, *map(list, zip(*rows, strict=True)))


async def save_wallets(work: Work, rows: Sequence[tuple[UUID, str, int, int, datetime]]) -> None:
    await work.connection.execute(SAVE_WALLETS, *map(list, zip(*rows, strict=True)))


async def save_lots(work: Work, rows: Sequence[tuple[UUID, str, str, date, int]]) -> None:
    await work.connection.execute(SAVE_LOTS, *map(list, zip(*rows, strict=True)))


async def load_members_with_expired_lots(connection: Any, today: date, limit: int) -> list[UUID]:
    return [row["member_id"] for row in await connection.fetch(MEMBERS_WITH_EXPIRED_LOTS, today, limit)]
