"""The wall clock, the dice and the minting of ids: the only place where any of them is read."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from datetime import UTC, datetime
from random import Random
from uuid import UUID

_TAIL = (1 << 62) - 1
_BEGINS = (1 << 73) - 1
_STEP = (1 << 32) - 1
# A batch holds commands of many instants, which take turns; those minted for lately are remembered.
_INSTANTS = 1024


def utc_now() -> datetime:
    """The wall clock, aware, in UTC."""
    return datetime.now(UTC)


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
