"""Boards that begin anew at a season's end: what stays, what is refused, who is told, and who plays meanwhile."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from api.runtime.audit import audit
from api.runtime.database import Database
from api.runtime.jobs.polling import run_job
from api.runtime.jobs.work import jobs_of
from game.board.actions import read_board
from game.board.rules.moves import Move, MoveKind
from game.refusals import GameCode
from game.season import actions as seasons
from loyalty.grants.actions import Grants
from loyalty.grants.rules import GrantKind
from loyalty.ledger.rules import Currency
from tests.journeys.test_jobs import Kept
from tests.playing import NOW, words
from tests.races.test_play import CONNECTIONS, TAP, ask, check, learn, new_member, other, playing, rows, wide
from tests.races.test_seasons import publish
from tests.seeding import wallet_of

__all__ = ["other", "wide"]  # fixtures

TURN = NOW + timedelta(days=3)
LATER = TURN + timedelta(minutes=2)


async def turn(database: Database, told: dict[str, int] | None = None) -> None:
    """The job that ends seasons, as a server runs it."""
    tell = None if told is None else told.__setitem__
    job = next(job for job in jobs_of(Kept(), tell=tell) if job.name == "seasons")
    assert await run_job(database, job, LATER), "the job failed; the log says where"


async def end_with(database: Database, board: str | None) -> None:
    """A season whose end says this of boards, and the next one in force."""
    await publish(database, NOW, **({} if board is None else {"at_end": {"board": board}}))
    await publish(database, TURN, code="2027-summer")


async def whole(database: Database) -> None:
    """Boards, orders and ends of seasons agree."""
    await check(database)
    async with database.read() as connection:
        assert [each for each in await seasons.audit(connection, LATER) if not each.ok] == []


async def seed_of(database: Database, member: UUID) -> bytes:
    [(seed,)] = await rows(database, "SELECT seed FROM boards WHERE member_id = $1", member)
    return bytes(seed)


async def grown(database: Database) -> tuple[UUID, int]:
    """A member at level 2 with goods, a stack in the inbox and energy above what a board begins with; the revision."""
    member = await new_member(database)
    await ask(database, playing(member, 0, TAP, TAP))
    revision = await learn(database, member, 20)
    done = await ask(database, playing(member, revision, Move(MoveKind.CLAIM_LEVEL, 2)))
    assert done.result.claimed
    async with database.work() as work:
        grants = Grants()
        grants.give(work, member, GrantKind.GOODS, 3, "prize", NOW)
        await grants.save(work)
    done = await ask(database, playing(member, done.board.revision))
    return member, int(done.board.revision)


async def test_a_board_that_is_reset_is_a_new_members_and_keeps_what_was_given(wide: Database) -> None:
    member, revision = await grown(wide)
    nobody, stranger = await new_member(wide), await new_member(wide)
    await ask(wide, playing(stranger, 0))
    async with wide.read() as connection:
        old, fresh = await read_board(connection, member, LATER), await read_board(connection, nobody, LATER)
    old_seed = await seed_of(wide, member)
    [(numbers,)] = await rows(wide, "SELECT next_order FROM boards WHERE member_id = $1", member)
    diamonds = (await wallet_of(wide, member, Currency.DIAMONDS)).balance
    await end_with(wide, "RESET")
    async with wide.work() as work:
        grants = Grants()
        grants.give(work, member, GrantKind.ENERGY, 70, "receipt", LATER)  # waits while the season ends
        await grants.save(work)
    told: dict[str, int] = {}
    await turn(wide, told)
    await turn(wide, told)
    assert told == {f"board:{member}": revision + 1, f"board:{stranger}": 2}, "who had none has none"
    async with wide.read() as connection:
        now = await read_board(connection, member, LATER)
        [ended] = await seasons.read_ended(connection, member, limit=5)
    assert words(now.board) == words(fresh.board) != words(old.board)
    assert (now.revision, now.orders, now.board.level, now.board.experience) == (revision + 1, [], 1, 0)
    assert (now.board.storage, now.board.bubbles, now.board.merges) == ([], {}, 0)
    assert now.board.inbox == old.board.inbox != []
    assert now.board.energy.amount == old.board.energy.amount + 70, "what was given or bought is not taken away"
    assert await seed_of(wide, member) != old_seed
    assert (ended.level, ended.experience) == (2, old.board.experience)
    assert (await wallet_of(wide, member, Currency.DIAMONDS)).balance == diamonds
    played = await ask(wide, playing(member, revision + 1, TAP, now=LATER))
    assert (played.result.applied, len(played.board.orders)) == (1, 4)
    assert min(each[0] for each in played.board.orders) == numbers, "an order's number is never given twice"
    await learn(wide, member, 5)
    await whole(wide)
    assert (await audit(wide, LATER)).ok


async def test_an_app_with_the_old_board_is_told_so_and_a_retry_is_answered_as_at_first(wide: Database) -> None:
    member, revision = await grown(wide)
    request = uuid4()
    first = await ask(wide, playing(member, revision, TAP, request=request))
    await end_with(wide, "RESET")
    await turn(wide)
    stale = await ask(wide, playing(member, revision + 1, TAP, now=LATER))
    assert (stale.result.applied, stale.result.refusal.code) == (0, GameCode.BOARD_STALE)
    again = await ask(wide, playing(member, revision, TAP, request=request, now=LATER))
    assert again.result == first.result
    assert (again.board.board.level, again.board.revision) == (1, stale.board.revision)
    late = playing(member, stale.board.revision, TAP, now=LATER)
    refused = await ask(wide, type(late)(late.request, member, late.base_revision, late.moves, LATER, "2027-spring"))
    assert str(refused.code) == "SEASON_OVER"
    await whole(wide)


async def test_boards_are_kept_where_the_sheet_says_so_or_nothing(wide: Database) -> None:
    member, revision = await grown(wide)
    seed = await seed_of(wide, member)
    await end_with(wide, None)
    told: dict[str, int] = {}
    await turn(wide, told)
    assert (told, await seed_of(wide, member)) == ({}, seed)
    assert await rows(wide, "SELECT revision, level FROM boards") == [(revision, 2)]
    assert await rows(wide, "SELECT 1 FROM events WHERE kind = 'board_reset'") == []
    await whole(wide)


async def test_sixteen_connections_play_while_two_workers_end_the_season(
    wide: Database, other: Database, seed: int
) -> None:
    dice = random.Random(seed)
    grew = dict([await grown(wide) for _ in range(4)])
    await end_with(wide, "RESET")
    stale = 0

    async def play(database: Database, member: UUID) -> None:
        """Taps on, each time on the board as it was answered last."""
        nonlocal stale
        revision = grew[member]
        await asyncio.sleep(dice.random() / 20)
        for _ in range(12):
            done = await ask(database, playing(member, revision, TAP, now=LATER))
            stale += not done.result.applied and done.result.refusal.code == GameCode.BOARD_STALE
            revision = done.board.revision

    players = [play(database, member) for member in grew for database in (wide, other) for _ in range(CONNECTIONS // 8)]
    await asyncio.gather(turn(wide), turn(other), *players)
    await turn(wide)
    resets = "SELECT member_id, count(*) FROM events WHERE kind = 'board_reset' GROUP BY 1"
    assert dict(await rows(wide, resets)) == dict.fromkeys(grew, 1)
    assert stale > 0, "several devices, and a board that begins anew"
    assert {level for (level,) in await rows(wide, "SELECT level FROM boards")} == {1}
    await whole(wide)


async def test_seasons_end_again_and_again_and_the_books_count_from_the_board_that_is(wide: Database) -> None:
    member, _ = await grown(wide)
    await publish(wide, NOW, at_end={"board": "RESET"})
    for number in range(3):
        at = NOW + timedelta(days=number + 1)
        await publish(wide, at, code=f"season-{number}")
        job = next(job for job in jobs_of(Kept()) if job.name == "seasons")
        assert await run_job(wide, job, at + timedelta(minutes=2))
        [(revision,)] = await rows(wide, "SELECT revision FROM boards WHERE member_id = $1", member)
        await ask(wide, playing(member, revision, now=at + timedelta(minutes=3)))
        revision = await learn(wide, member, 20)
        if number:
            claim: Any = await ask(wide, playing(member, revision, Move(MoveKind.CLAIM_LEVEL, 2)))
            assert claim.result.claimed
        await whole(wide)
    async with wide.read() as connection:
        assert [each.level for each in await seasons.read_ended(connection, member, limit=5)] == [2, 1, 2]
