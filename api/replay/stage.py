"""What everybody in a replayed season shares: the operations, the tally, the hour, and what was put off until later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from api.replay.client import Connection, load_operations
from api.replay.shape import HOURS
from api.replay.tally import Tally
from api.runtime.clock import Clock, SeededDice

Act = Callable[[Connection], Awaitable[None]]

MOBILE = load_operations(
    "mobile",
    {
        "OpenApp": "openApp", "Home": None, "Board": None, "Chains": None, "CheckIn": "checkIn", "Pools": None,
        "PlayMoves": "playMoves", "Draw": "draw", "SetBirthYear": "setBirthYear", "Offers": None,
        "BuyCoupon": "buyCoupon", "Coupons": None,
    },
)  # fmt: skip
TILL = load_operations(
    "till",
    {
        "Member": None, "HoldBasket": "holdBasket", "SettleBasket": "settleBasket", "ReleaseBasket": "releaseBasket",
        "RecordReceipt": "recordReceipt", "RecordReturn": "recordReturn",
    },
)  # fmt: skip


@dataclass(slots=True)
class Known:
    """What the app of one member keeps between two visits."""

    card_no: str
    version: str = ""
    told_age: bool = False
    points: int = 0


@dataclass(slots=True)
class Stage:
    """The shared state of one replay."""

    seed: int
    clock: Clock
    tally: Tally
    hours: int
    step: int = 1
    hour: int = 0
    known: dict[int, Known] = field(default_factory=dict)
    later: defaultdict[int, list[Act]] = field(default_factory=lambda: defaultdict(list))
    tops: dict[str, int] = field(default_factory=dict)
    offers: list[dict[str, Any]] = field(default_factory=list)
    numbers: count[int] = field(default_factory=lambda: count(1))

    def dice(self, member: int) -> SeededDice:
        """The member's dice of this hour."""
        return SeededDice((self.seed << 64) | (member << 20) | self.hour)

    def token(self, member: int) -> str:
        """The member's demo token."""
        return f"demo:season-{member}"

    def put_off(self, hours: int, act: Act) -> bool:
        """Does something so many hours from now, at least one step; False where the season is over by then."""
        hour = self.hour + max(self.step, hours)
        if hour >= self.hours:
            return False
        self.later[hour].append(act)
        return True

    def until(self, days: int, hour_of_day: int) -> int:
        """The hours from now to an hour of the day, so many days from today."""
        return days * HOURS + hour_of_day - self.hour % HOURS
