"""The page of odds: whoever comes reads every table, in force, past and to follow; and its documents verify draws."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from api.runtime.settling import settle
from api.settings import Settings
from tests.edge import Edge, dumps, open_edge
from tests.gacha_sheets import odds_body, prize

EDITOR, APPROVER = "demo:odo:odds_editor", "demo:ada:odds_approver"


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        yield opened


async def approve(edge: Edge, body: Any, based_on: int, at: str | None = None) -> None:
    draft = {"kind": "odds", "key": "spring", "basedOn": based_on, "reason": "for the test", "body": dumps(body)}
    sheet = {"sheetId": (await edge.ask("admin", "DraftSheet", EDITOR, **draft))["sheetId"], "revision": 1}
    assert await edge.code("admin", "SubmitSheet", EDITOR, **sheet, reason="for the test") == "ok"
    assert await edge.code("admin", "ApproveSheet", EDITOR, **sheet, reason="mine") == "FORBIDDEN"
    assert await edge.code("admin", "ApproveSheet", APPROVER, **sheet, reason="fine", at=at) == "ok"


async def test_everybody_reads_the_odds_without_signing_in(edge: Edge) -> None:
    after = odds_body(hazard=None, name={"en": "Spring <fair>", "zh-TW": "春季"})
    grand = prize("grand", "TOP", 20_000, stock=3, when_gone="RENORMALISE", fallback="top")
    first = {**after, "successor": after, "prizes": [grand, *after["prizes"][1:], prize("top", "TOP", 0)]}
    await approve(edge, first, 0)
    await approve(edge, after, 1, (edge.now() + timedelta(days=1)).isoformat())
    page = await edge.client.get("/odds", headers={"accept-language": "en"})
    assert (page.status_code, page.headers["content-language"]) == (200, "en")
    text = page.text
    assert "Spring &lt;fair&gt;" in text
    assert "<fair>" not in text
    assert "does not mean that you will receive" in text
    assert "0.6000%" in text, "the everyday pool's TOP"
    assert "1.6052%" in text
    assert "the next odds begin" in text
    assert "successor of version 1" in text
    assert ">v3 " not in text, "what is only scheduled is not shown yet"
    async with edge.database.work() as work:
        await settle(work, edge.now() + timedelta(days=2), 10)
    chinese = (await edge.client.get("/odds?lang=zh-TW")).text
    assert "此為機會中獎商品,消費者購買或參與活動不代表即可獲得特定商品" in chinese
    assert "過往" in chinese


async def test_the_document_of_a_hash_is_what_that_hash_is_of(edge: Edge) -> None:
    pool = (await edge.ask("mobile", "Pools", "demo:mei"))[0]
    answer = await edge.client.get(f"/odds/{pool['oddsHash']}.json")
    assert hashlib.sha256(answer.content).hexdigest() == pool["oddsHash"]
    for unknown in ("0" * 64, "x", "../secret", "%00"):
        assert (await edge.client.get(f"/odds/{unknown}.json")).status_code == 404
