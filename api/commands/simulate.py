"""`main.py simulate season`: bots play whole seasons on a throwaway database, with numbers changed or not."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from api.commands.exits import ExitCode
from api.commands.setting import Subcommands, add_command
from api.content import seed_files
from api.importing.progress import ProgressLine
from api.replay import paper
from api.runtime.embedded import Embedded
from api.runtime.logs import configure_logs
from api.simulate import keeping
from api.simulate.processes import Broken
from api.simulate.quick import Ruled, simulate_by_rules
from api.simulate.report import ACTIONS, RULES, as_document, as_json, as_page, compare, sentences, tables
from api.simulate.season import Simulated, simulate
from api.simulate.wanted import Mistake, Wanted, changed_by, parse_mix
from loyalty.sheets.rules import SheetInvalid

if TYPE_CHECKING:
    from api.settings import Settings

JSON, PAGE = "simulation.json", "simulation.html"
DATA, KEPT = "simulation", "shipped"
MIX = "casual=60,daily=25,optimiser=10,cheater=5"
_MEMBERS_MOST, _DAYS_MOST, _LANES_MOST = 100_000, 366, 16
_PLAIN_WIDTH = 120


def add(commands: Subcommands[Any]) -> None:
    """Adds `simulate season`."""
    group = commands.add_parser(
        "simulate",
        help="season: let bots play whole seasons, under the sheets as they ship or with numbers changed",
        description="See `main.py simulate season -h`.",
    ).add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = add_command(
        group,
        "season",
        "let bots play a season through the real actions on a throwaway database, audit it, and print its economy; "
        "exit code 1 when a board died, an order was impossible, a forged command went through or the audit failed",
        "python main.py simulate season --members 200 --days 14 --seed 7 \\\n"
        "      --set orders.current.diamonds_per_mille=1500 --both --out /tmp/season\n"
        "  python main.py simulate season --by rules --set chests.current.order_every=2 --both",
    )
    for name, default, text in (
        ("--members", 1000, "how many members play"),
        ("--days", 30, "days of the season"),
        ("--seed", 1, "the same seed is the same season, with as many processes"),
        ("--processes", 2, "processes that play, each a share of the members"),
    ):
        parser.add_argument(name, type=int, default=default, metavar="N", help=f"{text} (default: {default})")
    parser.add_argument("--by", choices=(ACTIONS, RULES), default=ACTIONS,
                        help="play through the real actions over a database (default), which proves books, forgeries "
                             "and audit; or by the same rules in memory, in a fraction of the time")  # fmt: skip
    parser.add_argument("--mix", default=MIX, metavar="KIND=SHARE,...", help=f"shares of the kinds (default: {MIX})")
    parser.add_argument("--set", action="append", default=[], metavar="SHEET.KEY.PATH=VALUE",
                        help="change one number of a sheet for this season; may stand several times")  # fmt: skip
    parser.add_argument("--sheet", action="append", default=[], type=Path, metavar="FILE",
                        help="put a whole sheet in force, named like a shipped one: orders.current.toml")  # fmt: skip
    parser.add_argument("--against", type=Path, default=None, metavar="JSON",
                        help="show this season beside an earlier one's report")  # fmt: skip
    parser.add_argument("--both", action="store_true",
                        help="play the season as it ships first, and show both side by side")  # fmt: skip
    parser.add_argument("--out", type=Path, default=None, metavar="FOLDER",
                        help=f"where {JSON} and {PAGE} go (default: {DATA}/ under MERGEMART_VAR)")  # fmt: skip
    parser.add_argument("--keep", action="store_true", help="keep the season's database, and say its name")
    parser.set_defaults(act=act)


def act(settings: Settings, arguments: argparse.Namespace) -> int:
    """Simulates on a server of its own under MERGEMART_VAR; neither the demo's database nor DATABASE_URL is touched."""
    try:
        wanted, earlier = _read(arguments)
    except Mistake as mistake:
        print(f"mergemart: {mistake}", file=sys.stderr)
        return ExitCode.SETTINGS
    configure_logs("WARNING")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    data = settings.var / DATA
    out = (arguments.out or data / "reports").resolve()
    if arguments.by == RULES:
        return run_by_rules(wanted, earlier, out, data / KEPT, both=arguments.both)
    with Embedded(data, durable=False) as servers:
        return run(servers, wanted, earlier, out, both=arguments.both, keep=arguments.keep)


