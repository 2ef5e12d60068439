"""SQL of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from loyalty.invariants import Invariant
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

OUTSTANDING = """
SELECT currency, sum(balance)::bigint AS balance, sum(owed)::bigint AS owed,
       count(*) FILTER (WHERE balance > 0) AS holders
FROM wallets GROUP BY currency ORDER BY currency
"""

MEMBERS_WITH_EXPIRED_LOTS = """
SELECT DISTINCT member_id FROM (
    SELECT member_id FROM lots WHERE expires_on < $1 AND remaining > 0 ORDER BY expires_on LIMIT $2) AS due
"""

_BY_WALLET = """
SELECT coalesce(w.member_id, o.member_id) AS member_id, coalesce(w.currency, o.currency) AS currency,
       {held} AS held, {booked} AS booked
FROM wallets w FULL JOIN ({other}) o ON o.member_id = w.member_id AND o.currency = w.currency
WHERE {held} IS DISTINCT FROM {booked}
"""
_LOTS = "SELECT member_id, currency, sum(remaining) AS units FROM lots GROUP BY member_id, currency"
_MOVED = """
SELECT member_id, currency, sum(amount) AS amount, sum(owed_change) AS owed FROM transfers GROUP BY member_id, currency
"""
_PARTS = """
SELECT t.member_id, t.currency, p.part ->> 0 AS provenance, (p.part ->> 1)::date AS expires_on,
       sum((p.part ->> 2)::bigint) AS units
FROM transfers t CROSS JOIN LATERAL jsonb_array_elements(t.parts) AS p(part)
GROUP BY 1, 2, 3, 4
"""

AUDIT = (
    Invariant(
        "a wallet's balance is the sum of its lots",
        "SELECT count(*) FROM wallets",
        _BY_WALLET.format(held="coalesce(w.balance, 0)", booked="coalesce(o.units, 0)", other=_LOTS),
    ),
    Invariant(
        "a wallet's balance less what it owes is the sum of its transfers",
        "SELECT count(*) FROM wallets",
        _BY_WALLET.format(held="coalesce(w.balance - w.owed, 0)", booked="coalesce(o.amount, 0)", other=_MOVED),
    ),
    Invariant(
        "a wallet owes what its transfers left owing",
        "SELECT count(*) FROM wallets",
        _BY_WALLET.format(held="coalesce(w.owed, 0)", booked="coalesce(o.owed, 0)", other=_MOVED),
    ),
    Invariant(
        "a lot holds what transfers put into it, less what they took",
        "SELECT count(*) FROM lots",
        f"""
SELECT coalesce(l.member_id, p.member_id) AS member_id, coalesce(l.currency, p.currency) AS currency,
       coalesce(l.provenance, p.provenance) AS provenance, coalesce(l.expires_on, p.expires_on) AS expires_on,
       l.remaining, p.units
FROM lots l FULL JOIN ({_PARTS}) p ON p.member_id = l.member_id AND p.currency = l.currency
    AND p.provenance = l.provenance AND p.expires_on = l.expires_on
WHERE coalesce(l.remaining, 0) <> coalesce(p.units, 0)
""",
    ),
    Invariant(
        "nothing in the books is negative",
        "SELECT (SELECT count(*) FROM wallets) + (SELECT count(*) FROM lots)",
        """
SELECT member_id, currency, balance, owed, NULL::date AS expires_on FROM wallets WHERE balance < 0 OR owed < 0
UNION ALL SELECT member_id, currency, remaining, 0, expires_on FROM lots WHERE remaining < 0
""",
    ),
    Invariant(
        "every transfer has both sides: a wallet of a known currency and a known operator account",
        "SELECT count(*) FROM transfers",
        """
SELECT t.member_id, t.id, t.currency, t.account FROM transfers t
LEFT JOIN wallets w ON w.member_id = t.member_id AND w.currency = t.currency
LEFT JOIN currencies c ON c.code = t.currency
LEFT JOIN operator_accounts a ON a.account = t.account
WHERE w.member_id IS NULL OR c.code IS NULL OR (a.account IS NULL AND t.account !~ '^sponsor:.')
""",
    ),
    Invariant(
        "a transfer's parts less its change of debt are its amount",
        "SELECT count(*) FROM transfers",
        """
SELECT t.member_id, t.id, t.amount, p.units, t.owed_change
FROM transfers t
CROSS JOIN LATERAL (
    SELECT coalesce(sum((part ->> 2)::bigint), 0) AS units FROM jsonb_array_elements(t.parts) AS j(part)) p
WHERE t.amount <> p.units - t.owed_change
""",
    ),
    Invariant(
        "reversals give back at most what the transfer that they name took, in its currency",
        "SELECT count(*) FROM transfers WHERE reverses IS NOT NULL",
        """
SELECT r.member_id, r.reverses AS id, r.back, t.amount
FROM (
    SELECT member_id, reverses, sum(amount) AS back, min(amount) AS least, min(currency) AS low, max(currency) AS high
    FROM transfers WHERE reverses IS NOT NULL GROUP BY member_id, reverses) r
LEFT JOIN transfers t ON t.member_id = r.member_id AND t.id = r.reverses
WHERE t.id IS NULL OR r.back > -t.amount OR r.least <= 0 OR r.low <> t.currency OR r.high <> t.currency
""",
    ),
)


async def load_wallets(connection: Any, member_ids: Sequence[UUID]) -> list[Any]:
    """A row per wallet and lot with something in it; lot columns are null where a wallet has none."""
    return list(await connection.fetch(LOAD_WALLETS, member_ids))


async def load_transfers(work: Work, member_ids: Sequence[UUID], ids: Sequence[UUID]) -> list[Any]:
    return list(await work.connection.fetch(LOAD_TRANSFERS, member_ids, ids))


async def load_credited(connection: Any, member_ids: Sequence[UUID], since: datetime) -> list[Any]:
    return list(
        await connection.fetch(
            "SELECT member_id, currency, sum(amount)::bigint AS units FROM transfers "
            "WHERE member_id = ANY($1::uuid[]) AND amount > 0 AND at >= $2 GROUP BY 1, 2",
            member_ids,
            since,
        )
    )


async def load_transfers_of(connection: Any, member_id: UUID) -> list[Any]:
    """Every transfer of a member, newest first."""
    return list(await connection.fetch(TRANSFERS_OF, member_id))


async def insert_transfers(work: Work, rows: Sequence[tuple[Any, ...]]) -> None:
    await work.connection.write(INSERT_TRANSFERS, *map(list, zip(*rows, strict=True)))


async def save_wallets(work: Work, rows: Sequence[tuple[UUID, str, int, int, datetime]]) -> None:
    await work.connection.write(SAVE_WALLETS, *map(list, zip(*rows, strict=True)))


async def save_lots(work: Work, rows: Sequence[tuple[UUID, str, str, date, int]]) -> None:
    await work.connection.write(SAVE_LOTS, *map(list, zip(*rows, strict=True)))


async def load_members_with_expired_lots(connection: Any, today: date, limit: int) -> list[UUID]:
    return [row["member_id"] for row in await connection.fetch(MEMBERS_WITH_EXPIRED_LOTS, today, limit)]


async def load_outstanding(connection: Any) -> list[Any]:
    """What all members hold together, by currency."""
    return list(await connection.fetch(OUTSTANDING))
