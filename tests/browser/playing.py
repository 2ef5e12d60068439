"""A browser at the game: what a person sees and does there, by finger, mouse and keys."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

CHROMIUM = os.environ.get("MERGEMART_CHROMIUM") or "/usr/bin/chromium"
ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "var" / "screenshots"
VIEWPORT = {"width": 390, "height": 844}
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
]  # fmt: skip
PATIENCE_MS = 30_000

if shutil.which(CHROMIUM) is None:
    pytest.skip(f"no {CHROMIUM}: `.ci/run` installs Debian's where it may", allow_module_level=True)

from playwright.async_api import Browser, Page, async_playwright, expect  # noqa: E402 - not needed where it is skipped

expect.set_options(timeout=PATIENCE_MS)


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """One headless Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Player:
    """Somebody with a phone."""

    page: Page
    complaints: list[str]

    @classmethod
    async def enter(cls, browser: Browser, url: str, name: str, language: str = "zh-TW") -> Player:
        """Opens the game on a phone of his own and signs in."""
        context = await browser.new_context(viewport=VIEWPORT, locale=language, has_touch=True, device_scale_factor=2)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        player = cls(page, [])
        page.on("pageerror", lambda error: player.complaints.append(str(error)))
        page.on(
            "console", lambda said: player.complaints.append(said.text) if "Content Security" in said.text else None
        )
        await page.goto(f"{url}/play")
        await page.fill("#name", name)
        await page.keyboard.press("Enter")
        await player.at_the_board()
        return player

    async def at_the_board(self) -> None:
        """Returns once the board is there and the server has said everything about it."""
        await expect(self.page.locator(".order[data-order]").first).to_be_visible()
        await self.settled()

    async def settled(self) -> None:
        """Returns once nothing waits for the server."""
        await expect(self.page.locator(".cell.pending")).to_have_count(0)

    async def words(self) -> list[str]:
        """The cells in the words of `rules.js`."""
        found: list[str] = await self.page.locator("[data-cell]").evaluate_all("all => all.map(n => n.dataset.word)")
        return found

    def cell(self, index: int):  # type: ignore[no-untyped-def]
        return self.page.locator(f'[data-cell="{index}"]')

    async def go(self, tab: str) -> None:
        """A screen of the bar at the bottom."""
        await self.page.click(f'[data-tab="{tab}"]')
        await expect(self.page.locator(f"main.{tab} > *").first).to_be_visible()

    async def tap(self, index: int) -> None:
        """A finger on a cell."""
        box = await self.cell(index).bounding_box()
        assert box is not None
        await self.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    async def drag(self, source: int, target: int) -> None:
        """From one cell to another, by mouse."""
        one, other = await self.cell(source).bounding_box(), await self.cell(target).bounding_box()
        assert one is not None
        assert other is not None
        mouse = self.page.mouse
        await mouse.move(one["x"] + one["width"] / 2, one["y"] + one["height"] / 2)
        await mouse.down()
        await mouse.move(other["x"] + 10, other["y"] + 10, steps=3)
        await mouse.move(other["x"] + other["width"] / 2, other["y"] + other["height"] / 2)
        await mouse.up()

    async def by_keys(self, source: int, target: int) -> None:
        """Picks up and puts down without a pointer."""
        await self.cell(source).focus()
        await self.page.keyboard.press("Enter")
        rows = target // 7 - source // 7
        columns = target % 7 - source % 7
        for count, keys in ((rows, ("ArrowUp", "ArrowDown")), (columns, ("ArrowLeft", "ArrowRight"))):
            for _ in range(abs(count)):
                await self.page.keyboard.press(keys[count > 0])
        await self.page.keyboard.press("Enter")

    async def drop_from(self, chain: str) -> None:
        """Taps the generator that gives goods of a chain, and waits for what fell."""
        words = await self.words()
        code = {"dairy": "fridge", "frozen": "fridge", "bakery": "oven"}[chain]
        at = next(index for index, word in enumerate(words) if word.startswith(f"@{code}|"))
        if words[at].split("|")[1] == "0":
            await expect(self.cell(at)).to_have_attribute("data-word", re.compile(rf"@{code}\|[1-9]"), timeout=90_000)
        await self.tap(at)
        await self.settled()

    async def make_room(self) -> None:
        """Sells the smallest goods where no cell is empty."""
        words = await self.words()
        if "." in words:
            return
        goods = [index for index, word in enumerate(words) if re.match(r"[a-z].*\.\d", word)]
        at = min(goods, key=lambda index: int(words[index].rpartition(".")[2]))
        await self.cell(at).focus()
        await self.page.keyboard.press("Delete")
        await self.page.keyboard.press("Delete")

    async def make(self, chain: str, level: int, keep: tuple[int, ...] = ()) -> int:
        """Goods of a chain and level, merged out of what lies there and what generators drop; the cell."""
        for _ in range(60):
            words = await self.words()
            found = [index for index, word in enumerate(words) if word == f"{chain}.{level}" and index not in keep]
            if found:
                return found[0]
            pair = self.pair(words, chain, level, keep)
            if pair is None:
                await self.make_room()
                await self.drop_from(chain)
                continue
            source, target = pair
            await self.drag(source, target)
            await expect(self.cell(source)).not_to_have_attribute("data-word", words[source])
            await self.settled()
        raise AssertionError(f"no {chain}.{level}: {await self.words()}")

    @staticmethod
    def pair(words: list[str], chain: str, below: int, keep: tuple[int, ...] = ()) -> tuple[int, int] | None:
        """Two cells to be merged below a level, the highest first; a web is only a target."""
        for level in range(below - 1, 0, -1):
            same = [index for index, word in enumerate(words) if word == f"{chain}.{level}" and index not in keep]
            webbed = [index for index, word in enumerate(words) if word == f"#{chain}.{level}"]
            if len(same) > 1:
                return same[0], same[1]
            if same and webbed:
                return same[0], webbed[0]
        return None

    async def deliver_smallest(self) -> str:
        """Makes what the smallest order asks for and delivers it; the order's number."""
        orders = await self.page.locator(".order[data-order]").evaluate_all(
            "all => all.map(n => [n.dataset.order, [...n.querySelectorAll('.want')].map(w => w.dataset.word)])"
        )
        number, wanted = min(orders, key=lambda order: sum(2 ** int(word.rpartition(".")[2]) for word in order[1]))
        keep: tuple[int, ...] = ()
        for word in sorted(wanted, key=lambda word: -int(word.rpartition(".")[2])):
            chain, _, level = word.rpartition(".")
            keep = (*keep, await self.make(chain, int(level), keep))
        await self.page.locator(f'.order[data-order="{number}"] button:not(.again)').click()
        await expect(self.page.locator(f'.order[data-order="{number}"]')).to_have_count(0)
        await self.settled()
        return str(number)

    async def picture(self, name: str) -> None:
        """Keeps what is seen under var/screenshots, and checks that nothing is wider than the phone."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        assert width == VIEWPORT["width"], f"{name} is {width} wide"
