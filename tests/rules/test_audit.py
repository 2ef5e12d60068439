"""The audit finds what it is for: each invariant is broken by hand, and its own line says so."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from api.content import PARSERS as PARSERS_OF_ALL
from api.content import seed_files as seed_files_of_all
from api.runtime.audit import Report, audit, examine_all, run_audit
from api.runtime.database import Database
from api.settings import Settings
from game.board.rules.moves import Move, MoveKind
from game.checkin.actions import check_in, make_up, repair_streaks
from game.checkin.rules.calendar import parse_calendar
from game.compensation import actions as compensations
from game.compensation.rules import Cohort, Gift
from game.season import actions as seasons
from loyalty.care import actions as care
from loyalty.care.rules import Gifts
from loyalty.ledger.rules import Currency
from loyalty.members import actions as members
from loyalty.receipts.actions import record_receipts
from loyalty.receipts.rules import ReturnLine
from loyalty.refusals import Refused
from loyalty.sheets import actions as sheets
from loyalty.sheets.actions import seed_files
from rewards.coupons import actions as coupons
from tests.conftest import Servers
from tests.gacha_sheets import prize
from tests.races import gacha_fair as gacha
from tests.races import test_checkin as checkin
from tests.races import test_chests as chests
from tests.races import test_orders as rerolls
from tests.races import test_play as plays
from tests.races import test_quests as quests
from tests.races import test_refills as refills
from tests.races import things_shop as things
from tests.races.coupons_shop import NOW, Shop, basket, one, open_shop
from tests.seeding import PARSERS, give_currency, receipt, shipped_sheets

BOARD_PARSERS = {kind: PARSERS_OF_ALL[kind] for kind in ("chains", "board", "levels", "orders", "chests", "quests")}


@dataclass
class Books:
    """A database with something in every table that the audit looks at, and its owner's connection."""

    database: Database
    owner: asyncpg.Connection

    async def damaged(self, *statements: str) -> Report:
        """What the audit finds after these statements of the owner, which are undone."""
        change = self.owner.transaction()
        await change.start()
        try:
            for statement in statements:
                done = await self.owner.execute(statement)
                assert not done.endswith(" 0"), f"nothing to damage: {statement}"
            return await examine_all(self.owner, NOW)
        finally:
            await change.rollback()


@pytest.fixture(scope="module")
async def books(embedded_servers: Servers) -> AsyncIterator[Books]:
    name = await embedded_servers.make()
    database = Database(embedded_servers.url(embedded_servers.embedded.database_url, name))
    url = make_url(embedded_servers.url(embedded_servers.embedded.owner_url, name))
    owner = await asyncpg.connect(
        user=url.username, database=url.database, host=url.query["host"], port=int(str(url.query["port"]))
    )
    await _live(database)
    yield Books(database, owner)
    await owner.close()
    await database.close()
    await embedded_servers.drop(name)


async def _live(database: Database) -> None:
    """A few members' lives: receipts, tiers, coupons in every state, holds in every state, returns, an erasure."""
    shop = await open_shop(database)
    async with database.work() as work:
        await seed_files(work, shipped_sheets(), PARSERS, now=NOW)
    member = await shop.member(points=5000)
    await _buy(shop, member, "R-0", 3_000_000)
    await shop.coupon(member, "first-hundred")
    await shop.publish("plain", on_return="REOPEN")
    bought = await shop.coupon(member, "plain")
    held = await shop.hold(member, basket(3000), [await shop.shown(bought)], 500)
    await _buy(shop, member, "R-1", 1500)
    await _ok(shop, coupons.settle_baskets, shop.settling(held.hold_id))
    await _ok(shop, coupons.return_goods, _returning(shop, "R-1", "T-1", 700, 200))
    await _ok(shop, coupons.return_goods, _returning(shop, "R-0", "T-0", 1_000_000))
    open_one = await shop.coupon(member, "plain")
    await shop.hold(member, basket(5000), [await shop.shown(open_one)], 300)
    await _come_back(database, member)
    other = await shop.member(points=2000)
    released = await shop.hold(other, basket(4000), [], 100)
    await _ok(shop, coupons.release_baskets, shop.releasing(released.hold_id))
    waiting = await shop.coupon(other, "plain")
    settled = await shop.hold(other, basket(6000), [await shop.shown(waiting)], 100)
    await _ok(shop, coupons.settle_baskets, shop.settling(settled.hold_id, "R-9"))
    await _care(database, other)
    gone = await shop.member(points=10)
    async with database.work() as work:
        rights = members.RightsCommand(shop.key(gone, "eraseMe", {}, None), gone, NOW)
        await members.request_erasures(work, [rights])
        assert await members.erase_due(work, NOW + timedelta(days=31), limit=5) == 1
    await _turn(database)
    [(revision,)] = await plays.rows(database, "SELECT revision FROM boards WHERE member_id = $1", member)
    assert (await plays.ask(database, plays.playing(member, revision, plays.TAP))).result.applied == 1
    await _blow(database, member)


