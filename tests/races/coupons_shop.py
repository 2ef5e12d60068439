"""A shop for the tests of coupons: the demo season, stores, members with points, and short ways to ask."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from api.runtime.database import Database
from loyalty.ledger.actions import ISSUE_ADJUST, Note, open_ledger
from loyalty.ledger.rules import Currency, LotKey, Provenance
from loyalty.members import actions as members
from loyalty.members.rules import IdentityKind
from loyalty.receipts.actions import Store, create_stores
from loyalty.refusals import Refused
from loyalty.requests.rules import RequestKey, fingerprint
from loyalty.sheets.actions import seed_files
from loyalty.sheets.rules import parse_season
from loyalty.tiers.rules import parse_ladder
from loyalty.work import Work
from rewards.coupons import actions as coupons
from rewards.coupons.actions import BasketQuery, BuyCoupon, HoldBasket, ReleaseBasket, SettleBasket
from rewards.coupons.rules.baskets import Basket, Line
from rewards.coupons.rules.codes import token_at
from rewards.coupons.rules.offers import parse_offer
from rewards.coupons.rules.welcome import parse_welcome

ROOT = Path(__file__).parents[2]
NOW = datetime(2027, 3, 10, 4, 0, tzinfo=UTC)
PARSERS = {"season": parse_season, "ladder": parse_ladder, "offer": parse_offer, "welcome": parse_welcome}
LOT = LotKey(Provenance.PURCHASE, date(2028, 3, 31))


def body(**changes: Any) -> dict[str, Any]:
    """An offer of NT$10 off for 10 points, changed key by key."""
    plain: dict[str, Any] = {
        "kind": "AMOUNT_OFF", "source": "PRICE", "currency": "TWD", "amount_minor": 1000, "minimum_minor": 1000,
        "funder": "mergemart", "stacking": "basket", "on_return": "REOPEN", "name": {"en": "x", "zh-TW": "x"},
        "terms": {"en": "x", "zh-TW": "x"}, "validity": {"days": 30}, "price": {"currency": "POINTS", "amount": 10},
    }  # fmt: skip
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


def line(number: int, amount: int, *, quantity: int = 1, category: str = "GROCERY", sku: str = "") -> Line:
    return Line(number, sku or f"sku-{number}", "goods", "brand", category, quantity, amount)


def basket(*amounts: int, currency: str = "TWD") -> Basket:
    return Basket(currency, tuple(line(number, amount) for number, amount in enumerate(amounts, 1)))


@dataclass
class Shop:
    """The season's shop on one database."""

    database: Database
    stores: dict[str, Store]
    offers: dict[str, UUID]
    cards: dict[UUID, str] = field(default_factory=dict)

    def key(self, scope: UUID, mutation: str, arguments: Mapping[str, Any], request_id: UUID | None) -> RequestKey:
        return RequestKey(scope, request_id or uuid4(), fingerprint(mutation, arguments))

    async def publish(self, slug: str, now: datetime = NOW, **changes: Any) -> UUID:
        async with self.database.work() as work:
            await coupons.publish_offer(
                work, slug, body(**changes), author="test", reason="test", based_on=None, now=now
            )
            self.offers |= await coupons.find_offers(work.connection, [slug])
        return self.offers[slug]

    async def member(self, points: int = 0, stamps: int = 0, *, name: str | None = None) -> UUID:
        subject = name or uuid4().hex
        async with self.database.work() as work:
            made = await members.create_members(
                work, [members.NewMember(IdentityKind.LEGACY, subject, NOW - timedelta(days=400))]
            )
            member_id = made[subject]
            await give(work, member_id, points, stamps)
            known = await members.load_members(work.connection, [member_id])
        self.cards[member_id] = known[member_id].card_no or ""
        return member_id

    def buying(self, member_id: UUID, slug: str, *, request_id: UUID | None = None, now: datetime = NOW) -> BuyCoupon:
        offer_id = self.offers.get(slug) or uuid4()
        key = self.key(member_id, "buyCoupon", {"offerId": str(offer_id)}, request_id)
        return BuyCoupon(key, member_id, offer_id, now)

    def holding(
        self, member_id: UUID | None, whole: Basket, codes: Sequence[str] = (), points: int = 0, *,
        store: str = "xinyi", request_id: UUID | None = None, now: datetime = NOW,
    ) -> HoldBasket:  # fmt: skip
        card = None if member_id is None else self.cards.get(member_id, "2900000000000")
        query = BasketQuery(self.stores[store].id, card, tuple(codes), points, whole, now)
        asked = {"card": card, "codes": list(codes), "points": points, "basket": whole}
        return HoldBasket(self.key(query.store_id, "holdBasket", asked, request_id), query)

    def settling(
        self, hold_id: UUID, receipt_no: str = "R-1", *, store: str = "xinyi", request_id: UUID | None = None,
        now: datetime = NOW,
    ) -> SettleBasket:  # fmt: skip
        store_id = self.stores[store].id
        key = self.key(store_id, "settleBasket", {"hold": str(hold_id), "no": receipt_no}, request_id)
        return SettleBasket(key, store_id, hold_id, receipt_no, now)

    def releasing(
        self, hold_id: UUID, *, store: str = "xinyi", request_id: UUID | None = None, now: datetime = NOW
    ) -> ReleaseBasket:
        store_id = self.stores[store].id
        return ReleaseBasket(
            self.key(store_id, "releaseBasket", {"hold": str(hold_id)}, request_id), store_id, hold_id, now
        )

    async def coupon(self, member_id: UUID, slug: str, *, now: datetime = NOW) -> coupons.CouponIssued:
        """A coupon bought just now; fails the test where it is refused."""
        bought = await one(self.database, coupons.buy_coupons, self.buying(member_id, slug, now=now))
        assert isinstance(bought, coupons.CouponIssued), bought
        return bought

    async def shown(self, coupon: coupons.CouponIssued, at: datetime = NOW) -> str:
        """CODE.TOKEN as the owner's app shows it at that moment."""
        async with self.database.read() as connection:
            [view] = await coupons.read_coupons_by_id(connection, coupon.member_id, at, [coupon.coupon_id])
        return f"{coupon.code}.{token_at(view.coupon.secret, at)}"

    async def hold(self, *asked: Any, **more: Any) -> coupons.BasketHeld:
        """A basket held just now; fails the test where it is refused."""
        held = await one(self.database, coupons.hold_baskets, self.holding(*asked, **more))
        assert isinstance(held, coupons.BasketHeld), held
        return held

    async def lapse(self, hold_id: UUID) -> None:
        """Moves a hold's time limit into the past."""
        async with self.database.work() as work:
            await work.connection.execute(
                "UPDATE holds SET expires_at = clock_timestamp() - interval '1 second' WHERE id = $1", hold_id
            )

    async def rows(self, statement: str, *arguments: Any) -> list[Any]:
        async with self.database.read() as connection:
            return [tuple(row) for row in await connection.fetch(statement, *arguments)]

    async def state(self, coupon_id: UUID) -> str:
        [(state,)] = await self.rows("SELECT state FROM coupons WHERE id = $1", coupon_id)
        return str(state)

    async def points(self, member_id: UUID) -> int:
        found = await self.rows("SELECT balance FROM wallets WHERE member_id = $1 AND currency = 'POINTS'", member_id)
        return int(found[0][0]) if found else 0


