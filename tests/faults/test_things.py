"""A worker that ends prizes is killed half way: nothing is half, and another goes on."""

from __future__ import annotations

import asyncio
import signal
import time
from datetime import timedelta

from api.runtime.database import Database
from rewards.prizes import actions as prizes
from tests.faults.test_worker import start
from tests.races.gacha_fair import NOW, check_books
from tests.races.things_shop import Counter, open_counter

MEMBERS = 60
_EXPIRE = """
import asyncio, sys
from datetime import datetime
from api.runtime.database import Database
from rewards.prizes.actions import expire_prizes
async def main():
    database = Database(sys.argv[1])
    while True:
        async with database.work() as work:
            if not await expire_prizes(work, datetime.fromisoformat(sys.argv[2]), 2):
                break
    await database.close()
asyncio.run(main())
"""


async def ended(counter: Counter) -> int:
    [(count,)] = await counter.fair.rows("SELECT count(*) FROM prizes WHERE state = 'EXPIRED'")
    return int(count)


async def test_a_worker_killed_half_way_leaves_nothing_half_and_another_goes_on(
    database: Database, database_url: str
) -> None:
    counter = await open_counter(database)
    await counter.count(MEMBERS)
    members = [await counter.member(stamps=20) for _ in range(MEMBERS)]
    for each in members:
        picked = await counter.pick(each)
        assert isinstance(picked, prizes.ThingPicked), picked
    over = (NOW + timedelta(hours=73)).isoformat()
    worker = start(_EXPIRE, database_url, over)
    deadline = time.monotonic() + 60
    while not await ended(counter):
        assert time.monotonic() < deadline and worker.poll() is None, "the worker did not begin"
        await asyncio.sleep(0.002)
    worker.send_signal(signal.SIGKILL)
    assert await asyncio.to_thread(worker.wait) == -signal.SIGKILL
    await asyncio.sleep(0.2)  # the database notices that its client is gone
    half = await ended(counter)
    assert 0 < half < MEMBERS, "it was to be killed half way"
    assert await counter.stock() == (MEMBERS, MEMBERS - half)
    await check_books(counter.fair)
    assert await asyncio.to_thread(start(_EXPIRE, database_url, over).wait) == 0
    assert (await ended(counter), await counter.stock()) == (MEMBERS, (MEMBERS, 0))
    [(stamps,)] = await counter.fair.rows("SELECT sum(balance)::int FROM wallets WHERE currency = 'STAMPS'")
    assert stamps == 20 * MEMBERS
    await check_books(counter.fair)
