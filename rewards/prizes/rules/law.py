"""What the law of a place asks of prizes: dials of a sheet, since laws change and differ; and the tax that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from loyalty.ledger.rules import LIMIT
from loyalty.sheets.rules import Reader

KIND = "law"
PPM = 1_000_000
_KEEP_DAYS = 2_557


@dataclass(frozen=True, slots=True)
class Law:
    """The dials of one jurisdiction, in minor units of its currency; 0 bounds nothing.

    A prize worth more than `tax_above`, by itself or with what its winner claimed before in that year, goes through the
    tax step. `prize_most` bounds one prize, `total_most` all prizes with a stock together.

    Once a year's prizes are worth more than `withhold_above`, that share (parts per million) of the prize that passes
    the step, and of each after it, is withheld from a resident; `other_above` and `other_ppm` are for everybody else.
    Identity data are kept for `keep_identity_days` after a prize has ended, whether or not its member is still there.
    """

    currency: str
    tax_above: int
    prize_most: int
    total_most: int
    withhold_above: int = 2_000_000
    resident_ppm: int = 100_000
    other_above: int = 0
    other_ppm: int = 200_000
    keep_identity_days: int = _KEEP_DAYS

    @property
    def keeps_identity(self) -> timedelta:
        return timedelta(days=self.keep_identity_days)


DEFAULT_LAW = Law("TWD", 100_000, 0, 0)
"""Where no sheet stands: Taiwan's steps at NT$1,000 and NT$20,000."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a prize means for its winner's year: whether it goes through the tax step, and what is withheld."""

    held: bool
    withheld_minor: int


def assess(law: Law, before_minor: int, value_minor: int, *, taxed: bool, resident: bool) -> Assessment:
    """Judges a prize by what the winner claimed before it in that year; `taxed` is the word of its own sheet."""
    total = before_minor + value_minor
    held = taxed or bool(law.tax_above and total > law.tax_above)
    above, ppm = (law.withhold_above, law.resident_ppm) if resident else (law.other_above, law.other_ppm)
    return Assessment(held, value_minor * ppm // PPM if held and total > above else 0)


def parse_law(name: str, body: Mapping[str, Any]) -> Law:
    """The sheet of kind `law`; its key is the jurisdiction. Refuses SHEET_INVALID."""
    reader = Reader(name, body)
    law = Law(
        currency=reader.text("currency", most=3),
        tax_above=reader.integer("tax_step_above_minor", low=0, high=LIMIT),
        prize_most=reader.integer("prize_value_most_minor", low=0, high=LIMIT, default=0),
        total_most=reader.integer("total_value_most_minor", low=0, high=LIMIT, default=0),
        withhold_above=reader.integer("withhold_above_minor", low=0, high=LIMIT, default=DEFAULT_LAW.withhold_above),
        resident_ppm=reader.integer("withhold_resident_ppm", low=0, high=PPM, default=DEFAULT_LAW.resident_ppm),
        other_above=reader.integer("withhold_other_above_minor", low=0, high=LIMIT, default=DEFAULT_LAW.other_above),
        other_ppm=reader.integer("withhold_other_ppm", low=0, high=PPM, default=DEFAULT_LAW.other_ppm),
        keep_identity_days=reader.integer("keep_identity_days", low=0, high=36_500, default=_KEEP_DAYS),
    )
    reader.finish()
    return law