async def _turn(database: Database) -> None:
    """Another season begins, and diamonds expire with the last one."""
    async with database.work() as work:
        [last, *_] = await sheets.load_versions(work.connection, kind="season", key="current", limit=1)
        body = json.loads(last.body)
        for code, at in ((body["code"], NOW), ("2027-summer", NOW + timedelta(days=20))):
            changed = {**body, "code": code, "at_end": {"diamonds": "EXPIRE", "streak": "RESET", "board": "RESET"}}
            await sheets.publish(
                work,
                "season",
                "current",
                changed,
                PARSERS["season"],
                author="ann",
                reason="the next",
                based_on=None,
                now=at,
            )
    later = NOW + timedelta(days=20, minutes=5)
    async with database.work() as work:
        [turn] = await seasons.find_turns(work.connection, later)
        while (await seasons.turn_some(work, turn, later, 1_000)).members:
            continue


async def _care(database: Database, member: UUID) -> None:
    """A correction by two, a note, and a compensation of everybody that is done."""
    ann, bob = uuid4(), uuid4()
    async with database.work() as work:
        made = await care.propose_adjustment(
            work, member, Currency.POINTS, 400_000, operator=ann, reason="a lost year", now=NOW
        )
        await care.approve_adjustment(work, made.id, operator=bob, now=NOW)
        await care.add_note(work, member, "was glad", operator=ann, now=NOW)
    gift = Gift(Gifts(diamonds=10_000, energy=5, tickets=1), ((NOW - timedelta(days=1)).date(),))
    async with database.work() as work:
        cost = await compensations.preview(
            work.connection, "outage", Cohort(everyone=True), gift, operator=ann, now=NOW
        )
        whole = await compensations.propose(
            work, "outage", Cohort(everyone=True), gift, cost.members, operator=ann, reason="an outage", now=NOW
        )
        assert cost.needs_two
        await compensations.approve(work, whole.id, cost.members, operator=bob, now=NOW)
        assert await compensations.grant_some(work, whole.id, NOW, 1_000) == cost.members
        assert await compensations.finish(work, whole.id, NOW)


async def _come_back(database: Database, member: UUID) -> None:
    """A streak with a gap that was repaired, a day made up for, and something that a screen showed."""
    async with database.work() as work:
        files = {"calendar.current.toml": seed_files_of_all()["calendar.current.toml"]}
        await seed_files(work, files, {"calendar": parse_calendar}, now=NOW)
    await _draw(database)
    await _play(database, member)
    await _win(database)
    for each in (0, 1, 2, 3, 4, 6):
        assert await checkin.code(database, check_in, checkin.coming(member, NOW + timedelta(days=each))) == "ok"
    back = NOW + timedelta(days=6, hours=1)
    missed = (NOW + timedelta(days=5)).date()
    assert await checkin.code(database, repair_streaks, checkin.repairing(member, back, pay=True)) == "ok"
    assert await checkin.code(database, make_up, checkin.making_up(member, missed, back)) == "ok"


