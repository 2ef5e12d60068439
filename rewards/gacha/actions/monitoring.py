"""The fairness monitor: makes every revealed draw again, and weighs all rolls against fair dice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from loyalty.work import Work
from rewards.fairness import actions as fairness
from rewards.fairness.rules import Vault
from rewards.gacha.actions.audit import count_broken
from rewards.gacha.actions.drawing import read_draw
from rewards.gacha.actions.pools import load_terms
from rewards.gacha.rules import monitoring as rules
from rewards.gacha.store import monitor as store
from rewards.gacha.store import pools as pool_store

EVERY = timedelta(minutes=5)
"""So often at most the rolls are weighed, however many servers there are."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One look: e-values as natural logarithms, and how many revealed draws were made again and do not follow.

    `alarm_since` is when evidence first reached the alarm, or a draw was found that does not follow; it stays.
    """

    at: datetime
    draws: int
    bins: float
    together: float
    replayed: int
    broken: int
    alarm: bool
    alarm_since: datetime | None


async def replay_revealed(work: Work, now: datetime, limit: int, *, vault: Vault) -> int:
    """Makes the draws of revealed epochs again that were not yet; returns how many epochs. Locks nothing."""
    waiting = [(row["member_id"], row["epoch"]) for row in await store.load_waiting(work.connection, limit)]
    if not waiting:
        return 0
    records = [read_draw(row) for row in await store.load_of_epochs(work.connection, waiting)]
    terms = await load_terms(work.connection, {(each.pool_id, each.version) for each in records})
    epochs = await fairness.read_epochs(work.connection, waiting)
    seeds = {key: fairness.try_unseal(vault, epoch) for key, epoch in epochs.items()}
    broken = count_broken(records, terms, seeds)
    drawn = Counter((each.member_id, each.epoch) for each in records)
    await store.insert_replayed(work, [(*key, drawn[key], broken.get(key, 0)) for key in waiting], now)
    return len(waiting)


async def take_reading(work: Work, now: datetime) -> int:
    """Weighs all draws, unless that was done within `EVERY` or is being done; returns how many readings it took.

    All draws, revealed or not: whether a member reveals hangs on what he drew, and would bend what is left.
    """
    if not await store.may_read(work):
        return 0
    latest = await store.load_latest(work.connection)
    if latest is not None and now - latest["at"] < EVERY:
        return 0
    evidence = await _weigh(work.connection)
    found = await store.count_replayed(work.connection)
    alarm = evidence.alarm or found["broken"] > 0
    await store.insert_reading(
        work, (work.mint(now), now, evidence.draws, evidence.bins, evidence.together, found["draws"], found["broken"],
               alarm),
    )  # fmt: skip
    return 1


async def read_monitor(connection: Any) -> Reading | None:
    """The latest reading; None before the first."""
    row = await store.load_latest(connection)
    return Reading(**dict(row)) if row else None


async def list_readings(connection: Any, limit: int) -> list[Reading]:
    """The latest readings, newest first; since when there is an alarm is told by the latest alone (`read_monitor`)."""
    return [Reading(**dict(row)) for row in await store.load_readings(connection, limit)]


async def _weigh(connection: Any) -> rules.Evidence:
    rows = await store.count_rolls(connection, rules.BIN_PPM)
    ranks = {row["id"]: rank for rank, row in enumerate(await pool_store.load_all_pools(connection))}
    terms = await load_terms(connection, {(row["pool_id"], row["version"]) for row in rows})
    bins: Counter[int] = Counter()
    counted = []
    for row in rows:
        bins[row["bin"]] += row["draws"]
        hazard = terms[row["pool_id"], row["version"]].odds.hazard
        counted.append((ranks[row["pool_id"]], hazard.chance(row["pity_before"] + 1), row["draws"], row["tops"]))
    return rules.weigh(rules.bins_of(bins), rules.tops_of(counted))
