"""Appointments: orders that wait for some hours of the member's wall clock alone, once in each window.

A window has a number of its own, made of its appointment's code and its day, far above those of plain orders. So it is
known without a counter, and delivered once by the deliveries' key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

APPOINTED = 1_000_000_000
"""Orders of this number and above are appointments."""
CODES = 30_000
_FIRST_DAY = date(2020, 1, 1)
_ONE_DAY = timedelta(days=1)
# A weekly window that was had today comes again in seven days; one more for those that cross midnight.
_AHEAD = 8


# Told apart by identity: a sheet is read once, and its windows are remembered by it.
@dataclass(frozen=True, slots=True, eq=False)
class Appointment:
    """When a special order waits: between two times of the wall clock, on these weekdays (Monday is 0; none: all).

    `chains` narrows what it asks for (none: all that the member owns). It pays `bonus_per_mille` more.
    """

    code: str
    names: Mapping[str, str]
    starts: time
    ends: time
    overnight: bool
    weekdays: tuple[int, ...]
    chains: tuple[str, ...]
    level: int
    bonus_per_mille: int


@dataclass(frozen=True, slots=True)
class Wall:
    """What time it is, and by which clock on the wall the member lives."""

    now: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Window:
    """One window of an appointment; `number` is that of its order."""

    appointment: Appointment
    number: int
    starts_at: datetime
    ends_at: datetime


@lru_cache(1_024)
def slot_of(code: str) -> int:
    """Where a code stands among the numbers of a day."""
    return int.from_bytes(hashlib.sha256(code.encode()).digest()[:8]) % CODES


def number_of(code: str, day: date) -> int:
    """The number of the order of an appointment's window that begins on that day."""
    return APPOINTED + (day - _FIRST_DAY).days * CODES + slot_of(code)


def window_on(appointment: Appointment, day: date, zone: ZoneInfo) -> Window | None:
    """The window that begins on that day of the wall clock; None where there is none.

    Its ends are what clocks in the zone show. Where they are put forward over a part of it, it is as much shorter, and
    a window that lies wholly between may be missing; where they are put back inside it, it is as much longer.
    """
    if appointment.weekdays and day.weekday() not in appointment.weekdays:
        return None
    last = day + _ONE_DAY if appointment.overnight else day
    starts_at = datetime.combine(day, appointment.starts, zone).astimezone(UTC)
    ends_at = datetime.combine(last, appointment.ends, zone).astimezone(UTC)
    if ends_at <= starts_at:
        return None
    return Window(appointment, number_of(appointment.code, day), starts_at, ends_at)


def open_windows(appointments: Sequence[Appointment], wall: Wall) -> list[Window]:
    """Those that are open now."""
    return list(_open_windows(tuple(appointments), wall.now, wall.zone)) if appointments else []


@lru_cache(64)
def _open_windows(appointments: tuple[Appointment, ...], now: datetime, zone: ZoneInfo) -> tuple[Window, ...]:
    # Asked at each delivery of a list of moves, and for many members at the same instant.
    found = _windows(appointments, now.astimezone(zone).date(), zone, 0)
    return tuple(each for each in found if each.starts_at <= now < each.ends_at)


def next_window(appointments: Sequence[Appointment], wall: Wall, without: Collection[int]) -> Window | None:
    """The window that is open or opens next, without those numbers; None where no such appointment comes."""
    found = _windows(tuple(appointments), wall.now.astimezone(wall.zone).date(), wall.zone, _AHEAD)
    return next((each for each in found if wall.now < each.ends_at and each.number not in without), None)


def find_window(appointments: Sequence[Appointment], number: int, zone: ZoneInfo) -> Window | None:
    """The window that an order's number stands for; None for one of no appointment of these."""
    days, slot = divmod(number - APPOINTED, CODES)
    for each in appointments:
        if slot_of(each.code) == slot and 0 <= days < (date.max - _FIRST_DAY).days:
            return window_on(each, _FIRST_DAY + days * _ONE_DAY, zone)
    return None


@lru_cache(512)
def _windows(
    appointments: tuple[Appointment, ...], today: date, zone: ZoneInfo, ahead: int
) -> tuple[Window, ...]:  # fmt: skip
    """Those that begin between yesterday and so many days ahead, the first one first."""
    found = [
        window_on(appointment, today + days * _ONE_DAY, zone)
        for appointment in appointments for days in range(-1, ahead + 1)
    ]  # fmt: skip
    return tuple(sorted(filter(None, found), key=lambda each: (each.starts_at, each.number)))
