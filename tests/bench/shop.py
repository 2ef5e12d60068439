"""The shop that both sides of the bench work in: one store, thousands of members with points, coupons to hold.

Every id can be computed from a number, so that pgbench finds its rows without asking. Members come in two kinds: the
first `SHOPPERS` do over and over what may be repeated; each after them checks in once and plays one list of moves.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from api.content import publish, seed_sheets
from api.runtime.clock import SeededDice
from api.runtime.database import Database, Plans
from game.checkin.actions import CheckIn, check_in
from game.orders.actions import PlayMoves, play_moves
from loyalty.ledger.actions import ISSUE_ADJUST, Note, open_ledger
from loyalty.ledger.rules import Currency, LotKey, Provenance
from loyalty.members.actions import NewMember, create_members, load_members
from loyalty.members.rules import IdentityKind, card_number
from loyalty.receipts.actions import RecordReceipt, Store, create_stores, record_receipts
from loyalty.receipts.rules import Line, business_day
from loyalty.refusals import Refused
from loyalty.requests.rules import RequestKey
from loyalty.work import Work
from rewards.coupons.actions import BuyCoupon, buy_coupons, find_offers
from rewards.coupons.rules.codes import ALPHABET, write_code
from rewards.gacha.actions import DrawPrizes, draw_prizes
from tests.bench import boards, pools
from tests.seeding import NOW, CountingMint

SHOPPERS = 5_000
STORE = Store(UUID("01a20000-0000-7000-8000-000000000001"), "bench-1", "Bench 1", "Asia/Taipei", "TWD", "STORE")
OFFER = {
    "kind": "AMOUNT_OFF", "source": "PRICE", "currency": "TWD", "amount_minor": 1000, "minimum_minor": 1000,
    "funder": "mergemart", "stacking": "basket", "on_return": "REOPEN", "print": True,
    "name": {"en": "Bench", "zh-TW": "測試"}, "terms": {"en": "None.", "zh-TW": "無。"},
    "price": {"currency": "POINTS", "amount": 10}, "validity": {"days": 3650},
}  # fmt: skip
LINES = (
    Line(1, "4710001", "Rice 2 kg", "Private", "GROCERY", 1, 18_900),
    Line(2, "4710002", "Milk 1 l", "Meadow", "DAIRY", 2, 17_800),
    Line(3, "4710003", "Spinach", "Green", "PRODUCE", 1, 6_800),
)
_FAR = LotKey(Provenance.PURCHASE, date(2099, 12, 31))
_BOARD_REVISION = 1
# What each member has a copy of, and what only those have who shop.
_EVERYBODY = ("wallets", "lots", "transfers", "standings", "tier_credits", "streaks", "checkin_days")
_SHOPPING = ("pity", "draw_rails")


@dataclass(frozen=True, slots=True)
class Shop:
    """What a seeded database is asked about: the offer on sale, and each draw's pool with the hash of its odds."""

    offer_id: UUID
    pools: dict[str, tuple[UUID, str]]


def member_id(number: int) -> UUID:
    return UUID(f"01a00000-0000-7000-8000-{number:012x}")


def card_no(number: int) -> str:
    """The card of a member; pgbench computes the check digit too."""
    return card_number(number)


def coupon_id(number: int) -> UUID:
    return UUID(f"01a10000-0000-7000-8000-{number:012x}")


def code(number: int) -> str:
    """A code with a true check symbol whose other symbols are the number's hexadecimal digits."""
    return write_code(sum(ALPHABET.index(digit) << 5 * place for place, digit in enumerate(f"{number:X}"[::-1])))


def bench_database(url: str, pool_size: int = 2) -> Database:
    """A database on which the same calls make the same ids."""
    return Database(url, pool_size=pool_size, mint=CountingMint(), dice=SeededDice(1), plans=Plans.BY_KEYS)


async def seed(database: Database, *, shoppers: int, fresh: int, coupons: int, now: datetime) -> Shop:
    """Fills a migrated database; every member has visited on the day of `now`, and checked in the day before.

    Members are numbered from 0, first the shoppers, then the fresh ones. Coupon n is of shopper n modulo the shoppers.
    """
    async with database.work() as work:
        await seed_sheets(work, NOW)
        await publish(work, "offer", "bench", OFFER, author="bench", reason="bench", based_on=0, now=NOW)
        await pools.publish_pools(work, NOW)
        await create_stores(work, [STORE])
        offer_id = (await find_offers(work.connection, ["bench"]))["bench"]
        shop = Shop(offer_id, await pools.read_pools(work.connection))
        model = await _model(work, shop, now)
        await _copy_members(work, model, shoppers + fresh, business_day(now, STORE.zone))
        await _copy_shoppers(work, model, shoppers, coupons)
        await pools.seal_seeds(work, [member_id(number) for number in range(shoppers)], NOW)
    return shop


