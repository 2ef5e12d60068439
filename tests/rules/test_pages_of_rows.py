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
# What waits, for the members of $1, and a row of which there are many and none waits.
WAITING = {
    "grants": (
        grants.CONSUME, "uuid[], timestamptz[], text[]", "(member_id, id, kind, amount, source, at, consumed_at)",
        "gen_random_uuid(), gen_random_uuid(), 'ENERGY', 1, '', now(), now()",
    ),
    "chests": (
        chests.LOAD, "uuid[], uuid[], int[]",
        "(member_id, number, kind, version, unlock_seconds, earned_at, starts_at, opens_at, opened_at)",
        "gen_random_uuid(), n, 'small', 1, 1, now(), now(), now(), now()",
    ),
    "holds": (
        holds.LOAD_OPEN, "uuid[]",
        "(member_id, id, store_id, state, fingerprint, answer, due_minor, discount_minor, points, held_at, expires_at, "
        "updated_at)",
        "gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'LAPSED', '', '{}', 0, 0, 0, now(), now(), now()",
    ),
    "seeds": (
        fairness.UNREVEALED, "uuid[]",
        "(member_id, epoch, commit_sha256, sealed, client_seed, set_by, next_nonce, created_at, revealed_at)",
        "gen_random_uuid(), 1, sha256(''), '', 'x', 'SERVER', 1, now(), now()",
    ),
}  # fmt: skip


async def plan_of(database_url: str, statement: str, types: str, plans: Plans = Plans.ONCE) -> list[str]:
    """The lines of the plan for all values; with other `plans` of that for arrays of one element."""
    nothing = ", ".join(["NULL" if plans is Plans.ONCE else f"ARRAY[NULL]::{each}" for each in types.split(",")])
    database = Database(database_url, pool_size=1, plans=plans)
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


@pytest.mark.parametrize("plans", [Plans.ONCE, Plans.BY_KEYS])
@pytest.mark.parametrize("name", WAITING)
async def test_what_waits_is_found_by_its_members_though_statistics_say_that_nothing_does(
    database_url: str, owner_url: str, name: str, plans: Plans
) -> None:
    statement, types, columns, row = WAITING[name]
    owner = Database(owner_url, pool_size=1)
    try:
        async with owner.read() as connection:
            await connection.execute(f"INSERT INTO {name} {columns} SELECT {row} FROM generate_series(1, 3000) AS n")
            await connection.execute(f"VACUUM ANALYZE {name}")
    finally:
        await owner.close()
    lines = await plan_of(database_url, statement, types, plans)
    read = [line for line in lines if "Scan using" in line]
    found = [line for line in lines if line.startswith("Index Cond")]
    assert read, lines
    assert len(found) == len(read), lines
    assert all("member_id = " in line for line in found), lines
