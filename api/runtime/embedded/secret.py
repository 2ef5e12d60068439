"""The secret of an embedded installation: what keys and codes are hashed with, kept beside the data."""

from __future__ import annotations

import os
from pathlib import Path

from api.runtime.clock import SystemDice

_BYTES = 32


def kept_secret(path: Path) -> bytes:
    """The secret in `path`: made at first use, readable by its owner alone, then always the same."""
    if not path.exists():
        made = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(SystemDice().bytes(_BYTES))
        try:
            os.link(made, path)
        except FileExistsError:
            pass  # another process was first: theirs stays
        finally:
            made.unlink()
    return path.read_bytes()
