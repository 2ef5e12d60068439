"""The jobs: which action does what is due, how much at a time, how often."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from api.runtime.database import Database
from api.runtime.fanout import board_topic
from api.runtime.jobs.polling import Job, Run
from api.runtime.metrics import observe_fairness
from api.runtime.settling import settle
from game.compensation.actions import find_running, finish, grant_some
from game.season.actions import find_turns, turn_some
from loyalty.ledger.actions import expire_lots
from loyalty.members.actions import erase_due
from loyalty.requests.actions import forget_old_results
from loyalty.sheets.actions import open_sheets
from loyalty.tiers import actions as tiers
from loyalty.timeline.actions import EventRow, carry_outside
from loyalty.work import Work
from rewards.coupons.actions import expire_coupons, expire_holds, find_waiting, review_settled
from rewards.fairness.rules import Vault
from rewards.gacha.actions.monitoring import read_monitor, replay_revealed, take_reading
from rewards.prizes.actions import expire_prizes, find_owners, forfeit_erased, forget_papers

Carry = Callable[[Sequence[EventRow]], Awaitable[None]]
Tell = Callable[[str, int], None]
Act = Callable[[Work, datetime, int], Awaitable[int]]

_MEMBERS = 200
_SHEETS = 100
_EVENTS = 500
_RESULTS = 5_000
_EPOCHS = 100
_COMPENSATED = 100
_TURNED = 100


def jobs_of(carry: Carry, vault: Vault | None = None, tell: Tell | None = None) -> tuple[Job, ...]:
    """Every job of the house; `carry` takes events outside, `vault` opens revealed seeds for the fairness monitor.

    `tell` hears the topic and the number of what changed under open apps, once it is committed.
    """

    async def carry_due(work: Work, now: datetime, limit: int) -> int:
        return await carry_outside(work, now, carry, limit=limit)

    return (
        Job("sheets", 0.5, _until_none(settle, _SHEETS)),
        Job("outbox", 2, _until_none(carry_due, _EVENTS)),
        Job("holds", 15, _until_none(expire_holds, _MEMBERS)),
        Job("coupons", 60, _until_none(expire_coupons, _MEMBERS)),
        Job("prizes", 60, _until_none(expire_prizes, _MEMBERS)),
        Job("erased prizes", 600, _forfeit_erased),
        Job("papers", 600, _until_none(forget_papers, _MEMBERS)),
        Job("receipts", 60, _review_receipts),
        Job("compensations", 2, _compensate),
        Job("seasons", 15, _turning(tell)),
        Job("lots", 300, _seeded(_until_none(expire_lots, _MEMBERS))),
        Job("tiers", 900, _seeded(_review_tiers)),
        Job("erasures", 600, _until_none(_erase, _MEMBERS)),
        Job("requests", 600, _until_none(_forget, _RESULTS)),
        *([Job("fairness", 60, _monitor(vault))] if vault else ()),
    )


def _until_none(act: Act, limit: int) -> Run:
    """The action again and again, each time in a transaction of its own, until it finds nothing that it can do."""

    async def run(database: Database, now: datetime) -> AsyncGenerator[int, None]:
        while True:
            async with database.work() as work:
                changed = await act(work, now, limit)
            if not changed:
                return
            yield changed

    return run


def _seeded(run: Run) -> Run:
    """Nothing is due before the first season."""

    async def after_seed(database: Database, now: datetime) -> AsyncGenerator[int, None]:
        async with database.read() as connection:
            seeded = ("season", "current") in (await open_sheets(connection, now)).heads
        if seeded:
            async for changed in run(database, now):
                yield changed

    return after_seed


def _monitor(vault: Vault) -> Run:
    """Makes revealed draws again, weighs the rolls, and shows what came of it, whoever did it."""

    async def run(database: Database, now: datetime) -> AsyncGenerator[int, None]:
        replay = _until_none(partial(replay_revealed, vault=vault), _EPOCHS)
        async for changed in replay(database, now):
            yield changed
        async with database.work() as work:
            taken = await take_reading(work, now)
        yield taken
        async with database.read() as connection:
            reading = await read_monitor(connection)
        if reading is not None:
            observe_fairness(reading.together, reading.draws, reading.broken, alarm=reading.alarm_since is not None)

    return run


async def _compensate(database: Database, now: datetime) -> AsyncGenerator[int, None]:
    """What is under way, the oldest first, a few members at a time; another worker goes on where one was killed."""
    async with database.read() as connection:
        running = await find_running(connection)
    for compensation_id in running:
        while True:
            async with database.work() as work:
                decided = await grant_some(work, compensation_id, now, _COMPENSATED)
            if not decided:
                break
            yield decided
        async with database.work() as work:
            done = await finish(work, compensation_id, now)
        yield int(done)


def _turning(tell: Tell | None) -> Run:
    """Ends seasons that are over, member by member; where a worker was killed, another goes on."""

    async def run(database: Database, now: datetime) -> AsyncGenerator[int, None]:
        async with database.read() as connection:
            turns = await find_turns(connection, now)
        for turn in turns:
            while True:
                async with database.work() as work:
                    turned = await turn_some(work, turn, now, _TURNED)
                if tell is not None:
                    for member_id, revision in turned.revisions:
                        tell(board_topic(member_id), revision)
                if not turned.members:
                    break
                yield turned.members

    return run


async def _review_tiers(database: Database, now: datetime) -> AsyncGenerator[int, None]:
    """Page by page, since a member who keeps his tier stays in the list until the anniversary."""
    after = UUID(int=0)
    while True:
        async with database.read() as connection:
            ladder = await (await open_sheets(connection, now)).get(connection, *tiers.LADDER)
            if ladder is None:
                return
            page = await tiers.find_due(connection, ladder, now, after=after, limit=_MEMBERS)
        if not page:
            return
        after = page[-1]
        async with database.work() as work:
            moved = await tiers.review_due(work, page, now)
        yield moved


async def _forfeit_erased(database: Database, now: datetime) -> AsyncGenerator[int, None]:
    """Page by page, since a member who is still there stays in the list until his prize has ended."""
    after = UUID(int=0)
    while True:
        async with database.work() as work:
            page = await find_owners(work, after, _MEMBERS)
            ended = await forfeit_erased(work, page, now) if page else 0
        if not page:
            return
        after = page[-1]
        yield ended


async def _review_receipts(database: Database, now: datetime) -> AsyncGenerator[int, None]:
    """Page by page, since a hold waits in the list until its receipt comes."""
    after: tuple[datetime, UUID] | None = None
    while True:
        async with database.work() as work:
            page, after = await find_waiting(work, now, after=after, limit=_MEMBERS)
        if page:
            async with database.work() as work:
                decided = await review_settled(work, page, now)
            yield decided
        if after is None:
            return


async def _erase(work: Work, now: datetime, limit: int) -> int:
    return await erase_due(work, now, limit=limit)


async def _forget(work: Work, now: datetime, limit: int) -> int:
    return await forget_old_results(work, now, limit=limit)
