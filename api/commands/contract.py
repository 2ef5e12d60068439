"""`main.py sdl` writes the committed schemas; `main.py trust` registers a client's operations."""

from __future__ import annotations

import argparse
import asyncio
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import api
from api.commands.exits import ExitCode
from api.commands.setting import Subcommands, add_command
from api.graphql.documents import Documents
from api.graphql.operations import BadManifest, read_manifest
from api.graphql.schema import write_sdl
from api.identity.actions import register_operations
from api.runtime.clock import utc_now

if TYPE_CHECKING:
    import strawberry

    from api.runtime.database import Database
    from api.settings import Settings

KINDS = ("mobile", "till", "partner", "admin")


def add(commands: Subcommands[Any]) -> None:
    """Adds `sdl`; `trust` needs a database and stands in the table of delegated commands."""
    parser = add_command(
        commands, "sdl", "write api/<caller>/schema.graphql from the code", "python main.py sdl && git diff"
    )
    parser.set_defaults(act=act_sdl)


def act_sdl(settings: Settings, arguments: argparse.Namespace) -> int:
    """Writes the SDL files and names those that changed."""
    del settings, arguments
    schemas = [(kind, _schema(kind)) for kind in KINDS if find_spec(f"api.{kind}.schema")]
    for path in write_sdl(schemas, Path(api.__file__).parent):
        print(f"wrote {path}")
    return ExitCode.OK


async def trust(database: Database, settings: Settings, arguments: argparse.Namespace) -> int:
    """`main.py trust manifest.json`: registers every operation of the manifest, or none and says all that is wrong."""
    del settings
    path, kind = Path(arguments.manifest), arguments.caller
    try:
        text = await asyncio.to_thread(path.read_text, encoding="utf-8")
        found = read_manifest(text, Documents(_schema(kind)))
    except OSError as error:
        print(f"{path}: {error.strerror}", file=sys.stderr)
        return ExitCode.SETTINGS
    except BadManifest as bad:
        for mistake in bad.mistakes:
            print(f"{path}: {mistake}", file=sys.stderr)
        return ExitCode.SETTINGS
    async with database.work() as work:
        await register_operations(work, kind, found, utc_now())
    print(f"trusted operations of {kind}: {len(found)}")
    return ExitCode.OK


def _schema(kind: str) -> strawberry.Schema:
    found: strawberry.Schema = import_module(f"api.{kind}.schema").SCHEMA
    return found
