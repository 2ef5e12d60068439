"""`main.py migrate`: brings the database to the revision that this code needs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from api.commands.exits import ExitCode
from api.commands.setting import Subcommands, add_command, complete, migrated

if TYPE_CHECKING:
    from api.settings import Settings


def add(commands: Subcommands[Any]) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "migrate",
        "bring the database to this code's revision, and grant the app's role its rights",
        "DATABASE_URL=postgresql://app@db/shop DATABASE_OWNER_URL=postgresql://owner@db/shop python main.py migrate",
    )
    parser.set_defaults(act=act)


def act(settings: Settings, arguments: argparse.Namespace) -> int:
    """Migrates and prints the revision."""
    del arguments
    with complete(settings) as ready:
        print(f"the database is at revision {migrated(ready) or '(none)'}")
    return ExitCode.OK
