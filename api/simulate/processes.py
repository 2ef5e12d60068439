"""A process for each lane of a season, and the turns in which lanes draw."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import uvloop

Tell = Callable[[int], None]
_LOOK_SECONDS = 0.05
_LEAVE_SECONDS = 10
_GC_OBJECTS = 50_000  # a batch makes many objects that go at its end
_WAIT_SECONDS = 0.001
_LOOKS = 200  # so many looks pass before the parent is asked after, which costs more than a look


class Broken(Exception):
    """A lane's process ended before its season did."""


@dataclass(slots=True)
class Turns:
    """Whose turn it is to draw: lanes take turns in each tick, one after the other."""

    shared: Any
    lane: int
    lanes: int
    parent: int
    ticks: int = 0

    def come(self) -> bool:
        """Whether it is this lane's turn."""
        return bool(self.shared.value == self.ticks * self.lanes + self.lane)

    async def take(self) -> None:
        """Waits until it is this lane's turn; ends the process where its parent is gone."""
        looks = 0
        while not self.come():
            looks += 1
            if looks % _LOOKS == 0:
                self.leave_orphaned()
            await asyncio.sleep(_WAIT_SECONDS)

    def leave_orphaned(self) -> None:
        """Ends the process where its parent, whose id is `parent`, is gone."""
        if os.getppid() != self.parent:
            raise SystemExit

    def pass_on(self) -> None:
        self.ticks += 1
        self.shared.value += 1


Run = Callable[..., Awaitable[Any]]
"""What a lane's process does: with its arguments, its turns, and whom it tells how many member-days are done."""


async def run_lanes(
    run: Run, arguments: Sequence[tuple[Any, ...]], tell: Tell, *, forked: bool = False
) -> list[Any]:  # fmt: skip
    """What each lane's `run` returns; whatever ends this ends their processes. Raises `Broken` where a lane dies.

    `run` and the arguments go to processes of their own: they are pickled. Lanes share what `shared` made.
    `forked` lanes start as copies of this process, in no time: for those that use no connection and print nothing.
    """
    context: Any = multiprocessing.get_context("fork" if forked else "spawn")
    turn = context.Value("q", 0, lock=False)  # nobody but whose turn it is changes it
    lanes: list[tuple[Any, Connection]] = []
    try:
        for lane, each in enumerate(arguments):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(
                target=_run_process, daemon=True, name=f"lane-{lane}",
                args=(run, each, Turns(turn, lane, len(arguments), os.getpid()), theirs, forked),
            )  # fmt: skip
            process.start()
            theirs.close()
            lanes.append((process, ours))
        return await _gather(lanes, tell)
    finally:
        for process, line in lanes:
            line.close()
            process.terminate()
        for process, _ in lanes:
            process.join(_LEAVE_SECONDS)


def shared(count: int) -> Any:
    """So many whole numbers that all lanes see; each lane changes them in its turn alone."""
    return multiprocessing.get_context("spawn").Array("q", max(1, count), lock=False)


async def _gather(lanes: list[tuple[Any, Connection]], tell: Tell) -> list[Any]:
    ended: dict[int, Any] = {}
    done = 0
    while len(ended) < len(lanes):
        for number, (_, line) in enumerate(lanes):
            while number not in ended and line.poll():
                try:
                    said = line.recv()
                except EOFError:
                    raise Broken(f"lane {number} ended before its season did") from None
                if isinstance(said, int):
                    done += said
                    tell(done)
                elif isinstance(said, str):
                    raise Broken(f"lane {number}: {said}")
                else:
                    ended[number] = said
        await asyncio.sleep(_LOOK_SECONDS)
    return [ended[number] for number in range(len(lanes))]


def _run_process(run: Run, arguments: tuple[Any, ...], turns: Turns, line: Connection, forked: bool) -> None:
    """A lane in a process of its own; Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if forked:  # the parent's progress bar may stand before these, whose lock nobody will release here
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__

    def tell(done: int) -> None:
        turns.leave_orphaned()
        line.send(done)

    try:
        gc.freeze()  # what was brought in stays
        gc.set_threshold(_GC_OBJECTS, 20, 50)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(_run(run, arguments, turns, tell))
        turns.leave_orphaned()  # a result is larger than the pipe: nobody would ever read it
        line.send(found)
    except Exception as error:  # noqa: BLE001 - told to the parent, who fails with it
        line.send(f"{type(error).__name__}: {error}")


async def _run(run: Run, arguments: tuple[Any, ...], turns: Turns, tell: Tell) -> Any:
    return await run(*arguments, turns, tell)
