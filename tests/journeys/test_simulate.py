"""`main.py simulate season`: small seasons on the test's servers, and the figures that they leave."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from api.commands.simulate import JSON, PAGE, run
from api.content import seed_files
from api.simulate import databases
from api.simulate.season import simulate
from api.simulate.wanted import Wanted, changed_by, parse_mix
from tests.conftest import Servers

MIX = parse_mix("casual=3,daily=4,optimiser=3,cheater=2")
DOUBLE = ["orders.current.diamonds_per_mille=2000"]


def season(seed: int, *, members: int = 12, days: int = 4, settings: list[str] | None = None) -> Wanted:
    return Wanted(members, days, seed, MIX, 2, changed_by(seed_files(), settings or [], []))


def played(servers: Servers, wanted: Wanted, out: Path, earlier: dict[str, Any] | None = None) -> dict[str, Any]:
    """The report of a season that ends well, played by the command's own code."""
    assert run(servers.embedded, wanted, earlier, out) == 0
    found: dict[str, Any] = json.loads((out / JSON).read_bytes())
    return found


async def left_behind(servers: Servers) -> list[str]:
    """The databases of this process's seasons; another worker may be in the middle of its own."""
    rows = await databases.execute(servers.embedded, "SELECT datname FROM pg_database")
    return [row["datname"] for row in rows if row["datname"].startswith(f"simulated_{os.getpid()}_")]


async def test_a_small_season_is_clean_repeats_itself_and_shows_a_changed_number(
    embedded_servers: Servers, tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    seed %= 2**31
    first = await asyncio.to_thread(played, embedded_servers, season(seed), tmp_path / "first")
    check_season(first)
    check_outputs(first, (tmp_path / "first" / PAGE).read_text(encoding="utf-8"), capsys.readouterr().out)

    again = await asyncio.to_thread(played, embedded_servers, season(seed), tmp_path / "again")
    assert {**again, "run": None} == {**first, "run": None}, "the same seed is the same season"

    changed = season(seed, settings=DOUBLE)
    double = await asyncio.to_thread(played, embedded_servers, changed, tmp_path / "double", first)
    told = "diamonds in per member-day"
    assert double["figures"][told] > first["figures"][told]
    assert paid(double) > paid(first)
    assert double["season"]["sheets"]["orders.current"] != first["season"]["sheets"]["orders.current"]
    assert "Before and after" in capsys.readouterr().out
    assert await left_behind(embedded_servers) == []


def paid(document: dict[str, Any]) -> int:
    """Diamonds for orders, all members together."""
    return sum(
        row["total"] for row in document["diamonds"] if (row["kind"], row["side"]) == ("all", "issue:order")
    )  # fmt: skip


def check_season(found: dict[str, Any]) -> None:
    assert found["ok"]
    assert found["audit"]["ok"], found["audit"]["failed"]
    assert found["audit"]["invariants"] > 50
    assert found["dead_boards"] == found["impossible_orders"] == 0
    cheaters = found["cheaters"]
    assert cheaters["members"] == 2
    assert cheaters["forged"] >= 2 * 3 * 4
    assert cheaters["accepted"] == cheaters["differ_from_twins"] == 0
    assert sum(found["season"]["kinds"].values()) == 12
    flows = {(row["kind"], row["side"]): row for row in found["diamonds"]}
    accounts = [side for kind, side in flows if kind == "all" and ":" in side]
    into = sum(flows["all", side]["total"] for side in accounts if side.startswith("issue:"))
    assert into == flows["all", "in"]["total"] > 0
    assert flows["optimiser", "in"]["p50"] > flows["casual", "in"]["p50"], "who plays more earns more"
    assert sum(map(sum, found["orders_by_day"].values())) > 0
    energy = found["energy"]["optimiser"]
    start = 100 * energy["members"]
    most = 720 * 4 * energy["members"]
    assert 0 < energy["spent"] <= start + most + energy["given"]
    assert 0 <= energy["wasted_at_the_cap"] < most
    assert len(found["levels_by_day"]) == 4
    assert found["levels_by_day"][-1]["p90"] > 1


def check_outputs(found: dict[str, Any], page: str, printed: str) -> None:
    """All three say the same, and the page loads nothing."""
    assert page.count("<svg") == 4
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    for place in (page, printed):
        assert "Dead boards: 0. Impossible orders: 0." in place
        assert f"forged {found['cheaters']['forged']:,} commands: 0 were accepted" in place
        assert "The audit is clean" in place
        assert "issue:order" in place


async def test_a_sheet_with_a_mistake_is_refused_and_leaves_nothing(
    embedded_servers: Servers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = season(1, settings=["orders.current.slots=99"])
    assert await asyncio.to_thread(run, embedded_servers.embedded, wanted, None, tmp_path) == 2
    assert "slots" in capsys.readouterr().err
    assert not (tmp_path / JSON).exists()
    assert await left_behind(embedded_servers) == []


async def test_an_interrupted_season_leaves_nothing_behind(embedded_servers: Servers) -> None:
    def interrupt(done: int) -> None:
        assert done
        raise KeyboardInterrupt

    def interrupted() -> None:
        with pytest.raises(KeyboardInterrupt):
            simulate(embedded_servers.embedded, season(2, members=4, days=300), interrupt)

    await asyncio.to_thread(interrupted)
    assert await left_behind(embedded_servers) == []
