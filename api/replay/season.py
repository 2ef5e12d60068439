"""One whole replay: a fresh database, its server, the load, the audit, the figures."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from api.replay.clock import SeasonClock, season_clock
from api.replay.figures import ZONE, read_figures
from api.replay.machine import describe
from api.replay.plan import Plan, make_plan
from api.replay.report import Replayed
from api.replay.running import Tell, run_season
from api.replay.server import serving
from api.replay.shape import HOURS, PUBLISHED
from api.replay.stage import Stage
from api.replay.tally import Tally
from api.runtime.audit import audit
from api.runtime.clock import SeededDice
from api.runtime.database import Database
from rewards.fairness.actions import AesVault

if TYPE_CHECKING:
    from api.settings import Settings

FIRST_DAY = date(2026, 3, 2)
DATA, CLOCK, LOG = "data", "clock", "server.log"

Seed = Callable[[Database, "Settings"], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to replay, over how many connections, and against how many server processes."""

    scale: float
    seed: int
    days: int
    connections: int
    step: int = 1
    processes: int = 1

    def plan(self) -> Plan:
        """The plan of that season: the same for the same seed, scale and days."""
        return make_plan(SeededDice(self.seed), PUBLISHED.scaled(self.scale), self.days, FIRST_DAY.weekday())

    @property
    def begins(self) -> datetime:
        """The first midnight, in the season's zone."""
        return datetime.combine(FIRST_DAY, datetime.min.time(), ZoneInfo(ZONE))


async def replay(
    wanted: Wanted, plan: Plan, settings: Settings, out: Path, seed: Seed, roots: dict[str, int], tell: Tell
) -> Replayed:
    """Replays a season on the fresh, migrated database of complete `settings`, whose data folder is in `out`.

    `roots`: process ids of the database's servers by name, whose CPU and memory are shown. Raises `NotServing`.
    """
    async with AsyncExitStack() as stack:
        owner = await stack.enter_async_context(_opened(settings.database_owner_url))
        clock = await stack.enter_async_context(season_clock(out / CLOCK, owner, wanted.begins))
        database = await stack.enter_async_context(_opened(settings.database_url))
        replayed = replace(settings, replay_clock=out / CLOCK)
        await seed(database, replayed)
        port, process = stack.enter_context(serving(settings.var, out / CLOCK, out / LOG, wanted.processes))
        return await _load(wanted, plan, replayed, database, clock, port, {"server": process, **roots}, tell)


async def _load(
    wanted: Wanted, plan: Plan, settings: Settings, database: Database, clock: SeasonClock, port: int,
    roots: dict[str, int], tell: Tell,
) -> Replayed:  # fmt: skip
    stage = Stage(wanted.seed, clock.read, Tally(), len(plan.hours), wanted.step)
    run = await run_season(
        stage, plan, clock, wanted.begins, port=port, connections=wanted.connections,
        roots={**roots, "load": os.getpid()}, tell=tell,
    )  # fmt: skip
    await clock.set_forward(wanted.begins + timedelta(hours=wanted.days * HOURS))
    report = await audit(database, clock.read(), vault=AesVault(settings.secret))
    async with database.snapshot() as connection:
        figures = await read_figures(connection)
    return Replayed(
        wanted.scale, wanted.seed, wanted.days, wanted.connections, wanted.step, wanted.processes, describe(),
        PUBLISHED.scaled(wanted.scale), figures, stage.tally, run, report,
    )  # fmt: skip


@asynccontextmanager
async def _opened(url: str | None) -> AsyncIterator[Database]:
    assert url is not None, "the settings are complete"
    database = Database(url, pool_size=2)
    try:
        yield database
    finally:
        await database.close()
