"""Flame graphs of a server under load: `python -m tests.bench.flames [--only draw,home] [--out FOLDER]` (2 minutes).

For each operation one server process of the bench is loaded over 64 connections, and py-spy looks at its stacks 250
times a second, without stopping it. The pictures are SVG that open in any browser; a click widens a frame. py-spy comes
with `pip install -c .ci/constraints.txt -e '.[profile]'`.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from api.runtime.embedded import Embedded
from tests.bench import processes, reads, shop
from tests.bench.operations import BY_NAME, ROOT
from tests.bench.sides import WARM, WARM_LEVEL, Bench, Plan

HOME = "home"
NAMES = ("draw", "playMoves", HOME)
CONNECTIONS = 64
REQUESTS = 6_400
_RATE = 250
_MOST_SECONDS = 300
# The program writes its own command line there.
_TITLE = re.compile(r'(<text id="title"[^>]*>)[^<]*<')


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.flames", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(NAMES), metavar="NAME[,..]", help=f"some of: {', '.join(NAMES)}")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "profiles", metavar="FOLDER", help="docs/profiles")
    arguments = parser.parse_args(words)
    arguments.only = arguments.only.split(",")
    unknown = [each for each in arguments.only if each not in NAMES]
    if unknown:
        parser.error(f"--only: no such operation: {', '.join(unknown)}; choose from {', '.join(NAMES)}")
    return arguments


def main() -> int:
    arguments = parse()
    spy = shutil.which("py-spy") or shutil.which("py-spy", path=str(Path(sys.executable).parent))
    if spy is None:
        print("py-spy is missing: pip install -c .ci/constraints.txt -e '.[profile]'", file=sys.stderr)
        return 2
    arguments.out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        var = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mergemart-flames-")))
        var.chmod(0o755)
        servers = stack.enter_context(Embedded(var / "var"))
        fresh = Plan.used((WARM_LEVEL, WARM)) + 2 * Plan.used((CONNECTIONS, REQUESTS))
        databases = asyncio.run(processes.prepare(servers, fresh=fresh, coupons=shop.SHOPPERS))
        served = stack.enter_context(processes.serving(1, databases.url, servers.redis_url or "", str(var)))
        for name in arguments.only:
            plan = Plan((BY_NAME[name],) if name != HOME else (), {CONNECTIONS: REQUESTS}, 1)
            bench = Bench(servers, databases, served, plan, lambda _: None, print)
            bench.warm_up()
            _load(bench, name)
            picture = arguments.out / f"{name}.svg"
            with _watched(spy, served.pids[0], picture):
                print(f"{name}: {_load(bench, name):,.0f}/s while it was watched; {picture}")
    return 0


def _load(bench: Bench, name: str) -> float:
    """Loads the server with one operation; requests a second."""
    if name == HOME:
        figures = bench.http(reads.from_rows(0, REQUESTS // 2), CONNECTIONS, reads.SHOWN)
    else:
        figures = bench.load(CONNECTIONS, REQUESTS)[name]
    return float(figures["per_second"])


@contextmanager
def _watched(spy: str, pid: int, picture: Path) -> Iterator[None]:
    """Looks at a process for the length of the block."""
    watching = subprocess.Popen(
        [
            spy, "record", "--nonblocking", "--function", "--format", "flamegraph", "--rate", str(_RATE), "--duration",
            str(_MOST_SECONDS), "--pid", str(pid), "--output", str(picture),
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        watching.send_signal(signal.SIGINT)  # ends the recording; the picture is then written
        watching.wait(60)
        drawn = picture.read_text(encoding="utf-8")
        title = f"{picture.stem} over HTTP at {CONNECTIONS} connections: one server process, by samples"
        picture.write_text(_TITLE.sub(rf"\g<1>{title}<", drawn, count=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
