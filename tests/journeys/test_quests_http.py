"""A member's day over HTTP: quests done and claimed, an appointment met and one missed, a reroll free and one paid."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from api.settings import Settings
from tests.earning import earn_chests, lay_out
from tests.edge import Edge, dumps, kinds_of, open_edge
from tests.playing import sheet

MEI = "demo:mei"
MANAGER = "demo:cam:campaign_manager"
EVENING = {
    "code": "rush", "name": {"en": "Evening rush", "zh-TW": "晚間尖峰"}, "from": "18:00", "until": "20:00",
    "bonus_per_mille": 500,
}  # fmt: skip


@pytest.fixture(params=[1, 2], ids=["one server", "two servers"])
async def edge(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Edge]:
    async with open_edge(settings, request.param) as opened:
        # From here on it is noon in Taipei, some day soon, whenever the tests run.
        now = opened.now()
        noon = now.replace(hour=4, minute=0, second=0, microsecond=0) + timedelta(days=2)
        opened.ahead = noon - now
        yield opened


async def open_board(edge: Edge) -> dict[str, Any]:
    """What an app does when it comes to the front: no moves, on the board that there is."""
    board = await edge.ask("mobile", "Board", MEI)
    played = await edge.ask("mobile", "PlayMoves", MEI, baseRevision=board["revision"], commands=[])
    found: dict[str, Any] = played["board"]
    return found


async def quests(edge: Edge) -> dict[str, dict[str, Any]]:
    """By their codes; those of before with a mark."""
    found = await edge.ask("mobile", "Quests", MEI)
    now = edge.now()
    return {
        each["code"] + (" before" if each["until"] and datetime.fromisoformat(each["until"]) <= now else ""): each
        for each in found
    }


async def publish(edge: Edge, kind: str, body: Any) -> None:
    answer = await edge.ask(
        "admin", "PublishSheet", MANAGER, kind=kind, key="current", body=dumps(body), basedOn=1, reason="an evening",
    )  # fmt: skip
    assert answer.get("version") == 2, answer


async def test_a_day_of_quests_that_are_done_claimed_and_carried_over(edge: Edge) -> None:
    assert (await quests(edge))["daily-orders"]["progress"] == 0
    assert await edge.code("mobile", "ClaimQuest", MEI, code="daily-check-in") == "QUEST_NOT_DONE"
    assert await edge.code("mobile", "CheckIn", MEI) == "ok"
    await earn_chests(edge, MEI, 3)
    seen = await quests(edge)
    assert [seen[each]["claimable"] for each in ("daily-check-in", "daily-orders", "daily-merges")] == [
        True,
        True,
        False,
    ]
    before = (await edge.wallet(MEI))["diamonds"]
    claimed = await edge.ask("mobile", "ClaimQuest", MEI, code="daily-check-in")
    assert claimed["quest"]["reward"] == {"diamonds": 0, "tickets": 0, "energy": 5}
    home = await edge.ask("mobile", "Home", MEI)
    assert any(each["kind"] == "GIFTS_WAIT" and each["amount"] == 5 for each in home["notices"])
    edge.ahead += timedelta(days=1)
    seen = await quests(edge)
    assert (seen["daily-orders before"]["claimable"], seen["daily-orders"]["progress"]) == (True, 0)
    assert "daily-check-in before" not in seen
    late = await edge.ask("mobile", "ClaimQuest", MEI, "zh-TW", code="daily-orders")
    assert (late["quest"]["name"], late["wallet"]["diamonds"]) == ("完成三張訂單", before + 3)
    assert await edge.code("mobile", "ClaimQuest", MEI, code="daily-orders") == "QUEST_NOT_DONE"
    told = kinds_of((await edge.ask("mobile", "Timeline", MEI, first=50))["nodes"])
    assert told.count("quest_claimed") == 2
    kept = json.loads(await edge.ask("mobile", "ExportMyData", MEI))
    assert [each["quest"] for each in kept["quests"]] == ["daily-orders", "daily-check-in"]
    await edge.check_books()


async def test_an_operator_makes_a_quest_and_a_mistaken_one_is_told_what_can_be_done(edge: Edge) -> None:
    body = sheet("quests")
    mine = {
        "code": "two-taps", "name": {"en": "Fetch two goods", "zh-TW": "取出兩件商品"}, "period": "DAY",
        "counts": "taps", "target": 2, "reward": {"tickets": 1},
    }  # fmt: skip
    wrong = {**body, "quests": [*body["quests"], {**mine, "target": 721}]}
    asked = {"kind": "quests", "key": "current", "basedOn": 1, "reason": "more to do"}
    refused = await edge.ask("admin", "PublishSheet", MANAGER, body=dumps(wrong), **asked)
    assert refused["code"] == "SHEET_INVALID"
    assert "must be at most 720: so much energy comes back in a day" in refused["message"]
    await publish(edge, "quests", {**body, "quests": [*body["quests"], mine]})
    board = await open_board(edge)
    taps = [{"tap": {"cell": 23}}] * 2
    await edge.ask("mobile", "PlayMoves", MEI, baseRevision=board["revision"], commands=taps)
    claimed = await edge.ask("mobile", "ClaimQuest", MEI, code="two-taps")
    assert claimed["wallet"]["tickets"] >= 1
    await edge.check_books()


async def test_one_appointment_is_met_and_the_next_one_missed(edge: Edge) -> None:
    await publish(edge, "orders", {**sheet("orders"), "appointments": [EVENING]})
    board = await open_board(edge)
    assert [each["name"] for each in board["orders"]] == [None] * 4
    coming = board["nextAppointment"]
    assert coming["name"] == "Evening rush"
    starts = datetime.fromisoformat(coming["from"])
    home = await edge.ask("mobile", "Home", MEI)
    assert home["board"]["nextAppointment"] == coming

    edge.ahead += starts + timedelta(hours=1) - edge.now()
    inside = await open_board(edge)
    rush = next(each for each in inside["orders"] if each["name"])
    assert (rush["name"], rush["bonusPerMille"], rush["expiresAt"]) == ("Evening rush", 500, coming["until"])
    assert inside["nextAppointment"]["from"] != coming["from"]
    assert await edge.code(
        "mobile", "RerollOrder", MEI, baseRevision=inside["revision"], order=rush["number"], mostDiamonds=9
    ) == "NOT_REROLLABLE"  # fmt: skip
    await lay_out(edge, MEI, rush["number"])
    deliver = [{"deliver": {"order": rush["number"]}}]
    played = await edge.ask("mobile", "PlayMoves", MEI, baseRevision=inside["revision"], commands=deliver)
    assert [each["number"] for each in played["delivered"]] == [rush["number"]]
    assert len(played["board"]["orders"]) == 4

    edge.ahead += timedelta(days=1)
    missed = await open_board(edge)
    other = next(each for each in missed["orders"] if each["name"])
    assert other["number"] != rush["number"]
    await lay_out(edge, MEI, other["number"])
    seen = await edge.ask("mobile", "Home", MEI)
    edge.ahead += datetime.fromisoformat(other["expiresAt"]) - edge.now()
    again = await edge.ask("mobile", "Home", MEI, ifVersion=seen["version"])
    assert not again["unchanged"], "time alone ended an order"
    assert all(each["name"] is None for each in again["orders"])
    queued = [{"tap": {"cell": 23}}, {"deliver": {"order": other["number"]}}]
    late = await edge.ask("mobile", "PlayMoves", MEI, baseRevision=missed["revision"], commands=queued)
    assert (late["applied"], late["refusal"]["code"], late["delivered"]) == (1, "ORDER_EXPIRED", [])
    assert [each["name"] for each in late["board"]["orders"]] == [None] * 4
    await edge.check_books()


async def test_one_reroll_a_day_is_free_and_the_next_is_paid(edge: Edge) -> None:
    board = await open_board(edge)
    assert await edge.ask("mobile", "RerollPrice", MEI) == 0
    first, second = (each["number"] for each in board["orders"][:2])
    free = await edge.ask(
        "mobile", "RerollOrder", MEI, baseRevision=board["revision"], order=first, mostDiamonds=0
    )  # fmt: skip
    assert (free["diamonds"], free["board"]["orders"][0]["number"]) == (0, free["replacedBy"])
    price = await edge.ask("mobile", "RerollPrice", MEI)
    assert price == 2
    asked = {"baseRevision": free["board"]["revision"], "order": second}
    assert await edge.code("mobile", "RerollOrder", MEI, **asked, mostDiamonds=price) == "NOT_ENOUGH"
    await edge.give(MEI, 10, "DIAMONDS")
    assert await edge.code("mobile", "RerollOrder", MEI, **asked, mostDiamonds=1) == "PRICE_CHANGED"
    paid = await edge.ask("mobile", "RerollOrder", MEI, **asked, mostDiamonds=price)
    assert (paid["diamonds"], paid["wallet"]["diamonds"]) == (2, 8)
    edge.ahead += timedelta(days=1)
    assert await edge.ask("mobile", "RerollPrice", MEI) == 0
    kept = json.loads(await edge.ask("mobile", "ExportMyData", MEI))
    assert sorted(each["diamonds"] for each in kept["play"]["rerolls"]) == [0, 2]
    await edge.check_books()
