"""Sixteen connections of two servers fight for the points of one wallet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID, uuid4

import pytest

from api.runtime.batcher import run_action
from api.runtime.database import Database
from loyalty.care.actions import AdjustWallet, adjust_wallets
from loyalty.ledger.actions import (
    ISSUE_ADJUST,
    SINK_COUPON,
    Note,
    open_ledger,
)
from loyalty.ledger.rules import NEVER, Currency, LotKey, Provenance
from loyalty.members.actions import lock
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.requests.rules import RequestKey, fingerprint
from tests.seeding import (
    NOW,
    Shopper,
    faults_of_books,
    make_shopper,
    make_shoppers,
    seed_season,
    two_servers,
    wallet_of,
)

Servers = tuple[Database, Database]
TODAY = date(2026, 6, 15)
LOT = LotKey(Provenance.FREE, NEVER)


@pytest.fixture
async def servers(shared_database: Database) -> AsyncIterator[Servers]:
    await seed_season(shared_database)
    async with two_servers(shared_database) as opened:
        yield opened


async def credit(server: Database, member: Shopper, amount: int) -> UUID:
    async with server.work() as work:
        await lock(work, [member.id])
        ledger = await open_ledger(work, [member.id])
        transfer = ledger.credit(work, member.id, Currency.POINTS, amount, LOT, Note(ISSUE_ADJUST, "test", None, NOW))
        await ledger.save(work)
    return transfer.id


async def spend(server: Database, member: Shopper, amount: int) -> UUID | None:
    try:
        async with server.work() as work:
            await lock(work, [member.id])
            ledger = await open_ledger(work, [member.id])
            note = Note(SINK_COUPON, "test", None, NOW)
            transfer = ledger.spend(work, member.id, Currency.POINTS, amount, TODAY, note)
            await ledger.save(work)
    except LoyaltyRefused as refused:
        assert refused.code is LoyaltyCode.NOT_ENOUGH
        return None
    return transfer.id


async def test_points_for_ten_pay_ten_of_sixteen(servers: Servers) -> None:
    ada = await make_shopper(servers[0])
    await credit(servers[0], ada, 105)
    paid = await asyncio.gather(*(spend(servers[at % 2], ada, 10) for at in range(16)))
    assert sum(each is not None for each in paid) == 10
    assert (await wallet_of(servers[0], ada.id)).balance == 5
    assert await faults_of_books(servers[0], [ada.id]) == []


async def test_credits_and_spendings_at_once_lose_nothing(servers: Servers) -> None:
    ada = await make_shopper(servers[0])
    await credit(servers[0], ada, 1_000)
    await asyncio.gather(
        *(credit(servers[at % 2], ada, at) if at % 3 else spend(servers[at % 2], ada, at) for at in range(1, 33))
    )
    expected = 1_000 + sum(at if at % 3 else -at for at in range(1, 33))
    assert (await wallet_of(servers[0], ada.id)).balance == expected
    assert await faults_of_books(servers[0], [ada.id]) == []


async def test_one_transfer_is_given_back_once_however_many_try(servers: Servers) -> None:
    ada = await make_shopper(servers[0])
    await credit(servers[0], ada, 100)
    spent = await spend(servers[0], ada, 100)
    assert spent is not None

    async def give_back(server: Database) -> int:
        async with server.work() as work:
            await lock(work, [ada.id])
            ledger = await open_ledger(work, [ada.id])
            known = (await ledger.load_transfers(work, [(ada.id, spent)]))[spent]
            left = min(30, -known.amount - known.reversed)
            if left:
                note = Note(SINK_COUPON, "test", None, NOW)
                ledger.restore(work, spent, left, TODAY, note, grace_days=30)
                await ledger.save(work)
        return left

    given = await asyncio.gather(*(give_back(servers[at % 2]) for at in range(16)))
    assert sorted(given, reverse=True)[:4] == [30, 30, 30, 10]
    assert sum(given) == 100
    assert (await wallet_of(servers[0], ada.id)).balance == 100
    assert await faults_of_books(servers[0], [ada.id]) == []


async def test_batches_over_many_wallets_in_any_order_all_come_through(servers: Servers) -> None:
    shoppers, operator = await make_shoppers(servers[0], 10), uuid4()

    def batch(order: list[Shopper]) -> list[AdjustWallet]:
        return [
            AdjustWallet(
                RequestKey(operator, uuid4(), fingerprint("adjustWallet", {"amount": amount})),
                each.id, Currency.POINTS, amount, "a test", NOW,
            )
            for each in order
            for amount in (7, -3)
        ]  # fmt: skip

    orders = [shoppers, shoppers[::-1], shoppers[5:] + shoppers[:5], shoppers[::2] + shoppers[1::2]] * 4
    answers = await asyncio.gather(
        *(run_action(servers[at % 2], adjust_wallets, batch(order)) for at, order in enumerate(orders))
    )
    assert not [answer for each in answers for answer in each if isinstance(answer, Refused)]
    assert [(await wallet_of(servers[0], each.id)).balance for each in shoppers] == [4 * 16] * 10
    assert await faults_of_books(servers[0], [each.id for each in shoppers]) == []
