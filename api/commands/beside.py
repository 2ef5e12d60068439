"""The console beside the server of `main.py run`: a child of its own, which leaves with its parent."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

_MAIN = Path(__file__).resolve().parents[2] / "main.py"
AFTER = 1_000
"""The console listens so many ports after the API; where that one is taken, at any free one."""
_BACKLOG = 512
_LEAVE_SECONDS = 10


class Console:
    """Holds the console's port from the beginning, and starts the process once the API serves.

    A browser that comes in between waits for it.
    """

    def __init__(self, host: str, port: int, api_port: int) -> None:
        self._listener = _listen(host, port)
        self._api = f"http://{_loopback(host)}:{api_port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def start(self) -> None:
        """Starts the process; it says nothing where all is well."""
        self._line, theirs = socket.socketpair()
        fds = self._listener.fileno(), theirs.fileno()
        self._process = subprocess.Popen(  # noqa: S603 - this program again
            [sys.executable, str(_MAIN), "console", "--demo", "--api", self._api, "--listener", str(fds[0]),
             "--line", str(fds[1])],
            pass_fds=fds, start_new_session=True,
        )  # fmt: skip
        theirs.close()
        self._listener.close()

    def stop(self) -> None:
        """Ends it, and waits until it is gone."""
        if self._process is None or self._line is None:
            self._listener.close()
            return
        self._line.close()
        self._process.terminate()
        try:
            self._process.wait(_LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _listen(host: str, port: int) -> socket.socket:
    """At the port, or where that is taken at any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port if port <= 65_535 else 0))
    except OSError:
        listener.bind((host, 0))
    listener.listen(_BACKLOG)
    return listener


_OF_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - looked up, not bound


def _loopback(host: str) -> str:
    return _OF_EVERYWHERE.get(host) or (f"[{host}]" if ":" in host else host)
