"""What plans must go by: pages by their cursor, what waits for members by the members; none goes through other rows."""

from __future__ import annotations

import pytest

from api.runtime.database import Database, Plans
from game.chests import store as chests
from game.orders import store as orders
from game.refills import store as refills
from loyalty.grants import store as grants
from loyalty.receipts import store as receipts
from loyalty.timeline import store as timeline
from rewards.coupons.store import coupons, holds, offers
from rewards.fairness import store as fairness
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
# What waits, for the members of $1, stands in an index of its own that the planner may believe empty.
WAITING = {
    "grants": (grants.CONSUME, "uuid[], timestamptz[], text[]"),
    "chests": (chests.LOAD, "uuid[], uuid[], int[]"),
    "holds": (holds.LOAD_OPEN, "uuid[]"),
    "seeds": (fairness.UNREVEALED, "uuid[]"),
}


async def plan_of(database_url: str, statement: str, types: str) -> list[str]:
    """The lines of the plan for all values."""
    nothing = ", ".join(["NULL" for _ in types.split(",")])
    database = Database(database_url, pool_size=1, plans=Plans.ONCE)
    try:
        async with database.read() as connection:
            await connection.execute(f"PREPARE asked ({types}) AS {statement}")
            return [row[0].strip() for row in await connection.fetch(f"EXPLAIN EXECUTE asked ({nothing})")]
    finally:
        await database.close()


@pytest.mark.parametrize("page", PAGES)
async def test_a_page_is_a_range_of_an_index_in_a_plan_for_all_values(database_url: str, page: str) -> None:
    statement, types, cursor = PAGES[page]
    lines = await plan_of(database_url, statement, types)
    places = [line for line in lines if cursor in line]
    assert places, lines
    assert all(line.startswith("Index Cond") for line in places), lines
    assert not any("Sort" in line for line in lines), lines


@pytest.mark.parametrize("name", WAITING)
async def test_what_waits_is_found_by_its_members_however_little_there_seems_to_be(
    database_url: str, name: str
) -> None:
    lines = await plan_of(database_url, *WAITING[name])
    read = [line for line in lines if "Index Scan" in line]
    found = [line for line in lines if line.startswith("Index Cond")]
    assert read, lines
    assert len(found) == len(read), lines
    assert all("member_id = " in line for line in found), lines
