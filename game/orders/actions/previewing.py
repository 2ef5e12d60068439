"""What sheets that are not in force would make of a board: shown and played, and nothing of it kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from game.board.actions import BOARD, CHAINS, LEVELS, BoardRead, read_board_of
from game.board.rules import moves
from game.board.rules.content import MOST_EXPERIENCE, Content
from game.board.rules.fitting import check_content
from game.board.rules.moves import Move
from game.orders.actions.reading import ORDERS, read_orders, write_orders
from game.orders.rules import Delivered, Table, Wall, Window, faults_beside, next_appointment, replay, take_in
from loyalty.members.rules import Member
from loyalty.refusals import Refused
from loyalty.sheets.actions import Parser, open_sheets
from loyalty.sheets.rules import Fault, SheetInvalid

_KINDS: tuple[tuple[str, str, Parser[Any]], ...] = (CHAINS, BOARD, LEVELS, ORDERS)
KINDS = tuple(kind for kind, _, _ in _KINDS)


@dataclass(frozen=True, slots=True)
class Previewed:
    """The board after the longest valid prefix of the moves that were tried, and why the next one was refused."""

    read: BoardRead
    appointment: Window | None
    applied: int
    refusal: Refused | None
    delivered: tuple[Delivered, ...]


async def preview(
    connection: Any, candidates: Mapping[str, Any], member: Member | None, level: int, asked: Sequence[Move],
    now: datetime,
) -> Previewed:  # fmt: skip
    """The board of a member, or the one that everybody starts with, under parsed candidates by kind (of `KINDS`).

    Sheets without a candidate are those in force at `now`. A board that starts is lifted to `level`. Taps and orders
    fall by a seed of zeros, the same in each preview and nobody's own; diamonds are plenty. Refuses SHEET_INVALID with
    what is wrong between the sheets.
    """
    sheets = await open_sheets(connection, now)
    found: list[Any] = [candidates.get(each[0]) or await sheets.get(connection, *each) for each in _KINDS]
    assert all(each is not None for each in found), "no sheets of the board: run `main.py season seed` first"
    chains, layout, levels, dials = found
    faults: list[Fault] = check_content(chains, layout, levels) + faults_beside(dials, chains, layout)
    if faults:
        raise SheetInvalid(faults)
    content, season = Content(chains, layout, levels), await sheets.season(connection)
    read = await read_board_of(connection, sheets, content, member.id if member else None, now)
    if member is None:
        _lift(read, level)
    wall = Wall(read.at, member.zone if member else season.zone)
    table = take_in(Table(read.board, read_orders(content, read.orders), len(read.orders) + 1), dials, wall)
    done = replay(table, dials, asked, read.at, wall, MOST_EXPERIENCE)
    board, waiting = done.table.board, done.table.orders
    shown = BoardRead(read.revision, board, write_orders(content, waiting), read.at)
    appointment = next_appointment(board, dials, waiting, done.table.had, wall)
    return Previewed(shown, appointment, done.applied, done.refusal, done.delivered)


def _lift(read: BoardRead, level: int) -> None:
    """Claims the levels up to one, as a member would who has the experience."""
    content = read.board.content
    for number in range(2, min(level, content.top_level()) + 1):
        wanted = content.level(number)
        assert wanted is not None, "levels have no gaps"
        read.board.experience = wanted.experience
        moves.apply(read.board, Move(moves.MoveKind.CLAIM_LEVEL, number), read.at)
    read.board.claimed.clear()
