"""`main.py console`: the operators' console as a process of its own, in front of an API that runs somewhere.

It starts without the rest of the program: it knows no database, only the address of the API.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

import uvicorn

from api.commands.exits import ExitCode
from api.console.serving import Plan, build
from api.console.signing import Firebase
from api.runtime.clock import SystemDice, utc_now
from api.runtime.logs import configure_logs

SUMMARY = "serve the operators' console in front of an API that runs"
_EPILOG = """\
The console asks the API at --api and nothing else. Outside demo mode operators sign in with an ID token of Firebase,
or, where FIREBASE_API_KEY holds the project's public key for web clients, with address and password. Its cookie is
then sent over https alone: put a reverse proxy that speaks TLS in front, which sends /console to it.

exit codes:
  0  stopped in good order
  2  an argument is wrong
  3  the port is taken

example:
  FIREBASE_API_KEY=... python main.py console --api http://127.0.0.1:8000 --port 9000

docs/operation.md says more."""
PORT = 9000
_BACKLOG = 512
_LEAVE_SECONDS = 5


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    made = argparse.ArgumentParser(
        prog="main.py console", description=SUMMARY, epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    made.add_argument(
        "--api", metavar="URL", default="http://127.0.0.1:8000", help="where the API serves (%(default)s)"
    )
    made.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    made.add_argument("--port", type=int, default=PORT, help="the port to listen on (%(default)s)")
    made.add_argument("--demo", action="store_true", help="the API runs in demo mode: offer its names and roles")
    made.add_argument("--listener", type=int, help=argparse.SUPPRESS)
    made.add_argument("--line", type=int, help=argparse.SUPPRESS)
    return made


def run(arguments: Sequence[str]) -> int:
    """Serves until Ctrl-C or SIGTERM, or until the process that started it is gone."""
    given = parser().parse_args(arguments)
    parts = urlsplit(given.api)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        print("mergemart: --api must be an URL such as http://127.0.0.1:8000", file=sys.stderr)
        return ExitCode.SETTINGS
    try:
        listener = _listen(given)
    except OSError as error:
        told = f"cannot listen on {given.host} port {given.port} ({error.strerror}): choose another with --port"
        print(f"mergemart: {told}", file=sys.stderr)
        return ExitCode.PORT_TAKEN
    configure_logs("WARNING")
    key = os.environ.get("FIREBASE_API_KEY")
    firebase = Firebase(key, os.environ.get("FIREBASE_AUTH_EMULATOR_HOST")) if key else None
    dice = SystemDice()
    app = build(
        Plan(given.api, demo=given.demo, firebase=firebase, secure=not given.demo), now=utc_now,
        mint_request=lambda: str(UUID(bytes=dice.bytes(16), version=4)), mint_session=lambda: dice.bytes(32).hex(),
    )  # fmt: skip
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, lifespan="on", ws="websockets-sansio",
        proxy_headers=False, timeout_graceful_shutdown=_LEAVE_SECONDS,
    )  # fmt: skip
    server = _Server(config, None if given.line is None else socket.socket(fileno=given.line))
    if given.line is None:
        print(f"the console serves on http://{given.host}:{given.port}/console/   Stop: Ctrl-C", flush=True)
    server.run(sockets=[listener])
    return ExitCode.OK


def _listen(given: argparse.Namespace) -> socket.socket:
    if given.listener is not None:
        return socket.socket(fileno=given.listener)
    return listen(given.host, given.port)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises `OSError`."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    """Leaves when the process at the other end of `line` is gone."""

    def __init__(self, config: uvicorn.Config, line: socket.socket | None) -> None:
        super().__init__(config)
        self._line = line
        if line is not None:
            line.setblocking(False)

    async def on_tick(self, counter: int) -> bool:
        if self._line is not None and self._is_orphan(self._line):
            self.should_exit = True
        return await super().on_tick(counter)

    @staticmethod
    def _is_orphan(line: socket.socket) -> bool:
        try:
            return line.recv(1) == b""
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
