"""`make bench`: the hot mutations over HTTP against pgbench with the same statements, side by side in one run.

pgbench runs each command's statements in a transaction of its own; the server batches what arrives together. Both use
one durable PostgreSQL (fsync on), each a database of its own made in the same way. Rounds are interleaved, medians are
shown. `--quick` measures once and less.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy.engine import make_url

from api.graphql.nodes import write_id
from api.runtime.embedded import Embedded
from api.runtime.migrations import migrate
from tests.bench import shop
from tests.faults.server import free_port

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).parent / "pgbench"
LEVELS = {1: 300, 16: 1_920, 64: 3_840}
TARGET = 0.5
MOST_MIB = 200
# Members who buy over HTTP; a server knows who signed in within five minutes, and so do they here.
BUYERS = 1_000
OPERATIONS = ("recordReceipt", "buyCoupon", "hold", "settle")


@dataclass
class Bench:
    """Both sides, ready to be measured."""

    servers: Embedded
    url: Any
    port: int
    offer_id: UUID
    rounds: int
    levels: dict[int, int]
    first_coupon: int = 0
    run: int = 1
    figures: dict[tuple[str, int, str], list[dict[str, Any]]] = field(default_factory=dict)

    def measure(self) -> None:
        """Every operation at every level, both sides in turn; every other round begins with the other side."""
        for number in range(self.rounds):
            for connections, count in self.levels.items():
                print(f"  round {number + 1} of {self.rounds}, {connections} connections", flush=True)
                self.run += 1
                holds: list[str] = []
                for operation in OPERATIONS:
                    for side in ("pgbench", "http") if number % 2 == 0 else ("http", "pgbench"):
                        figures = self.once(side, operation, connections, count, holds)
                        holds = figures.pop("collected", None) or holds
                        self.figures.setdefault((operation, connections, side), []).append(figures)
                self.first_coupon += count

    def once(self, side: str, operation: str, connections: int, count: int, holds: list[str]) -> dict[str, Any]:
        """One side's figures for one operation; of a hold over HTTP, the holds too."""
        if side == "pgbench":
            return self.pgbench(operation, connections, count)
        if operation == "buyCoupon":
            self.sign_in()
        return self.http(self.requests(operation, count, holds), connections, collect=operation == "hold")

    def sign_in(self) -> None:
        body = json.dumps({"query": "{ __typename }"})
        self.http([("/graphql", f"Bearer demo:bench-{number}", body) for number in range(BUYERS)], 16)

    def requests(self, operation: str, count: int, holds: list[str]) -> list[tuple[str, str, str]]:
        till = f"Bearer demo:{shop.STORE.code}"
        now = datetime.now(UTC).isoformat()
        if operation == "buyCoupon":
            return [
                (
                    "/graphql",
                    f"Bearer demo:bench-{n * 7919 % shop.MEMBERS}",
                    _body("mobile", "BuyCoupon", offerId=write_id("off", self.offer_id)),
                )
                for n in range(count)
            ]
        made = []
        for n in range(count):
            if operation == "recordReceipt":
                receipt = {
                    "cardNo": shop.card_no(n * 7919 % shop.MEMBERS), "receiptNo": f"H-{self.run}-{n}", "boughtAt": now,
                    "currency": "TWD", "lines": [_line(each) for each in shop.LINES],
                }  # fmt: skip
                body = _body("till", "RecordReceipt", receipt=receipt)
            elif operation == "hold":
                coupon, basket = self.first_coupon + n, {"currency": "TWD", "lines": [_line(shop.LINES[0])]}
                card = shop.card_no(coupon % shop.MEMBERS)
                body = _body("till", "HoldBasket", cardNo=card, codes=[shop.code(coupon)], payPoints=100, basket=basket)
            else:
                body = _body("till", "SettleBasket", holdId=holds[n], receiptNo=f"S-{self.run}-{n}")
            made.append(("/till/graphql", till, body))
        return made

    def http(
        self, requests: list[tuple[str, str, str]], connections: int, *, collect: bool = False, port: int | None = None
    ) -> dict[str, Any]:
        job = {"port": port or self.port, "connections": connections, "requests": requests,
               "collect": r'"id":"(hld_\w+)"' if collect else None}  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.client"], cwd=ROOT, input=json.dumps(job), check=True, text=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        figures: dict[str, Any] = json.loads(done.stdout)
        if figures["wrong"]:
            raise SystemExit(f"{figures['wrong']} of {len(requests)} requests failed: {figures['first_wrong']}")
        return figures

    def pgbench(self, operation: str, connections: int, count: int) -> dict[str, Any]:
        each = count // connections
        variables = {
            "offer": self.offer_id,
            "n": 0,
            "run": self.run,
            "members": BUYERS if operation == "buyCoupon" else shop.MEMBERS,
            "first": self.first_coupon,
            "each": each,
        }
        done = subprocess.run(
            [
                str(self.servers.pg_bin / "pgbench"), "-n", "-M", "prepared", "-c", str(connections), "-t", str(each),
                "-f", str(SCRIPTS / f"{operation}.sql"), "-h", self.url.query["host"], "-U", self.url.username,
                *(part for name, value in variables.items() for part in ("-D", f"{name}={value}")), "bench_pgbench",
            ],
            check=False, text=True, capture_output=True,
        )  # fmt: skip
        found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
        if done.returncode or not found or f"processed: {count}/{count}" not in done.stdout:
            raise SystemExit(f"pgbench failed: {done.stdout}{done.stderr}")
        return {"per_second": float(found[1])}


