"""Appointments and rerolls on a real database: once in a window, missed and gone, sixteen connections for one order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.runtime.batcher import run_action
from api.runtime.database import Database
from game.board.actions import read_board
from game.board.rules.moves import Move, MoveKind
from game.orders.actions import (
    ORDERS,
    Rerolled,
    RerollOrder,
    changes_at,
    read_appointment,
    read_reroll_price,
    reroll_orders,
    standing_orders,
)
from game.orders.actions.book import Game, Shown
from game.orders.actions.publishing import faults_with
from game.orders.rules import parse_orders
from game.refusals import GameCode
from loyalty.ledger.rules import Currency
from loyalty.members import actions as members
from loyalty.members.rules import MemberStatus
from loyalty.refusals import LoyaltyCode, Refused
from loyalty.requests.rules import RequestKey, fingerprint
from loyalty.sheets import actions as sheets
from tests.playing import sheet
from tests.races.test_play import CONNECTIONS, TAP, ask, check, lay, new_member, open_season, playing, rows
from tests.seeding import faults_of_books, give_currency

BEFORE = datetime(2027, 3, 10, 9, 0, tzinfo=UTC)  # five in the afternoon in Taipei
INSIDE = BEFORE + timedelta(hours=2)
AFTER = BEFORE + timedelta(hours=3)
RUSH = {
    "code": "rush", "name": {"en": "Rush", "zh-TW": "尖峰"}, "from": "18:00", "until": "20:00", "bonus_per_mille": 500,
}  # fmt: skip


@pytest.fixture
async def wide(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, pool_size=CONNECTIONS)
    await open_season(opened)
    yield opened
    await opened.close()


@pytest.fixture(autouse=True)
def compare_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The orders that an answer shows, kept from command to command, are those that its board's row says."""
    show = Game.show

    def compared(game: Game, *asked: Any) -> Shown:
        found = show(game, *asked)
        assert found.orders == standing_orders(found.board)
        return found

    monkeypatch.setattr(Game, "show", compared)


async def publish(database: Database, **changes: Any) -> None:
    body = {**sheet("orders"), "appointments": [RUSH], **changes}
    async with database.work() as work:
        await sheets.publish(work, *ORDERS[:2], body, ORDERS[2], author="op", reason="test", based_on=1, now=BEFORE)


def rerolling(
    member: UUID, revision: int, order: int, most: int = 0, now: datetime = BEFORE, request: UUID | None = None
) -> RerollOrder:
    key = RequestKey(member, request or uuid4(), fingerprint("rerollOrder", {"asked": [revision, order, most]}))
    return RerollOrder(key, member, revision, order, most, now)


async def reroll(database: Database, command: RerollOrder) -> Any:
    return (await run_action(database, reroll_orders, [command]))[0]


async def code(database: Database, command: RerollOrder) -> str:
    answer = await reroll(database, command)
    return str(answer.code) if isinstance(answer, Refused) else "ok"


async def waiting(database: Database, member: UUID) -> list[list[Any]]:
    [(text,)] = await rows(database, "SELECT orders::text FROM boards WHERE member_id = $1", member)
    found: list[list[Any]] = json.loads(text)
    return found


async def fill_order(database: Database, member: UUID, number: int) -> None:
    """Lays what an order asks for into free cells."""
    [(cells,)] = await rows(database, "SELECT cells::text FROM boards WHERE member_id = $1", member)
    free = [cell for cell, word in enumerate(json.loads(cells)) if word == "."]
    words = next(each[1] for each in await waiting(database, member) if each[0] == number)
    await lay(database, member, dict(zip(free, words, strict=False)))


async def read(database: Database, member: UUID, now: datetime) -> tuple[Any, Any]:
    """The board as it is shown, and its next appointment."""
    async with database.read() as connection:
        opened = await sheets.open_sheets(connection, now)
        board = await read_board(connection, member, now, opened)
        known = (await members.load_members(connection, [member]))[member]
        return board, await read_appointment(connection, opened, known, board, standing_orders(board))


