"""Reads and latency: the first screen, a query without the database, a bare reply; times at half of the best load."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from tests.bench import operations
from tests.bench.operations import BY_NAME, Request, Run
from tests.bench.processes import Serving
from tests.bench.sides import Bench

CONNECTIONS = 32
# Connections that an open load may use at once.
OPEN = 256
VERSIONS = 200
SHOWN = '"unchanged":false,"member":{'
HALF_LOAD = ("draw", "recordReceipt")


def measure_reads(bench: Bench, floors: Mapping[str, Serving], count: int, rounds: int) -> dict[str, dict[str, float]]:
    """Requests a second of each kind of read, and of the floors: medians of interleaved rounds."""
    versions = bench.http(
        operations.homes(VERSIONS), 1, SHOWN, collect=r'"version":"([\w-]+)"'
    )["collected"]  # fmt: skip
    assert len(versions) == VERSIONS, "every first screen has its version"
    cheap = operations.sign_ins(0, 1)
    kinds: dict[str, tuple[list[Request], str, Serving]] = {
        "bare": (cheap * count, "__typename", floors["bare"]),
        "plain": (cheap * count, "__typename", floors["plain"]),
        "query": (cheap * count, "__typename", bench.served),
        "home": ([], SHOWN, bench.served),
        "again": (operations.homes(count // 2, members=VERSIONS), SHOWN, bench.served),
        "unchanged": (operations.homes(count, versions), '"unchanged":true', bench.served),
    }
    # Every connection has to meet the statement some times before PostgreSQL plans it once for all.
    bench.http(from_rows(1, count // 4), CONNECTIONS, SHOWN)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in kinds}
    for number in range(rounds):
        bench.say(f"reads, round {number + 1} of {rounds}")
        bench.http(operations.sign_ins(0, operations.REGULARS), 16, "__typename")
        for name, (made, expect, served) in kinds.items():
            requests = made or from_rows(number, count // 4)
            if name == "again":  # what came in between was shown instead of these
                bench.http(operations.homes(VERSIONS), CONNECTIONS, expect)
            found[name].append(bench.http(requests, CONNECTIONS, expect, served=served))
    measured = ("per_second", "median_ms", "p99_ms", "load_cpu", "server_cpu")
    return {
        name: {figure: median(each[figure] for each in figures) for figure in measured}
        for name, figures in found.items()
    }


def from_rows(number: int, count: int) -> list[Request]:
    """First screens that no server remembers (it keeps 500): those asked for longest ago, and none of `again`."""
    others = operations.REGULARS - VERSIONS
    begin = number % 2 * others // 2
    return [each for n in range(count) for each in operations.homes(1, first=VERSIONS + (begin + n) % others)]


def measure_half_load(bench: Bench, best: Mapping[str, float], seconds: float) -> dict[str, dict[str, float]]:
    """p99 at half of the best rate of some operations, requests falling due at random at a fixed rate."""
    found = {}
    for name in HALF_LOAD:
        if name not in best:
            continue
        rate = best[name] / 2
        bench.say(f"{name} at {rate:.0f}/s, half of its best")
        bench.http(operations.sign_ins(0, operations.REGULARS), 16, "__typename")
        operation = BY_NAME[name]
        requests = operations.requests(
            bench.databases.place, operation, round(rate * seconds), Run(bench.next_run(), 0, 0)
        )
        figures = bench.http(requests, OPEN, operation.expect, rate=rate)
        figures.pop("collected")
        found[name] = {"asked_per_second": rate, **figures}
    return found
