"""What an action is handed: one open transaction, and the only sources of ids and chance.

The unit of work in `api/runtime` makes it; actions use it and never commit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from loyalty.connection import Connection


class Dice(Protocol):
    """The only source of chance; seeded in tests."""

    def below(self, limit: int) -> int:
        """A uniform integer in [0, limit)."""

    def bytes(self, count: int) -> bytes:
        """That many random bytes, fit for secrets."""


@dataclass(frozen=True, slots=True)
class Work:
    """One open transaction on a connection of its own.

    `mint` makes a UUIDv7 for an instant; ids minted later in one process sort later.
    """

    connection: Connection
    mint: Callable[[datetime], UUID]
    dice: Dice
