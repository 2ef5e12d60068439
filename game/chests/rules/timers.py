"""Timers of chests: so many run at once, the others wait in the order in which they were queued.

A chest that is queued is told at once from when until when its timer runs; nothing runs in the background. A speed-up
brings those behind it forward, and never puts one back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from game.refusals import GameCode, GameRefused


class ChestState(StrEnum):
    """How a chest stands at an instant."""

    WAITING = "WAITING"
    QUEUED = "QUEUED"
    UNLOCKING = "UNLOCKING"
    READY = "READY"
    OPENED = "OPENED"


@dataclass(frozen=True, slots=True)
class Chest:
    """A chest of a member, under the number of the order that earned it. `version` is the sheet's whose kind it is.

    `starts_at` and `opens_at` are there once it was queued.
    """

    number: int
    kind: str
    version: int
    unlock_seconds: int
    earned_at: datetime
    starts_at: datetime | None = None
    opens_at: datetime | None = None
    opened_at: datetime | None = None

    def state(self, now: datetime) -> ChestState:
        if self.opened_at is not None:
            return ChestState.OPENED
        if self.starts_at is None or self.opens_at is None:
            return ChestState.WAITING
        if now >= self.opens_at:
            return ChestState.READY
        return ChestState.UNLOCKING if now >= self.starts_at else ChestState.QUEUED


Shelf = dict[int, Chest]


def find(shelf: Shelf, number: int) -> Chest:
    """The member's chest of that number. Refuses CHEST_NOT_FOUND."""
    if number not in shelf:
        raise GameRefused(GameCode.CHEST_NOT_FOUND, chest=number)
    return shelf[number]


def queue(shelf: Shelf, number: int, now: datetime, *, slots: int, queued: int) -> Shelf:
    """The shelf with that chest's timer set: at once where a slot is free, else when the next one will be.

    Refuses CHEST_NOT_FOUND, CHEST_OPENED, CHEST_ALREADY_QUEUED, CHEST_QUEUE_FULL.
    """
    chest = _closed(shelf, number)
    if chest.starts_at is not None:
        raise GameRefused(GameCode.CHEST_ALREADY_QUEUED, chest=number, opens_at=_told(chest.opens_at))
    running = sorted(each.opens_at for each in shelf.values() if each.opens_at is not None and each.opens_at > now)
    if len(running) >= slots + queued:
        raise GameRefused(
            GameCode.CHEST_QUEUE_FULL, retryable=True, retry_at=running[len(running) - slots - queued],
            limit=slots + queued,
        )  # fmt: skip
    starts = now if len(running) < slots else running[len(running) - slots]
    return {**shelf, number: _timed(chest, starts)}


def price(chest: Chest, now: datetime, diamond_seconds: int) -> int:
    """What it costs to have a queued chest ready now: a diamond for each stretch of its timer that is left, begun ones
    included. It only falls with time, and is 0 once the chest is ready."""
    if chest.starts_at is None or chest.opens_at is None or now >= chest.opens_at:
        return 0
    left = chest.opens_at - max(now, chest.starts_at)
    return -(-left // timedelta(seconds=diamond_seconds))


def check_hurried(shelf: Shelf, number: int, now: datetime) -> Chest:
    """The chest that is to be hurried. Refuses CHEST_NOT_FOUND, CHEST_OPENED, CHEST_NOT_QUEUED, CHEST_READY."""
    chest = _closed(shelf, number)
    if chest.opens_at is None:
        raise GameRefused(GameCode.CHEST_NOT_QUEUED, chest=number)
    if now >= chest.opens_at:
        raise GameRefused(GameCode.CHEST_READY, chest=number)
    return chest


def hurry(shelf: Shelf, number: int, now: datetime, *, slots: int) -> Shelf:
    """The shelf with that chest ready now; those whose timer has not begun move up, in their order."""
    chest = check_hurried(shelf, number, now)
    after = {**shelf, number: replace(chest, starts_at=min(chest.starts_at or now, now), opens_at=now)}
    waiting = sorted(
        (each for each in after.values() if each.starts_at is not None and each.starts_at > now),
        key=lambda each: (each.starts_at, each.opens_at, each.number),
    )
    behind = {each.number for each in waiting}
    ends = [each.opens_at for each in after.values() if each.opens_at is not None and each.opens_at > now
            and each.number not in behind]  # fmt: skip
    for each in waiting:
        ends.sort()
        moved = _timed(each, now if len(ends) < slots else ends[len(ends) - slots])
        assert each.starts_at is not None
        # With fewer slots than when it was queued a chest keeps the time that it was told.
        kept = moved if moved.starts_at is not None and moved.starts_at < each.starts_at else each
        after[each.number] = kept
        assert kept.opens_at is not None
        ends.append(kept.opens_at)
    return after


def check_open(shelf: Shelf, number: int, now: datetime) -> Chest:
    """The chest that can be opened now. Refuses CHEST_NOT_FOUND, CHEST_OPENED, CHEST_NOT_QUEUED, CHEST_LOCKED."""
    chest = _closed(shelf, number)
    if chest.opens_at is None:
        raise GameRefused(GameCode.CHEST_NOT_QUEUED, chest=number)
    if now < chest.opens_at:
        raise GameRefused(GameCode.CHEST_LOCKED, retryable=True, retry_at=chest.opens_at, chest=number)
    return chest


def order_of(shelf: Sequence[Chest], now: datetime) -> list[Chest]:
    """Chests as they are shown: ready ones, those with a timer in its order, then those that wait."""
    far = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(shelf, key=lambda each: (each.opens_at or far, each.number))


def _closed(shelf: Shelf, number: int) -> Chest:
    chest = find(shelf, number)
    if chest.opened_at is not None:
        raise GameRefused(GameCode.CHEST_OPENED, chest=number)
    return chest


def _timed(chest: Chest, starts: datetime) -> Chest:
    return replace(chest, starts_at=starts, opens_at=starts + timedelta(seconds=chest.unlock_seconds))


def _told(at: Any) -> str:
    return at.isoformat() if at else ""
