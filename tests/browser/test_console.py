"""The operators' console in headless Chromium: a table of odds from its draft to force by two people, draws under it
verified, and stopped; member support; every page in both languages and widths.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from api.runtime.clock import utc_now
from api.runtime.settling import settle
from api.settings import Settings
from tests.browser.operating import LEE, MEI, Floor, Operator, draw, furnish, open_floor
from tests.browser.playing import browsing, expect
from tests.edge import dumps
from tests.gacha_sheets import shipped

PAGES = (
    "", "pools", "pools/daily", "pools/treasure", "reviews", "schedule", "sheets", "all/earning/TWD", "trail", "stops",
    "members", "adjustments", "prizes?state=TAX_HOLD", "compensations", "monitor", "season",
)  # fmt: skip


@pytest.fixture
async def floor(settings: Settings) -> AsyncIterator[Floor]:
    async with open_floor(settings) as opened:
        yield opened


async def test_a_table_of_odds_goes_from_one_pair_of_hands_to_another_and_is_drawn_from_and_stopped(
    floor: Floor,
) -> None:
    await draw(floor.shop, MEI, 0)
    async with browsing() as browser:
        ed = await Operator.enter(browser, floor.console, "ed", "odds_editor")
        ann = await Operator.enter(browser, floor.console, "ann", "odds_approver")
        address = await write(ed)
        await give_back(ann, ed, address)
        await judge(ann, address)
        await draw(floor.shop, LEE, 0)
        su = await Operator.enter(browser, floor.console, "su", "support")
        await verify(su, floor)
        await stop(ann, floor)
        await look_back(ed, ann, floor)
        assert ed.complaints + ann.complaints + su.complaints == []


async def write(ed: Operator) -> str:
    """A draft: figures move as one types, mistakes are told, and it is handed in; its address."""
    await ed.go("pools", "Pools")
    await ed.page.get_by_role("link", name="Everyday capsules").click()
    await ed.at("Everyday capsules")
    await expect(ed.text(".chart svg").first).to_be_visible()
    await ed.picture("pool-en-1280")
    await ed.page.fill("input[name=reason]", "fewer coffees, more points")
    await ed.page.keyboard.press("Enter")
    await ed.at("odds.daily v2")
    cost = ed.text(".figuring dd").first
    await expect(cost).to_contain_text("NT$4.2680")
    await expect(ed.text("#base-1")).to_have_text("3.4000%")
    await expect(ed.text("nav.side a[aria-current]")).to_have_text("Pools")
    await ed.page.fill("input[name=weight-1]", "30000")
    await expect(ed.text("#base-1")).to_have_text("3.0000%")
    await expect(ed.text("#sum")).to_contain_text("996,000")
    await expect(ed.text(".figuring .told")).to_contain_text("Mistakes: 1")
    await expect(ed.text(".figuring .stale dd").first).to_contain_text("NT$4.2680")  # the last table without a mistake
    await ed.picture("editor-mistake-en-1280")
    await ed.page.keyboard.press("ArrowDown")  # to the next weight
    await expect(ed.text("input[name=weight-2]")).to_be_focused()
    await ed.page.select_option("select[name=even]", "3")
    await ed.press("even")
    await expect(ed.text("input[name=weight-3]")).to_have_value("104000")
    await expect(ed.text("#base-3")).to_have_text("10.4000%")
    await expect(cost).not_to_contain_text("NT$4.2680")
    await expect(cost).to_contain_text("−")
    await expect(ed.text("#sum")).to_have_class("sum")
    await expect(ed.text(".figuring")).not_to_have_class(re.compile("stale"))
    await ed.picture("editor-en-1280")
    await ed.page.fill(".sticky input[name=reason]", "as discussed on Monday")
    await ed.press("save", inside=".sticky")
    await expect(ed.text(".diff del").first).to_have_text("34000")
    await ed.at("odds.daily v2")
    await ed.page.fill(".sticky input[name=reason]", "please look")
    await ed.press("submit")
    await expect(ed.text(".heading .badge").first).to_have_text("In review")
    await expect(ed.text("button[data-act=approve]")).to_have_count(0)
    return ed.page.url.partition("/console/")[2]


async def give_back(ann: Operator, ed: Operator, address: str) -> None:
    """With a comment, which its author finds on the page; he saves it once more and hands it in again."""
    await ann.go(address, "odds.daily v2")
    await ann.press("return")
    await expect(ann.text("textarea[name=reason]:invalid")).to_be_focused()
    await ann.page.fill("textarea[name=reason]", "say on Monday's list who asked for it")
    await ann.press("return")
    await expect(ann.text(".heading .badge").first).to_have_text("Draft")
    await ed.go(address, "odds.daily v2")
    await expect(ed.text(".given-back p")).to_have_text("say on Monday's list who asked for it")
    await ed.picture("given-back-en-1280")
    await ed.page.fill(".sticky input[name=reason]", "the list names the shop")
    await ed.press("submit")
    await expect(ed.text(".heading .badge").first).to_have_text("In review")
    await expect(ed.text(".given-back")).to_have_count(0)


async def judge(ann: Operator, address: str) -> None:
    """Approved after it came again: in force at once."""
    await ann.go("reviews", "Reviews")
    await ann.page.get_by_role("link", name="odds.daily v2").click()
    await ann.at("odds.daily v2")
    assert ann.page.url.endswith(address)
    await expect(ann.text(".figures dd").first).to_contain_text("−")
    await expect(ann.text("text=10 draws of last week")).to_be_visible()
    await ann.picture("review-en-1280")
    await ann.press("approve")  # without a reason nothing is sent
    await expect(ann.text("textarea[name=reason]:invalid")).to_be_focused()
    await ann.page.fill("textarea[name=reason]", "cheaper, and nobody loses a TOP")
    await ann.press("approve", sure=True)
    await expect(ann.text(".heading .badge").first).to_have_text("In force")


async def verify(su: Operator, floor: Floor) -> None:
    """Support finds the member by her card, and sees each draw hold; and gives her something."""
    card = (await floor.shop.ask("mobile", "Me", LEE))["cardNo"]
    await su.go("members", "Members")
    await su.page.fill("input[name=text]", card)
    await su.page.keyboard.press("Enter")
    await su.page.get_by_role("link", name="lee").click()
    await su.at("lee")
    await expect(su.text("tr:has-text('holds')")).to_have_count(10)
    await expect(su.text("tr:has-text('holds') td.name:has-text('· v2')")).to_have_count(10)
    await expect(su.text("tr:has-text('does not hold')")).to_have_count(0)
    await su.text("details:has-text('What was checked')").first.click()
    await expect(su.text("text=the rolls follow from server seed").first).to_be_visible()
    await su.picture("member-en-1280")
    await su.page.select_option("select[name=currency]", "STAMPS")
    await su.page.fill("input[name=amount]", "700")
    await su.page.fill("input[name=reason]", "a spoilt box of eggs")
    await su.press("adjust", sure=True)
    await expect(su.text("tr:has-text('Stamps') .number").first).to_have_text(re.compile("^7[01][0-9]$"))
    await su.press("show")
    await expect(su.text("table:has-text('Known as')")).to_contain_text("demo")
    wallet = (await floor.shop.ask("mobile", "Profile", LEE))["wallet"]
    assert wallet["stamps"] >= 700


async def stop(ann: Operator, floor: Floor) -> None:
    """One press and one more: nobody draws."""
    await ann.go("stops", "Stop switch")
    await ann.page.select_option("select[name=target]", "pool:daily")
    await ann.page.fill("input[name=message]", "Back at noon.")
    await ann.page.fill("input[name=reason]", "a wrong picture of a prize")
    await ann.press("stop", sure=True)
    await expect(ann.text(".stopped")).to_contain_text("pool:daily")
    await ann.picture("stopped-en-1280")
    pool = (await floor.shop.ask("mobile", "Pools", LEE))[0]
    refused = await floor.shop.ask("mobile", "Draw", LEE, poolId=pool["id"], oddsHash=pool["oddsHash"], count=1)
    assert (refused["code"], "Back at noon." in refused["message"]) == ("PAUSED", True)


async def look_back(ed: Operator, ann: Operator, floor: Floor) -> None:
    """It goes on; another reviews it; the trail has it all; two versions side by side; and back to the old one."""
    await ann.press("resume", sure=True)
    await expect(ann.text("text=Another person reviews this.")).to_be_visible()
    browser = ann.page.context.browser
    assert browser is not None, "she has one"
    otto = await Operator.enter(browser, floor.console, "otto", "auditor")
    await otto.go("stops", "Stop switch")
    await otto.page.fill("textarea[name=note]", "the picture was right")
    await otto.press("review")
    await expect(otto.text("td:has-text('the picture was right')")).to_be_visible()
    await otto.go("trail?subject=odds.daily", "Audit trail")
    acts = await otto.text("#main td:nth-child(3) > .badge").all_inner_texts()
    assert acts == ["approved", "submitted", "returned", "submitted", "edited", "drafted", "published"]
    await ed.go("pools/daily", "Everyday capsules")
    await ed.press("compare")
    await expect(ed.text(".diff ins").first).to_be_visible()
    await expect(ed.text(".diff tr:has-text('/prizes/1/weight')")).to_contain_text("30000")
    await ed.page.fill(".form:has(button[data-act=back]) input[name=reason]", "points were too many")
    await ed.press("back", sure=True)
    await ed.at("odds.daily v3")
    await expect(ed.text(".heading .badge").first).to_have_text("In review")
    assert otto.complaints == []


@pytest.mark.parametrize("narrow", [False, True], ids=["1280", "390"])
async def test_a_version_is_scheduled_and_comes_into_force_at_its_instant(floor: Floor, narrow: bool) -> None:
    shop, width = floor.shop, 390 if narrow else 1280
    made = await shop.ask(
        "admin", "DraftSheet", "demo:ed:odds_editor", kind="odds", key="daily", basedOn=1, reason="a dearer draw",
        body=dumps({**shipped("odds.daily"), "price_diamonds": 30}),
    )  # fmt: skip
    asked = {"sheetId": made["sheetId"], "revision": 1, "reason": "please look"}
    await shop.ask("admin", "SubmitSheet", "demo:ed:odds_editor", **asked)
    at = (utc_now() + timedelta(hours=2)).replace(second=0, microsecond=0)
    local = at.astimezone(ZoneInfo("Asia/Taipei"))
    async with browsing() as browser:
        ann = await Operator.enter(browser, floor.console, "ann", "odds_approver", narrow=narrow)
        await ann.go(f"sheets/{made['sheetId']}", "odds.daily v2")
        await ann.page.fill("textarea[name=reason]", "from tonight on")
        await ann.page.fill("input[name=at]", f"{local:%Y-%m-%dT%H:%M}")
        await ann.press("approve", sure=True)
        await expect(ann.text(".heading .badge").first).to_have_text("Scheduled")
        await ann.go("schedule", "Schedule")
        row = ann.text("tr:has-text('odds.daily v2')")
        await expect(row).to_contain_text(f"{local:%Y-%m-%d %H:%M}")
        await ann.picture(f"scheduled-en-{width}")
        await draw(shop, MEI, 0)
        async with floor.database.work() as work:
            assert await settle(work, at - timedelta(seconds=1), 10) == 0
            assert await settle(work, at, 10) == 1  # what the job does at the instant
        await ann.go("schedule", "Schedule")
        await expect(row).to_contain_text("In force")
        await draw(shop, LEE, 0)
        async with floor.database.read() as connection:
            charged = await connection.fetch("SELECT version, max(amount), count(*) FROM draws GROUP BY 1 ORDER BY 1")
        assert [tuple(each) for each in charged] == [(1, 20, 10), (2, 30, 10)]
        assert ann.complaints == []


async def test_every_act_is_reached_by_tab_alone_and_seen_to_be(floor: Floor) -> None:
    found = await furnish(floor)
    async with browsing() as browser:
        olivia = await Operator.enter(browser, floor.console, "olivia", "owner")
        await olivia.go("pools/daily")
        await olivia.page.fill("input[name=reason]", "a dearer draw")
        await olivia.page.keyboard.press("Enter")
        await olivia.at("odds.daily v2")
        await olivia.by_tab()
        for path in ("pools/daily", "stops", "trail", "adjustments", "compensations", *found):
            await olivia.go(path)
            await olivia.by_tab()
        assert olivia.complaints == []


@pytest.mark.parametrize("narrow", [False, True], ids=["1280", "390"])
@pytest.mark.parametrize("language", ["en", "zh-TW"])
async def test_every_page_fits_its_screen_in_both_languages(floor: Floor, language: str, narrow: bool) -> None:
    await draw(floor.shop, MEI, 0)
    found = await furnish(floor)
    async with browsing() as browser:
        olivia = await Operator.enter(browser, floor.console, "olivia", "owner", language=language, narrow=narrow)
        width = 390 if narrow else 1280
        for path in (*PAGES, *found):
            await olivia.go(path)
            await asyncio.sleep(0.3)  # charts are drawn after the page
            name = re.sub(r"\W+", "-", path.partition("?")[0]) or "overview"
            name = re.sub(r"-(mem|prz|cmp)_.*", "-one", name)
            await olivia.picture(f"{name}-{language}-{width}")
        assert await olivia.page.evaluate("document.documentElement.lang") == language
        await expect(olivia.text("#main")).not_to_contain_text("{")
        if narrow:
            await olivia.page.locator(".burger").click()
            await expect(olivia.text("nav.side a").first).to_be_visible()
            await olivia.picture(f"menu-{language}-{width}")
        assert olivia.complaints == []


async def test_who_may_not_is_told_and_who_signed_out_is_out_in_every_tab(floor: Floor) -> None:
    async with browsing() as browser:
        ed = await Operator.enter(browser, floor.console, "ed", "odds_editor")
        await expect(ed.text("nav.side")).not_to_contain_text("Members")
        await ed.go("members", "Members")
        await expect(ed.text(".told")).to_have_text("Your roles do not let you see this.")
        cookies = {each["name"]: each for each in await ed.page.context.cookies()}
        kept = cookies["mergemart_console"]
        assert (kept["httpOnly"], kept["sameSite"], kept["path"]) == (True, "Strict", "/console")
        assert MEI.partition(":")[0] not in kept["value"]
        other = await ed.page.context.new_page()
        await other.goto(f"{floor.console}/console/pools/daily")
        await expect(other.locator("input[name=reason]").first).to_be_visible()
        await ed.page.get_by_role("button", name="Sign out").click()
        await expect(ed.text("input[name=name]")).to_be_visible()
        await other.fill("input[name=reason]", "not mine to do any longer")
        await other.locator("button[data-act=draft]").click()
        await expect(other.locator("input[name=name]")).to_be_visible()
        assert await floor.shop.ask("admin", "Sheets", "demo:otto:auditor", state="DRAFT", first=5) == []
