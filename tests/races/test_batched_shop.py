"""Random histories of coupons, tills and members' words, in batches and one by one: the same answers, the same rows.

The commands of one batch were given at different moments: a day turns between two of them, and servers' clocks differ.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from api.runtime.clock import SeededDice
from api.runtime.database import Database
from loyalty.care.actions import AdjustWallet, adjust_wallets
from loyalty.ledger.rules import Currency
from loyalty.members.actions import birth, rights, visits
from loyalty.members.rules import DeviceForm, DeviceSystem
from loyalty.receipts.actions import RecordReceipt, record_receipts
from loyalty.receipts.rules import Line, ReturnLine, parse_earning
from loyalty.refusals import Refused
from loyalty.requests.rules import RequestKey, fingerprint
from loyalty.sheets.actions import seed_files
from rewards.coupons import actions as coupons
from rewards.coupons.actions import ReturnGoods, SettleBasket, Welcome
from rewards.coupons.rules.codes import token_at
from tests.conftest import Servers
from tests.races.coupons_shop import NOW, ROOT, Shop, basket, check_books, open_shop
from tests.seeding import CountingMint, table_names

GROUPS = 40
HOUR = timedelta(hours=1)
Group = tuple[Any, list[Any]]

# A hold lives by the database's clock, which nobody can set: what comes of it is left out of the comparison.
BY_THE_CLOCK = {
    "holds": ["held_at", "expires_at", "updated_at", "answer"],
    "coupons": ["due_at"],
    "request_results": ["outcome"],
}


@dataclass
class World:
    """A fresh shop in which chance and ids repeat, and what was done in it so far."""

    shop: Shop
    dice: random.Random
    members: list[UUID]
    done: list[tuple[Any, Any]]

    def one_of_us(self) -> UUID:
        return self.dice.choice(self.members)

    def request(self) -> UUID:
        return UUID(int=self.dice.getrandbits(128))

    def key(self, scope: UUID, *asked: Any) -> RequestKey:
        return RequestKey(scope, self.request(), fingerprint("asked", {"asked": list(asked)}))


async def build(servers: Servers, name: str, seed: int) -> World:
    database = Database(
        servers.url(servers.embedded.database_url, name),
        pool_size=2,
        dice=SeededDice(7),
        mint=CountingMint(f"shop {seed}"),
    )  # fmt: skip
    shop = await open_shop(database)
    earning = ROOT / "loyalty/receipts/sheets/earning.TWD.toml"
    async with database.work() as work:
        await seed_files(work, {earning.name: earning.read_text()}, {"earning": parse_earning}, now=NOW)
    await shop.publish("daily", limits={"day": 1}, validity={"days": 9, "closes_on": "2027-03-13"})
    await shop.publish("few", limits={"total": 12, "member": 3}, validity={"until": "2027-03-14"}, on_return="VOID")
    await shop.publish("plain", print=True)
    await shop.publish("new", audience={"new_days": 402}, print=True)
    dice = random.Random(seed)
    return World(shop, dice, [await shop.member(points=4_000, name=f"m{at}") for at in range(4)], [])


async def buying(world: World, now: datetime) -> Any:
    slug = world.dice.choice(["daily", "few", "new", "gold-dinner", "nowhere"])
    return world.shop.buying(world.one_of_us(), slug, request_id=world.request(), now=now)


async def holding(world: World, now: datetime) -> Any:
    found = await world.shop.rows("SELECT member_id, code, secret FROM coupons ORDER BY id DESC LIMIT 12")
    member = world.one_of_us()
    mine = [each for each in found if each[0] == member or world.dice.random() < 0.1]
    chosen = world.dice.sample(mine, min(len(mine), world.dice.choice([0, 1, 1, 2])))
    # The token tells the moment, and the moment is not what makes two holds the same.
    shown = [f"{code}.{token_at(secret, now)}" for _, code, secret in chosen]
    whole = basket(*world.dice.choice([(5_000,), (2_000, 7_000), (100,)]))
    return world.shop.holding(
        member, whole, shown, world.dice.choice([0, 0, 100, 300, 77]), request_id=world.request(), now=now
    )


async def _hold(world: World) -> UUID:
    found = await world.shop.rows("SELECT id FROM holds ORDER BY id DESC LIMIT 8")
    chosen: UUID = world.dice.choice(found)[0] if found else UUID(int=0)
    return chosen


async def settling(world: World, now: datetime) -> SettleBasket:
    number = f"R-{world.dice.randrange(40)}"
    return world.shop.settling(await _hold(world), number, request_id=world.request(), now=now)


async def releasing(world: World, now: datetime) -> Any:
    return world.shop.releasing(await _hold(world), request_id=world.request(), now=now)


async def recording(world: World, now: datetime) -> RecordReceipt:
    store, number = world.shop.stores["xinyi"], f"R-{world.dice.randrange(40)}"
    lines = tuple(Line(at, f"s{at}", "", "", "", 2, world.dice.choice([4_000, 9_000])) for at in (1, 2))
    card = world.shop.cards[world.one_of_us()]
    late = world.dice.choice([0, 0, 30]) * HOUR
    return RecordReceipt(world.key(store.id, number, card), store.id, card, number, now - late, "TWD", lines, now)


async def returning(world: World, now: datetime) -> ReturnGoods:
    store, number = world.shop.stores["xinyi"].id, f"R-{world.dice.randrange(40)}"
    recorded = await world.shop.rows(
        "SELECT receipt_no FROM receipts "
        "ORDER BY receipt_no IN (SELECT receipt_no FROM settled_receipts) DESC, id LIMIT 9"
    )
    if recorded and world.dice.random() < 0.9:
        number = world.dice.choice(recorded)[0]
    bought = await world.shop.rows(
        "SELECT l.line_no, l.amount_minor FROM receipt_lines l JOIN receipts r "
        "ON r.member_id = l.member_id AND r.id = l.receipt_id WHERE r.receipt_no = $1 ORDER BY 1", number,
    )  # fmt: skip
    lines = tuple(ReturnLine(at, 2, amount) for at, amount in bought if world.dice.random() < 0.8)
    return ReturnGoods(
        world.key(store, number), store, store, number, f"B-{world.dice.randrange(60)}", lines,
        world.dice.choice([0, 0, 50, 100]), now,
    )  # fmt: skip


async def welcoming(world: World, now: datetime) -> Welcome:
    return Welcome(world.one_of_us(), b"person-%d" % world.dice.randrange(6), now)


async def adjusting(world: World, now: datetime) -> AdjustWallet:
    # A member is new when he is welcomed: no wallet of tickets is full then.
    member, currency = world.one_of_us(), world.dice.choice([each for each in Currency if each is not Currency.TICKETS])
    amount = world.dice.choice([50, -40, 2**31 - 1, -(2**30)])
    return AdjustWallet(world.key(UUID(int=9)), member, currency, amount, "a test of it", now)


async def erasing(world: World, now: datetime) -> rights.RightsCommand:
    member = world.one_of_us()
    return rights.RightsCommand(world.key(member), member, now)


async def consenting(world: World, now: datetime) -> rights.SetConsent:
    member = world.one_of_us()
    return rights.SetConsent(world.key(member), member, world.dice.choice(["news", "data"]), "v1",
                             world.dice.random() < 0.5, now)  # fmt: skip


async def telling(world: World, now: datetime) -> birth.SetBirthYear:
    member = world.one_of_us()
    return birth.SetBirthYear(world.key(member), member, world.dice.choice([1980, 1990, 2030]), now)


async def opening(world: World, now: datetime) -> visits.OpenApp:
    member = world.one_of_us()
    device = visits.Device(DeviceSystem.IOS, DeviceForm.PHONE) if world.dice.random() < 0.5 else None
    return visits.OpenApp(world.key(member), member, device, now)


async def showing(world: World, now: datetime) -> visits.RecordExposure:
    member = world.one_of_us()
    return visits.RecordExposure(world.key(member), member, "home", ("streak", "orders"), now)


KINDS: list[tuple[Any, Any, int]] = [
    (coupons.buy_coupons, buying, 6), (coupons.hold_baskets, holding, 6), (coupons.settle_baskets, settling, 6),
    (coupons.release_baskets, releasing, 2), (record_receipts, recording, 4), (coupons.return_goods, returning, 4),
    (coupons.welcome, welcoming, 2), (adjust_wallets, adjusting, 1), (rights.request_erasures, erasing, 1),
    (rights.cancel_erasures, erasing, 1), (rights.set_consents, consenting, 1), (birth.set_birth_years, telling, 1),
    (visits.open_apps, opening, 1), (visits.record_exposures, showing, 1),
]  # fmt: skip


async def a_whole_way(world: World) -> list[Any]:
    """One member's way from a purchase to the return of all of it, so that no history is without any of its steps."""
    shop, member = world.shop, world.members[0]
    store, lines = shop.stores["xinyi"].id, (Line(1, "s1", "", "", "", 1, 9_000),)

    async def step(action: Any, command: Any) -> Any:
        async with shop.database.work() as work:
            [answer] = await action(work, [command])
        assert not isinstance(answer, Refused), answer
        answers.append(answer)
        return answer

    answers: list[Any] = []
    await step(rights.set_consents, rights.SetConsent(world.key(member), member, "news", "v1", True, NOW))
    await step(coupons.welcome, Welcome(member, b"person-0", NOW))
    coupon = await step(coupons.buy_coupons, shop.buying(member, "plain", request_id=world.request()))
    asked = shop.holding(member, basket(10_100), [coupon.code], 100, request_id=world.request())
    held = await step(coupons.hold_baskets, asked)
    await step(coupons.settle_baskets, shop.settling(held.hold_id, "W-1", request_id=world.request()))
    receipt = RecordReceipt(world.key(store), store, shop.cards[member], "W-1", NOW, "TWD", lines, NOW)
    await step(record_receipts, receipt)
    back = (ReturnLine(1, 1, 9_000),)
    await step(coupons.return_goods, ReturnGoods(world.key(store), store, store, "W-1", "W-2", back, 100, NOW))
    return answers


