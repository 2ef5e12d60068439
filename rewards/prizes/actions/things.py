"""Which things there are: the sheet in force, and the versions that prizes were won under."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from loyalty.sheets import actions as sheets
from loyalty.sheets.actions import Sheets
from rewards.prizes.rules.law import DEFAULT_LAW, Law, parse_law
from rewards.prizes.rules.law import KIND as LAW
from rewards.prizes.rules.things import KIND, Thing, parse_thing

Version = tuple[str, int]
# Bodies are immutable once in force, so what was parsed once stays true for good.
_things: dict[Version, Thing] = {}


async def find_thing(connection: Any, opened: Sheets, slug: str) -> tuple[int, Thing] | None:
    """The version in force and what it says; None where no such sheet is."""
    found = await opened.get(connection, KIND, slug, parse_thing)
    return (opened.version(KIND, slug), found) if found else None


def list_slugs(opened: Sheets) -> list[str]:
    """Every thing that there is."""
    return sorted(key for kind, key in opened.heads if kind == KIND)


async def load_things(connection: Any, versions: Iterable[Version]) -> dict[Version, Thing]:
    """What versions say, from the process's memory where it knows them."""
    wanted = set(versions)
    for slug, version in sorted(wanted - _things.keys()):
        for each in await sheets.load_scheduled(connection, KIND, slug, version - 1, version):
            _things[slug, version] = parse_thing(f"{KIND}.{slug}", json.loads(each.body))
    return {key: _things[key] for key in wanted}


async def law_of(connection: Any, opened: Sheets, jurisdiction: str) -> Law:
    """The dials in force."""
    return await opened.get(connection, LAW, jurisdiction, parse_law) or DEFAULT_LAW
