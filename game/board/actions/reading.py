"""Boards for reading: nothing is written, opened or taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from game.board import store
from game.board.actions.book import load_content, parse_row
from game.board.actions.rows import read_board_row
from game.board.rules import moves
from game.board.rules.content import Content
from game.board.rules.moves import Board
from game.energy.rules import next_at
from loyalty.sheets.actions import Sheets, open_sheets
from loyalty.tiers.actions import LADDER, read_tiers

_NO_SEED = bytes(32)


@dataclass(frozen=True, slots=True)
class BoardRead:
    """A board as of `at`, energy settled. `revision` 0: not opened yet, this is how it will start."""

    revision: int
    board: Board
    orders: list[Any]
    at: datetime

    @property
    def changes_at(self) -> datetime | None:
        """When time alone changes it next; None: never.

        A unit of energy comes back, a generator is refilled or makes a charge, or the time of a bubble is over.
        """
        board = self.board
        waiting = [each.ready_at for each in board.generators.values()]
        ending = [each.expires_at for each in board.bubbles.values()]
        unit = next_at(board.energy, board.energy_cap, board.content.layout.energy_seconds)
        return min((each for each in (unit, *waiting, *ending) if each is not None), default=None)


async def read_board(connection: Any, member_id: UUID, now: datetime, opened: Sheets | None = None) -> BoardRead:
    """A member's board as it stands at `now`; the one that everybody starts with where he has none yet.

    `opened` are the sheets of `now`, where the caller has opened them already.
    """
    sheets = opened or await open_sheets(connection, now)
    content = await load_content(sheets, connection)
    return await read_board_of(connection, sheets, content, member_id, now)


async def read_board_of(
    connection: Any, sheets: Sheets, content: Content, member_id: UUID | None, now: datetime
) -> BoardRead:
    """The same under any content; without a member the board that everybody starts with, in the lowest tier."""
    ladder = await sheets.get(connection, *LADDER)
    assert ladder is not None, "no ladder sheet: run `main.py season seed` first"
    if member_id is None:
        return read_row(content, None, ladder.tiers[0].energy_cap, now)
    cap = (await read_tiers(connection, ladder, [member_id]))[member_id].energy_cap
    rows = await store.load_boards(connection, [member_id])
    return read_row(content, parse_row(dict(rows[0])) if rows else None, cap, now)


async def read_levels(connection: Any, member_ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Level and experience of those members who opened a board."""
    rows = await store.load_levels(connection, member_ids)
    return {row["member_id"]: (row["level"], row["experience"]) for row in rows}


def read_row(content: Content, row: Mapping[str, Any] | None, energy_cap: int, now: datetime) -> BoardRead:
    """The same from a row whose JSON and times are already read; None where there is no row."""
    if row is None:
        return BoardRead(0, moves.start_board(content, _NO_SEED, energy_cap, now), [], now)
    board = read_board_row(content, row, _NO_SEED, energy_cap)
    at = max(now, row["updated_at"])
    moves.settle(board, at)
    for generator in board.generators.values():
        moves.refresh(board, generator, at)
    return BoardRead(row["revision"], board, row["orders"], at)
