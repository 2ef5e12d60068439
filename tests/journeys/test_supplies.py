"""Over HTTP: a finite generator runs out, an automatic one fills, a bubble is popped, energy is bought twice."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from api.settings import Settings
from tests.edge import Edge, kinds_of, open_edge

MEI = "demo:mei"
FINITE, AUTO, BUBBLE = 16, 18, 30


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        yield opened


async def play(edge: Edge, *commands: Any) -> Any:
    revision = (await edge.ask("mobile", "Board", MEI))["revision"]
    played = await edge.ask("mobile", "PlayMoves", MEI, baseRevision=revision, commands=list(commands))
    assert "applied" in played, played
    return played


async def change(edge: Edge, at: dict[int, str], **columns: Any) -> None:
    """Words into cells of the stored board, and what its other columns hold beside."""
    [(text,)] = await edge.rows("SELECT cells::text FROM boards")
    stored = json.loads(text)
    for cell, word in at.items():
        stored[cell] = word
    await edge.execute("UPDATE boards SET cells = $1::jsonb", json.dumps(stored))
    for column, value in columns.items():
        await edge.execute(f"UPDATE boards SET {column} = {column} || $1::jsonb", json.dumps(value))


async def cell(edge: Edge, index: int) -> Any:
    return (await edge.ask("mobile", "Board", MEI))["cells"][index]


async def test_a_finite_generator_runs_out_and_an_automatic_one_fills_by_itself(edge: Edge) -> None:
    await play(edge)
    made = {str(FINITE): ["tastings", 9, 3, None], str(AUTO): ["greenhouse", 0, 2, None]}
    await change(edge, {FINITE: f"@tastings.{FINITE}", AUTO: f"@greenhouse.{AUTO}"}, generators=made)
    shown = (await cell(edge, FINITE))["generator"]
    assert [shown[key] for key in ("kind", "charges", "mostCharges", "readyAt", "autoSeconds")] == [
        "FINITE", 3, 12, None, None,
    ]  # fmt: skip
    played = await play(edge, *[{"tap": {"cell": FINITE}}] * 4)
    assert (played["applied"], played["refusal"]["code"]) == (3, "CELL_EMPTY")
    assert (await cell(edge, FINITE))["kind"] == "EMPTY"
    energy = played["board"]["energy"]["now"]
    played = await play(edge, *[{"tap": {"cell": AUTO}}] * 3)
    assert (played["applied"], played["board"]["energy"]["now"]) == (2, energy)
    assert (played["refusal"]["code"], played["refusal"]["retryable"]) == ("NO_CHARGES", True)
    ready = datetime.fromisoformat(played["refusal"]["retryAt"])
    assert timedelta(0) < ready - edge.now() <= timedelta(seconds=900)
    home = await edge.ask("mobile", "Home", MEI)
    edge.ahead += ready - edge.now() + timedelta(seconds=1)
    again = await edge.ask("mobile", "Home", MEI, ifVersion=home["version"])
    assert again["unchanged"] is False, "a charge that comes by time alone is a change of the first screen"
    assert again["board"]["cells"][AUTO]["generator"]["charges"] == 1
    edge.ahead += timedelta(hours=3)
    shown = (await cell(edge, AUTO))["generator"]
    assert [shown[key] for key in ("kind", "charges", "readyAt", "autoSeconds")] == ["AUTO", 6, None, 900]
    assert (await play(edge, {"tap": {"cell": AUTO}}))["applied"] == 1


async def test_the_first_screen_lives_until_the_next_charge_or_bubble_says_otherwise(edge: Edge) -> None:
    await play(edge)
    ends = edge.now() + timedelta(seconds=60)
    await change(edge, {BUBBLE: "*dairy.4"}, bubbles={str(BUBBLE): [ends.isoformat(), 10]})
    home = await edge.ask("mobile", "Home", MEI)
    shown = home["board"]["cells"][BUBBLE]
    assert (shown["kind"], shown["item"]["level"], shown["popDiamonds"]) == ("BUBBLE", 4, 10)
    assert datetime.fromisoformat(shown["expiresAt"]) == ends
    assert (await edge.ask("mobile", "Home", MEI, ifVersion=home["version"]))["unchanged"] is True
    edge.ahead += timedelta(seconds=61)
    after = await edge.ask("mobile", "Home", MEI, ifVersion=home["version"])
    assert (after["unchanged"], after["board"]["cells"][BUBBLE]["kind"]) == (False, "EMPTY")


async def test_a_bubble_is_popped_for_diamonds_and_another_runs_out(edge: Edge) -> None:
    await play(edge)
    ends = (edge.now() + timedelta(seconds=200)).isoformat()
    bubbles = {str(each): [ends, 10] for each in (BUBBLE, 31, 32)}
    await change(edge, dict.fromkeys((BUBBLE, 31, 32), "*dairy.4"), bubbles=bubbles)
    poor = await play(edge, {"pop": {"cell": BUBBLE}})
    assert (poor["applied"], poor["refusal"]["code"], poor["refusal"]["retryable"]) == (0, "NOT_ENOUGH", False)
    await edge.give(MEI, 15, "DIAMONDS")
    popped = await play(edge, {"pop": {"cell": BUBBLE}}, {"sell": {"cell": 31}}, {"pop": {"cell": 32}})
    assert (popped["applied"], popped["refusal"]["code"]) == (2, "NOT_ENOUGH")
    assert popped["popped"] == [{"cell": BUBBLE, "diamonds": 10}]
    assert (popped["wallet"]["diamonds"], popped["board"]["cells"][31]["kind"]) == (5, "EMPTY")
    assert popped["board"]["cells"][BUBBLE]["item"] == {"chain": "dairy", "level": 4}
    edge.ahead += timedelta(seconds=201)
    gone = await play(edge, {"pop": {"cell": 32}})
    assert gone["refusal"]["code"] == "CELL_EMPTY"
    events = (await edge.ask("mobile", "Timeline", MEI, first=100))["nodes"]
    assert kinds_of(events).count("bubble_popped") == 1
    await edge.check_books()


async def test_energy_is_bought_twice_at_a_doubled_price_and_another_day_starts_anew(edge: Edge) -> None:
    before = (await play(edge))["board"]["energy"]["now"]
    await edge.give(MEI, 100, "DIAMONDS")
    first = await edge.ask("mobile", "EnergyRefill", MEI)
    assert (first["priceDiamonds"], first["amount"], first["left"]) == (20, 100, 4)
    bought = await edge.ask("mobile", "RefillEnergy", MEI, mostDiamonds=first["priceDiamonds"])
    assert (bought["diamonds"], bought["board"]["energy"]["now"], bought["wallet"]["diamonds"]) == (
        20,
        before + 100,
        80,
    )
    stale = await edge.ask("mobile", "RefillEnergy", MEI, mostDiamonds=first["priceDiamonds"])
    assert (stale["code"], "40" in stale["message"]) == ("PRICE_CHANGED", True)
    request = "9b2f8f0e-58a3-4f56-9d5e-1f0f0c7d9a11"
    for _ in range(2):
        again = await edge.ask("mobile", "RefillEnergy", MEI, requestId=request, mostDiamonds=40)
        assert (again["diamonds"], again["wallet"]["diamonds"]) == (40, 40)
        assert again["refill"] == {**first, "priceDiamonds": 80, "left": 2}
    assert await edge.code("mobile", "RefillEnergy", MEI, mostDiamonds=80) == "NOT_ENOUGH"
    edge.ahead += datetime.fromisoformat(first["resetsAt"]) - edge.now() + timedelta(seconds=1)
    assert (await edge.ask("mobile", "EnergyRefill", MEI))["priceDiamonds"] == 20
    assert (await edge.ask("mobile", "RefillEnergy", MEI, mostDiamonds=20))["diamonds"] == 20
    exported = json.loads(await edge.ask("mobile", "ExportMyData", MEI))["refills"]
    assert [(each["number"], each["diamonds"]) for each in exported] == [(1, 20), (2, 40), (1, 20)]
    await edge.check_books()
