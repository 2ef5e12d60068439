"""What the law of a place asks of prizes: dials of a sheet, since laws change and differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loyalty.ledger.rules import LIMIT
from loyalty.sheets.rules import Reader
from rewards.coupons.rules.offers import is_restricted
from rewards.gacha.rules.odds import Odds
from rewards.gacha.rules.worth import Worth


@dataclass(frozen=True, slots=True)
class Law:
    """The dials of one jurisdiction, in minor units of its currency; 0 bounds nothing.

    A prize worth more than `tax_above` needs the tax step. `prize_most` bounds one prize, `total_most` all prizes with
    a stock together.
    """

    currency: str
    tax_above: int
    prize_most: int
    total_most: int


DEFAULT_LAW = Law("TWD", 100_000, 0, 0)
"""Where no sheet stands: Taiwan's step at NT$1,000."""


def parse_law(name: str, body: Mapping[str, Any]) -> Law:
    """The sheet of kind `law`; its key is the jurisdiction. Refuses SHEET_INVALID."""
    reader = Reader(name, body)
    law = Law(
        currency=reader.text("currency", most=3),
        tax_above=reader.integer("tax_step_above_minor", low=0, high=LIMIT),
        prize_most=reader.integer("prize_value_most_minor", low=0, high=LIMIT, default=0),
        total_most=reader.integer("total_value_most_minor", low=0, high=LIMIT, default=0),
    )
    reader.finish()
    return law


def check_law(odds: Odds, worths: Sequence[Worth], law: Law) -> list[tuple[str, str]]:
    """Every mistake against the law, as a key of the sheet and what would be right."""
    faults = []
    for index, (entry, worth) in enumerate(zip(odds.entries, worths, strict=True)):
        place = f"prizes[{index}]"
        if not worth.known:
            faults.append((f"{place}.value_minor", "is missing: its offer does not say what one costs at most"))
        if law.tax_above and worth.minor > law.tax_above and not entry.prize.taxed:
            faults.append((f"{place}.tax_step", f"must be true for a prize worth more than {law.tax_above}"))
        if law.prize_most and worth.minor > law.prize_most:
            faults.append((f"{place}.value_minor", f"must be at most the legal {law.prize_most}"))
        if any(is_restricted(name) for name in entry.prize.names.values()):
            faults.append((f"{place}.name", "tobacco, alcohol and infant formula are no prizes"))
    total = sum(entry.stock * worth.minor for entry, worth in zip(odds.entries, worths, strict=True))
    if law.total_most and total > law.total_most:
        faults.append(("prizes", f"those with a stock are worth more than the legal {law.total_most} together"))
    return faults
