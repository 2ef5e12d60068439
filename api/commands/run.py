"""`main.py run`: starts what is embedded, migrates, seeds the demo, serves; at the end stops what it started."""

from __future__ import annotations

import argparse
import asyncio
import errno
import signal
import socket
from contextlib import ExitStack, suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn

from api.app import create_app
from api.commands import seed
from api.commands.exits import ExitCode
from api.commands.setting import Subcommands, add_command, migrated
from api.graphql.explorer import DEMO_TOKENS
from api.graphql.limits import BODY_BYTES_MAX
from api.runtime.database import Database
from api.runtime.embedded import Embedded
from api.runtime.logs import configure_logs

if TYPE_CHECKING:
    from api.settings import Settings

_DRAIN_SECONDS = 30
_BACKLOG = 2048

_CALLERS = (
    ("member", "/graphql", "mobile"),
    ("till", "/till/graphql", "till"),
    ("partner", "/partner/graphql", "partner"),
    ("operator", "/admin/graphql", "admin"),
)


class PortTaken(Exception):
    """Another program listens on the port."""


class NotStarted(Exception):
    """The server failed at its start; its log says where."""


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
    parser.set_defaults(act=act)


def act(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serves until Ctrl-C, SIGTERM or SIGHUP. Refuses with `PortTaken`, `AlreadyServing`, `DatabaseNewer`."""
    del arguments
    configure_logs(settings.log_level)
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
            _serve(settings, listener, f"Data: {settings.var}" if embedded else "Data: in the database of DATABASE_URL")
        except KeyboardInterrupt:
            pass
        finally:
            _ignore_signals()  # an impatient second Ctrl-C must not leave servers behind
    _heed_signals()
    print("mergemart stopped; its data is kept", flush=True)
    return ExitCode.OK


def _serve(settings: Settings, listener: socket.socket, data: str) -> None:
    config = uvicorn.Config(
        create_app(settings),
        log_config=None,
        log_level="warning",  # at "info" every socket is two lines
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=BODY_BYTES_MAX,
        ws_per_message_deflate=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    server = _Announcing(config, _banner(settings, data))
    with suppress(KeyboardInterrupt, SystemExit):
        server.run(sockets=[listener])
    if not server.started:
        raise NotStarted("the server could not start; the log above says why")


class _Announcing(uvicorn.Server):
    """Says where it serves once it does, not before."""

    def __init__(self, config: uvicorn.Config, banner: str) -> None:
        super().__init__(config)
        self._banner = banner

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.should_exit:
            print(self._banner, flush=True)


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


def _banner(settings: Settings, data: str) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = f"http://{host}:{settings.port}"
    lines = [f"\nmergemart serves on {base}/", f"  health  {base}/readyz   metrics  {base}/metrics"]
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
