"""What the fairness monitor and the audit trail cost those who draw: `python -m tests.bench.watching` (5 minutes).

One durable PostgreSQL, draws through one batcher that 64 callers keep busy in this process, after so many draws as a
season of a shop has. Windows in turn: draws alone; with the monitor's job, which makes revealed epochs again and weighs
all draws once in each window, so many times more often than its schedule has it; with an operator's acts, each with
thirty changed fields, written to the trail twenty times a second. Medians of the windows, and their ratio to draws
alone.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from uuid import uuid4

import asyncpg
from sqlalchemy.engine import make_url

from api.runtime.batcher import Batcher
from api.runtime.database import Database
from api.runtime.embedded import Embedded
from api.runtime.jobs.polling import run_job
from api.runtime.jobs.work import jobs_of
from api.runtime.migrations import migrate
from loyalty.refusals import Refused
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import record
from loyalty.sheets.rules import Act, Change
from rewards.fairness.actions import RevealSeed, reveal_seeds
from rewards.gacha.actions import DrawPrizes, draw_prizes
from rewards.gacha.actions.monitoring import EVERY
from tests.bench import pools, processes, shop
from tests.bench.commands import Asking, command
from tests.bench.operations import REGULARS
from tests.bench.shop import Shop
from tests.journeys.test_jobs import Kept

CALLERS = 64
REVEALED = 50
ACTS_A_SECOND = 20
MOST = 0.03
_ACT = [Change(f"/prizes/{each}/weight", "34000", "30000") for each in range(30)]


class Floor:
    """The database that is drawn from, and what happens beside the draws."""

    def __init__(self, url: str, place: Shop) -> None:
        self.database = Database(url, pool_size=4)
        self.beside = Database(url, pool_size=2)
        self.place = place
        self.numbers = count()
        self.looks = 0
        draw = partial(draw_prizes, vault=pools.VAULT)
        self.batcher: Batcher[DrawPrizes, object] = Batcher(self.database, draw)

    async def draw(self, seconds: float, operation: str = "draw") -> float:
        """Commands a second of 64 callers."""
        done, began = 0, time.perf_counter()

        async def caller() -> None:
            nonlocal done
            while time.perf_counter() - began < seconds:
                number = next(self.numbers) * 7919 % REGULARS
                await self.batcher.submit(command(self.place, operation, Asking(number, uuid4(), datetime.now(UTC))))
                done += 1

        await asyncio.gather(*(caller() for _ in range(CALLERS)))
        return done / (time.perf_counter() - began)

    async def reveal(self) -> None:
        """What the monitor has to make again: members who let their seed be shown."""
        now = datetime.now(UTC)
        members = [shop.member_id(next(self.numbers) * 7919 % REGULARS) for _ in range(REVEALED)]
        asked = [RevealSeed(RequestKey(each, uuid4(), b"reveal"), each, "watched", now) for each in members]
        async with self.beside.work() as work:
            answers = await reveal_seeds(work, asked, vault=pools.VAULT)
        assert not [each for each in answers if isinstance(each, Refused)], answers

    async def monitor(self) -> None:
        """The job once, its clock five minutes further, since it looks no more often."""
        self.looks += 1
        [job] = [each for each in jobs_of(Kept(), pools.VAULT) if each.name == "fairness"]
        await run_job(self.beside, job, datetime.now(UTC) + self.looks * (EVERY + timedelta(seconds=1)))

    async def trail(self) -> None:
        """An operator who never rests."""
        while True:
            async with self.beside.work() as work:
                await record(
                    work, "odds.daily", Act.EDITED, "bench", datetime.now(UTC), reason="bench", version=1, changes=_ACT
                )  # fmt: skip
            await asyncio.sleep(1 / ACTS_A_SECOND)

    async def close(self) -> None:
        await self.batcher.drain()
        await self.database.close()
        await self.beside.close()


async def nothing() -> None:
    """Beside draws alone."""


async def window(floor: Floor, seconds: float, beside: Callable[[], Awaitable[None]]) -> float:
    """Draws a second while something goes on beside them."""
    await floor.reveal()
    running = asyncio.ensure_future(beside())
    speed = await floor.draw(seconds)
    if running.done():
        await running  # what went wrong there is told
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    return speed


async def measure(floor: Floor, rounds: int, seconds: float) -> dict[str, list[float]]:
    """The speed of each window by what went on beside it; in another order in every round."""
    ways: dict[str, Callable[[], Awaitable[None]]] = {
        "draws alone": nothing, "with the monitor": floor.monitor, "with the trail": floor.trail,
    }  # fmt: skip
    found: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        names = list(ways)
        for name in names[number % 3 :] + names[: number % 3]:
            found[name].append(await window(floor, seconds, ways[name]))
    return found


async def run(servers: Embedded, rounds: int, seconds: float, fill: float) -> None:
    """Makes the database, fills it with draws, measures, and says what it found."""
    urls = [
        make_url(url).set(database="watching").render_as_string(hide_password=False)
        for url in (servers.owner_url, servers.database_url, servers.admin_url)
    ]
    where = make_url(servers.admin_url)
    admin = await asyncpg.connect(user=where.username, database=where.database, host=where.query["host"], port=5432)
    await admin.execute("CREATE DATABASE watching OWNER mergemart_owner")
    await admin.close()
    await asyncio.to_thread(migrate, urls[0])
    made = shop.bench_database(urls[1])
    place = await shop.seed(made, shoppers=REGULARS, fresh=0, coupons=REGULARS, now=datetime.now(UTC))
    await made.close()
    floor = Floor(urls[1], place)
    try:
        await floor.draw(fill, "draw10")
        await processes.analyze(urls[2])
        found = await measure(floor, rounds, seconds)
        async with floor.beside.read() as connection:
            draws = await connection.fetchval("SELECT count(*) FROM draws")
            looks = await connection.fetchval("SELECT count(*) FROM fairness_readings")
            again = await connection.fetchval("SELECT sum(draws) FROM replayed_epochs")
            acts = await connection.fetchval("SELECT count(*) FROM trail WHERE operator = 'bench' AND act = 'EDITED'")
    finally:
        await floor.close()
    print(f"{draws:,} draws at the end; {looks} looks, {again or 0:,} draws made again, {acts:,} acts in the trail")
    print(report(found, seconds))


def report(found: dict[str, list[float]], seconds: float) -> str:
    """Medians, how far they went apart, and what each way costs against draws alone."""
    alone = median(found["draws alone"])
    lines = []
    for name, speeds in found.items():
        cost = 1 - median(speeds) / alone
        lines.append(
            f"{name}: median {median(speeds):,.0f} draws/s of {len(speeds)} windows ({min(speeds):,.0f} to "
            f"{max(speeds):,.0f}), ratio {1 - cost:.3f}"
        )
    often = EVERY.total_seconds() / seconds
    real = (1 - median(found["with the monitor"]) / alone) / often
    lines.append(
        f"the monitor looked {often:.0f} times as often as it does: on its schedule that is {max(real, 0):.2%} of "
        f"draws, of {MOST:.0%} at most"
    )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.watching", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="windows of each kind")
    parser.add_argument("--seconds", type=float, default=10, help="of each window")
    parser.add_argument("--fill", type=float, default=25, help="seconds of tens drawn before")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mergemart-watching-") as folder:
        Path(folder).chmod(0o755)
        with Embedded(Path(folder) / "var") as servers:
            asyncio.run(run(servers, asked.rounds, asked.seconds, asked.fill))
    print(f"took {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
