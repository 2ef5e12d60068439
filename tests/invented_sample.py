"""A year of receipts as the sample has them, for machines that have not installed it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from api.importing.rules import Basket
from loyalty.receipts.rules import Line


class InventedSample:
    """Baskets with the traps of the real sample: the same face, no files; the same baskets every time."""

    def __init__(self, total: int = 300) -> None:
        chance = Random(20170101)
        begin = datetime(2017, 1, 1, 11, 53, 26, tzinfo=UTC)
        seen: set[int] = set()
        self._baskets = []
        for index in range(total):
            household = chance.randrange(1, 90)
            lines = tuple(self._line(chance, number) for number in range(1, chance.randrange(2, 20)))
            at = begin + timedelta(hours=index * 7)
            number, store = str(31_198_000_000 + index), chance.randrange(300, 340)
            self._baskets.append(Basket(number, household, store, at, lines, household not in seen))
            seen.add(household)
        self.total = total
        self.stores = sorted({basket.store for basket in self._baskets})
        self.households = sorted(seen)
        self.last_at = self._baskets[-1].at

    @staticmethod
    def _line(chance: Random, number: int) -> Line:
        cents = chance.randrange(0, 900)
        return chance.choice((
            Line(number, "1", "FLUID MILK WHITE ONLY", "Private", "FLUID MILK PRODUCTS", 1, cents),
            Line(number, "2", "POTATO CHIPS", "National", "BAG SNACKS", 0, cents),
            Line(number, "3", "GASOLINE-REG UNLEADED", "Private", "COUPON/MISC ITEMS", 8725 + cents, 2006 + cents),
            Line(number, "4", "CIGARETTES", "National", "CIGARETTES", 2, cents),
            Line(number, "5", "", "", "", 1, cents),
        ))  # fmt: skip

    def baskets(self, start: int, stop: int) -> list[Basket]:
        return self._baskets[start:stop]