def run(
    servers: Embedded, wanted: Wanted, earlier: dict[str, Any] | None, out: Path, *, both: bool = False,
    keep: bool = False,
) -> int:  # fmt: skip
    """Simulates on these servers, reports into `out`, and judges; the exit code."""

    def play(earlier: dict[str, Any] | None) -> bool:
        if both:
            earlier = as_document(_simulated(servers, replace(wanted, changes=()), "as it ships"))
        found = _simulated(servers, wanted, "season", keep=keep)
        _report(found, earlier, out)
        return found.ok

    return _judged(lambda: play(earlier), out)


def run_by_rules(
    wanted: Wanted, earlier: dict[str, Any] | None, out: Path, kept: Path, *, both: bool = False
) -> int:  # fmt: skip
    """Plays in memory, reports into `out`, and judges; the exit code.

    The season as it ships stays in the folder `kept`, and is not played again until sheets or code change.
    """

    def play(earlier: dict[str, Any] | None) -> bool:
        if both:
            shipped = replace(wanted, changes=())
            earlier = keeping.read(kept, shipped)
            if earlier is None:
                earlier = as_document(_ruled(shipped, "as it ships"))
                keeping.write(kept, shipped, earlier)
        found = _ruled(wanted, "season")
        _report(found, earlier, out)
        return found.ok

    return _judged(lambda: play(earlier), out)


def _judged(play: Callable[[], bool], out: Path) -> int:
    """The exit code of what is played and reported into `out`; mistakes are told."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        return ExitCode.OK if play() else ExitCode.FAILED
    except OSError as error:
        print(f"mergemart: {out}: {error.strerror}. Choose another folder with --out", file=sys.stderr)
        return ExitCode.SETTINGS
    except SheetInvalid as refused:
        told = "; ".join(f"{fault.sheet} {fault.key}: {fault.rule}" for fault in refused.faults)
        print(f"mergemart: the changed sheets have mistakes: {told}", file=sys.stderr)
        return ExitCode.SETTINGS
    except Broken as broken:
        print(f"mergemart: {broken}", file=sys.stderr)
        return ExitCode.FAILED


def _ruled(wanted: Wanted, title: str) -> Ruled:
    with ProgressLine(f"member-days, {title}", 0, wanted.members * wanted.days) as line:
        return simulate_by_rules(wanted, line.move)


def _simulated(servers: Embedded, wanted: Wanted, title: str, *, keep: bool = False) -> Simulated:
    with ProgressLine(f"member-days, {title}", 0, wanted.members * wanted.days) as line:
        return simulate(servers, wanted, line.move, keep=keep)


def _read(arguments: argparse.Namespace) -> tuple[Wanted, dict[str, Any] | None]:
    """The season that is wanted, and an earlier report to stand beside. Raises `Mistake`."""
    for name, least, most, example in (
        ("members", 1, _MEMBERS_MOST, 1000), ("days", 1, _DAYS_MOST, 30), ("seed", 0, 2**31 - 1, 1),
        ("processes", 1, _LANES_MOST, 2),
    ):  # fmt: skip
        if not least <= getattr(arguments, name) <= most:
            raise Mistake(f"--{name}: must be from {least} to {most}. Try --{name} {example}")
    changes = changed_by(seed_files(), arguments.set, arguments.sheet)
    if arguments.both and not changes:
        raise Mistake("--both compares with the sheets as they ship: say what changes with --set or --sheet")
    if arguments.keep and arguments.by == RULES:
        raise Mistake("--keep keeps a database, and --by rules has none: leave one of them out")
    if arguments.both and arguments.against:
        raise Mistake("--both and --against are two ways to compare: choose one")
    earlier = None
    if arguments.against is not None:
        try:
            earlier = json.loads(arguments.against.read_bytes())
            earlier["figures"].items()
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise Mistake(f"--against: {arguments.against} is no report of a simulation ({JSON})") from None
    mix = parse_mix(arguments.mix)
    return Wanted(arguments.members, arguments.days, arguments.seed, mix, arguments.processes, changes), earlier


@contextmanager
def _console() -> Iterator[Console]:
    console = Console(highlight=False)
    yield console if console.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH)


def _report(found: Simulated | Ruled, earlier: dict[str, Any] | None, out: Path) -> None:
    document = as_document(found)
    beside = compare(earlier, document) if earlier else None
    (out / JSON).write_bytes(as_json(document))
    (out / PAGE).write_text(as_page(found, document, beside), encoding="utf-8")
    with _console() as console:
        paper.show(console, [*tables(document), *([beside] if beside else [])])
        for sentence in [*sentences(document), str(out / PAGE), str(out / JSON)]:
            console.print(sentence, markup=False, soft_wrap=True)
