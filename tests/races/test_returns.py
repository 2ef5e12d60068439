"""Sixteen connections of two servers bring the same goods back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from api.runtime.batcher import run_action
from api.runtime.database import Database
from loyalty.receipts.actions import RecordReceipt, record_receipts
from loyalty.receipts.rules import ReturnLine
from loyalty.refusals import LoyaltyCode, Refused
from loyalty.requests.rules import RequestKey, fingerprint
from rewards.coupons.actions import GoodsReturned, ReturnGoods, return_goods
from tests.seeding import (
    NOW,
    count_rows,
    faults_of_books,
    line,
    make_shopper,
    make_shoppers,
    make_store,
    receipt,
    seed_season,
    two_servers,
    wallet_of,
)

Servers = tuple[Database, Database]
LATER = NOW + timedelta(hours=1)


@pytest.fixture
async def servers(shared_database: Database) -> AsyncIterator[Servers]:
    await seed_season(shared_database)
    async with two_servers(shared_database) as opened:
        yield opened


def return_of(bought: RecordReceipt, *lines: ReturnLine, number: str = "") -> ReturnGoods:
    number = number or uuid4().hex
    asked = fingerprint("recordReturn", {"number": number, "receipt": bought.receipt_no, "lines": lines})
    key = RequestKey(bought.store_id, uuid4(), asked)
    return ReturnGoods(key, bought.store_id, bought.store_id, bought.receipt_no, number, lines, 0, LATER)


async def at_once(servers: Servers, *batches: list[ReturnGoods]) -> list[GoodsReturned | Refused]:
    answers = await asyncio.gather(
        *(run_action(servers[at % 2], return_goods, batch) for at, batch in enumerate(batches))
    )
    return [answer for batch in answers for answer in batch]


async def test_one_return_sent_sixteen_times_at_once_takes_back_once(servers: Servers) -> None:
    store, ada = await make_store(servers[0]), await make_shopper(servers[0])
    bought = receipt(store, ada.card_no, 100_000)
    await run_action(servers[0], record_receipts, [bought])
    back = return_of(bought, ReturnLine(1, 1, 50_000))
    copies = [replace(back, request=replace(back.request, id=uuid4())) for _ in range(16)]
    answers = await at_once(servers, *([copy] for copy in copies))
    assert len({repr(answer) for answer in answers}) == 1
    assert (await wallet_of(servers[0], ada.id)).balance == 50
    assert await count_rows(servers[0], "returns", ada.id) == 1
    assert await faults_of_books(servers[0], [ada.id]) == []


async def test_pieces_returned_at_once_take_back_what_they_earned_and_no_more_than_was_bought(
    servers: Servers,
) -> None:
    store, ada = await make_store(servers[0]), await make_shopper(servers[0])
    bought = receipt(store, ada.card_no, line(77_777, quantity=7), line(5_555, line_no=2))
    await run_action(servers[0], record_receipts, [bought])
    assert (await wallet_of(servers[0], ada.id)).balance == 83
    answers = await at_once(servers, *([return_of(bought, ReturnLine(1, 1, 11_111))] for _ in range(16)))
    done = [answer for answer in answers if isinstance(answer, GoodsReturned)]
    refused = [answer.code for answer in answers if isinstance(answer, Refused)]
    assert len(done) == 7
    assert refused == [LoyaltyCode.RETURN_EXCEEDS] * 9
    assert sum(answer.points for answer in done) == 83 * 77_777 // 83_332
    assert (await wallet_of(servers[0], ada.id)).balance == 83 - 83 * 77_777 // 83_332
    rest = await at_once(servers, [return_of(bought, ReturnLine(2, 1, 5_555))])
    assert isinstance(rest[0], GoodsReturned)
    assert rest[0].everything
    assert (await wallet_of(servers[0], ada.id)).balance == 0
    assert await faults_of_books(servers[0], [ada.id]) == []
    async with servers[0].read() as connection:
        credits = await connection.fetchval("SELECT sum(credits) FROM tier_credits WHERE member_id = $1", ada.id)
    assert credits == 0


async def test_one_return_number_for_two_receipts_is_one_of_theirs(servers: Servers) -> None:
    store, shoppers = await make_store(servers[0]), await make_shoppers(servers[0], 8)
    bought = [receipt(store, each.card_no, 10_000) for each in shoppers]
    await run_action(servers[0], record_receipts, bought)
    answers = await at_once(servers, *([return_of(each, ReturnLine(1, 1, 10_000), number="ONE")] for each in bought))
    assert sum(isinstance(answer, GoodsReturned) for answer in answers) == 1
    assert [answer.code for answer in answers if isinstance(answer, Refused)] == [LoyaltyCode.RETURN_MISMATCH] * 7
    assert sum([(await wallet_of(servers[0], each.id)).balance for each in shoppers]) == 70


async def test_returns_and_purchases_at_once_keep_the_books_and_the_tier_right(servers: Servers) -> None:
    store, ada = await make_store(servers[0]), await make_shopper(servers[0])
    old = [receipt(store, ada.card_no, 500_000) for _ in range(8)]
    await run_action(servers[0], record_receipts, old)
    new = [receipt(store, ada.card_no, 100_000, now=LATER) for _ in range(8)]
    await asyncio.gather(
        *(run_action(servers[at % 2], record_receipts, [each]) for at, each in enumerate(new)),
        *(
            run_action(servers[at % 2], return_goods, [return_of(each, ReturnLine(1, 1, 500_000))])
            for at, each in enumerate(old)
        ),
    )
    async with servers[0].read() as connection:
        left = await connection.fetchval(
            "SELECT sum(points - revoked_points) FROM receipts WHERE member_id = $1", ada.id
        )
        credits = await connection.fetchval("SELECT sum(credits) FROM tier_credits WHERE member_id = $1", ada.id)
        tier = await connection.fetchval("SELECT code FROM standings WHERE member_id = $1", ada.id)
    wallet = await wallet_of(servers[0], ada.id)
    assert wallet.balance - wallet.owed == left
    assert (credits, tier) == (8_000, "general")
    assert await faults_of_books(servers[0], [ada.id]) == []
