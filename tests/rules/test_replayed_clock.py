"""The season's clock in a file: shared, going on by itself, set forward only; and what follows for jobs and limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from api.graphql.serve import _limits
from api.identity.rules import MemberCaller
from api.runtime.clock import ReplayedClock, clock_of, utc_now
from api.runtime.database import Database
from api.runtime.jobs.polling import Job, poll
from api.runtime.services import Services
from api.settings import Settings, SettingsError

BEGINS = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def test_two_readers_see_one_time_and_it_goes_on_by_itself(tmp_path: Path) -> None:
    one = ReplayedClock(tmp_path / "clock", BEGINS)
    other = clock_of(tmp_path / "clock")
    first, second, third = one(), other(), one()
    assert BEGINS <= first < second < third < BEGINS + DAY / 24


def test_it_is_set_forward_for_every_reader_and_never_back(tmp_path: Path) -> None:
    one = ReplayedClock(tmp_path / "clock", BEGINS)
    other = clock_of(tmp_path / "clock")
    one.set_forward(BEGINS + DAY)
    assert BEGINS + DAY <= other() < BEGINS + 2 * DAY
    one.set_forward(BEGINS)
    assert BEGINS + DAY <= other() < BEGINS + 2 * DAY


def test_without_a_replay_the_clock_is_the_wall_clock() -> None:
    assert clock_of(None) is utc_now


def test_only_demo_mode_takes_a_replayed_clock() -> None:
    named = {"MERGEMART_REPLAY_CLOCK": "/tmp/clock"}  # noqa: S108 - never opened
    assert Settings.from_environment(named).replay_clock == Path("/tmp/clock")  # noqa: S108 - the same
    for outside in (
        {"MERGEMART_DEMO": "0"},
        {"DATABASE_URL": "postgresql://app@db/shop", "MERGEMART_SECRET": "s" * 32},
    ):
        with pytest.raises(SettingsError, match="MERGEMART_REPLAY_CLOCK"):
            Settings.from_environment(named | outside)


async def test_rates_are_limited_except_in_a_replay(tmp_path: Path, database: Database) -> None:
    async def refused(settings: Settings) -> int:
        limits = _limits(Services(settings, database, database, database, None))
        caller = MemberCaller(uuid4())
        return sum([await limits.admit_caller("mobile", caller, BEGINS) is not None for _ in range(300)])

    assert await refused(Settings()) > 0
    assert await refused(Settings(replay_clock=tmp_path / "clock")) == 0


async def test_a_job_comes_again_as_soon_as_the_clock_is_set_forward(tmp_path: Path, database: Database) -> None:
    clock = ReplayedClock(tmp_path / "clock", BEGINS)
    seen: asyncio.Queue[datetime] = asyncio.Queue()

    async def look(opened: Database, now: datetime) -> AsyncGenerator[int, None]:
        await seen.put(now)
        yield 0

    stopping = asyncio.Event()
    polling = asyncio.create_task(poll(database, [Job("daily", 3600, look)], stopping, clock, nap=0.01))
    days = 0
    async with asyncio.timeout(20):
        for _ in range(3):
            while seen.empty():
                days += 1
                clock.set_forward(BEGINS + days * DAY)
                await asyncio.sleep(0.02)
            assert BEGINS + DAY <= await seen.get() < BEGINS + (days + 1) * DAY
        await asyncio.sleep(0.1)
        while not seen.empty():
            seen.get_nowait()
        await asyncio.sleep(0.1)
        assert seen.empty(), "while nobody sets it forward the next hour is an hour away"
        stopping.set()
        await polling
