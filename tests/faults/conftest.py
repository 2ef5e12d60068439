"""Folders for servers that are hurt: each test's own, as a server's first start left it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.server import serving


@contextmanager
def _short_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mergemart-fault-"))
    folder.chmod(0o755)
    yield folder / "var"
    shutil.rmtree(folder)


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder that is not there yet, with a short path that every account can reach."""
    with _short_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def first_start() -> Iterator[Path]:
    """What a server leaves that was started for the first time, made its databases, and was stopped."""
    with _short_folder() as folder:
        with serving(folder):
            pass
        yield folder


@pytest.fixture
def started_before(first_start: Path, var: Path) -> Path:
    """A copy of what the first start left; the next start is the second."""
    shutil.copytree(first_start, var, ignore=shutil.ignore_patterns("sockets"))
    return var
