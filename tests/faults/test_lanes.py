"""Killing a simulation: its lanes end with it, and say nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.waiting import alive, until

ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 20.0


def children_of(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found in /proc, which Linux alone has")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
@pytest.mark.parametrize("lanes", [1, 2])
def test_lanes_end_with_the_program_that_began_them(tmp_path: Path, lanes: int, number: signal.Signals) -> None:
    program = subprocess.Popen(
        [
            sys.executable, "main.py", "simulate", "season", "--by", "rules", "--members", "200", "--days", "366",
            "--processes", str(lanes), "--out", str(tmp_path),
        ],
        cwd=ROOT, env={**os.environ, "MERGEMART_VAR": str(tmp_path / "var")}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    begun: list[int] = []
    try:
        until(lambda: len(children_of(program.pid)) == lanes)
        time.sleep(1)  # they are in the midst of their season
        begun = children_of(program.pid)
        program.send_signal(number)
        program.wait(_SECONDS)
        until(lambda: not any(map(alive, begun)))
    finally:
        program.kill()
        for pid in filter(alive, begun):  # or they would keep stderr open for as long as they play
            os.kill(pid, signal.SIGKILL)
        _, told = program.communicate()
    assert "Traceback" not in told, told
