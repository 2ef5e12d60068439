"""A real server as a process of its own, for tests that hurt it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_OURS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "PORT", "HOST")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """`main.py run` on a data folder and a port of its own; its output goes to `server.log` beside the data."""

    def __init__(self, var: Path, environment: Mapping[str, str] | None = None) -> None:
        self.var = var
        self.port = free_port()
        self.log = var.with_suffix(".log")
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("MERGEMART", "FIREBASE"))
        }
        for name in _OURS:
            inherited.pop(name, None)
        self.environment = {
            **inherited,
            "MERGEMART_VAR": str(var),
            "MERGEMART_CONSOLE": "0",
            "PORT": str(self.port),
            "MERGEMART_LOG_LEVEL": "INFO",
            **(environment or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns once it is ready for requests."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "main.py", "run"], cwd=ROOT, env=self.environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while self.status("/readyz")[0] != 200:
            assert self.process.poll() is None, f"the server ended: {self.log.read_text()[-3000:]}"
            assert time.monotonic() < deadline, f"the server is not ready: {self.log.read_text()[-3000:]}"
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9: it gets no chance to say goodbye."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def status(self, path: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON of a health page; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:  # noqa: S310 - our own
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())
        except OSError:
            return 0, {}

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command of `main.py` beside the server, in the same environment."""
        return subprocess.run(
            [sys.executable, "main.py", *words], cwd=ROOT, env=self.environment, check=False, capture_output=True,
            text=True, timeout=120,
        )  # fmt: skip

    def faults_logged(self) -> list[dict[str, Any]]:
        """What the server logged as an error."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [entry for entry in map(json.loads, lines) if entry["level"] in {"ERROR", "CRITICAL"}]


@contextmanager
def serving(var: Path, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server that is ready; stopped at the end if it still runs, with the databases that it started."""
    server = Server(var, environment)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.terminate()


def postgres_of(var: Path) -> int:
    """The process id of the PostgreSQL of a data folder."""
    return int((var / "postgres" / "postmaster.pid").read_text().splitlines()[0])
