"""`make bench`: everything that is promised about speed, measured side by side in one run.

The hot mutations over HTTP against pgbench with the same statements: pgbench runs each command's statements in a
transaction of its own, the server batches what arrives together. Both use one durable PostgreSQL (fsync on), each a
database of its own made in the same way. Beside them the first screen against a bare ASGI reply, the rules alone, the
latency of one command and at half load, memory and start. Rounds are interleaved, medians are shown.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from api.runtime.embedded import Embedded
from tests.bench import board_rules, check, draw_rules, processes, reads, report, shop, single
from tests.bench.operations import BY_NAME, OPERATIONS, ROOT, Who
from tests.bench.sides import Bench, Plan

# Requests of one run, by connections.
LEVELS = {1: 300, 16: 1_600, 64: 3_200, 256: 3_840}
QUICK = 4
READS = "reads"
EXAMPLE = """
examples:
  python -m tests.bench --quick
  python -m tests.bench --only draw,checkIn --levels 16,64 --rounds 5
  python -m tests.bench --only playMoves,draw --levels 64 --servers 2
  python -m tests.bench --check
"""


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """What the command line says; `levels`, `only` and `rounds` are complete afterwards."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    names = ", ".join([*BY_NAME, READS])
    parser.add_argument("--only", type=_operations, metavar="NAME[,..]", help=f"some of it alone, of: {names}")
    parser.add_argument(
        "--levels", type=_levels, metavar="1,16", help=f"connections, of: {', '.join(map(str, LEVELS))}"
    )
    parser.add_argument("--rounds", type=_rounds, metavar="N", help="rounds of which medians are shown; 3 by default")
    parser.add_argument(
        "--quick", action="store_true", help="all of it in about three minutes: one round, fewer requests"
    )
    parser.add_argument(
        "--servers", type=int, choices=(1, 2), default=1, help="server processes under one port; 1 by default"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go; var/bench.json by default")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--record", action="store_true", help=f"keep the ratios in {check.RECORDED.name} for --check")
    which.add_argument(
        "--check", action="store_true",
        help=f"a short run; exit 1 where a ratio is more than {check.SLACK:.0%}% below the recorded one",
    )  # fmt: skip
    arguments = parser.parse_args(words)
    if arguments.check and not check.RECORDED.exists():
        parser.error("nothing is recorded yet: run with --record first")
    arguments.levels = arguments.levels or (list(check.LEVELS) if arguments.check else list(LEVELS))
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 3)
    arguments.json = arguments.json or ROOT / "var" / "bench.json"
    return arguments


