"""A board as its row holds it: words and small JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from game.board.rules.bubbles import Bubble
from game.board.rules.cells import GENERATOR, home_of
from game.board.rules.content import Content
from game.board.rules.generators import Generator
from game.board.rules.moves import Board
from game.energy.rules import Energy


def read_board_row(content: Content, row: Mapping[str, Any], seed: bytes, energy_cap: int) -> Board:
    """The board of a row whose JSON is already read. Reading alone needs no seed."""
    return Board(
        content=content,
        seed=seed,
        cells=[content.read_word(word) for word in row["cells"]],
        generators={
            int(home): Generator(
                content.kind_number(code), taps, charges, datetime.fromisoformat(ready_at) if ready_at else None
            )
            for home, (code, taps, charges, ready_at) in row["generators"].items()
        },
        storage=[content.read_word(word) for word in row["storage"]],
        inbox=[(content.read_word(word), count) for word, count in row["inbox"]],
        level=row["level"],
        experience=row["experience"],
        energy=Energy(row["energy"], row["energy_at"]),
        energy_cap=energy_cap,
        units=row["units"],
        merges=row["merges"],
        bubbles={
            int(cell): Bubble(datetime.fromisoformat(expires_at), diamonds)
            for cell, (expires_at, diamonds) in row["bubbles"].items()
        },
    )


def write_cells(board: Board) -> str:
    return _json([
        board.content.write_word(cell, board.generators[home_of(cell)].kind if cell & GENERATOR else 0)
        for cell in board.cells
    ])  # fmt: skip


def write_generators(board: Board) -> str:
    return _json({
        str(home): [
            board.content.kind_codes[each.kind], each.taps, each.charges,
            each.ready_at.isoformat() if each.ready_at else None,
        ]
        for home, each in board.generators.items()
    })  # fmt: skip


def write_bubbles(board: Board) -> str:
    return _json({str(cell): [each.expires_at.isoformat(), each.diamonds] for cell, each in board.bubbles.items()})


def write_storage(board: Board) -> str:
    return _json([board.content.write_word(item) for item in board.storage])


def write_inbox(board: Board) -> str:
    return _json([[board.content.write_word(item), count] for item, count in board.inbox])


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
