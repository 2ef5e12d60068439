"""The demo season: what a fresh installation offers, published once and then left to its operators."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from api.content import seed_sheets
from api.runtime.clock import clock_of
from loyalty.receipts.actions import Store, create_stores

if TYPE_CHECKING:
    from api.runtime.database import Database
    from api.settings import Settings

# code, name, zone, currency, channel
STORES = (
    ("taipei-1", "台北一店 Taipei 1", "Asia/Taipei", "TWD", "STORE"),
    ("kaohsiung-2", "高雄二店 Kaohsiung 2", "Asia/Taipei", "TWD", "STORE"),
    ("online", "線上商店 Online", "Asia/Taipei", "TWD", "ONLINE"),
)


async def seed(database: Database, settings: Settings) -> int:
    """Publishes what is missing of the season's sheets, and in demo mode makes the demo stores; returns how many sheets
    were new. Running it again changes nothing.
    """
    now = clock_of(settings.replay_clock)()
    async with database.work() as work:
        seeded = await seed_sheets(work, now)
        if settings.demo:
            await create_stores(work, [Store(work.mint(now), *each) for each in STORES])
    return seeded


async def seed_season(database: Database, settings: Settings, arguments: argparse.Namespace) -> int:
    """`main.py season seed`."""
    del arguments
    print(f"{await seed(database, settings)} sheets published; those that stood already are as they were")
    return 0
