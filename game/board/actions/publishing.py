"""Whether the sheets of the board fit each other: asked when one is published and when all are seeded."""

from __future__ import annotations

from typing import Any

from game.board.actions.book import BOARD, CHAINS, LEVELS
from game.board.rules.content import check_content
from loyalty.sheets.actions import open_sheets
from loyalty.sheets.rules import Fault

KINDS = (CHAINS[0], BOARD[0], LEVELS[0])


async def faults_with(connection: Any, kind: str = "", candidate: Any = None) -> list[Fault]:
    """Every mistake between the sheets in force, with a parsed candidate in the place of the one of its kind."""
    sheets = await open_sheets(connection)
    found = {each[0]: await sheets.get(connection, *each) for each in (CHAINS, BOARD, LEVELS)}
    if kind:
        found[kind] = candidate
    chains, layout, levels = (found[each] for each in KINDS)
    if chains is None or layout is None or levels is None:
        return []
    return check_content(chains, layout, levels)