async def test_an_appointment_comes_with_a_play_inside_its_window_is_paid_once_and_then_the_next_is_told(
    wide: Database,
) -> None:
    await publish(wide)
    member = await new_member(wide)
    await ask(wide, playing(member, 0, now=BEFORE))
    board, coming = await read(wide, member, BEFORE)
    assert (len(standing_orders(board)), coming.appointment.code) == (4, "rush")
    assert (coming.starts_at, coming.ends_at) == (BEFORE + timedelta(hours=1), AFTER)
    assert changes_at(standing_orders(board), coming) == AFTER
    inside, told = await read(wide, member, INSIDE)
    assert (len(standing_orders(inside)), told) == (4, coming)
    opened = await ask(wide, playing(member, 1, now=INSIDE))
    assert (opened.board.revision, len(opened.board.orders)) == (2, 5)
    assert opened.appointment.starts_at == coming.starts_at + timedelta(days=1)
    number = opened.board.orders[-1][0]
    assert number == coming.number
    await fill_order(wide, member, number)
    deliver = Move(MoveKind.DELIVER, number)
    done = await ask(wide, playing(member, 2, deliver, deliver, TAP, now=INSIDE))
    assert (done.result.applied, done.result.refusal.code) == (1, GameCode.ORDER_NOT_FOUND)
    assert [each.appointment for each in done.result.delivered] == ["rush"]
    for revision in (3, 4):
        again = await ask(wide, playing(member, revision, TAP, now=INSIDE + timedelta(minutes=revision)))
        assert (again.result.applied, len(again.board.orders)) == (1, 4)
    _, after = await read(wide, member, INSIDE + timedelta(minutes=9))
    assert after.starts_at == coming.starts_at + timedelta(days=1)
    assert await rows(wide, "SELECT count(*) FROM chests") == [(0,)]
    [(facts,)] = await rows(wide, "SELECT facts ->> 'appointment' FROM events WHERE kind = 'order_delivered'")
    assert facts == "rush"
    await check(wide)


async def test_an_appointment_that_was_missed_cannot_be_delivered_from_a_list_made_offline(wide: Database) -> None:
    await publish(wide)
    member = await new_member(wide)
    await ask(wide, playing(member, 0, now=INSIDE))
    number = (await waiting(wide, member))[-1][0]
    await fill_order(wide, member, number)
    before = await waiting(wide, member)
    board, coming = await read(wide, member, AFTER)
    assert (len(standing_orders(board)), changes_at(standing_orders(board), coming)) == (4, coming.ends_at)
    late = await ask(wide, playing(member, 1, TAP, Move(MoveKind.DELIVER, number), TAP, now=AFTER))
    assert (late.result.applied, late.result.refused_index, late.result.refusal.code) == (1, 1, "ORDER_EXPIRED")
    assert late.result.refusal.facts["expired_at"] == AFTER.isoformat()
    assert await waiting(wide, member) == before[:4]
    assert await rows(wide, "SELECT count(*) FROM deliveries") == [(0,)]
    again = await ask(wide, playing(member, 2, Move(MoveKind.DELIVER, number), now=AFTER))
    assert again.result.refusal.code == "ORDER_EXPIRED"
    await check(wide)


async def test_plain_orders_end_where_the_sheet_says_so_and_are_not_shown_once_they_have(wide: Database) -> None:
    await publish(wide, appointments=[], expires_hours=2)
    member = await new_member(wide)
    await ask(wide, playing(member, 0, now=BEFORE))
    board, _ = await read(wide, member, BEFORE + timedelta(hours=2))
    assert (standing_orders(board), len(board.orders)) == ((), 4)
    later = await ask(wide, playing(member, 1, now=BEFORE + timedelta(hours=2)))
    assert [each[0] for each in later.board.orders] == [5, 6, 7, 8]
    assert later.board.revision == 2
    await check(wide)


async def test_the_first_reroll_of_a_day_is_free_the_next_is_paid_and_a_retry_shows_the_same(wide: Database) -> None:
    await publish(wide, reroll_diamonds=3, reroll_doubles=True)
    member, request = await new_member(wide), uuid4()
    await ask(wide, playing(member, 0, now=BEFORE))
    free = await reroll(wide, rerolling(member, 1, 2, request=request))
    assert isinstance(free, Rerolled)
    assert (free.result.replaced_by, free.result.diamonds, free.board.revision) == (5, 0, 2)
    assert [each[0] for each in free.board.orders] == [1, 5, 3, 4]
    again = await reroll(wide, rerolling(member, 1, 2, request=request))
    assert (again.result, again.board.revision) == (free.result, 2)
    assert await code(wide, rerolling(member, 1, 3, request=request)) == "REQUEST_ID_REUSED"
    async with wide.read() as connection:
        assert await read_reroll_price(connection, member, BEFORE) == 3
        assert await read_reroll_price(connection, member, BEFORE + timedelta(days=1)) == 0
    assert await code(wide, rerolling(member, 2, 3)) == "PRICE_CHANGED"
    assert await code(wide, rerolling(member, 2, 3, 3)) == "NOT_ENOUGH"
    await give_currency(wide, member, Currency.DIAMONDS, 20, BEFORE)
    paid = await reroll(wide, rerolling(member, 2, 3, 3))
    assert (paid.result.diamonds, paid.wallets[Currency.DIAMONDS].balance) == (3, 17)
    assert await code(wide, rerolling(member, 3, 4, 5)) == "PRICE_CHANGED"
    assert await code(wide, rerolling(member, 3, 4, 6)) == "ok"
    assert await code(wide, rerolling(member, 4, 1, now=BEFORE + timedelta(days=1))) == "ok"
    told = await rows(wide, "SELECT number, replaced_by, diamonds FROM rerolls ORDER BY replaced_by")
    assert told == [(2, 5, 0), (3, 6, 3), (4, 7, 6), (1, 8, 0)]
    assert await faults_of_books(wide, [member]) == []
    await check(wide)


