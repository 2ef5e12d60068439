"""Whether the sheet of orders fits those of the board: asked when one of them is published and when all are seeded."""

from __future__ import annotations

from typing import Any

from game.board.actions import BOARD, CHAINS
from game.orders.actions.reading import ORDERS
from game.orders.rules import faults_beside
from loyalty.sheets.actions import open_sheets
from loyalty.sheets.rules import Fault

KINDS = (ORDERS[0], CHAINS[0], BOARD[0])


async def faults_with(connection: Any, kind: str = "", candidate: Any = None) -> list[Fault]:
    """Every mistake between the sheets in force, with a parsed candidate in the place of the one of its kind."""
    sheets = await open_sheets(connection)
    found = {each[0]: await sheets.get(connection, *each) for each in (ORDERS, CHAINS, BOARD)}
    if kind:
        found[kind] = candidate
    dials, chains, layout = (found[each] for each in KINDS)
    if dials is None or chains is None or layout is None:
        return []
    return faults_beside(dials, chains, layout)
