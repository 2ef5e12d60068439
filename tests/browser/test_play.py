"""The game in headless Chromium on a phone's screen: a day of play, offline and back, and on two devices at once."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn

from api.app import create_app
from api.commands.seed import seed
from api.runtime.database import Database
from api.settings import Settings
from tests.browser.playing import Player, browsing, expect
from tests.edge import API, PATHS, basket


class Shop:
    """The server at an address, and its other callers."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self.url = url
        self.client = client

    async def ask(self, kind: str, name: str, who: str, **variables: Any) -> Any:
        """What the one field of a committed operation answers."""
        text = (API / kind / "operations" / f"{name}.graphql").read_text(encoding="utf-8")
        if text.startswith("mutation"):
            variables = {"requestId": str(uuid4()), **variables}
        headers = {"authorization": f"Bearer {who}"}
        answer = await self.client.post(PATHS[kind], json={"query": text, "variables": variables}, headers=headers)
        [found] = answer.json()["data"].values()
        return found

    async def give(self, who: str, amount: int, currency: str) -> None:
        member = (await self.ask("mobile", "Me", who))["id"]
        given = await self.ask(
            "admin", "AdjustWallet", "demo:ann:support",
            memberId=member, currency=currency, amount=amount, reason="a gift for the test",
        )  # fmt: skip
        assert "transferId" in given, given

    async def words(self, who: str) -> list[str]:
        """The goods on the server's board, by cell."""
        cells = (await self.ask("mobile", "Board", who))["cells"]
        return [f"{each['item']['chain']}.{each['item']['level']}" if each["kind"] == "ITEM" else "" for each in cells]


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Shop]:
    """The application behind a real port, with sockets."""
    database = Database(str(settings.database_url), pool_size=2)
    await seed(database, settings)
    await database.close()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = create_app(replace(settings, jobs=False))
    config = uvicorn.Config(app, log_config=None, lifespan="on", ws="websockets-sansio", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            async with asyncio.timeout(60):
                while not server.started:
                    assert not serving.done(), "the server ended"
                    await asyncio.sleep(0.02)
            yield Shop(url, client)
    finally:
        server.should_exit = True
        await serving


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
