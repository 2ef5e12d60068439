"""A version's way from draft to force: by two people, at its instant, with every act written down."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.runtime.database import Database
from loyalty.receipts.rules import parse_earning
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets import actions as sheets
from loyalty.sheets.rules import Act, Change, Fault, SheetInvalid, SheetState, SheetVersion, changes_between
from tests.seeding import NOW, shipped_sheets, two_servers

KIND, KEY = "earning", "TWD"
SUBJECT = "earning.TWD"


def body(**changes: Any) -> dict[str, Any]:
    return {**tomllib.loads(shipped_sheets()["earning.TWD.toml"]), **changes}


async def check(kind: str, key: str, found: Mapping[str, Any]) -> list[Fault]:
    return sheets.faults_of(f"{kind}.{key}", found, parse_earning)


async def drafted(database: Database, *, based_on: int = 0, author: str = "ada", **changes: Any) -> SheetVersion:
    async with database.work() as work:
        return await sheets.draft(
            work, KIND, KEY, body(**changes), based_on=based_on, author=author, reason="first words", now=NOW
        )


async def edited(database: Database, sheet: SheetVersion, revision: int, **changes: Any) -> SheetVersion:
    async with database.work() as work:
        return await sheets.edit(
            work, sheet.id, revision, body(**changes), editor="bob", reason="second words", now=NOW
        )  # fmt: skip


async def submitted(database: Database, sheet: SheetVersion, revision: int = 1) -> SheetVersion:
    async with database.work() as work:
        return await sheets.submit(work, sheet.id, revision, check, editor="ada", reason="ready", now=NOW)


async def approved(
    database: Database, sheet_id: UUID, *, revision: int = 1, approver: str = "eve", at: Any = None, now: Any = NOW
) -> SheetVersion:
    async with database.work() as work:
        return await sheets.approve(
            work, sheet_id, revision, check, approver=approver, at=at, reason="well done", now=now
        )  # fmt: skip


async def code_of(waiting: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(LoyaltyRefused) as refused:
        await waiting
    return str(refused.value.code), refused.value.facts


async def in_force(database: Database, now: Any) -> int:
    async with database.read() as connection:
        return (await sheets.open_sheets(connection, now)).version(KIND, KEY)


async def test_a_version_goes_from_draft_to_force_and_the_next_retires_it(database: Database) -> None:
    sheet = await drafted(database)
    assert (sheet.version, sheet.revision, sheet.state) == (1, 1, SheetState.DRAFT)
    sheet = await edited(database, sheet, 1, visit_energy=21)
    assert (sheet.revision, json.loads(sheet.body)["visit_energy"]) == (2, 21)
    assert (await submitted(database, sheet, 2)).state is SheetState.IN_REVIEW
    done = await approved(database, sheet.id, revision=2)
    assert (done.state, done.approver, done.active_at) == (SheetState.SCHEDULED, "eve", NOW)
    async with database.work() as work:
        assert await sheets.settle_due(work, NOW, 10) == [(KIND, KEY)]
        assert await sheets.settle_due(work, NOW, 10) == []
    second = await drafted(database, based_on=1, visit_energy=22)
    await submitted(database, second)
    later = NOW + timedelta(hours=1)
    await approved(database, second.id, at=later)
    async with database.work() as work:
        assert await sheets.settle_due(work, later - timedelta(milliseconds=1), 10) == []
        assert await sheets.settle_due(work, later, 10) == [(KIND, KEY)]
    async with database.read() as connection:
        versions = await sheets.load_versions(connection, kind=KIND, key=KEY)
    assert [(each.version, each.state) for each in versions] == [(2, SheetState.ACTIVE), (1, SheetState.RETIRED)]
    assert versions[1].retired_at == later


async def test_every_server_changes_over_at_the_instant_without_any_job(database: Database) -> None:
    first = await submitted(database, await drafted(database))
    await approved(database, first.id)
    second = await submitted(database, await drafted(database, based_on=1, visit_energy=33))
    at = NOW + timedelta(hours=3)
    await approved(database, second.id, at=at)
    async with two_servers(database) as servers:
        for server in servers:
            assert await in_force(server, at - timedelta(milliseconds=1)) == 1
            assert await in_force(server, at) == 2
            async with server.read() as connection:
                opened = await sheets.open_sheets(connection, at)
                found = await opened.get(connection, KIND, KEY, parse_earning)
            assert found is not None
            assert found.visit_energy == 33
    async with database.work() as work:
        await sheets.settle_due(work, at, 10)
    assert await in_force(database, at - timedelta(seconds=5)) == 2, "what is settled stays for a clock that is behind"


async def test_nobody_approves_what_he_had_a_hand_in(database: Database) -> None:
    sheet = await drafted(database, author="ada")
    sheet = await edited(database, sheet, 1)
    await submitted(database, sheet, 2)
    for author in ("ada", "bob"):
        assert (await code_of(approved(database, sheet.id, revision=2, approver=author)))[0] == "SHEET_OWN"
    assert (await approved(database, sheet.id, revision=2)).approver == "eve"


async def test_the_second_editor_is_refused_with_the_current_revision(database: Database) -> None:
    sheet = await drafted(database)
    await edited(database, sheet, 1, visit_energy=5)
    assert await code_of(edited(database, sheet, 1, visit_energy=6)) == (
        "SHEET_REVISION",
        {"current": 2, "revision": 1},
    )
    assert await code_of(submitted(database, sheet, 1)) == ("SHEET_REVISION", {"current": 2, "revision": 1})


async def test_review_returns_a_version_with_a_comment_and_only_a_draft_changes(database: Database) -> None:
    sheet = await submitted(database, await drafted(database))
    assert (await code_of(edited(database, sheet, 1)))[0] == "SHEET_STATE"
    async with database.work() as work:
        back = await sheets.send_back(work, sheet.id, operator="eve", comment="too much energy", now=NOW)
    assert back.state is SheetState.DRAFT
    assert (await code_of(approved(database, sheet.id)))[0] == "SHEET_STATE"
    await submitted(database, sheet)
    async with database.read() as connection:
        trail = await sheets.read_trail(connection, subject=SUBJECT, limit=10)
    assert [(each.act, each.operator) for each in trail] == [
        (Act.SUBMITTED, "ada"), (Act.RETURNED, "eve"), (Act.SUBMITTED, "ada"), (Act.DRAFTED, "ada"),
    ]  # fmt: skip
    assert trail[1].reason == "too much energy"


async def test_the_trail_tells_field_by_field_what_changed(database: Database) -> None:
    sheet = await drafted(database)
    changed = body()["excluded_categories"] + ["GIFT CARDS"]
    await edited(database, sheet, 1, visit_energy=21, excluded_categories=changed)
    async with database.read() as connection:
        [entry] = await sheets.read_trail(connection, subject=SUBJECT, limit=1)
    place = len(changed) - 1
    assert (entry.act, entry.operator, entry.reason, entry.version) == (Act.EDITED, "bob", "second words", 1)
    assert entry.changes == (
        Change(f"/excluded_categories/{place}", None, '"GIFT CARDS"'), Change("/visit_energy", "20", "21"),
    )  # fmt: skip


async def test_a_version_with_mistakes_may_be_drafted_and_is_not_submitted(database: Database) -> None:
    sheet = await drafted(database, visit_energy=-1, minor_per_point=0)
    with pytest.raises(SheetInvalid) as refused:
        await submitted(database, sheet)
    assert {fault.key for fault in refused.value.faults} == {"visit_energy", "minor_per_point"}
    for unkept in ({"a": 1.5}, {"a": None}, {"a": "\x00"}):
        assert (await code_of(edited(database, sheet, 1, **unkept)))[0] == "SHEET_INVALID"


async def test_a_rollback_is_a_new_version_made_from_an_old_one(database: Database) -> None:
    for at, energy in enumerate((20, 30)):
        sheet = await submitted(database, await drafted(database, based_on=at, visit_energy=energy))
        await approved(database, sheet.id, at=NOW + timedelta(hours=at))
    later = NOW + timedelta(hours=2)
    async with database.work() as work:
        back = await sheets.draft(
            work, KIND, KEY, None, from_version=1, based_on=2, author="ada", reason="back", now=later
        )  # fmt: skip
    assert (back.version, json.loads(back.body)["visit_energy"]) == (3, 20)
    await submitted(database, back)
    await approved(database, back.id, now=later)
    assert await in_force(database, later) == 3
    async with database.work() as work:
        assert (await code_of(sheets.draft(
            work, KIND, KEY, None, from_version=9, based_on=3, author="ada", reason="x", now=later
        )))[0] == "SHEET_NOT_FOUND"  # fmt: skip


async def test_what_is_scheduled_is_withdrawn_before_its_instant_and_not_after(database: Database) -> None:
    first = await submitted(database, await drafted(database))
    await approved(database, first.id)
    at = NOW + timedelta(hours=1)
    second = await submitted(database, await drafted(database, based_on=1, visit_energy=1))
    await approved(database, second.id, at=at)
    third = await drafted(database, based_on=2, visit_energy=2)

    async def withdraw(sheet_id: UUID, now: Any) -> SheetVersion:
        async with database.work() as work:
            return await sheets.withdraw(work, sheet_id, operator="eve", reason="no", now=now)

    assert (await code_of(withdraw(second.id, at)))[0] == "SHEET_STATE"
    assert (await withdraw(second.id, at - timedelta(seconds=1))).state is SheetState.WITHDRAWN
    assert await in_force(database, at) == 1
    await submitted(database, third)
    assert await code_of(approved(database, third.id)) == ("SHEET_STATE", {"current": 1, "based_on": 2})
    assert (await withdraw(third.id, at)).state is SheetState.WITHDRAWN
    assert (await code_of(withdraw(third.id, at)))[0] == "SHEET_STATE"
    assert (await drafted(database, based_on=1)).version == 4


async def test_versions_come_into_force_in_the_order_of_their_numbers(database: Database) -> None:
    first = await submitted(database, await drafted(database))
    at = NOW + timedelta(days=7)
    await approved(database, first.id, at=at)
    second = await submitted(database, await drafted(database, based_on=1, visit_energy=1))
    for wrong in (NOW - timedelta(seconds=1), at, at - timedelta(days=1)):
        assert (await code_of(approved(database, second.id, at=wrong)))[0] == "INVALID_INPUT"
    assert (await code_of(approved(database, second.id)))[0] == "SHEET_STATE"
    await approved(database, second.id, at=at + timedelta(seconds=1))


async def test_a_sheet_has_one_draft_and_none_is_published_past_it(database: Database) -> None:
    await drafted(database)
    assert (await code_of(drafted(database, author="bob")))[0] == "SHEET_STATE"
    async with database.work() as work:
        told = await code_of(sheets.publish(
            work, KIND, KEY, body(), parse_earning, author="ada", reason="now", based_on=0, now=NOW
        ))  # fmt: skip
    assert told[0] == str(LoyaltyCode.SHEET_STATE)


JSON = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=4), st.dictionaries(st.text(max_size=3), JSON, max_size=4))
def test_changes_name_each_field_that_differs_and_lead_from_old_to_new(old: Any, new: Any) -> None:
    changes = changes_between(old, new)
    assert bool(changes) == (json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True))
    assert applied(old, changes) == applied(new, []) or json.dumps(applied(old, changes)) == json.dumps(new)


def applied(document: Any, changes: list[Change]) -> Any:
    """The document with the changes made: fields first, then what is gone, the last elements of a list first."""
    found = json.loads(json.dumps(document))
    for change in [*(each for each in changes if each.new is not None),
                   *reversed([each for each in changes if each.new is None])]:  # fmt: skip
        *path, last = [part.replace("~1", "/").replace("~0", "~") for part in change.path.split("/")[1:]]
        inside = found
        for part in path:
            inside = inside[int(part)] if isinstance(inside, list) else inside[part]
        if isinstance(inside, list):
            at = int(last)
            inside[at : at + 1] = [] if change.new is None else [json.loads(change.new)]
        elif change.new is None:
            del inside[last]
        else:
            inside[last] = json.loads(change.new)
    return found
