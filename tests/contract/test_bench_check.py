"""The bench's own judgement: what counts as fallen, as met, and what a command line asks for. Nothing is measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from game.orders.rules import replay
from tests.bench import boards, check, report
from tests.bench.__main__ import parse, plan_of
from tests.bench.boards import MOVES, twenty
from tests.bench.operations import OPERATIONS
from tests.bench.sides import UNCOUNTED, steady_rate
from tests.playing import NOW, new_table, shipped


def figures(**ratios: float) -> dict[str, Any]:
    """Figures of some operations at 64 connections."""
    rows = [
        {"operation": name, "connections": 64, "ratio": ratio, "target": report.RATIOS[name, 64]}
        for name, ratio in ratios.items()
    ]
    return {"about": {}, "mutations": rows}


def test_a_ratio_falls_when_it_is_more_than_15_percent_below_the_recorded_one(tmp_path: Path) -> None:
    recorded = tmp_path / "recorded.json"
    check.record(figures(draw=2.0, hold=1.0), recorded)
    assert check.fallen(figures(draw=1.71, hold=0.84), recorded) == ["hold at 64"]
    assert [line.endswith("FELL") for line in check.compare(figures(draw=1.69, hold=1.2), recorded)] == [True, False]


def test_recording_some_ratios_keeps_the_others(tmp_path: Path) -> None:
    recorded = tmp_path / "recorded.json"
    check.record(figures(draw=2.0, hold=1.0), recorded)
    check.record(figures(hold=3.0), recorded)
    assert check.fallen(figures(draw=1.0, hold=2.0), recorded) == ["draw at 64", "hold at 64"]


def test_a_target_is_met_at_its_bound_and_missed_below() -> None:
    met = {each.name: each.met for each in report.targets_of(figures(drawHot=4.99, drawStock=2.5))}
    assert met == {"drawHot at 64": False, "drawStock at 64": True}
    slow = {**figures(), "memory_mib": 200.5, "half_load": {"draw": {"p99_ms": 25.0}}}
    assert [each.met for each in report.targets_of(slow)] == [True, False]


def test_a_command_line_chooses_operations_levels_and_rounds() -> None:
    plan = plan_of(parse(["--only", "settle,draw", "--levels", "64,1", "--rounds", "2"]))
    assert [each.name for each in plan.operations] == ["draw", "hold", "settle"]
    assert (list(plan.levels), plan.rounds) == ([1, 64], 2)
    assert [each.name for each in plan_of(parse([])).operations] == [each.name for each in OPERATIONS]


def logged(connection: int, *ends: float) -> list[str]:
    """Lines of pgbench's log: where each transaction of a connection ended, in seconds."""
    return [f"{connection} {n} 700 0 {int(end)} {round(end % 1 * 1e6)}" for n, end in enumerate(ends, 1)]


def test_pgbench_is_counted_while_all_of_its_connections_are_at_work_and_past_their_first_transactions() -> None:
    slow_start = [5.0 * number for number in range(1, UNCOUNTED + 1)]
    early = logged(0, *slow_start, *[50.0 + number / 4 for number in range(1, 41)])
    late = logged(1, *[each + 4 for each in slow_start], *[54.0 + number / 2 for number in range(1, 31)])
    # From 54.0, when the second is past its first, to 60.0, when the first is done: 24 and 12 in six seconds.
    assert steady_rate([*late, *early]) == 6.0


def test_pgbench_whose_connections_take_turns_is_not_counted() -> None:
    one, other = logged(0, *range(1, 40)), logged(1, *range(100, 140))
    with pytest.raises(SystemExit, match="unevenly: all were at work for 0 of 79"):
        steady_rate([*one, *other])


@pytest.mark.parametrize("words", [["--only", "fly"], ["--levels", "2"], ["--rounds", "0"], ["--check", "--record"]])
def test_what_cannot_be_measured_is_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(words)


def test_the_twenty_moves_are_valid_on_the_board_of_every_member() -> None:
    _, dials = shipped()
    done = replay(new_table(boards.SEED), dials, twenty(), NOW)
    assert (done.applied, done.refusal, done.delivered) == (MOVES, None, ())
