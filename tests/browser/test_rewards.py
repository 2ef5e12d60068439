"""What play brings, in headless Chromium on a phone's screen: a chest unlocked, hurried and opened; a prize claimed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from api.settings import Settings
from tests.browser.playing import Player, browsing, expect
from tests.earning import earn_chests
from tests.edge import Edge, open_edge
from tests.serving import Shop, serving
from tests.things_http import open_pot, stock, win

MEI = "demo:mei"


@pytest.fixture
async def shop(settings: Settings) -> AsyncIterator[Shop]:
    async with serving(settings) as opened:
        yield opened


@pytest.fixture
async def edge(shop: Shop, settings: Settings) -> AsyncIterator[Edge]:
    """Another server on the same database, for what members do not do."""
    async with open_edge(settings) as opened:
        yield opened


async def behind(player: Player, name: str) -> None:
    """A screen behind "more"."""
    await player.go("more")
    await player.page.click(f'[data-go="{name}"]')
    await expect(player.page.locator("main header.behind")).to_be_visible()


async def test_a_chest_is_unlocked_hurried_and_opened_with_its_odds_one_tap_away(shop: Shop, edge: Edge) -> None:
    await earn_chests(edge, MEI, 6)
    await shop.give(MEI, 500, "DIAMONDS")
    async with browsing() as browser:
        mei = await Player.enter(browser, shop.url, "mei")
        await behind(mei, "chests")
        chests = mei.page.locator(".chest")
        await expect(chests).to_have_count(2)
        await chests.first.locator("button.link").click()
        await expect(mei.page.locator("dialog table.odds tr").first).to_contain_text("%")
        await mei.picture("11-chest-odds")
        await mei.page.keyboard.press("Escape")
        await chests.first.locator("button.main").click()
        await expect(chests.first.locator("[data-until]")).to_be_visible()
        await mei.picture("12-chests")
        diamonds = (await shop.ask("mobile", "Profile", MEI))["wallet"]["diamonds"]
        await chests.first.locator("button.soft").click()
        await expect(mei.page.locator(".chest.ready")).to_have_count(1)
        assert (await shop.ask("mobile", "Profile", MEI))["wallet"]["diamonds"] < diamonds
        await mei.page.locator(".chest.ready button.gold").click()
        await expect(mei.page.locator("dialog .prizes li").first).to_be_visible()
        await mei.picture("13-chest-opened")
        await mei.page.keyboard.press("Escape")
        await expect(chests).to_have_count(1)
        assert mei.complaints == []


async def test_a_prize_is_claimed_at_a_store_and_waits_there(shop: Shop, edge: Edge) -> None:
    await open_pot(edge)
    await stock(edge, 2)
    await win(edge, MEI)
    async with browsing() as browser:
        mei = await Player.enter(browser, shop.url, "mei")
        await behind(mei, "myPrizes")
        prize = mei.page.locator(".prize")
        await expect(prize).to_have_count(1)
        await mei.picture("14-prizes")
        await prize.locator("button.main").click()
        await mei.page.select_option("select[name=storeId]", index=1)
        await mei.picture("15-claim")
        await mei.page.locator("dialog button.main").click()
        await expect(mei.page.locator("dialog")).to_have_count(0)
        await expect(prize.locator("button")).to_have_count(0)
        [node] = (await shop.ask("mobile", "Prizes", MEI, first=10))["nodes"]
        assert (node["state"], node["store"]["code"]) == ("CLAIMED", "taipei-1")
        assert mei.complaints == []
