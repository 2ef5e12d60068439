"""A counter for the tests of things: a fair whose pool gives one, stores with stock, and short ways to ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from api.content import publish
from api.runtime.database import Database
from loyalty.ledger.actions import ISSUE_ADJUST, Note, open_ledger
from loyalty.ledger.rules import Currency
from loyalty.members import actions as members
from loyalty.receipts.actions import Store, create_stores
from loyalty.requests.rules import RequestKey, fingerprint
from rewards.prizes import actions as prizes
from rewards.prizes.rules.papers import Address, Identity
from tests.gacha_sheets import prize
from tests.races.gacha_fair import LOT, NOW, Fair, ask, open_fair

VAULT = prizes.PapersVault(b"a secret for tests only, 32 bytes")
claim_prizes = partial(prizes.claim_prizes, vault=VAULT)
ADDRESS = Address("王小美", "0912-345-678", "106", "臺北市大安區信義路四段 1 號")
RESIDENT = Identity("王小美", "A223456781", True, "臺北市大安區信義路四段 1 號")
ABROAD = Identity("Ann Lee", "X1234567", False, "1 Queen's Road, Hong Kong")


def thing_body(**changes: Any) -> dict[str, Any]:
    """A pot of NT$680, posted or collected, that may be picked for 20 stamps and NT$199; changed key by key."""
    plain: dict[str, Any] = {
        "currency": "TWD", "value_minor": 68_000, "delivery": ["POST", "STORE"], "claim_days": 30, "tax_days": 10,
        "collect_days": 14, "name": {"en": "A pot", "zh-TW": "鍋"}, "terms": {"en": "In stock.", "zh-TW": "依現貨。"},
        "pick": {"stamps": 20, "cash_minor": 19_900, "hours": 72, "open_most": 1},
    }  # fmt: skip
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


def pool_of(thing: str, *, value_minor: int = 68_000, stock: int = 100, **changes: Any) -> dict[str, Any]:
    """Changes of an odds sheet by which every draw gives the thing while the stock lasts."""
    entry = prize(
        "pot", "PLAIN", 1_000_000, kind="THING", amount=None, thing=thing, value_minor=value_minor, stock=stock,
        when_gone="FALLBACK", fallback="rest", tax_step=value_minor > 100_000, **changes,
    )  # fmt: skip
    return {"hazard": None, "ten_guarantee": False, "prizes": [entry, prize("rest", "PLAIN", 0, kind="ENERGY")]}


@dataclass
class Counter:
    """The fair, two stores, and the thing `pot` with a pool of that name."""

    fair: Fair
    stores: dict[str, Store] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.fair.database

    def key(self, scope: UUID, name: str, asked: dict[str, Any], request_id: UUID | None) -> RequestKey:
        return RequestKey(scope, request_id or uuid4(), fingerprint(name, asked))

    async def publish(self, slug: str, based_on: int = 0, **changes: Any) -> None:
        async with self.database.work() as work:
            await publish(
                work, "thing", slug, thing_body(**changes), author="t", reason="test", based_on=based_on, now=NOW
            )

    async def count(self, on_hand: int, store: str = "xinyi", thing: str = "pot", now: datetime = NOW) -> Any:
        async with self.database.work() as work:
            store_id = self.stores[store].id
            return await prizes.set_stock(work, thing, store_id, on_hand, reason="counted", operator="op", now=now)

    async def member(self, stamps: int = 0) -> UUID:
        member_id = await self.fair.member(diamonds=1_000)
        if stamps:
            async with self.database.work() as work:
                await members.lock(work, [member_id])
                ledger = await open_ledger(work, [member_id])
                ledger.credit(work, member_id, Currency.STAMPS, stamps, LOT, Note(ISSUE_ADJUST, "test", None, NOW))
                await ledger.save(work)
        return member_id

    async def win(self, member_id: UUID, pool: str = "pot", now: datetime = NOW) -> UUID:
        """The id of the draw, which is that of the prize."""
        return (await self.fair.draw(member_id, pool, now=now)).draws[0].id

    def claiming(
        self, member_id: UUID, prize_id: UUID, store: str | None = None, *, identity: Identity | None = None,
        request_id: UUID | None = None, now: datetime = NOW,
    ) -> prizes.ClaimPrize:  # fmt: skip
        """By post where no store is named."""
        key = self.key(member_id, "claimPrize", {"prize": prize_id, "store": store}, request_id)
        store_id = self.stores[store].id if store else None
        return prizes.ClaimPrize(key, member_id, prize_id, None if store else ADDRESS, store_id, identity, now)

    def picking(
        self, member_id: UUID, store: str = "xinyi", thing: str = "pot", *, request_id: UUID | None = None,
        now: datetime = NOW,
    ) -> prizes.PickThing:  # fmt: skip
        key = self.key(member_id, "pickThing", {"thing": thing, "store": store}, request_id)
        return prizes.PickThing(key, member_id, thing, self.stores[store].id, now)

    def handing(
        self, code: str, store: str = "xinyi", *, cash: int = 0, receipt_no: str | None = None,
        request_id: UUID | None = None, now: datetime = NOW,
    ) -> prizes.HandOver:  # fmt: skip
        store_id = self.stores[store].id
        key = self.key(store_id, "handOver", {"code": code, "cash": cash, "no": receipt_no}, request_id)
        return prizes.HandOver(key, store_id, code, cash, receipt_no, now)

    async def claim(self, *asked: Any, **more: Any) -> Any:
        return await ask(self.database, claim_prizes, self.claiming(*asked, **more))

    async def pick(self, *asked: Any, **more: Any) -> Any:
        return await ask(self.database, prizes.pick_things, self.picking(*asked, **more))

    async def hand(self, *asked: Any, **more: Any) -> Any:
        return await ask(self.database, prizes.hand_over, self.handing(*asked, **more))

    async def act(self, action: Any, prize_id: UUID, **more: Any) -> Any:
        """An operator's act, just now unless `now` says otherwise."""
        async with self.database.work() as work:
            return await action(work, prize_id, operator="op", **{"now": NOW, **more})

    async def ready(self, member_id: UUID, store: str = "xinyi") -> str:
        """A won pot that waits at a store; its code."""
        prize_id = await self.win(member_id)
        await self.claim(member_id, prize_id, store)
        await self.act(prizes.mark_ready, prize_id, tracking_no=None)
        return await self.code(prize_id)

    async def code(self, prize_id: UUID) -> str:
        [(code,)] = await self.fair.rows("SELECT code FROM prizes WHERE id = $1", prize_id)
        return str(code)

    async def state(self, prize_id: UUID) -> str:
        [(state,)] = await self.fair.rows("SELECT state FROM prizes WHERE id = $1", prize_id)
        return str(state)

    async def stock(self, store: str = "xinyi", thing: str = "pot") -> tuple[int, int]:
        """How many are there, and how many of these are somebody's."""
        [found] = await self.fair.rows(
            "SELECT on_hand, reserved FROM thing_stock WHERE thing = $1 AND store_id = $2",
            thing, self.stores[store].id,
        )  # fmt: skip
        return found


async def open_counter(database: Database, *, stock: int = 100, value_minor: int = 68_000) -> Counter:
    """The counter with its pool `pot`, whose every draw gives a pot while there are any."""
    counter = Counter(await open_fair(database))
    for code in ("xinyi", "banqiao"):
        counter.stores[code] = Store(uuid4(), f"{code}-pots", code, "Asia/Taipei", "TWD", "STORE")
    async with database.work() as work:
        await create_stores(work, list(counter.stores.values()))
    await counter.publish("pot")
    await counter.fair.publish("pot", **pool_of("pot", value_minor=value_minor, stock=stock))
    return counter
