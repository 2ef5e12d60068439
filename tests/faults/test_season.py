"""A worker killed with -9 in the middle of the turn of a season: nobody's season ends half, or twice."""

from __future__ import annotations

import asyncio
import signal
import time
from datetime import timedelta

from api.runtime.database import Database
from game.season import actions as seasons
from loyalty.ledger.rules import Currency
from loyalty.members.actions import NewMember, create_members
from loyalty.members.rules import IdentityKind
from tests.faults.test_compensation import _WORK
from tests.faults.test_worker import start
from tests.races.test_checkin import NOW, come
from tests.races.test_play import TAP, ask, open_season, playing, rows
from tests.races.test_seasons import LATER, TURN, check, publish, turns
from tests.seeding import faults_of_books, wallet_of

MEMBERS = 1_500
KILLS = 3
_TURN = _WORK.replace("_COMPENSATED", "_TURNED").replace('"compensations"', '"seasons"')


async def reached(database: Database) -> int:
    found = await turns(database)
    return found[0][2] if found else 0


async def test_workers_killed_half_way_end_the_season_once_for_each(database: Database, database_url: str) -> None:
    await open_season(database)
    async with database.work() as work:
        made = await create_members(work, [NewMember(IdentityKind.LEGACY, f"m{n}", NOW) for n in range(MEMBERS)])
    ids = sorted(made.values())
    await publish(database, NOW, at_end={"diamonds": "EXPIRE", "streak": "RESET", "board": "RESET"})
    players = ids[::50]
    for each in players:
        await come(database, each, NOW)
        assert (await ask(database, playing(each, 0, TAP))).result.applied == 1
    await publish(database, TURN, code="2027-summer")
    before = 0
    for _ in range(KILLS):
        worker = start(_TURN, database_url, LATER.isoformat())
        deadline = time.monotonic() + 60
        while await reached(database) <= before:
            assert time.monotonic() < deadline and worker.poll() is None, "the worker did not begin"
            await asyncio.sleep(0.005)
        worker.send_signal(signal.SIGKILL)
        assert await asyncio.to_thread(worker.wait) == -signal.SIGKILL
        await asyncio.sleep(0.2)  # the database notices that its client is gone
        ended = await reached(database)
        assert before < ended < MEMBERS, "it was to be killed half way"
        await check(database)
        before = ended
    late = (LATER + timedelta(minutes=1)).isoformat()
    assert await asyncio.to_thread(start(_TURN, database_url, late).wait) == 0
    assert await turns(database) == [("2027-spring", "2027-summer", MEMBERS, True)]
    for each in players:
        assert (await wallet_of(database, each, Currency.DIAMONDS)).balance == 0
    resets = "SELECT member_id, count(*) FROM events WHERE kind = 'board_reset' GROUP BY 1"
    assert dict(await rows(database, resets)) == dict.fromkeys(players, 1)
    assert await rows(database, "SELECT DISTINCT revision, orders::text FROM boards") == [(2, "[]")]
    async with database.read() as connection:
        assert len(await seasons.read_ended(connection, players[0], limit=5)) == 1
    await check(database, *players)
    assert await faults_of_books(database, ids) == []
