"""Tiers on the real database: the history of steps, what time does, and what a return takes back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from api.runtime.batcher import run_action
from api.runtime.database import Database
from loyalty.ledger.actions import SINK_COUPON, Note, open_ledger
from loyalty.ledger.rules import Currency
from loyalty.members.actions import lock
from loyalty.receipts.actions import GivenBack, RecordReceipt, Returning, open_returns, record_receipts
from loyalty.receipts.rules import ReturnLine
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets.actions import open_sheets
from loyalty.tiers.actions import LADDER, find_due, open_tiers, read_tier, review_due, tier_at
from loyalty.timeline.actions import Timeline, load_events
from tests.seeding import (
    NOW,
    Shopper,
    faults_of_books,
    line,
    make_shopper,
    make_store,
    receipt,
    seed_season,
    wallet_of,
)

NOBODY = UUID(int=0)
SILVER, GOLD = 2_000_000, 6_000_000  # minor units that reach the tier


@pytest.fixture
async def shop(shared_database: Database) -> Database:
    await seed_season(shared_database)
    return shared_database


async def buy(database: Database, *commands: RecordReceipt) -> None:
    for answer in await run_action(database, record_receipts, commands):
        assert not isinstance(answer, Exception), answer


async def bring_back(database: Database, command: RecordReceipt, *lines: ReturnLine, now: datetime) -> GivenBack:
    """A return as the action of the house above folds it."""
    key = (command.store_id, command.receipt_no)
    returning = Returning(command.store_id, f"T{now.timestamp()}", key, lines, command.request.id, now)
    async with database.work() as work:
        member_id: UUID = await work.connection.fetchval(
            "SELECT member_id FROM receipt_directory WHERE store_id = $1 AND receipt_no = $2", *key
        )
        await lock(work, [member_id])
        sheets = await open_sheets(work.connection)
        season = await sheets.season(work.connection)
        ladder = await sheets.get(work.connection, *LADDER)
        assert ladder is not None
        returns = await open_returns(work, season, [key], [(command.store_id, returning.return_no)])
        ledger = await open_ledger(work, [member_id])
        tiers = await open_tiers(work, ladder, season, [(member_id, season.day(now))])
        await tiers.load_spend(work, [member_id])
        timeline = Timeline()
        known = returns.known(returning)
        if known is not None:
            return known
        result = returns.give_back(work, ledger, tiers, timeline, returning)
        for book in (returns, ledger, tiers, timeline):
            await book.save(work)
    return result


async def tier_of(database: Database, member: Shopper, now: datetime = NOW) -> str:
    async with database.read() as connection:
        sheets = await open_sheets(connection)
        ladder = await sheets.get(connection, *LADDER)
        assert ladder is not None
        return (await read_tier(connection, ladder, await sheets.season(connection), member.id, now)).tier.code


async def let_time_pass(database: Database, now: datetime, *, only: Shopper) -> int:
    """The tier job for one member."""
    async with database.read() as connection:
        ladder = await (await open_sheets(connection)).get(connection, *LADDER)
        assert ladder is not None
        due = await find_due(connection, ladder, now, after=NOBODY, limit=10_000)
    async with database.work() as work:
        return await review_due(work, [each for each in due if each == only.id], now)


async def test_a_member_who_never_bought_stands_lowest(shop: Database) -> None:
    ada = await make_shopper(shop)
    assert await tier_of(shop, ada) == "general"
    async with shop.read() as connection:
        assert await tier_at(connection, ada.id, NOW) is None


async def test_the_tier_of_any_past_day_can_be_answered(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    days = [NOW + timedelta(days=each) for each in (0, 10, 20)]
    await buy(shop, receipt(store, ada.card_no, 1_000, now=days[0]))
    await buy(shop, receipt(store, ada.card_no, SILVER, now=days[1]))
    await buy(shop, receipt(store, ada.card_no, GOLD, now=days[2]))
    tick = timedelta(microseconds=1)
    async with shop.read() as connection:
        asked = [
            NOW - timedelta(days=99),
            days[1] - tick,
            days[1],
            days[2] - tick,
            days[2],
            days[2] + timedelta(days=9),
        ]
        answers = [await tier_at(connection, ada.id, at) for at in asked]
    assert answers == ["general", "general", "silver", "silver", "gold", "gold"]


async def test_steps_of_servers_whose_clocks_differ_keep_their_order(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    await buy(shop, receipt(store, ada.card_no, SILVER, now=NOW))
    behind = NOW - timedelta(seconds=2)
    last = receipt(store, ada.card_no, GOLD, now=behind)
    await buy(shop, last)
    await bring_back(shop, last, ReturnLine(1, 1, GOLD), now=behind)
    async with shop.read() as connection:
        steps = await connection.fetch(
            "SELECT before, after FROM tier_changes WHERE member_id = $1 ORDER BY at", ada.id
        )
        distinct = await connection.fetchval("SELECT count(DISTINCT at) FROM tier_changes WHERE member_id = $1", ada.id)
        assert await tier_at(connection, ada.id, NOW + timedelta(seconds=1)) == "silver"
    assert [tuple(step) for step in steps] == [("general", "silver"), ("silver", "gold"), ("gold", "silver")]
    assert distinct == 3


async def test_a_year_passes(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    await buy(shop, receipt(store, ada.card_no, GOLD))
    anniversary = NOW + timedelta(days=365)
    told_at = anniversary - timedelta(days=30)
    assert await let_time_pass(shop, told_at - timedelta(days=1), only=ada) == 0
    assert await let_time_pass(shop, told_at, only=ada) == 1, "what was bought a year before will not count by then"
    assert await let_time_pass(shop, told_at + timedelta(days=1), only=ada) == 0
    assert await tier_of(shop, ada, told_at) == "gold"
    assert await let_time_pass(shop, anniversary, only=ada) == 1
    assert await let_time_pass(shop, anniversary, only=ada) == 0
    assert await tier_of(shop, ada, anniversary) == "silver"
    async with shop.read() as connection:
        events = await load_events(connection, ada.id, first=2)
        assert [(event.kind, event.at) for event in events] == [("tier_lowered", anniversary), ("tier_notice", told_at)]
        assert await tier_at(connection, ada.id, anniversary - timedelta(days=1)) == "gold"
        assert await tier_at(connection, ada.id, anniversary) == "silver"


async def test_spending_enough_after_the_notice_keeps_the_tier(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    await buy(shop, receipt(store, ada.card_no, SILVER))
    anniversary = NOW + timedelta(days=365)
    assert await let_time_pass(shop, anniversary - timedelta(days=30), only=ada) == 1
    await buy(shop, receipt(store, ada.card_no, SILVER, now=anniversary - timedelta(days=1)))
    assert await let_time_pass(shop, anniversary, only=ada) == 1
    assert await tier_of(shop, ada, anniversary) == "silver"
    async with shop.read() as connection:
        assert await tier_at(connection, ada.id, anniversary) == "silver"


async def test_a_late_worker_gives_the_notice_before_it_lowers(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    await buy(shop, receipt(store, ada.card_no, SILVER))
    late = NOW + timedelta(days=400)
    assert await let_time_pass(shop, late, only=ada) == 1
    assert await tier_of(shop, ada, late) == "silver"
    assert await let_time_pass(shop, late + timedelta(days=29), only=ada) == 0
    assert await let_time_pass(shop, late + timedelta(days=30), only=ada) == 1
    assert await tier_of(shop, ada, late + timedelta(days=30)) == "general"


async def test_a_renewal_is_told_when_it_happens(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    anniversary = NOW + timedelta(days=365)
    await buy(shop, receipt(store, ada.card_no, SILVER))
    await buy(shop, receipt(store, ada.card_no, SILVER, now=NOW + timedelta(days=100)))
    assert await let_time_pass(shop, anniversary, only=ada) == 1
    async with shop.read() as connection:
        event = (await load_events(connection, ada.id, first=1))[0]
    assert (event.kind, event.at) == ("tier_renewed", anniversary)


async def test_a_return_takes_back_the_tier_the_points_and_the_credits_of_its_goods(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    bought = receipt(store, ada.card_no, line(SILVER), line(50_000, line_no=2))
    await buy(shop, bought)
    assert await tier_of(shop, ada) == "silver"
    later = NOW + timedelta(days=5)
    back = await bring_back(shop, bought, ReturnLine(1, 1, SILVER), now=later)
    assert (back.points, back.stamps, back.credits, back.tier, back.everything) == (
        2_000,
        200,
        20_000,
        "general",
        False,
    )
    assert await bring_back(shop, bought, ReturnLine(1, 1, SILVER), now=later) == back, "the same return number"
    assert (await wallet_of(shop, ada.id)).balance == 50
    rest = await bring_back(shop, bought, ReturnLine(2, 1, 50_000), now=later + timedelta(days=1))
    assert (rest.points, rest.everything) == (50, True)
    assert (await wallet_of(shop, ada.id)).balance == 0
    assert await faults_of_books(shop, [ada.id]) == []
    async with shop.read() as connection:
        credits = await connection.fetchval("SELECT sum(credits) FROM tier_credits WHERE member_id = $1", ada.id)
        events = [event.kind for event in await load_events(connection, ada.id, first=3)]
        view = await connection.fetchrow("SELECT * FROM receipts WHERE member_id = $1", ada.id)
    assert credits == 0
    assert events == ["receipt_returned", "receipt_returned", "tier_lowered"]
    assert (view["revoked_points"], view["revoked_stamps"], view["revoked_credits"]) == (2_050, 205, 20_500)


async def test_a_small_return_leaves_a_member_the_tier_that_one_step_down_gave_him(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    await buy(shop, receipt(store, ada.card_no, GOLD))
    told_at = NOW + timedelta(days=365)
    await let_time_pass(shop, told_at, only=ada)
    down_at = told_at + timedelta(days=30)
    await let_time_pass(shop, down_at, only=ada)
    assert await tier_of(shop, ada, down_at) == "silver"
    small = receipt(store, ada.card_no, line(1_000), line(900, line_no=2, category="TOBACCO"), now=down_at)
    await buy(shop, small)
    later = down_at + timedelta(hours=1)
    assert (await bring_back(shop, small, ReturnLine(2, 1, 900), now=later)).tier == "silver"
    assert (await bring_back(shop, small, ReturnLine(1, 1, 1_000), now=later + timedelta(hours=1))).tier == "silver"


async def test_returned_points_that_are_spent_are_owed_and_later_earnings_settle_them(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    bought = receipt(store, ada.card_no, 100_000)
    await buy(shop, bought)
    async with shop.work() as work:
        await lock(work, [ada.id])
        ledger = await open_ledger(work, [ada.id])
        ledger.spend(work, ada.id, Currency.POINTS, 70, date(2026, 6, 15), Note(SINK_COUPON, "test", None, NOW))
        await ledger.save(work)
    await bring_back(shop, bought, ReturnLine(1, 1, 100_000), now=NOW + timedelta(hours=1))
    wallet = await wallet_of(shop, ada.id)
    assert (wallet.balance, wallet.owed) == (0, 70)
    await buy(shop, receipt(store, ada.card_no, 100_000))
    wallet = await wallet_of(shop, ada.id)
    assert (wallet.balance, wallet.owed) == (30, 0)
    assert await faults_of_books(shop, [ada.id]) == []


async def test_a_return_is_refused_by_its_reason(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    bought, other = receipt(store, ada.card_no, 1_000), receipt(store, ada.card_no, 1_000, 2_000)
    await buy(shop, bought, other)
    keys = [(store.id, bought.receipt_no), (store.id, other.receipt_no), (store.id, "never"), (store.id, "a\x00b")]
    async with shop.work() as work:
        await lock(work, [ada.id])
        season = await (await open_sheets(work.connection)).season(work.connection)
        returns = await open_returns(work, season, keys, [(store.id, "B1"), (store.id, "B\x00")])

    def returning(key: tuple[UUID, str], *lines: ReturnLine, number: str = "B1") -> Returning:
        return Returning(store.id, number, key, lines, bought.request.id, NOW)

    whole = ReturnLine(1, 1, 1_000)
    for wrong, code in (
        (returning(keys[2], whole), LoyaltyCode.RECEIPT_NOT_FOUND),
        (returning(keys[3], whole), LoyaltyCode.RECEIPT_NOT_FOUND),
        (returning(keys[0]), LoyaltyCode.INVALID_INPUT),
        (returning(keys[0], whole, number="B\x00"), LoyaltyCode.INVALID_INPUT),
        (returning(keys[0], ReturnLine(2, 1, 1)), LoyaltyCode.INVALID_INPUT),
        (returning(keys[0], ReturnLine(1, 1, 1_001)), LoyaltyCode.RETURN_EXCEEDS),
        (returning(keys[0], whole, whole), LoyaltyCode.RETURN_EXCEEDS),
    ):
        with pytest.raises(LoyaltyRefused) as refused:
            returns.check(wrong)
        assert refused.value.code is code
    assert returns.known(returning(keys[0], whole)) is None


async def test_a_return_number_stands_for_one_return(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    bought = receipt(store, ada.card_no, 1_000, 2_000)
    await buy(shop, bought)
    later = NOW + timedelta(hours=1)
    await bring_back(shop, bought, ReturnLine(1, 1, 1_000), now=later)
    with pytest.raises(LoyaltyRefused) as refused:
        await bring_back(shop, bought, ReturnLine(2, 1, 1_000), now=later)
    assert refused.value.code is LoyaltyCode.RETURN_MISMATCH
