"""Scheduled versions of sheets, and what follows them."""

from __future__ import annotations

from datetime import datetime

from loyalty.sheets import actions as sheets
from loyalty.work import Work
from rewards.coupons.actions.publishing import put_on_sale
from rewards.gacha.actions.pools import follow_sheets


async def settle(work: Work, now: datetime, limit: int) -> int:
    """Writes down which scheduled versions are in force by now; offers go on sale and pools follow. Returns how many.

    Sheets and pools are in force without it, by their instant; an offer goes on sale, and a new pool opens, by it.
    """
    settled = await sheets.settle_due(work, now, limit)
    if any(kind == "offer" for kind, _ in settled):
        await put_on_sale(work, now, approved=True)
    slugs = [key for kind, key in settled if kind == "odds"]
    if slugs:
        await follow_sheets(work, slugs, await sheets.open_sheets(work.connection, now), now)
    return len(settled)
