"""A browser at the operators' console: who sits there, and what he does, by mouse and keys."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from api.runtime.database import Database
from api.settings import Settings
from tests.browser.playing import PATIENCE_MS, ROOT, SCREENSHOTS
from tests.serving import Shop, serving
from tests.things_http import ADDRESS, IDENTITY, open_pot, win

MEI, LEE = "demo:mei", "demo:lee"
WIDE, NARROW = ViewportSize(width=1280, height=860), ViewportSize(width=390, height=844)
SECONDS = 60
_MARK = """() => {
  const all = document.querySelectorAll('a[href], button:not([disabled]), input, select, textarea, summary');
  const seen = [...all].filter(n => n.checkVisibility() && n.getClientRects().length);
  seen.forEach((n, i) => { n.dataset.tab = i; });
  return seen.length;
}"""
_WHERE = """() => {
  const at = document.activeElement, style = getComputedStyle(at);
  return [at.dataset.tab ?? null, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0,
          at.outerHTML.slice(0, 90)];
}"""


@asynccontextmanager
async def console_of(api: str) -> AsyncIterator[str]:
    """`main.py console` as a process of its own before the API at `api`; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = "main.py", "console", "--demo", "--api", api, "--port", str(port)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        transport = httpx.AsyncHTTPTransport(retries=9)  # with longer and longer rests while nobody listens yet
        async with httpx.AsyncClient(transport=transport, timeout=SECONDS) as client:
            assert (await client.get(f"http://127.0.0.1:{port}/healthz")).json() == {"status": "ok"}
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        async with asyncio.timeout(SECONDS):
            _, errors = await process.communicate()
    assert b'"level":"ERROR"' not in errors, errors.decode()
    assert b"Traceback" not in errors, errors.decode()


@dataclass
class Operator:
    """Somebody with a console."""

    page: Page
    url: str
    name: str
    complaints: list[str]

    @classmethod
    async def enter(
        cls, browser: Browser, url: str, name: str, role: str, *, language: str = "en", narrow: bool = False
    ) -> Operator:
        """Signs in, in a browser of his own."""
        context = await browser.new_context(viewport=NARROW if narrow else WIDE, locale=language)
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        operator = cls(page, url, name, [])
        page.on("pageerror", lambda error: operator.complaints.append(str(error)))
        page.on("console", lambda said: operator.complaints.append(said.text) if said.type == "error" else None)
        page.on(
            "request",
            lambda asked: None if asked.url.startswith((url, "data:")) else operator.complaints.append(asked.url),
        )
        await page.goto(f"{url}/console")
        await page.fill("input[name=name]", name)
        await page.check(f"input[value={role}]")
        await page.keyboard.press("Enter")
        await operator.at(None)
        return operator

    async def at(self, title: str | None) -> None:
        """Returns once the page is there and listens."""
        heading = self.page.locator("main h1")
        await (expect(heading).to_have_text(title) if title else expect(heading).to_be_visible())
        await self.page.wait_for_function("window.did_handshake === true")

    async def go(self, path: str, title: str | None = None) -> None:
        await self.page.goto(f"{self.url}/console/{path}")
        await self.at(title)

    async def press(self, act: str, *, sure: bool = False, inside: str = "") -> None:
        """A button of a form, twice where it asks."""
        button = self.page.locator(f"{inside} button[data-act={act}]".strip())
        await button.click()
        if sure:
            await button.click()

    async def by_tab(self) -> None:
        """Goes over the page by Tab alone: comes by whatever can be pressed or filled in, and sees each time where."""
        count = await self.page.evaluate(_MARK)
        met: set[str] = set()
        for _ in range(8 * count):  # a field for a time is several stops
            await self.page.keyboard.press("Tab")
            mark, outlined, told = await self.page.evaluate(_WHERE)
            if mark is not None:
                assert outlined, f"it is not seen that Tab is at {told}"
                met.add(mark)
            if len(met) == count:
                return
        left = await self.page.evaluate(
            "met => [...document.querySelectorAll('[data-tab]')].filter(n => !met.includes(n.dataset.tab))"
            ".map(n => n.outerHTML.slice(0, 90))", sorted(met),
        )  # fmt: skip
        raise AssertionError(f"Tab does not come by {left}")

    def text(self, selector: str) -> Locator:
        return self.page.locator(selector)

    async def picture(self, name: str) -> None:
        """Keeps what is seen under var/screenshots, and checks that nothing is wider than the screen."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENSHOTS / f"console-{name}.png", animations="disabled", full_page=True)
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        assert width == (self.page.viewport_size or {})["width"], f"{name} is {width} wide"


@dataclass
class Floor:
    """An API with two members of age who have diamonds, and the console before it."""

    shop: Shop
    console: str
    database: Database

    async def member(self, who: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.shop.ask("mobile", "Me", who)
        return found


@asynccontextmanager
async def open_floor(settings: Settings) -> AsyncIterator[Floor]:
    """The floor on the test's own database."""
    database = Database(str(settings.database_url), pool_size=2)
    async with serving(settings) as shop, console_of(shop.url) as console:
        for who in (MEI, LEE):
            await shop.give(who, 5_000, "DIAMONDS")
            await shop.ask("mobile", "SetBirthYear", who, birthYear=1990)
        yield Floor(shop, console, database)
    await database.close()


async def furnish(floor: Floor) -> list[str]:
    """Something of each kind on the pages of members and running; the paths of what has a page of its own."""
    shop: Any = floor.shop  # the helpers for things want no more of an edge than asking
    member, ann, bea = (await floor.member(MEI))["id"], "demo:ann:support", "demo:bea:support"
    wanted = {"memberId": member, "currency": "POINTS", "amount": 250_000, "reason": "舊卡點數補登"}
    proposed = [(await shop.ask("admin", "ProposeAdjustment", bea, **wanted))["adjustment"] for _ in range(2)]
    await shop.ask("admin", "ApproveAdjustment", ann, adjustmentId=proposed[0]["id"])
    await shop.ask("admin", "AddCaseNote", ann, memberId=member, text="會員來電詢問舊卡點數，已請門市確認。")
    await open_pot(shop, "grand", value_minor=2_500_000)
    prize = await win(shop, LEE, "grand")
    claim = {"prizeId": prize, "address": ADDRESS, "identity": IDENTITY}
    assert "prize" in await shop.ask("mobile", "ClaimPrize", LEE, **claim)
    plan = {"key": "typhoon-1", "cohort": {"everyone": True}, "gift": {"diamonds": 3_000, "tickets": 1}}
    made = await shop.ask("admin", "ProposeCompensation", bea, **plan, members=2, reason="颱風停業一日")
    await shop.ask(
        "admin", "Pause", "demo:ann:odds_approver", target="board", message="稍後回來", reason="a look at the board"
    )
    return [f"members/{member}", f"prizes/{prize}", f"compensations/{made['compensation']['id']}"]


async def draw(shop: Any, who: str, pool: int, times: int = 1) -> list[dict[str, Any]]:
    """A member's ten-draws, by the app."""
    found = []
    for _ in range(times):
        pools = await shop.ask("mobile", "Pools", who)
        drawn = await shop.ask(
            "mobile", "Draw", who, poolId=pools[pool]["id"], oddsHash=pools[pool]["oddsHash"], count=10
        )
        assert "draws" in drawn, drawn
        found += drawn["draws"]
    return found
