"""A worker killed with -9 in the middle of a compensation: nobody has half of it, and another one goes on."""

from __future__ import annotations

import asyncio
import signal
import time
from uuid import uuid4

from api.runtime.database import Database
from game.compensation import actions as compensations
from game.compensation.rules import Compensation, Gift
from loyalty.care.rules import Gifts
from loyalty.members.actions import NewMember, create_members
from loyalty.members.rules import IdentityKind
from tests.faults.test_worker import start
from tests.races.test_checkin import come, seed_calendar
from tests.races.test_compensation import DAY, EVERYONE, NOW, approve, credited, propose, state_of
from tests.seeding import faults_of_books

MEMBERS = 2_000
KILLS = 3
# Small transactions, so that a kill falls between the first and the last of them.
_WORK = """
import asyncio, sys
from datetime import datetime
from api.runtime.database import Database
from api.runtime.jobs import work
from api.runtime.jobs.polling import run_job
work._COMPENSATED = 20
async def carry(events):
    pass
async def main():
    [job] = [each for each in work.jobs_of(carry) if each.name == "compensations"]
    sys.exit(0 if await run_job(Database(sys.argv[1]), job, datetime.fromisoformat(sys.argv[2])) else 1)
asyncio.run(main())
"""


async def test_workers_killed_half_way_leave_nothing_half_and_the_next_goes_on(
    database: Database, database_url: str
) -> None:
    await seed_calendar(database)
    async with database.work() as work:
        made = await create_members(work, [NewMember(IdentityKind.LEGACY, f"m{n}", NOW) for n in range(MEMBERS)])
    ids = sorted(made.values())
    for each in ids[::40]:
        await come(database, each, NOW)
    day = (NOW + DAY).date()
    now = NOW + 2 * DAY
    gift = Gift(Gifts(diamonds=10, energy=5, tickets=1), (day,))
    compensation = await propose(database, EVERYONE, gift, by=uuid4(), now=now)
    await approve(database, compensation)
    before = 0
    for _ in range(KILLS):
        worker = start(_WORK, database_url, now.isoformat())
        deadline = time.monotonic() + 60
        while (await state_of(database, compensation))[1] <= before:
            assert time.monotonic() < deadline and worker.poll() is None, "the worker did not begin"
            await asyncio.sleep(0.005)
        worker.send_signal(signal.SIGKILL)
        assert await asyncio.to_thread(worker.wait) == -signal.SIGKILL
        await asyncio.sleep(0.2)  # the database notices that its client is gone
        state, granted, skipped, waiting = await state_of(database, compensation)
        assert (state, skipped, granted + waiting) == ("RUNNING", 0, MEMBERS), "progress is seen while it runs"
        assert before < granted < MEMBERS, "it was to be killed half way"
        await check(database, compensation, granted)
        before = granted
    assert await asyncio.to_thread(start(_WORK, database_url, now.isoformat()).wait) == 0
    assert await state_of(database, compensation) == ("DONE", MEMBERS, 0, 0)
    await check(database, compensation, MEMBERS)
    assert await faults_of_books(database, ids) == []


async def check(database: Database, compensation: Compensation, granted: int) -> None:
    """Whoever has it has all of it, once: transfers, energy, the event and the forgiven day."""
    assert await credited(database) == [
        ("DIAMONDS", granted, granted, 10 * granted), ("TICKETS", granted, granted, granted),
    ]  # fmt: skip
    async with database.read() as connection:
        assert [each for each in await compensations.audit(connection, NOW) if not each.ok] == []
        energy = await connection.fetchval(
            "SELECT sum(amount) FROM grants WHERE source = $1", f"compensation:{compensation.id}"
        )
        forgiven = await connection.fetchrow(
            "SELECT count(*), count(*) FILTER (WHERE c.state = 'GRANTED') FROM checkin_days d "
            "JOIN compensated c ON c.member_id = d.member_id WHERE d.kept = 'FORGIVEN'"
        )
        promised = await connection.fetchval("SELECT coalesce(sum(days), 0) FROM compensated WHERE state = 'GRANTED'")
    assert energy == 5 * granted
    assert forgiven[0] == forgiven[1] == promised
