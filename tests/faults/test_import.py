"""An import that is killed again and again, or stopped with Ctrl-C, ends as one that was left alone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from random import Random
from typing import Any

from api.runtime.audit import audit
from api.runtime.clock import utc_now
from api.runtime.database import Database
from loyalty.sheets.actions import seed_files
from tests.conftest import Servers
from tests.faults.import_program import BASKETS
from tests.seeding import PARSERS, shipped_sheets

_ROOT = Path(__file__).resolve().parents[2]
_RESULT = """
SELECT r.receipt_no, i.subject, r.bought_at, r.day, r.points, r.stamps, r.tickets, r.tier, r.total_minor
FROM receipts r JOIN identities i ON i.member_id = r.member_id AND i.kind = 'legacy' ORDER BY r.receipt_no
"""
_WALLETS = """
SELECT i.subject, w.currency, w.balance, s.code FROM wallets w JOIN standings s ON s.member_id = w.member_id
JOIN identities i ON i.member_id = w.member_id AND i.kind = 'legacy' ORDER BY 1, 2
"""


async def _start(url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.import_program",
        cwd=_ROOT, env={**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(_ROOT)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def _finish(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    out, err = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode, (out + err).decode()


async def _done(database: Database) -> int:
    async with database.read() as connection:
        return int(await connection.fetchval("SELECT coalesce(sum(done), 0) FROM imports"))


async def _interrupt(url: str, database: Database, number: signal.Signals, *, after: int) -> tuple[int | None, str]:
    """Starts the program and signals it once `after` more baskets are in, wherever it then is."""
    goal = await _done(database) + after
    process = await _start(url)
    while process.returncode is None and await _done(database) < goal:  # noqa: ASYNC110 - another process moves it
        await asyncio.sleep(0.005)
    if process.returncode is None:
        process.send_signal(number)
    return await _finish(process)


async def _state(database: Database) -> tuple[list[Any], list[Any]]:
    async with database.read() as connection:
        receipts, wallets = await connection.fetch(_RESULT), await connection.fetch(_WALLETS)
    return [tuple(row) for row in receipts], [tuple(row) for row in wallets]


async def _seed(database: Database) -> None:
    async with database.work() as work:
        await seed_files(work, shipped_sheets(), PARSERS, now=utc_now())


async def test_an_import_killed_again_and_again_ends_as_one_that_was_left_alone(
    database: Database, database_url: str, embedded_servers: Servers, seed: int
) -> None:
    await _seed(database)
    chance = Random(seed)
    for _ in range(3):
        code, told = await _interrupt(database_url, database, signal.SIGKILL, after=chance.randrange(1, 200))
        assert code == -signal.SIGKILL, told
        done = await _done(database)
        async with database.read() as connection:
            assert await connection.fetchval("SELECT count(*) FROM receipts") == done < BASKETS
    code, told = await _finish(await _start(database_url))
    assert code == 0, told
    assert "going on after" in told
    assert (await audit(database, utc_now())).failed() == []

    name = await embedded_servers.make()
    url = embedded_servers.url(embedded_servers.embedded.database_url, name)
    alone = Database(url)
    try:
        await _seed(alone)
        code, told = await _finish(await _start(url))
        assert code == 0, told
        assert await _state(alone) == await _state(database)
    finally:
        await alone.close()
        await embedded_servers.drop(name)


async def test_ctrl_c_stops_the_import_between_two_batches_and_says_how_to_go_on(
    database: Database, database_url: str
) -> None:
    await _seed(database)
    code, told = await _interrupt(database_url, database, signal.SIGINT, after=60)
    assert code not in (0, None), told
    assert "stopped; run the same command again" in told
    done = await _done(database)
    async with database.read() as connection:
        assert await connection.fetchval("SELECT count(*) FROM receipts") == done < BASKETS
    code, told = await _finish(await _start(database_url))
    assert code == 0, told
    assert await _done(database) == BASKETS


async def test_an_import_whose_database_goes_away_says_so_and_goes_on_later(
    database: Database, database_url: str, embedded_servers: Servers, database_name: str
) -> None:
    await _seed(database)
    process = await _start(database_url)
    while await _done(database) < 60 and process.returncode is None:  # noqa: ASYNC110 - another process moves it
        await asyncio.sleep(0.005)
    await database.close()
    await embedded_servers.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database_name}'"
    )
    code, told = await _finish(process)
    assert code == 1, told
    assert "the database is out of reach (UNAVAILABLE): run the same command again" in told
    code, told = await _finish(await _start(database_url))
    assert code == 0, told
    assert await _done(database) == BASKETS
    assert (await audit(database, utc_now())).failed() == []
