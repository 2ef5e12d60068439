"""The boards of locked members: opened with what waited for them, changed in memory, saved once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from game.board import facts, store
from game.board.actions.rows import (
    read_board_row,
    write_bubbles,
    write_cells,
    write_generators,
    write_inbox,
    write_storage,
)
from game.board.rules import moves
from game.board.rules.content import Content, parse_chains, parse_layout, parse_levels
from game.board.rules.moves import Board
from loyalty.grants import actions as grants
from loyalty.grants.rules import GrantKind, Taken
from loyalty.sheets.actions import Sheets
from loyalty.tiers.actions import LADDER, read_tiers
from loyalty.timeline.actions import Timeline
from loyalty.work import Work

CHAINS = ("chains", "current", parse_chains)
BOARD = ("board", "current", parse_layout)
LEVELS = ("levels", "current", parse_levels)
SEED_BYTES = 32
_JSON = ("cells", "generators", "storage", "inbox", "orders", "bubbles")

# Active bodies are immutable, so what was made of three digests stays true for good.
_contents: dict[tuple[bytes, bytes, bytes], Content] = {}


@dataclass(slots=True)
class OpenBoard:
    """One member's open board. `orders` is what the flat of that name keeps; `at` is when it was changed last.

    Whoever changes anything sets `dirty`; `settle_revision` then counts one revision up.
    """

    member_id: UUID
    revision: int
    board: Board
    orders: list[Any]
    next_order: int
    created_at: datetime
    at: datetime
    dirty: bool = False

    def moment(self, now: datetime) -> datetime:
        """`now`, or when the board was changed last where another server's clock ran ahead."""
        return max(self.at, now)

    def settle_revision(self, now: datetime) -> None:
        """Ends one command: what it changed is one revision."""
        if self.dirty:
            self.revision += 1
            self.at = self.moment(now)
            self.dirty = False


class Boards:
    """The boards that one batch has open."""

    def __init__(self, content: Content, boards: dict[UUID, OpenBoard]) -> None:
        self.content = content
        self._boards = boards
        self._revisions = {each: board.revision for each, board in boards.items() if board.revision}

    def board(self, member_id: UUID) -> OpenBoard:
        return self._boards[member_id]

    async def save(self, work: Work) -> None:
        """Writes each board that changed once, in its final state."""
        rows = []
        for member_id in sorted(self._boards):
            each = self._boards[member_id]
            each.settle_revision(each.at)
            if each.revision != self._revisions.get(member_id):
                rows.append(_row(each))
        if rows:
            await store.save_boards(work, rows)


async def load_content(sheets: Sheets, connection: Any) -> Content:
    """The content of the three active sheets; asserts that they were seeded."""
    named = [(kind, key) for kind, key, _ in (CHAINS, BOARD, LEVELS)]
    assert all(name in sheets.heads for name in named), "no sheets of the board: run `main.py season seed` first"
    chains_sha, board_sha, levels_sha = (sheets.heads[name].sha256 for name in named)
    digests = (chains_sha, board_sha, levels_sha)
    if digests not in _contents:
        chains = await sheets.get(connection, *CHAINS)
        layout = await sheets.get(connection, *BOARD)
        levels = await sheets.get(connection, *LEVELS)
        assert chains is not None
        assert layout is not None
        assert levels is not None
        _contents[digests] = Content(chains, layout, levels)
    return _contents[digests]


async def open_boards(work: Work, sheets: Sheets, timeline: Timeline, asks: Iterable[tuple[UUID, datetime]]) -> Boards:
    """Opens the boards of (member, now) pairs; the first `now` of a member counts. Expects the members' locks.

    Who has none gets the board that everybody starts with. Energy and goods that receipts and prizes gave are taken
    here, once each: energy at once, goods into the inbox. Bubbles whose time is over are gone.
    """
    first: dict[UUID, datetime] = {}
    for member_id, now in asks:
        first.setdefault(member_id, now)
    ids = sorted(first)
    content = await load_content(sheets, work.connection)
    ladder = await sheets.get(work.connection, *LADDER)
    assert ladder is not None, "no ladder sheet: run `main.py season seed` first"
    tiers = await read_tiers(work.connection, ladder, ids)
    rows = {row["member_id"]: row for row in await store.load_boards(work.connection, ids)}
    opened: dict[UUID, OpenBoard] = {}
    for member_id in ids:
        cap = tiers[member_id].energy_cap
        if member_id in rows:
            opened[member_id] = _open(content, rows[member_id], cap, first[member_id])
        else:
            opened[member_id] = _start(work, timeline, content, member_id, cap, first[member_id])
    kinds = (GrantKind.ENERGY, GrantKind.GOODS)
    taken = await grants.consume(work, first, kinds)
    for member_id, gifts in taken.items():
        _take(work, timeline, opened[member_id], gifts, opened[member_id].moment(first[member_id]))
    return Boards(content, opened)


def parse_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the driver with its JSON read."""
    return {**row, **{name: orjson.loads(row[name]) for name in _JSON}}


def _open(content: Content, row: Any, energy_cap: int, now: datetime) -> OpenBoard:
    read = parse_row(dict(row))
    board = read_board_row(content, read, read["seed"], energy_cap)
    opened = OpenBoard(
        read["member_id"], read["revision"], board, read["orders"], read["next_order"], read["created_at"],
        read["updated_at"],
    )  # fmt: skip
    opened.dirty = moves.burst(board, opened.moment(now))
    return opened


def _start(
    work: Work, timeline: Timeline, content: Content, member_id: UUID, energy_cap: int, now: datetime
) -> OpenBoard:
    board = moves.start_board(content, work.dice.bytes(SEED_BYTES), energy_cap, now)
    timeline.record(work, member_id, facts.BOARD_OPENED, now, {"units": board.units})
    return OpenBoard(member_id, 0, board, [], 1, now, now, dirty=True)


def _take(work: Work, timeline: Timeline, opened: OpenBoard, gifts: Sequence[Taken], now: datetime) -> None:
    for gift in gifts:
        told: dict[str, Any] = {"kind": gift.kind.value, "amount": gift.amount, "source": gift.source}
        if gift.kind is GrantKind.ENERGY:
            moves.give_energy(opened.board, gift.amount, now)
        else:
            item = moves.give_goods(opened.board, gift.id.bytes, gift.amount)
            told["goods"] = opened.board.content.write_word(item)
        timeline.record(work, opened.member_id, facts.GIFT_TAKEN, now, told)
        opened.dirty = True


def _row(opened: OpenBoard) -> tuple[Any, ...]:
    board = opened.board
    return (
        opened.member_id, opened.revision, board.seed, write_cells(board), write_generators(board),
        write_storage(board), write_inbox(board), orjson.dumps(opened.orders).decode(),
        opened.next_order, board.level, board.experience, board.energy.amount, board.energy.at, board.units,
        board.merges, write_bubbles(board), opened.created_at, opened.at,
    )  # fmt: skip
