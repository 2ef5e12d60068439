"""What a new member gets, once per person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loyalty.sheets.rules import Reader


@dataclass(frozen=True, slots=True)
class WelcomeSheet:
    """Tickets, the days they last, and the offers (by slug) of the starter coupons."""

    tickets: int
    tickets_days: int
    offers: tuple[str, ...]


def parse_welcome(name: str, body: Mapping[str, Any]) -> WelcomeSheet:
    """The sheet of kind `welcome`. Refuses SHEET_INVALID."""
    reader = Reader(name, body)
    sheet = WelcomeSheet(
        tickets=reader.integer("tickets", low=0, high=100),
        tickets_days=reader.integer("tickets_days", low=1, high=3650),
        offers=reader.texts("offers", most=10),
    )
    reader.finish()
    return sheet
