"""Whether quests can be done by the sheets in force: asked when one of them is published and when all are seeded."""

from __future__ import annotations

from typing import Any

from game.board.actions import BOARD, LEVELS
from game.chests.actions import CHESTS
from game.orders.actions import ORDERS
from game.orders.rules import most_units
from game.quests.actions.reading import QUESTS
from game.quests.rules.content import Limits, faults_beside
from loyalty.sheets.actions import open_sheets
from loyalty.sheets.rules import Fault
from rewards.gacha.actions import RAILS

_BESIDE = (QUESTS, RAILS, BOARD, LEVELS, ORDERS, CHESTS)
KINDS = tuple(each[0] for each in _BESIDE)
_NO_CAP = 10**6


async def faults_with(connection: Any, kind: str = "", candidate: Any = None) -> list[Fault]:
    """Every quest that asks for more than can happen, with a parsed candidate in the place of the one of its kind.

    A season may be made shorter without asking: a quest that finds no room in it is not shown.
    """
    opened = await open_sheets(connection)
    found: dict[str, Any] = {each[0]: await opened.get(connection, *each) for each in _BESIDE}
    if kind:
        found[kind] = candidate
    sheet, rails, layout, levels, dials, chests = (found[each] for each in KINDS)
    if any(each is None for each in found.values()):
        return []
    season = await opened.season(connection)
    top_level = 1 + len(levels)
    whole = season.starts is not None and season.ends is not None
    limits = Limits(
        draws_day=rails.minor_day,
        draws_month=rails.month,
        energy_day=86_400 // layout.energy_seconds,
        order_units=max(most_units(dials, level, _NO_CAP) for level in range(1, top_level + 1)),
        order_every=chests.order_every,
        chest_seconds=max(each.unlock_seconds for each in chests.kinds),
        chest_slots=chests.slots,
        levels=top_level - 1,
        season_days=(season.ends - season.starts).days if whole and season.ends and season.starts else None,
    )
    return faults_beside(sheet, limits)