async def test_what_cannot_be_rerolled_is_refused_and_changes_nothing(wide: Database) -> None:
    await publish(wide)
    member = await new_member(wide)
    await ask(wide, playing(member, 0, now=INSIDE))
    rush = (await waiting(wide, member))[-1][0]
    assert await code(wide, rerolling(member, 1, rush, now=INSIDE)) == "NOT_REROLLABLE"
    assert await code(wide, rerolling(member, 1, 99, now=INSIDE)) == "ORDER_NOT_FOUND"
    assert await code(wide, rerolling(member, 7, 1, now=INSIDE)) == "BOARD_STALE"
    assert await code(wide, rerolling(member, 1, rush, now=AFTER)) == "ORDER_EXPIRED"
    async with wide.work() as work:
        await sheets.pause(work, "board", message="Back soon.", reason="x", operator="x", now=INSIDE)
    assert await code(wide, rerolling(member, 2, 1, now=AFTER)) == "PAUSED"
    async with wide.work() as work:
        await members.set_status(work, member, MemberStatus.SUSPENDED, operator="x", now=INSIDE)
    assert await code(wide, rerolling(member, 2, 1, now=AFTER)) == LoyaltyCode.MEMBER_SUSPENDED
    assert await rows(wide, "SELECT count(*) FROM rerolls") == [(0,)]


async def test_of_sixteen_that_reroll_one_order_one_does(wide: Database) -> None:
    member = await new_member(wide)
    await ask(wide, playing(member, 0, now=BEFORE))
    commands = [rerolling(member, 1, 2, 100) for _ in range(CONNECTIONS)]
    codes = await asyncio.gather(*[code(wide, each) for each in commands])
    assert sorted(codes) == ["BOARD_STALE"] * (CONNECTIONS - 1) + ["ok"]
    assert await rows(wide, "SELECT number, replaced_by FROM rerolls") == [(2, 5)]
    later = BEFORE + timedelta(days=1)
    batch = [rerolling(member, 2, 3, now=later), rerolling(member, 3, 4, now=later)]
    free, priced = await run_action(wide, reroll_orders, batch)
    assert isinstance(free, Rerolled)
    assert isinstance(priced, Refused)
    assert (str(priced.code), priced.facts) == ("PRICE_CHANGED", {"diamonds": 2, "most": 0})
    await check(wide)


async def test_rerolled_orders_leave_their_chests_to_those_that_follow(wide: Database) -> None:
    member = await new_member(wide)
    await give_currency(wide, member, Currency.DIAMONDS, 1_000, BEFORE)
    await ask(wide, playing(member, 0, now=BEFORE))
    revision = 1
    for number in (3, 5):
        assert await code(wide, rerolling(member, revision, number, 100)) == "ok"
        revision += 1
    assert [(each[0], each[4:5]) for each in await waiting(wide, member)] == [(1, []), (2, []), (6, [3]), (4, [])]
    for number in (1, 2, 4, 6):
        await fill_order(wide, member, number)
        done = await ask(wide, playing(member, revision, Move(MoveKind.DELIVER, number), now=BEFORE))
        assert done.result.applied == 1
        revision += 1
    assert await rows(wide, "SELECT number FROM chests ORDER BY number") == [(6,)]
    turns = sorted(each[4] if len(each) > 4 and each[4] else each[0] for each in await waiting(wide, member))
    assert turns == [5, 6, 7, 8]
    await check(wide)


async def test_the_sheet_is_held_to_the_chains_that_there_are(wide: Database) -> None:
    body = {**sheet("orders"), "appointments": [{**RUSH, "chains": ["tobacco"]}]}
    async with wide.read() as connection:
        assert await faults_with(connection) == []
        [fault] = await faults_with(connection, "orders", parse_orders("orders.current", body))
    assert "there is no chain 'tobacco'" in str(fault)
