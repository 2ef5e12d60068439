"""Several server processes under one port: they share a listening socket, and one parent looks after them.

The parent serves nothing. It starts a child anew that died (later each time it dies early), on SIGHUP starts new ones
and lets the old go once all new ones serve, and on SIGTERM or Ctrl-C lets all finish what they accepted.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from prometheus_client import multiprocess

from api.commands.exits import NotStarted

_MAIN = Path(__file__).resolve().parents[2] / "main.py"
_START_SECONDS = 60.0
_STOP_SECONDS = 75.0
_LOOK_SECONDS = 0.05
# A child that lived this long died of something new: it is started again at once.
_LONG_LIFE = 60.0
_LONGEST_REST = 30.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Child:
    """One server process. `line` is readable when it serves, and closed when either of the two is gone."""

    process: subprocess.Popen[bytes]
    line: socket.socket
    started: float
    ready: bool = False

    def look(self) -> bool:
        """Whether it lives; notes when it is ready."""
        if not self.ready:
            try:
                self.ready = self.line.recv(1) == b"1"
            except BlockingIOError:
                pass
            except ConnectionError:
                self.ready = False
        return self.process.poll() is None


@dataclass(slots=True)
class _Place:
    """Where one child serves, and how often in a row it died early."""

    child: _Child | None = None
    failures: int = 0
    not_before: float = 0.0


@dataclass(slots=True)
class Supervisor:
    """Keeps `count` children on `listener`; `metrics` is where they add up what they count."""

    count: int
    listener: socket.socket
    metrics: str
    stopping: bool = False
    reloading: bool = False
    places: list[_Place] = field(default_factory=list)
    leaving: list[_Child] = field(default_factory=list)

    def run(self, ready: Callable[[], None]) -> None:
        """Until SIGTERM or Ctrl-C. Calls `ready` once all serve; raises `NotStarted` where one cannot."""
        with self._signals():
            children = self._start_together()
            try:
                if children is None:
                    if self.stopping:
                        return
                    raise NotStarted("a server process could not start; the log above says why")
                self.places = [_Place(child) for child in children]
                ready()
                while not self.stopping:
                    if self.reloading:
                        self._reload()
                    self._look()
                    time.sleep(_LOOK_SECONDS)
            finally:
                self._stop_all([place.child for place in self.places if place.child] + self.leaving)

    def _start(self) -> _Child:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        # A session of its own: Ctrl-C reaches the parent, who lets the children finish.
        process = subprocess.Popen(  # noqa: S603 - this program again
            [
                sys.executable,
                str(_MAIN),
                "run",
                "--listener",
                str(self.listener.fileno()),
                "--line",
                str(theirs.fileno()),
            ],
            pass_fds=(self.listener.fileno(), theirs.fileno()),
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": self.metrics},
            start_new_session=True,
        )
        theirs.close()
        return _Child(process, ours, time.monotonic())

    def _start_together(self) -> list[_Child] | None:
        """So many new children, all serving; None, and none left, where one died, was too slow, or it is time to go."""
        children = [self._start() for _ in range(self.count)]
        deadline = time.monotonic() + _START_SECONDS
        while not all(child.ready for child in children):
            alive = [child.look() for child in children]
            if not all(alive) or self.stopping or time.monotonic() > deadline:
                self._stop_all(children)
                return None
            self._look()
            time.sleep(_LOOK_SECONDS)
        return children

    def _reload(self) -> None:
        self.reloading = False
        _log.info("new server processes are started; the old ones serve until these are ready")
        children = self._start_together()
        if children is None:
            _log.error("the new server processes could not start: the old ones stay")
            return
        for place, child in zip(self.places, children, strict=True):
            if place.child is not None:
                place.child.process.terminate()
                self.leaving.append(place.child)
            place.child, place.failures = child, 0
        _log.info("the new server processes serve", extra={"facts": {"processes": self.count}})

    def _look(self) -> None:
        """Starts again what died, once its rest is over; forgets what has left."""
        now = time.monotonic()
        for place in self.places:
            if place.child is not None and not place.child.look():
                lived = now - place.child.started
                place.failures = 0 if lived > _LONG_LIFE else place.failures + 1
                place.not_before = now + (min(0.5 * 2**place.failures, _LONGEST_REST) if place.failures > 1 else 0)
                code = place.child.process.returncode
                _log.error("a server process died", extra={"facts": {"code": code, "seconds": round(lived, 1)}})
                self._bury(place.child)
                place.child = None
            if place.child is None and now >= place.not_before:
                place.child = self._start()
        for child in [child for child in self.leaving if child.process.poll() is not None]:
            self._bury(child)
            self.leaving.remove(child)

    def _stop_all(self, children: list[_Child]) -> None:
        for child in children:
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for child in children:
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _log.error("a server process did not leave in time", extra={"facts": {"pid": child.process.pid}})
                child.process.kill()
                child.process.wait()
            self._bury(child)

    def _bury(self, child: _Child) -> None:
        child.line.close()
        multiprocess.mark_process_dead(child.process.pid, self.metrics)  # type: ignore[no-untyped-call]

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            self.stopping = True

        def reload(number: int, frame: FrameType | None) -> None:
            self.reloading = True

        kept = {
            number: signal.signal(number, handler)
            for number, handler in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, reload))
        }
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)


def supervise(count: int, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Runs so many server processes on `listener` until SIGTERM or Ctrl-C; raises `NotStarted`."""
    with tempfile.TemporaryDirectory(prefix="mergemart-metrics-") as folder:
        Supervisor(count, listener, folder).run(ready)
