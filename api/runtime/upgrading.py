"""Alembic's part of a migration; apart, since a database that lacks no revision needs none of it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

_ROOT = Path(__file__).resolve().parents[2]


def configuration() -> Config:
    """Alembic's configuration, read from pyproject.toml."""
    return Config(toml_file=str(_ROOT / "pyproject.toml"))


def upgrade(connection: Connection) -> None:
    """Runs the revisions that the database lacks, in the connection's transaction."""
    settings = configuration()
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")
