"""Whether a table of odds keeps the law of its place."""

from __future__ import annotations

from collections.abc import Sequence

from rewards.coupons.rules.offers import is_restricted
from rewards.gacha.rules.odds import Odds
from rewards.gacha.rules.worth import Worth
from rewards.prizes.rules.law import Law


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
