"""One PostgreSQL on a Unix socket: made, started, adopted where it already runs, stopped."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from sqlalchemy.engine import URL

from api.runtime.embedded.account import Account
from api.runtime.embedded.binaries import postgres_programs
from api.runtime.embedded.errors import EmbeddedError

DATABASE = "mergemart"
OWNER_ROLE = "mergemart_owner"
APP_ROLE = "mergemart_app"
_ADMIN_ROLE = "postgres"
_PORT = "5432"
_START_SECONDS = 300
_STOP_SECONDS = 60
_END_SECONDS = 2
_RETRY_SECONDS = 20
_LOG_BYTES = 10_000_000
_STILL_HELD = ("is still in use", "lock file")

_SETTINGS = {
    "listen_addresses": "",
    "port": _PORT,
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "max_wal_senders": "0",
    "logging_collector": "off",
    "log_checkpoints": "off",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal"}

_ROLES = f"""
SELECT 'CREATE ROLE {OWNER_ROLE} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{OWNER_ROLE}') \\gexec
SELECT 'CREATE ROLE {APP_ROLE} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') \\gexec
SELECT 'CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec
"""  # noqa: S608 - constants


class Postgres:
    """The server of one data folder. Callers hold the folder's start lock around `ensure` and `stop`.

    Not `durable` means without fsync: for tests, whose data may die with the machine.
    """

    def __init__(self, data: Path, sockets: Path, *, durable: bool, buffers: str) -> None:
        self.data = data
        self.sockets = sockets
        self.durable = durable
        self.buffers = buffers
        self.programs = postgres_programs(data)
        self._log = data.with_name("postgres.log")
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, role: str, database: str = DATABASE) -> str:
        """A SQLAlchemy URL of the asyncpg dialect for `role`, over the socket."""
        where = {"host": str(self.sockets), "port": _PORT}
        made = URL.create("postgresql+asyncpg", username=role, database=database, query=where)
        return made.render_as_string(hide_password=False)

    @property
    def admin_url(self) -> str:
        """The superuser's URL: for tests, which make and drop databases."""
        return self.url(_ADMIN_ROLE, "postgres")

    def ensure(self) -> bool:
        """Makes sure that the server runs and holds the database and both roles; True if it was started here."""
        if self.running():
            self._await_ready(None)
            return False
        account = Account(self.data)
        if not (self.data / "PG_VERSION").is_file():
            self._initialise(account)
        self._start(account)
        self._psql(_ROLES)
        return True

    def running(self) -> int | None:
        """The process id of the server if it is alive, whoever started it."""
        if self._process is not None:
            self._process.poll()  # a dead child would otherwise stay as a zombie
        process_id = self._recorded()
        return process_id if process_id and _is_postgres(process_id, self.data) else None

    def stop(self) -> None:
        """Stops the server: open connections are ended, what was committed is kept."""
        process_id = self.running()
        if process_id is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, number)
            deadline = time.monotonic() + _STOP_SECONDS
            while time.monotonic() < deadline:
                if self.running() is None:
                    _await_end(process_id)
                    return
                time.sleep(0.02)

    def _initialise(self, account: Account) -> None:
        partial = self.data.with_name("postgres.new")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        account.own(partial)
        done = subprocess.run(
            account.command(
                self.programs / "initdb", "-D", str(partial), "-U", _ADMIN_ROLE, "-A", "trust",
                "-E", "UTF8", "--locale=C", "--no-instructions", *([] if self.durable else ["--no-sync"]),
            ),
            check=False, capture_output=True, cwd="/", **account.options,
        )  # fmt: skip
        if done.returncode != 0:
            raise EmbeddedError(f"PostgreSQL could not make {self.data}: {done.stderr.decode(errors='replace')}")
        if self.data.exists():
            shutil.rmtree(self.data)
        partial.rename(self.data)

    def _start(self, account: Account) -> None:
        account.own(self.data)
        account.own(self.sockets)
        deadline = time.monotonic() + _RETRY_SECONDS
        while True:
            self._forget_stranger()
            process = self._launch(account)
            if self._await_ready(process):
                self._process = process
                return
            tail = self._log.read_text(errors="replace")[-2000:] if self._log.exists() else ""
            # After kill -9 of the postmaster its children still hold the shared memory for a moment.
            if time.monotonic() > deadline or not any(sign in tail for sign in _STILL_HELD):
                raise EmbeddedError(f"PostgreSQL did not start; the end of {self._log}:\n{tail}")
            time.sleep(0.3)

    def _launch(self, account: Account) -> subprocess.Popen[bytes]:
        if self._log.exists() and self._log.stat().st_size > _LOG_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
        settings = _SETTINGS | ({} if self.durable else _NOT_DURABLE)
        quoted = '"' + str(self.sockets).replace('"', '""') + '"'
        settings |= {"unix_socket_directories": quoted, "shared_buffers": self.buffers}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            # A session of its own: Ctrl-C reaches only us, and we decide the order of the shutdown.
            return subprocess.Popen(
                account.command(self.programs / "postgres", "-D", str(self.data), *options),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True, **account.options,
            )  # fmt: skip

    def _await_ready(self, process: subprocess.Popen[bytes] | None) -> bool:
        """Waits until connections are taken; False if the server died meanwhile."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            lines = self._pid_file()
            ready = len(lines) > 7 and lines[7].strip() == "ready"
            if process is None and ready and self.running():
                return True
            if process is not None and ready and lines[0].strip() == str(process.pid):
                return True
            if process is not None and process.poll() is not None:
                return False
            if process is None and not self.running():
                return self.ensure()
            time.sleep(0.02)
        raise EmbeddedError(f"PostgreSQL did not become ready in {_START_SECONDS} s: see {self._log}")

    def _psql(self, script: str) -> None:
        done = subprocess.run(
            [
                str(self.programs / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1",
                "-h", str(self.sockets), "-p", _PORT, "-U", _ADMIN_ROLE, "-d", "postgres",
            ],
            input=script.encode(), check=False, capture_output=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise EmbeddedError(f"PostgreSQL refused to make the roles: {done.stderr.decode(errors='replace')}")

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _recorded(self) -> int | None:
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].strip().isdigit() else None

    def _forget_stranger(self) -> None:
        """Removes a pid file whose number now belongs to another program; PostgreSQL would refuse to start."""
        recorded = self._recorded()
        if recorded and _exists(recorded) and not _is_postgres(recorded, self.data):
            (self.data / "postmaster.pid").unlink(missing_ok=True)


def _is_postgres(process_id: int, data: Path) -> bool:
    arguments = _command_line(process_id)
    return bool(arguments) and str(data) in arguments and any(word.endswith("postgres") for word in arguments[:5])


def _await_end(process_id: int) -> None:
    """Waits a moment for a server that has let go of its file and its arguments, and is about to be gone.

    For no longer: the number may belong to another program by then.
    """
    deadline = time.monotonic() + _END_SECONDS
    while time.monotonic() < deadline and not _ended(process_id):
        time.sleep(0.005)


def _ended(process_id: int) -> bool:
    """Whether a process is gone, or a zombie."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return not _exists(process_id)
    return state in {"Z", "X"}


def _exists(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _command_line(process_id: int) -> list[str]:
    """The arguments of a process; empty when it is gone or a zombie."""
    listed = Path("/proc")
    if (listed / "self").exists():
        try:
            return (listed / str(process_id) / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return []
    shown = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(process_id)], check=False, capture_output=True)  # noqa: S607
    return shown.stdout.decode(errors="replace").split()
