"""From one season to the next over HTTP: cloned, agreed to by another person, turned, and read afterwards."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from api.runtime.fanout import fanout_of
from api.runtime.jobs.polling import run_job
from api.runtime.jobs.work import jobs_of
from api.settings import Settings
from tests.edge import Edge, kinds_of, open_edge
from tests.journeys.test_jobs import Kept
from tests.sockets import subscribed

MEI, LI = "demo:mei", "demo:li"
WRITER, OTHER, AUDITOR = "demo:cam:campaign_manager", "demo:cleo:campaign_manager", "demo:ada:auditor"


@pytest.fixture(params=[1, 2], ids=["one server", "two servers"])
async def edge(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Edge]:
    async with open_edge(settings, request.param) as opened:
        yield opened


async def test_the_next_season_is_cloned_and_the_last_one_can_be_read(edge: Edge) -> None:
    old = (await edge.ask("mobile", "Season", MEI))["code"]
    assert (await edge.ask("mobile", "PlayMoves", MEI, baseRevision=0, commands=[], season=old))["refusal"] is None
    assert await edge.code("mobile", "CheckIn", MEI, season=old) == "ok"
    today = edge.now().date()
    asked = {
        "code": "2027-summer", "basedOn": 1, "reason": "the next season",
        "starts": today.isoformat(), "ends": (today + timedelta(days=90)).isoformat(),
    }  # fmt: skip
    draft = await edge.ask("admin", "CloneSeason", WRITER, **asked)
    assert (draft["version"], draft["state"]) == (2, "DRAFT")
    sheet = {"sheetId": draft["sheetId"]}
    [newest, *_] = await edge.ask("admin", "Sheets", AUDITOR, kind="season", key="current", first=5)
    body = json.loads(newest["body"])
    assert (body["code"], body["timezone"]) == ("2027-summer", "Asia/Taipei")
    assert await edge.code("admin", "SubmitSheet", WRITER, **sheet, revision=1, reason="ready") == "ok"
    assert await edge.code("admin", "ApproveSheet", OTHER, **sheet, revision=1, reason="fine") == "ok"

    assert (await edge.ask("mobile", "Season", MEI))["code"] == "2027-summer"
    late = await edge.ask("mobile", "PlayMoves", MEI, baseRevision=1, commands=[{"tap": {"cell": 23}}], season=old)
    assert (late["code"], late["retryable"]) == ("SEASON_OVER", False)
    assert await edge.code("mobile", "CheckIn", MEI, season=old) == "SEASON_OVER"
    assert await edge.ask("mobile", "PastSeasons", MEI, first=5) == []
    edge.ahead = timedelta(minutes=2)
    [job] = [job for job in jobs_of(Kept()) if job.name == "seasons"]
    assert await run_job(edge.database, job, edge.now())
    [past] = await edge.ask("mobile", "PastSeasons", MEI, first=5)
    assert (past["season"], past["streak"], past["level"], past["expiredDiamonds"]) == (old, 1, 1, 0)
    [turn] = await edge.ask("admin", "SeasonTurns", AUDITOR)
    assert (turn["season"], turn["following"], turn["finishedAt"] is not None) == (old, "2027-summer", True)
    assert "season_ended" in kinds_of((await edge.ask("mobile", "Timeline", MEI, first=50))["nodes"])
    await edge.check_books()


async def test_a_season_that_begins_boards_anew_tells_open_apps_and_the_old_board_is_stale(edge: Edge) -> None:
    for who in (MEI, LI):
        played = await edge.ask("mobile", "PlayMoves", who, baseRevision=0, commands=[{"tap": {"cell": 23}}])
        assert played["applied"] == 1
    [newest, *_] = await edge.ask("admin", "Sheets", AUDITOR, kind="season", key="current", first=5)
    body = json.loads(newest["body"])
    ending = await edge.publish_sheet("season", "current", {**body, "at_end": {"board": "RESET"}}, based_on=1)
    assert ending["version"] == 2
    begun = await edge.publish_sheet("season", "current", {**body, "code": "2027-summer"}, based_on=2)
    assert begun["version"] == 3
    edge.ahead = timedelta(minutes=2)
    async with subscribed(edge, MEI) as socket:
        assert await socket.revision() == 1
        [job] = [job for job in jobs_of(Kept(), tell=fanout_of(edge.services).tell) if job.name == "seasons"]
        assert await run_job(edge.database, job, edge.now())
        assert await socket.revision() == 2
    board = await edge.ask("mobile", "Board", MEI)
    assert (board["revision"], board["level"], board["orders"]) == (2, 1, [])
    stale = await edge.ask("mobile", "PlayMoves", MEI, baseRevision=1, commands=[{"tap": {"cell": 23}}])
    assert (stale["applied"], stale["refusal"]["code"]) == (0, "BOARD_STALE")
    revision = stale["board"]["revision"]  # its orders were taken in
    again = await edge.ask("mobile", "PlayMoves", MEI, baseRevision=revision, commands=[{"tap": {"cell": 23}}])
    assert (again["applied"], len(again["board"]["orders"])) == (1, 4)
    assert "board_reset" in kinds_of((await edge.ask("mobile", "Timeline", MEI, first=50))["nodes"])
    [past] = await edge.ask("mobile", "PastSeasons", LI, first=5)
    assert (past["level"], past["expiredDiamonds"]) == (1, 0)
    await edge.check_books()
