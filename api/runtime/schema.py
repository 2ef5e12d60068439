"""Every table of every house in one metadata: what Alembic compares, and what privileges are granted on."""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path
from types import ModuleType

from sqlalchemy import MetaData, Table
from sqlmodel import SQLModel

import api
import game
import loyalty
import rewards

_HOUSES: tuple[ModuleType, ...] = (loyalty, rewards, game, api)


@cache
def metadata() -> MetaData:
    """The metadata with the tables of every flat: each `tables` module, or folder of that name, is imported.

    Found as files, since a walk through packages would bring in all of them, consoles and pages too.
    """
    for house in _HOUSES:
        root = Path(house.__path__[0])
        for path in sorted([*root.rglob("tables.py"), *root.rglob("tables/*.py")]):
            importlib.import_module(".".join((house.__name__, *path.relative_to(root).with_suffix("").parts)))
    return SQLModel.metadata


def is_append_only(table: Table) -> bool:
    """Whether the app's role may only read and insert: the table says `info={"append_only": True}`."""
    return bool(table.info.get("append_only"))


def partition_months(table: Table) -> int:
    """How many months one partition of the table holds; 0 where it is not partitioned by time."""
    return int(table.info.get("partition_months", 0))


def is_declared(name: str | None, kind: str) -> bool:
    """For comparisons with the database: whether something is declared here. Partitions come and go by themselves."""
    parents = [table.name for table in metadata().tables.values() if partition_months(table)]
    pattern = rf"({'|'.join(parents)})_(earlier|later|\d{{4}}_\d{{2}})"
    return not (kind == "table" and name is not None and re.fullmatch(pattern, name))
