"""One lane of a season by the actions: some of the members, the forgers, and their twins on another database."""

from __future__ import annotations

import asyncio
import time

from api.simulate.acting import Acting
from api.simulate.bots import HOURS
from api.simulate.crowd import Crowd, Found, rounds_of
from api.simulate.processes import Tell, Turns
from api.simulate.wanted import Kind, Wanted


async def run_lane(wanted: Wanted, lane: int, url: str, twin_url: str, turns: Turns, tell: Tell) -> Found:
    """Plays the lane's members through the season: what was found, but for what the twins of cheaters were answered.

    A cheater's twin is the same member with the same chances on another database, who forges nothing.
    """
    honest, cheaters = wanted.deal(lane)
    place, forging_place = (wanted.seed, lane, 0), (wanted.seed, 0, 1)
    forger = Acting(wanted, url, forging_place)
    crowd = Crowd(wanted, Acting(wanted, url, place), place)
    forgers = Crowd(wanted, forger, forging_place)
    twins = Crowd(wanted, Acting(wanted, twin_url, forging_place), forging_place)
    # The first lane has the cheaters and the last one their twins: few members each, so one batch rather than several.
    first, last = lane == 0, lane == wanted.lanes - 1
    crowds = ((crowd, honest), (forgers, cheaters if first else []), (twins, cheaters if last else []))
    try:
        for each, members in crowds:
            await each.settle_in(members)
        for day in range(wanted.days):
            calendars = [each.choose_hours() for each, _ in crowds]
            for hour in HOURS:
                coming = [
                    [bot for bot, hours in zip(each.bots, calendar, strict=True) if hour in hours]
                    for (each, _), calendar in zip(crowds, calendars, strict=True)
                ]
                for (each, _), visitors in zip(crowds, coming, strict=True):
                    await each.tick(day, hour, visitors, turns.take)
                turns.pass_on()
                for (each, _), visitors in zip(crowds, coming, strict=True):
                    now = await each.play(day, hour, visitors, rounds_of(visitors))
                    if each is forgers and hour == HOURS[-1]:
                        cheating = [bot for bot in visitors if bot.kind is Kind.CHEATER]
                        await forger.forge(cheating, forgers.bots, wanted.day(day), now)
            tell(len(crowd.bots) + len(forgers.bots))
            await asyncio.sleep(0)
    finally:
        for each, _ in crowds:
            assert isinstance(each.world, Acting)
            await each.world.database.close()
    crowd.found.add(forgers.found)
    crowd.found.thinking_seconds += twins.found.thinking_seconds
    crowd.found.cpu_seconds = time.process_time()
    return crowd.found
