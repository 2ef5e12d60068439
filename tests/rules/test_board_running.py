"""New content under boards that are being played: goods and generators whose chain is gone become others by a rule."""

from __future__ import annotations

from typing import Any

import pytest

from game.board.rules import cells
from game.board.rules.cells import CELLS
from game.board.rules.content import Content, parse_chains, parse_layout, parse_levels
from game.board.rules.fitting import check_content
from game.board.rules.moves import Move, MoveKind, apply
from game.board.rules.running import check_in_play, in_play
from loyalty.sheets.rules import SheetInvalid
from tests.playing import NOW, new_table, put, sheet, words


def parsed(**changed: Any) -> Any:
    bodies = {kind: changed.get(kind) or sheet(kind) for kind in ("chains", "board", "levels")}
    return (
        parse_chains("chains.current", bodies["chains"]),
        parse_layout("board.current", bodies["board"]),
        parse_levels("levels.current", bodies["levels"]),
    )


def left_out(**changed: Any) -> str:
    """What boards of the shipped sheets miss under changed ones."""
    chains, layout, _ = parsed()
    return "\n".join(str(fault) for fault in check_in_play(in_play([chains], [layout]), *parsed(**changed)))


def without(code: str, **taker: Any) -> dict[str, Any]:
    """The chains with one of them gone; `taker` changes the first that stays."""
    body = sheet("chains")
    body["chains"] = [chain for chain in body["chains"] if chain["code"] != code]
    body["chains"][0].update(taker)
    return body


def test_the_shipped_sheets_go_on_under_themselves() -> None:
    assert left_out() == ""
    assert check_content(*parsed()) == []


def test_a_chain_in_use_is_kept_or_taken_by_one_that_is_as_long() -> None:
    assert "boards hold goods of produce" in left_out(chains=without("produce"))
    assert left_out(chains=without("produce", takes=["produce"])) == ""
    short = without("produce", takes=["produce"])
    short["chains"][0]["levels"] = short["chains"][0]["levels"][:6]
    said = left_out(chains=short)
    assert "dairy has 6 levels, and boards hold goods of dairy up to level 8" in said
    assert "dairy has 6 levels, and boards hold goods of produce up to level 8" in said


def test_a_chain_that_an_earlier_version_took_stays_taken() -> None:
    chains, layout, levels = parsed(chains=without("produce", takes=["produce"]))
    [fault] = check_in_play(in_play([chains], [layout]), *parsed(chains=without("produce")))
    assert "boards hold goods of produce" in str(fault)
    assert check_in_play(in_play([chains], [layout]), chains, layout, levels) == []


def test_a_generator_in_use_is_kept_or_taken_by_one_whose_goods_are_open() -> None:
    body = sheet("board")
    body["cells"] = [word.replace("@oven", "@stove") for word in body["cells"]]
    body["generators"][1]["code"] = "stove"
    assert "boards have the generator oven" in left_out(board=body)
    body["generators"][1]["takes"] = ["oven"]
    assert left_out(board=body) == ""
    body["generators"][1]["drops"] = [{"chain": "frozen", "level": 1, "weight": 1}]
    rule = "some boards began with oven alone: stove must be infinite and drop goods open from level 1"
    assert rule in left_out(board=body)
    del body["generators"][1]["cooldown_seconds"]
    body["generators"][1].update(kind="finite", drops=[{"chain": "bakery", "level": 1, "weight": 1}])
    assert rule in left_out(board=body)


def test_one_code_is_not_taken_twice_nor_while_it_is_there() -> None:
    body = without("produce", takes=["produce", "bakery"])
    body["chains"][2]["takes"] = ["produce"]
    with pytest.raises(SheetInvalid) as refused:
        parse_chains("chains.current", body)
    said = "\n".join(str(fault) for fault in refused.value.faults)
    assert "the code produce stands 2 times" in said
    assert "the code bakery stands 2 times" in said


def test_words_of_what_was_taken_are_read_as_the_taker_s_and_merge_with_its_goods() -> None:
    board = sheet("board")
    board["cells"] = [word.replace("@crate", "@farm") for word in board["cells"]]
    board["generators"][2].update(code="farm", takes=["crate"], drops=[{"chain": "dairy", "level": 1, "weight": 1}])
    content = Content(*parsed(chains=without("produce", takes=["produce"]), board=board))
    for word in ("produce.3", "#produce.3", "?produce.3", "?#produce.3"):
        assert content.write_word(content.read_word(word)) == word.replace("produce", "dairy")
    assert cells.units_of(content.read_word("produce.3")) == 4
    assert content.kind_number("crate") == content.kind_number("farm") == 2

    table = new_table()
    table.board.content = content
    table.board.cells = [content.read_word(word) for word in ["."] * CELLS]
    put(table.board, {10: "produce.2", 11: "dairy.2"})
    apply(table.board, Move(MoveKind.MERGE, 10, 11), NOW)
    assert words(table.board)[11] == "dairy.3"
