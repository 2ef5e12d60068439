"""Bubbles and generators of three kinds on a real database: paid once, gone in time, and read as they were written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic import command
from sqlalchemy import Connection

from api.runtime.database import Database
from api.runtime.migrations import in_transaction, migrate
from api.runtime.upgrading import configuration
from game.board.actions import read_board
from game.board.rules.moves import Move, MoveKind
from game.refusals import GameCode
from loyalty.ledger.actions import SINK_ADJUST, Note, open_ledger
from loyalty.ledger.rules import NEVER, Currency, LotKey, Provenance
from loyalty.members import actions as members
from loyalty.refusals import LoyaltyCode
from tests.playing import GREENHOUSE, NOW, TASTINGS, words
from tests.races.test_play import (
    CONNECTIONS,
    TAP,
    ask,
    change_row,
    check,
    lay,
    new_member,
    open_season,
    playing,
    rows,
)
from tests.seeding import faults_of_books, give_currency

POP = Move(MoveKind.POP, 16)
ENDS = NOW + timedelta(minutes=5)


@pytest.fixture
async def wide(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, pool_size=CONNECTIONS)
    await open_season(opened)
    yield opened
    await opened.close()


async def a_member(database: Database, diamonds: int = 0, word: str = "*dairy.4", price: int = 10) -> UUID:
    """A member whose board has a bubble in cell 16."""
    member = await new_member(database)
    await ask(database, playing(member, 0))
    await put(database, member, {16: word})
    bubbles = json.dumps({"16": [ENDS.isoformat(), price]})
    await change_row(database, "UPDATE boards SET bubbles = $2::jsonb WHERE member_id = $1", member, bubbles)
    if diamonds:
        await give_currency(database, member, Currency.DIAMONDS, diamonds, NOW)
    return member


async def put(database: Database, member: UUID, at: dict[int, str]) -> None:
    """Words into empty cells, worth nothing."""
    [(text,)] = await rows(database, "SELECT cells::text FROM boards WHERE member_id = $1", member)
    stored = json.loads(text)
    for cell, word in at.items():
        assert stored[cell] == "."
        stored[cell] = word
    await change_row(
        database, "UPDATE boards SET cells = $2::jsonb WHERE member_id = $1", member, json.dumps(stored)
    )  # fmt: skip


async def read_cells(database: Database, member: UUID, now: datetime) -> tuple[int, list[str]]:
    async with database.read() as connection:
        found = await read_board(connection, member, now)
    return found.revision, words(found.board)


async def test_popping_takes_the_diamonds_once_and_frees_the_goods(wide: Database) -> None:
    member = await a_member(wide, 15)
    request = uuid4()
    for _ in range(2):
        played = await ask(wide, playing(member, 1, POP, request=request))
        assert [(each.cell, each.goods, each.diamonds) for each in played.result.popped] == [(16, "dairy.4", 10)]
        assert words(played.board.board)[16] == "dairy.4"
    assert await rows(wide, "SELECT account, amount FROM transfers WHERE account LIKE 'sink%'") == [
        ("sink:bubble", -10)
    ]
    told = await rows(wide, "SELECT facts::text FROM events WHERE kind = 'bubble_popped'")
    assert [json.loads(each) for (each,) in told] == [{"goods": "dairy.4", "diamonds": 10}]
    assert await rows(wide, "SELECT bubbles::text FROM boards") == [("{}",)]
    assert await faults_of_books(wide, [member]) == []
    await check(wide)


async def test_boards_and_results_from_before_there_were_bubbles_are_read_and_go_on(
    wide: Database, owner_url: str
) -> None:  # fmt: skip
    member, request = await new_member(wide), uuid4()
    first = await ask(wide, playing(member, 0, TAP, request=request))
    await change_row(wide, "UPDATE request_results SET outcome = outcome - 'popped'")

    def down(connection: Connection) -> None:
        settings = configuration()
        settings.attributes["connection"] = connection
        command.downgrade(settings, "0006")

    await in_transaction(owner_url, down)
    await asyncio.to_thread(migrate, owner_url)
    await wide.engine.dispose()
    again = await ask(wide, playing(member, 0, TAP, request=request))
    assert (again.result, again.board.revision) == (first.result, 1)
    assert (await ask(wide, playing(member, 1, TAP))).result.applied == 1
    assert await rows(wide, "SELECT merges, bubbles::text FROM boards") == [(0, "{}")]
    await check(wide)


async def test_sixteen_connections_pop_a_bubble_once(wide: Database) -> None:
    member = await a_member(wide, 1_000)
    played = await asyncio.gather(*(ask(wide, playing(member, 1, POP)) for _ in range(CONNECTIONS)))
    assert sum(each.result.applied for each in played) == 1
    assert await rows(wide, "SELECT sum(amount) FROM transfers WHERE account = 'sink:bubble'") == [(-10,)]
    await check(wide)


async def test_a_pop_is_paid_with_what_the_same_list_earned_and_stops_where_that_ends(wide: Database) -> None:
    member = await a_member(wide, price=13)
    await change_row(wide, """UPDATE boards SET orders = '[[1, ["dairy.1"], 12, 12]]'::jsonb""")
    await lay(wide, member, {18: "dairy.1"})
    deliver = Move(MoveKind.DELIVER, 1)
    short = await ask(wide, playing(member, 1, deliver, POP))
    assert (short.result.applied, short.result.refused_index) == (1, 1)
    assert short.result.refusal.code == LoyaltyCode.NOT_ENOUGH
    assert dict(short.result.refusal.facts) == {"currency": "DIAMONDS", "available": 12, "needed": 13}
    await give_currency(wide, member, Currency.DIAMONDS, 1, NOW)
    assert (await ask(wide, playing(member, 2, POP))).result.applied == 1
    assert await rows(wide, "SELECT balance FROM wallets WHERE currency = 'DIAMONDS'") == [(0,)]
    assert await faults_of_books(wide, [member]) == []
    await check(wide)


async def test_what_a_member_owes_is_paid_before_a_bubble_is(wide: Database) -> None:
    member = await a_member(wide)
    async with wide.work() as work:
        await members.lock(work, [member])
        ledger = await open_ledger(work, [member])
        lot, note = LotKey(Provenance.FREE, NEVER), Note(SINK_ADJUST, "adjust", None, NOW)
        ledger.revoke(work, member, Currency.DIAMONDS, 5, lot, NOW.date(), note)
        await ledger.save(work)
    await change_row(wide, """UPDATE boards SET orders = '[[1, ["dairy.1"], 12, 12]]'::jsonb""")
    await lay(wide, member, {18: "dairy.1"})
    short = await ask(wide, playing(member, 1, Move(MoveKind.DELIVER, 1), POP))
    assert (short.result.applied, dict(short.result.refusal.facts)["available"]) == (1, 7)
    await give_currency(wide, member, Currency.DIAMONDS, 3, NOW)
    assert (await ask(wide, playing(member, 2, POP))).result.applied == 1
    assert await faults_of_books(wide, [member]) == []
    await check(wide)


async def test_a_bubble_whose_time_is_over_is_empty_for_readers_and_gone_with_the_next_lock(wide: Database) -> None:
    member = await a_member(wide, 100)
    before = ENDS - timedelta(seconds=1)
    assert (await read_cells(wide, member, before))[1][16] == "*dairy.4"
    revision, cells = await read_cells(wide, member, ENDS)
    assert (revision, cells[16]) == (1, ".")
    late = await ask(wide, playing(member, 1, POP, now=ENDS))
    assert (late.result.applied, late.result.refusal.code) == (0, GameCode.CELL_EMPTY)
    kept = await rows(wide, "SELECT cells ->> 16, bubbles::text, revision FROM boards")
    assert kept == [(".", "{}", 2)]
    assert await rows(wide, "SELECT count(*) FROM transfers WHERE account = 'sink:bubble'") == [(0,)]
    await check(wide)


async def test_a_bubble_moves_and_is_read_as_it_was_written(wide: Database) -> None:
    member = await a_member(wide)
    await ask(wide, playing(member, 1, Move(MoveKind.MOVE, 16, 18)))
    [(word, bubbles)] = await rows(wide, "SELECT cells ->> 18, bubbles::text FROM boards")
    assert (word, json.loads(bubbles)) == ("*dairy.4", {"18": [ENDS.isoformat(), 10]})
    let_go = await ask(wide, playing(member, 2, Move(MoveKind.SELL, 18)))
    assert (let_go.result.applied, words(let_go.board.board)[18]) == (1, ".")
    assert await rows(wide, "SELECT bubbles::text FROM boards") == [("{}",)]
    await check(wide)


async def test_merges_are_counted_in_the_row_so_that_a_bubble_cannot_be_rolled_again(wide: Database) -> None:
    member = await new_member(wide)
    await ask(wide, playing(member, 0))
    await lay(wide, member, {16: "dairy.1", 18: "dairy.1", 24: "bakery.1"})
    merge, wrong = Move(MoveKind.MERGE, 16, 18), Move(MoveKind.MERGE, 24, 18)
    assert (await ask(wide, playing(member, 1, wrong))).result.applied == 0
    assert await rows(wide, "SELECT merges FROM boards") == [(0,)]
    assert (await ask(wide, playing(member, 1, merge, wrong))).result.applied == 1
    assert await rows(wide, "SELECT merges FROM boards") == [(1,)]


async def test_a_finite_generator_leaves_row_and_cell_and_an_automatic_one_keeps_its_clock(wide: Database) -> None:
    member = await new_member(wide)
    await ask(wide, playing(member, 0))
    made: dict[str, Any] = {str(TASTINGS): ["tastings", 8, 4, None], str(GREENHOUSE): ["greenhouse", 0, 6, None]}
    await put(wide, member, {TASTINGS: f"@tastings.{TASTINGS}", GREENHOUSE: f"@greenhouse.{GREENHOUSE}"})
    await change_row(wide, "UPDATE boards SET generators = generators || $1::jsonb", json.dumps(made))
    taste, garden = Move(MoveKind.TAP, TASTINGS), Move(MoveKind.TAP, GREENHOUSE)
    played = await ask(wide, playing(member, 1, taste, taste, garden, garden))
    assert played.result.applied == 4
    assert played.board.board.energy.amount == 98, "the greenhouse takes none"
    later = NOW + timedelta(seconds=900 + 7)
    played = await ask(wide, playing(member, 2, taste, taste, now=later))
    assert (played.result.applied, words(played.board.board)[TASTINGS]) == (2, ".")
    assert played.board.board.generators[GREENHOUSE].charges == 5
    [(kept,)] = await rows(wide, "SELECT generators::text FROM boards")
    found = json.loads(kept)
    assert str(TASTINGS) not in found
    assert found[str(GREENHOUSE)] == ["greenhouse", 2, 4, (NOW + timedelta(seconds=900)).isoformat()]
    await check(wide)
