"""The wall clock, the dice and the minting of ids: the only place where any of them is read."""

from __future__ import annotations

import mmap
import secrets
import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

Clock = Callable[[], datetime]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OFFSET = struct.Struct("=q")

_TAIL = (1 << 62) - 1
_BEGINS = (1 << 73) - 1
_STEP = (1 << 32) - 1
# A batch holds commands of many instants, which take turns; those minted for lately are remembered.
_INSTANTS = 1024


def utc_now() -> datetime:
    """The wall clock, aware, in UTC."""
    return datetime.now(UTC)


class ReplayedClock:
    """A season's clock that several processes of one machine share through a file of 8 bytes; for replays alone.

    The file holds the microseconds between the machine's monotonic clock and the season: time goes on at its natural
    pace, and whoever drives the replay sets it forward. Made anew where `at` is given, else opened.
    """

    def __init__(self, path: Path, at: datetime | None = None) -> None:
        if at is not None:
            path.write_bytes(_OFFSET.pack(_microseconds(at) - time.monotonic_ns() // 1000))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _OFFSET.size)

    def __call__(self) -> datetime:
        """The season's time, aware, in UTC."""
        (offset,) = _OFFSET.unpack_from(self._shared)
        return _EPOCH + timedelta(microseconds=time.monotonic_ns() // 1000 + offset)

    def set_forward(self, at: datetime) -> None:
        """Goes on from `at`; a time that is over already changes nothing."""
        if at > self():
            self._shared[:] = _OFFSET.pack(_microseconds(at) - time.monotonic_ns() // 1000)


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def clock_of(replayed: Path | None) -> Clock:
    """The wall clock, or the one of the replay whose file is named (`MERGEMART_REPLAY_CLOCK`)."""
    return utc_now if replayed is None else ReplayedClock(replayed)


class SystemDice:
    """The operating system's CSPRNG."""

    def below(self, limit: int) -> int:
        return secrets.randbelow(limit)

    def bytes(self, count: int) -> bytes:
        return secrets.token_bytes(count)


class SeededDice:
    """Repeatable chance for tests, imports and simulation; never for secrets."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - repeatable on purpose

    def below(self, limit: int) -> int:
        return self._random.randrange(limit)

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)


class Mint:
    """Makes UUIDv7 (RFC 9562): 48 bits of milliseconds, and 74 bits that begin at random and ascend.

    Of two ids that one process makes for the same millisecond the later one is greater, whatever was minted between
    them: the 74 bits go on from the last ones by a random step (RFC 9562 section 6.2, method 2). They begin in the
    lower half, so that it takes 2^41 ids of one millisecond to run out. Of different milliseconds the times decide.
    """

    def __init__(self, dice: SystemDice | SeededDice) -> None:
        self._dice = dice
        self._lock = threading.Lock()
        self._last: OrderedDict[int, int] = OrderedDict()

    def __call__(self, at: datetime) -> UUID:
        milliseconds = int(at.timestamp() * 1000)
        chance = int.from_bytes(self._dice.bytes(10), "big")
        with self._lock:
            last = self._last.get(milliseconds)
            if last is None:
                low = chance & _BEGINS
                if len(self._last) >= _INSTANTS:
                    self._last.popitem(last=False)
            else:
                low = last + 1 + (chance & _STEP)
                self._last.move_to_end(milliseconds)
            self._last[milliseconds] = low
        assert low >> 74 == 0, "one millisecond has room for more ids than a process makes"
        return UUID(int=milliseconds << 80 | 0x7 << 76 | (low >> 62) << 64 | 0b10 << 62 | low & _TAIL)
