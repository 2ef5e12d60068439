"""Boards as they are sent: what is remembered of cells against cells that are made and written anew."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest
import strawberry

from api.graphql import boards
from api.graphql.boards import BoardNode, show_board
from api.graphql.documents import Documents
from api.graphql.schema import make_schema
from game.board.actions import BoardRead
from game.board.rules.cells import BOX
from game.board.rules.moves import Board
from tests.plans import answer_by_plan
from tests.playing import NOW, Player, lively, new_table

SELECTIONS = (
    "cells { index kind item { chain level name emoji top sponsor } opensAtLevel expiresAt popDiamonds "
    "generator { code name kind charges mostCharges readyAt autoSeconds } }",
    "cells { i: index item { chain } again: index }",
)


@strawberry.type
class Query:
    @strawberry.field
    def board(self, info: strawberry.Info[Any, None]) -> BoardNode:
        node: BoardNode = info.context
        return node


SCHEMA = make_schema(Query)
DOCUMENTS = Documents(SCHEMA)


async def planned(selection: str, node: BoardNode) -> bytes:
    data = await answer_by_plan(DOCUMENTS, f"{{ board {{ {selection} }} }}", {}, node)
    assert data is not None
    return orjson.dumps(data)


async def executed(selection: str, node: BoardNode) -> bytes:
    """What the executor sends of the same board, shown by a process that remembers nothing."""
    done = await SCHEMA.execute(f"{{ board {{ {selection} }} }}", context_value=node)
    assert done.errors is None
    return orjson.dumps(done.data)


def played(seed: int) -> list[Board]:
    """Boards in the middle of play, with bubbles, and with boxes that levels open, before and after those levels."""
    player = Player(random.Random(seed), new_table(content=lively()))
    found = []
    for step in range(600):
        player.step()
        if step % 40 == 0:
            found.append(player.table.board.copy())
    assert any(board.bubbles for board in found)
    board = found[-1]
    for level in {*board.content.sealed.values()}:
        for reached in (level - 1, level):
            other = board.copy()
            other.level = reached
            for cell in board.content.sealed:
                other.cells[cell] |= BOX
            found.append(other)
    return found


@pytest.mark.parametrize("locale", ["en", "zh-TW"])
async def test_cells_are_sent_as_if_nothing_were_remembered(
    locale: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered: dict[Any, Any] = {}
    boards_played = played(seed)
    for board in boards_played * 2:
        read = BoardRead(1, board, [], NOW)
        for selection in SELECTIONS:
            monkeypatch.setattr(boards, "_known", {})
            expected = await executed(selection, show_board(read, locale))
            monkeypatch.setattr(boards, "_known", remembered)
            assert await planned(selection, show_board(read, locale)) == expected
    [known] = remembered.values()
    assert len(known.cells) > 63
    assert all(cell.kept for cell in known.cells.values())
    assert all(cell.kept and not cell.generator.ready_at for cell in known.generators.values())
    assert len({each.ready_at for board in boards_played for each in board.generators.values()}) > 1


async def test_how_many_cells_are_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "_known", {})
    monkeypatch.setattr(boards, "_CELLS_MOST", 70)
    monkeypatch.setattr(boards, "_GENERATORS_MOST", 5)
    for board in played(1):
        shown = show_board(BoardRead(1, board, [], NOW), "en")
        assert [each.index for each in shown.cells] == list(range(63))
    [known] = boards._known.values()
    assert 0 < len(known.cells) <= 70
    assert 0 < len(known.generators) <= 5