def _line(line: Any) -> dict[str, Any]:
    return {
        "lineNo": line.line_no, "sku": line.sku, "name": line.name, "brand": line.brand, "category": line.category,
        "quantity": line.quantity, "amountMinor": line.amount_minor,
    }  # fmt: skip


def _body(kind: str, operation: str, **variables: Any) -> str:
    text = (ROOT / "api" / kind / "operations" / f"{operation}.graphql").read_text(encoding="utf-8")
    return json.dumps({"query": text, "variables": {"requestId": str(uuid4()), **variables}})


@contextmanager
def process(port: int, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server of tests/bench/server.py, ready."""
    started = subprocess.Popen([sys.executable, "-m", "tests.bench.server", str(port), *arguments], cwd=ROOT)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).read()
                break
            except OSError:
                time.sleep(0.05)
        yield started
    finally:
        started.terminate()
        started.wait(30)


async def prepare(servers: Embedded, coupons: int) -> dict[str, Any]:
    """Two databases made alike; the offer's id."""
    url = make_url(servers.admin_url)
    admin = await asyncpg.connect(user=url.username, database=url.database, host=url.query["host"], port=5432)
    await admin.execute("CREATE DATABASE bench_http OWNER mergemart_owner")

    def at(role_url: str, name: str) -> str:
        return make_url(role_url).set(database=name).render_as_string(hide_password=False)

    await asyncio.to_thread(migrate, at(servers.owner_url, "bench_http"))
    database = shop.bench_database(at(servers.database_url, "bench_http"))
    today = shop.day_of(datetime.now(UTC))
    offer_id = await shop.seed(database, members=shop.MEMBERS, coupons=coupons, today=today)
    await database.close()
    await analyze(at(servers.admin_url, "bench_http"))
    await admin.execute("CREATE DATABASE bench_pgbench OWNER mergemart_owner TEMPLATE bench_http")
    durable = await admin.fetchrow("SELECT current_setting('fsync') AS fsync, version() AS version")
    await admin.close()
    return {"offer": offer_id, "url": at(servers.database_url, "bench_http"), **dict(durable)}


async def analyze(url: str) -> None:
    """What autovacuum does within a minute: without it the planner guesses on one side and not on the other."""
    where = make_url(url)
    owner = await asyncpg.connect(user=where.username, database=where.database, host=where.query["host"], port=5432)
    await owner.execute("VACUUM ANALYZE")
    await owner.close()


def cheap_query(bench: Bench, bare_port: int, count: int) -> dict[str, float]:
    """A query without the database, whole way through the edge, against the bare reply."""
    body = json.dumps({"query": "{ __typename }"})
    requests = [("/graphql", "Bearer demo:bench-1", body)] * count
    both: dict[str, list[float]] = {"query": [], "bare": []}
    shares = []
    for _ in range(max(bench.rounds, 2)):
        for name, port in (("query", bench.port), ("bare", bare_port)):
            figures = bench.http(requests, 32, port=port)
            both[name].append(figures["per_second"])
            shares.append(figures["cpu_share"])
    return {**{name: median(each) for name, each in both.items()}, "client_cpu_share": max(shares)}


def resident_mib(process_id: int) -> float:
    """Memory that a process holds, and the most that it ever held."""
    status = Path(f"/proc/{process_id}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def machine() -> str:
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    gib = int(memory[1]) / 2**20 if memory else 0
    name = cpu[1] if cpu else platform.machine()
    return f"{name}, {os.cpu_count()} cores, {gib:.0f} GiB, {platform.system()} {platform.release()}"


def report(bench: Bench, about: dict[str, Any], cheap: dict[str, float], mib: float) -> dict[str, Any]:
    """Prints the table; returns everything as data."""
    rows = [_row(bench, operation, connections) for operation in OPERATIONS for connections in bench.levels]
    version = about["version"].split(" on ")[0]
    print(f"\n{about['machine']}; Python {platform.python_version()}, {version}, fsync {about['fsync']}")
    print("load, server and PostgreSQL share the machine; medians of interleaved rounds\n")
    print("operation      connections   http/s  pgbench/s  ratio  target         median    p99 ms  load's CPU")
    for row in rows:
        print(
            f"{row['operation']:<14} {row['connections']:>11} {row['per_second']:>8.0f} "
            f"{row['pgbench_per_second']:>10.0f} "
            f"{row['ratio']:>6.2f}  >= {TARGET} {_verdict(row['ratio'] >= TARGET)} {row['median_ms']:>8.1f} "
            f"{row['p99_ms']:>9.1f} {row['cpu_share']:>11.0%}"
        )
    query, bare, share = cheap["query"], cheap["bare"], cheap["client_cpu_share"]
    print(f"\ncheap query {{ __typename }}   {query:.0f}/s, {query / bare:.2f} of a bare ASGI reply")
    print(f"bare ASGI reply            {bare:.0f}/s under the same uvicorn; load's CPU {share:.0%}")
    print(f"memory of the server       {mib:.0f} MiB at most; target < {MOST_MIB} {_verdict(mib < MOST_MIB)}")
    return {"about": about, "mutations": rows, "cheap_query": cheap, "memory_mib": mib}


def _row(bench: Bench, operation: str, connections: int) -> dict[str, Any]:
    http = bench.figures[operation, connections, "http"]
    names = ("per_second", "median_ms", "p99_ms", "cpu_share")
    figures = {name: median(each[name] for each in http) for name in names}
    beside = median(each["per_second"] for each in bench.figures[operation, connections, "pgbench"])
    ratio = figures["per_second"] / beside
    return {"operation": operation, "connections": connections, "pgbench_per_second": beside, "ratio": ratio, **figures}


def _verdict(met: bool) -> str:
    return "met   " if met else "MISSED"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, fewer requests")
    parser.add_argument("--json", type=Path, default=ROOT / "var" / "bench.json", help="where the figures go")
    arguments = parser.parse_args()
    rounds = 1 if arguments.quick else 3
    levels = {c: count // 4 // c * c for c, count in LEVELS.items()} if arguments.quick else LEVELS
    started = time.monotonic()
    with ExitStack() as stack:
        var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mergemart-bench-")))
        var.chmod(0o755)
        servers = stack.enter_context(Embedded(var / "var"))
        print("making two databases of the same content", flush=True)
        about = asyncio.run(prepare(servers, rounds * sum(levels.values())))
        port, bare_port = free_port(), free_port()
        server = stack.enter_context(process(port, about["url"], servers.redis_url or "", str(var)))
        stack.enter_context(process(bare_port))
        bench = Bench(servers, make_url(about["url"]), port, about.pop("offer"), rounds, levels)
        warm_up(bench)
        bench.measure()
        cheap = cheap_query(bench, bare_port, 2_000 if arguments.quick else 8_000)
        about = {"machine": machine(), "version": about["version"], "fsync": about["fsync"]}
        figures = report(bench, about, cheap, resident_mib(server.pid))
    figures["seconds"] = time.monotonic() - started
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(f"took {figures['seconds']:.0f} s; figures in {arguments.json}")


def warm_up(bench: Bench) -> None:
    """Sign-ins, plans and caches, on both sides."""
    for operation in ("recordReceipt", "buyCoupon"):
        bench.http(bench.requests(operation, 640, []), 16)
        bench.pgbench(operation, 16, 640)


if __name__ == "__main__":
    main()
