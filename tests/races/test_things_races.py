"""Sixteen real connections fight for one prize, one code, the last of a store, one member's stamps, one export."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.runtime.batcher import run_action
from api.runtime.database import Database
from loyalty.refusals import Refused
from rewards.prizes import actions as prizes
from rewards.prizes.store import prizes as store
from tests.races.gacha_fair import NOW, ask, check_books, codes_of, draw_prizes
from tests.races.things_shop import RESIDENT, Counter, claim_prizes, open_counter, pool_of

CONNECTIONS = 16


@pytest.fixture
async def wide(database_url: str) -> AsyncIterator[Database]:
    """A database with sixteen connections, all of them open: the first must not be done before the others begin."""
    opened = Database(database_url, pool_size=CONNECTIONS)

    async def warm() -> None:
        async with opened.read() as connection:
            await connection.fetchval("SELECT pg_sleep(0.3)")

    await asyncio.gather(*(warm() for _ in range(CONNECTIONS)))
    yield opened
    await opened.close()


@pytest.fixture
async def counter(wide: Database) -> Counter:
    return await open_counter(wide)


async def together(*asked: Any) -> list[Any]:
    return list(await asyncio.gather(*asked))


async def test_the_last_things_are_won_once(counter: Counter, wide: Database) -> None:
    await counter.fair.publish("few", **pool_of("pot", stock=5))
    members = [await counter.member() for _ in range(CONNECTIONS)]
    answers = await together(*(ask(wide, draw_prizes, counter.fair.drawing(each, "few")) for each in members))
    assert sorted(each.draws[0].prize for each in answers) == ["pot"] * 5 + ["rest"] * 11
    assert await counter.fair.rows("SELECT count(*) FROM prizes WHERE state = 'WON'") == [(5,)]
    await check_books(counter.fair)


async def test_one_prize_is_claimed_once(counter: Counter, wide: Database) -> None:
    member = await counter.member()
    await counter.count(CONNECTIONS)
    prize_id = await counter.win(member)
    where = ["xinyi", None] * (CONNECTIONS // 2)
    answers = await together(*(counter.claim(member, prize_id, each) for each in where))
    assert codes_of(answers) == ["PRIZE_STATE"] * 15 + ["ok"]
    [(delivery,)] = await counter.fair.rows("SELECT delivery FROM prizes")
    assert await counter.stock() == (CONNECTIONS, 1 if delivery == "STORE" else 0)
    await check_books(counter.fair)


async def test_one_request_claims_once_and_all_are_told_the_same(counter: Counter, wide: Database) -> None:
    member, request = await counter.member(), uuid4()
    prize_id = await counter.win(member)
    answers = await together(*(counter.claim(member, prize_id, request_id=request) for _ in range(CONNECTIONS)))
    assert codes_of(answers) == ["ok"] * 16
    assert len(set(answers)) == 1
    await check_books(counter.fair)


async def test_the_last_of_a_store_is_set_aside_for_as_many_as_there_are(counter: Counter, wide: Database) -> None:
    """Winners and pickers fight for three pots."""
    await counter.count(3)
    winners = [await counter.member() for _ in range(8)]
    pickers = [await counter.member(stamps=20) for _ in range(8)]
    won = [await counter.win(each) for each in winners]
    answers = await together(
        *(counter.claim(member, prize_id, "xinyi") for member, prize_id in zip(winners, won, strict=True)),
        *(counter.pick(each) for each in pickers),
    )
    assert codes_of(answers) == ["STORE_STOCK_OUT"] * 13 + ["ok"] * 3
    assert await counter.stock() == (3, 3)
    await check_books(counter.fair)


async def test_one_code_is_handed_over_once(counter: Counter, wide: Database) -> None:
    await counter.count(CONNECTIONS)
    code = await counter.ready(await counter.member())
    answers = await together(*(counter.hand(code) for _ in range(CONNECTIONS)))
    assert codes_of(answers) == ["PRIZE_HANDED_OVER"] * 15 + ["ok"]
    assert await counter.stock() == (CONNECTIONS - 1, 0)
    assert await counter.fair.rows("SELECT count(*) FROM thing_moves WHERE prize_id IS NOT NULL") == [(1,)]
    await check_books(counter.fair)


async def test_a_pick_is_paid_or_over_never_both(counter: Counter, wide: Database) -> None:
    """Eight tills take the cash in the last second while eight jobs come a moment too late for them."""
    await counter.count(4)
    member = await counter.member(stamps=20)
    picked = await counter.pick(member)
    code, over = await counter.code(picked.prize_id), NOW + timedelta(hours=72)

    async def job() -> int:
        async with wide.work() as work:
            return await prizes.expire_prizes(work, over, 10)

    answers = await together(
        *(counter.hand(code, cash=19_900, receipt_no=f"R-{each}") for each in range(8)), *(job() for _ in range(8))
    )
    handed = sum(isinstance(each, prizes.HandedOver) for each in answers[:8])
    assert handed + sum(answers[8:]) == 1
    left = await counter.fair.spendable(member, "STAMPS")
    assert (left, await counter.stock()) == ((0, (3, 0)) if handed else (20, (4, 0)))
    await check_books(counter.fair)


@pytest.mark.parametrize("how", ["claimed", "handed over"])
async def test_what_its_owner_saves_in_the_last_second_does_not_expire(
    counter: Counter, wide: Database, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The owner comes after the job has read what is due, and before it has his lock."""
    await counter.count(1)
    member = await counter.member(stamps=20)
    prize_id = await counter.win(member) if how == "claimed" else (await counter.pick(member)).prize_id
    [(due,)] = await counter.fair.rows("SELECT due_at FROM prizes WHERE id = $1", prize_id)
    code = None if how == "claimed" else await counter.code(prize_id)
    read = store.load_due

    async def read_and_be_overtaken(*asked: Any) -> list[Any]:
        found = list(await read(*asked))
        last = due - timedelta(seconds=1)
        saved = (
            await counter.hand(code, cash=19_900, receipt_no="R-1", now=last)
            if code
            else await counter.claim(member, prize_id, now=last)
        )
        assert codes_of([saved]) == ["ok"]
        return found

    monkeypatch.setattr(store, "load_due", read_and_be_overtaken)
    async with wide.work() as work:
        assert await prizes.expire_prizes(work, due, 10) == 0
    assert await counter.state(prize_id) == ("FULFILLED" if code else "CLAIMED")
    assert await counter.fair.rows("SELECT count(*) FROM events WHERE kind = 'prize_expired'") == [(0,)]
    await check_books(counter.fair)


