"""A season, stores, members and receipts for tests, made through the same actions as everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from weakref import WeakSet

from api.runtime.database import Database
from loyalty.care.rules import parse_limits
from loyalty.ledger.actions import ISSUE_ADJUST, Note, open_ledger, read_wallets
from loyalty.ledger.rules import NEVER, Currency, LotKey, Provenance, Wallet
from loyalty.members.actions import NewMember, create_members, load_members, lock
from loyalty.members.rules import IdentityKind
from loyalty.receipts.actions import RecordReceipt, Store, create_stores
from loyalty.receipts.rules import Line, parse_earning
from loyalty.requests.rules import RequestKey, fingerprint
from loyalty.sheets.actions import seed_files
from loyalty.sheets.rules import parse_season
from loyalty.tiers.rules import parse_ladder
from loyalty.work import Work

NOW = datetime(2026, 6, 15, 4, 0, tzinfo=UTC)  # a Monday, noon in Taipei
LOYALTY = Path(__file__).resolve().parents[1] / "loyalty"
PARSERS: dict[str, Any] = {
    "earning": parse_earning, "ladder": parse_ladder, "season": parse_season, "limits": parse_limits,
}  # fmt: skip
_seeded: WeakSet[Database] = WeakSet()
_numbers = count(1)


class CountingMint:
    """UUIDv7 for an instant whose random bits are a counter: the same calls give the same ids.

    `of` names the history: a process remembers terms by their ids, so those of two histories are never the same.
    """

    def __init__(self, of: str = "") -> None:
        self._count = int.from_bytes(hashlib.sha256(of.encode()).digest()[:4], "big") << 24

    def __call__(self, at: datetime) -> UUID:
        self._count += 1
        return UUID(int=int(at.timestamp() * 1000) << 80 | 0x7 << 76 | 0b10 << 62 | self._count)


@dataclass(frozen=True)
class Shopper:
    """A member and the card that tills scan."""

    id: UUID
    card_no: str


def shipped_sheets() -> dict[str, str]:
    """File name -> text of every sheet that the loyalty house ships."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(LOYALTY.glob("*/sheets/*.toml"))}


async def seed_season(database: Database) -> None:
    """Publishes the shipped sheets once in this database."""
    if database not in _seeded:
        async with database.work() as work:
            await seed_files(work, shipped_sheets(), PARSERS, now=NOW)
        _seeded.add(database)


async def make_store(database: Database, *, timezone: str = "Asia/Taipei", currency: str = "TWD") -> Store:
    """A new store."""
    store = Store(uuid4(), f"T-{uuid4().hex[:12]}", "A shop", timezone, currency, "STORE")
    async with database.work() as work:
        await create_stores(work, [store])
    return store


async def make_shoppers(database: Database, number: int, *, now: datetime = NOW, mark: str = "") -> list[Shopper]:
    """New members with cards; `mark` makes their identities repeatable."""
    stem = mark or uuid4().hex
    new = [NewMember(IdentityKind.LEGACY, f"{stem}:{each}", now) for each in range(number)]
    async with database.work() as work:
        made = await create_members(work, new)
        known = await load_members(work.connection, list(made.values()))
    return [Shopper(made[each.subject], str(known[made[each.subject]].card_no)) for each in new]


async def make_shopper(database: Database) -> Shopper:
    return (await make_shoppers(database, 1))[0]


def line(amount_minor: int, *, line_no: int = 1, quantity: int = 1, category: str = "", brand: str = "") -> Line:
    """A line of a receipt; without category or brand no bonus fits."""
    return Line(line_no, f"sku-{line_no}", "", brand, category, quantity, amount_minor)


def receipt(
    store: Store,
    card_no: str,
    *lines: Line | int,
    number: str = "",
    request_id: UUID | None = None,
    bought_at: datetime | None = None,
    currency: str = "TWD",
    now: datetime = NOW,
) -> RecordReceipt:
    """A till's command; an integer is a plain line of that amount. Without a number it gets a new one."""
    number = number or f"R{next(_numbers)}"
    whole = tuple(line(each, line_no=at) if isinstance(each, int) else each for at, each in enumerate(lines, 1))
    asked = fingerprint("recordReceipt", {"number": number, "card": card_no, "lines": whole, "at": bought_at})
    key = RequestKey(store.id, request_id or uuid4(), asked)
    return RecordReceipt(key, store.id, card_no, number, bought_at or now, currency, whole, now)


async def wallet_of(database: Database, member_id: UUID, currency: Currency = Currency.POINTS) -> Wallet:
    """The wallet as the database has it."""
    async with database.read() as connection:
        return (await read_wallets(connection, [member_id])).get((member_id, currency), Wallet())


async def count_rows(database: Database, table: str, member_id: UUID) -> int:
    async with database.read() as connection:
        found: int = await connection.fetchval(f"SELECT count(*) FROM {table} WHERE member_id = $1", member_id)
        return found


async def faults_of_books(database: Database, member_ids: Sequence[UUID]) -> list[str]:
    """What is wrong with wallets, lots and transfers of these members; nothing where the books balance."""
    async with database.read() as connection:
        rows = await connection.fetch(BALANCE, list(member_ids))
    return [f"{row['member_id']} {row['currency']}: {dict(row)}" for row in rows]


BALANCE = """
SELECT w.member_id, w.currency, w.balance, w.owed, l.units, t.amounts, t.owing, t.parts
FROM wallets w
LEFT JOIN LATERAL (SELECT coalesce(sum(remaining), 0) AS units FROM lots
    WHERE member_id = w.member_id AND currency = w.currency) l ON true
LEFT JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amounts, coalesce(sum(owed_change), 0) AS owing,
    coalesce(sum((SELECT coalesce(sum((part ->> 2)::int), 0) FROM jsonb_array_elements(parts) AS part)), 0) AS parts
    FROM transfers WHERE member_id = w.member_id AND currency = w.currency) t ON true
WHERE w.member_id = ANY($1::uuid[])
  AND (w.balance <> l.units OR w.balance <> t.parts OR w.owed <> t.owing OR w.balance - w.owed <> t.amounts)
"""


async def lock_one(work: Work, member_id: UUID) -> None:
    """Takes a member's lock by hand, as a transaction that is busy with him would."""
    await work.connection.execute("SELECT id FROM members WHERE id = $1 FOR NO KEY UPDATE", member_id)


@asynccontextmanager
async def two_servers(database: Database, *, connections: int = 8) -> AsyncIterator[tuple[Database, Database]]:
    """Two processes' ways to the same PostgreSQL, each with a pool of its own."""
    url = database.engine.url.render_as_string(hide_password=False)
    servers = Database(url, pool_size=connections), Database(url, pool_size=connections)
    try:
        yield servers
    finally:
        for server in servers:
            await server.close()


async def table_names(connection: Any) -> list[str]:
    """Every table, in order; those in partitions under their one name, which is all that the app may read."""
    rows = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
        "AND relnamespace = 'public'::regnamespace ORDER BY 1"
    )
    return [row["relname"] for row in rows]


async def give_currency(
    database: Database, member_id: UUID, currency: Currency, amount: int, at: datetime = NOW
) -> None:
    """An operator's gift, in a transaction of its own."""
    async with database.work() as work:
        await lock(work, [member_id])
        ledger = await open_ledger(work, [member_id])
        lot = LotKey(Provenance.FREE, NEVER)
        ledger.credit(work, member_id, currency, amount, lot, Note(ISSUE_ADJUST, "test", None, at))
        await ledger.save(work)
