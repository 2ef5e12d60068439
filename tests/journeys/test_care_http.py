"""After a typhoon over HTTP: a cohort is compensated by two people, a wallet is put right by two, a case is noted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from api.runtime.jobs.polling import run_job
from api.runtime.jobs.work import jobs_of
from api.settings import Settings
from tests.edge import Edge, kinds_of, open_edge
from tests.journeys.test_jobs import Kept

MEI, LI, WU = "demo:mei", "demo:li", "demo:wu"
SUPPORT, OTHER, MANAGER, AUDITOR = (
    "demo:ann:support", "demo:bea:support", "demo:cam:campaign_manager", "demo:ada:auditor"
)  # fmt: skip
DAY = timedelta(days=1)


@pytest.fixture(params=[1, 2], ids=["one server", "two servers"])
async def edge(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Edge]:
    async with open_edge(settings, request.param) as opened:
        yield opened


async def work_through(edge: Edge) -> None:
    [job] = [job for job in jobs_of(Kept()) if job.name == "compensations"]
    assert await run_job(edge.database, job, edge.now())


async def test_after_a_typhoon_day_members_get_their_streak_back_and_a_gift(edge: Edge) -> None:
    for _ in range(3):
        for who in (MEI, LI):
            assert await edge.code("mobile", "CheckIn", who) == "ok"
        edge.ahead += DAY
    await edge.member_id(WU)  # who never played
    began, typhoon = edge.now() - 3 * DAY - timedelta(hours=1), (await edge.ask("mobile", "Streak", MEI))["today"]
    edge.ahead += DAY
    streak = await edge.ask("mobile", "Streak", MEI)
    assert (streak["state"], streak["repair"]["length"]) == ("REPAIRABLE", 3)
    assert await edge.code("mobile", "CheckIn", LI) == "ok"  # came back by himself, and stands at one
    home = await edge.ask("mobile", "Home", MEI)
    assert (await edge.ask("mobile", "Home", MEI, ifVersion=home["version"]))["unchanged"] is True

    cohort = {"activeFrom": began.isoformat(), "activeTo": edge.now().isoformat()}
    gift = {"diamonds": 3_000, "energy": 20, "tickets": 1, "forgivenDays": [typhoon]}
    asked = {"key": "typhoon-1", "cohort": cohort, "gift": gift}
    dry = await edge.ask("admin", "CompensationPreview", SUPPORT, **asked)
    assert dry == {"members": 2, "diamonds": 6_000, "energy": 40, "tickets": 2, "needsSecondPerson": True}
    told = {**asked, "members": 2, "reason": "typhoon day, shops were closed"}
    made = (await edge.ask("admin", "ProposeCompensation", SUPPORT, **told))["compensation"]
    assert (made["state"], made["waiting"], made["alone"]) == ("PROPOSED", 2, False)
    await work_through(edge)
    assert (await edge.ask("mobile", "Streak", MEI))["state"] == "REPAIRABLE", "nothing happens before two agree"
    approval = {"compensationId": made["id"], "members": 2}
    assert await edge.code("admin", "ApproveCompensation", SUPPORT, **approval) == "FORBIDDEN"
    assert await edge.code("admin", "ApproveCompensation", MANAGER, **{**approval, "members": 3}) == "COHORT_CHANGED"
    assert await edge.code("admin", "ApproveCompensation", MANAGER, **approval) == "ok"
    await work_through(edge)
    done = await edge.ask("admin", "CompensationNode", AUDITOR, id=made["id"])
    assert (done["state"], done["granted"], done["skipped"], done["waiting"]) == ("DONE", 2, 0, 0)
    assert await edge.code("admin", "ProposeCompensation", SUPPORT, **told) == "COMPENSATION_EXISTS"

    after = await edge.ask("mobile", "Home", MEI, ifVersion=home["version"])
    assert after["unchanged"] is False, "the first screen notices what was given"
    assert (after["streak"]["state"], after["streak"]["length"]) == ("AT_RISK", 3)
    assert (await edge.ask("mobile", "Streak", LI))["length"] == 4
    assert [notice["amount"] for notice in after["notices"] if notice["kind"] == "GIFTS_WAIT"][-1:] != []
    days = {each["day"]: each["state"] for each in (await edge.ask("mobile", "Calendar", MEI))["days"]}
    assert days.get(typhoon, "FORGIVEN") == "FORGIVEN"  # another month may have begun
    events = (await edge.ask("mobile", "Timeline", MEI, first=100))["nodes"]
    assert {"compensated", "days_forgiven"} <= set(kinds_of(events))
    assert "compensated" not in kinds_of((await edge.ask("mobile", "Timeline", WU, first=100))["nodes"])
    exported = json.loads(await edge.ask("mobile", "ExportMyData", MEI))
    assert [each["key"] for each in exported["compensations"]] == ["typhoon-1"]
    trail = await edge.ask("admin", "Trail", AUDITOR, first=5)
    assert [each["act"] for each in trail["nodes"] if each["subject"].startswith("compensation:")] == [
        "APPROVED", "PROPOSED",
    ]  # fmt: skip
    await edge.check_books()


async def test_a_large_correction_takes_another_person_and_the_case_is_noted(edge: Edge) -> None:
    member_id, card = await edge.member_id(MEI), await edge.card(MEI)
    linked = {"memberId": member_id, "kind": "phone", "subject": "+886912345678"}
    assert await edge.code("admin", "LinkIdentity", SUPPORT, **linked) == "ok"
    spaced = f"{card[:2]} {card[2:7]} {card[7:]}"
    for text in ("0912-345-678", "0912345678", "+886 912 345 678", spaced, "mei"):
        assert [each["id"] for each in await edge.ask("admin", "Members", SUPPORT, text=text, first=5)] == [member_id]
    asked: dict[str, Any] = {"memberId": member_id, "currency": "POINTS", "amount": 250_000, "reason": "a lost year"}
    refused = await edge.ask("admin", "AdjustWallet", SUPPORT, **asked)
    assert (refused["code"], "100000 points" in refused["message"]) == ("ADJUSTMENT_NEEDS_TWO", True)
    made = (await edge.ask("admin", "ProposeAdjustment", SUPPORT, **asked))["adjustment"]
    assert (await edge.wallet(MEI))["points"] == 0
    approval = {"adjustmentId": made["id"]}
    assert await edge.code("admin", "ApproveAdjustment", SUPPORT, **approval) == "SHEET_OWN"
    request_id = "0d6c5b77-54a2-4a5b-8d0e-2f1c3b4a5d6f"
    first = await edge.ask("admin", "ApproveAdjustment", OTHER, requestId=request_id, **approval)
    assert await edge.ask("admin", "ApproveAdjustment", OTHER, requestId=request_id, **approval) == first
    assert await edge.code("admin", "ApproveAdjustment", OTHER, **approval) == "ADJUSTMENT_STATE"
    assert (await edge.wallet(MEI))["points"] == 250_000
    [event] = (await edge.ask("admin", "MemberNode", AUDITOR, id=member_id, first=1))["timeline"]["nodes"]
    facts = json.loads(event["facts"])
    assert (event["kind"], facts["amount"], facts["operator"] != facts["approver"]) == (
        "wallet_adjusted", 250_000, True,
    )  # fmt: skip
    await edge.ask("admin", "AddCaseNote", SUPPORT, memberId=member_id, text="points of the old card came back")
    assert await edge.code("admin", "AddCaseNote", SUPPORT, memberId=member_id, text="0912345678") == "INVALID_INPUT"
    page = (await edge.ask("admin", "CaseNotes", AUDITOR, id=member_id, first=5))["notes"]
    assert [each["text"] for each in page["nodes"]] == ["points of the old card came back"]
    assert await edge.code("admin", "AddCaseNote", AUDITOR, memberId=member_id, text="looked at") == "FORBIDDEN"
    exported = json.loads(await edge.ask("mobile", "ExportMyData", MEI))
    assert [each["text"] for each in exported["notes"]] == ["points of the old card came back"]
    await edge.check_books()


async def test_the_trail_keeps_who_looked_for_whom_and_at_what_and_nothing_that_was_seen(edge: Edge) -> None:
    card, member = await edge.card(MEI), await edge.member_id(MEI)
    phone = {"memberId": member, "kind": "phone", "subject": "+886912345678"}
    assert await edge.code("admin", "LinkIdentity", SUPPORT, **phone) == "ok"
    for text in (card, "0912-345-678", "mei", "nobody at all"):
        await edge.ask("admin", "Members", SUPPORT, text=text, first=5)
    searches = (await edge.ask("admin", "Trail", AUDITOR, first=10, subject="members"))["nodes"]
    assert [each["reason"] for each in searches] == ["a search found 0", *["a search found 1"] * 3]
    assert [[change["new"] for change in each["changes"]] for each in searches] == [[], *[[f'"{member}"']] * 3]
    ann = (await edge.ask("admin", "Me", SUPPORT))["id"]
    assert {(each["act"], each["operator"]) for each in searches} == {("LOOKED", ann)}
    for _ in range(2):
        await edge.ask("admin", "MemberNode", SUPPORT, id=member, first=1)
        await edge.ask("admin", "Identities", SUPPORT, id=member)
    await edge.ask("admin", "MemberNode", AUDITOR, id=member, first=1)

    async def seen() -> list[str]:
        nodes = (await edge.ask("admin", "Trail", AUDITOR, first=20, subject=f"member:{member}"))["nodes"]
        return [each["reason"] for each in reversed(nodes)]

    assert await seen() == ["the member", "identities", "the member"], "once an hour for each of them"
    edge.ahead += timedelta(hours=1, seconds=1)
    await edge.ask("admin", "MemberNode", SUPPORT, id=member, first=1)
    assert len(await seen()) == 4
    acts = (await edge.ask("admin", "Trail", AUDITOR, first=50))["nodes"]
    assert "LOOKED" not in {each["act"] for each in acts}, "looks stand among the acts where that is asked for alone"
    looked = (await edge.ask("admin", "Trail", AUDITOR, first=50, looks=True))["nodes"]
    assert sum(each["act"] == "LOOKED" for each in looked) == 8
    [(written,)] = await edge.rows("SELECT string_agg(t::text, ' ') FROM trail t WHERE act = 'LOOKED'")
    assert not {each for each in (card, "912345678", "912-345", '"mei"', " mei") if each in written}
    assert (await edge.error("admin", "Members", "demo:ed:odds_editor", text="mei", first=5))[1] == "FORBIDDEN"
    assert len((await edge.ask("admin", "Trail", AUDITOR, first=20, subject="members"))["nodes"]) == 4
