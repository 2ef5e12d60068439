"""A season by the rules alone: no database, no actions, and the same bots."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, MutableSequence, Sequence
from dataclasses import dataclass

from api.content import seed_files
from api.replay.machine import describe
from api.simulate.bots import HOURS
from api.simulate.chances import Chances, SeededChances
from api.simulate.crowd import Bot, Crowd, Draw, Found, rounds_of
from api.simulate.figures import Figures
from api.simulate.processes import Tell, Turns, run_lanes, shared
from api.simulate.rulebook import Rulebook, limited, read_rulebook
from api.simulate.ruling import Ruling
from api.simulate.tally import Tally, figures_of
from api.simulate.wanted import Wanted, sheet_hashes

_FEW = 16  # so many members play between two looks at whose turn it is

Choose = Callable[[tuple[int, ...]], Chances]


@dataclass(frozen=True, slots=True)
class Ruled:
    """Everything that a season by the rules found. Cheaters have played as optimisers: there is nothing to forge."""

    wanted: Wanted
    machine: str
    sheets: dict[str, str]
    found: Found
    figures: Figures
    seconds: float

    @property
    def ok(self) -> bool:
        return not (self.found.dead or self.found.impossible)


def simulate_by_rules(wanted: Wanted, tell: Tell) -> Ruled:
    """Plays a season in memory. Refuses `SheetInvalid` where the changed sheets have mistakes; raises `Broken`."""
    began = time.monotonic()
    book = read_rulebook(wanted.changes)
    awarded = shared(_count_limited(wanted, book))
    places = [(wanted, lane, awarded) for lane in range(wanted.lanes)]
    lanes = asyncio.run(run_lanes(run_lane, places, tell, forked=True))
    found, tally = Found(), Tally()
    for one, counted in lanes:
        found.add(one)
        tally.add(counted)
    figures = figures_of(tally, wanted, book)
    hashes = sheet_hashes(seed_files(), wanted.changes)
    return Ruled(wanted, describe(), hashes, found, figures, time.monotonic() - began)


async def run_lane(
    wanted: Wanted, lane: int, awarded: MutableSequence[int], turns: Turns, tell: Tell
) -> tuple[Found, Tally]:  # fmt: skip
    """Plays the lane's members, and its share of the cheaters, through the season."""
    crowds = await play_lane(wanted, lane, read_rulebook(wanted.changes), SeededChances, awarded, turns, tell)
    found, tally = Found(), Tally()
    for _, world in crowds:
        found.add(world.found)
        tally.take(world, wanted)
    found.cpu_seconds = time.process_time()
    return found, tally


async def play_lane(
    wanted: Wanted, lane: int, book: Rulebook, choose: Choose, awarded: MutableSequence[int], turns: Turns, tell: Tell
) -> list[tuple[Crowd, Ruling]]:
    """The honest members of a lane and those cheaters that are dealt to it, at the season's end.

    By the actions the first lane has all cheaters. Here their play costs most, so it is shared; whose draw comes first
    in a tick can matter only where that tick takes the last of a limited prize.
    """
    honest, cheaters = wanted.deal(lane)
    crowds = []
    for members, place in ((honest, (wanted.seed, lane, 0)), (cheaters[lane :: wanted.lanes], (wanted.seed, 0, 1))):
        world = Ruling(wanted, book, choose(place), awarded)
        crowd = Crowd(wanted, world, place)
        await crowd.settle_in(members)
        crowds.append((crowd, world))
    for day in range(wanted.days):
        calendars = [crowd.choose_hours() for crowd, _ in crowds]
        for hour in HOURS:
            coming = [
                (crowd, [bot for bot, hours in zip(crowd.bots, calendar, strict=True) if hour in hours])
                for (crowd, _), calendar in zip(crowds, calendars, strict=True)
            ]
            await _play_hour(day, hour, coming, turns)
        tell(sum(len(crowd.bots) for crowd, _ in crowds))
        await asyncio.sleep(0)
    return crowds


async def _play_hour(day: int, hour: int, coming: Sequence[tuple[Crowd, Sequence[Bot]]], turns: Turns) -> None:
    """One hour of these crowds. Who draws nothing plays while the lane waits for its turn; members do not meet."""
    draws: list[tuple[Crowd, Sequence[Draw]]] = []
    early: list[tuple[Crowd, Sequence[Bot], int]] = []
    late: list[tuple[Crowd, Sequence[Bot], int]] = []
    for crowd, visitors in coming:
        asked, rounds = await crowd.arrive(day, hour, visitors), rounds_of(visitors)
        draws.append((crowd, asked))
        drawing = {bot.seat for bot, _, _ in asked}
        idle = [bot for bot in visitors if bot.seat not in drawing]
        early += [(crowd, idle[at : at + _FEW], rounds) for at in range(0, len(idle), _FEW)]
        late.append((crowd, [bot for bot in visitors if bot.seat in drawing], rounds))
    while early and not turns.come():
        crowd, few, rounds = early.pop()
        await crowd.play(day, hour, few, rounds)
    await turns.take()
    for crowd, wanted in draws:
        await crowd.draw(day, hour, wanted)
    turns.pass_on()
    for crowd, some, rounds in (*early, *late):
        await crowd.play(day, hour, some, rounds)


def _count_limited(wanted: Wanted, book: Rulebook) -> int:
    pools = book.pools(SeededChances((wanted.seed,)).pool_ids(book.odds))
    return len(limited(pools))
