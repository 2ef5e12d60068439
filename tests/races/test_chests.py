"""Chests on a real database: earned once, sixteen connections for one opening, payment, and what is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.runtime.batcher import run_action
from api.runtime.database import Database
from game.board.rules.moves import Move, MoveKind
from game.chests import actions as chests
from game.chests.actions import (
    CHESTS,
    ChestHurried,
    ChestOpened,
    ChestQueued,
    HurryChest,
    OpenChest,
    QueueChest,
    hurry_chests,
    open_chests,
    queue_chests,
)
from game.chests.rules.receipts import verify
from loyalty.ledger.actions import ISSUE_ADJUST, Note, open_ledger
from loyalty.ledger.rules import NEVER, Currency, LotKey, Provenance
from loyalty.members import actions as members
from loyalty.refusals import Refused
from loyalty.requests.rules import RequestKey, fingerprint
from loyalty.sheets import actions as sheets
from rewards.fairness.actions import AesVault, RevealSeed, reveal_seeds
from tests.playing import NOW
from tests.races.test_play import CONNECTIONS, lay, new_member, open_season, playing, rows
from tests.races.test_play import ask as ask_play
from tests.seeding import faults_of_books

VAULT = AesVault(b"a secret")
HOUR = timedelta(hours=1)
opening = partial(open_chests, vault=VAULT)


@pytest.fixture
async def wide(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, pool_size=CONNECTIONS)
    await open_season(opened)
    yield opened
    await opened.close()


def key(member_id: UUID, request: UUID | None, *asked: Any) -> RequestKey:
    return RequestKey(member_id, request or uuid4(), fingerprint("chests", {"asked": [*asked]}))


def queueing(member_id: UUID, number: int, now: datetime = NOW) -> QueueChest:
    return QueueChest(key(member_id, None, "queue", number), member_id, number, now)


def hurrying(member_id: UUID, number: int, most: int = 100, now: datetime = NOW) -> HurryChest:
    return HurryChest(key(member_id, None, "hurry", number, most), member_id, number, most, now)


def unshutting(member_id: UUID, number: int, now: datetime, request: UUID | None = None) -> OpenChest:
    return OpenChest(key(member_id, request, "open", number), member_id, number, now)


async def ask(database: Database, action: Any, command: Any) -> Any:
    return (await run_action(database, action, [command]))[0]


async def code(database: Database, action: Any, command: Any) -> str:
    answer = await ask(database, action, command)
    return str(answer.code) if isinstance(answer, Refused) else "ok"


async def a_member(database: Database, *, diamonds: int = 0, orders: int = 9) -> UUID:
    """A member whose first orders were delivered through the real action, and who so earned chests."""
    member = await new_member(database)
    await ask_play(database, playing(member, 0))
    for number in range(1, orders + 1):
        await deliver(database, member, number)
    if diamonds:
        async with database.work() as work:
            await members.lock(work, [member])
            ledger = await open_ledger(work, [member])
            lot = LotKey(Provenance.FREE, NEVER)
            ledger.credit(work, member, Currency.DIAMONDS, diamonds, lot, Note(ISSUE_ADJUST, "adjust", None, NOW))
            await ledger.save(work)
    return member


async def deliver(database: Database, member: UUID, number: int) -> None:
    """Lays what an order asks for and delivers it; orders are taken in one after the other."""
    asked = "SELECT revision, orders::text, cells::text FROM boards WHERE member_id = $1"
    [(revision, orders, cells)] = await rows(database, asked, member)
    words = next(each[1] for each in json.loads(orders) if each[0] == number)
    free = [cell for cell, word in enumerate(json.loads(cells)) if word == "."]
    await lay(database, member, dict(zip(free, words, strict=False)))
    done = await ask_play(database, playing(member, revision, Move(MoveKind.DELIVER, number)))
    assert [each.number for each in done.result.delivered] == [number]


async def publish(database: Database, change: Callable[[dict[str, Any]], None]) -> None:
    """A second version of the sheet, changed."""
    [(text,)] = await rows(database, "SELECT body::text FROM sheets WHERE kind = 'chests' AND state = 'ACTIVE'")
    body = json.loads(text)
    change(body)
    async with database.work() as work:
        await sheets.publish(work, *CHESTS[:2], body, CHESTS[2], author="op", reason="test", based_on=1, now=NOW)


async def check(database: Database, member: UUID) -> None:
    assert await faults_of_books(database, [member]) == []
    async with database.read() as connection:
        found = await chests.audit(connection, NOW, vault=VAULT)
    assert [(each.sentence, each.rows) for each in found if not each.ok] == []
    assert len(found) == 5


async def test_orders_earn_chests_that_open_after_their_time_and_pay_what_the_receipt_proves(wide: Database) -> None:
    member = await a_member(wide)
    earned = await rows(wide, "SELECT number, kind FROM chests WHERE member_id = $1 ORDER BY number", member)
    assert earned[:3] == [(3, "basket"), (6, "basket"), (9, "crate")]
    queued = await ask(wide, queue_chests, queueing(member, 9))
    assert isinstance(queued, ChestQueued)
    assert (queued.starts_at, queued.opens_at) == (NOW, NOW + 3 * HOUR)
    before = await rows(wide, "SELECT coalesce(sum(balance), 0) FROM wallets WHERE member_id = $1", member)
    opened = await ask(wide, opening, unshutting(member, 9, NOW + 3 * HOUR))
    assert isinstance(opened, ChestOpened)
    assert len(opened.drops) == 3
    money = sum(each.amount for each in opened.drops if each.prize in ("DIAMONDS", "TICKETS"))
    after = await rows(wide, "SELECT coalesce(sum(balance), 0) FROM wallets WHERE member_id = $1", member)
    assert after[0][0] - before[0][0] == money
    gifts = sum(each.amount for each in opened.drops if each.prize in ("ENERGY", "GOODS"))
    granted = await rows(
        wide, "SELECT coalesce(sum(amount), 0) FROM grants WHERE member_id = $1 AND source = 'chest'", member
    )
    assert granted == [(gifts,)]
    async with wide.read() as connection:
        shut = await chests.read_receipt(connection, VAULT, member, 9)
    reveal = RevealSeed(key(member, None, "reveal"), member, "alice", NOW + 4 * HOUR)
    shown = await ask(wide, partial(reveal_seeds, vault=VAULT), reveal)
    async with wide.read() as connection:
        told = await chests.read_receipt(connection, VAULT, member, 9)
    assert shut is not None
    assert told is not None
    assert (shut.revealed, told.revealed) == (False, True)
    document = json.loads(told.document)
    verdict = verify("it", document, {document["commitSha256"]: bytes.fromhex(shown.server_seed_hex)})
    assert (verdict.wrong, verdict.is_proved) == ([], True)
    assert [(each["prize"], each["amount"]) for each in document["drops"]] == [
        (each.prize.value, each.amount) for each in opened.drops
    ]
    await check(wide, member)
    async with wide.read() as connection:
        strange = await chests.audit(connection, NOW, vault=AesVault(b"another secret"))
    assert [each.ok for each in strange].count(False) == 1, "what cannot be made again is said"


async def test_sixteen_connections_open_a_chest_once(wide: Database) -> None:
    member = await a_member(wide)
    await ask(wide, queue_chests, queueing(member, 3))
    answers = await asyncio.gather(*(ask(wide, opening, unshutting(member, 3, NOW + HOUR)) for _ in range(CONNECTIONS)))
    assert sum(isinstance(each, ChestOpened) for each in answers) == 1
    assert {str(each.code) for each in answers if isinstance(each, Refused)} == {"CHEST_OPENED"}
    assert await rows(wide, "SELECT count(*) FROM chest_openings WHERE member_id = $1", member) == [(1,)]
    await check(wide, member)


async def test_the_same_request_sixteen_times_is_answered_alike(wide: Database) -> None:
    member, request = await a_member(wide), uuid4()
    await ask(wide, queue_chests, queueing(member, 3))
    commands = [unshutting(member, 3, NOW + HOUR, request) for _ in range(CONNECTIONS)]
    answers = await asyncio.gather(*(ask(wide, opening, each) for each in commands))
    assert all(each == answers[0] for each in answers)
    assert isinstance(answers[0], ChestOpened)
    await check(wide, member)


async def test_sixteen_connections_queue_no_more_than_there_is_room_for(wide: Database) -> None:
    member = await a_member(wide, orders=15)
    numbers = [row[0] for row in await rows(wide, "SELECT number FROM chests WHERE member_id = $1", member)]
    asked = [numbers[each % len(numbers)] for each in range(CONNECTIONS)]
    answers = await asyncio.gather(*(ask(wide, queue_chests, queueing(member, each)) for each in asked))
    queued = [each for each in answers if isinstance(each, ChestQueued)]
    assert len(queued) == 4
    ends = sorted((each.starts_at, each.opens_at) for each in queued)
    assert all(one[1] == other[0] for one, other in pairwise(ends)), "one slot: back to back"
    await check(wide, member)


async def test_sixteen_connections_pay_for_one_speed_up(wide: Database) -> None:
    member = await a_member(wide, diamonds=500)
    await ask(wide, queue_chests, queueing(member, 9))
    answers = await asyncio.gather(*(ask(wide, hurry_chests, hurrying(member, 9)) for _ in range(CONNECTIONS)))
    assert [each.diamonds for each in answers if isinstance(each, ChestHurried)] == [18]
    assert {str(each.code) for each in answers if isinstance(each, Refused)} == {"CHEST_READY"}
    assert await code(wide, opening, unshutting(member, 9, NOW)) == "ok"
    await check(wide, member)


async def test_each_no_has_its_code_and_changes_nothing(wide: Database) -> None:
    member, other = await a_member(wide), await new_member(wide)
    await ask(wide, queue_chests, queueing(member, 3))
    held = "SELECT md5(string_agg(c::text, ',' ORDER BY number)) FROM chests c"
    before = await rows(wide, held)
    assert await code(wide, opening, unshutting(other, 3, NOW + HOUR)) == "CHEST_NOT_FOUND", "of another member"
    assert await code(wide, queue_chests, queueing(other, 6)) == "CHEST_NOT_FOUND"
    assert await code(wide, opening, unshutting(member, 3, NOW + timedelta(seconds=899))) == "CHEST_LOCKED"
    assert await code(wide, opening, unshutting(member, 6, NOW)) == "CHEST_NOT_QUEUED"
    assert await code(wide, queue_chests, queueing(member, 3)) == "CHEST_ALREADY_QUEUED"
    assert await code(wide, hurry_chests, hurrying(member, 3, most=1)) == "CHEST_PRICE_ROSE"
    await publish(wide, lambda body: body.update(diamond_seconds=1))
    assert await code(wide, hurry_chests, hurrying(member, 3, most=1_000)) == "NOT_ENOUGH"
    async with wide.work() as work:
        await sheets.pause(work, "chests", message="later", reason="test", operator="op", now=NOW)
    assert await code(wide, queue_chests, queueing(member, 6)) == "PAUSED"
    assert await rows(wide, held) == before


async def test_a_chest_holds_what_its_sheet_said_when_it_was_earned(wide: Database) -> None:
    member = await a_member(wide)

    def without_baskets(body: dict[str, Any]) -> None:
        body["cycle"] = ["crate"]
        body["kinds"] = [each for each in body["kinds"] if each["code"] == "crate"]

    await publish(wide, without_baskets)
    await ask(wide, queue_chests, queueing(member, 3))
    opened = await ask(wide, opening, unshutting(member, 3, NOW + HOUR))
    assert (opened.kind, opened.version, len(opened.drops)) == ("basket", 1, 2)
    await check(wide, member)