async def _model(work: Work, shop: Shop, now: datetime) -> UUID:
    """One member who did everything once, through the actions; all others are copies."""
    yesterday = now - timedelta(days=1)
    made = await create_members(work, [NewMember(IdentityKind.DEMO, "model", yesterday - timedelta(days=1))])
    model = made["model"]
    card = (await load_members(work.connection, [model]))[model].card_no
    ledger = await open_ledger(work, [model])
    for currency in (Currency.POINTS, Currency.DIAMONDS):
        ledger.credit(work, model, currency, 1_000_000, _FAR, Note(ISSUE_ADJUST, "bench", None, NOW))
    await ledger.save(work)

    def key(name: bytes, scope: UUID = model) -> RequestKey:
        return RequestKey(scope, UUID(int=1), name)

    done: list[Any] = [
        *await record_receipts(
            work, [RecordReceipt(key(b"receipt", STORE.id), STORE.id, str(card), "model", NOW, "TWD", LINES, NOW)]
        ),
        *await buy_coupons(work, [BuyCoupon(key(b"buy"), model, shop.offer_id, NOW)]),
        *await check_in(work, [CheckIn(RequestKey(model, UUID(int=2), b"day"), model, None, yesterday)]),
        *await play_moves(work, [PlayMoves(RequestKey(model, UUID(int=3), b"board"), model, 0, (), NOW)]),
    ]
    for number, (pool_id, odds_hash) in enumerate(shop.pools.values(), 4):
        drawing = DrawPrizes(RequestKey(model, UUID(int=number), b"draw"), model, pool_id, odds_hash, 1, NOW)
        done += await draw_prizes(work, [drawing], vault=pools.VAULT)
    assert not [each for each in done if isinstance(each, Refused)], done
    return model


async def _copy_members(work: Work, model: UUID, count: int, today: date) -> None:
    ids, cards = [member_id(n) for n in range(count)], [card_no(n) for n in range(count)]
    await _clone(work, "members", "id", model, [{"id": i, "card_no": c} for i, c in zip(ids, cards, strict=True)])
    for kind, subjects in (("card", cards), ("demo", [f"bench-{n}" for n in range(count)])):
        rows = [
            {"kind": kind, "member_id": i, "subject": s} for i, s in zip(ids, subjects, strict=True)
        ]  # fmt: skip
        await _clone(work, "identities", "member_id", model, rows, only=f"kind = '{kind}'")
    for table in _EVERYBODY:
        await _clone(work, table, "member_id", model, [{"member_id": i} for i in ids])
    await _clone(work, "receipts", "member_id", model, [{"member_id": i, "day": today} for i in ids])
    seed, revision = f"\\x{boards.SEED.hex()}", _BOARD_REVISION
    await _clone(
        work, "boards", "member_id", model, [{"member_id": i, "seed": seed, "revision": revision} for i in ids]
    )


async def _copy_shoppers(work: Work, model: UUID, shoppers: int, coupons: int) -> None:
    for table in _SHOPPING:
        await _clone(work, table, "member_id", model, [{"member_id": member_id(n)} for n in range(shoppers)])
    owned = [{"member_id": member_id(n % shoppers), "id": coupon_id(n), "code": code(n)} for n in range(coupons)]
    await _clone(work, "coupons", "member_id", model, owned)
    await work.connection.execute(
        "INSERT INTO coupon_codes SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[])",
        [each["code"] for each in owned], [each["member_id"] for each in owned], [each["id"] for each in owned],
    )  # fmt: skip


async def _clone(
    work: Work, table: str, owner: str, model: UUID, rows: Sequence[dict[str, Any]], *, only: str = "true"
) -> None:
    """A copy of each of the model's rows for every entry of `rows`, with its columns changed."""
    await work.connection.execute(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, change)).* FROM {table} t, "
        f"unnest($2::jsonb[]) AS change WHERE t.{owner} = $1 AND {only}",
        model,
        [json.dumps(row, default=str) for row in rows],
    )
