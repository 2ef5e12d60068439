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
        cells=list(map(_words_of(content).read.__getitem__, row["cells"])),
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
    written = _words_of(board.content).written
    return f"[{','.join([written[_with_kind(board, cell) if cell & GENERATOR else cell] for cell in board.cells])}]"


def _with_kind(board: Board, cell: int) -> int:
    return board.generators[home_of(cell)].kind << _KIND_SHIFT | cell


class _Read(dict[str, int]):
    """Words -> the numbers that a content reads them as."""

    def __init__(self, content: Content) -> None:
        self.content = content

    def __missing__(self, word: str) -> int:
        found = self[word] = self.content.read_word(word)
        return found


class _Written(dict[int, str]):
    """Numbers of cells, above them the kind of a generator -> the words of a content, as JSON."""

    def __init__(self, content: Content) -> None:
        self.content = content

    def __missing__(self, key: int) -> str:
        found = self[key] = _json(self.content.write_word(key & _CELL_MASK, key >> _KIND_SHIFT))
        return found


class _Words:
    """The words of one content that were met: some thousands, since a cell holds goods, or one of few generators."""

    def __init__(self, content: Content) -> None:
        self.read = _Read(content)
        self.written = _Written(content)


# Above the flags of a cell's number.
_KIND_SHIFT = 32
_CELL_MASK = (1 << _KIND_SHIFT) - 1
_CONTENTS_MOST = 8
_words: dict[int, _Words] = {}


def _words_of(content: Content) -> _Words:
    found = _words.get(id(content))
    if found is None:
        if len(_words) >= _CONTENTS_MOST:
            _words.clear()
        # It holds the content, so that its identity stays its own.
        found = _words[id(content)] = _Words(content)
    return found


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
