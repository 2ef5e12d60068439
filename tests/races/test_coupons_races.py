"""Sixteen real connections fight for one wallet, one coupon, one hold; and batches agree with one by one."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.runtime.batcher import run_action
from api.runtime.clock import Mint, SeededDice
from api.runtime.database import Database
from loyalty.refusals import Refused
from rewards.coupons import actions as coupons
from rewards.coupons.actions import buy_coupons, hold_baskets, release_baskets, settle_baskets
from rewards.coupons.store import holds as hold_store
from tests.conftest import Servers
from tests.races.coupons_shop import NOW, Shop, basket, check_books, codes_of, open_shop, together

CONNECTIONS = 16


@pytest.fixture
async def wide(database_url: str) -> AsyncIterator[Database]:
    """A database with sixteen connections."""
    opened = Database(database_url, pool_size=CONNECTIONS)
    yield opened
    await opened.close()


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """Another server on the same database."""
    opened = Database(database_url, pool_size=CONNECTIONS)
    yield opened
    await opened.close()


@pytest.fixture
async def shop(wide: Database) -> Shop:
    return await open_shop(wide)


async def ask(database: Database, action: Any, command: Any) -> Any:
    """One command in a unit of work of its own, run again as the batcher would."""
    return (await run_action(database, action, [command]))[0]


async def test_one_wallet_never_pays_twice(shop: Shop, wide: Database) -> None:
    member = await shop.member(points=1000)
    answers = await together(
        *(ask(wide, buy_coupons, shop.buying(member, "fifty-off")) for _ in range(CONNECTIONS))
    )  # fmt: skip
    # The day's limit of 5 lies above what the wallet pays for.
    assert codes_of(answers) == ["NOT_ENOUGH"] * 13 + ["ok"] * 3
    assert await shop.points(member) == 100
    await check_books(shop)


async def test_the_last_coupons_are_not_oversold(shop: Shop, wide: Database) -> None:
    await shop.publish("last", limits={"total": 5})
    members = [await shop.member(points=100) for _ in range(CONNECTIONS)]
    answers = await together(*(ask(wide, buy_coupons, shop.buying(member, "last")) for member in members))
    assert codes_of(answers) == ["SOLD_OUT"] * 11 + ["ok"] * 5
    assert await shop.rows("SELECT issued FROM offers WHERE slug = 'last'") == [(5,)]
    assert sum([await shop.points(member) for member in members]) == 1600 - 50
    await check_books(shop)


async def test_a_members_limit_holds_across_connections(shop: Shop, wide: Database) -> None:
    await shop.publish("two", limits={"member": 2})
    member = await shop.member(points=1000)
    answers = await together(*(ask(wide, buy_coupons, shop.buying(member, "two")) for _ in range(CONNECTIONS)))
    assert codes_of(answers) == ["MEMBER_LIMIT"] * 14 + ["ok"] * 2
    await check_books(shop)


async def test_one_request_on_two_servers_has_one_result(shop: Shop, wide: Database, other: Database) -> None:
    member, request = await shop.member(points=5000), uuid4()
    answers = await together(
        *(
            ask(server, buy_coupons, shop.buying(member, "fifty-off", request_id=request))
            for server in (wide, other) * 8
        )
    )
    assert len(set(answers)) == 1
    assert await shop.points(member) == 4700
    await check_books(shop)


async def test_one_hold_request_on_two_servers_holds_once(shop: Shop, wide: Database, other: Database) -> None:
    member, request = await shop.member(points=5000), uuid4()
    command = shop.holding(member, basket(2000), [], 700, request_id=request)
    answers = await together(*(ask(server, hold_baskets, command) for server in (wide, other) * 8))
    assert len(set(answers)) == 1
    assert await shop.points(member) == 4300
    await check_books(shop)


async def test_one_request_id_for_two_members_belongs_to_the_first(shop: Shop, wide: Database, other: Database) -> None:
    request = uuid4()
    members = [await shop.member(points=100) for _ in range(CONNECTIONS)]
    answers = await together(
        *(
            ask(server, hold_baskets, shop.holding(member, basket(2000), [], 100, request_id=request))
            for member, server in zip(members, (wide, other) * 8, strict=True)
        )
    )
    assert codes_of(answers) == ["REQUEST_ID_REUSED"] * 15 + ["ok"]
    assert sum([await shop.points(member) for member in members]) == 1500
    await check_books(shop)


async def test_one_coupon_at_many_tills_is_held_by_one(shop: Shop, wide: Database) -> None:
    member = await shop.member(points=5000)
    bought = await shop.coupon(member, "fifty-off")
    shown = await shop.shown(bought)
    answers = await together(
        *(
            ask(wide, hold_baskets, shop.holding(member, basket(40000 + n), [shown], store=store))
            for n, store in enumerate(["xinyi", "banqiao"] * 8)
        )
    )
    assert codes_of(answers) == ["COUPON_RESERVED"] * 15 + ["ok"]
    await check_books(shop)


async def test_one_hold_is_settled_or_released_once(shop: Shop, wide: Database) -> None:
    member = await shop.member(points=5000)
    bought = await shop.coupon(member, "fifty-off")
    held = await shop.hold(member, basket(40000), [await shop.shown(bought)], 100)
    settles = [ask(wide, settle_baskets, shop.settling(held.hold_id, f"R-{n}")) for n in range(CONNECTIONS // 2)]
    releases = [ask(wide, release_baskets, shop.releasing(held.hold_id)) for _ in range(CONNECTIONS // 2)]
    answers = await together(*settles, *releases)
    settled = codes_of(answers[: CONNECTIONS // 2])
    if "ok" in settled:
        assert settled == ["HOLD_SETTLED"] * 7 + ["ok"]
        assert codes_of(answers[CONNECTIONS // 2 :]) == ["HOLD_SETTLED"] * 8
        assert (await shop.state(bought.coupon_id), await shop.points(member)) == ("REDEEMED", 4600)
    else:
        assert settled == ["HOLD_RELEASED"] * 8
        assert codes_of(answers[CONNECTIONS // 2 :]) == ["ok"] * 8
        assert (await shop.state(bought.coupon_id), await shop.points(member)) == ("ISSUED", 4700)
    await check_books(shop)


async def test_one_receipt_settles_one_hold(shop: Shop, wide: Database) -> None:
    members = [await shop.member(points=100) for _ in range(CONNECTIONS)]
    held = [await shop.hold(member, basket(2000), [], 100) for member in members]
    answers = await together(*(ask(wide, settle_baskets, shop.settling(each.hold_id, "ONE")) for each in held))
    assert codes_of(answers) == ["WRONG_RECEIPT"] * 15 + ["ok"]
    await check_books(shop)


async def test_workers_and_tills_let_go_of_a_hold_once(shop: Shop, wide: Database) -> None:
    members = [await shop.member(points=100) for _ in range(4)]
    held = [await shop.hold(member, basket(2000), [], 100) for member in members]
    for each in held:
        await shop.lapse(each.hold_id)

    async def job() -> int:
        async with wide.work() as work:
            return await coupons.expire_holds(work, NOW, 10)

    settles = [ask(wide, settle_baskets, shop.settling(each.hold_id, f"R-{each.hold_id}")) for each in held[:2]]
    await together(*(job() for _ in range(8)), *settles)
    await job()
    assert [await shop.points(member) for member in members] == [0, 0, 100, 100]
    assert sorted(await shop.rows("SELECT state, count(*) FROM holds GROUP BY state")) == [
        ("LAPSED", 2),
        ("SETTLED", 2),
    ]
    await check_books(shop)


async def test_a_person_is_welcomed_once_on_many_connections(shop: Shop, wide: Database) -> None:
    members = [await shop.member() for _ in range(CONNECTIONS)]
    answers = await together(*(ask(wide, coupons.welcome, coupons.Welcome(each, b"anna", NOW)) for each in members))
    assert sorted(each.tickets for each in answers) == [0] * 15 + [3]


async def test_batches_of_many_members_do_not_lock_each_other_out(shop: Shop, wide: Database, seed: int) -> None:
    chance = random.Random(seed)
    await shop.publish("a", limits={"total": 100})
    await shop.publish("b", limits={"total": 100})
    members = [await shop.member(points=1000) for _ in range(12)]

    async def batch() -> Sequence[Any]:
        commands = [shop.buying(chance.choice(members), chance.choice("ab")) for _ in range(10)]
        return await run_action(wide, buy_coupons, commands)

    answers = [answer for answers in await together(*(batch() for _ in range(CONNECTIONS))) for answer in answers]
    assert codes_of(answers) == ["ok"] * 160
    [(issued,)] = await shop.rows("SELECT sum(issued) FROM offers WHERE slug IN ('a', 'b')")
    assert issued == 160
    await check_books(shop)


TABLES = {
    "coupons": "member_id, id", "coupon_codes": "code", "holds": "member_id, id", "hold_directory": "hold_id",
    "settled_receipts": "store_id, receipt_no", "wallets": "member_id, currency", "events": "member_id, id",
    "lots": "member_id, currency, provenance, expires_on", "transfers": "member_id, id", "offers": "id",
    "request_results": "scope, id",
}  # fmt: skip


class _World:
    """A shop whose ids, codes and clock are the same on every run of one seed."""

    def __init__(self, shop: Shop, members: list[UUID]) -> None:
        self.shop = shop
        self.members = members
        self.answers: list[Any] = []

    async def act(self, action: Any, commands: list[Any], *, batched: bool) -> list[Any]:
        """The results; all answers are kept."""
        found: list[Any] = []
        for part in [commands] if batched else [[each] for each in commands]:
            found += await run_action(self.shop.database, action, part)
        self.answers += [str(each.code) if isinstance(each, Refused) else each for each in found]
        return [each for each in found if not isinstance(each, Refused)]


async def _world(servers: Servers, name: str, seed: int) -> _World:
    url = servers.url(servers.embedded.database_url, name)
    database = Database(url, dice=SeededDice(seed), mint=Mint(SeededDice(seed + 1)))
    shop = await open_shop(database)
    await shop.publish("few", limits={"total": 12, "member": 4})
    await shop.publish("many", stacking="other", minimum_minor=0, amount_minor=None, kind="PERCENT_OFF",
                       percent_ppm=123_456, cap_minor=5000)  # fmt: skip
    members = [await shop.member(points=3000, name=f"m{n}") for n in range(4)]
    return _World(shop, members)


async def _live(world: _World, seed: int, tick: Any, *, batched: bool) -> None:
    """A random history in rounds: each round's purchases, holds, settlements and releases, together or one by one."""
    chance, shop = random.Random(seed), world.shop
    bought: list[coupons.CouponIssued] = []
    held: list[coupons.BasketHeld] = []
    for turn in range(6):
        now = NOW + timedelta(minutes=chance.choice([3, 8]) * turn)
        tick(now)
        async with shop.database.work() as work:
            await coupons.expire_holds(work, now, 100)
        ids = [UUID(int=chance.getrandbits(128)) for _ in range(40)]
        slugs = ["few", "many", "flyer-twenty", "nothing"]
        buys = [
            shop.buying(chance.choice(world.members), chance.choice(slugs), request_id=ids[n], now=now)
            for n in range(8)
        ]
        bought += await world.act(buy_coupons, [*buys, buys[0]], batched=batched)
        shown = [await shop.shown(each, now) for each in bought]
        holds = []
        for n in range(10):
            picked = chance.sample(range(len(bought)), k=min(len(bought), chance.randrange(3)))
            member = bought[picked[0]].member_id if picked else chance.choice(world.members)
            whole = basket(*(chance.randrange(0, 30000) for _ in range(chance.randrange(1, 4))))
            codes, points = [shown[each] for each in picked], chance.choice([0, 0, 100, 700])
            holds.append(shop.holding(member, whole, codes, points, request_id=ids[8 + n], now=now))
        held += await world.act(hold_baskets, [*holds, holds[-1]], batched=batched)
        for action, most in ((settle_baskets, 5), (release_baskets, 3)):
            ends = chance.sample(held, k=min(len(held), most))
            commands = [
                shop.settling(each.hold_id, f"R-{chance.randrange(30)}", request_id=ids[20 + n], now=now)
                if action is settle_baskets
                else shop.releasing(each.hold_id, request_id=ids[30 + n], now=now)
                for n, each in enumerate(ends)
            ]
            await world.act(action, commands, batched=batched)
        await check_books(shop)


async def test_a_history_in_batches_leaves_the_rows_of_one_by_one(
    embedded_servers: Servers, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = {"now": datetime(2027, 1, 1, tzinfo=UTC)}

    async def load_clock(connection: Any) -> datetime:
        del connection
        return clock["now"]

    monkeypatch.setattr(hold_store, "load_clock", load_clock)
    found = []
    for batched in (True, False):
        name = await embedded_servers.make()
        try:
            world = await _world(embedded_servers, name, seed)
            await _live(world, seed, lambda now: clock.update(now=now), batched=batched)
            rows = {
                table: await world.shop.rows(f"SELECT * FROM {table} ORDER BY {key}") for table, key in TABLES.items()
            }
            await world.shop.database.close()
        finally:
            await embedded_servers.drop(name)
        found.append((world.answers, rows))
    assert found[0][0] == found[1][0]
    for table in TABLES:
        assert found[0][1][table] == found[1][1][table], table
    told = {answer if isinstance(answer, str) else type(answer).__name__ for answer in found[0][0]}
    assert told >= {"CouponIssued", "BasketHeld", "BasketSettled", "BasketReleased"}
