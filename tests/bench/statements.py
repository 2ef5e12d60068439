"""Where the time of a batch goes: `python -m tests.bench.statements [--only OPERATION[,..]] [--rounds N] [--each]`.

For each hot action, batches of 1, 16 and 64 commands on an embedded PostgreSQL (fsync on): how many statements one
batch sends, the time of a batch, of which in calls of the driver (the database, and the driver's own reading and
writing), of which in COMMIT, and this process's processor time, the driver's included. `--each` lists every statement.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import uvloop
from sqlalchemy.engine import make_url

from api.runtime.database import Database, Plans
from api.runtime.embedded import Embedded
from api.runtime.migrations import migrate
from loyalty.connection import Connection
from loyalty.refusals import Refused
from loyalty.work import Work
from tests.bench import shop
from tests.bench.commands import ACTIONS, Asking, command
from tests.bench.processes import analyze
from tests.bench.shop import Shop

SIZES = (1, 16, 64)
WARM = 2


@dataclass
class Timed:
    """A connection that notes how long each statement took."""

    connection: Any
    calls: list[tuple[str, float]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def timed(statement: str, *arguments: Any) -> Any:
            began = time.perf_counter()
            try:
                return await getattr(self.connection, name)(statement, *arguments)
            finally:
                self.calls.append((" ".join(statement.split()), time.perf_counter() - began))

        return timed


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch that ran. Seconds."""

    calls: list[tuple[str, float]]
    whole: float
    processor: float
    commit: float

    @property
    def driver(self) -> float:
        """In statements and COMMIT."""
        return sum(seconds for _, seconds in self.calls) + self.commit


class Measuring:
    """Runs batches on one seeded shop; each takes members and coupons that no batch before it took."""

    def __init__(self, database: Database, place: Shop) -> None:
        self._database = database
        self._place = place
        self._next: dict[str, int] = {}
        self._holds: dict[int, UUID] = {}

    async def run(self, operation: str, size: int) -> Batch:
        first = self._next.get(operation, 0)
        self._next[operation] = first + size
        now = datetime.now(UTC)
        commands = [
            command(
                self._place, operation, Asking(each, uuid4(), now, f"{operation}-{each}", self._holds.get(each))
            )
            for each in range(first, first + size)
        ]  # fmt: skip
        began, busy = time.perf_counter(), time.process_time()
        async with self._database.work() as work:
            timed = Timed(work.connection.driver)
            connection = Connection(timed)
            answers = await ACTIONS[operation](Work(connection, work.mint, work.dice), commands)
            await connection.flush()
            decided = time.perf_counter()
        ended = time.perf_counter()
        refused = [each for each in answers if isinstance(each, Refused)]
        assert not refused, f"{operation}: {refused[0]!r}"
        if operation == "hold":
            self._holds |= {first + number: each.hold_id for number, each in enumerate(answers)}
        return Batch(timed.calls, ended - began, time.process_time() - busy, ended - decided)


async def measure(servers: Embedded, operations: list[str], rounds: int) -> dict[tuple[str, int], list[Batch]]:
    """The batches of each operation and size, without the first ones."""
    database = Database(servers.database_url, pool_size=2, plans=Plans.BY_KEYS)
    try:
        each = (rounds + WARM) * sum(SIZES)
        place = await shop.seed(database, shoppers=each, fresh=0, coupons=each, now=datetime.now(UTC))
        # Only an administrator may; without it the planner guesses.
        named = make_url(servers.database_url).database
        await analyze(make_url(servers.admin_url).set(database=named).render_as_string(hide_password=False))
        measuring, found = Measuring(database, place), {}
        for operation in operations:
            for size in SIZES:
                found[operation, size] = [await measuring.run(operation, size) for _ in range(WARM + rounds)][WARM:]
        return found
    finally:
        await database.close()


def _line(operation: str, size: int, batches: list[Batch]) -> str:
    whole, driver, commit, processor = (
        median(getattr(each, name) for each in batches) * 1000 for name in ("whole", "driver", "commit", "processor")
    )
    return (
        f"{operation:<14} {size:>5} {len(batches[-1].calls):>10} {whole:>9.2f} {whole / size:>11.3f} {driver:>10.2f} "
        f"{commit:>9.2f} {processor:>10.2f} {processor / size:>14.3f} {processor / whole:>7.0%}"
    )


def _statements(batches: list[Batch]) -> list[str]:
    """The median of each statement in the order of a batch; those that not every batch sent are left out."""
    count = min(len(each.calls) for each in batches)
    lines = []
    for number in range(count):
        text = batches[-1].calls[number][0]
        taken = [each.calls[number][1] for each in batches if each.calls[number][0] == text]
        lines.append(f"      {median(taken) * 1000:>8.3f} ms  {text[:110]}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.statements", description=__doc__,
        epilog="example: python -m tests.bench.statements --only draw,checkIn --each",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--only", default=",".join(ACTIONS), metavar="OPERATION[,..]")
    parser.add_argument("--rounds", type=int, default=15, metavar="N")
    parser.add_argument("--each", action="store_true", help="every statement with its time")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",")
    asked = [each for each in ACTIONS if each in chosen or (each == "hold" and "settle" in chosen)]
    if not asked:
        parser.error(f"choose from {', '.join(ACTIONS)}")
    uvloop.install()
    with tempfile.TemporaryDirectory(prefix="mergemart-bench-") as folder, Embedded(Path(folder)) as servers:
        migrate(servers.owner_url)
        found = asyncio.run(measure(servers, asked, arguments.rounds))
    print("operation      batch statements  whole ms  ms/command  driver ms commit ms  Python ms Python/command  share")
    for (operation, size), batches in found.items():
        print(_line(operation, size, batches))
        if arguments.each:
            print("\n".join(_statements(batches)))


if __name__ == "__main__":
    main()