async def live(world: World, *, batched: bool) -> list[str]:
    """What everybody was told, in order. The same is asked in both worlds while they look alike."""
    said = [tell(answer) for answer in await a_whole_way(world)]
    now = NOW
    for _ in range(GROUPS):
        now += world.dice.choice([0, 1, 3, 9]) * HOUR
        action, make, _ = world.dice.choices(KINDS, [weight for _, _, weight in KINDS])[0]
        group = []
        for _ in range(world.dice.randint(1, 8)):
            before = [command for known, command in world.done if known is action]
            if before and world.dice.random() < 0.15:
                group.append(world.dice.choice(before))
            else:
                group.append(await make(world, now + world.dice.choice([0, 0, 1, 7, 17, -2]) * HOUR))
        world.done += [(action, command) for command in group]
        for batch in [group] if batched else [[command] for command in group]:
            async with world.shop.database.work() as work:
                answers = await action(work, batch)
            said += [tell(answer) for answer in answers]
    return said


def tell(answer: Any) -> str:
    if isinstance(answer, Refused):
        return f"{answer.code} {answer.facts}" + ("" if answer.code == "COUPON_RESERVED" else f" {answer.retry_at}")
    if isinstance(answer, coupons.BasketHeld):
        return f"held {answer.hold_id} {answer.due_minor} {answer.applied} {answer.not_applied}"
    return repr(answer)


