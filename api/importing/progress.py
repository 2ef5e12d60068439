"""How far a long task is: a bar with rate and time left on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

_PLAIN_SECONDS = 5.0


class ProgressLine:
    """Shows `done` of `total` for the length of a block. On stderr, so that figures on stdout can be piped."""

    def __init__(self, title: str, done: int, total: int) -> None:
        self._title = title
        self._start = self._done = done
        self._total = total
        self._began = self._told = time.monotonic()
        self._bar: Progress | None = None
        console = Console(stderr=True)
        if console.is_terminal:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                _Rate(),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=console)

    def __enter__(self) -> ProgressLine:
        if self._bar is not None:
            self._bar.start()
            self._bar.add_task(self._title, total=self._total, completed=self._done)
        return self

    def move(self, done: int) -> None:
        """So many are done."""
        self._done = done
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=done)
        elif time.monotonic() - self._told >= _PLAIN_SECONDS:
            self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        rate = (self._done - self._start) / max(self._told - self._began, 0.001)
        left = (self._total - self._done) / rate if rate else 0.0
        print(
            f"{self._title}: {self._done:,} of {self._total:,} ({rate:,.0f}/s, {left:,.0f} s left)",
            file=sys.stderr, flush=True,
        )  # fmt: skip

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


class _Rate(TextColumn):
    """Steps in a second."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "-/s")