async def _play(database: Database, member: UUID) -> None:
    """A board that was opened and tapped, orders that were delivered, and a level that they reached."""
    files = {name: text for name, text in seed_files_of_all().items() if name.split(".")[0] in BOARD_PARSERS}
    async with database.work() as work:
        await seed_files(work, files, BOARD_PARSERS, now=NOW)
    assert (await plays.ask(database, plays.playing(member, 0, plays.TAP))).result.applied == 1
    revision = await plays.learn(database, member, 20)
    claim = await plays.ask(database, plays.playing(member, revision, Move(MoveKind.CLAIM_LEVEL, 2)))
    assert claim.result.claimed
    await _open_a_chest(database, member)
    assert await quests.code(database, quests.claiming(member, "daily-orders")) == "ok"
    for _ in range(2):
        [(revision, order)] = await plays.rows(
            database, "SELECT revision, (orders -> 0 ->> 0)::int FROM boards WHERE member_id = $1", member
        )
        command = rerolls.rerolling(member, revision, order, 100, plays.NOW)
        assert await rerolls.code(database, command) == "ok"
    await _pop_and_refill(database, member)


async def _pop_and_refill(database: Database, member: UUID) -> None:
    """A bubble that was popped, one that waits, and two refills of energy."""
    revision, one = await _blow(database, member)
    await give_currency(database, member, Currency.DIAMONDS, 100, NOW)
    popped = await plays.ask(database, plays.playing(member, revision, Move(MoveKind.POP, one)))
    assert popped.result.popped
    for _ in range(2):
        [done] = await refills.refill(database, refills.refilling(member))
        assert done.energy == 100


async def _blow(database: Database, member: UUID) -> tuple[int, int]:
    """Two bubbles on a board; its revision and where one of them is."""
    asked = "SELECT revision, cells::text FROM boards WHERE member_id = $1"
    [(revision, text)] = await plays.rows(database, asked, member)
    cells = json.loads(text)
    one, other = [cell for cell, word in enumerate(cells) if word == "."][:2]
    cells[one] = cells[other] = "*dairy.4"
    later = (NOW + timedelta(days=60)).isoformat()
    bubbles = json.dumps({str(cell): [later, 10] for cell in (one, other)})
    await plays.change_row(
        database, "UPDATE boards SET cells = $2::jsonb, bubbles = $3::jsonb WHERE member_id = $1",
        member, json.dumps(cells), bubbles,
    )  # fmt: skip
    return int(revision), one


async def _open_a_chest(database: Database, member: UUID) -> None:
    """A chest that was hurried and opened, and one whose timer runs."""
    [(first,)] = await plays.rows(
        database, "SELECT min((o ->> 0)::int) FROM boards, jsonb_array_elements(orders) AS w(o) WHERE member_id = $1",
        member,
    )  # fmt: skip
    for number in range(first, 7):
        await chests.deliver(database, member, number)
    for number in (3, 6):
        assert await chests.code(database, chests.queue_chests, chests.queueing(member, number)) == "ok"
    assert await chests.code(database, chests.hurry_chests, chests.hurrying(member, 3)) == "ok"
    assert await chests.code(database, chests.opening, chests.unshutting(member, 3, plays.NOW)) == "ok"


async def _win(database: Database) -> None:
    """Things won, held for the tax, waiting at a store and handed over; picks that wait and that were paid."""
    counter = await things.open_counter(database)
    await counter.count(5)
    winner, picker = await counter.member(), await counter.member(stamps=40)
    await counter.hand(await counter.ready(winner))
    held = await counter.win(winner)
    await counter.claim(winner, held, identity=things.RESIDENT)
    await counter.win(winner)
    paid = await counter.pick(picker)
    await counter.hand(await counter.code(paid.prize_id), cash=19_900, receipt_no="R-P")
    assert (await counter.pick(picker)).stamps == 20


async def _draw(database: Database) -> None:
    """Draws from a pool with a stock and from one without, some of them coupons."""
    fair = await gacha.open_fair(database)
    few = prize("few", "GUARANTEE", 1_000_000, stock=3, when_gone="FALLBACK", fallback="rest")
    await fair.publish(
        "few", hazard=None, prizes=[few, prize("rest", "GUARANTEE", 0, kind="COUPON", amount=None, offer="lucky-ten")]
    )
    await fair.draw(await fair.member(diamonds=1_000), "few", 10)
    await fair.draw(await fair.member(diamonds=1_000, tickets=3), "daily", 10)


