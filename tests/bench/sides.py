"""Both sides of a comparison: the operations over HTTP, and pgbench with the same statements."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from api.runtime.database import Plans
from api.runtime.embedded import Embedded
from tests.bench import operations, pools, shop
from tests.bench.operations import REGULARS, ROOT, Operation, Request, Run, Who
from tests.bench.processes import Databases, Serving

SCRIPTS = Path(__file__).parent / "pgbench"
# As the server's connections are planned, or scripts would read the whole of tables that were empty at their start.
_PLANNED_ALIKE = Plans.BY_KEYS.replace("SET ", "-c ").replace(" = ", "=").replace(";", "")
# pgbench runs with this many connections at most; more over HTTP are compared with these.
PGBENCH_MOST = 64
WARM, WARM_LEVEL = 128, 16
# The first transactions of each of pgbench's connections are not counted: it prepares its statements in the first, and
# PostgreSQL plans them anew in five. A server's connections have that behind them.
UNCOUNTED = 10
_COUNTED_LEAST = 50


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: `levels` are connections and how many requests each of them gets in all."""

    operations: tuple[Operation, ...]
    levels: Mapping[int, int]
    rounds: int

    @property
    def needed(self) -> int:
        """Fresh members, and coupons, that such a plan uses up."""
        return self.used((WARM_LEVEL, WARM)) + self.rounds * sum(map(self.used, self.levels.items()))

    @staticmethod
    def used(level: tuple[int, int]) -> int:
        """How many of them a level takes of one side at most: (connections, requests)."""
        connections, count = level
        return max(count, connections * transactions(connections, count) if connections <= PGBENCH_MOST else 0)

    def takes(self, who: Who) -> bool:
        return any(each.who is who for each in self.operations)

    @property
    def total(self) -> int:
        """Requests and transactions of all measured runs."""
        of_pgbench = [
            level * transactions(level, count) for level, count in self.levels.items() if level <= PGBENCH_MOST
        ]
        return self.rounds * len(self.operations) * (sum(self.levels.values()) + sum(of_pgbench))


