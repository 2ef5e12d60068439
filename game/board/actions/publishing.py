"""Whether the sheets of the board fit each other: asked when one is published and when all are seeded."""

from __future__ import annotations

from typing import Any

from game.board.actions.book import BOARD, CHAINS, LEVELS
from game.board.rules.content import check_content
from loyalty.sheets.actions import open_sheets
from loyalty.sheets.rules import SheetInvalid

KINDS = (CHAINS[0], BOARD[0], LEVELS[0])


async def check_sheets(connection: Any) -> None:
    """Refuses SHEET_INVALID with every mistake between the active sheets; with one of them missing there is none."""
    sheets = await open_sheets(connection)
    chains = await sheets.get(connection, *CHAINS)
    layout = await sheets.get(connection, *BOARD)
    levels = await sheets.get(connection, *LEVELS)
    if chains is None or layout is None or levels is None:
        return
    faults = check_content(chains, layout, levels)
    if faults:
        raise SheetInvalid(faults)
