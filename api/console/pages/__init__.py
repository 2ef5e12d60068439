"""The pages of the console; each module adds its own."""

from __future__ import annotations

from api.console.frame import Console
from api.console.pages import members, monitor, overview, pools, reviews, season, sheets, stops, trail, versions

PAGES = (overview, pools, versions, reviews, sheets, trail, stops, members, monitor, season)


def register(console: Console) -> None:
    """Registers every page."""
    for each in PAGES:
        each.add(console)
