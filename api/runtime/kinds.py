"""Every kind of event of every flat: gathered once at start, where two of one name are a fault."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType, ModuleType

import game
import loyalty
import rewards
from loyalty.timeline.rules import EventKind, index_kinds

_HOUSES: tuple[ModuleType, ...] = (loyalty, rewards, game)


def gather_kinds() -> Mapping[str, EventKind]:
    """Each flat's `facts.KINDS` by name; asserts that no two agree in name and that each flat lists all its own."""
    found: list[EventKind] = []
    for house in _HOUSES:
        for module in pkgutil.walk_packages(house.__path__, f"{house.__name__}."):
            if module.name.endswith(".facts"):
                facts = importlib.import_module(module.name)
                declared = {each.name for each in vars(facts).values() if isinstance(each, EventKind)}
                assert declared == {each.name for each in facts.KINDS}, f"{module.name}.KINDS lists every kind"
                found += facts.KINDS
    return MappingProxyType(index_kinds(found))


KINDS = gather_kinds()
