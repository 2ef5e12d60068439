"""What a basket of the sample is to us: dates moved into the last year, ids that never change, amounts in cents."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from loyalty.receipts.rules import Line

SOURCE = "completejourney"
ZONE = "America/New_York"
CURRENCY = "USD"
CHANNEL = "STORE"
LOCALE = "en"
# Any constant will do; it makes the request ids of this import the same on every run and every machine.
_NAMESPACE = UUID("0b8f1ad4-7f5c-5d0e-9a58-6a4d0c1e2b77")


@dataclass(frozen=True, slots=True)
class Basket:
    """One basket of the sample, with its own date. `first` says whether it is its household's first."""

    number: str
    household: int
    store: int
    at: datetime
    lines: tuple[Line, ...]
    first: bool

    @property
    def request_id(self) -> UUID:
        """The same for the same basket, however often it is sent."""
        return uuid5(_NAMESPACE, f"{SOURCE}:{self.number}")

    def content_hash(self) -> bytes:
        """SHA-256 of what the sample says of the basket: an altered sample is not taken for the same request."""
        return hashlib.sha256(repr(self).encode()).digest()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come. `done` counts baskets in time order; `skipped` those of members who may not earn."""

    shift_days: int
    baskets_total: int
    done: int
    skipped: int
    points: int
    stamps: int
    tickets: int
    started_at: datetime
    finished_at: datetime | None

    @property
    def shift(self) -> timedelta:
        return timedelta(days=self.shift_days)


def household_subject(household: int) -> str:
    """The subject of a household's legacy identity."""
    return f"{SOURCE}:{household}"


def store_code(store: int) -> str:
    """The code of a shop of the sample."""
    return f"CJ-{store}"


def whole_weeks(last_at: datetime, now: datetime) -> int:
    """By how many days all dates move: the most whole weeks that leave the last basket no later than yesterday.

    Whole weeks keep the weekday of every basket. Judged in the shops' zone, whose summer time may carry a basket of
    the late evening past midnight.
    """
    zone = ZoneInfo(ZONE)
    yesterday = now.astimezone(zone).date() - timedelta(days=1)
    days = (yesterday - last_at.astimezone(zone).date()).days
    days -= days % 7
    if (last_at + timedelta(days=days)).astimezone(zone).date() > yesterday:
        days -= 7
    return days