def transactions(connections: int, count: int) -> int:
    """How many of them each of pgbench's connections does."""
    return UNCOUNTED + max(count // connections, _COUNTED_LEAST)


@dataclass
class Bench:
    """Both sides, ready to be measured. `advance` is told of requests and transactions that are done."""

    servers: Embedded
    databases: Databases
    served: Serving
    plan: Plan
    advance: Callable[[int], None]
    say: Callable[[str], None]
    figures: dict[tuple[str, int, str], list[dict[str, float]]] = field(default_factory=dict)
    _run: int = 0
    _first_coupon: int = 0
    _first_fresh: int = shop.SHOPPERS

    def warm_up(self) -> None:
        """Sign-ins, plans and caches, on both sides."""
        self._level(WARM_LEVEL, WARM, ("pgbench", "http"), lambda *_: None)

    def measure(self) -> None:
        """Every operation at every level, both sides in turn; every other round begins with the other side."""
        for number in range(self.plan.rounds):
            for connections, count in self.plan.levels.items():
                self.say(f"round {number + 1} of {self.plan.rounds}, {connections} connections")
                sides = ("pgbench", "http") if number % 2 == 0 else ("http", "pgbench")
                self._level(connections, count, sides, self._note)

    def load(self, connections: int, count: int) -> dict[str, dict[str, float]]:
        """The plan's operations over HTTP alone, once: operation -> what was measured."""
        found: dict[str, dict[str, float]] = {}
        self._level(connections, count, ("http",), lambda name, _, __, figures: found.update({name: figures}))
        return found

    def next_run(self) -> int:
        """A number that no run had before: receipts are named after it."""
        self._run += 1
        return self._run

    def _note(self, operation: str, connections: int, side: str, figures: dict[str, float]) -> None:
        self.figures.setdefault((operation, connections, side), []).append(figures)

    def _level(
        self,
        connections: int,
        count: int,
        sides: Sequence[str],
        note: Callable[[str, int, str, dict[str, float]], None],
    ) -> None:
        self.next_run()
        self._sign_in(count)
        holds: list[str] = []
        for operation in self.plan.operations:
            for side in sides:
                if side == "pgbench" and connections > PGBENCH_MOST:
                    continue
                if side == "pgbench":
                    figures = self.pgbench(operation, connections, count)
                else:
                    run = Run(self._run, self._first_fresh, self._first_coupon, holds)
                    asked = operations.requests(self.databases.place, operation, count, run)
                    collect = r'"id":"(hld_\w+)"' if operation.name == "hold" else None
                    figures = self.http(asked, connections, operation.expect, collect=collect)
                    holds = figures.pop("collected") or holds
                note(operation.name, connections, side, figures)
                self.advance(connections * transactions(connections, count) if side == "pgbench" else count)
        self._first_coupon += Plan.used((connections, count))
        self._first_fresh += Plan.used((connections, count))

    def _sign_in(self, count: int) -> None:
        asked = operations.sign_ins(0, REGULARS)
        if self.plan.takes(Who.FRESH):
            asked += operations.sign_ins(self._first_fresh, count)
        # Each process learns whom it meets; nobody can tell which one answers.
        for _ in range(1 if len(self.served.pids) == 1 else 3):
            self.http(asked, 16, "__typename")

    def http(
        self, requests: list[Request], connections: int, expect: str, *, collect: str | None = None,
        rate: float | None = None, served: Serving | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """What the load generator measured. Any answer without `expect`, or with a refusal, ends the bench.

        `served` is another server than the measured one.
        """
        served = served or self.served
        job = {
            "port": served.port, "connections": connections, "requests": requests, "expect": expect,
            "collect": collect, "rate": rate,
        }  # fmt: skip
        busy = served.cpu_seconds()
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.client"], cwd=ROOT, input=json.dumps(job), check=False, text=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"the load generator failed with {done.returncode}; the lines above say why")
        figures: dict[str, Any] = json.loads(done.stdout)
        first_wrong, wrong = figures.pop("first_wrong"), figures.pop("wrong")
        if wrong:
            raise SystemExit(f"{wrong} of {len(requests)} answers were not what was asked for: {first_wrong[:2_000]}")
        figures["server_cpu"] = (served.cpu_seconds() - busy) * figures["per_second"] / len(requests)
        return figures

    def pgbench(self, operation: Operation, connections: int, count: int) -> dict[str, float]:
        """Transactions a second of its script, while all connections are at work. Any that fails ends the bench."""
        each = transactions(connections, count)
        place = self.databases.place
        first = self._first_fresh if operation.who is Who.FRESH else self._first_coupon
        variables = {
            "offer": place.offer_id, "n": 0, "run": self._run, "first": first, "each": each,
            "members": REGULARS if operation.who is Who.REGULAR else shop.SHOPPERS,
            **{name: place.pools[name][0] for name in pools.POOLS},
        }  # fmt: skip
        url = make_url(self.databases.url)
        with tempfile.TemporaryDirectory(prefix="mergemart-pgbench-") as folder:
            done = subprocess.run(
                [
                    str(self.servers.pg_bin / "pgbench"), "-n", "-M", "prepared", "-c", str(connections),
                    "-t", str(each), "-f", str(SCRIPTS / f"{operation.name}.sql"), "-h", str(url.query["host"]),
                    "-U", str(url.username), "--log", f"--log-prefix={folder}/log",
                    *(part for name, value in variables.items() for part in ("-D", f"{name}={value}")), "bench_pgbench",
                ],
                check=False, text=True, capture_output=True, env={**os.environ, "PGOPTIONS": _PLANNED_ALIKE},
            )  # fmt: skip
            processed = f"processed: {each * connections}/{each * connections}"
            if done.returncode or processed not in done.stdout or "ERROR" in done.stderr:
                raise SystemExit(f"pgbench failed at {operation.name}: {done.stdout}{done.stderr}")
            logged = "".join(path.read_text(encoding="utf-8") for path in Path(folder).iterdir())
        return {"per_second": steady_rate(logged.splitlines())}


def steady_rate(logged: Sequence[str]) -> float:
    """Transactions a second from when the last connection is past those that are not counted to when the first is done.

    The lines are of pgbench's own log: number of the connection, of the transaction, its microseconds, the script's
    number, and the second and microsecond in which it ended. Ends the bench where that time has hardly any in it.
    """
    ends: defaultdict[str, list[float]] = defaultdict(list)
    for line in logged:
        connection, _, _, _, second, microsecond = line.split()
        ends[connection].append(int(second) + int(microsecond) / 1e6)
    first = max(sorted(each)[UNCOUNTED - 1] for each in ends.values())
    last = min(max(each) for each in ends.values())
    counted = sum(first < end <= last for each in ends.values() for end in each)
    if counted < len(logged) // 16:
        raise SystemExit(f"pgbench's connections went unevenly: all were at work for {counted} of {len(logged)}")
    return counted / (last - first)
