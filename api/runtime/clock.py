"""The wall clock, the dice and the minting of ids: the only place where any of them is read."""

from __future__ import annotations

import secrets
import threading
from datetime import UTC, datetime
from random import Random
from uuid import UUID


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
    """Makes UUIDv7 (RFC 9562): 48 bits of milliseconds, 12 bits of sequence, 62 random bits.

    Within one process and one millisecond ids ascend by the sequence (RFC 9562 section 6.2, method 1).
    """

    def __init__(self, dice: SystemDice | SeededDice) -> None:
        self._dice = dice
        self._lock = threading.Lock()
        self._last = -1
        self._sequence = 0

    def __call__(self, at: datetime) -> UUID:
        milliseconds = int(at.timestamp() * 1000)
        with self._lock:
            if milliseconds == self._last:
                self._sequence += 1
                if self._sequence > 0xFFF:
                    self._sequence = 0
            else:
                self._last = milliseconds
                self._sequence = 0
            sequence = self._sequence
        tail = int.from_bytes(self._dice.bytes(8), "big") & 0x3FFF_FFFF_FFFF_FFFF
        return UUID(int=milliseconds << 80 | 0x7 << 76 | sequence << 64 | 0b10 << 62 | tail)
