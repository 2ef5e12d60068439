"""Sheets on the real database: versions, the stop switch, and what a batch sees of them."""

from __future__ import annotations

import asyncio
import tomllib
from datetime import timedelta
from typing import Any

import pytest

from api.runtime.database import Database
from loyalty.receipts.rules import parse_earning
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets.actions import (
    load_pauses,
    load_versions,
    open_sheets,
    pause,
    publish,
    resume,
    review_pause,
    seed_files,
)
from loyalty.sheets.rules import SheetInvalid, SheetState, digest
from tests.seeding import NOW, PARSERS, shipped_sheets

TWD = shipped_sheets()["earning.TWD.toml"]


def body() -> dict[str, Any]:
    return tomllib.loads(TWD)


async def publish_twd(database: Database, changed: dict[str, Any], *, based_on: int | None = None) -> int:
    async with database.work() as work:
        return await publish(
            work, "earning", "TWD", changed, parse_earning, author="opr", reason="test", based_on=based_on, now=NOW
        )


async def test_a_new_installation_seeds_each_sheet_once(database: Database) -> None:
    for expected in (len(shipped_sheets()), 0):
        async with database.work() as work:
            assert await seed_files(work, shipped_sheets(), PARSERS, now=NOW) == expected
    async with database.read() as connection:
        sheets = await open_sheets(connection)
        assert (await sheets.season(connection)).code == "2027-spring"
        assert await sheets.get(connection, "earning", "XTS", parse_earning) is None


async def test_mistakes_of_all_files_are_reported_together_and_nothing_is_published(database: Database) -> None:
    files = shipped_sheets()
    files["earning.TWD.toml"] = TWD.replace("visit_energy = 20", "visit_energy = 2.5\nvisit_enrgy = 1")
    files["earning.USD.toml"] = "minor_per_point = = 3"
    files["season.current.toml"] = files["season.current.toml"].replace("Asia/Taipei", "Asia/Atlantis")
    with pytest.raises(SheetInvalid) as refused:
        async with database.work() as work:
            await seed_files(work, files, PARSERS, now=NOW)
    found = {(fault.sheet, fault.key) for fault in refused.value.faults}
    assert found == {
        ("earning.TWD.toml", "visit_energy"),
        ("earning.TWD.toml", "visit_enrgy"),
        ("earning.USD.toml", ""),
        ("season.current.toml", "timezone"),
    }
    async with database.read() as connection:
        assert (await open_sheets(connection)).heads == {}


async def test_all_mistakes_are_reported_at_once_a_fraction_and_a_null_among_them(shared_database: Database) -> None:
    wrong = body()
    wrong["minor_per_point"] = 1.5
    wrong["visit_tickets"] = -1
    wrong["excluded_categories"] = ["TOBACCO", 7]
    wrong["bonuses"][0]["percent"] = None
    wrong["new_key"] = {"inside": 0.5}
    with pytest.raises(SheetInvalid) as refused:
        await publish_twd(shared_database, wrong)
    assert refused.value.code is LoyaltyCode.SHEET_INVALID
    assert sorted(fault.key for fault in refused.value.faults) == [
        "bonuses[0].percent", "excluded_categories", "minor_per_point", "new_key", "new_key.inside", "visit_tickets",
    ]  # fmt: skip
    assert all(fault.sheet == "earning.TWD" for fault in refused.value.faults)


async def test_a_new_version_retires_the_old_one_and_batches_see_it_at_once(database: Database) -> None:
    assert await publish_twd(database, body(), based_on=0) == 1
    async with database.read() as connection:
        before = await open_sheets(connection)
        assert (await publish_twd(database, body() | {"visit_energy": 21}, based_on=1)) == 2
        after = await open_sheets(connection)
        seen = [await each.get(connection, "earning", "TWD", parse_earning) for each in (before, after, before)]
        versions = await load_versions(connection, kind="earning", key="TWD")
    assert [each.visit_energy for each in seen if each] == [20, 21, 20], "a batch sees one moment"
    assert [(each.version, each.state) for each in versions] == [(2, SheetState.ACTIVE), (1, SheetState.RETIRED)]
    assert versions[0].sha256 == digest(body() | {"visit_energy": 21})


async def test_an_author_who_saw_an_older_version_is_refused(database: Database) -> None:
    await publish_twd(database, body())
    for based_on in (0, 2):
        with pytest.raises(LoyaltyRefused) as refused:
            await publish_twd(database, body(), based_on=based_on)
        assert refused.value.code is LoyaltyCode.SHEET_STATE
        assert refused.value.facts == {"current": 1, "based_on": based_on}


async def test_of_authors_who_publish_at_once_one_wins(database: Database) -> None:
    tries = [publish_twd(database, body() | {"visit_energy": each}, based_on=0) for each in range(6)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert [answer for answer in answers if answer == 1] == [1]
    assert sum(isinstance(answer, LoyaltyRefused) for answer in answers) == 5


async def test_the_stop_switch_is_thrown_once_recorded_and_reviewed(database: Database) -> None:
    async with database.work() as work:
        pause_id = await pause(work, "earning", message="one moment", reason="prices", operator="ada", now=NOW)
    for wrong in (
        lambda work: pause(work, "earning", message="x", reason="y", operator="eve", now=NOW),
        lambda work: resume(work, "offer:1", operator="eve", now=NOW),
    ):
        with pytest.raises(LoyaltyRefused) as refused:
            async with database.work() as work:
                await wrong(work)
        assert refused.value.code is LoyaltyCode.SHEET_STATE
    async with database.read() as connection:
        sheets = await open_sheets(connection)
    sheets.refuse_paused("offer:1")
    with pytest.raises(LoyaltyRefused) as refused:
        sheets.refuse_paused("offer:1", "earning")
    assert (refused.value.code, refused.value.retryable) == (LoyaltyCode.PAUSED, True)
    assert refused.value.facts == {"target": "earning", "message": "one moment"}
    later = NOW + timedelta(minutes=5)
    async with database.work() as work:
        await resume(work, "earning", operator="eve", now=later)
        await review_pause(work, pause_id, note="prices were right", operator="eve", now=later)
        with pytest.raises(LoyaltyRefused):
            await review_pause(work, pause_id, note="again", operator="eve", now=later)
        await pause(work, "earning", message="again", reason="prices", operator="ada", now=later)
    async with database.read() as connection:
        pauses = await load_pauses(connection, limit=10)
    assert [(each["paused_by"], each["resumed_by"], each["reviewed_by"]) for each in pauses] == [
        ("ada", None, None), ("ada", "eve", "eve"),
    ]  # fmt: skip
