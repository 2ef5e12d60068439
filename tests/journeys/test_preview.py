"""Sheets of the game are tried out before they are in force: a board under drafts, played, with nothing kept of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.settings import Settings
from tests.edge import Edge, dumps, open_edge

MEI = "demo:mei"
WRITER, AUDITOR = "demo:cam:campaign_manager", "demo:ada:auditor"
NAME = {"en": "Lanterns", "zh-TW": "燈籠"}


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        yield opened


async def draft(edge: Edge, kind: str, body: dict[str, Any]) -> str:
    made = await edge.ask(
        "admin", "DraftSheet", WRITER, kind=kind, key="current", basedOn=1, body=dumps(body), reason="to be tried"
    )
    return str(made["sheetId"])


async def body_of(edge: Edge, kind: str) -> dict[str, Any]:
    [sheet, *_] = await edge.ask("admin", "Sheets", WRITER, kind=kind, key="current", first=1)
    found: dict[str, Any] = json.loads(sheet["body"])
    return found


async def lanterns(edge: Edge) -> list[str]:
    """Drafts of a new chain and of a fridge that drops hardly anything else."""
    chains, layout = await body_of(edge, "chains"), await body_of(edge, "board")
    levels = [{"emoji": sign, "name": {"en": sign, "zh-TW": sign}} for sign in ("🏮", "🧨", "🧧", "🎆", "🐉")]
    chains["chains"].append({"code": "lantern", "name": NAME, "levels": levels})
    fridge = next(kind for kind in layout["generators"] if kind["code"] == "fridge")
    fridge["drops"].append({"chain": "lantern", "level": 1, "weight": 1_000_000})
    return [await draft(edge, "chains", chains), await draft(edge, "board", layout)]


def at_of(board: dict[str, Any], code: str) -> int:
    [at] = [cell["index"] for cell in board["cells"] if cell["generator"] and cell["generator"]["code"] == code]
    return int(at)


def goods(board: dict[str, Any]) -> list[str]:
    return [cell["item"]["chain"] for cell in board["cells"] if cell["item"]]


async def test_two_drafts_are_played_together_and_nothing_is_kept(edge: Edge) -> None:
    sheets = await lanterns(edge)
    at = at_of(await edge.ask("mobile", "Board", MEI), "fridge")
    before = await edge.checksums()
    asked = {"sheetIds": sheets, "commands": [{"tap": {"cell": at}}] * 4 + [{"sell": {"cell": 62}}]}
    seen = await edge.ask("admin", "BoardPreview", WRITER, **asked)
    assert (seen["faults"], seen["applied"], seen["refusal"]["code"]) == ([], 4, "LOCKED_CELL")
    assert goods(seen["board"]).count("lantern") >= 3
    assert seen["board"]["energy"]["now"] == 96
    assert {item["chain"] for order in seen["board"]["orders"] for item in order["items"]} >= {"bakery"}
    assert await edge.ask("admin", "BoardPreview", WRITER, **asked) == seen, "the dice are the preview's own"
    assert await edge.checksums() == before


async def test_a_member_s_own_board_and_a_level_yet_to_come_are_shown_under_a_draft(edge: Edge) -> None:
    sheets = await lanterns(edge)
    board = await edge.ask("mobile", "Board", MEI)
    played = await edge.ask("mobile", "PlayMoves", MEI, baseRevision=0, commands=[{"sell": {"cell": 22}}])
    assert played["applied"] == 1
    assert goods(board).count("dairy") == goods(played["board"]).count("dairy") + 1
    mine = await edge.ask(
        "admin", "BoardPreview", WRITER, sheetIds=sheets, commands=[], memberId=await edge.member_id(MEI)
    )
    assert goods(mine["board"]) == goods(played["board"])
    high = await edge.ask("admin", "BoardPreview", WRITER, sheetIds=sheets, commands=[], level=6)
    assert high["board"]["level"] == 6
    assert at_of(high["board"], "crate") == 6, "what levels open is open"


async def test_what_is_wrong_between_drafts_is_named_and_what_cannot_be_is_refused(edge: Edge) -> None:
    _, layout = await lanterns(edge)
    seen = await edge.ask("admin", "BoardPreview", WRITER, sheetIds=[layout], commands=[])
    assert seen["board"] is None
    assert "there is no chain 'lantern'" in seen["faults"][0]["rule"]
    ladder = (await edge.ask("admin", "Sheets", WRITER, kind="ladder", key="current", first=1))[0]["id"]
    wrong: list[dict[str, Any]] = [
        {"sheetIds": [layout, layout]}, {"sheetIds": [ladder]}, {"level": 0}, {"level": 202},
        {"commands": [{"sell": {"cell": 1}}] * 201}, {"at": "2027-03-01T00:00:00"}, {"memberId": "mem_nobody"},
    ]  # fmt: skip
    for each in wrong:
        told = await edge.error("admin", "BoardPreview", WRITER, **{"sheetIds": [], "commands": [], **each})
        assert told[1] == "BAD_USER_INPUT", (each, told)
    asked = {"sheetIds": [], "commands": [], "memberId": await edge.member_id(MEI)}
    assert (await edge.error("admin", "BoardPreview", AUDITOR, **asked))[1] == "FORBIDDEN"
