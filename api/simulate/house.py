"""What every member can read: the sheets of chests and refills and the pools, as they stand when a season begins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.simulate.bots import House, PoolShown
from game.board.actions import load_content
from game.chests.actions import CHESTS
from loyalty.sheets.actions import open_sheets
from rewards.gacha.actions.pools import read_pools


async def read_house(connection: Any, now: datetime) -> House:
    """What everybody can read, once: it stays the same for the whole season."""
    sheets = await open_sheets(connection, now)
    chests = await sheets.get(connection, *CHESTS)
    assert chests is not None, "the sheets are seeded"
    pools = await read_pools(connection, sheets)
    shown = tuple(
        PoolShown(each.id, each.odds.sha256, each.odds.price_diamonds, each.odds.takes_tickets)
        for each in sorted(pools.all, key=lambda each: each.slug)
    )
    refill = (await load_content(sheets, connection)).layout.refill
    return House(chests, sheets.version(*CHESTS[:2]), shown, refill)
