"""Operators of two servers who do the same thing at once: one does it, the others are told by its code; one request is
done once, however often it comes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from api.settings import Settings
from tests.edge import Edge, dumps, open_edge
from tests.gacha_sheets import shipped

AT_ONCE = 8
ACTS = ("SubmitSheet", "WithdrawSheet")


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings, 2) as opened:
        opened.lift_limits()
        yield opened


async def together(edge: Edge, name: str, people: list[str], **asked: Any) -> list[dict[str, Any]]:
    """What each of them is told."""
    return list(await asyncio.gather(*(edge.ask("admin", name, who, **asked) for who in people)))


def codes(answers: list[dict[str, Any]]) -> Counter[str]:
    return Counter(str(each.get("code", "ok")) for each in answers)


def people(role: str) -> list[str]:
    return [f"demo:p{each}:{role}" for each in range(AT_ONCE)]


async def drafted(edge: Edge) -> dict[str, Any]:
    """A draft without a mistake, and what submitting or withdrawing it names."""
    body = {**shipped("odds.daily"), "price_diamonds": 30}
    made = await edge.ask(
        "admin", "DraftSheet", "demo:ed:odds_editor",
        kind="odds", key="daily", basedOn=1, body=dumps(body), reason="a dearer draw",
    )  # fmt: skip
    return {"sheetId": made["sheetId"], "reason": "at once"}


def asked_of(name: str, draft: dict[str, Any]) -> dict[str, Any]:
    return {**draft, "revision": 1} if name == "SubmitSheet" else draft


async def acts_of(edge: Edge, name: str) -> int:
    act = {"SubmitSheet": "SUBMITTED", "WithdrawSheet": "WITHDRAWN"}[name]
    [(count,)] = await edge.rows("SELECT count(*) FROM trail WHERE act = $1", act)
    return int(count)


@pytest.mark.parametrize("name", ACTS)
async def test_of_those_who_submit_or_withdraw_one_draft_at_once_one_does(edge: Edge, name: str) -> None:
    asked = asked_of(name, await drafted(edge))
    answers = await together(edge, name, people("odds_editor"), **asked)
    assert codes(answers) == {"ok": 1, "SHEET_STATE": AT_ONCE - 1}
    assert await acts_of(edge, name) == 1


@pytest.mark.parametrize("name", ACTS)
async def test_one_request_to_submit_or_withdraw_is_done_once_and_told_alike(edge: Edge, name: str) -> None:
    asked = asked_of(name, await drafted(edge))
    answers = await together(edge, name, ["demo:ed:odds_editor"] * AT_ONCE, **asked, requestId=str(uuid4()))
    assert codes(answers) == {"ok": AT_ONCE}
    assert all(each == answers[0] for each in answers)
    assert await acts_of(edge, name) == 1


async def test_a_submission_and_an_edit_at_once_leave_one_of_them(edge: Edge) -> None:
    """What is in review is what its author submitted, never what another wrote in between."""
    draft = await drafted(edge)
    dearer = dumps({**shipped("odds.daily"), "price_diamonds": 40})
    half = people("odds_editor")[: AT_ONCE // 2]
    submitted, edited = await asyncio.gather(
        together(edge, "SubmitSheet", half, **asked_of("SubmitSheet", draft)),
        together(edge, "EditSheet", half, **draft, revision=1, body=dearer),
    )
    found = codes(submitted + edited)
    assert found["ok"] == 1
    assert set(found) <= {"ok", "SHEET_STATE", "SHEET_REVISION"}
    [sheet] = [
        each for each in await edge.ask("admin", "Sheets", half[0], kind="odds", first=10) if each["version"] == 2
    ]
    edit_won = codes(edited)["ok"] == 1
    assert (sheet["state"], sheet["revision"]) == (("DRAFT", 2) if edit_won else ("IN_REVIEW", 1))


async def test_of_owners_who_propose_one_role_at_once_one_does(edge: Edge) -> None:
    wanted = (await edge.ask("admin", "Me", "demo:adam:auditor"))["id"]
    asked = {"operatorId": wanted, "role": "AUDITOR", "reason": "joins in May"}
    answers = await together(edge, "ProposeRole", people("owner"), **asked)
    assert codes(answers) == {"ok": 1, "ROLE_GRANT_STATE": AT_ONCE - 1}
    grants = await edge.ask("admin", "RoleGrants", "demo:olga:owner", first=10)
    assert [(each["operatorId"], each["state"]) for each in grants] == [(wanted, "PROPOSED")]


async def test_one_request_to_propose_a_role_is_done_once_and_told_alike(edge: Edge) -> None:
    wanted = (await edge.ask("admin", "Me", "demo:adam:auditor"))["id"]
    asked = {"operatorId": wanted, "role": "AUDITOR", "reason": "joins in May", "requestId": str(uuid4())}
    answers = await together(edge, "ProposeRole", ["demo:olga:owner"] * AT_ONCE, **asked)
    assert codes(answers) == {"ok": AT_ONCE}
    assert len({each["grantId"] for each in answers}) == 1
    assert await edge.rows("SELECT count(*) FROM role_grants") == [(1,)]
    assert await edge.rows("SELECT count(*) FROM trail WHERE act = 'ROLE_PROPOSED'") == [(1,)]
