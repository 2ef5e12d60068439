"""One request id on two servers at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from api.runtime.batcher import run_action
from api.runtime.database import Database
from loyalty.receipts.actions import ReceiptRecorded, record_receipts
from loyalty.refusals import LoyaltyCode, Refused
from tests.seeding import (
    count_rows,
    lock_one,
    make_shopper,
    make_shoppers,
    make_store,
    receipt,
    seed_season,
    two_servers,
    wallet_of,
)

Servers = tuple[Database, Database]


@pytest.fixture
async def servers(shared_database: Database) -> AsyncIterator[Servers]:
    await seed_season(shared_database)
    async with two_servers(shared_database) as opened:
        yield opened


async def test_one_request_on_two_servers_at_once_runs_once(servers: Servers) -> None:
    store, ada = await make_store(servers[0]), await make_shopper(servers[0])
    command = receipt(store, ada.card_no, 100_000)
    answers = await asyncio.gather(*(run_action(servers[at % 2], record_receipts, [command]) for at in range(16)))
    assert len({repr(answer) for (answer,) in answers}) == 1
    assert await count_rows(servers[0], "request_results", ada.id) == 1
    assert (await wallet_of(servers[0], ada.id)).balance == 100


async def test_one_request_id_for_other_members_on_two_servers_is_one_of_theirs(servers: Servers) -> None:
    # The members' locks do not meet: the unique key decides, the losers roll back and read the winner's result.
    store, shoppers, request_id = await make_store(servers[0]), await make_shoppers(servers[0], 16), uuid4()
    commands = [receipt(store, each.card_no, 100_000, request_id=request_id) for each in shoppers]
    answers = await asyncio.gather(
        *(run_action(servers[at % 2], record_receipts, [command]) for at, command in enumerate(commands))
    )
    won = [answer for (answer,) in answers if isinstance(answer, ReceiptRecorded)]
    lost = [answer.code for (answer,) in answers if isinstance(answer, Refused)]
    assert len(won) == 1
    assert lost == [LoyaltyCode.REQUEST_ID_REUSED] * 15
    assert [(await wallet_of(servers[0], each.id)).balance for each in shoppers].count(100) == 1


async def test_batches_that_share_request_ids_in_opposite_orders_all_come_through(servers: Servers) -> None:
    for _ in range(3):
        store, shoppers = await make_store(servers[0]), await make_shoppers(servers[0], 10)
        ids = [uuid4() for _ in range(10)]
        one = [receipt(store, each.card_no, 1_000, request_id=key) for each, key in zip(shoppers, ids, strict=True)]
        other = [
            receipt(store, each.card_no, 2_000, request_id=key) for each, key in zip(shoppers[::-1], ids, strict=True)
        ]
        answers = await asyncio.gather(
            *(run_action(servers[at % 2], record_receipts, (one, other[::-1])[at % 2]) for at in range(8))
        )
        said = [answer for batch in answers for answer in batch]
        assert len({answer.receipt_id for answer in said if isinstance(answer, ReceiptRecorded)}) == 10
        assert {answer.code for answer in said if isinstance(answer, Refused)} == {LoyaltyCode.REQUEST_ID_REUSED}


async def test_a_request_waits_for_a_busy_member_and_then_sees_what_was_done(servers: Servers) -> None:
    store, ada = await make_store(servers[0]), await make_shopper(servers[0])
    command = receipt(store, ada.card_no, 100_000)
    async with servers[0].work() as work:
        await lock_one(work, ada.id)
        waiting = asyncio.create_task(run_action(servers[1], record_receipts, [command]))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        first = (await record_receipts(work, [command]))[0]
    assert list(await waiting) == [first]
    assert (await wallet_of(servers[0], ada.id)).balance == 100
