"""`main.py run`: starts what is embedded, migrates, seeds the demo, serves; at the end stops what it started."""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import signal
import socket
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any

from api.commands import seed
from api.commands.beside import AFTER, Console
from api.commands.exits import ExitCode, PortTaken
from api.commands.processes import supervise
from api.commands.serving import serve
from api.commands.setting import Subcommands, add_command, complete, migrated
from api.graphql.explorer import DEMO_TOKENS
from api.runtime.database import Database
from api.runtime.embedded import Embedded
from api.runtime.logs import configure_logs
from api.runtime.migrations import check_current

if TYPE_CHECKING:
    from api.settings import Settings

_BACKLOG = 2048
_MOST_PROCESSES = 256

_CALLERS = (
    ("member", "/graphql", "mobile"),
    ("till", "/till/graphql", "till"),
    ("partner", "/partner/graphql", "partner"),
    ("operator", "/admin/graphql", "admin"),
)


class _Stop(KeyboardInterrupt):
    """SIGTERM or SIGHUP: the same as Ctrl-C."""


def add(commands: Subcommands[Any]) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "run",
        "serve the API; without DATABASE_URL on an embedded PostgreSQL and Redis, in demo mode",
        "PORT=8001 MERGEMART_VAR=/tmp/shop python main.py run",
    )
    parser.add_argument(
        "--processes",
        type=_count,
        metavar="N",
        help="so many server processes under the one port, at best one a core (default: MERGEMART_PROCESSES, or 1)",
    )
    # How the parent of several processes starts each of them.
    parser.add_argument("--listener", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--line", type=int, help=argparse.SUPPRESS)
    parser.set_defaults(act=act)


def act(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serves until Ctrl-C or SIGTERM; SIGHUP stops one process, and renews several.

    Refuses with `PortTaken`, `AlreadyServing`, `DatabaseNewer`, `NotStarted`.
    """
    configure_logs(settings.log_level)
    if arguments.listener is not None:
        return _child(settings, arguments.listener, arguments.line)
    processes = arguments.processes or settings.processes
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    with ExitStack() as stack:
        embedded = Embedded(settings.var) if settings.is_embedded else None
        if embedded is not None:
            stack.enter_context(embedded.serving_alone())
        listener = stack.enter_context(_listen(settings.host, settings.port))
        try:
            if embedded is not None:
                stack.enter_context(embedded)
                embedded.watch()
                settings = settings.on(embedded)
            migrated(settings)
            if settings.demo:
                asyncio.run(_seed(settings))
            console = Console(settings.host, settings.port + AFTER, settings.port) if settings.console else None
            if console is not None:
                stack.callback(console.stop)
                settings = replace(settings, console_url=f":{console.port}/console/")
            data = f"Data: {settings.var}" if embedded else "Data: in the database of DATABASE_URL"
            ready = partial(_say_ready, _banner(settings, data), console)
            if processes > 1:
                if settings.console_url:
                    os.environ["MERGEMART_CONSOLE_URL"] = settings.console_url  # for its children
                supervise(processes, listener, ready)
            else:
                serve(settings, listener, ready)
        except KeyboardInterrupt:
            pass
        finally:
            _ignore_signals()  # an impatient second Ctrl-C must not leave servers behind
    _heed_signals()
    print("mergemart stopped; its data is kept", flush=True)
    return ExitCode.OK


def _child(settings: Settings, listener: int, line: int) -> int:
    """One of several processes: serves on its parent's socket, and leaves when the parent does."""
    parent = socket.socket(fileno=line)
    parent.setblocking(False)

    def orphaned() -> bool:
        try:
            return parent.recv(1) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    with complete(settings) as ready, socket.socket(fileno=listener) as shared:
        assert ready.database_url is not None
        check_current(ready.database_url)
        serve(ready, shared, lambda: parent.sendall(b"1"), orphaned)
    return ExitCode.OK


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _MOST_PROCESSES:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {_MOST_PROCESSES}")
    return int(text)


async def _seed(settings: Settings) -> None:
    assert settings.database_url is not None
    database = Database(settings.database_url, pool_size=2)
    try:
        await seed.seed(database, settings)
    finally:
        await database.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"port {port} of {host} is in use by another program: choose another, as in "
                f"`PORT={port + 1 if port < 65_535 else 8000} make run`"
            ) from None
        raise PortTaken(
            f"cannot listen on {host} port {port} ({error.strerror}): set HOST to an address of this machine "
            "and PORT to 1024 or more"
        ) from None
    return listener


def _say_ready(banner: str, console: Console | None) -> None:
    if console is not None:
        console.start()
    print(banner, flush=True)


def _banner(settings: Settings, data: str) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = f"http://{host}:{settings.port}"
    lines = [f"\nmergemart serves on {base}/", f"  health  {base}/readyz   metrics  {base}/metrics"]
    if settings.console_url:
        lines.append(f"  console {base}/console  (its own process, at {settings.console_url})")
    if settings.demo:
        lines += ["", "Demo tokens (Authorization: Bearer ...):"]
        lines += [f"  {caller:<9} {base + path:<42} {DEMO_TOKENS[kind]}" for caller, path, kind in _CALLERS]
        lines += [
            "",
            "Try:",
            f"  curl -s {base}/graphql -H 'Authorization: Bearer demo:mei' \\\n"
            "    -H 'Content-Type: application/json' -d '{\"query\":\"{ me { id cardNo displayName } }\"}'",
        ]
    return "\n".join([*lines, "", f"{data}   Stop: Ctrl-C", ""])


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stop


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _heed_signals() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
