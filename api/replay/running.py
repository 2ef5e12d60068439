"""The load: step after step of the season, all visits of a step over so many kept connections, then the next step."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from api.replay import members
from api.replay.client import Broken, Connection
from api.replay.clock import SeasonClock
from api.replay.machine import Sample, measure
from api.replay.plan import Plan, shuffle
from api.replay.stage import Act, Stage
from api.runtime.clock import SeededDice

_LOOK_SECONDS = 1.0
_BROKEN_MOST = 20

Tell = Callable[[int], None]


@dataclass(slots=True)
class Run:
    """How the load went, second by second."""

    seconds: float = 0.0
    samples: list[Sample] = field(default_factory=list)
    stopped: str | None = None


async def run_season(
    stage: Stage, plan: Plan, clock: SeasonClock, begins: datetime, *,
    port: int, connections: int, roots: Mapping[str, int], tell: Tell,
) -> Run:  # fmt: skip
    """Replays the plan. Nobody is in the middle of anything while the clock is set forward, so that tokens and holds
    live their natural lives within an hour. `tell` is called after each hour with the visits that are over.

    Stops early, and says so in the answer, where the server breaks down.
    """
    run = Run()
    began = time.monotonic()
    lines = [Connection(port, stage.tally, SeededDice(stage.seed << 16 | number)) for number in range(connections)]
    order = SeededDice(stage.seed)
    watching = asyncio.create_task(_watch(run, stage, roots, began))
    broken: list[str] = []
    visits = 0
    try:
        for hour in range(0, len(plan.hours), stage.step):
            stage.hour = hour
            acts: list[Act] = []
            for each in range(hour, min(hour + stage.step, len(plan.hours))):
                acts += [partial(members.visit, stage, visit) for visit in plan.within(each)]
                acts += stage.later.pop(each, ())
                visits += len(plan.hours[each])
            if acts:
                await clock.set_forward(begins + timedelta(hours=hour))
                turns = list(range(len(acts)))
                shuffle(order, turns)
                waiting = iter([acts[turn] for turn in turns])
                await asyncio.gather(*(_work(line, waiting, broken) for line in lines[: len(acts)]))
            tell(visits)
            if len(broken) > _BROKEN_MOST:
                run.stopped = broken[0]
                break
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        for line in lines:
            await line.close()
    run.seconds = time.monotonic() - began
    return run


async def _work(line: Connection, waiting: Iterator[Act], broken: list[str]) -> None:
    for act in waiting:
        try:
            await act(line)
        except Broken as error:
            broken.append(str(error))
        if len(broken) > _BROKEN_MOST:
            return


async def _watch(run: Run, stage: Stage, roots: Mapping[str, int], began: float) -> None:
    while True:
        sample = await asyncio.to_thread(measure, time.monotonic() - began, stage.tally.requests, roots)
        if sample is not None:
            run.samples.append(sample)
        await asyncio.sleep(_LOOK_SECONDS)
