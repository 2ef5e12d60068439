"""Commands whose work is a coroutine on a migrated database: `async def f(database, settings, arguments) -> int`."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from api.commands.setting import Subcommands, add_command, complete, migrated
from api.runtime.database import Database
from api.runtime.logs import configure_logs

if TYPE_CHECKING:
    from api.settings import Settings

Act = Callable[[Database, "Settings", argparse.Namespace], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Option:
    """One option or argument of a command, as argparse takes it."""

    name: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its words, the function that does it (`module:name`, imported when it is run), its options."""

    words: tuple[str, ...]
    target: str
    summary: str
    example: str
    options: tuple[Option, ...] = ()


COMMANDS = (
    Command(
        ("worker",),
        "api.runtime.jobs:run_worker",
        "do the due jobs (expiries, holds, tier notices, erasures, outbox) until stopped, beside any number of servers",
        "python main.py worker",
    ),
    Command(
        ("audit",),
        "api.runtime.audit:run_audit",
        "check every invariant of the books, with a server running or not; exit code 1 when one does not hold",
        "python main.py audit",
        (Option("--json", {"help": "print the findings as one JSON document", "action": "store_true"}),),
    ),
    Command(
        ("day",),
        "api.commands.day:walk",
        "walk one imported member from last year's receipts to a redeemed coupon over HTTP, saying each step",
        "python main.py day --household 1",
        (
            Option(
                "--household",
                {"help": "which household of the sample (default: 1)", "type": int, "default": 1, "metavar": "N"},
            ),
            Option("--url", {"help": "a running server (default: one of its own on a free port)", "default": None}),
        ),
    ),
    Command(
        ("import", "receipts"),
        "api.importing.receipts:import_receipts",
        "read the sample year of grocery receipts; stop it anywhere and run it again",
        "python main.py import receipts",
        (
            Option(
                "--limit", {"help": "import the first N baskets only", "type": int, "metavar": "N", "default": None}
            ),
            Option(
                "--again", {"help": "send what is in once more, and show that nothing changes", "action": "store_true"}
            ),
        ),
    ),
    Command(
        ("trust",),
        "api.commands.contract:trust",
        "register a client's operations, so that it may send their SHA-256 alone",
        "python main.py trust manifest.json --caller mobile",
        (
            Option("manifest", {"help": "the client generator's manifest (a JSON file)"}),
            Option(
                "--caller",
                {
                    "help": "whose schema (default: mobile)",
                    "choices": ("mobile", "till", "partner", "admin"),
                    "default": "mobile",
                },
            ),
        ),
    ),
    Command(
        ("season", "seed"),
        "api.commands.seed:seed_season",
        "publish the sheets that ship with the code (earning, ladder, offers) where no version stands yet",
        "python main.py season seed",
    ),
)


def add(commands: Subcommands[Any]) -> None:
    """Adds every command of the table; two words make a group and a command in it."""
    groups: dict[str, Subcommands[Any]] = {}
    for command in COMMANDS:
        *group, name = command.words
        within = commands
        if group:
            if group[0] not in groups:
                summary = f"{name}: {command.summary}"
                parser = commands.add_parser(group[0], help=summary, description=f"See `main.py {group[0]} {name} -h`.")
                groups[group[0]] = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
            within = groups[group[0]]
        parser = add_command(within, name, command.summary, command.example)
        for option in command.options:
            parser.add_argument(option.name, **option.details)
        parser.set_defaults(act=partial(act, command.target))


def act(target: str, settings: Settings, arguments: argparse.Namespace) -> int:
    """Opens the migrated database, does the work, closes it; the coroutine's answer is the exit code."""
    configure_logs(settings.log_level)
    module, _, name = target.partition(":")
    work: Act = getattr(import_module(module), name)
    with complete(settings) as ready:
        migrated(ready)
        return asyncio.run(_on_database(work, ready, arguments))


async def _on_database(work: Act, settings: Settings, arguments: argparse.Namespace) -> int:
    assert settings.database_url is not None
    database = Database(settings.database_url, pool_size=settings.pool_size)
    try:
        return await work(database, settings, arguments)
    finally:
        await database.close()