async def give(work: Work, member_id: UUID, points: int, stamps: int = 0) -> None:
    await members.lock(work, [member_id])
    ledger = await open_ledger(work, [member_id])
    note = Note(ISSUE_ADJUST, "test", None, NOW)
    for currency, amount in ((Currency.POINTS, points), (Currency.STAMPS, stamps)):
        if amount:
            ledger.credit(work, member_id, currency, amount, LOT, note)
    await ledger.save(work)


async def open_shop(database: Database) -> Shop:
    """Seeds the demo season and three stores."""
    files = {
        file.name: file.read_text()
        for folder in ("loyalty/sheets", "loyalty/tiers", "rewards/coupons")
        for file in (ROOT / folder / "sheets").glob("*.toml")
    }
    async with database.work() as work:
        await seed_files(work, files, PARSERS, now=NOW)
        await coupons.put_on_sale(work, NOW)
        stores = {
            code: Store(work.mint(NOW), code, code, zone, currency, channel)
            for code, zone, currency, channel in (
                ("xinyi", "Asia/Taipei", "TWD", "STORE"),
                ("banqiao", "Asia/Taipei", "TWD", "STORE"),
                ("online", "Asia/Taipei", "TWD", "ONLINE"),
            )
        }
        await create_stores(work, list(stores.values()))
        slugs = [name.removeprefix("offer.").removesuffix(".toml") for name in files if name.startswith("offer.")]
        offers = await coupons.find_offers(work.connection, slugs)
    return Shop(database, stores, offers)


async def one(database: Database, action: Any, command: Any) -> Any:
    """The answer to one command in a unit of work of its own."""
    async with database.work() as work:
        [answer] = await action(work, [command])
    return answer


async def together(*waiting: Any) -> list[Any]:
    """Runs them side by side; an exception fails the test."""
    return list(await asyncio.gather(*waiting))


def codes_of(answers: Sequence[Any]) -> list[str]:
    """The code of each refusal, `ok` for each result, sorted."""
    return sorted(str(answer.code) if isinstance(answer, Refused) else "ok" for answer in answers)


async def check_books(shop: Shop) -> None:
    """What must hold over the whole database at any time."""
    assert not await shop.rows("""
        SELECT w.member_id FROM wallets w WHERE balance <> coalesce((SELECT sum(remaining) FROM lots l
            WHERE l.member_id = w.member_id AND l.currency = w.currency), 0)""")
    assert not await shop.rows("""
        SELECT w.member_id FROM wallets w WHERE balance - owed <> (SELECT sum(amount) FROM transfers t
            WHERE t.member_id = w.member_id AND t.currency = w.currency)""")
    [(held,)] = await shop.rows("SELECT coalesce(-sum(amount), 0) FROM transfers WHERE account = 'clearing:hold'")
    [(open_points,)] = await shop.rows("SELECT coalesce(sum(points), 0) FROM holds WHERE state = 'OPEN'")
    assert held == open_points
    assert not await shop.rows("""
        SELECT o.slug FROM offers o WHERE limit_total IS NOT NULL
            AND issued <> (SELECT count(*) FROM coupons c WHERE c.offer_id = o.id)""")
    assert not await shop.rows("""
        SELECT c.id FROM coupons c JOIN holds h ON h.member_id = c.member_id AND h.id = c.hold_id
        WHERE (c.state = 'RESERVED' AND h.state <> 'OPEN') OR (c.state = 'REDEEMED' AND h.state <> 'SETTLED')""")
