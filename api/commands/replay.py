"""`main.py replay season`: a season shaped like the published one, over HTTP, on a database of its own."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api.commands.exits import ExitCode
from api.commands.seed import seed
from api.commands.setting import Subcommands, add_command, migrated
from api.replay import paper
from api.replay.report import Replayed, as_json, as_page, sentences, summary
from api.replay.season import CLOCK, DATA, FIRST_DAY, Wanted, replay
from api.replay.server import NotServing
from api.replay.shape import DAYS_LEAST, DAYS_MOST
from api.runtime.embedded import Embedded
from api.runtime.logs import configure_logs

if TYPE_CHECKING:
    from api.settings import Settings

JSON, PAGE = "replay.json", "replay.html"
_SCALE_LEAST = 0.0001
_CONNECTIONS_MOST = 1024
_PROCESSES_MOST = 64
_STEPS = (1, 2, 3, 4, 6, 8, 12, 24)
_PLAIN_WIDTH = 120
_SAY_SECONDS = 30


def add(commands: Subcommands[Any]) -> None:
    """Adds `replay season`."""
    group = commands.add_parser(
        "replay",
        help="season: replay a season shaped like the published one",
        description="See `main.py replay season -h`.",
    ).add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = add_command(
        group,
        "season",
        "replay a season over HTTP against a server and a database of its own, audit it, and print its figures beside "
        "the published ones; exit code 1 when the audit or the answers show a fault",
        "python main.py replay season --scale 0.01 --seed 7 --out /tmp/season",
    )
    for name, kind, default, text in (
        ("--scale", float, 0.01, "how many people, against the published season"),
        ("--seed", int, 1, "the plan's seed: the same seed is the same season"),
        ("--days", int, 84, "days of the season"),
        ("--step", int, 1, "hours that the clock is set forward by; more, and more members are there at once"),
        ("--connections", int, 32, "kept connections of the load generator"),
        ("--processes", int, 1, "server processes under one port, at best one a core"),
    ):
        parser.add_argument(name, type=kind, default=default, metavar="N", help=f"{text} (default: {default})")
    parser.add_argument("--out", type=Path, default=None, metavar="FOLDER",
                        help="where database, log and reports go (default: replay/ under MERGEMART_VAR)")  # fmt: skip
    parser.add_argument("--over", action="store_true", help="remove an earlier replay in that folder first")
    parser.set_defaults(act=act)


def act(settings: Settings, arguments: argparse.Namespace) -> int:
    """Replays, reports and judges. Never touches the database under MERGEMART_VAR itself or that of DATABASE_URL."""
    out = (arguments.out or settings.var / "replay").resolve()
    mistake = _mistake(settings, arguments, out)
    if mistake is not None:
        print(f"mergemart: {mistake}", file=sys.stderr)
        return ExitCode.SETTINGS
    configure_logs("WARNING")
    _make_room(out)
    wanted = Wanted(
        arguments.scale, arguments.seed, arguments.days, arguments.connections, arguments.step, arguments.processes
    )
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PLAIN_WIDTH)
    plan = wanted.plan()
    console.print(
        f"{plan.members:,} members, {plan.visits:,} visits, {plan.player_days:,} days of play from "
        f"{FIRST_DAY} on; everything goes into {out}", soft_wrap=True,
    )  # fmt: skip
    private = replace(settings, var=out / DATA, redis_url=None, outbox_url=None)
    try:
        with Embedded(private.var) as servers, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            ready = private.on(servers)
            migrated(ready)
            with _progress(console, plan.visits) as tell:
                found = runner.run(_until_told(replay(wanted, plan, ready, out, seed, servers.process_ids, tell)))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    except NotServing as error:
        print(f"mergemart: {error}", file=sys.stderr)
        return ExitCode.FAILED
    _report(console, found, out)
    return ExitCode.OK if found.ok else ExitCode.FAILED


async def _until_told(work: Coroutine[Any, Any, Replayed]) -> Replayed:
    """Does the work; SIGTERM and SIGHUP end it as Ctrl-C does, so that no server is left behind."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


def _mistake(settings: Settings, arguments: argparse.Namespace, out: Path) -> str | None:
    """What is wrong with the arguments, with the cure."""
    rules = (
        (
            settings.is_embedded and settings.demo,
            "a replay needs demo tokens: run it without DATABASE_URL; it makes an embedded database of its own",
        ),
        (_SCALE_LEAST <= arguments.scale <= 1, f"--scale: must be from {_SCALE_LEAST} to 1. Try --scale 0.01"),
        (
            DAYS_LEAST <= arguments.days <= DAYS_MOST,
            f"--days: must be from {DAYS_LEAST} to {DAYS_MOST}. Try --days 84",
        ),
        (
            1 <= arguments.connections <= _CONNECTIONS_MOST,
            f"--connections: must be from 1 to {_CONNECTIONS_MOST}. Try --connections 32",
        ),
        (
            1 <= arguments.processes <= _PROCESSES_MOST,
            f"--processes: must be from 1 to {_PROCESSES_MOST}. Try --processes 2",
        ),
        (arguments.step in _STEPS, f"--step: must be one of {', '.join(map(str, _STEPS))}. Try --step 1"),
        (arguments.seed >= 0, "--seed: must be 0 or more. Try --seed 1"),
        (
            not (out / DATA).exists() or (arguments.over and (out / CLOCK).exists()),
            f"{out} holds an earlier replay: choose another folder with --out, or remove it with --over",
        ),
    )
    return next((mistake for holds, mistake in rules if not holds), None)


def _make_room(out: Path) -> None:
    """An empty place for this replay; an earlier one, known by its clock, goes."""
    if (out / CLOCK).exists():
        shutil.rmtree(out / DATA, ignore_errors=True)
        for name in (CLOCK, JSON, PAGE):
            (out / name).unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)


@contextmanager
def _progress(console: Console, visits: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; elsewhere a line every half minute."""
    began = said = time.monotonic()
    if not console.is_terminal:

        def say(done: int) -> None:
            nonlocal said
            now = time.monotonic()
            if now - said >= _SAY_SECONDS:
                said = now
                left = timedelta(seconds=round((now - began) * (visits - done) / max(done, 1)))
                console.print(f"{done:,} of {visits:,} logins, {done / (now - began):,.0f}/s, {left} left")

        yield say
        return
    rate = TextColumn("{task.fields[rate]}/s")
    columns = (TextColumn("logins"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=visits, rate="0")
        yield lambda done: progress.update(task, completed=done, rate=f"{done / (time.monotonic() - began):,.0f}")


def _report(console: Console, found: Replayed, out: Path) -> None:
    (out / JSON).write_bytes(as_json(found))
    (out / PAGE).write_text(as_page(found), encoding="utf-8")
    paper.show(console, summary(found))
    for sentence in sentences(found):
        console.print(sentence, markup=False, soft_wrap=True)
    console.print(f"{out / PAGE}\n{out / JSON}", markup=False, soft_wrap=True)
