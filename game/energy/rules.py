"""Energy comes back with time: one unit every so many seconds, up to the cap, counted when somebody looks.

Nothing runs in the background: an `Energy` is an amount and the instant from which the next unit is counted. Whoever
looks later finds the same, however often somebody looked in between.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from game.refusals import GameCode, GameRefused

LIMIT = 2**31 - 1


class Energy(NamedTuple):
    """`amount` as of `at`; while it is below the cap the next unit is counted from `at`, which is never moved back."""

    amount: int
    at: datetime


def settle(energy: Energy, cap: int, seconds: int, now: datetime) -> Energy:
    """The energy at `now`, with what has come back; the part of a unit that has passed is kept.

    A clock that went back counts as standing still. What gifts put above the cap stays, and nothing is added to it.
    """
    if now <= energy.at:
        return energy
    if energy.amount >= cap:
        return Energy(energy.amount, now)
    step = timedelta(seconds=seconds)
    gained = (now - energy.at) // step
    if not gained:
        return energy
    if energy.amount + gained >= cap:
        return Energy(cap, now)
    return Energy(energy.amount + gained, energy.at + gained * step)


def spend(energy: Energy, amount: int, cap: int, seconds: int, now: datetime) -> Energy:
    """Takes energy. Refuses NO_ENERGY, with the instant at which there is enough if the cap allows that."""
    there = settle(energy, cap, seconds, now)
    if there.amount < amount:
        waits = timedelta(seconds=seconds) * (amount - there.amount)
        raise GameRefused(
            GameCode.NO_ENERGY, retryable=True, retry_at=there.at + waits if amount <= cap else None, needed=amount
        )
    return Energy(there.amount - amount, there.at)


def give(energy: Energy, amount: int, cap: int, seconds: int, now: datetime) -> Energy:
    """Adds a gift, above the cap if need be; what is over the range of a wallet is lost."""
    there = settle(energy, cap, seconds, now)
    return Energy(min(LIMIT, there.amount + amount), there.at)


def next_at(energy: Energy, cap: int, seconds: int) -> datetime | None:
    """When the next unit comes back, of a settled energy; None where it is full."""
    return energy.at + timedelta(seconds=seconds) if energy.amount < cap else None
