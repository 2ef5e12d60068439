"""Whether an offer that is amended still suits the pools that give its coupons."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from loyalty.sheets import actions as sheets
from loyalty.sheets.rules import Fault, SheetInvalid
from rewards.coupons.rules.offers import Offer
from rewards.gacha.actions.pools import offers_on_sale, read_pools
from rewards.gacha.rules.pools import why_unfit


async def check_amended(connection: Any, slug: str, now: datetime) -> None:
    """Whether the version of an offer that is on sale now is fit for every pool that gives its coupons.

    For who has just published one. Refuses SHEET_INVALID.
    """
    offer = (await offers_on_sale(connection, [slug]))[slug]
    faults = await check_drawn(connection, slug, offer, now)
    if faults:
        raise SheetInvalid(faults)


async def check_drawn(connection: Any, slug: str, offer: Offer, now: datetime) -> list[Fault]:
    """Why a version of an offer is not fit for a pool that gives its coupons; pools that are over do not count."""
    opened = await sheets.open_sheets(connection, now)
    today = (await opened.season(connection)).day(now)
    return [
        Fault(f"offer.{slug}", unfit[0], f"the pool {pool.slug} gives its coupons: {unfit[1]}")
        for pool in (await read_pools(connection, opened)).possible
        if slug in pool.odds.offers
        and not (pool.odds.closes_on and pool.odds.closes_on < today)
        and (unfit := why_unfit(slug, offer, pool.odds))
    ]
