"""An offer whose coupons are drawn is amended: what it may no longer become, and what a draw makes of one that did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from api.content import publish
from api.runtime.database import Database
from loyalty.sheets.rules import SheetInvalid
from rewards.coupons import actions as coupons
from rewards.gacha import actions as gacha
from tests.races.coupons_shop import body
from tests.races.gacha_fair import NOW, Fair, check_books, open_fair
from tests.races.test_batched_alike import dump
from tests.races.test_gacha_actions import one_prize

DAY = timedelta(days=1)


@pytest.fixture
async def fair(database: Database) -> Fair:
    """Pools `short` (until the 12th) and `long` (for good), which give coupons of `cup` (30 days from issue)."""
    opened = await open_fair(database)
    await amend(opened, past_the_guard=True)
    prize = one_prize(kind="COUPON", offer="cup", amount=None)
    await opened.publish("short", window={"closes_on": "2027-03-12"}, **prize)
    await opened.publish("long", **prize)
    return opened


async def amend(fair: Fair, *, past_the_guard: bool = False, **changes: Any) -> None:
    """A version of the offer, as an operator publishes it, or past what the operator's way checks."""
    sheet = body(**{"source": "GACHA", "price": None, **changes})
    async with fair.database.work() as work:
        if past_the_guard:
            await coupons.publish_offer(work, "cup", sheet, author="test", reason="test", based_on=None, now=NOW)
        else:
            based_on = int(await work.connection.fetchval("SELECT version FROM offers WHERE slug = 'cup'"))
            await publish(work, "offer", "cup", sheet, author="test", reason="test", based_on=based_on, now=NOW)


@pytest.mark.parametrize(
    ("changes", "key", "pools"),
    [
        ({"validity": {"until": "2027-03-11"}}, "validity.until", ["short", "long"]),
        ({"validity": {"until": "2027-03-12"}}, "validity.until", ["long"]),
        ({"limits": {"member": 1}}, "limits", ["short", "long"]),
        ({"source": "PRICE", "price": {"currency": "POINTS", "amount": 10}}, "source", ["short", "long"]),
    ],
)
async def test_an_offer_that_a_pool_gives_stays_fit_to_be_a_prize(
    fair: Fair, changes: dict[str, Any], key: str, pools: list[str]
) -> None:
    before = await dump(fair.database)
    with pytest.raises(SheetInvalid) as refused:
        await amend(fair, **changes)
    assert [(each.sheet, each.key) for each in refused.value.faults] == [("offer.cup", key)] * len(pools)
    assert [each.rule.split()[2] for each in refused.value.faults] == pools
    assert await dump(fair.database) == before


async def test_what_harms_no_pool_may_be_changed(fair: Fair) -> None:
    await amend(fair, validity={"days": 7}, amount_minor=500)
    await fair.publish("long", window={"closes_on": "2027-03-20"}, **one_prize(kind="COUPON", offer="cup", amount=None))
    await amend(fair, validity={"until": "2027-03-20"})
    drawn = await fair.draw(await fair.member(diamonds=100), "long")
    expires = await fair.rows("SELECT expires_at FROM coupons WHERE id = $1", drawn.draws[0].coupon_id)
    assert [f"{at:%Y-%m-%d %H:%M}" for (at,) in expires] == ["2027-03-20 16:00"], "midnight in Taipei"


async def test_nobody_pays_for_a_draw_whose_coupon_would_be_over(fair: Fair) -> None:
    member = await fair.member(diamonds=100)
    await amend(fair, past_the_guard=True, validity={"until": "2027-03-11"})
    await fair.draw(member, "long", now=NOW + DAY)
    before = await dump(fair.database)
    for slug in ("long", "short"):
        assert await fair.code(member, slug, now=NOW + 2 * DAY) == "POOL_CLOSED"
    assert await dump(fair.database) == before
    async with fair.database.read() as connection:
        views = await gacha.view_pools(connection, member, NOW + 2 * DAY, [fair.pools["long"][0]])
    assert [str(view.refusal.code) for view in views if view.refusal] == ["POOL_CLOSED"]
    await check_books(fair)
