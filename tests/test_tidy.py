"""The architecture, checked; and every check shown to fail on a planted violation."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests import tidy

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("check", tidy.CHECKS, ids=lambda check: check.__name__)
def test_the_house_is_tidy(check: Callable[[Path], list[str]]) -> None:
    found = check(ROOT)
    assert not found, "\n" + "\n".join(found)


def _copy(target: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    for name in (*tidy.HOUSES, "migrations"):
        shutil.copytree(ROOT / name, target / name, ignore=ignored)
    for name in ("main.py", "pyproject.toml"):
        shutil.copy(ROOT / name, target / name)
    return target


def _plant(root: Path, path: str, text: str) -> None:
    planted = root / path
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(text, encoding="utf-8")


_LONG_FUNCTION = "def long() -> None:\n" + "    pass\n" * 70

PLANTED = [
    (
        tidy.transactions_have_one_home,
        "loyalty/ledger/store/planted.py",
        "async def f(work):\n    await work.commit()\n",
    ),
    (tidy.transactions_have_one_home, "api/till/planted.py", "async def f(c):\n    await c.transaction().start()\n"),
    (tidy.clock_and_dice_have_one_home, "loyalty/tiers/rules/planted.py", "at = datetime.datetime.now(UTC)\n"),
    (tidy.clock_and_dice_have_one_home, "api/mobile/planted.py", "import time\n\nat = time.time()\n"),
    (tidy.clock_and_dice_have_one_home, "rewards/planted.py", "from random import randrange\n"),
    (tidy.clock_and_dice_have_one_home, "rewards/planted.py", "import uuid\n\nmade = uuid.uuid4()\n"),
    (tidy.clock_and_dice_have_one_home, "loyalty/planted.py", "import time\n\nat = time.perf_counter()\n"),
    (tidy.sql_reads_no_clock, "loyalty/planted.py", 'S = "UPDATE members SET updated_at = now()"\n'),
    (tidy.sql_reads_no_clock, "loyalty/planted.py", 'S = "gen_random_uuid()"\n'),
    (tidy.sql_reads_no_clock, "loyalty/planted.py", 'S = "SELECT 1 WHERE at < CURRENT_TIMESTAMP"\n'),
    (tidy.sql_reads_no_clock, "loyalty/planted.py", "default = func.now()\n"),
    (tidy.functions_and_files_are_short, "game/planted.py", _LONG_FUNCTION),
    (tidy.functions_and_files_are_short, "game/planted.py", "x = 1\n" * 401),
    (tidy.no_module_is_dead, "rewards/coupons/rules/planted.py", "x = 1\n"),
    (tidy.resolvers_hold_no_sql, "api/admin/planted.py", 'S = "SELECT id FROM members"\n'),
    (tidy.rooms_are_private, "loyalty/receipts/planted.py", "from loyalty.members.tables import Member\n"),
    (tidy.rooms_are_private, "api/admin/planted.py", "from rewards.coupons import store\n"),
    (tidy.rooms_are_private, "game/planted.py", "import loyalty.ledger.store\n"),
    (tidy.names_say_what_is_inside, "loyalty/planted/utils/__init__.py", ""),
    (tidy.names_say_what_is_inside, "api/helpers.py", ""),
    (tidy.schemas_have_no_float, "api/till/planted.graphql", "type A {\n  rate: Float!\n}\n"),
]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _copy(tmp_path_factory.mktemp("tree"))


@cache
def _found(check: Callable[[Path], list[str]], copied: Path) -> frozenset[str]:
    """Of the tree without a violation."""
    return frozenset(check(copied))


@pytest.mark.parametrize(("check", "path", "text"), PLANTED, ids=lambda part: getattr(part, "__name__", "planted"))
def test_a_planted_violation_is_found_and_its_cure_named(
    copied: Path, check: Callable[[Path], list[str]], path: str, text: str
) -> None:
    before = _found(check, copied)
    _plant(copied, path, text)
    try:
        found = set(check(copied)) - before
    finally:
        (copied / path).unlink()
    named = path.rpartition("/")[0] if path.endswith("__init__.py") else path
    assert [sentence for sentence in found if sentence.startswith(named) and "cure: " in sentence], found


# Each contract of pyproject.toml by its id, a module that breaks it, and what that module imports.
BROKEN_CONTRACTS = {
    "houses": ("loyalty/sheets/rules/planted_house.py", "import api.settings\n"),
    "loyalty": ("loyalty/sheets/actions/planted_flat.py", "import loyalty.receipts\n"),
    "rewards": ("rewards/planted_flat.py", ""),
    "game": ("game/planted_flat.py", ""),
    "rooms": ("loyalty/timeline/tables/planted_room.py", "import loyalty.timeline.actions\n"),
    "identity": ("api/identity/rules/planted_room.py", "import api.identity.store\n"),
    "edge": ("api/till/planted_edge.py", "import api.mobile\n"),
    "console": ("api/console/planted_console.py", "import api.settings\n"),
    "cycles": ("api/runtime/planted_cycle/one.py", "import api.runtime.planted_cycle.two\n"),
    "rules": ("loyalty/receipts/rules/planted_rule.py", "import asyncio\n"),
    "resolvers": ("api/mobile/planted_resolver.py", "import loyalty.members.store\n"),
}


def test_every_import_contract_breaks_on_a_planted_violation(tmp_path: Path) -> None:
    root = _copy(tmp_path)
    for path, text in BROKEN_CONTRACTS.values():
        _make_room(root, path)
        _plant(root, path, text)
    _plant(root, "api/runtime/planted_cycle/__init__.py", "")
    _plant(root, "api/runtime/planted_cycle/two.py", "import api.runtime.planted_cycle.one\n")
    report = _lint_imports(root)
    names = _contract_names(root)
    assert names.keys() == BROKEN_CONTRACTS.keys(), "every contract has its planted violation, and the other way round"
    for contract, (path, _) in BROKEN_CONTRACTS.items():
        # The report on cycles names packages, the others name modules.
        planted = Path(path).parent.name if contract == "cycles" else Path(path).stem
        assert planted in report.get(names[contract], ""), (contract, report)


def test_the_import_contracts_hold() -> None:
    assert _lint_imports(ROOT) == {}


def _make_room(root: Path, path: str) -> None:
    """Turns a room's file into a folder of the same name where the planted module needs one."""
    folder = (root / path).parent
    file = folder.with_suffix(".py")
    if file.exists():
        folder.mkdir()
        file.rename(folder / "__init__.py")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.py").touch()


def _lint_imports(root: Path) -> dict[str, str]:
    """The broken contracts by name, each with what the linter says of it."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    _, separator, broken = done.stdout.partition("Broken contracts")
    assert (done.returncode == 0) == (not separator), done.stdout + done.stderr
    parts = re.split(r"\n(?=[^\n]+\n-{5,}\n)", broken)
    return {part.split("\n", 1)[0].strip(): part for part in parts if "\n---" in part and part.strip(" -\n")}


def _contract_names(root: Path) -> dict[str, str]:
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    return dict(re.findall(r'\[\[tool\.importlinter\.contracts\]\]\nid = "(\w+)"\nname = "([^"]+)"', text))
