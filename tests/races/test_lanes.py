"""Batchers whose lanes run side by side on a real database: shared rows and members come out as in one lane."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from operator import attrgetter
from random import Random
from typing import Any

import pytest

from api.runtime.batcher import Batcher
from api.runtime.database import Database
from loyalty.ledger.rules import Currency
from loyalty.receipts.actions import ReceiptRecorded, RecordReceipt, record_receipts
from loyalty.refusals import Refused
from rewards.coupons.actions import BuyCoupon, CouponIssued, buy_coupons
from tests.races.coupons_shop import Shop, check_books, open_shop
from tests.seeding import faults_of_books, make_shoppers, make_store, receipt, seed_season, wallet_of


@pytest.fixture
async def wide(database_url: str) -> AsyncIterator[Database]:
    """A database with connections for every lane."""
    opened = Database(database_url, pool_size=8)
    yield opened
    await opened.close()


async def test_lanes_of_two_servers_sell_two_limited_offers_once_each(wide: Database, seed: int) -> None:
    shop: Shop = await open_shop(wide)
    for slug in ("one", "two"):
        await shop.publish(slug, limits={"total": 30, "member": 3})
    members = [await shop.member(points=1_000) for _ in range(24)]
    dice = Random(seed)
    asked = [shop.buying(dice.choice(members), dice.choice(("one", "two"))) for _ in range(200)]
    servers: list[Batcher[BuyCoupon, CouponIssued]] = [
        Batcher(wide, buy_coupons, most=8, lanes=3, key=attrgetter("member_id")) for _ in range(2)
    ]
    answers = await asyncio.gather(
        *(servers[at % 2].submit(command) for at, command in enumerate(asked)), return_exceptions=True
    )
    unexpected = [each for each in answers if isinstance(each, BaseException) and not isinstance(each, Refused)]
    assert unexpected == []
    sold = await shop.rows("SELECT slug, issued FROM offers WHERE slug IN ('one', 'two')")
    issued = Counter(each.offer_id for each in answers if isinstance(each, CouponIssued))
    assert {slug: issued[shop.offers[slug]] for slug, _ in sold} == dict(sold)
    assert all(count <= 30 for _, count in sold)
    await check_books(shop)


async def test_one_tills_receipts_run_in_two_lanes_member_by_member(wide: Database) -> None:
    await seed_season(wide)
    store, shoppers = await make_store(wide), await make_shoppers(wide, 7)
    side_by_side: list[int] = []
    under_way: list[set[str]] = []

    async def watched(work: Any, commands: Any) -> Any:
        cards = {command.card_no for command in commands}
        assert not any(cards & others for others in under_way), "one member in two batches"
        under_way.append(cards)
        side_by_side.append(len(under_way))
        try:
            return await record_receipts(work, commands)
        finally:
            under_way.remove(cards)

    batcher: Batcher[RecordReceipt, ReceiptRecorded] = Batcher(
        wide, watched, most=4, lanes=2, key=attrgetter("card_no")
    )
    commands = [receipt(store, shoppers[each % 7].card_no, 100_000) for each in range(70)]
    answers = await asyncio.gather(*map(batcher.submit, commands))
    assert [answer.member_id for answer in answers] == [shoppers[each % 7].id for each in range(70)]
    assert max(side_by_side) == 2
    for shopper in shoppers:
        assert (await wallet_of(wide, shopper.id, Currency.STAMPS)).balance == 10 * 10
    assert await faults_of_books(wide, [each.id for each in shoppers]) == []
