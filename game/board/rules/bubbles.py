"""Bubbles: goods that a merge brought beside it, to be had for diamonds as long as they stay.

What is in a bubble counts for nothing until it is popped. Time and price stand since it came: no sheet changes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from game.board.rules.dials import BubbleDials
from loyalty.refusals import LoyaltyCode, LoyaltyRefused

CURRENCY = "DIAMONDS"


@dataclass(frozen=True, slots=True)
class Bubble:
    """How long a bubble stays, and what popping it costs."""

    expires_at: datetime
    diamonds: int


@dataclass(frozen=True, slots=True)
class BubblePopped:
    """The goods that a bubble left in its cell (a word of `cells.py`), and what was paid."""

    cell: int
    goods: str
    diamonds: int


def make(dials: BubbleDials, level: int, now: datetime) -> Bubble:
    """A bubble of now with goods of that level."""
    return Bubble(now + timedelta(seconds=dials.seconds), dials.price(level))


def expired(bubbles: Mapping[int, Bubble], now: datetime) -> list[int]:
    """The cells of bubbles whose time is over."""
    return [cell for cell, bubble in bubbles.items() if now >= bubble.expires_at]


def refuse_dear(bubble: Bubble, purse: int) -> None:
    """Refuses NOT_ENOUGH where the purse does not hold what popping costs."""
    if purse < bubble.diamonds:
        raise LoyaltyRefused(LoyaltyCode.NOT_ENOUGH, currency=CURRENCY, available=max(0, purse), needed=bubble.diamonds)
