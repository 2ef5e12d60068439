"""`main.py day`: serves this database on a free port of its own, and walks one member through a day there."""

from __future__ import annotations

import argparse
import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID

import uvicorn
from rich.console import Console

from api.app import create_app
from api.commands.exits import ExitCode
from api.commands.seed import seed
from api.day.client import Refused
from api.day.walk import Day
from api.day.walk import walk as walk_day
from api.runtime.clock import utc_now

if TYPE_CHECKING:
    from api.runtime.database import Database
    from api.settings import Settings

_COLOURS = {"member": "green", "till": "cyan", "support": "magenta"}


async def walk(database: Database, settings: Settings, arguments: argparse.Namespace) -> int:
    """Walks household `--household` through a day, on the server at `--url` or on one of its own; 1 where it fails."""
    console = Console(highlight=False)
    steps = count(1)

    def say(who: str, what: str) -> None:
        console.print(f"{next(steps):>3}. [bold {_COLOURS[who]}]{who:<8}[/]{what}", soft_wrap=True)

    def new_id() -> UUID:
        return database.mint(utc_now())

    if not settings.demo:
        print("the day needs demo tokens: run it without DATABASE_URL, on the embedded database", file=sys.stderr)
        return int(ExitCode.SETTINGS)
    logging.getLogger().setLevel(logging.WARNING)  # the steps are what one came to see
    await seed(database, settings)
    try:
        if arguments.url:
            await asyncio.to_thread(walk_day, Day(arguments.url, arguments.household, say, utc_now, new_id))
        else:
            async with _serving(settings) as url:
                await asyncio.to_thread(walk_day, Day(url, arguments.household, say, utc_now, new_id))
    except (Refused, OSError) as error:
        print(f"the day stopped: {error}", file=sys.stderr)
        return int(ExitCode.FAILED)
    console.print("the day is done")
    return int(ExitCode.OK)


class _Starting(uvicorn.Server):
    """Tells when it is up, or has given up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.up.set()


@asynccontextmanager
async def _serving(settings: Settings) -> AsyncIterator[str]:
    """The API on a free port of the loopback, for the length of the block."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = _Starting(
            uvicorn.Config(create_app(settings), log_config=None, access_log=False, lifespan="on", ws="none")
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await server.up.wait()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
