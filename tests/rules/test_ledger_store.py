"""The ledger's book on the real database: what is saved is what was folded, in one batch or in many."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from api.runtime.database import Database
from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note, expire_lots, open_ledger
from loyalty.ledger.rules import LIMIT, NEVER, Currency, LotKey, Provenance
from loyalty.members.actions import lock
from loyalty.refusals import LoyaltyRefused
from loyalty.work import Work
from tests.seeding import NOW, count_rows, faults_of_books, make_shopper, make_shoppers, seed_season, wallet_of

TODAY = date(2026, 6, 15)
LOT = LotKey(Provenance.PURCHASE, date(2027, 6, 30))
POINTS = Currency.POINTS


def note(account: str = ledgers.ISSUE_RECEIPT) -> Note:
    return Note(account, "test", None, NOW)


async def opened(work: Work, *member_ids: UUID) -> Ledger:
    await lock(work, member_ids)
    return await open_ledger(work, member_ids)


async def test_what_was_folded_is_what_stands_in_the_tables(shared_database: Database) -> None:
    ada, eve = await make_shoppers(shared_database, 2)
    free = LotKey(Provenance.FREE, TODAY)
    async with shared_database.work() as work:
        ledger = await opened(work, ada.id, eve.id)
        ledger.credit(work, ada.id, POINTS, 100, LOT, note())
        ledger.credit(work, ada.id, POINTS, 20, free, note())
        ledger.credit(work, ada.id, Currency.STAMPS, 3, LOT, note())
        ledger.spend(work, ada.id, POINTS, 50, TODAY, note(ledgers.SINK_COUPON))
        ledger.revoke(work, eve.id, POINTS, 7, LOT, TODAY, note())
        await ledger.save(work)
    wallet = await wallet_of(shared_database, ada.id)
    assert (wallet.owed, wallet.lots) == (0, {LOT: 70}), "a lot at zero is not opened again"
    assert (await wallet_of(shared_database, ada.id, Currency.STAMPS)).balance == 3
    assert (await wallet_of(shared_database, eve.id)).owed == 7
    assert await faults_of_books(shared_database, [ada.id, eve.id]) == []
    async with shared_database.read() as connection:
        empty = await connection.fetchval(
            "SELECT remaining FROM lots WHERE member_id = $1 AND provenance = 'FREE'", ada.id
        )
    assert empty == 0, "but it stays"


async def test_a_lot_that_was_empty_can_be_filled_again(shared_database: Database) -> None:
    ada = await make_shopper(shared_database)
    for _ in range(2):
        async with shared_database.work() as work:
            ledger = await opened(work, ada.id)
            ledger.credit(work, ada.id, POINTS, 5, LOT, note())
            await ledger.save(work)
        async with shared_database.work() as work:
            ledger = await opened(work, ada.id)
            ledger.spend(work, ada.id, POINTS, 5, TODAY, note(ledgers.SINK_COUPON))
            await ledger.save(work)
    assert (await wallet_of(shared_database, ada.id)).balance == 0
    assert await faults_of_books(shared_database, [ada.id]) == []


async def test_a_transfer_of_an_earlier_batch_can_be_given_back_in_parts_and_no_further(
    shared_database: Database,
) -> None:
    ada = await make_shopper(shared_database)
    async with shared_database.work() as work:
        ledger = await opened(work, ada.id)
        ledger.credit(work, ada.id, POINTS, 100, LOT, note())
        spent = ledger.spend(work, ada.id, POINTS, 60, TODAY, note(ledgers.SINK_COUPON))
        await ledger.save(work)
    for expected in (60, 80, 100):
        assert (await wallet_of(shared_database, ada.id)).balance == expected - 20
        async with shared_database.work() as work:
            ledger = await opened(work, ada.id)
            await ledger.load_transfers(work, [(ada.id, spent.id)])
            ledger.restore(work, spent.id, 20, TODAY, note(ledgers.SINK_COUPON), grace_days=30)
            await ledger.save(work)
    async with shared_database.work() as work:
        ledger = await opened(work, ada.id)
        known = await ledger.load_transfers(work, [(ada.id, spent.id)])
        assert known[spent.id].reversed == 60
        with pytest.raises(AssertionError):
            ledger.restore(work, spent.id, 1, TODAY, note(ledgers.SINK_COUPON), grace_days=30)
    assert await faults_of_books(shared_database, [ada.id]) == []


async def test_a_hold_is_taken_from_its_own_lots_even_when_they_have_expired_since(shared_database: Database) -> None:
    ada = await make_shopper(shared_database)
    async with shared_database.work() as work:
        ledger = await opened(work, ada.id)
        ledger.credit(work, ada.id, POINTS, 50, LotKey(Provenance.FREE, TODAY), note())
        held = ledger.spend(work, ada.id, POINTS, 30, TODAY, note(ledgers.CLEARING_HOLD))
        await ledger.save(work)
    async with shared_database.work() as work:
        ledger = await opened(work, ada.id)
        await ledger.load_transfers(work, [(ada.id, held.id)])
        taken = ledger.take_held(work, held.id, note(ledgers.SINK_TENDER))
        with pytest.raises(AssertionError):
            ledger.take_held(work, held.id, note(ledgers.SINK_TENDER))
        with pytest.raises(AssertionError):
            ledger.take_held(work, taken.id, note(ledgers.SINK_TENDER))
        await ledger.save(work)
    assert (await wallet_of(shared_database, ada.id)).balance == 20
    assert await faults_of_books(shared_database, [ada.id]) == []
    async with shared_database.read() as connection:
        held_now = await connection.fetchval(
            "SELECT sum(amount) FROM transfers WHERE member_id = $1 AND account = 'clearing:hold'", ada.id
        )
    assert held_now == 0


async def test_expired_lots_are_found_oldest_first_and_booked_once(shared_database: Database) -> None:
    ada, eve = await make_shoppers(shared_database, 2)
    past = date(1999, 1, 1)  # before every other lot of this database
    async with shared_database.work() as work:
        ledger = await opened(work, ada.id, eve.id)
        ledger.credit(work, ada.id, POINTS, 5, LotKey(Provenance.FREE, past), note())
        ledger.credit(work, eve.id, POINTS, 5, LotKey(Provenance.FREE, past + timedelta(days=1)), note())
        await ledger.save(work)
    await seed_season(shared_database)
    evening = datetime(1999, 1, 2, 15, 59, tzinfo=UTC)  # still the second of January in Taipei
    booked = []
    for _ in range(2):
        async with shared_database.work() as work:
            booked.append(await expire_lots(work, evening, 10))
    assert booked[1] == 0
    assert (await wallet_of(shared_database, ada.id)).balance == 0
    assert (await wallet_of(shared_database, eve.id)).balance == 5, "its last day is today"
    async with shared_database.work() as work:
        await expire_lots(work, evening + timedelta(minutes=1), 10)
    assert (await wallet_of(shared_database, eve.id)).balance == 0, "and now it is yesterday"
    assert await count_rows(shared_database, "transfers", ada.id) == 2
    assert await faults_of_books(shared_database, [ada.id, eve.id]) == []


async def test_what_has_room_by_the_check_has_room_for_the_credit(shared_database: Database) -> None:
    ada = await make_shopper(shared_database)
    async with shared_database.work() as work:
        ledger = await opened(work, ada.id)
        expired = LotKey(Provenance.FREE, TODAY - timedelta(days=1))
        ledger.credit(work, ada.id, POINTS, LIMIT, expired, note())
        ledger.revoke(work, ada.id, POINTS, 10, LOT, TODAY, note())
        ledger.check_room(ada.id, POINTS, 10)
        with pytest.raises(LoyaltyRefused):
            ledger.check_room(ada.id, POINTS, 11)
        ledger.credit(work, ada.id, POINTS, 10, LotKey(Provenance.FREE, NEVER), note())


async def test_a_refusal_leaves_the_book_as_it_was(shared_database: Database) -> None:
    ada = await make_shopper(shared_database)
    async with shared_database.work() as work:
        ledger = await opened(work, ada.id)
        ledger.credit(work, ada.id, POINTS, 5, LOT, note())
        before = ledger.wallet(ada.id, POINTS)
        for attempt in (
            lambda: ledger.spend(work, ada.id, POINTS, 6, TODAY, note()),
            lambda: ledger.credit(work, ada.id, POINTS, LIMIT, LOT, note()),
            lambda: ledger.revoke(work, ada.id, POINTS, 0, LOT, TODAY, note()),
        ):
            with pytest.raises(LoyaltyRefused):
                attempt()
        assert ledger.wallet(ada.id, POINTS) == before
        await ledger.save(work)
    assert await faults_of_books(shared_database, [ada.id]) == []


async def test_the_apps_role_can_neither_change_nor_delete_a_transfer(shared_database: Database) -> None:
    for statement in ("UPDATE transfers SET amount = 1", "DELETE FROM transfers", "TRUNCATE transfers"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with shared_database.work() as work:
                await work.connection.execute(statement)


async def test_many_moves_in_one_batch_or_each_in_its_own_end_the_same(shared_database: Database, seed: int) -> None:
    one, many = await make_shoppers(shared_database, 2)
    for member, at_once in ((one, True), (many, False)):
        dice = random.Random(seed)
        spent: list[UUID] = []
        today, ledger = TODAY, None
        for step in range(60):
            async with shared_database.work() as work:
                if ledger is None or not at_once:
                    ledger = await opened(work, member.id)
                    await ledger.load_transfers(work, [(member.id, each) for each in spent])
                today += timedelta(days=dice.choice([0, 0, 3]))
                move_at_random(dice, work, ledger, member.id, today, spent)
                if not at_once or step == 59:
                    await ledger.save(work)
    assert await wallet_of(shared_database, one.id) == await wallet_of(shared_database, many.id)
    assert await faults_of_books(shared_database, [one.id, many.id]) == []


def move_at_random(
    dice: random.Random, work: Work, ledger: Ledger, member_id: UUID, today: date, spent: list[UUID]
) -> None:
    at = datetime(today.year, today.month, today.day, 4, tzinfo=UTC)
    lot = LotKey(dice.choice(list(Provenance)), today + timedelta(days=dice.choice([0, 5, 40])))
    amount, pick, which = dice.randint(1, 30), dice.random(), dice.random()
    try:
        if pick < 0.4:
            ledger.credit(work, member_id, POINTS, amount, lot, Note(ledgers.ISSUE_RECEIPT, "test", None, at))
        elif pick < 0.65:
            taking = Note(ledgers.SINK_COUPON, "test", None, at)
            spent.append(ledger.spend(work, member_id, POINTS, amount, today, taking).id)
        elif pick < 0.8:
            ledger.revoke(work, member_id, POINTS, amount, lot, today, Note(ledgers.ISSUE_RECEIPT, "test", None, at))
        elif pick < 0.95 and spent:
            transfer = ledger._transfers[spent[int(which * len(spent))]]
            left = -transfer.amount - transfer.reversed
            if left:
                back = Note(ledgers.SINK_COUPON, "test", None, at)
                ledger.restore(work, transfer.id, min(amount, left), today, back, grace_days=30)
        else:
            ledger.expire(work, member_id, POINTS, today, Note(ledgers.BREAKAGE, "test", None, at))
    except LoyaltyRefused:
        pass
