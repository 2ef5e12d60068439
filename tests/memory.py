"""Where a run keeps its temporary folders: in memory where there is room, on disk else.

A run makes a database for every other test, each some 650 small files, and starts servers on folders of their own. No
test asks what outlives the machine; what outlives a killed process is the same on either.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
_BYTES = 6 * 2**30
_NAME = "mergemart-tests-"


def enter_memory() -> Path | None:
    """The folder that this process and those that it starts put temporary files in from here on; to be removed by
    whoever got it. None where there is too little memory, or TMPDIR says where else.
    """
    if "TMPDIR" in os.environ or not _room():
        return None
    _sweep()
    made = Path(tempfile.mkdtemp(prefix=f"{_NAME}{os.getpid()}-", dir=_MEMORY))
    made.chmod(0o711)  # PostgreSQL may run under another account
    os.environ["TMPDIR"] = str(made)
    tempfile.tempdir = None
    # A run starts a hundred servers; where modules may not be kept compiled beside their sources, each compiles all.
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        os.environ["PYTHONPYCACHEPREFIX"] = str(made / "compiled")
    return made


def leave_memory(made: Path) -> None:
    """Removes the folder with all that is left in it."""
    del os.environ["TMPDIR"]
    tempfile.tempdir = None
    shutil.rmtree(made, ignore_errors=True)


def _room() -> bool:
    try:
        found = os.statvfs(_MEMORY)
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    free = dict(line.split()[:2] for line in lines)["MemAvailable:"]
    return min(found.f_bavail * found.f_frsize, int(free) * 1024) >= _BYTES and os.access(_MEMORY, os.W_OK)


def _sweep() -> None:
    """Removes what runs left that were killed."""
    for folder in _MEMORY.glob(f"{_NAME}*"):
        process = folder.name.removeprefix(_NAME).partition("-")[0]
        if process.isdigit() and not Path("/proc", process).exists():
            shutil.rmtree(folder, ignore_errors=True)