async def _buy(shop: Shop, member: Any, number: str, amount: int) -> None:
    command = receipt(shop.stores["xinyi"], shop.cards[member], amount, number=number, now=NOW)
    await _ok(shop, record_receipts, command)


def _returning(shop: Shop, receipt_no: str, number: str, amount: int, points: int = 0) -> coupons.ReturnGoods:
    store_id = shop.stores["banqiao"].id
    key = shop.key(store_id, "recordReturn", {"no": number}, None)
    lines = (ReturnLine(1, 0, amount),)
    return coupons.ReturnGoods(key, store_id, shop.stores["xinyi"].id, receipt_no, number, lines, points, NOW)


async def _ok(shop: Shop, action: Any, command: Any) -> None:
    answer = await one(shop.database, action, command)
    assert not isinstance(answer, Refused), answer


_ONE_EVENT = "DELETE FROM events WHERE id = (SELECT id FROM events WHERE kind = '{}' LIMIT 1)"

PLANTED: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "every version of a sheet still has the digest of what was published",
        ("""UPDATE sheets SET body = body || '{"late_days": 9}' WHERE kind = 'earning' AND key = 'TWD'""",),
    ),
    (
        "a sheet has one active version at most",
        (
            "DROP INDEX sheets_active",
            "INSERT INTO sheets SELECT gen_random_uuid(), kind, key, version + 9, body, sha256, state, author, "
            "approver, reason, created_at, active_at, retired_at, revision, based_on FROM sheets WHERE kind = 'season'",
        ),
    ),
    (
        "one result per request id, with the hash of what was asked",
        (
            "ALTER TABLE request_results DROP CONSTRAINT request_results_pkey",
            "INSERT INTO request_results SELECT * FROM request_results LIMIT 1",
        ),
    ),
    ("what waits to be carried outside is an event", ("UPDATE outbox SET id = gen_random_uuid()",)),
    (
        "an erased member is bare: no card, name, birth year or identity",
        ("INSERT INTO identities SELECT 'email', 'x@y', id, created_at FROM members WHERE status = 'ERASED'",),
    ),
    (
        "a member's card is in the directory, and every card there is its member's",
        ("DELETE FROM identities WHERE subject = (SELECT card_no FROM members WHERE card_no IS NOT NULL LIMIT 1)",),
    ),
    (
        "identities, consents, events, exposures and results name members that there are",
        ("UPDATE events SET member_id = gen_random_uuid() WHERE kind = 'welcomed' OR kind = 'member_erased'",),
    ),
    (
        "a grant is of a positive amount, to a member there is, and not taken before it was given",
        ("UPDATE grants SET consumed_at = at - interval '1 second'",),
    ),
    ("a wallet's balance is the sum of its lots", ("UPDATE wallets SET balance = balance + 1",)),
    (
        "a wallet's balance less what it owes is the sum of its transfers",
        ("UPDATE wallets SET balance = balance + 1", "UPDATE lots SET remaining = remaining + 1"),
    ),
    ("a wallet owes what its transfers left owing", ("UPDATE wallets SET owed = owed + 1, balance = balance + 1",)),
    ("a lot holds what transfers put into it, less what they took", ("UPDATE lots SET remaining = remaining + 1",)),
    (
        "nothing in the books is negative",
        ("ALTER TABLE lots DROP CONSTRAINT lots_remaining_not_negative", "UPDATE lots SET remaining = -1"),
    ),
    (
        "every transfer has both sides: a wallet of a known currency and a known operator account",
        ("UPDATE transfers SET account = 'issue:nowhere' WHERE reason = 'receipt'",),
    ),
    (
        "a transfer's parts less its change of debt are its amount",
        ("UPDATE transfers SET owed_change = owed_change + 1 WHERE reason = 'receipt'",),
    ),
    (
        "reversals give back at most what the transfer that they name took, in its currency",
        ("UPDATE transfers SET amount = amount + 1 WHERE reverses IS NOT NULL",),
    ),
    ("a standing is where the member's last change of tier led", ("UPDATE standings SET code = 'copper'",)),
    (
        "each change of tier begins where the one before it led, and is in the timeline",
        ("UPDATE tier_changes SET before = 'copper'",),
    ),
    (
        "a receipt's points, stamps and tickets are what its transfers credited, and no transfer is for another",
        ("UPDATE transfers SET source_id = gen_random_uuid() WHERE reason = 'receipt' AND currency = 'TICKETS'",),
    ),
    (
        "a return's points and stamps are what its transfers took, and no transfer is for another",
        ("UPDATE returns SET stamps = stamps + 1",),
    ),
    (
        "what a receipt has revoked is the sum of its returns",
        ("UPDATE receipts SET revoked_credits = revoked_credits - 1 WHERE revoked_credits > 0",),
    ),
    (
        "a receipt earned and revoked what follows from its lines",
        ("UPDATE receipt_lines SET returned_minor = returned_minor - 500 WHERE returned_minor >= 500",),
    ),
    ("receipts and their directory are complete both ways", ("DELETE FROM receipt_directory",)),
    ("returns and their directory are complete both ways", ("DELETE FROM return_directory",)),
    (
        "tier credits of each day are those of its receipts, less what was revoked",
        ("UPDATE tier_credits SET credits = credits + 1",),
    ),
    ("every receipt and every return is in the timeline, once", (_ONE_EVENT.format("receipt_returned"),)),
    ("a visit gave its energy and ticket once, a receipt that was none gave neither", ("DELETE FROM grants",)),
    (
        "receipts are of members and stores that there are, one visit a day",
        ("DROP INDEX receipts_visit", "UPDATE receipts SET visit = true"),
    ),
    (
        "the result of a recorded receipt names the receipt, its points and its stamps",
        (
            "UPDATE request_results SET outcome = jsonb_set(outcome, '{points}', '999999') "
            "WHERE mutation = 'recordReceipt'",
        ),
    ),
    (
        "a coupon's state can be reached: what has it, had it or took it is a hold in the state that this leads to",
        ("UPDATE coupons SET state = 'ISSUED' WHERE state = 'RESERVED'",),
    ),
    (
        "an offer with a total limit issued what it counts, and never more than the limit",
        ("UPDATE offers SET issued = issued + 1 WHERE limit_total IS NOT NULL",),
    ),
    (
        "coupons and the directory of codes are complete both ways",
        ("DELETE FROM coupon_codes WHERE code = (SELECT min(code) FROM coupon_codes)",),
    ),
    ("coupons are of members, offers and terms that there are", ("UPDATE coupons SET version = 99",)),
    ("every coupon came into being once, by an event", (_ONE_EVENT.format("coupon_bought"),)),
    (
        "coupons were paid for as often as they were bought, at the price of the time",
        ("UPDATE transfers SET account = 'sink:adjust' WHERE account = 'sink:coupon'",),
    ),
    (
        "an open hold has its coupons; those of a settled one were redeemed by it, or came back with all the goods",
        ("UPDATE coupons SET state = 'ISSUED' WHERE state = 'REDEEMED'",),
    ),
    ("holds and their directory are complete both ways, of members that there are", ("DELETE FROM hold_directory",)),
    (
        "settled holds and the receipts that settled them are complete both ways",
        ("DELETE FROM settled_receipts WHERE receipt_no = 'R-9'",),
    ),
    (
        "the points at clearing:hold are those of the open holds",
        ("UPDATE holds SET state = 'RELEASED' WHERE state = 'OPEN'",),
    ),
    (
        "points of a hold were moved by its own transfers, and those of a settled one were taken for good",
        ("UPDATE transfers SET source_id = gen_random_uuid() WHERE account = 'sink:tender'",),
    ),
    (
        "points that returns gave back are those of their transfers",
        ("UPDATE return_effects SET refunded_points = refunded_points + 1",),
    ),
    (
        "a streak counts the days that were paid, none of them later than its last",
        ("UPDATE streaks SET last_day = last_day - 1",),
    ),
    (
        "no streak is longer than its longest, and none counts more days than were paid",
        ("UPDATE streaks SET longest = total + 1",),
    ),
    (
        "each business day was paid once at most, whatever the season, and by one event",
        (
            "INSERT INTO checkin_days (member_id, season, day, paid, paid_at) "
            "SELECT member_id, 'another', day, paid, paid_at FROM checkin_days WHERE paid = 'MAKE_UP'",
        ),
    ),
    (
        "what was credited for check-ins is what their events say",
        ("UPDATE transfers SET account = 'issue:adjust' WHERE account = 'issue:checkin' AND currency = 'DIAMONDS'",),
    ),
    (
        "diamonds paid for repairs are those of the streaks that were repaired",
        (_ONE_EVENT.format("streak_repaired"),),
    ),
    (
        "a member's epochs follow each other from 1: all revealed but the current one and the next, which waits",
        ("DELETE FROM seeds WHERE epoch = 2",),
    ),
    (
        "no prize was awarded more often than its stock, and each as often as its draws say",
        ("UPDATE pool_stock SET awarded = awarded - 1 WHERE code = 'few'",),
    ),
    (
        "nonces have no gap: each epoch's draws are numbered from 0 to what the seed counts",
        ("DELETE FROM draws WHERE nonce = 4",),
    ),
    (
        "the draws of a command stand together: one pool, version, epoch and seed, positions and nonces in a row",
        ("UPDATE draws SET client_seed = 'other' WHERE position = 4",),
    ),
    ("draws were paid for, with what they say they cost", ("UPDATE draws SET amount = amount + 1",)),
    (
        "a coupon that was drawn is there, of the member who drew it, once",
        ("UPDATE draws SET coupon_id = gen_random_uuid() WHERE coupon_id IS NOT NULL",),
    ),
    (
        "every pool has the odds that are in force, every version still the digest of what was published",
        ("UPDATE pools SET version = 9",),
    ),
    (
        "the goods of a board are worth what was dropped and given, less what was sold and delivered",
        ("UPDATE boards SET units = units + 1",),
    ),
    ("each generator of a board stands in one cell", ("UPDATE boards SET generators = generators - '23'",)),
    (
        "each bubble of a board has its time and its price, and nothing else has",
        ("UPDATE boards SET bubbles = '{}' WHERE bubbles <> '{}'",),
    ),
    ("what was paid for bubbles is what their transfers say", (_ONE_EVENT.format("bubble_popped"),)),
    ("the refills of a member's day are numbered one after the other", ("UPDATE refills SET number = number + 10",)),
    (
        "what was paid for refills is what their events and transfers say",
        ("UPDATE refills SET diamonds = diamonds + 1",),
    ),
    (
        "boards are of members that there are, and were opened by an event once",
        ("UPDATE boards SET member_id = gen_random_uuid()",),
    ),
    (
        "what orders and levels paid is what their transfers say",
        ("UPDATE transfers SET account = 'issue:adjust' WHERE account = 'issue:level'",),
    ),
    (
        "an order is taken in before it is delivered, and does not wait once it is",
        ("UPDATE boards SET next_order = 1",),
    ),
    (
        "experience comes from deliveries, and levels were claimed one after the other, before and after a reset",
        ("UPDATE boards SET experience = experience + 1",),
    ),
    (
        "every draw that gave a thing has its prize, and every drawn prize its draw, of one member and one thing",
        ("DELETE FROM prizes WHERE state = 'WON'",),
    ),
    (
        "prizes and their directory are complete both ways, of members that there are",
        ("DELETE FROM prize_directory WHERE prize_id IN (SELECT id FROM prizes WHERE state = 'WON')",),
    ),
    (
        "what a store sets aside is what members have there, and never more than it has",
        ("UPDATE thing_stock SET reserved = reserved - 1",),
    ),
    (
        "a store has what operators counted, less what it handed over",
        ("UPDATE thing_stock SET on_hand = on_hand + 1",),
    ),
    (
        "what a store handed over left its stock once",
        ("DELETE FROM thing_moves WHERE prize_id IN (SELECT id FROM prizes WHERE source = 'PICK')",),
    ),
    (
        "the stamps at clearing:pick are those of picks that wait, and those of handed over ones were taken for good",
        ("UPDATE transfers SET account = 'sink:coupon' WHERE account = 'sink:catalogue'",),
    ),
    (
        "a member's year is worth the prizes that were claimed in it",
        ("UPDATE prize_years SET value_minor = value_minor + 1",),
    ),
    (
        "papers belong to claimed prizes; a parcel on its way has an address",
        ("UPDATE prize_papers SET identity = NULL",),
    ),
    (
        "an adjustment by two was agreed to by another person, and is a transfer and an event of its amount",
        ("UPDATE adjustments SET amount = amount + 1",),
    ),
    (
        "adjustments and case notes are of members that there are",
        ("UPDATE case_notes SET member_id = gen_random_uuid()",),
    ),
    (
        "a compensation that began was within what one person may, or another one agreed to it",
        (
            "ALTER TABLE compensations DROP CONSTRAINT compensations_agreed_to",
            "UPDATE compensations SET approved_by = NULL",
        ),
    ),
    (
        "what compensations gave in diamonds, tickets and energy is what each member of them was to get, once",
        ("UPDATE compensations SET diamonds = diamonds - 1",),
    ),
    (
        "who was compensated has one event of it, and the event is of nobody else",
        (_ONE_EVENT.format("compensated"),),
    ),
    (
        "a compensation has the members that it was agreed to for, and once it is done none of them waits",
        ("UPDATE compensations SET members = members + 1",),
    ),
    (
        "what expired with seasons is what their transfers took",
        ("UPDATE season_ends SET expired_diamonds = expired_diamonds - 1 WHERE expired_diamonds > 0",),
    ),
    (
        "a season ended once for each member whom its turn reached, by an event",
        (_ONE_EVENT.format("season_ended"),),
    ),
    (
        "a board began anew once for an end of a season, at the level that the archive has",
        ("UPDATE events SET facts = facts || '{\"level\": 9}' WHERE kind = 'board_reset'",),
    ),
    (
        "a turn reached the members that it counts, and once it is finished every one who was there",
        ("UPDATE season_turns SET members = members + 1",),
    ),
    ("a chest was earned by an order that was delivered", ("UPDATE chests SET number = number + 1000",)),
    (
        "a chest that was opened has its opening, and no other has one",
        ("UPDATE chest_openings SET kind = 'safe'",),
    ),
    (
        "diamonds and tickets out of chests, and diamonds paid to hurry them, are what their transfers say",
        ("UPDATE events SET facts = facts || '{\"diamonds\": 99}' WHERE kind = 'chest_hurried'",),
    ),
    (
        "energy and goods out of chests were granted, as much as openings say",
        ("INSERT INTO grants SELECT member_id, gen_random_uuid(), 'ENERGY', 1, 'chest', at FROM chest_openings",),
    ),
    (
        "diamonds paid for rerolls are what their transfers say",
        ("UPDATE rerolls SET diamonds = diamonds + 1",),
    ),
    (
        "an order that was rerolled was a plain one, once, and neither waits nor was delivered",
        ("UPDATE rerolls SET replaced_by = replaced_by + 100000",),
    ),
    (
        "diamonds and tickets for quests are what their transfers say",
        ("UPDATE quest_claims SET diamonds = diamonds + 1",),
    ),
    (
        "energy for quests was granted, as much as claims say",
        ("INSERT INTO grants SELECT member_id, gen_random_uuid(), 'ENERGY', 1, 'quest', at FROM quest_claims",),
    ),
    (
        "each claim of a quest has its event, and each such event its claim",
        ("UPDATE quest_claims SET at = at + interval '1 second'",),
    ),
    (
        "a quest had come as far as its claim says, counted again from events",
        ("UPDATE quest_claims SET progress = progress + 1000",),
    ),
    ("streaks are of members that there are", ("UPDATE streaks SET member_id = gen_random_uuid()",)),
)
# Advice as well: such rows are whole, and move when the partitions are made.
PARTITIONED = "events and exposures of this month have a partition of their own"
ADVISED = "receipts of settled holds came within 14 days, and fit"
OVERDUE = "what is over has ended, within an hour of its time"


