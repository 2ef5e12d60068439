"""Runs a program in a user namespace where root is an ordinary user; started by path, as a process of its own.

PostgreSQL refuses to run as root. Inside a user namespace that maps root to uid 1000 the same files, owned by root,
belong to an ordinary user, so no operating-system user has to be added and no file changes hands.
Usage: `python -I enter.py PROGRAM [ARGUMENT...]`; exit code 77 where the kernel refuses the namespace.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

REFUSED = 77
_CLONE_NEWUSER = 0x10000000
_INSIDE_ID = 1000


def enter() -> None:
    """Moves this process into a new user namespace; OSError where that is not allowed."""
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    here = Path("/proc/self")
    (here / "setgroups").write_text("deny")
    (here / "uid_map").write_text(f"{_INSIDE_ID} {user} 1")
    (here / "gid_map").write_text(f"{_INSIDE_ID} {group} 1")


if __name__ == "__main__":
    try:
        enter()
    except (OSError, AttributeError) as refusal:
        sys.stderr.write(f"no user namespace: {refusal}\n")
        sys.exit(REFUSED)
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - that is what this file is for