async def dump(database: Database) -> dict[str, list[str]]:
    """Every row of every table, as text, in order, without what the database's clock wrote."""
    async with database.read() as connection:
        tables = await table_names(connection)
        return {
            table: [
                row["row"]
                for row in await connection.fetch(
                    f"SELECT (to_jsonb(t) - $1::text[])::text AS row FROM {table} t ORDER BY 1",
                    BY_THE_CLOCK.get(table, []),
                )
            ]
            for table in tables
        }


async def compare(servers: Servers, seed: int) -> tuple[set[str], set[str]]:
    """Lives one history twice; the tables that it filled, and the first words of what was said."""
    names = [await servers.make() for _ in range(2)]
    worlds = [await build(servers, name, seed) for name in names]
    try:
        together, alone = [
            await live(world, batched=batched) for world, batched in zip(worlds, (True, False), strict=True)
        ]
        for at, (one, other) in enumerate(zip(together, alone, strict=True)):
            assert one == other, f"history {seed}, answer {at}"
        rows: Sequence[dict[str, list[str]]] = [await dump(world.shop.database) for world in worlds]
        for table, found in rows[0].items():
            assert found == rows[1][table], f"history {seed}: {table}"
        await check_books(worlds[0].shop)
        return {table for table, found in rows[0].items() if found}, {
            each.split()[0].split("(")[0] for each in together
        }
    finally:
        for world, name in zip(worlds, names, strict=True):
            await world.shop.database.close()
            await servers.drop(name)


async def test_batched_and_one_by_one_give_identical_rows(embedded_servers: Servers, seed: int) -> None:
    filled: set[str] = set()
    told: set[str] = set()
    for run in range(3):
        tables, words = await compare(embedded_servers, seed + run)
        filled, told = filled | tables, told | words
    shown = {"coupons", "holds", "settled_receipts", "receipts", "transfers", "tier_credits", "welcomed", "consents"}
    assert shown <= filled, "these histories leave a table empty and show nothing"
    assert told >= {"CouponIssued", "held", "BasketSettled", "ReceiptRecorded", "GoodsReturned", "Welcomed"}, told


@pytest.fixture
async def shop(database: Database) -> Shop:
    return await open_shop(database)


async def test_a_person_who_comes_twice_in_one_batch_was_welcomed_when_he_came_first(shop: Shop) -> None:
    member, other = await shop.member(), await shop.member()
    async with shop.database.work() as work:
        first, again = await coupons.welcome(
            work, [Welcome(member, b"anna", NOW), Welcome(other, b"anna", NOW + 3 * HOUR)]
        )
    assert (first.tickets, again.tickets) == (3, 0)
    assert await shop.rows("SELECT at FROM welcomed") == [(NOW,)]
