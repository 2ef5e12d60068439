"""Many workers at the same rows: everything that is due is done exactly once, whoever is faster."""

from __future__ import annotations

import asyncio

from api.runtime.database import Database
from api.runtime.jobs.polling import run_job
from api.runtime.jobs.work import jobs_of
from loyalty.members.actions import NewMember, create_members
from loyalty.members.rules import IdentityKind
from loyalty.timeline.actions import EventRow
from tests.journeys.test_jobs import AFTER_LOT, Kept
from tests.races.coupons_shop import NOW, Shop, check_books, give, open_shop
from tests.seeding import lock_one

MEMBERS = 600
WORKERS = 4


async def workers_of(shop: Shop, name: str, carry: Kept) -> None:
    """Four servers look at the same moment, until one pass of all of them finds nothing."""
    url = shop.database.engine.url.render_as_string(hide_password=False)
    servers = [Database(url, pool_size=2) for _ in range(WORKERS)]
    try:
        for _ in range(3):
            jobs = [next(job for job in jobs_of(carry) if job.name == name) for _ in servers]
            done = await asyncio.gather(*map(run_job, servers, jobs, [AFTER_LOT] * WORKERS))
            assert all(done), "a job failed; the log says where"
    finally:
        for server in servers:
            await server.close()


async def crowd(shop: Shop) -> None:
    async with shop.database.work() as work:
        made = await create_members(work, [NewMember(IdentityKind.LEGACY, f"m{n}", NOW) for n in range(MEMBERS)])
        for member_id in sorted(made.values()):
            await give(work, member_id, 30, 5)


async def test_four_workers_book_every_expired_lot_once(database: Database) -> None:
    shop = await open_shop(database)
    await crowd(shop)
    await workers_of(shop, "lots", Kept())
    booked = "SELECT count(*), count(DISTINCT member_id), sum(amount) FROM transfers WHERE account = 'breakage'"
    assert await shop.rows(booked) == [(MEMBERS * 2, MEMBERS, -35 * MEMBERS)]
    assert await shop.rows("SELECT count(*) FROM events WHERE kind = 'lots_expired'") == [(MEMBERS * 2,)]
    assert await shop.rows("SELECT count(*) FROM lots WHERE remaining > 0") == [(0,)]
    await check_books(shop)


async def test_four_workers_carry_every_event_once(database: Database) -> None:
    shop = await open_shop(database)
    await crowd(shop)
    carrier = Slow()
    await workers_of(shop, "outbox", carrier)
    assert len(carrier.events) == MEMBERS
    assert len({event.id for event in carrier.events}) == MEMBERS


class Slow(Kept):
    """A receiver that takes its time, so that workers meet."""

    async def __call__(self, events: list[EventRow]) -> None:  # type: ignore[override]
        await asyncio.sleep(0.05)
        await super().__call__(events)


async def test_a_member_who_is_busy_is_passed_over_and_looked_after_next_time(database: Database) -> None:
    shop = await open_shop(database)
    busy, free = await shop.member(points=10), await shop.member(points=10)
    lots = next(job for job in jobs_of(Kept()) if job.name == "lots")
    async with shop.database.work() as work:
        await lock_one(work, busy)
        async with asyncio.timeout(5):
            assert await run_job(shop.database, lots, AFTER_LOT)
        assert (await shop.points(busy), await shop.points(free)) == (10, 0)
    assert await run_job(shop.database, lots, AFTER_LOT)
    assert await shop.points(busy) == 0
    await check_books(shop)