async def test_one_members_stamps_pay_one_pick(counter: Counter, wide: Database) -> None:
    await counter.publish("cup", pick={"stamps": 20, "cash_minor": 0, "hours": 1, "open_most": 50})
    await counter.count(CONNECTIONS, thing="cup")
    member = await counter.member(stamps=59)
    answers = await together(*(counter.pick(member, thing="cup") for _ in range(CONNECTIONS)))
    assert codes_of(answers) == ["NOT_ENOUGH"] * 14 + ["ok"] * 2
    assert await counter.stock(thing="cup") == (CONNECTIONS, 2)
    await check_books(counter.fair)


async def test_small_prizes_claimed_at_once_meet_the_tax_step_all_the_same(counter: Counter, wide: Database) -> None:
    member = await counter.member()
    won = [await counter.win(member) for _ in range(CONNECTIONS // 2)]
    answers = await together(*(counter.claim(member, each) for each in won * 2))
    assert codes_of(answers) == ["IDENTITY_NEEDED"] * 14 + ["PRIZE_STATE", "ok"]
    await check_books(counter.fair)


async def test_an_operator_counts_while_members_take(counter: Counter, wide: Database) -> None:
    """A count never undercuts what is set aside, whoever comes first."""
    await counter.count(8)
    pickers = [await counter.member(stamps=20) for _ in range(8)]

    async def counted() -> Any:
        try:
            return await counter.count(4)
        except Refused as refused:
            return refused

    answers = await together(*(counter.pick(each) for each in pickers), *(counted() for _ in range(8)))
    on_hand, reserved = await counter.stock()
    assert reserved == sum(isinstance(each, prizes.ThingPicked) for each in answers[:8])
    assert reserved <= on_hand in (4, 8)
    await check_books(counter.fair)


async def test_identities_are_exported_once(counter: Counter, wide: Database) -> None:
    await counter.fair.publish("grand", **pool_of("pot", value_minor=150_000))
    for _ in range(6):
        member = await counter.member()
        prize_id = await counter.win(member, "grand")
        await counter.claim(member, prize_id, identity=RESIDENT)
        await counter.act(prizes.clear_tax, prize_id, received_minor=0)
        await counter.act(prizes.mark_ready, prize_id, tracking_no="TW-1")
        await counter.act(prizes.mark_fulfilled, prize_id)

    async def export() -> Any:
        async with wide.work() as work:
            try:
                return await prizes.take_export(work, 2027, operator="op", now=NOW)
            except Refused as refused:
                return refused

    answers = await together(*(export() for _ in range(CONNECTIONS)))
    assert codes_of(answers) == ["NOTHING_TO_EXPORT"] * 15 + ["ok"]
    assert [each.count for each in answers if isinstance(each, prizes.Exported)] == [6]
    await check_books(counter.fair)


async def test_a_batch_agrees_with_one_by_one(counter: Counter, wide: Database) -> None:
    """Claims of one prize at two stores and by post in one batch: the first is done, the others are refused."""
    await counter.count(1, "xinyi")
    await counter.count(1, "banqiao")
    member = await counter.member()
    prize_id = await counter.win(member)
    batch = [counter.claiming(member, prize_id, each) for each in ("banqiao", "xinyi", None)]
    answers = await run_action(wide, claim_prizes, batch)
    assert [codes_of([each]) for each in answers] == [["ok"], ["PRIZE_STATE"], ["PRIZE_STATE"]]
    assert (await counter.stock("banqiao"), await counter.stock("xinyi")) == ((1, 1), (1, 0))
    code = await counter.ready(await counter.member(), "xinyi")
    handed = await run_action(wide, prizes.hand_over, [counter.handing(code), counter.handing(code)])
    assert codes_of(handed) == ["PRIZE_HANDED_OVER", "ok"]
    await check_books(counter.fair)
