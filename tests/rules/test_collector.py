"""The collector of garbage in a process that serves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOOKED_THROUGH = """
import gc
import api.app
from api.runtime.collector import spare_collector
gc.collect()
before = len(gc.get_objects())
spare_collector()
kept = []
kept.append(kept)
del kept
print(before, len(gc.get_objects()), gc.collect())
"""

BROUGHT_IN = """
import gc
from api.commands import main
try:
    main(["--help"])
except SystemExit:
    print(gc.isenabled(), gc.get_freeze_count())
"""


def test_what_a_server_was_made_of_is_not_looked_through_again_and_later_cycles_are_freed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOKED_THROUGH], cwd=ROOT, check=True, capture_output=True, text=True, timeout=120
    )
    before, after, freed = map(int, done.stdout.split())
    assert before > 50_000, "the application is large"
    assert after < before // 100
    assert freed >= 1


def test_a_command_looks_for_garbage_but_not_among_its_modules() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BROUGHT_IN], cwd=ROOT, check=True, capture_output=True, text=True, timeout=120
    )
    enabled, frozen = done.stdout.split()[-2:]
    assert enabled == "True"
    assert int(frozen) > 50_000, "the command line brings in the application"
