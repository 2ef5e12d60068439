"""Servers and databases of the bench: made, watched, and thrown away."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from api.runtime.embedded import Embedded
from api.runtime.migrations import migrate
from tests.bench import shop
from tests.bench.operations import ROOT
from tests.bench.pools import SECRET
from tests.bench.shop import Shop
from tests.faults.server import free_port

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Databases:
    """Two databases of the same content: `url` is that of the server's; pgbench has the other."""

    place: Shop
    url: str
    owner_url: str
    version: str
    fsync: str


async def prepare(servers: Embedded, *, fresh: int, coupons: int) -> Databases:
    """Makes both."""
    url = make_url(servers.admin_url)
    admin = await asyncpg.connect(user=url.username, database=url.database, host=url.query["host"], port=5432)
    await admin.execute("CREATE DATABASE bench_http OWNER mergemart_owner")

    def at(role_url: str) -> str:
        return make_url(role_url).set(database="bench_http").render_as_string(hide_password=False)

    await asyncio.to_thread(migrate, at(servers.owner_url))
    database = shop.bench_database(at(servers.database_url))
    place = await shop.seed(database, shoppers=shop.SHOPPERS, fresh=fresh, coupons=coupons, now=datetime.now(UTC))
    await database.close()
    await analyze(at(servers.admin_url))
    await admin.execute("CREATE DATABASE bench_pgbench OWNER mergemart_owner TEMPLATE bench_http")
    about = await admin.fetchrow("SELECT current_setting('fsync') AS fsync, version() AS version")
    await admin.close()
    assert about is not None, "a database says what it is"
    version = about["version"].split(" on ")[0]
    return Databases(place, at(servers.database_url), at(servers.owner_url), version, about["fsync"])


_FILLED = """
SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = 'public' AND pg_relation_size(c.oid) > 0
"""


async def analyze(url: str) -> None:
    """What autovacuum does within a minute: without it the planner guesses on one side and not on the other.

    Tables with nothing in them are left as they are, as autovacuum leaves them: the planner would believe that they
    stay empty.
    """
    where = make_url(url)
    owner = await asyncpg.connect(user=where.username, database=where.database, host=where.query["host"], port=5432)
    for row in await owner.fetch(_FILLED):
        await owner.execute(f"VACUUM ANALYZE {row['name']}")
    await owner.close()


@dataclass(frozen=True, slots=True)
class Serving:
    """Servers that share one port."""

    port: int
    pids: tuple[int, ...]

    def cpu_seconds(self) -> float:
        return sum(cpu_seconds(pid) for pid in self.pids)

    def most_mib(self) -> float:
        """The most memory that one of them ever held."""
        return max(most_mib(pid) for pid in self.pids)


@contextmanager
def serving(count: int, *arguments: str) -> Iterator[Serving]:
    """So many processes of tests/bench/server.py under one port, ready."""
    with socket.create_server(("127.0.0.1", 0), backlog=2_048) as listener, ExitStack() as stack:
        number = listener.fileno()
        command = [sys.executable, "-m", "tests.bench.server", str(number), *arguments]
        started = [
            subprocess.Popen(command, cwd=ROOT, pass_fds=(number,), stdout=subprocess.PIPE, text=True)
            for _ in range(count)
        ]
        for each in started:
            stack.callback(_end, each)
        for each in started:
            assert each.stdout is not None, "it was asked for"
            if each.stdout.readline() != "ready\n":
                raise SystemExit(f"a measured server ended with {each.wait()} before it was ready")
        yield Serving(listener.getsockname()[1], tuple(each.pid for each in started))


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(30)


def start_seconds(databases: Databases, redis_url: str, var: Path) -> float:
    """From the start of `main.py run` on a database that is there already, until `/readyz` answers 200.

    Python keeps compiled modules as it does where nothing forbids it, here under `var`: the first of several starts
    makes them.
    """
    port = free_port()
    environment = {
        **os.environ, "DATABASE_URL": databases.url, "DATABASE_OWNER_URL": databases.owner_url, "REDIS_URL": redis_url,
        "MERGEMART_SECRET": SECRET.decode(), "MERGEMART_VAR": str(var), "PORT": str(port),
        "MERGEMART_LOG_LEVEL": "WARNING", "MERGEMART_JOBS": "0", "PYTHONPYCACHEPREFIX": str(var / "compiled"),
    }  # fmt: skip
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with _running([sys.executable, "main.py", "run"], port, "/readyz", environment) as (_, seconds):
        return seconds


@contextmanager
def _running(
    command: list[str], port: int, ready: str, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """The process, and after how many seconds it was ready."""
    began = time.perf_counter()
    started = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        while time.perf_counter() - began < 60:
            if started.poll() is not None:
                raise SystemExit(f"{' '.join(command)} ended with {started.returncode} before it was ready")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=5).read()
                break
            except OSError:
                time.sleep(0.02)
        else:
            raise SystemExit(f"{' '.join(command)} was not ready after 60 s")
        yield started, time.perf_counter() - began
    finally:
        started.terminate()
        started.wait(30)


def cpu_seconds(process_id: int) -> float:
    """Processor time that a process has used so far."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def most_mib(process_id: int) -> float:
    """The most memory that a process ever held."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process_id}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def machine(databases: Databases) -> dict[str, Any]:
    """What the figures were measured on."""
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    return {
        "processor": cpu[1] if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory[1]) / 2**20) if memory else 0,
        "system": f"{_distribution()}, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": databases.version,
        "fsync": databases.fsync,
        "load_average_before": round(os.getloadavg()[0], 1),
    }


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return "unknown distribution"
