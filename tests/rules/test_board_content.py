"""The sheets of the board: what is shipped is whole, and every mistake is named at once."""

from __future__ import annotations

from typing import Any

import pytest

from game.board.rules.cells import BESIDE, CELLS, EMPTY, NEAREST
from game.board.rules.content import parse_chains, parse_layout, parse_levels
from game.board.rules.fitting import check_content
from game.orders.rules import parse_orders
from loyalty.sheets.rules import SheetInvalid, check_plain
from tests.playing import faults_of, new_table, sheet, shipped, words


def faults(parser: Any, kind: str, body: dict[str, Any]) -> str:
    with pytest.raises(SheetInvalid) as refused:
        parser(f"{kind}.current", body)
    return "\n".join(str(fault) for fault in refused.value.faults)


def between(**changed: dict[str, Any]) -> str:
    """What is wrong between the shipped sheets with some of them changed."""
    bodies = {kind: changed.get(kind) or sheet(kind) for kind in ("chains", "board", "levels")}
    chains = parse_chains("chains.current", bodies["chains"])
    layout = parse_layout("board.current", bodies["board"])
    levels = parse_levels("levels.current", bodies["levels"])
    return "\n".join(str(fault) for fault in check_content(chains, layout, levels))


def test_six_chains_of_eight_goods_are_shipped_each_with_names_and_an_emoji_of_its_own() -> None:
    content, _ = shipped()
    assert [chain.code for chain in content.chains] == [
        "dairy", "bakery", "frozen", "household", "oral-care", "produce",
    ]  # fmt: skip
    goods = [each for chain in content.chains for each in chain.levels]
    assert [len(chain.levels) for chain in content.chains] == [8] * 6
    assert len({each.emoji for each in goods}) == len({each.names["zh-TW"] for each in goods}) == 48
    assert all(check_plain(kind, sheet(kind)) == [] for kind in ("chains", "board", "levels", "orders"))


def test_the_board_that_everybody_starts_with_is_sound_and_hides_what_levels_open() -> None:
    table = new_table()
    assert faults_of(table) == []
    assert table.board.cells.count(EMPTY) >= 12
    content, _ = shipped()
    assert {words(table.board)[cell] for cell in content.sealed} >= {"?@crate.6", "?@cupboard.49"}


def test_neighbours_are_by_manhattan_distance_with_ties_by_index() -> None:
    assert NEAREST[24][:5] == (17, 23, 25, 31, 10)
    assert BESIDE[0] == (1, 7)
    assert BESIDE[62] == (55, 61)
    assert all(sorted((cell, *NEAREST[cell])) == list(range(CELLS)) for cell in range(CELLS))


def test_a_layout_names_every_mistake_at_once() -> None:
    body = sheet("board")
    body["cells"] = ["." if word.startswith("@") else word for word in body["cells"][:-1]]
    body["cells"][3] = "#@fridge"
    body["cells"][4] = "?@freezer"
    body["storage"] = -1
    body["generators"][0]["drops"][0]["weight"] = 0
    body["generators"][1]["colour"] = "red"
    said = faults(parse_layout, "board", body)
    for part in (
        "must have 63 cells, 9 rows of 7, not 62",
        "must have an infinite generator that is not in a box",
        "cells[3]: must be `.`",
        "cells[4]: there is no generator 'freezer'",
        "storage: must be a whole number",
        "generators[0].drops[0].weight",
        "generators[1].colour: is not known here",
    ):
        assert part in said, (part, said)


def test_chains_must_be_told_apart_and_have_five_to_twelve_levels() -> None:
    body = sheet("chains")
    body["chains"][1]["code"] = "dairy"
    body["chains"][2]["levels"][0]["emoji"] = "🥛"
    body["chains"][3]["levels"] = body["chains"][3]["levels"][:4]
    del body["chains"][4]["levels"][0]["name"]["zh-TW"]
    said = faults(parse_chains, "chains", body)
    for part in ("the code dairy stands 2 times", "the emoji 🥛 stands 2 times", "must have 5 to 12 tables, not 4",
                 "chains[4].levels[0].name.zh-TW"):  # fmt: skip
        assert part in said, (part, said)


def test_a_level_that_is_never_reached_is_a_mistake() -> None:
    body = sheet("levels")
    body["levels"][3]["experience"] = body["levels"][2]["experience"]
    body["levels"][5]["experience"] = 2**31
    body["levels"][6]["cells"] = [6, 63]
    body["levels"][7]["chains"] = ["frozen"]
    said = faults(parse_levels, "levels", body)
    for part in ("level 5 must need more than level 4", "levels[5].experience: must be a whole number",
                 "levels[6].cells: must be a list", "the chain frozen stands 2 times"):  # fmt: skip
        assert part in said, (part, said)


def test_orders_that_pay_no_experience_are_a_mistake_for_then_no_level_is_reached() -> None:
    body = {**sheet("orders"), "experience_per_mille": 0, "most_items": 4}
    said = faults(parse_orders, "orders", body)
    assert "experience_per_mille" in said
    assert "most_items" in said


def test_the_sheets_must_fit_each_other() -> None:
    chains, board, levels = sheet("chains"), sheet("board"), sheet("levels")
    chains["chains"][0]["code"] = "milk"
    board["cells"][2] = "#bakery.8"
    board["cells"][9] = "#bakery.9"
    board["generators"][1]["drops"] = board["generators"][1]["drops"][1:]
    board["generators"][2]["drops"][0]["level"] = 8
    levels["levels"][0]["cells"] = [23]
    levels["levels"][2]["chains"] = ["frost", "produce"]
    said = between(chains=chains, board=board, levels=levels)
    for part in (
        "cells[7]: there is no chain 'dairy'",
        "generators[0].drops[0].chain: there is no chain 'dairy'",
        "cells[2]: goods of the top level can never be freed",
        "cells[9]: bakery has the levels 1 to 8, not 9",
        "generators[1].drops: bakery must be dropped at level 1",
        "generators[2].drops[0].level: produce has 8 levels",
        "cells[6]: at level 1 nothing that crate drops is open yet",
        "levels[0].cells: cell 23 of the layout is no box",
        "levels[2].chains: there is no chain 'frost'",
    ):
        assert part in said, (part, said)


def test_a_board_without_room_to_work_in_is_a_mistake() -> None:
    board = sheet("board")
    board["cells"] = ["?dairy.1" if word == "." else word for word in board["cells"]]
    assert "are free or hold goods that can be moved; 12 are needed" in between(board=board)


def test_goods_and_generators_that_the_sheets_have_lost_are_kept_apart_and_never_merge() -> None:
    content, _ = shipped()
    lost = content.read_word("tobacco.3")
    assert content.write_word(lost) == "tobacco.3"
    assert content.goods(lost) is None
    assert content.chain_lengths[lost >> 4] == 0
    number = content.kind_number("humidor")
    assert content.kind(number) is None
    assert content.drops(number, 12) == (0, (), ())