async def test_the_audit_is_clean_and_nothing_that_it_says_is_said_of_nothing(books: Books) -> None:
    report = await audit(books.database, NOW)
    assert report.failed() == []
    assert report.ok
    assert [finding.sentence for _, finding in report.findings if finding.checked == 0] == []


async def test_every_invariant_has_a_planted_damage(books: Books) -> None:
    report = await audit(books.database, NOW)
    sentences = [finding.sentence for _, finding in report.findings]
    assert sorted(sentences) == sorted([*(sentence for sentence, _ in PLANTED), ADVISED, PARTITIONED, OVERDUE])


@pytest.mark.parametrize(("sentence", "statements"), PLANTED, ids=lambda part: part if isinstance(part, str) else "")
async def test_planted_damage_is_found_by_its_own_line(
    books: Books, sentence: str, statements: tuple[str, ...]
) -> None:
    report = await books.damaged(*statements)
    failed = {finding.sentence: finding for _, finding in report.failed()}
    assert sentence in failed, f"not found; these were: {sorted(failed)}"
    assert not report.ok
    assert failed[sentence].broken >= len(failed[sentence].rows) >= 1


async def test_a_receipt_that_does_not_fit_is_pointed_out_and_breaks_nothing(books: Books) -> None:
    report = await books.damaged("UPDATE holds SET receipt_state = 'MISFIT' WHERE receipt_no = 'R-9'")
    [advised] = [finding for _, finding in report.findings if finding.sentence == ADVISED]
    assert (advised.broken, report.ok) == (1, True)
    late = await books.damaged("UPDATE holds SET settled_at = settled_at - interval '15 days' WHERE receipt_no = 'R-9'")
    [advised] = [finding for _, finding in late.findings if finding.sentence == ADVISED]
    assert (advised.broken, late.ok) == (1, True)


