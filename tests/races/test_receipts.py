"""Sixteen connections of two servers fight for the same wallet, the same receipt, the same members."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest

from api.runtime.batcher import Batcher, run_action
from api.runtime.database import Database
from loyalty.ledger.rules import Currency
from loyalty.receipts.actions import ReceiptRecorded, RecordReceipt, record_receipts
from loyalty.refusals import LoyaltyCode, Refused
from tests.seeding import (
    NOW,
    count_rows,
    faults_of_books,
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


async def at_once(servers: Servers, *batches: list[RecordReceipt]) -> list[list[ReceiptRecorded | Refused]]:
    """Runs each batch in a transaction of its own, in turn on either server, all at the same time."""
    answers = await asyncio.gather(
        *(run_action(servers[at % 2], record_receipts, batch) for at, batch in enumerate(batches))
    )
    return [list(each) for each in answers]


async def test_sixteen_receipts_at_once_credit_one_wallet_exactly(servers: Servers) -> None:
    store, ada = await make_store(servers[0]), await make_shopper(servers[0])
    commands = [receipt(store, ada.card_no, 100_000 + each * 1_000) for each in range(16)]
    answers = await at_once(servers, *([command] for command in commands))
    total = sum(answer.points for (answer,) in answers if isinstance(answer, ReceiptRecorded))
    assert total == sum(100 + each for each in range(16))
    assert (await wallet_of(servers[0], ada.id)).balance == total
    assert sum(answer.tickets for (answer,) in answers if isinstance(answer, ReceiptRecorded)) == 1, "one visit a day"
    assert await count_rows(servers[0], "receipts", ada.id) == 16
    assert await count_rows(servers[0], "grants", ada.id) == 1
    assert await faults_of_books(servers[0], [ada.id]) == []


async def test_the_tier_is_reached_once_by_whichever_receipt_reaches_it(servers: Servers) -> None:
    store, ada = await make_store(servers[0]), await make_shopper(servers[0])
    answers = await at_once(servers, *([receipt(store, ada.card_no, 200_000)] for _ in range(16)))
    tiers = sorted(answer.tier for (answer,) in answers if isinstance(answer, ReceiptRecorded))
    assert tiers == ["general"] * 9 + ["silver"] * 7
    assert await count_rows(servers[0], "tier_changes", ada.id) == 1
    # Nine receipts at the plain rate, and the one that reached silver; six at 110 percent.
    assert (await wallet_of(servers[0], ada.id)).balance == 10 * 200 + 6 * 220


async def test_one_receipt_sent_sixteen_times_at_once_is_one_row_and_one_answer(servers: Servers) -> None:
    store, ada = await make_store(servers[0]), await make_shopper(servers[0])
    command = receipt(store, ada.card_no, 100_000)
    copies = [replace(command, request=replace(command.request, id=uuid4())) for _ in range(16)]
    answers = await at_once(servers, *([copy] for copy in copies))
    assert len({repr(answer) for (answer,) in answers}) == 1
    assert isinstance(answers[0][0], ReceiptRecorded)
    assert await count_rows(servers[0], "receipts", ada.id) == 1
    assert await count_rows(servers[0], "request_results", ada.id) == 16
    assert (await wallet_of(servers[0], ada.id)).balance == 100


async def test_one_receipt_number_for_sixteen_members_is_one_of_theirs(servers: Servers) -> None:
    store, shoppers = await make_store(servers[0]), await make_shoppers(servers[0], 16)
    commands = [receipt(store, each.card_no, 100_000, number="ONE") for each in shoppers]
    answers = await at_once(servers, *([command] for command in commands))
    won = [answer for (answer,) in answers if isinstance(answer, ReceiptRecorded)]
    lost = [answer.code for (answer,) in answers if isinstance(answer, Refused)]
    assert len(won) == 1
    assert lost == [LoyaltyCode.RECEIPT_MISMATCH] * 15
    for each in shoppers:
        expected = 100 if each.id == won[0].member_id else 0
        assert (await wallet_of(servers[0], each.id)).balance == expected


async def test_two_batches_with_the_same_receipts_in_opposite_order_answer_alike(servers: Servers) -> None:
    for _ in range(4):
        store, shoppers = await make_store(servers[0]), await make_shoppers(servers[0], 8)
        commands = [receipt(store, each.card_no, 10_000) for each in shoppers]
        batches = [commands, commands[::-1]] * 4
        answers = await at_once(servers, *batches)
        assert all(isinstance(answer, ReceiptRecorded) for batch in answers for answer in batch)
        for batch in answers[::2]:
            assert batch == answers[0]
        for batch in answers[1::2]:
            assert batch == answers[0][::-1]
        for each in shoppers:
            assert (await wallet_of(servers[0], each.id)).balance == 10


async def test_other_members_with_the_same_numbers_in_opposite_orders_wait_and_never_lock_each_other_out(
    servers: Servers,
) -> None:
    # Their members' locks do not meet; the directory's keys do. A third transaction has the number in the middle until
    # both are at work, so that each would be half way through if they went in their own order.
    store, (ada, eve) = await make_store(servers[0]), await make_shoppers(servers[0], 2)
    numbers = [f"N{each:02}" for each in range(11)]
    batches = [
        [receipt(store, ada.card_no, 10_000, number=number) for number in numbers],
        [receipt(store, eve.card_no, 10_000, number=number) for number in reversed(numbers)],
    ]

    async def run(server: Database, batch: list[RecordReceipt]) -> None:
        async with server.work() as work:  # not `run_action`, which forgives a deadlock
            await record_receipts(work, batch)

    running: list[asyncio.Task[None]] = []
    with pytest.raises(RuntimeError):
        async with servers[0].work() as work:
            await work.connection.execute(
                "INSERT INTO receipt_directory VALUES ($1, 'N05', $2, $3)", store.id, uuid4(), uuid4()
            )
            running = [asyncio.create_task(run(server, batch)) for server, batch in zip(servers, batches, strict=True)]
            await asyncio.sleep(0.3)
            raise RuntimeError
    done = await asyncio.gather(*running, return_exceptions=True)
    assert [type(each) for each in done if each] == [asyncpg.UniqueViolationError]


async def test_two_batches_of_other_stores_with_the_same_numbers_do_not_meet(servers: Servers) -> None:
    stores, ada = [await make_store(servers[0]) for _ in range(2)], await make_shopper(servers[0])
    batches = [[receipt(store, ada.card_no, 10_000, number=f"N{each}") for each in range(8)] for store in stores]
    answers = await at_once(servers, *batches)
    assert (
        len({answer.receipt_id for batch in answers for answer in batch if isinstance(answer, ReceiptRecorded)}) == 16
    )
    assert (await wallet_of(servers[0], ada.id)).balance == 160


async def test_through_the_batchers_of_two_servers_every_copy_gets_the_first_answer(servers: Servers) -> None:
    store, shoppers = await make_store(servers[0]), await make_shoppers(servers[0], 5)
    batchers: list[Batcher[RecordReceipt, ReceiptRecorded]] = [
        Batcher(server, record_receipts, most=16) for server in servers
    ]
    commands = [receipt(store, shoppers[each % 5].card_no, 100_000) for each in range(60)]
    answers = await asyncio.gather(
        *(batchers[(at + copy) % 2].submit(command) for copy in range(2) for at, command in enumerate(commands))
    )
    assert answers[:60] == answers[60:]
    for shopper in shoppers:
        assert await count_rows(servers[0], "receipts", shopper.id) == 12
        stamps = await wallet_of(servers[0], shopper.id, Currency.STAMPS)
        assert stamps.balance == 12 * 10
    assert await faults_of_books(servers[0], [each.id for each in shoppers]) == []
    for batcher in batchers:
        await batcher.drain()


async def test_a_step_is_never_before_the_one_that_it_waited_for(servers: Servers) -> None:
    # Each server took its `now` before it waited for the member.
    store, ada = await make_store(servers[0]), await make_shopper(servers[0])
    amounts = [2_000_000, 4_000_000, 9_000_000]
    times = [NOW.replace(microsecond=each) for each in (3, 2, 1)]
    commands = [receipt(store, ada.card_no, amount, now=at) for amount, at in zip(amounts, times, strict=True)]
    await at_once(servers, *([command] for command in commands))
    async with servers[0].read() as connection:
        steps = await connection.fetch(
            "SELECT before, after FROM tier_changes WHERE member_id = $1 ORDER BY at", ada.id
        )
        last = await connection.fetchval("SELECT code FROM standings WHERE member_id = $1", ada.id)
    tiers = ["general", *(step["after"] for step in steps)]
    assert [step["before"] for step in steps] == tiers[:-1]
    assert tiers[-1] == last == "black"
