"""Every reason why a move stops is reached over HTTP, inside `MovesPlayed`, and says itself in both languages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest

from api.graphql.messages import LOCALES
from api.runtime.checksums import changed_tables
from api.settings import Settings
from game.orders.rules.hours import number_of
from tests.edge import Edge, open_edge

MEI = "demo:mei"
FRIDGE, OVEN, WEBBED, BOXED = 23, 25, 15, 0
TAP = {"tap": {"cell": FRIDGE}}
FULL = dict.fromkeys((*range(16, 20), 24, *range(29, 34), 38, 44, 45, 46), "dairy.8")

# code -> what lies on the board before, columns of its row to change, and the move that is refused.
REACHED: dict[str, tuple[dict[int, str], dict[str, int], dict[str, Any]]] = {
    "CELL_OUT_OF_BOUNDS": ({}, {}, {"tap": {"cell": 63}}),
    "CELL_EMPTY": ({}, {}, {"merge": {"from": 16, "to": 17}}),
    "CELL_TAKEN": ({16: "dairy.1", 18: "dairy.1"}, {"storage": 1}, {"retrieve": {"slot": 0, "cell": 16}}),
    "LOCKED_CELL": ({}, {}, {"sell": {"cell": WEBBED}}),
    "NOT_TAPPABLE": ({16: "dairy.1"}, {}, {"tap": {"cell": 16}}),
    "NOT_AN_ITEM": ({}, {}, {"store": {"cell": FRIDGE}}),
    "NOT_A_CHEST": ({}, {}, {"open": {"cell": 16}}),
    "NOT_A_BUBBLE": ({16: "dairy.1"}, {}, {"pop": {"cell": 16}}),
    "NOT_ENOUGH": ({16: "*dairy.4"}, {}, {"pop": {"cell": 16}}),
    "NOT_MERGEABLE": ({16: "dairy.1", 18: "dairy.2"}, {}, {"merge": {"from": 16, "to": 18}}),
    "TOP_LEVEL": ({16: "dairy.8", 18: "dairy.8"}, {}, {"merge": {"from": 16, "to": 18}}),
    "BOARD_FULL": (FULL, {}, TAP),
    "NO_ENERGY": ({}, {"energy": 0}, TAP),
    "NO_CHARGES": ({}, {"charges": 0}, TAP),
    "STORAGE_FULL": ({16: "dairy.1"}, {"storage": 4}, {"store": {"cell": 16}}),
    "SLOT_EMPTY": ({}, {}, {"retrieve": {"slot": 0, "cell": 16, "inbox": True}}),
    "ORDER_NOT_FOUND": ({}, {}, {"deliver": {"order": 99}}),
    "ORDER_EXPIRED": ({}, {}, {"deliver": {"order": number_of("after-work", date(2026, 1, 5))}}),
    "ORDER_ITEMS_MISSING": ({}, {"order": 1}, {"deliver": {"order": 1}}),
    "LEVEL_CLAIMED": ({}, {}, {"claimLevel": {"level": 1}}),
    "LEVEL_NOT_REACHED": ({}, {}, {"claimLevel": {"level": 2}}),
}
RETRYABLE = {"NO_ENERGY", "NO_CHARGES"}


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        await opened.ask("mobile", "PlayMoves", MEI, baseRevision=0, commands=[])
        yield opened


async def prepare(edge: Edge, laid: dict[int, str], changed: dict[str, int]) -> None:
    """A board with these goods in otherwise empty cells, and its row changed."""
    [(text,)] = await edge.rows("SELECT cells::text FROM boards")
    shown = [word if word[0] in "?#@" else "." for word in json.loads(text)]
    for cell, word in laid.items():
        if shown[cell] == ".":
            shown[cell] = word
    if laid is FULL:
        shown = ["dairy.8" if word == "." else word for word in shown]
    ready = (edge.now()).replace(year=edge.now().year + 1).isoformat()
    charges = f'["fridge", 0, {changed.get("charges", 10)}, {json.dumps(ready if "charges" in changed else None)}]'
    ends = (edge.now() + timedelta(hours=1)).isoformat()
    bubbles = {str(cell): [ends, 10] for cell, word in laid.items() if word.startswith("*")}
    await edge.execute("UPDATE boards SET bubbles = $1::jsonb", json.dumps(bubbles))
    await edge.execute(
        """UPDATE boards SET cells = $1::jsonb, energy = $2, energy_at = $6, storage = $3::jsonb,
           generators = jsonb_set(generators, '{23}', $4::jsonb), orders = CASE WHEN $5::int = 1
           THEN '[[1, ["dairy.7"], 64, 64]]'::jsonb ELSE orders END""",
        json.dumps(shown), changed.get("energy", 100), json.dumps(["dairy.1"] * changed.get("storage", 0)), charges,
        changed.get("order", 0), edge.now(),
    )  # fmt: skip


async def test_every_reason_why_a_move_stops_is_reached_and_said_in_both_languages(edge: Edge) -> None:
    for code, (laid, changed, move) in REACHED.items():
        await prepare(edge, laid, changed)
        said = []
        for locale in LOCALES:
            [(revision,)] = await edge.rows("SELECT revision FROM boards")
            before = await edge.checksums()
            answer = await edge.ask("mobile", "PlayMoves", MEI, locale, baseRevision=revision, commands=[move])
            assert "applied" in answer, (code, answer)
            refusal = answer["refusal"]
            assert (answer["applied"], answer["refusedIndex"], refusal["code"]) == (0, 0, code)
            assert refusal["retryable"] is (code in RETRYABLE), code
            assert (refusal["retryAt"] is not None) is (code in RETRYABLE), code
            assert not {"?", "{", "}"} & set(refusal["message"]), refusal
            said.append(refusal["message"])
            # What the test laid may lack orders; the first look takes them in.
            assert locale == LOCALES[0] or changed_tables(before, await edge.checksums()) == [], code
        assert said[0] != said[1], code


async def test_a_stale_revision_and_too_many_moves_each_have_their_code(edge: Edge) -> None:
    before = await edge.checksums()
    stale = await edge.ask("mobile", "PlayMoves", MEI, baseRevision=7, commands=[TAP])
    assert (stale["applied"], stale["refusedIndex"], stale["refusal"]["code"]) == (0, None, "BOARD_STALE")
    assert stale["board"]["revision"] == 1
    for locale in LOCALES:
        many = await edge.ask("mobile", "PlayMoves", MEI, locale, baseRevision=1, commands=[TAP] * 51)
        assert many["code"] == "TOO_MANY_MOVES"
        assert "50" in many["message"]
    assert changed_tables(before, await edge.checksums()) == []


async def test_a_command_is_one_move_and_no_more(edge: Edge) -> None:
    text = edge.operation("mobile", "PlayMoves")
    for command in ({}, {**TAP, "sell": {"cell": 1}}, {"tap": None}, {"tap": {"cell": "a"}}, {"fly": {"cell": 1}}):
        answer = await edge.send("mobile", MEI, text, requestId="x", baseRevision=1, commands=[command])
        assert "errors" in answer.json(), command
    assert (await edge.ask("mobile", "Board", MEI))["revision"] == 1
