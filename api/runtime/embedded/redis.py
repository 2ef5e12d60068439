"""One Redis on a Unix socket, without persistence: it holds limits and fan-out, never the truth."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from api.runtime.embedded.binaries import redis_program
from api.runtime.embedded.errors import EmbeddedError

_SECONDS = 15


class Redis:
    """The server of one socket folder. Callers hold the folder's start lock around `ensure` and `stop`."""

    def __init__(self, sockets: Path, log: Path) -> None:
        self._socket = sockets / "redis.sock"
        self._log = log
        self._program = redis_program()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str | None:
        """A `unix://` URL, or None where no Redis is installed."""
        return f"unix://{quote(str(self._socket))}" if self._program else None

    def ensure(self) -> bool:
        """Makes sure that the server answers, if one is installed; True if it was started here."""
        if self._program is None or self.running():
            return False
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(self._program), "--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700",
                    "--save", "", "--appendonly", "no", "--maxmemory", "64mb", "--maxmemory-policy", "volatile-ttl",
                    "--loglevel", "warning", "--dir", str(self._socket.parent),
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self.running():
                return True
            time.sleep(0.02)
        raise EmbeddedError(f"Redis did not start: see {self._log}")

    def running(self) -> int | None:
        """The process id of the server that answers on the socket, whoever started it."""
        if self._process is not None:
            self._process.poll()
        answer = self._ask("INFO server")
        for line in answer.splitlines():
            if line.startswith("process_id:"):
                return int(line.removeprefix("process_id:"))
        return None

    def stop(self) -> None:
        """Stops the server; what it held is gone."""
        process_id = self.running() or self._own()
        if process_id is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, number)
            deadline = time.monotonic() + _SECONDS
            while time.monotonic() < deadline:
                if self.running() is None and self._own() is None:
                    return
                time.sleep(0.02)

    def _own(self) -> int | None:
        """The process that was started here while it lives, even when its socket's file is gone."""
        alive = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process is not None and alive else None

    def _ask(self, command: str) -> str:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(2)
                connection.connect(str(self._socket))
                connection.sendall(command.encode() + b"\r\n")
                return connection.recv(16_384).decode(errors="replace")
        except OSError:
            return ""
