"""Where a command does its work: on the embedded database beside any running server, or on the one in DATABASE_URL."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import make_url

from api.runtime.embedded import Embedded
from api.runtime.migrations import migrate

if TYPE_CHECKING:
    from api.settings import Settings

Subcommands = argparse._SubParsersAction  # argparse names the type of its own result only so


@contextmanager
def complete(settings: Settings) -> Iterator[Settings]:
    """Settings with a database that runs for the length of the block; embedded servers are shared with other users."""
    if not settings.is_embedded:
        yield settings
        return
    with Embedded(settings.var) as servers:
        yield settings.on(servers)


def migrated(settings: Settings) -> str:
    """Brings the database of complete settings to this code's revision; refuses one from newer code."""
    assert settings.database_owner_url is not None and settings.database_url is not None
    app_role = make_url(settings.database_url).username
    return migrate(settings.database_owner_url, app_role or "", exposures_months=settings.exposures_months)


def add_command(commands: Subcommands[Any], name: str, summary: str, example: str) -> argparse.ArgumentParser:
    """A subcommand whose help says what it does, and ends with an example."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser
