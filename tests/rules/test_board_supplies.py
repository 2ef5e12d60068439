"""Finite and automatic generators, and bubbles: what they give, what they cost, and when they go."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from game.board.actions.reading import BoardRead
from game.board.rules import generators, moves
from game.board.rules.cells import EMPTY
from game.board.rules.content import Content, GeneratorKind, Supply, parse_chains, parse_layout, parse_levels
from game.board.rules.dials import PPM
from game.board.rules.fitting import check_content
from game.board.rules.generators import Generator
from game.board.rules.moves import Board, Move, MoveKind
from game.board.rules.rolls import roll
from game.energy.rules import Energy
from game.orders import rules as orders
from game.refusals import GameCode, GameRefused
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.sheets.rules import SheetInvalid
from tests.playing import GREENHOUSE, NOW, TASTED, TASTINGS, lively, new_table, put, sheet, shipped, words

SECOND = timedelta(seconds=1)
STEP = timedelta(seconds=900)


def a_board() -> Board:
    """The lively board with its free generators alone."""
    board = new_table(content=lively()).board
    board.cells = [cell if word[0] == "@" else EMPTY for word, cell in zip(words(board), board.cells, strict=True)]
    board.generators = {home: made for home, made in board.generators.items() if board.cells[home]}
    return put(board, {})


def tap(board: Board, cell: int, at: Any = NOW) -> None:
    moves.apply(board, Move(MoveKind.TAP, cell), at)


def refused(board: Board, move: Move, at: Any = NOW) -> Refused:
    with pytest.raises((GameRefused, LoyaltyRefused)) as caught:
        moves.apply(board, move, at)
    return caught.value


# --- finite generators


def test_a_finite_generator_gives_its_charges_once_and_leaves_its_cell_empty() -> None:
    board = a_board()
    for number in range(TASTED):
        assert words(board)[TASTINGS] == f"@tastings.{TASTINGS}", number
        tap(board, TASTINGS)
    assert words(board)[TASTINGS] == "."
    assert TASTINGS not in board.generators
    assert board.energy.amount == 100 - TASTED
    assert refused(board, Move(MoveKind.TAP, TASTINGS)).code is GameCode.CELL_EMPTY


def test_no_order_asks_for_what_only_a_finite_or_automatic_generator_drops() -> None:
    board = a_board()
    owned = moves.owned_chains(board)
    assert [board.content.chain_codes[each] for each in owned] == ["dairy", "bakery"], "no produce of the greenhouse"
    table = orders.take_in(orders.Table(board, (), 1), shipped()[1])
    for _ in range(TASTED):
        tap(board, TASTINGS)
    assert orders.take_in(table, shipped()[1]) == table, "no order became impossible"


def test_a_board_whose_last_infinite_generator_a_sheet_made_finite_still_plays(seed: int) -> None:
    """The layout may have another one, where this board has a box yet."""
    content, dials = shipped()
    kinds = tuple(
        replace(each, supply=Supply.FINITE) if each.code in ("fridge", "oven") else each
        for each in content.layout.generators
    )
    changed = Content(content.chains, replace(content.layout, generators=kinds), content.levels)
    board = new_table(seed.to_bytes(32)).board
    board.content = changed
    assert moves.owned_chains(board) == []
    table = orders.take_in(orders.Table(board, (), 1), dials)
    assert (table.orders, table.next_number) == ((), 1)
    assert moves.give_goods(board, b"grant", 1) > 0
    assert orders.replay(table, dials, [Move(MoveKind.TAP, 23), Move(MoveKind.UNPACK, 0, 45)], NOW).applied == 2


# --- automatic generators


def auto(charges: int = 6) -> GeneratorKind:
    return GeneratorKind("garden", {"en": "", "zh-TW": ""}, "", Supply.AUTO, charges, 0, 900, ())


def test_an_automatic_generator_takes_no_energy_and_says_when_it_has_a_charge_again() -> None:
    board = a_board()
    board.energy = Energy(0, NOW)
    for _ in range(6):
        tap(board, GREENHOUSE)
    assert board.energy == Energy(0, NOW)
    told = refused(board, Move(MoveKind.TAP, GREENHOUSE))
    assert (told.code, told.retryable, told.retry_at) == (GameCode.NO_CHARGES, True, NOW + STEP)
    assert refused(board, Move(MoveKind.TAP, GREENHOUSE), NOW + STEP - SECOND).code is GameCode.NO_CHARGES
    tap(board, GREENHOUSE, NOW + STEP)
    assert refused(board, Move(MoveKind.TAP, GREENHOUSE), NOW + STEP).retry_at == NOW + 2 * STEP


def test_charges_are_the_same_however_often_one_looks_and_a_clock_that_goes_back_stands_still(seed: int) -> None:
    for number in range(200):
        steps = [(seed + number * 37 + each * each * 113) % 1_700 - 200 for each in range(20)]
        often = Generator(0, 0, 0, NOW + STEP)
        now, latest = NOW, NOW
        for step in steps:
            now += step * SECOND
            latest = max(latest, now)
            before = often.charges
            generators.refresh(auto(), often, now)
            assert often.charges >= before
        once = Generator(0, 0, 0, NOW + STEP)
        generators.refresh(auto(), once, latest)
        assert (often.charges, often.ready_at) == (once.charges, once.ready_at)
        made = min(6, (latest - NOW) // STEP)
        assert often.charges == made
        assert often.ready_at == (None if made == 6 else NOW + (made + 1) * STEP)


def test_a_first_tap_of_a_full_one_starts_the_clock_and_a_second_one_does_not_set_it_back() -> None:
    made = Generator(0, 0, 6, None)
    generators.refresh(auto(), made, NOW)
    assert generators.use(auto(), made, NOW) is False
    assert generators.use(auto(), made, NOW + 10 * SECOND) is False
    assert (made.charges, made.ready_at) == (4, NOW + STEP)
    generators.refresh(auto(), made, NOW + STEP + 10 * SECOND)
    assert (made.charges, made.ready_at) == (5, NOW + 2 * STEP)


def test_what_time_alone_changes_is_known_beforehand() -> None:
    board = a_board()
    read = BoardRead(1, board, [], NOW)
    assert read.changes_at is None
    tap(board, GREENHOUSE)
    assert read.changes_at == NOW + STEP
    bubble_in(board, 40, "dairy.4")
    assert read.changes_at == NOW + STEP
    board.generators[GREENHOUSE].ready_at = None
    assert read.changes_at == NOW + 3_000 * SECOND
    board.energy = Energy(99, NOW)
    assert read.changes_at == NOW + 120 * SECOND


# --- the sheet


def faults(change: Any) -> str:
    body = sheet("board")
    change(body)
    try:
        layout = parse_layout("board.current", body)
    except SheetInvalid as invalid:
        return "\n".join(str(each) for each in invalid.faults)
    chains, levels = parse_chains("chains.current", sheet("chains")), parse_levels("levels.current", sheet("levels"))
    return "\n".join(str(each) for each in check_content(chains, layout, levels))


def kind(body: dict[str, Any], code: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in body["generators"] if each["code"] == code)
    return found


def only_finite(body: dict[str, Any]) -> None:
    for code in ("fridge", "oven"):
        kind(body, code).update(kind="finite")
        del kind(body, code)["cooldown_seconds"]


def automatic_crate(body: dict[str, Any]) -> None:
    kind(body, "crate").update(kind="auto", auto_seconds=5)
    del kind(body, "crate")["cooldown_seconds"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda body: kind(body, "greenhouse").pop("auto_seconds"), "generators[5].auto_seconds: is missing"),
        (lambda body: kind(body, "greenhouse").update(auto_seconds=0), "whole number from 1 to 604800, not 0"),
        (lambda body: kind(body, "tastings").update(cooldown_seconds=60),
         'cooldown_seconds: says nothing of a generator of kind = "finite": take it out, or make it kind = "infinite"'),
        (lambda body: kind(body, "fridge").update(auto_seconds=60), 'or make it kind = "auto"'),
        (lambda body: kind(body, "oven").pop("cooldown_seconds"), "generators[1].cooldown_seconds: is missing"),
        (lambda body: kind(body, "oven").update(kind="endless"),
         "generators[1].kind: must be one of infinite, finite, auto, not 'endless'"),
        (only_finite, "cells: must have an infinite generator that is not in a box"),
        (lambda body: kind(body, "tastings")["drops"].append({"chain": "sushi", "level": 1, "weight": 1}),
         "generators[4].drops[3].chain: there is no chain 'sushi'"),
        (automatic_crate,
         "generators[2].drops[0].chain: no infinite generator of the layout drops produce, so no order would ever ask"),
        (lambda body: body.update(bubble_level=9), "bubble_level: no chain has such a level: the longest has 8"),
        (lambda body: body.pop("bubble_diamonds"), "bubble_diamonds: is missing"),
        (lambda body: body.update(bubble_ppm=PPM + 1), "bubble_ppm: must be a whole number"),
        (lambda body: body["refill"].pop("diamonds"), "refill.diamonds: is missing"),
        (lambda body: body["refill"].update(price=1), "refill.price: is not known here"),
    ],
)  # fmt: skip
def test_every_mistake_names_its_field_and_its_cure(change: Any, said: str) -> None:
    assert said in faults(change)


def test_a_sheet_from_before_brings_no_bubbles_and_sells_no_energy() -> None:
    body = sheet("board")
    for key in [key for key in body if key.startswith("bubble_") or key == "refill"]:
        del body[key]
    layout = parse_layout("board.current", body)
    assert (layout.bubbles.chance_ppm, layout.refill.most_per_day) == (0, 0)
    assert layout.generators[0].supply is Supply.INFINITE


# --- bubbles


def bubble_in(board: Board, cell: int, word: str) -> None:
    """A bubble of now, as a merge puts it."""
    board.cells[cell] = board.content.read_word(f"*{word}")
    level = int(word.rpartition(".")[2])
    board.bubbles[cell] = moves.bubbles.make(board.content.layout.bubbles, level, NOW)


def test_merges_bring_bubbles_as_often_as_the_sheet_says_and_none_below_its_level() -> None:
    came = 0
    for seed in range(2_000):
        board = put(a_board(), {40: "dairy.1", 47: "dairy.1"})
        board.seed = seed.to_bytes(32)
        moves.apply(board, Move(MoveKind.MERGE, 40, 47), NOW)
        assert board.merges == 1
        came += len(board.bubbles)
        if board.bubbles:
            [(cell, bubble)] = board.bubbles.items()
            assert words(board)[cell] == "*dairy.2"
            assert (bubble.expires_at, bubble.diamonds) == (NOW + 3_000 * SECOND, 3)
            assert board.units == put(board.copy(), {}).units, "what is in it counts for nothing"
    assert 340 < came < 460
    board = new_table().board
    for number in range(500):
        put(board, {40: "dairy.2", 47: "dairy.2"})
        moves.apply(board, Move(MoveKind.MERGE, 40, 47), NOW)
        assert (board.merges, board.bubbles) == (number + 1, {})


def test_a_bubble_follows_from_the_seed_and_the_number_of_merges_alone() -> None:
    lucky = next(n for n in range(1, 99) if roll(bytes(range(32)), b"bubble|%d" % n, PPM) < 200_000)
    board = put(a_board(), {40: "dairy.1", 47: "dairy.1", 48: "dairy.8"})
    board.merges = lucky - 1
    for _ in range(3):
        assert refused(board, Move(MoveKind.MERGE, 40, 48)).code is GameCode.NOT_MERGEABLE
    moves.apply(board, Move(MoveKind.MERGE, 40, 47), NOW)
    assert words(board)[40] == "*dairy.2", "the nearest empty cell, the lowest of equals"


def test_popping_frees_the_goods_for_what_it_costs_and_no_more_than_there_is() -> None:
    board = a_board()
    bubble_in(board, 40, "dairy.4")
    units = board.units
    board.purse = 11
    told = refused(board, Move(MoveKind.POP, 40))
    assert (told.code, dict(told.facts)) == (
        LoyaltyCode.NOT_ENOUGH, {"currency": "DIAMONDS", "available": 11, "needed": 12},
    )  # fmt: skip
    board.purse = 12
    moves.apply(board, Move(MoveKind.POP, 40), NOW)
    assert (words(board)[40], board.purse, board.units - units, board.bubbles) == ("dairy.4", 0, 8, {})
    assert [(each.cell, each.goods, each.diamonds) for each in board.popped] == [(40, "dairy.4", 12)]
    assert refused(board, Move(MoveKind.POP, 40)).code is GameCode.NOT_A_BUBBLE
    assert refused(board, Move(MoveKind.POP, 46)).code is GameCode.CELL_EMPTY


def test_a_bubble_can_be_moved_and_let_go_and_nothing_else() -> None:
    board = put(a_board(), {47: "dairy.4"})
    bubble_in(board, 40, "dairy.4")
    for move, code in (
        (Move(MoveKind.MERGE, 40, 47), GameCode.NOT_AN_ITEM), (Move(MoveKind.MERGE, 47, 40), GameCode.NOT_MERGEABLE),
        (Move(MoveKind.STORE, 40), GameCode.NOT_AN_ITEM), (Move(MoveKind.TAP, 40), GameCode.NOT_TAPPABLE),
        (Move(MoveKind.OPEN, 40), GameCode.NOT_A_CHEST),
    ):  # fmt: skip
        assert refused(board, move).code is code
    moves.apply(board, Move(MoveKind.MOVE, 40, 40), NOW)
    moves.apply(board, Move(MoveKind.MOVE, 40, 47), NOW)
    assert [words(board)[cell] for cell in (40, 47)] == ["dairy.4", "*dairy.4"]
    assert list(board.bubbles) == [47]
    moves.apply(board, Move(MoveKind.SELL, 47), NOW)
    assert (words(board)[47], board.bubbles, board.units) == (".", {}, put(board.copy(), {}).units)


def test_a_bubble_whose_time_is_over_is_an_empty_cell_and_time_alone_frees_a_full_board() -> None:
    board = a_board()
    for cell in [cell for cell, there in enumerate(board.cells) if there == EMPTY]:
        bubble_in(board, cell, "dairy.8")
    ends = NOW + 3_000 * SECOND
    moves.settle(board, ends - SECOND)
    assert refused(board, Move(MoveKind.TAP, TASTINGS), ends - SECOND).code is GameCode.BOARD_FULL
    moves.settle(board, ends)
    assert board.bubbles == {}
    assert refused(board, Move(MoveKind.POP, 40), ends).code is GameCode.CELL_EMPTY
    tap(board, TASTINGS, ends)


def test_what_a_list_of_moves_earns_can_be_spent_in_it_and_what_it_spent_cannot_be_again() -> None:
    _, dials = shipped()
    table = orders.take_in(orders.Table(put(a_board(), {47: "dairy.1"}), (), 1), dials)
    board = table.board
    item = board.content.read_word("dairy.1")
    table = orders.Table(board, (orders.Order(1, (item,), 20, 20), *table.orders[1:]), table.next_number)
    bubble_in(board, 40, "dairy.4")
    bubble_in(board, 41, "dairy.4")
    pop, other, deliver = Move(MoveKind.POP, 40), Move(MoveKind.POP, 41), Move(MoveKind.DELIVER, 1)
    assert orders.replay(table, dials, [pop], NOW, purse=11).applied == 0
    done = orders.replay(table, dials, [deliver, pop, other], NOW, purse=0)
    assert (done.applied, done.refusal and done.refusal.code) == (2, LoyaltyCode.NOT_ENOUGH)
    assert done.refusal is not None
    assert done.refusal.facts["available"] == 8
    assert [each.diamonds for each in done.popped] == [12]
    assert orders.replay(table, dials, [deliver, pop, other], NOW, purse=4).applied == 3
    assert orders.replay(table, dials, [deliver, pop], NOW, purse=-9).applied == 1, "a debt is paid first"


def test_what_a_level_pays_can_pop_a_bubble_of_the_same_list() -> None:
    board = new_table(content=lively()).board
    bubble_in(board, 31, "dairy.4")
    board.experience = 20
    table = orders.Table(board, (), 1)
    claim, pop = Move(MoveKind.CLAIM_LEVEL, 2), Move(MoveKind.POP, 31)
    assert orders.replay(table, shipped()[1], [claim, pop], NOW, purse=1).applied == 1, "ten and one are not twelve"
    assert orders.replay(table, shipped()[1], [claim, pop], NOW, purse=2).applied == 2
