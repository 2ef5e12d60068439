"""Lunar New Year without a release: two operators make a calendar, a chain and dearer orders in sheets, for one day."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from api.settings import Settings
from tests.edge import Edge, dumps, open_edge

MEI = "demo:mei"
WRITER, OTHER = "demo:cam:campaign_manager", "demo:cleo:campaign_manager"
# What finite and automatic generators drop must stay with an infinite one too; one tap in half a million drops it.
LANTERNS = [
    {"chain": "lantern", "level": 1, "weight": 999_998},
    {"chain": "dairy", "level": 1, "weight": 1},
    {"chain": "frozen", "level": 1, "weight": 1},
]
NAME = {"en": "Lanterns", "zh-TW": "燈籠"}


@pytest.fixture(params=[1, 2], ids=["one server", "two servers"])
async def edge(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Edge]:
    async with open_edge(settings, request.param) as opened:
        yield opened


async def body_of(edge: Edge, kind: str) -> dict[str, Any]:
    [sheet, *_] = await edge.ask("admin", "Sheets", WRITER, kind=kind, key="current", first=1)
    found: dict[str, Any] = json.loads(sheet["body"])
    return found


async def make(edge: Edge, kind: str, body: dict[str, Any], at: str | None = None, *, based_on: int = 1) -> None:
    """Drafted and submitted by one, approved by another, in force at once or at an instant."""
    draft = await edge.ask(
        "admin", "DraftSheet", WRITER, kind=kind, key="current", basedOn=based_on, body=dumps(body), reason="new year"
    )
    sheet = {"sheetId": draft["sheetId"], "revision": 1}
    assert await edge.code("admin", "SubmitSheet", WRITER, **sheet, reason="ready") == "ok"
    assert await edge.code("admin", "ApproveSheet", WRITER, **sheet, reason="fine", at=at) == "SHEET_OWN"
    assert await edge.code("admin", "ApproveSheet", OTHER, **sheet, reason="fine", at=at) == "ok"


def goods_of(board: dict[str, Any]) -> list[tuple[int, str, int]]:
    return [
        (cell["index"], cell["item"]["chain"], cell["item"]["level"]) for cell in board["cells"] if cell["item"]
    ]  # fmt: skip


async def test_a_new_year_comes_by_sheets_alone_and_a_running_board_goes_on(edge: Edge) -> None:
    board = await edge.ask("mobile", "Board", MEI)
    [fridge] = [cell["index"] for cell in board["cells"] if cell["generator"] and cell["generator"]["code"] == "fridge"]
    tap = {"tap": {"cell": fridge}}
    played = await edge.ask("mobile", "PlayMoves", MEI, baseRevision=0, commands=[tap, tap])
    assert played["applied"] == 2
    before, paid = goods_of(played["board"]), (await edge.ask("mobile", "Calendar", MEI))["nextReward"]

    at = (edge.now() + timedelta(hours=30)).isoformat()
    chains = await body_of(edge, "chains")
    signs = ["🏮", "🧨", "🧧", "🎆", "🐉"]
    levels = [{"emoji": sign, "name": {"en": f"Lantern {n}", "zh-TW": f"燈籠{n}"}} for n, sign in enumerate(signs, 1)]
    chains["chains"].append({"code": "lantern", "name": NAME, "levels": levels})
    await make(edge, "chains", chains)
    layout = await body_of(edge, "board")
    for kind in layout["generators"]:
        if kind["code"] == "fridge":
            kind["drops"] = LANTERNS
    await make(edge, "board", layout, at)
    calendar = await body_of(edge, "calendar")
    calendar["month"] = []
    calendar["plain"] = {"diamonds": 88, "points": 66}
    await make(edge, "calendar", calendar, at)
    orders = await body_of(edge, "orders")
    await make(edge, "orders", {**orders, "diamonds_per_mille": 3_000}, at)

    played = await edge.ask("mobile", "PlayMoves", MEI, baseRevision=1, commands=[tap])
    assert (played["applied"], "lantern" in {chain for _, chain, _ in goods_of(played["board"])}) == (1, False)
    assert (await edge.ask("mobile", "Calendar", MEI))["nextReward"] == paid

    edge.ahead = timedelta(hours=31)
    played = await edge.ask("mobile", "PlayMoves", MEI, baseRevision=2, commands=[tap, tap])
    after = goods_of(played["board"])
    assert played["applied"] == 2
    assert [chain for _, chain, _ in after].count("lantern") == 2
    assert set(before) <= set(after), "what was on the board stays"
    lanterns = [index for index, chain, _ in after if chain == "lantern"]
    merged = {"merge": {"from": lanterns[0], "to": lanterns[1]}}
    played = await edge.ask("mobile", "PlayMoves", MEI, baseRevision=3, commands=[merged])
    assert (lanterns[1], "lantern", 2) in goods_of(played["board"])
    assert "lantern" in {each["code"] for each in await edge.ask("mobile", "Chains", MEI)}
    done = await edge.ask("mobile", "CheckIn", MEI)
    assert (done["reward"]["diamonds"], done["reward"]["points"]) == (98, 66), "the cycle's ten, and the new year's"
    await edge.check_books()


async def test_when_the_new_year_goes_its_goods_become_others_and_none_is_lost(edge: Edge) -> None:
    plain = await body_of(edge, "chains"), await body_of(edge, "board")
    chains, layout = await body_of(edge, "chains"), await body_of(edge, "board")
    levels = [{"emoji": sign, "name": {"en": sign, "zh-TW": sign}} for sign in ("🏮", "🧨", "🧧", "🎆", "🐉")]
    chains["chains"].append({"code": "lantern", "name": NAME, "levels": levels})
    await make(edge, "chains", chains)
    fridge = next(kind for kind in layout["generators"] if kind["code"] == "fridge")
    fridge.update(code="shrine", takes=["fridge"], drops=LANTERNS)
    layout["cells"] = [word.replace("@fridge", "@shrine") for word in layout["cells"]]
    await make(edge, "board", layout)

    board = await edge.ask("mobile", "Board", MEI)
    [at] = [cell["index"] for cell in board["cells"] if cell["generator"] and cell["generator"]["code"] == "shrine"]
    played = await edge.ask("mobile", "PlayMoves", MEI, baseRevision=0, commands=[{"tap": {"cell": at}}] * 3)
    lanterns = [index for index, chain, _ in goods_of(played["board"]) if chain == "lantern"]
    merge = {"merge": {"from": lanterns[0], "to": lanterns[1]}}
    played = await edge.ask(
        "mobile", "PlayMoves", MEI, baseRevision=1, commands=[merge, {"store": {"cell": lanterns[2]}}]
    )
    assert played["applied"] == 2

    # The generator first: as long as it drops lanterns they cannot go. It becomes the fridge again.
    gone = plain[1]
    next(kind for kind in gone["generators"] if kind["code"] == "fridge")["takes"] = ["shrine"]
    await make(edge, "board", gone, based_on=2)
    draft = await edge.ask(
        "admin", "DraftSheet", WRITER, kind="chains", key="current", basedOn=2, body=dumps(plain[0]), reason="over"
    )
    asked = {"sheetId": draft["sheetId"], "revision": 1}
    refused = await edge.ask("admin", "SubmitSheet", WRITER, **asked, reason="ready")
    assert refused["code"] == "CONTENT_IN_USE"
    assert "boards hold goods of lantern" in refused["message"]
    review = await edge.ask("admin", "SheetReview", OTHER, id=draft["sheetId"])
    assert ["boards hold goods of lantern" in fault["rule"] for fault in review["faults"]] == [True]
    plain[0]["chains"][0]["takes"] = ["lantern"]
    edited = {**asked, "body": dumps(plain[0]), "reason": "lanterns become dairy"}
    assert await edge.code("admin", "EditSheet", WRITER, **edited) == "ok"
    sheet = {"sheetId": draft["sheetId"], "revision": 2}
    assert await edge.code("admin", "SubmitSheet", WRITER, **sheet, reason="ready") == "ok"
    assert await edge.code("admin", "ApproveSheet", OTHER, **sheet, reason="fine") == "ok"

    board = await edge.ask("mobile", "Board", MEI)
    assert (lanterns[1], "dairy", 2) in goods_of(board)
    assert board["storage"]["items"][0]["chain"] == "dairy"
    assert board["cells"][at]["generator"]["code"] == "fridge"
    assert {each["chain"] for order in board["orders"] for each in order["items"]} <= {"dairy", "bakery"}
    back = {"retrieve": {"slot": 0, "cell": lanterns[0]}}
    played = await edge.ask(
        "mobile", "PlayMoves", MEI, baseRevision=board["revision"], commands=[back, {"tap": {"cell": at}}]
    )
    assert played["applied"] == 2
    assert (lanterns[0], "dairy", 1) in goods_of(played["board"])
    await edge.check_books()
