"""Figures, times and names as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

SIGNS: Mapping[str, str] = {"TWD": "NT$", "USD": "US$"}
MINOR = 100
PPM = 1_000_000


def money(minor: str | int | None, currency: str, *, digits: int = 2) -> str:
    """Minor units as money: `NT$1,234.50`; a dash for none."""
    if minor is None:
        return "—"
    value = (Decimal(minor) / MINOR).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    sign = "−" if value < 0 else ""
    return f"{sign}{SIGNS.get(currency, currency + ' ')}{abs(value):,}"


def percent(text: str, digits: int = 4) -> str:
    """A percentage of the API, with fewer digits where fewer are asked for."""
    return f"{Decimal(text).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN):f}%"


def share(weight: int) -> str:
    """Parts per million as percent, exactly: 6000 -> `0.6000%`."""
    sign, weight = ("-", -weight) if weight < 0 else ("", weight)
    return f"{sign}{weight // 10_000}.{weight % 10_000:04d}%"


def whole(value: int | str) -> str:
    return f"{int(value):,}"


def decimal(text: str | None, digits: int = 1) -> str:
    """A decimal string, shorter."""
    return "—" if text is None else f"{Decimal(text).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN):,}"


def change(before: str, after: str) -> str:
    """By how many per cent a figure moved: `+3.2%`; nothing where it was zero or did not move."""
    old, new = Decimal(before), Decimal(after)
    if not old or old == new:
        return ""
    moved = ((new - old) / old * 100).quantize(Decimal("0.1"), ROUND_HALF_EVEN)
    return f"{'+' if moved > 0 else '−' if moved < 0 else '±'}{abs(moved):,}%"


def instant(text: str | None, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """An instant of the API in the season's zone."""
    if text is None:
        return "—"
    found = datetime.fromisoformat(text).astimezone(zone)
    return found.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def person(operator: str | None, own: str, you: str) -> str:
    """An operator by the end of the id; the own one in a word."""
    if operator is None:
        return "—"
    if operator == own:
        return you
    return f"…{operator[-6:]}" if operator.startswith("opr_") else operator
