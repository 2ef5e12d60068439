"""The game in headless Chromium on a phone's screen: a day of play, offline and back, and on two devices at once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from api.settings import Settings
from tests.browser.playing import Player, browsing, expect
from tests.edge import basket
from tests.serving import Shop, serving


@pytest.fixture
async def shop(settings: Settings) -> AsyncIterator[Shop]:
    async with serving(settings) as opened:
        yield opened


async def test_a_day_of_play_on_a_phone(shop: Shop) -> None:
    async with browsing() as browser:
        mei = await Player.enter(browser, shop.url, "mei")
        await mei.picture("1-board")
        await check_in(mei)
        await play(mei)
        await shop.give("demo:mei", 10, "TICKETS")
        await draw_and_verify(mei)
        await hold_a_coupon(mei, shop)
        for name in ("timeline", "settings"):
            await mei.go("more")
            await mei.page.click(f'[data-go="{name}"]')
            await expect(mei.page.locator("main li, main section").first).to_be_visible()
            await mei.picture(f"9-{name}")
        assert mei.complaints == []


async def check_in(mei: Player) -> None:
    await mei.go("checkIn")
    await mei.page.click("#doCheckIn")
    await expect(mei.page.locator(".today .done")).to_be_visible()
    await expect(mei.page.locator(".day.here.checked_in")).to_have_count(1)
    await mei.picture("2-check-in")
    await mei.go("shop")


async def play(mei: Player) -> None:
    at = await mei.make("dairy", 3)
    await expect(mei.cell(at)).to_have_attribute("aria-label", re.compile("優格"))
    source, target = await a_pair(mei)
    before = (await mei.words())[source]
    await mei.by_keys(source, target)
    level = int(before.rpartition(".")[2]) + 1
    await expect(mei.cell(target)).to_have_attribute("data-word", f"{before.rpartition('.')[0]}.{level}")
    await mei.settled()
    await mei.deliver_smallest()
    assert "💎" in await mei.page.locator(".coins").inner_text()
    await mei.picture("3-delivered")


async def a_pair(player: Player) -> tuple[int, int]:
    """Two cells to be merged; taps until there are."""
    for _ in range(40):
        words = await player.words()
        for chain in ("bakery", "dairy"):
            if pair := Player.pair(words, chain, 8):
                return pair
        await player.make_room()
        await player.drop_from("bakery")
    raise AssertionError("no pair")


async def draw_and_verify(mei: Player) -> None:
    page = mei.page
    await mei.go("draw")
    await page.fill("#birthYear", "1990")
    await page.locator("section:has(#birthYear) button").click()
    await expect(page.locator("#birthYear")).to_have_count(0)
    await page.locator("button.odds").first.click()
    await expect(page.locator("table.odds tbody tr")).to_have_count(9)
    await mei.picture("4-odds")
    await page.keyboard.press("Escape")
    await page.locator("button.gold").first.click()
    await expect(page.locator(".prizes li")).to_have_count(10)
    await mei.picture("5-prizes")
    await page.locator("dialog .soft").click()
    await page.click("#checkAll")
    await expect(page.locator(".checks li.open")).to_have_count(10)
    await page.click("#reveal")
    await expect(page.locator(".hash")).to_be_visible()
    await expect(page.locator(".checks li.open")).to_have_count(0)
    await page.click("#checkAll")
    await expect(page.locator(".checks li.proved")).to_have_count(10)
    await mei.picture("6-fairness")


async def hold_a_coupon(mei: Player, shop: Shop) -> None:
    await mei.go("coupons")
    await mei.picture("7-coupons")
    await mei.page.locator(".coupon", has_text="三十元").click()
    codes = mei.page.locator(".codes")
    await expect(codes.locator("svg")).to_have_count(2)
    await mei.picture("8-coupon")
    shown = await codes.get_attribute("data-shown")
    card = (await shop.ask("mobile", "Me", "demo:mei"))["cardNo"]
    held = await shop.ask(
        "till", "HoldBasket", "demo:taipei-1", cardNo=card, codes=[shown], payPoints=0, basket=basket(50_000)
    )
    assert held["dueMinor"] == 47_000, held
    await mei.page.keyboard.press("Escape")


async def test_moves_made_offline_are_kept_through_a_reload_and_done_on_the_changed_board(shop: Shop) -> None:
    async with browsing() as browser:
        phone = await Player.enter(browser, shop.url, "mei", "en")
        tablet = await Player.enter(browser, shop.url, "mei", "en")
        await tablet.at_the_board()
        await phone.page.context.set_offline(True)
        line = phone.page.locator("#connection")
        await expect(line).to_have_class("away")
        words = await phone.words()
        source, target = next(
            pair for chain in ("dairy", "bakery") if (pair := Player.pair(words, chain, 2)) is not None
        )
        made = words[source].replace(".1", ".2")
        await phone.drag(source, target)
        await expect(phone.cell(target)).to_have_attribute("data-word", made)
        await expect(line).to_contain_text("1")
        await phone.picture("10-offline")

        # Meanwhile the other device moves something else.
        free = [index for index, word in enumerate(words) if word == "."]
        other = next(
            index for index, word in enumerate(words) if re.match("[a-z]", word) and index not in (source, target)
        )
        await tablet.drag(other, free[-1])
        await expect(tablet.cell(free[-1])).to_have_attribute("data-word", words[other])

        await phone.page.reload()
        await expect(phone.cell(target)).to_have_attribute("data-word", made)
        await expect(line).to_contain_text("1")
        assert (await shop.words("demo:mei"))[target] != made, "it was not sent yet"

        await phone.page.context.set_offline(False)
        await expect(line).not_to_have_class("away")
        for player in (phone, tablet):
            await expect(player.cell(target)).to_have_attribute("data-word", made)
            await expect(player.cell(free[-1])).to_have_attribute("data-word", words[other])
        stands = await shop.words("demo:mei")
        assert (stands[target], stands[free[-1]]) == (made, words[other])
        await phone.picture("11-back-online")
        assert phone.complaints + tablet.complaints == []


async def test_a_second_device_sees_a_move_at_once(shop: Shop) -> None:
    async with browsing() as browser:
        phone = await Player.enter(browser, shop.url, "mei")
        tablet = await Player.enter(browser, shop.url, "mei")
        await expect(tablet.page.locator("body")).to_have_class("live")
        words = await phone.words()
        source = next(index for index, word in enumerate(words) if re.match("[a-z]", word))
        target = next(index for index, word in enumerate(words) if word == ".")
        await phone.drag(source, target)
        await expect(tablet.cell(target)).to_have_attribute("data-word", words[source])
        await tablet.picture("12-second-device")
