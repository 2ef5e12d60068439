"""The dials of the board's sheet that what costs diamonds goes by: bubbles and refills of energy."""

from __future__ import annotations

from dataclasses import dataclass

from loyalty.sheets.rules import Reader

PPM = 1_000_000
LONGEST_CHAIN = 12


@dataclass(frozen=True, slots=True)
class BubbleDials:
    """When a merge brings a bubble, how long that stays, and what popping it costs."""

    level: int
    chance_ppm: int
    seconds: int
    diamonds: int

    def price(self, level: int) -> int:
        """What popping one with goods of that level costs: twice as much for each level, as they are worth."""
        return self.diamonds << max(0, level - self.level)


@dataclass(frozen=True, slots=True)
class RefillDials:
    """What a refill of energy gives, what the day's first one costs, and how many a day there are; 0: none."""

    energy: int
    diamonds: int
    most_per_day: int


def read_bubbles(reader: Reader) -> BubbleDials:
    """Sheets from before there were bubbles have none of these, and bring none."""
    dials = BubbleDials(
        level=reader.integer("bubble_level", low=2, high=LONGEST_CHAIN, default=LONGEST_CHAIN),
        chance_ppm=reader.integer("bubble_ppm", low=0, high=PPM, default=0),
        seconds=reader.integer("bubble_seconds", low=1, high=604_800, default=60),
        diamonds=reader.integer("bubble_diamonds", low=1, high=100_000, default=1),
    )
    if dials.chance_ppm:
        for key in ("bubble_level", "bubble_seconds", "bubble_diamonds"):
            if not reader.has(key):
                reader.fault(key, "is missing; bubble_ppm alone says neither which goods nor what a bubble costs")
    return dials


def read_refill(reader: Reader) -> RefillDials:
    """Sheets from before there were refills have no such table, and sell none."""
    if not reader.has("refill"):
        return RefillDials(1, 1, 0)
    inside = reader.table("refill")
    dials = RefillDials(
        energy=inside.integer("energy", low=1, high=10_000),
        diamonds=inside.integer("diamonds", low=1, high=100_000),
        most_per_day=inside.integer("most_per_day", low=0, high=10),
    )
    inside.close()
    return dials
