"""Every table of every house in one metadata: what Alembic compares, and what privileges are granted on."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
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
    """The metadata with the tables of every flat: each `tables` module, or folder of that name, is imported."""
    for house in _HOUSES:
        for module in pkgutil.walk_packages(house.__path__, f"{house.__name__}."):
            if "tables" in module.name.split(".")[-2:]:
                importlib.import_module(module.name)
    return SQLModel.metadata


def is_append_only(table: Table) -> bool:
    """Whether the app's role may only read and insert: the table says `info={"append_only": True}`."""
    return bool(table.info.get("append_only"))
