"""A worker as a process of its own: it is killed half way and leaves nothing half; SIGTERM lets it finish."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID

import pytest

from api.runtime.database import Database
from loyalty.members.actions import NewMember, create_members
from loyalty.members.rules import IdentityKind
from tests.races.coupons_shop import ROOT, Shop, check_books, give, open_shop
from tests.seeding import NOW as PAST

MEMBERS = 3_000
# Small transactions, so that a kill falls between the first and the last of them.
_WORK = """
import asyncio, sys
from datetime import datetime
from api.runtime.database import Database
from api.runtime.jobs import work
from api.runtime.jobs.polling import run_job
work._MEMBERS = 20
async def carry(events):
    pass
async def main():
    [job] = [each for each in work.jobs_of(carry) if each.name == "lots"]
    sys.exit(0 if await run_job(Database(sys.argv[1]), job, datetime.fromisoformat(sys.argv[2])) else 1)
asyncio.run(main())
"""
_WORKER = """
import asyncio, sys
from pathlib import Path
from api.runtime.database import Database
from api.runtime.jobs import run_worker
from api.settings import Settings
settings = Settings(var=Path(sys.argv[2]), secret=b"of the worker", database_owner_url=sys.argv[3])
sys.exit(asyncio.run(run_worker(Database(sys.argv[1]), settings, None)))
"""


def start(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", program, *arguments], cwd=ROOT)


@pytest.fixture
async def shop(database: Database) -> Shop:
    shop = await open_shop(database)
    async with database.work() as work:
        made = await create_members(work, [NewMember(IdentityKind.LEGACY, f"m{n}", PAST) for n in range(MEMBERS)])
        first, *_ = sorted(made.values())
        await give(work, first, 30)
        ids = sorted(made.values())
        for table in ("wallets", "lots", "transfers"):
            await copy_rows(work.connection, table, first, ids[1:])
    return shop


async def copy_rows(connection: object, table: str, owner: UUID, others: list[UUID]) -> None:
    """The same rows for every other member: a crowd in a moment."""
    await connection.execute(  # type: ignore[attr-defined]
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object('member_id', m))).* "
        f"FROM {table} t, unnest($2::uuid[]) AS m WHERE t.member_id = $1",
        owner,
        others,
    )


async def booked(shop: Shop) -> int:
    [(count,)] = await shop.rows("SELECT count(*) FROM transfers WHERE account = 'breakage'")
    return int(count)


async def test_a_worker_killed_half_way_leaves_nothing_half_and_another_goes_on(shop: Shop, database_url: str) -> None:
    after = "2028-05-01T00:00:00+00:00"
    worker = start(_WORK, database_url, after)
    deadline = time.monotonic() + 30
    while not await booked(shop):
        assert time.monotonic() < deadline and worker.poll() is None, "the worker did not begin"
        await asyncio.sleep(0.005)
    worker.send_signal(signal.SIGKILL)
    assert await asyncio.to_thread(worker.wait) == -signal.SIGKILL
    await asyncio.sleep(0.2)  # the database notices that its client is gone
    half = await booked(shop)
    assert 0 < half < MEMBERS, "it was to be killed half way"
    await check_books(shop)
    assert await shop.rows("SELECT count(*) FROM events WHERE kind = 'lots_expired'") == [(half,)]
    assert await asyncio.to_thread(start(_WORK, database_url, after).wait) == 0
    assert await booked(shop) == MEMBERS
    assert await shop.rows("SELECT count(*) FROM events WHERE kind = 'lots_expired'") == [(MEMBERS,)]
    await check_books(shop)


async def test_sigterm_ends_a_worker_with_exit_code_0_once_its_work_is_committed(
    shop: Shop, database_url: str, owner_url: str, tmp_path: Path
) -> None:
    worker = start(_WORKER, database_url, str(tmp_path), owner_url)
    outside = tmp_path / "outbox.jsonl"
    deadline = time.monotonic() + 30
    while not outside.exists():
        assert time.monotonic() < deadline and worker.poll() is None, "the worker did not begin"
        await asyncio.sleep(0.01)
    worker.terminate()
    assert await asyncio.to_thread(worker.wait, 20) == 0
    carried = [json.loads(line)["id"] for line in outside.read_text().splitlines()]
    assert len(carried) == len(set(carried)) > 0
    [(left,)] = await shop.rows("SELECT count(*) FROM outbox")
    assert left + len(carried) == MEMBERS, "what was carried is deleted, what was not stays"
