"""Random histories run in batches and one by one leave the same rows in every table."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from api.runtime.clock import SeededDice
from api.runtime.database import Database
from loyalty.receipts.actions import RecordReceipt, Store, create_stores, record_receipts
from loyalty.receipts.rules import Line, ReturnLine
from loyalty.refusals import Refused
from loyalty.requests.rules import RequestKey, fingerprint
from rewards.coupons.actions import ReturnGoods, return_goods
from tests.conftest import Servers
from tests.seeding import NOW, CountingMint, Shopper, faults_of_books, make_shoppers, seed_season, table_names

STORES = [
    Store(UUID(int=1), "TPE", "A", "Asia/Taipei", "TWD", "STORE"),
    Store(UUID(int=2), "NYC", "B", "America/New_York", "USD", "STORE"),
]
HISTORIES = 8
GROUPS = 12
Group = tuple[Any, Sequence[RecordReceipt | ReturnGoods]]


@dataclass
class World:
    """A fresh database in which chance and ids repeat."""

    database: Database
    shoppers: list[Shopper]


async def build(servers: Servers, name: str) -> World:
    database = Database(
        servers.url(servers.embedded.database_url, name), pool_size=1, dice=SeededDice(7), mint=CountingMint()
    )
    await seed_season(database)
    async with database.work() as work:
        await create_stores(work, STORES)
    return World(database, await make_shoppers(database, 5, mark="alike"))


def history(dice: random.Random, shoppers: list[Shopper]) -> list[Group]:
    """Groups of commands of one action, in time order: what one batch could hold."""
    bought: list[RecordReceipt] = []
    returned: list[ReturnGoods] = []
    groups: list[Group] = []
    now = NOW - timedelta(days=400)
    for _ in range(GROUPS):
        now += timedelta(days=dice.choice([0, 1, 30, 90]), seconds=dice.randrange(86_400))
        if bought and dice.random() < 0.4:
            returns: list[ReturnGoods] = []
            for _ in range(dice.randint(1, 8)):
                now += timedelta(milliseconds=dice.choice([0, 1]))
                returns.append(a_return(dice, bought, [*returned, *returns], now))
            returned += returns
            groups.append((return_goods, returns))
        else:
            receipts: list[RecordReceipt] = []
            for _ in range(dice.randint(1, 16)):
                now += timedelta(milliseconds=dice.choice([0, 1]))
                receipts.append(a_receipt(dice, shoppers, [*bought, *receipts], now))
            bought += receipts
            groups.append((record_receipts, receipts))
    return groups


def a_receipt(dice: random.Random, shoppers: list[Shopper], before: list[RecordReceipt], now: Any) -> RecordReceipt:
    pick = dice.random()
    if before and pick < 0.1:  # the same request again, perhaps much later
        return replace(dice.choice(before), now=now)
    if before and pick < 0.15:  # the same request id for something else
        other = dice.choice(before)
        return replace(other, request=replace(other.request, hash=b"other"), now=now)
    lines = tuple(
        Line(
            at, f"s{at}", "", dice.choice(["", "Private"]), dice.choice(["", "PRODUCE", "TOBACCO"]), dice.randint(0, 9),
            dice.choice([0, 33, 999, dice.randrange(50_000), dice.randrange(3_000_000)]),
        )
        for at in range(1, dice.randint(2, 5))
    )  # fmt: skip
    store = dice.choice(STORES)
    number = f"R{dice.randrange(60)}"  # now and then one that is taken
    card = dice.choice([*(each.card_no for each in shoppers), "not a card"])
    late = timedelta(days=dice.choice([0, 0, 0, 3, 366]), minutes=dice.randrange(600))
    asked = fingerprint("recordReceipt", {"number": number, "card": card, "lines": lines})
    key = RequestKey(store.id, UUID(int=dice.getrandbits(128)), asked)
    return RecordReceipt(key, store.id, card, number, now - late, store.currency, lines, now)


def a_return(dice: random.Random, bought: list[RecordReceipt], before: list[ReturnGoods], now: Any) -> ReturnGoods:
    if before and dice.random() < 0.1:
        return replace(dice.choice(before), now=now)
    receipt = dice.choice(bought)
    lines = tuple(
        ReturnLine(
            each.line_no, dice.randint(0, each.quantity), dice.choice([each.amount_minor, each.amount_minor // 3])
        )
        for each in receipt.lines
        if dice.random() < 0.6
    )
    number = f"B{dice.randrange(40)}"
    asked = fingerprint("recordReturn", {"number": number, "receipt": receipt.receipt_no, "lines": lines})
    key = RequestKey(receipt.store_id, UUID(int=dice.getrandbits(128)), asked)
    return ReturnGoods(key, receipt.store_id, receipt.store_id, receipt.receipt_no, number, lines, 0, now)


async def live(world: World, groups: list[Group], *, batched: bool) -> list[str]:
    """What everybody was told, in order."""
    said: list[str] = []
    for action, commands in groups:
        for batch in [commands] if batched else [[command] for command in commands]:
            async with world.database.work() as work:
                answers = await action(work, batch)
            said += [
                f"{answer.code} {answer.facts}" if isinstance(answer, Refused) else repr(answer) for answer in answers
            ]
    return said


async def dump(database: Database) -> dict[str, list[str]]:
    """Every row of every table, as text, in order."""
    async with database.read() as connection:
        tables = await table_names(connection)
        return {
            table: [row["row"] for row in await connection.fetch(f"SELECT t::text AS row FROM {table} t ORDER BY 1")]
            for table in tables
        }


async def test_batched_and_one_by_one_give_identical_rows(embedded_servers: Servers, seed: int) -> None:
    filled: set[str] = set()
    for run in range(HISTORIES):
        filled |= await compare(embedded_servers, seed + run)
    shown = {"receipts", "returns", "transfers", "grants", "tier_changes", "events", "request_results"}
    assert shown <= filled, "these histories leave a table empty and show nothing"


async def compare(servers: Servers, seed: int) -> set[str]:
    """Lives one history twice; the tables that it filled."""
    names = [await servers.make() for _ in range(2)]
    worlds = [await build(servers, name) for name in names]
    try:
        assert worlds[0].shoppers == worlds[1].shoppers
        groups = history(random.Random(seed), worlds[0].shoppers)
        together = await live(worlds[0], groups, batched=True)
        alone = await live(worlds[1], groups, batched=False)
        assert together == alone, f"history {seed}"
        one, other = await dump(worlds[0].database), await dump(worlds[1].database)
        assert one.keys() == other.keys()
        for table, rows in one.items():
            assert rows == other[table], f"history {seed}: {table}"
        assert await faults_of_books(worlds[0].database, [each.id for each in worlds[0].shoppers]) == []
        return {table for table, rows in one.items() if rows}
    finally:
        for world, name in zip(worlds, names, strict=True):
            await world.database.close()
            await servers.drop(name)