async def test_a_prize_that_is_over_and_waits_for_the_job_is_pointed_out(books: Books) -> None:
    report = await books.damaged(f"UPDATE prizes SET due_at = '{NOW - timedelta(hours=2)}' WHERE state = 'WON'")
    [advised] = [finding for _, finding in report.findings if finding.sentence == OVERDUE]
    assert (advised.broken, report.ok) == (1, True)


async def test_no_row_of_a_report_shows_a_code_a_secret_or_an_identity(books: Books) -> None:
    names = set()
    for _, statements in PLANTED:
        report = await books.damaged(*statements)
        names |= {name for _, finding in report.findings for row in finding.rows for name in row}
    assert not names & {"code", "subject", "card_no", "display_name", "birth_year", "answer", "receipt_no"}
    assert not [name for name in names if "secret" in name]


async def test_the_command_says_what_is_broken_and_exits_with_1(
    database: Database, settings: Settings, owner_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = await open_shop(database)
    member = await shop.member(points=100)
    assert await run_audit(database, settings, Namespace(json=False)) == 0
    assert "every invariant holds" in capsys.readouterr().out
    owner = Database(owner_url)
    async with owner.work() as work:
        await work.connection.execute("UPDATE wallets SET balance = 99 WHERE member_id = $1", member)
    await owner.close()
    assert await run_audit(database, settings, Namespace(json=False)) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "a wallet's balance is the sum of its lots: 1 do not" in told
    assert f"member_id {member}" in told
    assert "FAILED" in told
    assert await run_audit(database, settings, Namespace(json=True)) == 1
    document = json.loads(capsys.readouterr().out)
    broken = [each for each in document["invariants"] if not each["ok"]]
    assert document["ok"] is False
    assert {each["invariant"] for each in broken} == {
        "a wallet's balance is the sum of its lots",
        "a wallet's balance less what it owes is the sum of its transfers",
    }
    assert broken[0]["rows"] == [{"member_id": str(member), "currency": "POINTS", "held": 99, "booked": 100}]


async def test_the_audit_reads_one_moment_while_others_write(database: Database) -> None:
    shop = await open_shop(database)
    async with database.snapshot() as connection:
        before = await connection.fetchval("SELECT count(*) FROM members")
        await shop.member(points=100)
        assert await connection.fetchval("SELECT count(*) FROM members") == before
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("DELETE FROM members WHERE id = $1", uuid4())
    assert (await audit(database, NOW)).ok
