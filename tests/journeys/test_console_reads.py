"""What the console reads through the admin schema: versions side by side, curves, verified draws, the season."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from api.runtime.clock import utc_now
from api.runtime.database import Database
from api.settings import Settings
from rewards.gacha.actions.monitoring import take_reading
from rewards.gacha.rules.chances import percent
from rewards.gacha.rules.costing import top_within
from rewards.gacha.rules.hazard import Hazard, Step
from tests.edge import Edge, Said, dumps, open_edge
from tests.gacha_sheets import shipped

MEI, LEE = "demo:mei", "demo:lee"
EDITOR, APPROVER = "demo:ed:odds_editor", "demo:ann:odds_approver"
SUPPORT, AUDITOR, OWNER = "demo:su:support", "demo:au:auditor", "demo:olga:owner"
REPLAYED = "{ odds { current { perDrawMinor } replay { draws tops wouldBeTops paidMinor prizes { prize paid } } } }"


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        yield opened


async def draw_ten(edge: Edge, who: str) -> list[dict[str, Any]]:
    await edge.give(who, 1_000, "DIAMONDS")
    await edge.ask("mobile", "SetBirthYear", who, birthYear=1990)
    pool = (await edge.ask("mobile", "Pools", who))[0]
    drawn = await edge.ask("mobile", "Draw", who, poolId=pool["id"], oddsHash=pool["oddsHash"], count=10)
    found: list[dict[str, Any]] = drawn["draws"]
    return found


async def checks(edge: Edge, who: str, first: int = 20) -> Any:
    member = await edge.member_id(who)
    page = (await edge.ask("admin", "MemberDrawChecks", SUPPORT, id=member, first=first))["drawChecks"]
    return page["nodes"]


def test_the_curve_of_a_top_is_exact_and_ends_where_99_of_100_have_one() -> None:
    curve = top_within(Hazard(500_000))
    assert curve == tuple((draw, 1 - Fraction(1, 2) ** draw) for draw in range(1, 8))
    assert [percent(chance) for _, chance in curve][:3] == ["50.0000", "75.0000", "87.5000"]
    certain = top_within(Hazard(6_000, (Step(74, 66_000, 60_000),), 90))
    assert len(certain) <= 60
    assert [draw for draw, _ in certain] == sorted({draw for draw, _ in certain})
    assert certain[-1][1] >= Fraction(99, 100) > certain[-2][1]
    assert top_within(Hazard(0)) == ()
    assert top_within(Hazard(1))[-1][0] == 600


async def test_versions_are_listed_by_state_and_two_of_them_compared(edge: Edge) -> None:
    body = shipped("odds.daily")
    changed = {**body, "price_diamonds": 30}
    draft = await edge.ask(
        "admin", "DraftSheet", EDITOR, kind="odds", key="daily", basedOn=1, body=dumps(changed), reason="a dearer draw"
    )
    await edge.ask("admin", "SubmitSheet", EDITOR, sheetId=draft["sheetId"], revision=1, reason="please look")
    [waiting] = await edge.ask("admin", "Sheets", AUDITOR, kind=None, state="IN_REVIEW", first=10)
    assert (waiting["id"], waiting["basedOn"], waiting["approver"]) == (draft["sheetId"], 1, None)
    active = await edge.ask("admin", "Sheets", AUDITOR, kind="odds", state="ACTIVE", first=10)
    assert [(each["key"], each["version"]) for each in active] == [("daily", 1), ("treasure", 1)]
    asked = {"older": active[0]["id"], "newer": draft["sheetId"]}
    assert await edge.ask("admin", "SheetChanges", AUDITOR, **asked) == [
        {"path": "/price_diamonds", "old": "20", "new": "30"}
    ]
    back = await edge.ask("admin", "SheetChanges", AUDITOR, older=asked["newer"], newer=asked["older"])
    assert back == [{"path": "/price_diamonds", "old": "30", "new": "20"}]
    with pytest.raises(Said, match="versions of one sheet"):
        await edge.ask("admin", "SheetChanges", AUDITOR, older=active[0]["id"], newer=active[1]["id"])


async def test_a_weeks_draws_are_replayed_only_where_that_is_asked_for(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = await draw_ten(edge, MEI)
    query = 'query Try($body: String!) { oddsPreview(key: "daily", body: $body) ' + REPLAYED + " }"
    body = dumps(shipped("odds.daily"))
    answer = (await edge.send("admin", EDITOR, query, body=body)).json()["data"]["oddsPreview"]["odds"]
    assert (answer["replay"]["draws"], sum(each["paid"] for each in answer["replay"]["prizes"])) == (10, 10)
    assert {each["prize"] for each in answer["replay"]["prizes"] if each["paid"]} == {each["prize"] for each in drawn}

    async def never(*asked: Any) -> None:
        raise AssertionError("the draws of the week were loaded")

    monkeypatch.setattr("rewards.gacha.store.draws.load_since", never)
    lean = 'query Try($body: String!) { oddsPreview(key: "daily", body: $body) { odds { current { weekDraws } } } }'
    answer = (await edge.send("admin", EDITOR, lean, body=body)).json()
    assert answer["data"]["oddsPreview"]["odds"] == {"current": {"weekDraws": 10}}


async def test_support_sees_each_draw_verified_before_and_after_its_seed_is_revealed(edge: Edge) -> None:
    drawn = await draw_ten(edge, MEI)
    found = await checks(edge, MEI)
    assert {each["draw"]["id"] for each in found} == {each["id"] for each in drawn}
    assert all(each["holds"] and not each["revealed"] for each in found), found
    assert all("the rolls follow from server seed, client seed and nonce" in each["proved"] for each in found)
    assert await checks(edge, LEE) == []
    shown = await edge.ask("mobile", "RevealSeed", MEI, clientSeed="bob")
    again = await checks(edge, MEI, 3)
    assert [each["revealed"] for each in again] == [True] * 3
    assert shown["serverSeedHex"] not in json.dumps(found)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("roll = (roll + 1) % 6000 + 500000", "roll"),
        ("awarded = 'ten-off', rolled = 'ten-off', coupon_id = NULL", "rolledPrize"),
        ("pity_before = pity_before + 1, pity_after = pity_after + 1", "pity"),
    ],
)
async def test_a_draw_that_was_altered_does_not_hold(edge: Edge, owner_url: str, change: str, told: str) -> None:
    await draw_ten(edge, MEI)
    other = "rolled <> 'ten-off' AND pity_after > 0 AND NOT guaranteed"
    [(draw_id,)] = await edge.rows(f"SELECT id FROM draws WHERE {other} ORDER BY id LIMIT 1")
    owner = Database(owner_url)  # draws are append-only for the server itself
    async with owner.work() as work:
        await work.connection.execute(f"UPDATE draws SET {change} WHERE id = $1", draw_id)
    await owner.close()
    wrong = [each for each in await checks(edge, MEI) if not each["holds"]]
    assert len(wrong) == 1, wrong
    assert told in " ".join(wrong[0]["wrong"])


async def test_looks_of_the_monitor_are_kept_newest_first(edge: Edge) -> None:
    await draw_ten(edge, MEI)
    now = utc_now()
    for minutes in (0, 6):
        async with edge.database.work() as work:
            assert await take_reading(work, now + timedelta(minutes=minutes)) == 1
    looks = await edge.ask("admin", "FairnessReadings", AUDITOR, first=10)
    assert [(each["draws"], each["alarm"]) for each in looks] == [(10, False)] * 2
    assert looks[0]["at"] > looks[1]["at"]
    latest = await edge.ask("admin", "FairnessMonitor", AUDITOR)
    assert (latest["at"], latest["evidence"]) == (looks[0]["at"], looks[0]["evidence"])


async def test_the_seasons_figures_count_what_members_did_and_hold(edge: Edge) -> None:
    await draw_ten(edge, MEI)
    await edge.give(MEI, 250)
    await edge.give(LEE, 50)
    await edge.ask("mobile", "CheckIn", MEI)
    found = await edge.ask("admin", "SeasonFigures", AUDITOR, days=7)
    days = {each["kind"]: each for each in found["days"]}
    assert {each["day"] for each in found["days"]} == {found["today"]}
    assert (days["member_joined"]["events"], days["member_joined"]["members"]) == (2, 2)
    assert (days["prizes_drawn"]["events"], days["checked_in"]["members"]) == (1, 1)
    points = next(each for each in found["outstanding"] if each["currency"] == "POINTS")
    [(held,)] = await edge.rows("SELECT sum(balance) FROM wallets WHERE currency = 'POINTS'")
    assert (points["balance"], points["holders"]) == (str(held), 2)
    assert Fraction(points["worthMinor"]) == held  # a hundred points pay one dollar at the till
    edge.ahead = timedelta(days=8)
    assert (await edge.ask("admin", "SeasonFigures", AUDITOR, days=7))["days"] == []
    for days_asked in (0, 93):
        with pytest.raises(Said, match="1 to 92"):
            await edge.ask("admin", "SeasonFigures", AUDITOR, days=days_asked)
