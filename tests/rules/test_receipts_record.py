"""Recording receipts on the real database: what they earn, every refusal, replays, and neighbours in one batch."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from api.runtime.batcher import run_action
from api.runtime.database import Database
from loyalty.grants.actions import consume
from loyalty.grants.rules import GrantKind
from loyalty.ledger.actions import ISSUE_ADJUST, Note, open_ledger
from loyalty.ledger.rules import LIMIT, NEVER, Currency, LotKey, Provenance
from loyalty.members.actions import erase_due, lock, set_status
from loyalty.members.rules import MemberStatus, card_number
from loyalty.receipts.actions import ReceiptRecorded, RecordReceipt, find_receipts, load_page, record_receipts
from loyalty.refusals import LoyaltyCode, Refused
from loyalty.sheets.actions import pause, resume
from loyalty.timeline.actions import load_events
from tests.seeding import (
    NOW,
    count_rows,
    faults_of_books,
    line,
    make_shopper,
    make_store,
    receipt,
    seed_season,
    wallet_of,
)

Answers = list[ReceiptRecorded | Refused]


async def run(database: Database, *commands: RecordReceipt) -> Answers:
    return list(await run_action(database, record_receipts, commands))


async def record(database: Database, command: RecordReceipt) -> ReceiptRecorded:
    answer = (await run(database, command))[0]
    assert isinstance(answer, ReceiptRecorded), answer
    return answer


async def code_of(database: Database, command: RecordReceipt) -> LoyaltyCode:
    answer = (await run(database, command))[0]
    assert isinstance(answer, Refused), answer
    return LoyaltyCode(answer.code)


@pytest.fixture
async def shop(shared_database: Database) -> Database:
    await seed_season(shared_database)
    return shared_database


# What is recorded


async def test_a_receipt_brings_points_stamps_a_ticket_energy_and_one_event(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    command = receipt(store, ada.card_no, 100_000, line(5_500, line_no=2, category="TOBACCO"))
    result = await record(shop, command)
    assert result == ReceiptRecorded(ada.id, result.receipt_id, 100, 10, 1, "general")
    points, stamps, tickets = [
        await wallet_of(shop, ada.id, each) for each in (Currency.POINTS, Currency.STAMPS, Currency.TICKETS)
    ]
    assert points.lots == {LotKey(Provenance.PURCHASE, date(2027, 6, 30)): 100}
    assert stamps.lots == {LotKey(Provenance.PURCHASE, date(2026, 9, 30)): 10}
    assert tickets.lots == {LotKey(Provenance.FREE, date(2026, 8, 31)): 1}
    assert await faults_of_books(shop, [ada.id]) == []
    async with shop.read() as connection:
        events = await load_events(connection, ada.id, first=10)
        view = (await load_page(connection, ada.id, first=10))[0]
    assert [event.kind for event in events] == ["receipt_recorded", "member_joined"]
    assert events[0].facts["points"] == 100
    assert ada.card_no not in str(events[0].facts)
    assert (view.total_minor, view.day, view.points, view.revoked_points) == (105_500, date(2026, 6, 15), 100, 0)
    async with shop.work() as work:
        await lock(work, [ada.id])
        taken = await consume(work, {ada.id: NOW}, [GrantKind.ENERGY])
        again = await consume(work, {ada.id: NOW}, [GrantKind.ENERGY])
    assert [(grant.kind, grant.amount, grant.source) for grant in taken[ada.id]] == [
        (GrantKind.ENERGY, 20, f"receipt:{result.receipt_id}")
    ]
    assert again == {}, "a grant is consumed once"


async def test_grants_are_taken_each_at_its_members_time_and_never_before_they_were_given(shop: Database) -> None:
    store = await make_store(shop)
    ada, ben, cem = [await make_shopper(shop) for _ in range(3)]
    for each in (ada, ben, cem):
        await record(shop, receipt(store, each.card_no, 100_000))
    async with shop.work() as work:
        await lock(work, [ada.id, ben.id, cem.id])
        moments = {ben.id: NOW + timedelta(hours=1), ada.id: NOW - timedelta(hours=1)}
        assert await consume(work, moments, [GrantKind.GOODS]) == {}
        taken = await consume(work, moments, [GrantKind.ENERGY])
        given = "SELECT member_id, consumed_at FROM grants WHERE member_id = ANY($1::uuid[])"
        rows = await work.connection.fetch(given, [ada.id, ben.id, cem.id])
    assert taken.keys() == moments.keys()
    assert {row["member_id"]: row["consumed_at"] for row in rows} == {
        ada.id: NOW, ben.id: NOW + timedelta(hours=1), cem.id: None,
    }  # fmt: skip


async def test_a_receipt_that_earns_nothing_is_still_recorded(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    result = await record(shop, receipt(store, ada.card_no, line(0, quantity=0), line(999, line_no=2)))
    assert (result.points, result.stamps, result.tickets, result.tier) == (0, 0, 0, "general")
    assert await count_rows(shop, "receipts", ada.id) == 1
    assert await count_rows(shop, "transfers", ada.id) == 0


async def test_the_tier_moves_up_at_once_and_multiplies_from_the_next_receipt_on(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    first = await record(shop, receipt(store, ada.card_no, 2_000_000))
    assert (first.points, first.tier) == (2_000, "silver")
    second = await record(shop, receipt(store, ada.card_no, 100_000))
    assert second.points == 110


async def test_in_one_batch_too_a_receipt_sees_the_tier_that_the_one_before_earned(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    first, second, third = await run(
        shop, *(receipt(store, ada.card_no, amount) for amount in (2_000_000, 100_000, 4_000_000))
    )
    assert isinstance(first, ReceiptRecorded) and isinstance(second, ReceiptRecorded)
    assert isinstance(third, ReceiptRecorded)
    assert [(each.points, each.tier) for each in (first, second, third)] == [
        (2_000, "silver"), (110, "silver"), (4_400, "gold"),
    ]  # fmt: skip
    assert (await wallet_of(shop, ada.id)).balance == 6_510
    assert await count_rows(shop, "tier_changes", ada.id) == 2
    assert await faults_of_books(shop, [ada.id]) == []


async def test_a_visit_counts_once_a_day_where_the_shop_stands(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    midnight = datetime(2026, 6, 14, 16, tzinfo=UTC)  # in Taipei
    times = [midnight - timedelta(minutes=1), midnight, midnight + timedelta(hours=5)]
    tickets = [(await record(shop, receipt(store, ada.card_no, 10_000, bought_at=at, now=at))).tickets for at in times]
    assert tickets == [1, 1, 0]
    same_day = receipt(store, ada.card_no, 10_000)
    answers = await run(shop, same_day, receipt(store, ada.card_no, 20_000, now=NOW + timedelta(days=1)))
    assert [answer.tickets for answer in answers if isinstance(answer, ReceiptRecorded)] == [0, 1]
    assert await count_rows(shop, "grants", ada.id) == 3


async def test_a_purchase_of_tomorrow_where_the_shop_stands_lifts_the_tier_at_once(shop: Database) -> None:
    store, ada = await make_store(shop, timezone="Asia/Tokyo"), await make_shopper(shop)
    late = datetime(2026, 6, 15, 15, 30, tzinfo=UTC)  # half past midnight in Tokyo, an hour before it in Taipei
    assert (await record(shop, receipt(store, ada.card_no, 2_000_000, now=late))).tier == "silver"


async def test_a_debt_is_settled_by_later_earnings(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    async with shop.work() as work:
        await lock(work, [ada.id])
        ledger = await open_ledger(work, [ada.id])
        lot = LotKey(Provenance.PURCHASE, date(2027, 6, 30))
        ledger.revoke(work, ada.id, Currency.POINTS, 150, lot, NOW.date(), Note(ISSUE_ADJUST, "test", None, NOW))
        await ledger.save(work)
    assert (await record(shop, receipt(store, ada.card_no, 100_000))).points == 100
    wallet = await wallet_of(shop, ada.id)
    assert (wallet.owed, wallet.balance) == (50, 0)
    await record(shop, receipt(store, ada.card_no, 100_000))
    wallet = await wallet_of(shop, ada.id)
    assert (wallet.owed, wallet.balance) == (0, 50)
    assert await faults_of_books(shop, [ada.id]) == []


async def test_an_expired_lot_cannot_be_spent_even_before_the_job_books_it(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    await record(shop, receipt(store, ada.card_no, 100_000))
    wallet = await wallet_of(shop, ada.id)
    assert wallet.spendable(date(2027, 6, 30)) == 100
    assert (wallet.balance, wallet.spendable(date(2027, 7, 1))) == (100, 0)
    async with shop.work() as work:
        await lock(work, [ada.id])
        ledger = await open_ledger(work, [ada.id])
        note = Note("sink:coupon", "test", None, NOW)
        with pytest.raises(Refused) as refused:
            ledger.spend(work, ada.id, Currency.POINTS, 1, date(2027, 7, 1), note)
    assert refused.value.code is LoyaltyCode.NOT_ENOUGH


# Refusals


async def test_each_refusal_has_its_code_and_changes_nothing(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    nobody = card_number(9_999_999_999)
    wrong = {
        receipt(store, nobody, 1_000): LoyaltyCode.MEMBER_NOT_FOUND,
        receipt(store, "not a card", 1_000): LoyaltyCode.MEMBER_NOT_FOUND,
        receipt(store, ada.card_no, 1_000, currency="XTS"): LoyaltyCode.NO_EARNING_SHEET,
        receipt(store, ada.card_no): LoyaltyCode.INVALID_INPUT,
        receipt(store, ada.card_no, -1): LoyaltyCode.INVALID_INPUT,
        receipt(store, ada.card_no, 10**12): LoyaltyCode.INVALID_INPUT,
        receipt(store, ada.card_no, 1_000, number="a b"): LoyaltyCode.INVALID_INPUT,
        receipt(store, ada.card_no, 1_000, bought_at=NOW + timedelta(days=1)): LoyaltyCode.INVALID_INPUT,
        receipt(store, ada.card_no, 1_000, bought_at=NOW - timedelta(days=366)): LoyaltyCode.INVALID_INPUT,
    }
    for command, code in wrong.items():
        assert await code_of(shop, command) is code, command
    for table in ("receipts", "transfers", "wallets", "standings", "grants", "request_results"):
        assert await count_rows(shop, table, ada.id) == 0, table
    assert await count_rows(shop, "events", ada.id) == 1


@pytest.mark.parametrize(
    "damage",
    [
        {"card_no": "29\x00000000000"},
        {"receipt_no": "R\x00"},
        {"bought_at": datetime(1, 1, 1, tzinfo=UTC)},
        {"bought_at": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)},
        {"currency": "T\x00D"},
        {"lines": (line(1, category="\x00"),)},
    ],
    ids=lambda damage: next(iter(damage)),
)
async def test_what_no_database_could_take_is_refused_without_failing_its_neighbours(
    shop: Database, damage: dict[str, object]
) -> None:
    store = await make_store(shop, timezone="America/New_York")
    ada = await make_shopper(shop)
    poison = replace(receipt(store, ada.card_no, 1_000), **damage)  # type: ignore[arg-type]
    async with shop.work() as work:  # one transaction: nothing runs it again in halves
        before, refused, after = await record_receipts(
            work, [receipt(store, ada.card_no, 1_000), poison, receipt(store, ada.card_no, 2_000)]
        )
    assert isinstance(refused, Refused)
    assert isinstance(before, ReceiptRecorded) and isinstance(after, ReceiptRecorded)
    assert (await wallet_of(shop, ada.id)).balance == 3


async def test_a_suspended_member_earns_nothing_and_an_erased_one_has_no_card(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    command = receipt(store, ada.card_no, 1_000)
    kept = receipt(store, ada.card_no, 2_000)
    first = await record(shop, kept)
    async with shop.work() as work:
        await set_status(work, ada.id, MemberStatus.SUSPENDED, operator="opr", now=NOW)
    assert await code_of(shop, command) is LoyaltyCode.MEMBER_SUSPENDED
    async with shop.work() as work:
        await work.connection.execute("UPDATE members SET erase_at = $2 WHERE id = $1", ada.id, NOW)
        assert await erase_due(work, NOW, limit=10) == 1
    assert await code_of(shop, command) is LoyaltyCode.MEMBER_NOT_FOUND
    again = replace(kept, request=replace(kept.request, id=uuid4()))
    assert await record(shop, again) == first, "what was recorded stays answered"


async def test_earning_stands_still_while_it_is_paused_and_replays_are_still_answered(database: Database) -> None:
    await seed_season(database)
    store, ada = await make_store(database), await make_shopper(database)
    done, waiting = receipt(store, ada.card_no, 1_000), receipt(store, ada.card_no, 2_000)
    first = await record(database, done)
    for target in ("earning", "earning:TWD"):
        async with database.work() as work:
            await pause(work, target, message="one moment", reason="test", operator="opr", now=NOW)
        refused = (await run(database, waiting))[0]
        assert isinstance(refused, Refused)
        assert (refused.code, refused.retryable, refused.facts["message"]) == (LoyaltyCode.PAUSED, True, "one moment")
        assert await record(database, done) == first
        async with database.work() as work:
            await resume(work, target, operator="opr", now=NOW)
    assert (await record(database, waiting)).points == 2


async def test_a_full_wallet_refuses_and_takes_neither_points_nor_stamps(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    async with shop.work() as work:
        await lock(work, [ada.id])
        ledger = await open_ledger(work, [ada.id])
        note = Note(ISSUE_ADJUST, "test", None, NOW)
        ledger.credit(work, ada.id, Currency.STAMPS, LIMIT - 5, LotKey(Provenance.FREE, NEVER), note)
        await ledger.save(work)
    small, large = receipt(store, ada.card_no, 50_000), receipt(store, ada.card_no, 60_000)
    refused, taken = await run(shop, large, small)
    assert isinstance(refused, Refused)
    assert refused.code is LoyaltyCode.AMOUNT_OUT_OF_RANGE
    assert isinstance(taken, ReceiptRecorded)
    assert (await wallet_of(shop, ada.id)).balance == 50
    assert (await wallet_of(shop, ada.id, Currency.STAMPS)).balance == LIMIT
    assert await count_rows(shop, "receipts", ada.id) == 1
    assert await faults_of_books(shop, [ada.id]) == []


# The same again


async def test_the_same_request_gives_the_first_result_however_often(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    command = receipt(store, ada.card_no, 100_000)
    first = await record(shop, command)
    assert await record(shop, command) == first
    assert await record(shop, replace(command, now=NOW + timedelta(days=3))) == first
    assert await run(shop, command, command) == [first, first]
    assert (await wallet_of(shop, ada.id)).balance == 100
    assert await count_rows(shop, "request_results", ada.id) == 1


async def test_a_request_id_stands_for_one_request(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    request_id = uuid4()
    await record(shop, receipt(store, ada.card_no, 1_000, request_id=request_id))
    other = receipt(store, ada.card_no, 2_000, request_id=request_id)
    assert await code_of(shop, other) is LoyaltyCode.REQUEST_ID_REUSED
    elsewhere = receipt(await make_store(shop), ada.card_no, 2_000, request_id=request_id)
    assert (await record(shop, elsewhere)).points == 2, "the scope is the store"


async def test_a_refused_request_runs_again(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    async with shop.work() as work:
        await set_status(work, ada.id, MemberStatus.SUSPENDED, operator="opr", now=NOW)
    command = receipt(store, ada.card_no, 1_000)
    assert await code_of(shop, command) is LoyaltyCode.MEMBER_SUSPENDED
    async with shop.work() as work:
        await set_status(work, ada.id, MemberStatus.ACTIVE, operator="opr", now=NOW)
    assert (await record(shop, command)).points == 1


async def test_the_same_receipt_gives_the_same_result_and_another_content_is_a_mismatch(shop: Database) -> None:
    store, ada, eve = await make_store(shop), await make_shopper(shop), await make_shopper(shop)
    lines = (line(1_000, line_no=1), line(2_000, line_no=2))
    first = await record(shop, receipt(store, ada.card_no, *lines, number="7"))
    assert await record(shop, receipt(store, ada.card_no, *lines, number="7")) == first
    assert await record(shop, receipt(store, ada.card_no, *reversed(lines), number="7")) == first
    for other in (
        receipt(store, ada.card_no, lines[0], number="7"),
        receipt(store, ada.card_no, lines[0], replace(lines[1], sku="other"), number="7"),
        receipt(store, ada.card_no, *lines, number="7", bought_at=NOW - timedelta(seconds=1)),
        receipt(store, ada.card_no, *lines, number="7", currency="USD"),
        receipt(store, eve.card_no, *lines, number="7"),
        receipt(store, card_number(5), *lines, number="7"),
    ):
        assert await code_of(shop, other) is LoyaltyCode.RECEIPT_MISMATCH
    elsewhere = await record(shop, receipt(await make_store(shop), ada.card_no, *lines, number="7"))
    assert elsewhere.receipt_id != first.receipt_id
    assert (await wallet_of(shop, ada.id)).balance == 6


# Neighbours in one batch


async def test_one_batch_answers_each_command_in_order_as_if_alone(shop: Database) -> None:
    store, ada, eve = await make_store(shop), await make_shopper(shop), await make_shopper(shop)
    twice = receipt(store, ada.card_no, 10_000, number="N1")
    answers = await run(
        shop,
        twice,
        receipt(store, eve.card_no, 20_000),
        receipt(store, ada.card_no, -5),
        twice,
        receipt(store, ada.card_no, 10_000, number="N1"),
        receipt(store, ada.card_no, 30_000, number="N1"),
        receipt(store, ada.card_no, 40_000, request_id=twice.request.id),
        receipt(store, ada.card_no, 50_000, number="N2"),
    )
    said = [answer.points if isinstance(answer, ReceiptRecorded) else answer.code for answer in answers]
    assert said == [
        10, 20, LoyaltyCode.INVALID_INPUT, 10, 10, LoyaltyCode.RECEIPT_MISMATCH, LoyaltyCode.REQUEST_ID_REUSED, 50,
    ]  # fmt: skip
    assert answers[0] == answers[3] == answers[4]
    assert ((await wallet_of(shop, ada.id)).balance, (await wallet_of(shop, eve.id)).balance) == (60, 20)
    assert await count_rows(shop, "receipts", ada.id) == 2
    assert await count_rows(shop, "receipt_lines", ada.id) == 2
    assert await count_rows(shop, "request_results", ada.id) == 3
    assert await faults_of_books(shop, [ada.id, eve.id]) == []
    async with shop.read() as connection:
        found = await find_receipts(connection, [(store.id, "N1"), (store.id, "N2"), (store.id, "N\x003")])
    assert {key[1]: member for key, (member, _) in found.items()} == {"N1": ada.id, "N2": ada.id}


async def test_a_batch_that_fails_leaves_nothing_behind(shop: Database) -> None:
    store, ada = await make_store(shop), await make_shopper(shop)
    with pytest.raises(RuntimeError):
        async with shop.work() as work:
            answers = await record_receipts(work, [receipt(store, ada.card_no, 100_000)])
            assert isinstance(answers[0], ReceiptRecorded)
            raise RuntimeError("the server dies before it commits")
    for table in ("receipts", "receipt_lines", "transfers", "wallets", "lots", "standings", "grants"):
        assert await count_rows(shop, table, ada.id) == 0, table