def _operations(text: str) -> list[str]:
    unknown = [name for name in text.split(",") if name not in BY_NAME and name != READS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such operation: {', '.join(unknown)}")
    # What is settled must be held before.
    return [*(["hold"] if "settle" in text.split(",") else []), *text.split(",")]


def _levels(text: str) -> list[int]:
    if not text or not all(each.isdigit() and int(each) in LEVELS for each in text.split(",")):
        raise argparse.ArgumentTypeError(f"choose from {', '.join(map(str, LEVELS))}")
    return sorted({int(each) for each in text.split(",")})


def _rounds(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 40:
        raise argparse.ArgumentTypeError("choose from 1 to 40")
    return int(text)


def plan_of(arguments: argparse.Namespace) -> Plan:
    chosen = tuple(each for each in OPERATIONS if arguments.only is None or each.name in arguments.only)
    share = QUICK if arguments.quick or arguments.check else 1
    levels = {level: max(LEVELS[level] // share // level, 1) * level for level in arguments.levels}
    return Plan(chosen, levels, arguments.rounds)


def measure(
    arguments: argparse.Namespace, plan: Plan, advance: Callable[[int], None], say: Callable[[str], None]
) -> Any:
    """All figures of one run."""
    with ExitStack() as stack:
        var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mergemart-bench-")))
        var.chmod(0o755)
        servers = stack.enter_context(Embedded(var / "var"))
        say("making two databases of the same content")
        fresh = plan.needed if plan.takes(Who.FRESH) else 0
        coupons = max(shop.SHOPPERS, plan.needed if plan.takes(Who.COUPON) else 0)
        databases = asyncio.run(processes.prepare(servers, fresh=fresh, coupons=coupons))
        redis = servers.redis_url or ""
        served = stack.enter_context(processes.serving(arguments.servers, databases.url, redis, str(var)))
        floors = {"bare": stack.enter_context(processes.serving(1))}
        floors["plain"] = stack.enter_context(processes.serving(1, "plain"))
        bench = Bench(servers, databases, served, plan, advance, say)
        bench.warm_up()
        bench.measure()
        about = {**processes.machine(databases), "rounds": plan.rounds, "servers": arguments.servers}
        figures: dict[str, Any] = {"about": about}
        figures["mutations"] = report.rows_of(bench)
        if arguments.only is None or READS in arguments.only:
            count = 1_600 if arguments.quick or arguments.check else 8_000
            figures["reads"] = reads.measure_reads(bench, floors, count, max(plan.rounds, 2))
        if arguments.only is None and not arguments.check:
            best = report.best_of(figures["mutations"])
            figures["half_load"] = reads.measure_half_load(bench, best, 4 if arguments.quick else 15)
            say("one command on an idle server")
            lone = single.measure(databases.url, databases.place, 150 if arguments.quick else 600)
            figures["single"] = asyncio.run(lone)
            figures["memory_mib"] = served.most_mib()
            say("starts")
            starts = [processes.start_seconds(databases, redis, var) for _ in range(4)]
            figures["start_seconds"] = median(starts[1:])
            figures["rules"] = _rules(say)
    return figures


def _rules(say: Callable[[str], None]) -> dict[str, float]:
    say("rules alone")
    draws = draw_rules.measure()
    moves, _ = board_rules.measure(1)
    return {"moves_per_second": moves, "draws_per_second": draws[1], "ten_draws_per_second": draws[10]}


def run(arguments: argparse.Namespace, plan: Plan, console: Console) -> Any:
    """The same with a bar on a terminal, and a line for each step elsewhere."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("bench", total=plan.total)

        def say(text: str) -> None:
            progress.update(bar, description=text)
            if not console.is_terminal:
                print(f"  {text}", file=sys.stderr, flush=True)

        return measure(arguments, plan, lambda count: progress.advance(bar, count), say)


def main() -> int:
    arguments = parse()
    # Servers and databases are put away whatever ends the run.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    plan, console, began = plan_of(arguments), Console(stderr=True), time.monotonic()
    figures = run(arguments, plan, console)
    figures["seconds"] = time.monotonic() - began
    if arguments.check:
        return _verdict(arguments, figures, console)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(report.write(figures))
    print(f"took {figures['seconds']:.0f} s; figures in {arguments.json}")
    if arguments.record:
        check.record(figures)
        print(f"ratios recorded in {check.RECORDED.relative_to(ROOT)}")
    return 0


def _verdict(arguments: argparse.Namespace, figures: Any, console: Console) -> int:
    """0 where every ratio stands. What fell is measured once more by itself before it counts."""
    low = check.fallen(figures)
    again = [name.partition(" at ")[0] for name in low if " at " in name]
    if again:
        print(f"once more, since short runs differ: {', '.join(sorted(set(again)))}")
        arguments.only = sorted({*again, *(["hold"] if "settle" in again else [])})
        second = {
            (row["operation"], row["connections"]): row
            for row in run(arguments, plan_of(arguments), console)["mutations"]
        }
        for row in figures["mutations"]:
            key = (row["operation"], row["connections"])
            if key in second and second[key]["ratio"] > row["ratio"]:
                row["ratio"] = second[key]["ratio"]
    print("\n".join(check.compare(figures)))
    low = check.fallen(figures)
    print(f"{len(low)} ratios fell by more than {check.SLACK:.0%}" if low else "every ratio stands")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
