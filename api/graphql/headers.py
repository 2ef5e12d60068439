"""What headers say, found out once for equal ones: apps send the same few in every request."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Meaning = TypeVar("Meaning")

_MOST = 256
# Longer ones come from no app: they would fill memory.
_LONGEST = 200


def read_once(read: Callable[[str | None], Meaning]) -> Callable[[str | None], Meaning]:
    """Remembers what the last 256 headers of usual length meant. What `read` raises is not remembered."""
    remembered = lru_cache(_MOST)(read)

    @wraps(read)
    def look(header: str | None) -> Meaning:
        return remembered(header) if header is None or len(header) <= _LONGEST else read(header)

    return look
