"""PostgreSQL and Redis from the wheels that pip installed, under our own small launcher.

For development, demonstration and tests: nothing to install by hand. Several processes may use one data folder at
once: each holds a shared lock, whoever finds the servers stopped starts them, and the last to leave stops them. The
kernel drops the locks of a process that is killed, so servers left behind are adopted by the next user.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from api.runtime.embedded.errors import AlreadyServing, EmbeddedError
from api.runtime.embedded.locks import FileLock
from api.runtime.embedded.postgres import APP_ROLE, OWNER_ROLE, Postgres
from api.runtime.embedded.redis import Redis
from api.runtime.embedded.secret import kept_secret

_log = logging.getLogger(__name__)

__all__ = ["AlreadyServing", "Embedded", "EmbeddedError", "embedded"]

# A socket's path may have 104 to 108 bytes, and PostgreSQL adds its own name to the folder's.
_SOCKET_FOLDER_BYTES = 85


class Embedded:
    """The servers of one data folder `var`, running from `__enter__` to `__exit__`.

    Not `durable` means without fsync, for tests. `buffers` is PostgreSQL's shared_buffers. Refuses with
    `EmbeddedError`.
    """

    def __init__(self, var: Path, *, durable: bool = True, buffers: str = "128MB") -> None:
        self.var = var.resolve()
        self._make_folder(self.var)
        self.sockets = self._socket_folder()
        self._users = FileLock(self.var / "users.lock")
        self._starting = FileLock(self.var / "start.lock")
        self._serving = FileLock(self.var / "server.lock")
        self._postgres = Postgres(self.var / "postgres", self.sockets, durable=durable, buffers=buffers)
        self._redis = Redis(self.sockets, self.var / "redis.log")
        self._leaving = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def database_url(self) -> str:
        """The app's role on the database `mergemart`."""
        return self._postgres.url(APP_ROLE)

    @property
    def owner_url(self) -> str:
        """The role that owns the schema and may migrate."""
        return self._postgres.url(OWNER_ROLE)

    @property
    def admin_url(self) -> str:
        """The superuser on the database `postgres`."""
        return self._postgres.admin_url

    @property
    def redis_url(self) -> str | None:
        """Redis, or None where the installed packages hold none."""
        return self._redis.url

    @property
    def secret(self) -> bytes:
        """What keys are hashed with: made once, and as durable as the data."""
        return kept_secret(self.var / "secret")

    @property
    def pg_bin(self) -> Path:
        """The folder with psql and pgbench."""
        return self._postgres.programs

    @property
    def process_ids(self) -> dict[str, int]:
        """The servers that are alive, by name; for tests that kill them."""
        found = {"postgres": self._postgres.running(), "redis": self._redis.running()}
        return {name: process_id for name, process_id in found.items() if process_id is not None}

    def __enter__(self) -> Embedded:
        with self._starting.held():
            self._users.shared()
            try:
                self._postgres.ensure()
                self._redis.ensure()
            except BaseException:
                self._stop_if_last()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        if self._watcher is not None:
            self._watcher.join()
        with self._starting.held():
            self._stop_if_last()

    @contextmanager
    def serving_alone(self) -> Iterator[None]:
        """Claims the folder for the one server that may serve from it, for the length of the block.

        Refuses with `AlreadyServing`. May be claimed before the servers run.
        """
        if not self._serving.try_exclusive():
            self._serving.release()
            raise AlreadyServing(
                f"a server already runs on {self.var}: stop it first, or start this one on a folder and a port of its "
                "own: MERGEMART_VAR=/path/to/other PORT=8001 make run"
            )
        try:
            yield
        finally:
            self._serving.release()

    def watch(self, seconds: float = 0.5) -> None:
        """Looks after both servers from a thread until exit: one that dies is started again."""
        self._watcher = threading.Thread(target=self._look_after, args=(seconds,), name="embedded", daemon=True)
        self._watcher.start()

    def _look_after(self, seconds: float) -> None:
        while not self._leaving.wait(seconds):
            if self._postgres.running() and (self._redis.url is None or self._redis.running()):
                continue
            try:
                with self._starting.held():
                    self._postgres.ensure()
                    self._redis.ensure()
            except EmbeddedError as error:  # such as shared memory that the dead server's children still hold
                _log.warning("an embedded server does not start yet", extra={"facts": {"error": str(error)}})

    def _stop_if_last(self) -> None:
        if self._users.try_exclusive():
            self._redis.stop()
            self._postgres.stop()
        self._users.release()

    def _socket_folder(self) -> Path:
        folder = self.var / "sockets"
        if len(os.fsencode(folder)) > _SOCKET_FOLDER_BYTES:
            digest = hashlib.sha256(os.fsencode(self.var)).hexdigest()[:16]
            folder = Path(tempfile.gettempdir()) / f"mergemart-{digest}"
        self._make_folder(folder)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or (os.getuid() != 0 and found.st_uid != os.getuid()):
            raise EmbeddedError(f"{folder} belongs to another account: remove it, or choose a shorter MERGEMART_VAR")
        folder.chmod(0o700)
        return folder

    @staticmethod
    def _make_folder(folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedError(
                f"cannot make the folder {folder} ({error.strerror}): choose another with MERGEMART_VAR"
            ) from error


@contextmanager
def embedded(var: Path, *, durable: bool = True) -> Iterator[Embedded]:
    """The servers of `var`, running for the length of the block."""
    with Embedded(var, durable=durable) as servers:
        yield servers
