"""Figures as data, what each is held against, and the table that says met or MISSED."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.bench.sides import PGBENCH_MOST, Bench

# At least so many times pgbench, by operation and connections.
_FIRST_FOUR = ("recordReceipt", "buyCoupon", "hold", "settle")
RATIOS: Mapping[tuple[str, int], float] = {
    **{(name, level): 0.5 for name in _FIRST_FOUR for level in (1, 16)},
    **{(name, 64): 1.5 for name in (*_FIRST_FOUR, "openApp", "checkIn", "playMoves", "draw", "draw10")},
    ("drawStock", 64): 2.5,
    ("drawHot", 64): 5.0,
}
# Draws a second over HTTP of another server, and of the prototype, on another machine: only stated.
NAKAMA, TWICE = 2_528, 5_056
LOAD_CPU_MOST = 0.6


@dataclass(frozen=True, slots=True)
class Target:
    """One figure and its bound. `at_least` False: the figure must not be more."""

    name: str
    figure: float
    bound: float
    unit: str = ""
    at_least: bool = True

    @property
    def met(self) -> bool:
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound


def rows_of(bench: Bench) -> list[dict[str, Any]]:
    """A row for each operation and level: medians of both sides, and their ratio."""
    return [
        _row(bench, operation.name, level) for operation in bench.plan.operations for level in bench.plan.levels
    ]  # fmt: skip


def _row(bench: Bench, operation: str, level: int) -> dict[str, Any]:
    http = bench.figures[operation, level, "http"]
    names = ("per_second", "median_ms", "p99_ms", "load_cpu", "server_cpu")
    row: dict[str, Any] = {"operation": operation, "connections": level}
    row |= {name: median(each[name] for each in http) for name in names}
    against = min(level, PGBENCH_MOST)
    beside = bench.figures.get((operation, against, "pgbench"))
    row["pgbench_connections"] = against if beside else None
    row["pgbench_per_second"] = median(each["per_second"] for each in beside) if beside else None
    row["ratio"] = row["per_second"] / row["pgbench_per_second"] if beside else None
    row["target"] = RATIOS.get((operation, level))
    return row


def best_of(rows: list[dict[str, Any]]) -> dict[str, float]:
    """The best rate of each operation over its levels."""
    best: dict[str, float] = {}
    for row in rows:
        best[row["operation"]] = max(best.get(row["operation"], 0.0), row["per_second"])
    return best


def targets_of(figures: Mapping[str, Any]) -> list[Target]:
    """Every target that these figures say something about."""
    return [*_ratio_targets(figures["mutations"]), *_other_targets(figures)]


def _ratio_targets(rows: list[dict[str, Any]]) -> Iterator[Target]:
    for row in rows:
        if row["target"] and row["ratio"]:
            yield Target(f"{row['operation']} at {row['connections']}", row["ratio"], row["target"], "x pgbench")


def _other_targets(figures: Mapping[str, Any]) -> Iterator[Target]:
    reads = figures.get("reads")
    if reads:
        bare, plain = reads["bare"]["per_second"], reads["plain"]["per_second"]
        yield Target("home from the database, of plain Strawberry", reads["home"]["per_second"] / plain, 0.05, "x")
        yield Target("home from the database, of a bare ASGI reply", reads["home"]["per_second"] / bare, 0.05, "x")
        yield Target("home again, of a bare ASGI reply", reads["again"]["per_second"] / bare, 0.05, "x")
        yield Target("home a core", reads["home"]["per_second"], 300, "/s")
        yield Target("home unchanged a core", reads["unchanged"]["per_second"], 2_000, "/s")
    for name, each in figures.get("single", {}).items():
        yield Target(f"{name} alone, batcher against none", each["ratio"], 1.05, "x", at_least=False)
    for name, each in figures.get("half_load", {}).items():
        yield Target(f"{name} at half load, p99", each["p99_ms"], 25, "ms", at_least=False)
    if "memory_mib" in figures:
        yield Target("memory of the server at most", figures["memory_mib"], 200, "MiB", at_least=False)
    if "start_seconds" in figures:
        yield Target("start to ready", figures["start_seconds"], 3, "s", at_least=False)


def write(figures: Mapping[str, Any]) -> str:
    """All of it as text."""
    return "\n".join([
        *_head(figures["about"]), "", *_mutations(figures["mutations"]), "", *_others(figures), "",
        *_verdicts(targets_of(figures)),
    ])  # fmt: skip


def _head(about: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{about['processor']}, {about['cores']} cores, {about['memory_gib']} GiB, {about['system']}; "
        f"Python {about['python']}, {about['postgresql']}, fsync {about['fsync']}"
    )
    yield (
        f"load, server ({about['servers']} of its processes) and PostgreSQL share the machine (load average before: "
        f"{about['load_average_before']}); medians of {about['rounds']} interleaved rounds"
    )


def _mutations(rows: list[dict[str, Any]]) -> Iterator[str]:
    if not rows:
        return
    yield "operation      connections  HTTP/s  pgbench/s  ratio  median ms   p99 ms  server CPU  load CPU"
    for row in rows:
        beside, ratio = row["pgbench_per_second"], row["ratio"]
        mark = f"@{row['pgbench_connections']}" if ratio and row["connections"] > PGBENCH_MOST else ""
        yield (
            f"{row['operation']:<14} {row['connections']:>11} {row['per_second']:>7,.0f} "
            f"{f'{beside:,.0f}{mark}' if beside else '-':>10} {f'{ratio:.2f}' if ratio else '-':>6} "
            f"{row['median_ms']:>10.1f} {row['p99_ms']:>8.1f} {row['server_cpu']:>11.0%} {row['load_cpu']:>9.0%}"
        )
    if any(row["connections"] > PGBENCH_MOST for row in rows):
        yield f"@{PGBENCH_MOST}: compared with pgbench at {PGBENCH_MOST} connections"
    yield _about_load(max(row["load_cpu"] for row in rows))


def _about_load(share: float) -> str:
    if share <= LOAD_CPU_MOST:
        return f"the load generator used {share:.0%} of a core at most: it was not the bottleneck"
    return f"the load generator used {share:.0%} of a core at most: MORE THAN {LOAD_CPU_MOST:.0%}, rates may be its own"


def _others(figures: Mapping[str, Any]) -> Iterator[str]:
    for name, each in figures.get("reads", {}).items():
        yield (
            f"{_READS[name]:<44} {each['per_second']:>8,.0f}/s  median {each['median_ms']:.1f} ms, "
            f"server CPU {each['server_cpu']:.0%}, load CPU {each['load_cpu']:.0%}"
        )
    rules = figures.get("rules")
    if rules:
        yield f"{'rules of the board alone':<44} {rules['moves_per_second']:>8,.0f} moves/s of processor time"
        yield f"{'rules of draws alone, x1 and x10':<44} {rules['draws_per_second']:>8,.0f} and " + (
            f"{rules['ten_draws_per_second']:,.0f} draws/s of processor time"
        )
    for name, each in figures.get("single", {}).items():
        yield (
            f"{f'{name} on an idle server':<44} {each['batcher_ms']:>8.2f} ms through the batcher, "
            f"{each['alone_ms']:.2f} ms without"
        )
    for name, each in figures.get("half_load", {}).items():
        yield (
            f"{f'{name} at half of its best load':<44} {each['asked_per_second']:>8,.0f}/s  "
            f"median {each['median_ms']:.1f} ms, p99 {each['p99_ms']:.1f} ms"
        )
    yield from _best_draws(figures["mutations"])


def _best_draws(rows: list[dict[str, Any]]) -> Iterator[str]:
    found = {row["operation"]: row["per_second"] for row in rows if row["connections"] == 256}
    single = max((rate for name, rate in found.items() if name in ("draw", "drawStock", "drawHot")), default=0.0)
    if single:
        tens = f", and {found['draw10'] * 10:,.0f}/s by tens" if "draw10" in found else ""
        yield (
            f"{'best draws x1 at 256 connections':<44} {single:>8,.0f}/s{tens}; "
            f"stated beside {TWICE:,} and {NAKAMA:,}, measured on another machine"
        )


_READS = {
    "bare": "bare ASGI reply under the same uvicorn",
    "plain": "{ __typename } by plain Strawberry there",
    "query": "query { __typename }",
    "home": "home from the database",
    "again": "home again, nothing changed",
    "unchanged": "home(ifVersion:) unchanged",
}


def _verdicts(targets: list[Target]) -> Iterator[str]:
    for each in targets:
        sign = ">=" if each.at_least else "<="
        verdict = "met" if each.met else "MISSED"
        yield f"{each.name:<44} {each.figure:>9,.2f} {each.unit:<9} target {sign} {each.bound:<7,g} {verdict}"
    missed = sum(not each.met for each in targets)
    yield f"{len(targets) - missed} of {len(targets)} targets met"
