"""Pages that members see begin at their cursor in every plan: none goes through the rows that lie before it."""

from __future__ import annotations

import pytest

from api.runtime.database import Database, Plans
from game.chests import store as chests
from game.orders import store as orders
from game.refills import store as refills
from loyalty.receipts import store as receipts
from loyalty.timeline import store as timeline
from rewards.coupons.store import coupons, offers
from rewards.gacha.store import draws
from rewards.prizes.store import prizes

# Each statement, the types of its arguments, and which of them is the cursor.
PAGES = {
    "timeline": (timeline.PAGE, "uuid, uuid, int", "$2"),
    "receipts": (receipts.PAGE, "uuid, uuid, int", "$2"),
    "draws": (draws.PAGE, "uuid, uuid, int", "$2"),
    "prizes": (prizes.OF_MEMBER, "uuid, uuid, int", "$2"),
    "coupons": (coupons.PAGE, "uuid, text, uuid, int", "$3"),
    "offers": (offers.PAGE, "uuid, int", "$1"),
    "deliveries": (orders.PAGE, "uuid, int, int", "$2"),
    "chests": (chests.OPENINGS, "uuid, int, int", "$2"),
    "refills": (refills.PAGE, "uuid, date, int, int", "$2"),
}


@pytest.mark.parametrize("page", PAGES)
async def test_a_page_is_a_range_of_an_index_in_a_plan_for_all_values(database_url: str, page: str) -> None:
    statement, types, cursor = PAGES[page]
    nothing = ", ".join(["NULL" for _ in types.split(",")])
    database = Database(database_url, pool_size=1, plans=Plans.ONCE)
    try:
        async with database.read() as connection:
            await connection.execute(f"PREPARE page ({types}) AS {statement}")
            lines = [row[0].strip() for row in await connection.fetch(f"EXPLAIN EXECUTE page ({nothing})")]
    finally:
        await database.close()
    places = [line for line in lines if cursor in line]
    assert places, lines
    assert all(line.startswith("Index Cond") for line in places), lines
    assert not any("Sort" in line for line in lines), lines
