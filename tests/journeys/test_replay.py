"""`main.py replay season`: a tiny season as a process of its own, with its own server, database and clock."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.commands.line import run_command
from api.replay.clock import season_clock
from api.replay.shape import PUBLISHED
from api.runtime.clock import ReplayedClock
from api.runtime.database import Database
from api.runtime.embedded import Embedded
from rewards.coupons.store.holds import load_clock

ROOT = Path(__file__).resolve().parents[2]
SCALE, DAYS = 0.0001, 7
OUTSIDE = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "MERGEMART_VAR", "MERGEMART_DEMO")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OUTSIDE:
        monkeypatch.delenv(name, raising=False)


def test_a_tiny_season_leaves_clean_books_and_events_that_show_what_was_acknowledged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    wanted = ["--scale", str(SCALE), "--days", str(DAYS), "--step", "6", "--seed", "3", "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "main.py", "replay", "season", *wanted], cwd=ROOT, capture_output=True, text=True, check=False
    )
    log = (out / "server.log").read_text() if (out / "server.log").exists() else ""
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:] + log[-3000:]
    assert "The audit is clean" in done.stdout
    found = json.loads((out / "replay.json").read_bytes())
    assert found["ok"]
    assert found["audit"]["ok"]
    assert found["audit"]["invariants"] > 50
    assert found["faults"] == []
    check_events(found)
    check_days(found)
    check_report(found, (out / "replay.html").read_text(encoding="utf-8"))

    assert run_command(["replay", "season", "--out", str(out)]) == 2
    assert "--over" in capsys.readouterr().err
    assert (out / "replay.json").exists(), "an earlier replay is not overwritten unasked"


def check_events(found: dict[str, Any]) -> None:
    """The events show what was acknowledged, with requests cut off on the way."""
    figures, acknowledged = found["figures"], found["acknowledged"]
    assert found["cut_off"] > 0
    assert found["differing"] == []
    assert figures["logins"] == acknowledged["logins"] == PUBLISHED.scaled(SCALE).logins
    assert figures["draws"] == acknowledged["draws"] > 0
    assert figures["coupons_redeemed"] == acknowledged["coupons redeemed"] > 0
    assert figures["players"] == PUBLISHED.scaled(SCALE).players


def check_days(found: dict[str, Any]) -> None:
    """Every day of the season is there, by the season's clock."""
    days = [row[0] for row in found["figures"]["days"]]
    assert days == [f"2026-03-{day:02d}" for day in range(2, 2 + DAYS)]
    assert sum(found["figures"]["hours"]) == found["figures"]["logins"]
    by_hour = {hour for hour, logins in enumerate(found["figures"]["hours"]) if logins}
    assert by_hour <= {0, 6, 12, 18}, "the clock stands at the step's hour while its visits are made"


def check_report(found: dict[str, Any], page: str) -> None:
    """There are percentiles and processes, and the page loads nothing."""
    row = found["operations"]["OpenApp"]
    assert row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"] <= row["slowest_ms"]
    assert sum(each["count"] for each in found["operations"].values()) == found["requests"]
    if sys.platform.startswith("linux"):
        assert found["processes"].keys() >= {"server", "postgres", "load"}
    assert page.count("<svg") >= 3
    assert not re.search(r"<script|<link|<img|src=|url\(|https?://", page)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("--scale", "2"), "--scale: must be from 0.0001 to 1"),
        (("--days", "3"), "--days: must be from 7"),
        (("--step", "5"), "--step: must be one of"),
        (("--connections", "0"), "--connections: must be from 1"),
        (("--processes", "0"), "--processes: must be from 1"),
        (("--seed", "-1"), "--seed: must be 0"),
    ],
)
def test_a_wrong_argument_is_named_with_its_cure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: tuple[str, str], told: str
) -> None:
    assert run_command(["replay", "season", *wrong, "--out", str(tmp_path / "out")]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_on_a_database_of_somebodys_own_nothing_is_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@127.0.0.1:1/shop")
    monkeypatch.setenv("MERGEMART_SECRET", "s" * 32)
    assert run_command(["replay", "season", "--out", str(tmp_path / "out")]) == 2
    assert "without DATABASE_URL" in capsys.readouterr().err


def test_a_replay_that_is_stopped_leaves_no_server_behind(tmp_path: Path) -> None:
    out = tmp_path / "out"
    replaying = subprocess.Popen(
        [sys.executable, "main.py", "replay", "season", "--scale", "0.01", "--out", str(out)],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not (out / "server.log").exists() or "serves on" not in (out / "server.log").read_text():
        assert replaying.poll() is None and time.monotonic() < deadline, "the server did not start"
        time.sleep(0.05)

    replaying.terminate()
    _, said = replaying.communicate(timeout=60)

    assert replaying.returncode == 130, said
    assert "mergemart stopped" in (out / "server.log").read_text()
    assert Embedded(out / "data").process_ids == {}


async def test_the_database_of_a_replay_tells_the_seasons_time(
    tmp_path: Path, database_url: str, owner_url: str
) -> None:
    begins = datetime(2026, 3, 2, tzinfo=UTC)
    owner, app = Database(owner_url, pool_size=1), Database(database_url, pool_size=1)
    try:
        async with season_clock(tmp_path / "clock", owner, begins) as clock:
            for at in (begins, begins + timedelta(days=30)):
                await clock.set_forward(at)
                async with app.read() as connection:
                    told = await load_clock(connection)
                assert at <= told < at + timedelta(minutes=5)
                assert at <= ReplayedClock(tmp_path / "clock")() < at + timedelta(minutes=5)
    finally:
        await app.close()
        await owner.close()
