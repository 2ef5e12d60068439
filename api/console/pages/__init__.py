"""The pages of the console; each module adds its own."""

from __future__ import annotations

from api.console.frame import Console
from api.console.pages import (
    care,
    compensations,
    members,
    monitor,
    overview,
    pools,
    prizes,
    reviews,
    season,
    sheets,
    stops,
    trail,
    versions,
)

PAGES = (
    overview, pools, versions, reviews, sheets, trail, stops, members, care, prizes, compensations, monitor, season,
)  # fmt: skip


def register(console: Console) -> None:
    """Registers every page."""
    for each in PAGES:
        each.add(console)
