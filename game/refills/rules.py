"""What the next refill of a member's day costs, and whether there is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from game.board.rules.dials import RefillDials
from game.refusals import GameCode, GameRefused


@dataclass(frozen=True, slots=True)
class Bought:
    """The last refill that a member bought: his business day, and its number on that day."""

    day: date
    number: int


@dataclass(frozen=True, slots=True)
class Offer:
    """The next refill: its number on the day, its price, what it gives, how many are left, and until when.

    With none left the price is that of the next day's first one.
    """

    number: int
    diamonds: int
    energy: int
    left: int
    resets_at: datetime


def make_offer(dials: RefillDials, day: date, last: Bought | None, resets_at: datetime) -> Offer:
    """What a member is offered on a day. The price doubles with each refill and is back at its start the next day."""
    used = last.number if last is not None and last.day == day else 0
    left = max(0, dials.most_per_day - used)
    return Offer(used + 1, dials.diamonds << (used if left else 0), dials.energy, left, resets_at)


def check_taken(offer: Offer, most_diamonds: int, limit: int) -> None:
    """Refuses REFILLS_USED_UP with the instant of the next one, PRICE_CHANGED where it costs more than agreed to."""
    if not offer.left:
        raise GameRefused(GameCode.REFILLS_USED_UP, retryable=True, retry_at=offer.resets_at, limit=limit)
    if offer.diamonds > most_diamonds:
        raise GameRefused(GameCode.PRICE_CHANGED, diamonds=offer.diamonds, most=most_diamonds)
