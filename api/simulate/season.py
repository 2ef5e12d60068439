"""One whole simulated season: its databases, a process for each lane, the audit, the figures."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from api.content import publish, seed_files
from api.replay.machine import describe
from api.runtime.audit import Report, audit
from api.runtime.database import Database
from api.runtime.embedded import Embedded
from api.simulate import databases
from api.simulate.crowd import Found
from api.simulate.figures import Books, Figures, read_books, read_figures
from api.simulate.lane import run_lane
from api.simulate.processes import Tell, run_lanes
from api.simulate.wanted import Kind, Wanted, sheet_hashes
from rewards.fairness.actions import AesVault


@dataclass(frozen=True, slots=True)
class Simulated:
    """Everything that one simulation found. `cheaters` and `twins` are the same members on the two databases."""

    wanted: Wanted
    machine: str
    sheets: dict[str, str]
    found: Found
    figures: Figures
    cheaters: Books
    twins: Books
    audit: Report
    seconds: float
    database: str

    @property
    def differing(self) -> int:
        """How many cheaters hold or reached anything else than their twins."""
        return sum(self.cheaters[each] != self.twins.get(each) for each in self.cheaters)

    @property
    def ok(self) -> bool:
        forged = sum(self.found.accepted.values()) + self.differing
        return self.audit.ok and not (self.found.dead or self.found.impossible or forged)


def simulate(servers: Embedded, wanted: Wanted, tell: Tell, *, keep: bool = False) -> Simulated:
    """Plays a season on databases of its own, made and dropped on these servers.

    Refuses `SheetInvalid` where the changed sheets have mistakes. Raises `Broken` where a lane dies.
    """
    databases.make_template(servers, wanted.begins)
    return asyncio.run(_simulate(servers, wanted, tell, keep=keep))


async def _simulate(servers: Embedded, wanted: Wanted, tell: Tell, *, keep: bool) -> Simulated:
    name = databases.name_of(os.getpid(), time.monotonic_ns())
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(databases.copied(servers, name, keep=keep))
        twin_url = await stack.enter_async_context(databases.copied(servers, f"{name}_twins"))
        for each in (url, twin_url):
            await _publish_changes(each, wanted)
        began = time.monotonic()
        found = await _play(wanted, url, twin_url, tell)
        seconds = time.monotonic() - began
        cheaters = sorted(member_id for member_id, kind in found.members if kind is Kind.CHEATER)
        books = await _read(url, lambda connection: read_books(connection, cheaters))
        twins = await _read(twin_url, lambda connection: read_books(connection, cheaters))
        figures = await _read(url, lambda connection: read_figures(connection, wanted, found.members))
        database = Database(url, pool_size=1)
        stack.push_async_callback(database.close)
        report = await audit(database, wanted.ends, vault=AesVault(b"simulation %d" % wanted.seed))
        hashes = sheet_hashes(seed_files(), wanted.changes)
        kept = f"kept_{name}" if keep else ""
        return Simulated(wanted, describe(), hashes, found, figures, books, twins, report, seconds, kept)


async def _publish_changes(url: str, wanted: Wanted) -> None:
    database = Database(url, pool_size=1)
    try:
        async with database.work() as work:
            for change in wanted.changes:
                await publish(
                    work, change.kind, change.key, change.body, author="simulation", reason="tried in a simulation",
                    based_on=1, now=wanted.begins,
                )  # fmt: skip
    finally:
        await database.close()


async def _read(url: str, act: Callable[[Any], Any]) -> Any:
    database = Database(url, pool_size=1)
    try:
        async with database.snapshot() as connection:
            return await act(connection)
    finally:
        await database.close()


async def _play(wanted: Wanted, url: str, twin_url: str, tell: Tell) -> Found:
    """All lanes, side by side."""
    lanes = await run_lanes(run_lane, [(wanted, lane, url, twin_url) for lane in range(wanted.lanes)], tell)
    found = Found()
    for each in lanes:
        found.add(each)
    return found
