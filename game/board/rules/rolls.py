"""The dice of a board: HMAC-SHA256 under its secret seed."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

_BLOCK = 64
_INNER, _OUTER = (bytes(each ^ pad for each in range(256)) for pad in (0x36, 0x5C))


def roll(seed: bytes, message: bytes, limit: int) -> int:
    """A number in [0, limit) that the seed decides. Its bias is below limit / 2^64."""
    return int.from_bytes(digest(seed, message)[:8]) % limit


def rolls(seed: bytes, message: bytes, first: int, count: int, limit: int) -> list[int]:
    """The rolls of a message that ends in a counter, for so many counts on end."""
    inner, outer = _keyed(seed)
    begun = inner.copy()
    begun.update(message)
    found = []
    for counter in range(first, first + count):
        inside, outside = begun.copy(), outer.copy()
        inside.update(b"%d" % counter)
        outside.update(inside.digest())
        found.append(int.from_bytes(outside.digest()[:8]) % limit)
    return found


def digest(seed: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 of a message under a seed. A board is rolled for many times over, so the key's part is kept."""
    inner, outer = _keyed(seed)
    inside = inner.copy()
    inside.update(message)
    outside = outer.copy()
    outside.update(inside.digest())
    found: bytes = outside.digest()
    return found


@lru_cache(maxsize=4096)
def _keyed(seed: bytes) -> tuple[Any, Any]:
    """RFC 2104: SHA-256 after the key with either padding; a board's seed is never longer than a block."""
    assert len(seed) <= _BLOCK, "longer keys are hashed first"
    key = seed.ljust(_BLOCK, b"\0")
    return hashlib.sha256(key.translate(_INNER)), hashlib.sha256(key.translate(_OUTER))
