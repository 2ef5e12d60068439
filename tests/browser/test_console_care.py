"""Members at the console in headless Chromium: corrections by two people, notes, prizes on their way to the winner, the
tax office's export, and a compensation from its dry run to its end; on a wide screen and on a phone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.runtime.clock import utc_now
from api.runtime.jobs.polling import run_job
from api.runtime.jobs.work import jobs_of
from api.settings import Settings
from tests.browser.operating import LEE, MEI, Floor, Operator, open_floor
from tests.browser.playing import browsing, expect
from tests.journeys.test_jobs import Kept
from tests.things_http import ADDRESS, IDENTITY, open_pot, stock, store_id, win

NARROW = pytest.mark.parametrize("narrow", [False, True], ids=["1280", "390"])


@pytest.fixture
async def floor(settings: Settings) -> AsyncIterator[Floor]:
    async with open_floor(settings) as opened:
        yield opened


async def points_of(floor: Floor, who: str) -> int:
    wallet = (await floor.shop.ask("mobile", "Profile", who))["wallet"]
    return int(wallet["points"])


@NARROW
async def test_a_large_correction_waits_for_another_person_and_the_case_is_noted(floor: Floor, narrow: bool) -> None:
    width, member = 390 if narrow else 1280, (await floor.member(LEE))["id"]
    async with browsing() as browser:
        su = await Operator.enter(browser, floor.console, "su", "support", narrow=narrow)
        await su.go(f"members/{member}", "lee")
        await su.page.fill("textarea[name=note]", "the old card was found again")
        await su.press("note")
        await expect(su.text(".notes li p")).to_have_text("the old card was found again")
        await ask_for(su, "250000", "the points of the old card")
        await expect(su.text(".waiting h3")).to_have_text("+250,000 Points")
        await expect(su.text("button[data-act=approve]")).to_have_count(0)
        await expect(su.text(".waiting")).to_contain_text("Another person approves this.")
        await su.picture(f"member-waiting-en-{width}")
        assert await points_of(floor, LEE) == 0
        bea = await Operator.enter(browser, floor.console, "bea", "support", narrow=narrow)
        await bea.go("adjustments", "Adjustments")
        await bea.picture(f"adjustments-waiting-en-{width}")
        await bea.press("approve", sure=True)
        await expect(bea.text(".calm")).to_have_text("Nothing waits.")
        await expect(bea.text("tr:has-text('the points of the old card')")).to_contain_text("Done")
        assert await points_of(floor, LEE) == 250_000
        await su.go(f"members/{member}", "lee")
        await ask_for(su, "-200000", "counted twice")
        await expect(su.text(".waiting h3")).to_have_text("−200,000 Points")
        await bea.go("adjustments", "Adjustments")
        await bea.press("down")
        await expect(bea.text("input[name=reason]:invalid")).to_be_focused()
        await bea.page.fill("input[name=reason]", "it was counted once")
        await bea.press("down", sure=True)
        await expect(bea.text("tr:has-text('counted twice')")).to_contain_text("Not done")
        assert await points_of(floor, LEE) == 250_000
        await bea.picture(f"adjustments-en-{width}")
        otto = await Operator.enter(browser, floor.console, "otto", "auditor", narrow=narrow)
        await otto.go(f"members/{member}", "lee")
        await expect(otto.text(".notes li p")).to_have_text("the old card was found again")
        await expect(otto.text("textarea[name=note], input[name=amount]")).to_have_count(0)
        await otto.go(f"trail?subject=member:{member}", "Audit trail")
        await expect(otto.text("#main td .badge").first).to_have_text("looked")
        assert su.complaints + bea.complaints + otto.complaints == []


async def ask_for(su: Operator, amount: str, reason: str) -> None:
    await su.page.fill("input[name=amount]", amount)
    await su.page.fill(".form:has(input[name=amount]) input[name=reason]", reason)
    await su.press("adjust", sure=True)


@NARROW
async def test_a_prize_goes_to_its_winner_and_the_tax_office_is_told_once(floor: Floor, narrow: bool) -> None:
    width, shop = 390 if narrow else 1280, as_edge(floor)
    await open_pot(shop, "grand", value_minor=2_500_000)
    prize = await win(shop, MEI, "grand")
    claim = {"prizeId": prize, "address": ADDRESS, "identity": IDENTITY}
    assert "prize" in await shop.ask("mobile", "ClaimPrize", MEI, **claim)
    async with browsing() as browser:
        tina = await Operator.enter(browser, floor.console, "tina", "tax_officer", narrow=narrow)
        await tina.go("prizes", "Prizes to fulfil")
        await tina.page.locator("td.name a").click()
        await tina.at("A pot")
        await tina.press("look")
        await expect(tina.text(".results dd").nth(1)).to_have_text(IDENTITY["number"])
        await tina.picture(f"prize-tax-en-{width}")
        await tina.page.fill("input[name=received]", "2499")
        await tina.press("clear", sure=True)
        await expect(tina.text(".q-notification")).to_contain_text("2500")
        await tina.page.fill("input[name=received]", "2500.00")
        await tina.press("clear", sure=True)
        await expect(tina.text(".heading .badge")).to_have_text("Claimed: to get ready")
        await expect(tina.text("button[data-act]")).to_have_count(0)
        su = await Operator.enter(browser, floor.console, "su", "support", narrow=narrow)
        await post(su, prize, width)
        await export(tina, width)
        olivia = await Operator.enter(browser, floor.console, "olivia", "owner", narrow=narrow)
        await olivia.go("prizes?state=FULFILLED", "Prizes to fulfil")
        await expect(olivia.text("td.name a")).to_have_text("A pot")
        await expect(olivia.text("button[data-act=export]")).to_have_count(0)
        assert tina.complaints + su.complaints + olivia.complaints == []


def as_edge(floor: Floor) -> Any:
    """Something that asks: the helpers for things want no more of an edge."""
    return floor.shop


async def post(su: Operator, prize: str, width: int) -> None:
    """By support, who sees the address and never the identity."""
    await su.go("prizes", "Prizes to fulfil")
    await su.picture(f"prizes-en-{width}")
    await su.page.locator("td.name a").click()
    await su.at("A pot")
    await expect(su.text("main")).not_to_contain_text(IDENTITY["number"])
    await su.press("look")
    await expect(su.text(".results dd").first).to_have_text(ADDRESS["recipient"])
    await su.page.fill("input[name=tracking]", "TW-123")
    await su.picture(f"prize-post-en-{width}")
    await su.press("ready", sure=True)
    await expect(su.text(".heading .badge")).to_have_text("Posted, or at its store")
    await expect(su.text("dl.plain")).to_contain_text("TW-123")
    await su.press("arrived", sure=True)
    await expect(su.text(".heading .badge")).to_have_text("Handed over")
    await expect(su.text("button[data-act]")).to_have_count(0)
    assert su.page.url.endswith(prize)


async def export(tina: Operator, width: int) -> None:
    """Once; the same lines again for who asked, and nothing for who asks anew."""
    await tina.go("prizes", "Prizes to fulfil")
    await tina.press("again")
    await expect(tina.text(".q-notification")).to_contain_text("You exported none")
    await tina.press("export", sure=True)
    await expect(tina.text(".results td.name")).to_have_text(IDENTITY["name"])
    async with tina.page.expect_download() as download:
        await tina.page.get_by_role("link", name="Save as a file").click()
    saved = (await (await download.value).path()).read_text(encoding="utf-8-sig")
    assert IDENTITY["number"] in saved
    await tina.picture(f"export-en-{width}")
    await tina.go("prizes", "Prizes to fulfil")
    await tina.press("again")
    await expect(tina.text(".results td.name")).to_have_text(IDENTITY["name"])
    await tina.press("export", sure=True)
    await expect(tina.text(".q-notification").last).to_be_visible()


async def test_a_thing_is_laid_out_at_its_store_and_another_is_forfeited(floor: Floor) -> None:
    shop = as_edge(floor)
    await open_pot(shop)
    await stock(shop, 2)
    for who in (MEI, LEE):
        claim = {"prizeId": await win(shop, who), "storeId": await store_id(shop)}
        assert "prize" in await shop.ask("mobile", "ClaimPrize", who, **claim)
    async with browsing() as browser:
        su = await Operator.enter(browser, floor.console, "su", "support", language="zh-TW")
        await su.go("prizes?store=nowhere", "待出貨獎品")
        await expect(su.text(".told")).to_contain_text("nowhere")
        await su.page.fill("input[name=store]", "taipei-1")
        await su.page.keyboard.press("Enter")
        await expect(su.text("td.name a")).to_have_count(2)
        await su.picture("prizes-zh-TW-1280")
        await su.page.locator("td.name a").first.click()
        await su.at("鍋")
        await su.press("ready", sure=True)
        await expect(su.text(".note")).to_contain_text("收銀機")
        await su.picture("prize-store-zh-TW-1280")
        await su.go("prizes", "待出貨獎品")
        await su.page.locator("td.name a").click()
        await su.at("鍋")
        await su.page.fill("input[name=reason]", "摔破了")
        await su.press("forfeit", sure=True)
        await expect(su.text(".heading .badge")).to_have_text("已取消")
        assert su.complaints == []
    [left] = await shop.ask("admin", "StoreStock", "demo:su:support", thing="pot")
    assert (left["onHand"], left["reserved"]) == (2, 1)


@NARROW
async def test_a_compensation_goes_from_its_dry_run_over_two_people_to_its_end(floor: Floor, narrow: bool) -> None:
    width = 390 if narrow else 1280
    cards = [(await floor.member(who))["cardNo"] for who in (MEI, LEE)]
    async with browsing() as browser:
        ann = await Operator.enter(browser, floor.console, "ann", "support", narrow=narrow)
        await ann.go("compensations", "Compensations")
        await ann.page.fill("input[name=key]", "typhoon-1")
        await ann.press("count")
        await expect(ann.text(".q-notification")).to_be_visible()  # whom does it mean?
        await ann.page.fill("textarea[name=cards]", ", ".join(cards))
        await ann.page.fill("input[name=diamonds]", "3000")
        await ann.press("count")
        await expect(ann.text(".results dd").nth(1)).to_have_text("6,000")
        await expect(ann.text(".results .note")).to_be_visible()
        await ann.picture(f"dry-run-en-{width}")
        await ann.page.fill(".results input[name=reason]", "typhoon day, shops were closed")
        await ann.press("propose", sure=True)
        await ann.at("typhoon-1")
        await expect(ann.text("button[data-act=approve]")).to_have_count(0)
        cam = await Operator.enter(browser, floor.console, "cam", "campaign_manager", narrow=narrow)
        await cam.go("compensations", "Compensations")
        await cam.page.get_by_role("link", name="typhoon-1").click()
        await cam.at("typhoon-1")
        await cam.picture(f"compensation-en-{width}")
        await cam.press("approve", sure=True)
        await expect(cam.text(".heading .badge")).to_have_text("Running")
        [job] = [each for each in jobs_of(Kept()) if each.name == "compensations"]
        assert await run_job(floor.database, job, utc_now())
        await expect(cam.text(".heading .badge")).to_have_text("Done")  # the page looks by itself
        await expect(cam.text(".figures dd").nth(1)).to_have_text("2")
        await ann.go("compensations", "Compensations")
        await expect(ann.text("tr:has-text('typhoon-1')")).to_contain_text("Done")
        await ann.picture(f"compensations-en-{width}")
        assert ann.complaints + cam.complaints == []
