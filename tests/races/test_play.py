"""Moves on a real database: replays, gifts, payment, sixteen connections for one revision, and batches."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.content import PARSERS, seed_files
from api.runtime.batcher import run_action
from api.runtime.clock import Mint, SeededDice
from api.runtime.database import Database
from game.board import actions as boards
from game.board.actions import read_board
from game.board.rules.moves import Move, MoveKind
from game.orders import actions as orders
from game.orders.actions import PlayMoves, play_moves, read_orders
from game.orders.rules import Table, replay
from game.refusals import GameCode, GameRefused
from loyalty.grants.actions import Grants
from loyalty.grants.rules import GrantKind
from loyalty.ledger.rules import Currency
from loyalty.members import actions as members
from loyalty.members.actions import NewMember
from loyalty.members.rules import IdentityKind, MemberStatus
from loyalty.refusals import LoyaltyCode, Refused
from loyalty.requests.rules import RequestKey, fingerprint
from loyalty.sheets import actions as sheets
from tests.conftest import Servers
from tests.playing import NOW, Player, shipped, words

CONNECTIONS = 16
FRIDGE, OVEN = 23, 25
TAP = Move(MoveKind.TAP, FRIDGE)


async def open_season(database: Database) -> None:
    async with database.work() as work:
        await sheets.seed_files(work, seed_files(), PARSERS, now=NOW)


async def new_member(database: Database, name: str = "") -> UUID:
    subject = name or uuid4().hex
    async with database.work() as work:
        return (await members.create_members(work, [NewMember(IdentityKind.LEGACY, subject, NOW)]))[subject]


@pytest.fixture
async def wide(database_url: str) -> AsyncIterator[Database]:
    """A database with sixteen connections, and the season's sheets."""
    opened = Database(database_url, pool_size=CONNECTIONS)
    await open_season(opened)
    yield opened
    await opened.close()


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """Another server on the same database."""
    opened = Database(database_url, pool_size=CONNECTIONS)
    yield opened
    await opened.close()


def playing(
    member_id: UUID, revision: int, *asked: Move, request: UUID | None = None, now: datetime = NOW
) -> PlayMoves:  # fmt: skip
    key = RequestKey(member_id, request or uuid4(), fingerprint("playMoves", {"base": revision, "commands": asked}))
    return PlayMoves(key, member_id, revision, asked, now)


async def ask(database: Database, command: PlayMoves) -> Any:
    return (await run_action(database, play_moves, [command]))[0]


