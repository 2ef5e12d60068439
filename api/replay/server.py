"""The server under load: `main.py run` in a process of its own, on a free port of the loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

_MAIN = Path(__file__).resolve().parents[2] / "main.py"
_START_SECONDS = 60
_STOP_SECONDS = 60
_TOLD = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "MERGEMART_DEMO", "MERGEMART_OUTBOX_URL")


class NotServing(Exception):
    """The server did not start, or ended; the text says where its log is."""


@contextmanager
def serving(var: Path, clock: Path, log: Path, processes: int = 1) -> Iterator[tuple[int, int]]:
    """Port and process id of a server on the embedded database under `var`, by the clock of that file; of several
    processes the parent's. Raises `NotServing`. Blocks.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name not in _TOLD} | {
        "HOST": "127.0.0.1", "PORT": str(port), "MERGEMART_VAR": str(var), "MERGEMART_REPLAY_CLOCK": str(clock),
        "MERGEMART_LOG_LEVEL": "WARNING", "MERGEMART_CONSOLE": "0", "MERGEMART_PROCESSES": str(processes),
    }  # fmt: skip
    with log.open("wb") as file:
        server = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, str(_MAIN), "run"], env=environment, stdout=file, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            _wait(server, port, log)
            yield port, server.pid
        finally:
            _stop(server)


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise NotServing(f"the server did not start; see {log}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
