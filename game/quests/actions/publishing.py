"""Whether quests can be done by the sheets in force: asked when one of them is published and when all are seeded."""

from __future__ import annotations

from typing import Any

from game.board.actions import BOARD, LEVELS
from game.chests.actions import CHESTS
from game.orders.actions import ORDERS
from game.quests.actions.reading import QUESTS
from game.quests.rules.content import faults_beside
from game.quests.rules.limits import limits_of
from loyalty.sheets.actions import open_sheets
from loyalty.sheets.rules import Fault
from rewards.gacha.actions import RAILS

_BESIDE = (QUESTS, RAILS, BOARD, LEVELS, ORDERS, CHESTS)
KINDS = tuple(each[0] for each in _BESIDE)


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
    limits = limits_of(rails, layout, levels, dials, chests, await opened.season(connection))
    return faults_beside(sheet, limits)
