"""Under which account PostgreSQL runs: it refuses root, so root needs a user namespace or the account `nobody`."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

from api.runtime.embedded.errors import EmbeddedError

_ENTER = str(Path(__file__).with_name("enter.py"))


class Account:
    """How to start a program that owns `data`: directly, in a user namespace, or as `nobody`."""

    def __init__(self, data: Path) -> None:
        self._prefix: list[str] = []
        self._options: dict[str, Any] = {}
        self._owner: int | None = None
        if data.exists() and data.stat().st_uid != os.getuid() and os.getuid() != 0:
            raise EmbeddedError(
                f"{data} belongs to another account ({data.stat().st_uid}): "
                "run as that account, or choose another folder with MERGEMART_VAR"
            )
        if os.getuid() == 0:
            self._leave_root(data)

    def command(self, program: Path, *arguments: str) -> list[str]:
        """The command line that starts `program` under this account."""
        return [*self._prefix, str(program), *arguments]

    @property
    def options(self) -> dict[str, Any]:
        """What `subprocess` needs to know besides."""
        return dict(self._options)

    def own(self, folder: Path) -> None:
        """Hands a folder to the account, with all that is in it."""
        if self._owner is None:
            return
        for path in (folder, *folder.rglob("*")):
            if path.lstat().st_uid != self._owner:
                os.chown(path, self._owner, self._options["group"], follow_symlinks=False)

    def _leave_root(self, data: Path) -> None:
        made_by_nobody = data.exists() and data.stat().st_uid != 0
        if not made_by_nobody and _namespaces_work():
            self._prefix = [sys.executable, "-I", "-S", _ENTER]
            return
        nobody = pwd.getpwnam("nobody")
        self._owner = nobody.pw_uid
        self._options = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        for folder in reversed([data, *data.parents]):
            if folder.exists() and folder != data and not folder.stat().st_mode & stat.S_IXOTH:
                raise EmbeddedError(
                    f"PostgreSQL refuses to run as root, user namespaces are off here, and the account nobody cannot "
                    f"reach {folder}: set MERGEMART_VAR to a folder that everyone can reach, such as "
                    "/srv/mergemart, or run as an ordinary user"
                )


def _namespaces_work() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    probe = subprocess.run(
        [sys.executable, "-I", "-S", _ENTER, sys.executable, "-I", "-S", "-c", ""], check=False, capture_output=True
    )
    return probe.returncode == 0