async def rows(database: Database, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
    async with database.read() as connection:
        return [tuple(row) for row in await connection.fetch(statement, *arguments)]


async def check(database: Database) -> None:
    """Every invariant of boards and orders holds."""
    async with database.read() as connection:
        found = [*await boards.audit(connection, NOW), *await orders.audit(connection, NOW)]
    assert [(each.sentence, each.rows) for each in found if not each.ok] == []
    assert len(found) >= 6


async def change_row(database: Database, statement: str, *arguments: Any) -> None:
    async with database.work() as work:
        await work.connection.execute(statement, *arguments)


async def lay(database: Database, member_id: UUID, at: dict[int, str]) -> None:
    """Puts goods into empty cells of a stored board, and counts their units."""
    [(text,)] = await rows(database, "SELECT cells::text FROM boards WHERE member_id = $1", member_id)
    stored, units = json.loads(text), 0
    for cell, word in at.items():
        assert stored[cell] == "."
        stored[cell] = word
        units += 2 ** (int(word.rpartition(".")[2]) - 1)
    await change_row(
        database, "UPDATE boards SET cells = $2::jsonb, units = units + $3 WHERE member_id = $1",
        member_id, json.dumps(stored), units,
    )  # fmt: skip


async def test_the_first_play_opens_the_board_and_later_ones_go_on_from_its_revision(wide: Database) -> None:
    member = await new_member(wide)
    async with wide.read() as connection:
        before = await read_board(connection, member, NOW)
    assert (before.revision, before.orders, await rows(wide, "SELECT 1 FROM boards")) == (0, [], [])
    first = await ask(wide, playing(member, 0, TAP, TAP))
    assert (first.result.applied, first.result.revision, first.board.revision) == (2, 1, 1)
    assert len(first.board.orders) == 4
    second = await ask(wide, playing(member, 1, Move(MoveKind.TAP, OVEN)))
    assert (second.result.revision, second.board.board.energy.amount) == (2, 97)
    async with wide.read() as connection:
        read = await read_board(connection, member, NOW)
    assert words(read.board) == words(second.board.board)
    assert (read.orders, read.revision) == (second.board.orders, 2)
    await check(wide)


async def test_no_moves_open_the_board_and_take_what_waits_once(wide: Database) -> None:
    member = await new_member(wide)
    async with wide.work() as work:
        grants = Grants()
        grants.give(work, member, GrantKind.ENERGY, 30, "receipt", NOW)
        grants.give(work, member, GrantKind.GOODS, 3, "prize", NOW)
        await grants.save(work)
    opened = await ask(wide, playing(member, 0))
    assert (opened.result.applied, opened.board.revision, opened.board.board.energy.amount) == (0, 1, 130)
    [(item, count)] = opened.board.board.inbox
    assert (count, item & 15) == (3, 2)
    again = await ask(wide, playing(member, 1))
    assert (again.board.revision, again.board.board.energy.amount) == (1, 130)
    unpacked = await ask(wide, playing(member, 1, Move(MoveKind.UNPACK, 0, 30)))
    assert unpacked.board.board.inbox == [(item, 2)]
    assert await rows(wide, "SELECT kind FROM grants WHERE consumed_at IS NULL") == []
    kinds = await rows(wide, "SELECT kind FROM events WHERE kind IN ('gift_taken', 'board_opened') ORDER BY kind")
    assert kinds == [("board_opened",), ("gift_taken",), ("gift_taken",)]
    await check(wide)


async def test_a_gift_is_a_change_of_its_own_even_where_no_move_is_taken(wide: Database) -> None:
    member = await new_member(wide)
    await ask(wide, playing(member, 0, TAP))
    async with wide.work() as work:
        grants = Grants()
        grants.give(work, member, GrantKind.ENERGY, 30, "receipt", NOW)
        await grants.save(work)
    stale = await ask(wide, playing(member, 0, TAP))
    assert (stale.result.applied, stale.board.revision, stale.board.board.energy.amount) == (0, 2, 129)
    assert await rows(wide, "SELECT revision, energy FROM boards") == [(2, 129)]


async def test_the_server_replays_with_the_very_rules(wide: Database) -> None:
    member = await new_member(wide)
    await ask(wide, playing(member, 0))
    content, dials = shipped()
    dice = random.Random(3)
    revision, now = 1, NOW
    for _ in range(12):
        [(seed,)] = await rows(wide, "SELECT seed FROM boards")
        async with wide.read() as connection:
            read = await read_board(connection, member, now)
        read.board.seed = seed
        [(next_order,)] = await rows(wide, "SELECT next_order FROM boards")
        table = Table(read.board, read_orders(read.board.content, read.orders), next_order)
        player = Player(dice, Table(read.board.copy(), table.orders, next_order), now)
        asked = tuple(move for move in (player.choose() for _ in range(20)))
        expected = replay(table, dials, asked, now)
        answer = await ask(wide, playing(member, revision, *asked, now=now))
        assert answer.result.applied == expected.applied
        assert words(answer.board.board) == words(expected.table.board)
        assert (answer.result.refusal and answer.result.refusal.code) == (
            expected.refusal and str(expected.refusal.code)
        )
        revision, now = answer.board.revision, now + timedelta(minutes=20)
    assert content.chain_codes[:6] == read.board.content.chain_codes[:6]
    await check(wide)


async def test_a_generator_that_has_rested_is_shown_refilled(wide: Database) -> None:
    member = await new_member(wide)
    tired = await ask(wide, playing(member, 0, *[TAP] * 10))
    resting = tired.board.board.generators[FRIDGE]
    assert (resting.charges, resting.ready_at) == (0, NOW + timedelta(seconds=60))
    later = NOW + timedelta(seconds=60)
    rested = (await ask(wide, playing(member, 1, now=later))).board.board.generators[FRIDGE]
    async with wide.read() as connection:
        read = (await read_board(connection, member, later)).board.generators[FRIDGE]
    assert (rested.charges, rested.ready_at) == (read.charges, read.ready_at) == (10, None)


async def test_a_stale_revision_applies_nothing_and_answers_the_board(wide: Database) -> None:
    member = await new_member(wide)
    await ask(wide, playing(member, 0, TAP))
    for revision in (0, 2, -1, 2**31 - 1):
        stale = await ask(wide, playing(member, revision, TAP, TAP))
        assert (stale.result.applied, stale.result.refused_index) == (0, None)
        assert stale.result.refusal.code == GameCode.BOARD_STALE
        assert (stale.board.revision, stale.board.board.energy.amount) == (1, 99)


async def test_the_first_refused_move_is_named_and_the_moves_before_it_stay(wide: Database) -> None:
    member = await new_member(wide)
    done = await ask(wide, playing(member, 0, TAP, Move(MoveKind.SELL, 99), TAP))
    assert (done.result.applied, done.result.refused_index) == (1, 1)
    assert done.result.refusal.code == GameCode.CELL_OUT_OF_BOUNDS
    assert done.board.board.energy.amount == 99


async def test_fifty_one_moves_are_too_many_and_nothing_is_done(wide: Database) -> None:
    member = await new_member(wide)
    refused = await ask(wide, playing(member, 0, *[TAP] * 51))
    assert isinstance(refused, GameRefused)
    assert refused.code is GameCode.TOO_MANY_MOVES
    assert await rows(wide, "SELECT energy FROM boards") == [(100,)]


async def test_a_retry_gives_the_first_result_and_cannot_reroll(wide: Database) -> None:
    member, request = await new_member(wide), uuid4()
    first = await ask(wide, playing(member, 0, TAP, TAP, request=request))
    again = await ask(wide, playing(member, 0, TAP, TAP, request=request, now=NOW + timedelta(days=2)))
    assert again.result == first.result
    assert words(again.board.board) == words(first.board.board)
    assert await rows(wide, "SELECT revision, energy FROM boards") == [(1, 98)]
    reused = await ask(wide, playing(member, 0, TAP, request=request))
    assert reused.code is LoyaltyCode.REQUEST_ID_REUSED


async def test_what_applied_nothing_is_not_kept_so_the_same_request_may_come_again(wide: Database) -> None:
    member, request = await new_member(wide), uuid4()
    await ask(wide, playing(member, 0))
    await change_row(wide, "UPDATE boards SET energy = 0")
    tired = await ask(wide, playing(member, 1, TAP, request=request))
    assert tired.result.refusal.code == GameCode.NO_ENERGY
    assert tired.result.refusal.retry_at == NOW + timedelta(seconds=120)
    later = await ask(wide, playing(member, 1, TAP, request=request, now=NOW + timedelta(seconds=120)))
    assert later.result.applied == 1


async def deliverable(database: Database, member: UUID) -> int:
    """Lays what the first waiting order asks for; its number."""
    [(text,)] = await rows(database, "SELECT orders::text FROM boards WHERE member_id = $1", member)
    [(cells,)] = await rows(database, "SELECT cells::text FROM boards WHERE member_id = $1", member)
    number, wanted, _, _ = json.loads(text)[0]
    free = [cell for cell, word in enumerate(json.loads(cells)) if word == "."]
    await lay(database, member, dict(zip(free, wanted, strict=False)))
    return int(number)


async def learn(database: Database, member: UUID, experience: int) -> int:
    """Delivers orders until they have paid so much experience; the board's revision."""
    while True:
        asked = "SELECT revision, experience FROM boards WHERE member_id = $1"
        [(revision, reached)] = await rows(database, asked, member)
        if reached >= experience:
            return int(revision)
        deliver = Move(MoveKind.DELIVER, await deliverable(database, member))
        assert (await ask(database, playing(member, revision, deliver))).result.delivered


async def test_an_order_pays_diamonds_and_experience_once(wide: Database) -> None:
    member = await new_member(wide)
    await ask(wide, playing(member, 0))
    number = await deliverable(wide, member)
    deliver = Move(MoveKind.DELIVER, number)
    done = await ask(wide, playing(member, 1, deliver, deliver))
    [paid] = done.result.delivered
    assert (done.result.applied, done.result.refusal.code) == (1, GameCode.ORDER_NOT_FOUND)
    assert done.wallets[Currency.DIAMONDS].balance == paid.diamonds > 0
    assert done.board.board.experience == paid.experience
    assert len(done.board.orders) == 4
    async with wide.read() as connection:
        assert await orders.delivered_since(connection, [(member, NOW)]) == {member: [NOW]}
        assert await orders.delivered_since(connection, [(member, NOW + timedelta(seconds=1))]) == {member: []}
        assert (await orders.export_play(connection, member))["deliveries"][0]["order"] == number
    await check(wide)


async def test_a_level_is_claimed_once_and_pays_through_the_ledger(wide: Database) -> None:
    member = await new_member(wide)
    await ask(wide, playing(member, 0))
    revision = await learn(wide, member, 20)
    claim = Move(MoveKind.CLAIM_LEVEL, 2)
    done = await ask(wide, playing(member, revision, claim, claim))
    assert (done.result.applied, done.result.refusal.code) == (1, GameCode.LEVEL_CLAIMED)
    assert done.result.claimed[0].cells == (6, 13)
    assert await rows(wide, "SELECT amount FROM transfers WHERE account = 'issue:level'") == [(10,)]
    await check(wide)


async def test_a_clock_that_went_back_takes_nothing_and_gives_nothing(wide: Database) -> None:
    member = await new_member(wide)
    await ask(wide, playing(member, 0, TAP))
    back = await ask(wide, playing(member, 1, TAP, now=NOW - timedelta(days=3)))
    assert (back.board.board.energy.amount, back.board.at) == (98, NOW)
    later = await ask(wide, playing(member, 2, now=NOW + timedelta(seconds=239)))
    assert later.board.board.energy.amount == 99


async def test_a_retry_is_answered_as_at_first_though_the_board_was_paused_meanwhile(wide: Database) -> None:
    member, request = await new_member(wide), uuid4()
    first = await ask(wide, playing(member, 0, TAP, TAP, request=request))
    async with wide.work() as work:
        await sheets.pause(work, "board", message="Back soon.", reason="x", operator="x", now=NOW)
        await members.set_status(work, member, MemberStatus.SUSPENDED, operator="x", now=NOW)
    again = await ask(wide, playing(member, 0, TAP, TAP, request=request))
    assert (again.result, again.board.revision) == (first.result, first.board.revision)
    assert (await ask(wide, playing(member, 1, TAP))).code is LoyaltyCode.MEMBER_SUSPENDED
    assert (await ask(wide, playing(member, 1, TAP, request=request))).code is LoyaltyCode.REQUEST_ID_REUSED
    await check(wide)


async def test_a_suspended_member_and_a_paused_board_are_refused_and_gifts_wait(wide: Database) -> None:
    member = await new_member(wide)
    async with wide.work() as work:
        grants = Grants()
        grants.give(work, member, GrantKind.ENERGY, 30, "receipt", NOW)
        await grants.save(work)
        await sheets.pause(work, "board", message="Back soon.", reason="x", operator="x", now=NOW)
    assert (await ask(wide, playing(member, 0, TAP))).code is LoyaltyCode.PAUSED
    async with wide.work() as work:
        await sheets.resume(work, "board", operator="x", now=NOW)
        await members.set_status(work, member, MemberStatus.SUSPENDED, operator="x", now=NOW)
    assert (await ask(wide, playing(member, 0, TAP))).code is LoyaltyCode.MEMBER_SUSPENDED
    assert (await ask(wide, playing(uuid4(), 0, TAP))).code is LoyaltyCode.MEMBER_NOT_FOUND
    assert await rows(wide, "SELECT count(*) FROM grants WHERE consumed_at IS NULL") == [(1,)]
    assert await rows(wide, "SELECT count(*) FROM boards") == [(0,)]


# --- races


async def test_one_revision_is_played_by_one_of_sixteen_connections(wide: Database, other: Database) -> None:
    member = await new_member(wide)
    answers = await asyncio.gather(
        *(ask(server, playing(member, 0, TAP)) for server in (wide, other) * (CONNECTIONS // 2))
    )
    applied = sorted(answer.result.applied for answer in answers)
    assert applied == [0] * 15 + [1]
    assert {a.result.refusal.code for a in answers if not a.result.applied} == {GameCode.BOARD_STALE}
    assert {answer.board.revision for answer in answers} == {1}
    assert await rows(wide, "SELECT revision, energy FROM boards") == [(1, 99)]
    await check(wide)


async def test_one_request_on_two_servers_is_played_once(wide: Database, other: Database) -> None:
    member, request = await new_member(wide), uuid4()
    command = playing(member, 0, TAP, TAP, TAP, request=request)
    answers = await asyncio.gather(*(ask(server, command) for server in (wide, other) * (CONNECTIONS // 2)))
    assert len({answer.result.revision for answer in answers}) == 1
    assert {answer.result.applied for answer in answers} == {3}
    assert await rows(wide, "SELECT revision, energy FROM boards") == [(1, 97)]
    assert await rows(wide, "SELECT count(*) FROM events WHERE kind = 'moves_played'") == [(1,)]


async def test_an_order_is_paid_once_however_many_deliver_it(wide: Database, other: Database) -> None:
    member = await new_member(wide)
    await ask(wide, playing(member, 0))
    deliver = Move(MoveKind.DELIVER, await deliverable(wide, member))
    answers = await asyncio.gather(
        *(ask(server, playing(member, 1, deliver)) for server in (wide, other) * (CONNECTIONS // 2))
    )
    assert sum(len(answer.result.delivered) for answer in answers) == 1
    assert await rows(wide, "SELECT count(*) FROM deliveries") == [(1,)]
    await check(wide)


async def test_gifts_are_taken_at_the_moment_of_the_command_that_takes_them(wide: Database) -> None:
    early, late, ahead = [await new_member(wide) for _ in range(3)]
    async with wide.work() as work:
        grants = Grants()
        for member, at in ((early, NOW), (late, NOW), (ahead, NOW + timedelta(hours=2))):
            grants.give(work, member, GrantKind.ENERGY, 10, "receipt", at)
        await grants.save(work)
    asked = [playing(early, 0), playing(late, 0, now=NOW + timedelta(hours=1)), playing(ahead, 0)]
    await run_action(wide, play_moves, asked)
    taken = {each: await rows(wide, "SELECT consumed_at FROM grants WHERE member_id = $1", each)
             for each in (early, late, ahead)}  # fmt: skip
    assert taken == {
        early: [(NOW,)],
        late: [(NOW + timedelta(hours=1),)],
        ahead: [(NOW + timedelta(hours=2),)],  # given by a server whose clock runs ahead: not taken before it was given
    }


async def test_gifts_are_taken_by_one_of_sixteen(wide: Database, other: Database) -> None:
    member = await new_member(wide)
    async with wide.work() as work:
        grants = Grants()
        for _ in range(5):
            grants.give(work, member, GrantKind.ENERGY, 10, "receipt", NOW)
        await grants.save(work)
    await asyncio.gather(*(ask(server, playing(member, 0)) for server in (wide, other) * (CONNECTIONS // 2)))
    assert await rows(wide, "SELECT energy FROM boards") == [(150,)]
    await check(wide)


# --- batches


STATE = """
SELECT b.member_id, revision, cells::text, generators::text, storage::text, inbox::text, orders::text, next_order,
       level, experience, energy, energy_at, units, updated_at,
       (SELECT coalesce(sum(balance), 0) FROM wallets w WHERE w.member_id = b.member_id) AS held,
       (SELECT string_agg(d.number || ':' || d.diamonds, ',' ORDER BY d.number) FROM deliveries d
        WHERE d.member_id = b.member_id) AS delivered,
       (SELECT string_agg(e.kind || e.facts::text, ';' ORDER BY e.kind, e.facts::text) FROM events e
        WHERE e.member_id = b.member_id AND e.kind <> 'member_joined') AS events
FROM boards b JOIN identities i ON i.member_id = b.member_id ORDER BY i.subject
"""


@dataclass
class Course:
    """What five members play, in an order; made while it is played one by one, so that the revisions mostly fit."""

    seed: int
    commands: list[PlayMoves] = field(default_factory=list)

    def moves(self, dice: random.Random, number: int, held: list[str]) -> tuple[Move, ...]:
        """Some moves, of which the first can be made on a board that holds this; of the others many cannot."""
        generators = [at for at, word in enumerate(held) if word.startswith("@")]
        goods = [at for at, word in enumerate(held) if word[0].isalpha()]
        first = Move(MoveKind.TAP, dice.choice(generators)) if "." in held else Move(MoveKind.SELL, dice.choice(goods))
        if number % 5 == 4:
            return first, Move(MoveKind.DELIVER, dice.randrange(1, 3)), Move(MoveKind.DELIVER, dice.randrange(1, 12))
        cells = (FRIDGE, OVEN, 30, 31, 32, 22, 24, 17, 10, 18)
        kinds = (MoveKind.TAP, MoveKind.TAP, MoveKind.MERGE, MoveKind.MOVE, MoveKind.SELL, MoveKind.STORE)
        return first, *(
            Move(dice.choice(kinds), dice.choice(cells[:2] if dice.random() < 0.4 else cells), dice.choice(cells))
            for _ in range(dice.randrange(1, 9))
        )

    async def play_one_by_one(self, database: Database, ids: Sequence[UUID]) -> list[Any]:
        dice, answers = random.Random(self.seed), []
        for number in range(120):
            member = dice.choice(ids)
            statement = "SELECT revision, cells::text, orders::text FROM boards WHERE member_id = $1"
            [(revision, cells, waiting)] = await rows(database, statement, member)
            asked, now = self.moves(dice, number, json.loads(cells)), NOW + timedelta(minutes=number * 7)
            if revision == 1:
                asked = Move(MoveKind.DELIVER, json.loads(waiting)[0][0]), *asked
            base = revision if dice.random() < 0.9 else dice.randrange(5)
            request = UUID(int=(number if dice.random() < 0.9 else max(0, number - 3)) + 100)
            self.commands.append(playing(member, base, *asked, request=request, now=now))
            answers.append(await ask(database, self.commands[-1]))
        return answers


async def history(database: Database, course: Course, sizes: Sequence[int]) -> tuple[list[Any], list[Any]]:
    """The course on a fresh database, cut into batches of these sizes; the answers and every row."""
    await open_season(database)
    ids = [await new_member(database, f"member-{number}") for number in range(5)]
    await run_action(database, play_moves, [playing(each, 0, request=UUID(int=n + 1)) for n, each in enumerate(ids)])
    for each in ids:
        await deliverable(database, each)
    answers: list[Any] = []
    if course.commands:
        at = 0
        for size in sizes:
            answers += await run_action(database, play_moves, course.commands[at : at + size])
            at += size
        assert at == len(course.commands)
    else:
        answers = await course.play_one_by_one(database, ids)
    shown = [
        str(answer.code) if isinstance(answer, Refused)
        else (answer.result.applied, answer.result.refusal and answer.result.refusal.code, answer.board.revision,
              words(answer.board.board), answer.wallets)
        for answer in answers
    ]  # fmt: skip
    await check(database)
    return shown, await rows(database, STATE)


async def test_batches_agree_with_one_by_one_in_every_row(embedded_servers: Servers, seed: int) -> None:
    seen, course = [], Course(seed)
    for sizes in ([], [64, 56], [7] * 17 + [1]):
        name = await embedded_servers.make()
        opened = Database(
            embedded_servers.url(embedded_servers.embedded.database_url, name),
            dice=SeededDice(5), mint=Mint(SeededDice(6)),
        )  # fmt: skip
        try:
            answers, state = await history(opened, course, sizes)
        finally:
            await opened.close()
            await embedded_servers.drop(name)
        seen.append((answers, [row[1:] for row in state]))
    played = [answer for answer in seen[0][0] if not isinstance(answer, str) and answer[0]]
    assert len(played) > len(course.commands) // 2, "most of it was played"
    assert any(row[-2] for row in seen[0][1]), "something was delivered"
    for answers, state in seen[1:]:
        assert answers == seen[0][0]
        assert state == seen[0][1]


async def test_a_refused_list_ends_its_own_revision_and_the_next_of_the_batch_goes_on_from_it(wide: Database) -> None:
    member = await new_member(wide)
    too_many = playing(member, 0, *[TAP] * 51)
    refused, played = await run_action(wide, play_moves, [too_many, playing(member, 1, TAP)])
    assert isinstance(refused, Refused)
    assert refused.code is GameCode.TOO_MANY_MOVES
    assert (played.result.applied, played.board.revision) == (1, 2), "the first opened the board, the second tapped"
