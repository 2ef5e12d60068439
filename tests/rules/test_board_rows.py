"""Rows of boards: words that are remembered against those that a content reads and writes anew."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import orjson
import pytest

from game.board.actions import rows
from game.board.rules.cells import GENERATOR, home_of
from game.board.rules.moves import Board
from tests.playing import SEED, Player, lively, new_table, shipped

_JSON = ("cells", "generators", "storage", "inbox", "bubbles")


def row_of(board: Board) -> dict[str, Any]:
    plain = {name: orjson.loads(getattr(rows, f"write_{name}")(board)) for name in _JSON}
    return {
        **plain, "level": board.level, "experience": board.experience, "energy": board.energy.amount,
        "energy_at": board.energy.at, "units": board.units, "merges": board.merges,
    }  # fmt: skip


def words_anew(board: Board) -> str:
    words = [
        board.content.write_word(cell, board.generators[home_of(cell)].kind if cell & GENERATOR else 0)
        for cell in board.cells
    ]
    return orjson.dumps(words).decode()


@pytest.mark.parametrize("content", [shipped()[0], lively()], ids=["shipped", "lively"])
def test_boards_are_written_and_read_as_if_no_word_were_remembered(content: Any, seed: int) -> None:
    player = Player(random.Random(seed), new_table(content=content))
    for step in range(900):
        if step % 25 == 0:
            player.now += timedelta(minutes=40)
        player.step()
        if step % 30 == 0:
            board = player.table.board
            assert rows.write_cells(board) == words_anew(board)
            row = row_of(board)
            again = rows.read_board_row(content, row, SEED, board.energy_cap)
            assert again.cells == [content.read_word(word) for word in row["cells"]] == board.cells
            assert again.generators == board.generators
            assert (again.storage, again.inbox, again.bubbles) == (board.storage, board.inbox, board.bubbles)


def test_generators_of_two_kinds_from_one_home_have_words_of_their_own() -> None:
    board = new_table(content=lively()).board
    home = next(iter(board.generators))
    for kind in (0, 1, 0, len(board.content.kind_codes) - 1):
        board.generators[home].kind = kind
        assert rows.write_cells(board) == words_anew(board)


def test_words_of_a_content_that_the_sheets_have_lost_stay_what_they_are() -> None:
    board = new_table().board
    row = row_of(board)
    row["cells"][0] = "gone.3"
    for _ in range(2):
        again = rows.read_board_row(board.content, row, SEED, board.energy_cap)
        assert orjson.loads(rows.write_cells(again)) == row["cells"]


def test_the_words_of_few_contents_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_words", {})
    boards = [new_table(content=lively.__wrapped__()).board for _ in range(20)]
    for board in boards:
        assert rows.write_cells(board) == words_anew(board)
    assert 0 < len(rows._words) <= 8
