"""Adjustments by one and by two on the real database, and notes that stay."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.runtime.batcher import run_action
from api.runtime.database import Database
from loyalty.care import actions as care
from loyalty.care.actions import AdjustWallet, adjust_wallets
from loyalty.care.rules import Adjustment, AdjustmentState
from loyalty.ledger.rules import Currency
from loyalty.members.actions import set_status
from loyalty.members.rules import MemberStatus
from loyalty.refusals import Refused
from loyalty.requests.rules import RequestKey, fingerprint
from tests.seeding import NOW, faults_of_books, make_shopper, make_shoppers, seed_season, wallet_of

AT_ONCE = 16
ANN, BOB = uuid4(), uuid4()


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=AT_ONCE)
    await seed_season(database)
    yield database
    await database.close()


def adjusting(member_id: UUID, amount: int, *, by: UUID = ANN, now: Any = NOW) -> AdjustWallet:
    key = RequestKey(by, uuid4(), fingerprint("adjustWallet", {"amount": amount}))
    return AdjustWallet(key, member_id, Currency.POINTS, amount, "for the test", now)


async def adjust(database: Database, *commands: AdjustWallet) -> list[str]:
    answers = await run_action(database, adjust_wallets, list(commands))
    return [str(each.code) if isinstance(each, Refused) else "ok" for each in answers]


async def propose(database: Database, member_id: UUID, amount: int, by: UUID = ANN) -> Adjustment:
    async with database.work() as work:
        return await care.propose_adjustment(
            work, member_id, Currency.POINTS, amount, operator=by, reason="a lost year", now=NOW
        )  # fmt: skip


async def approve(database: Database, made: Adjustment, by: UUID) -> None:
    async with database.work() as work:
        await care.approve_adjustment(work, made.id, operator=by, now=NOW)


async def withdraw(database: Database, made: Adjustment, by: UUID) -> None:
    async with database.work() as work:
        await care.withdraw_adjustment(work, made.id, operator=by, reason="not ours", now=NOW)


async def outcome(waiting: Any) -> str:
    try:
        await waiting
    except Refused as refused:
        return str(refused.code)
    return "ok"


async def check(database: Database, *member_ids: UUID) -> None:
    assert await faults_of_books(database, member_ids) == []
    async with database.read() as connection:
        assert [each for each in await care.audit(connection, NOW) if not each.ok] == []


async def test_one_person_gives_up_to_the_limit_of_one_and_of_a_day(shop: Database) -> None:
    member = (await make_shopper(shop)).id
    assert await adjust(shop, adjusting(member, 100_001)) == ["ADJUSTMENT_NEEDS_TWO"]
    assert (
        await adjust(shop, *(adjusting(member, 100_000) for _ in range(12)))
        == ["ok"] * 10 + ["ADJUSTMENT_NEEDS_TWO"] * 2
    )
    assert await adjust(shop, adjusting(member, -1)) == ["ADJUSTMENT_NEEDS_TWO"]
    assert await adjust(shop, adjusting(member, 5, by=BOB)) == ["ok"]
    assert await adjust(shop, adjusting(member, 5, now=NOW + timedelta(hours=25))) == ["ok"]
    assert (await wallet_of(shop, member)).balance == 1_000_010
    await check(shop, member)


async def test_sixteen_connections_of_one_person_do_not_pass_the_days_limit(shop: Database) -> None:
    members = [each.id for each in await make_shoppers(shop, AT_ONCE)]
    answers = await asyncio.gather(*(adjust(shop, adjusting(each, 100_000)) for each in members))
    assert Counter(each for [each] in answers) == {"ok": 10, "ADJUSTMENT_NEEDS_TWO": 6}
    await check(shop, *members)


async def test_of_sixteen_approvers_one_moves_the_value_once(shop: Database) -> None:
    member = (await make_shopper(shop)).id
    made = await propose(shop, member, 5_000_000)
    assert (await wallet_of(shop, member)).balance == 0
    assert await outcome(approve(shop, made, ANN)) == "SHEET_OWN"
    answers = await asyncio.gather(*(outcome(approve(shop, made, uuid4())) for _ in range(AT_ONCE)))
    assert Counter(answers) == {"ok": 1, "ADJUSTMENT_STATE": AT_ONCE - 1}
    assert (await wallet_of(shop, member)).balance == 5_000_000
    assert await adjust(shop, adjusting(member, 100_000)) == ["ok"], "what two agreed to is not one person's"
    await check(shop, member)


async def test_an_approval_and_a_withdrawal_at_once_leave_one_of_them(shop: Database) -> None:
    member = (await make_shopper(shop)).id
    made = await propose(shop, member, 300_000)
    answers = await asyncio.gather(
        *(outcome(approve(shop, made, BOB) if each % 2 else withdraw(shop, made, ANN)) for each in range(AT_ONCE))
    )
    assert Counter(answers) == {"ok": 1, "ADJUSTMENT_STATE": AT_ONCE - 1}
    async with shop.read() as connection:
        [found] = await care.load_adjustments(connection, limit=5)
        assert await care.load_adjustments(connection, limit=5, waiting=True) == []
    assert (await wallet_of(shop, member)).balance == (300_000 if found.state is AdjustmentState.DONE else 0)
    await check(shop, member)


async def test_what_is_gone_when_it_is_approved_is_refused_and_may_be_tried_again(shop: Database) -> None:
    member = (await make_shopper(shop)).id
    assert await adjust(shop, adjusting(member, 500)) == ["ok"]
    taking = await propose(shop, member, -500)
    assert await outcome(propose(shop, member, -501)) == "NOT_ENOUGH"
    assert await outcome(propose(shop, member, 0)) == "AMOUNT_OUT_OF_RANGE"
    assert await outcome(propose(shop, uuid4(), 5)) == "MEMBER_NOT_FOUND"
    assert await adjust(shop, adjusting(member, -100)) == ["ok"]
    assert await outcome(approve(shop, taking, BOB)) == "NOT_ENOUGH"
    assert await adjust(shop, adjusting(member, 100)) == ["ok"]
    assert await outcome(approve(shop, taking, BOB)) == "ok"
    assert (await wallet_of(shop, member)).balance == 0
    await check(shop, member)


async def test_notes_stay_newest_first_and_hold_no_long_number(shop: Database) -> None:
    member = (await make_shopper(shop)).id

    async def note(text: str, of: UUID = member) -> None:
        async with shop.work() as work:
            await care.add_note(work, of, text, operator=ANN, now=NOW)

    for text in ("first call", "second call, points came back"):
        await note(text)
    assert await outcome(note("call 0912345678")) == "INVALID_INPUT"
    assert await outcome(note("x" * 1_001)) == "INVALID_INPUT"
    assert await outcome(note("who is it", uuid4())) == "MEMBER_NOT_FOUND"
    async with shop.work() as work:
        await set_status(work, member, MemberStatus.SUSPENDED, operator="ann", now=NOW)
    await note("suspended after the third call")
    async with shop.read() as connection:
        found = await care.load_notes(connection, member, limit=2)
        older = await care.load_notes(connection, member, limit=2, before=found[-1].id)
        exported = await care.export_notes(connection, member)
    assert [each.text for each in [*found, *older]] == [each["text"] for each in exported] == [
        "suspended after the third call", "second call, points came back", "first call",
    ]  # fmt: skip
    await check(shop)
