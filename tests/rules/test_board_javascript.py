"""The board's rules in JavaScript agree with those in Python, on thousands of cases that Python made."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from game.board.rules.moves import MoveKind
from tests.board_vectors import count_kinds, write_vectors

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
# OPEN of what there is none of is told by its own code, and reached by chance.
CODES = {
    "BOARD_FULL", "CELL_EMPTY", "CELL_OUT_OF_BOUNDS", "CELL_TAKEN", "LEVEL_CLAIMED", "LEVEL_NOT_REACHED", "LOCKED_CELL",
    "NO_CHARGES", "NO_ENERGY", "NOT_AN_ITEM", "NOT_MERGEABLE", "NOT_TAPPABLE", "ORDER_EXPIRED", "ORDER_ITEMS_MISSING",
    "SLOT_EMPTY", "STORAGE_FULL", "TOP_LEVEL", "NOT_A_BUBBLE", "NOT_ENOUGH",
}  # fmt: skip
DONE = {"tap", "merge", "move", "store", "retrieve", "sell", "pop", "deliver", "claimLevel"}


def test_the_cases_are_those_that_python_makes_now() -> None:
    text = (VECTORS / "board.json").read_text(encoding="utf-8")
    assert text == write_vectors(), "run `python -m tests.board_vectors > tests/vectors/board.json`"


def test_the_cases_hold_every_kind_of_move_and_refusal() -> None:
    done, refused = count_kinds(json.loads((VECTORS / "board.json").read_text(encoding="utf-8")))
    assert set(done) == DONE
    assert len(MoveKind) == len(DONE) + 2, "retrieve is also UNPACK; OPEN is never done"
    assert set(refused) >= CODES, CODES - set(refused)
    assert sum(done.values()) + sum(refused.values()) > 4_000


def run_node(*files: Path) -> subprocess.CompletedProcess[str]:
    """Runs test files with Node's own runner; skips where there is no Node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no `node` on the PATH")
    return subprocess.run([node, "--test", *files], capture_output=True, text=True, check=False, timeout=120)


def test_javascript_agrees_on_every_case() -> None:
    done = run_node(VECTORS / "board.test.mjs")
    assert done.returncode == 0, done.stdout[-6000:]
    assert "# fail 0" in done.stdout
