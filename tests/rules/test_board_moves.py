"""What each move does and refuses; and two million random moves that break nothing."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from game.board.rules import cells, moves
from game.board.rules.cells import CELLS, CellKind, kind_of
from game.board.rules.moves import Board, Move, MoveKind
from game.board.rules.rolls import roll
from game.energy.rules import Energy
from game.orders import rules as orders
from game.orders.rules import MOST_MOVES, Order, Table
from game.refusals import GameCode, GameRefused
from tests.playing import CAP, NOW, SEED, Player, faults_of, fill, new_table, play, put, sheet, shipped, words

FRIDGE, OVEN, CRATE = 23, 25, 6
MILLION = int(os.environ.get("MERGEMART_MOVES") or 1_000_000)


def board_of(**at: str) -> Board:
    """A board of empty cells and two generators, with `c12="dairy.1"` in cell 12."""
    board = new_table().board
    for cell in range(CELLS):
        if cell not in (FRIDGE, OVEN):
            board.cells[cell] = 0
    board.generators = {home: board.generators[home] for home in (FRIDGE, OVEN)}
    return put(board, {int(name[1:]): word for name, word in at.items()})


def do(board: Board, kind: MoveKind, first: int, second: int = 0) -> Board:
    """One move; the board again."""
    before = (words(board), board.storage[:], board.inbox[:], board.energy, board.level, board.units)
    try:
        moves.apply(board, Move(kind, first, second), NOW)
    except GameRefused:
        assert (words(board), board.storage, board.inbox, board.energy, board.level, board.units) == before
        raise
    return board


def refused(board: Board, kind: MoveKind, first: int, second: int = 0) -> GameRefused:
    with pytest.raises(GameRefused) as caught:
        do(board, kind, first, second)
    return caught.value


def code(board: Board, kind: MoveKind, first: int, second: int = 0) -> str:
    return str(refused(board, kind, first, second).code)


# --- tapping


def test_a_tap_costs_energy_and_a_charge_and_drops_into_the_nearest_empty_cell() -> None:
    board = board_of(c16="bakery.1")
    do(board, MoveKind.TAP, FRIDGE)
    assert words(board)[22].startswith("dairy.")
    assert (board.energy.amount, board.generators[FRIDGE].charges, board.generators[FRIDGE].taps) == (99, 9, 1)


def test_what_drops_follows_from_seed_generator_and_counter_alone() -> None:
    first, second = board_of(), board_of()
    do(second, MoveKind.TAP, OVEN)
    do(second, MoveKind.MOVE, FRIDGE, 50)
    for number in range(10):
        do(first, MoveKind.TAP, FRIDGE)
        do(second, MoveKind.TAP, 50)
        rolled = roll(SEED, b"tap|23|%d" % number, 100)
        dropped = "dairy.1" if rolled < 80 else "dairy.2"
        first_at, second_at = ((each, words(each).index(dropped)) for each in (first, second))
        assert [words(board).count(".") for board in (first, second)] == [60, 59]
        for board, cell in (first_at, second_at):
            do(board, MoveKind.SELL, cell)


def test_drops_come_by_their_weights() -> None:
    content, _ = shipped()
    total, weights, items = content.drops(0, 1)
    assert (total, weights, [content.write_word(item) for item in items]) == (100, (80, 100), ["dairy.1", "dairy.2"])
    assert content.drops(0, 4)[0] == 160
    counts = [0, 0]
    for seed in range(4_000):
        board = board_of()
        board.seed = seed.to_bytes(32)
        counts[words(do(board, MoveKind.TAP, FRIDGE))[16] == "dairy.2"] += 1
    assert 700 < counts[1] < 900


def test_a_refused_tap_cannot_reroll() -> None:
    full = board_of(**{f"c{cell}": "dairy.8" for cell in range(CELLS) if cell not in (FRIDGE, OVEN)})
    for _ in range(5):
        assert code(full, MoveKind.TAP, FRIDGE) == "BOARD_FULL"
    tired = board_of()
    tired.energy = Energy(0, NOW)
    assert code(tired, MoveKind.TAP, FRIDGE) == "NO_ENERGY"
    fresh = board_of()
    tired.energy = Energy(5, NOW)
    do(full, MoveKind.SELL, 16)
    for board in (fresh, full, tired):
        do(board, MoveKind.TAP, FRIDGE)
        assert words(board)[16] == words(fresh)[16]
        assert board.generators[FRIDGE].taps == 1


def test_no_energy_says_when_the_next_unit_comes() -> None:
    board = board_of()
    board.energy = Energy(0, NOW - timedelta(seconds=50))
    told = refused(board, MoveKind.TAP, FRIDGE)
    assert (told.code, told.retryable, told.retry_at) == (GameCode.NO_ENERGY, True, NOW + timedelta(seconds=70))


def test_ten_charges_then_a_pause_that_refills_all_of_them() -> None:
    board = board_of()
    for _ in range(10):
        do(board, MoveKind.TAP, FRIDGE)
    told = refused(board, MoveKind.TAP, FRIDGE)
    assert (told.code, told.retry_at) == (GameCode.NO_CHARGES, NOW + timedelta(seconds=60))
    moves.apply(board, Move(MoveKind.TAP, FRIDGE), NOW + timedelta(seconds=60))
    assert (board.generators[FRIDGE].charges, board.generators[FRIDGE].taps) == (9, 11)


def test_only_a_free_generator_can_be_tapped() -> None:
    board = new_table().board
    assert code(board, MoveKind.TAP, 30) == "CELL_EMPTY"
    assert code(board, MoveKind.TAP, 22) == "NOT_TAPPABLE"
    assert code(board, MoveKind.TAP, CRATE) == "LOCKED_CELL"
    assert code(board, MoveKind.TAP, 15) == "LOCKED_CELL"
    assert code(board, MoveKind.TAP, -1) == code(board, MoveKind.TAP, 63) == "CELL_OUT_OF_BOUNDS"


def test_a_generator_that_the_sheet_has_lost_drops_nothing() -> None:
    board = board_of()
    board.generators[FRIDGE].kind = board.content.kind_number("humidor")
    assert code(board, MoveKind.TAP, FRIDGE) == "NOT_TAPPABLE"


# --- merging


def test_two_equal_goods_become_one_of_the_next_level() -> None:
    board = do(board_of(c0="dairy.3", c60="dairy.3"), MoveKind.MERGE, 0, 60)
    assert (words(board)[0], words(board)[60], board.units) == (".", "dairy.4", 8)


def test_merging_beside_a_box_reveals_it_whether_it_hides_free_or_webbed_goods() -> None:
    board = board_of(c0="dairy.1", c30="dairy.1", c29="?bakery.2", c31="?#bakery.2", c37="?dairy.5", c38="?dairy.5")
    board = do(board, MoveKind.MERGE, 0, 30)
    assert [words(board)[cell] for cell in (29, 30, 31, 37, 38)] == [
        "bakery.2", "dairy.2", "#bakery.2", "dairy.5", "?dairy.5",
    ]  # fmt: skip
    edge = board_of(c6="dairy.1", c5="dairy.1", c7="?dairy.5")
    assert words(do(edge, MoveKind.MERGE, 5, 6))[7] == "?dairy.5", "the next row begins elsewhere"


def test_an_equal_item_frees_what_is_webbed_and_the_webbed_one_moves_nowhere_else() -> None:
    board = board_of(c0="dairy.2", c1="#dairy.2", c2="#dairy.2")
    assert code(board, MoveKind.MERGE, 1, 0) == "LOCKED_CELL"
    assert code(board, MoveKind.MERGE, 1, 2) == "LOCKED_CELL"
    assert code(board, MoveKind.MOVE, 1, 5) == code(board, MoveKind.MOVE, 0, 1) == "LOCKED_CELL"
    assert code(board, MoveKind.SELL, 1) == code(board, MoveKind.STORE, 1) == "LOCKED_CELL"
    assert words(do(board, MoveKind.MERGE, 0, 1))[:3] == [".", "dairy.3", "#dairy.2"]


def test_what_does_not_merge_says_why() -> None:
    board = board_of(c0="dairy.1", c1="bakery.1", c2="dairy.2", c3="dairy.8", c4="dairy.8", c5="?dairy.1")
    assert code(board, MoveKind.MERGE, 0, 1) == code(board, MoveKind.MERGE, 0, 2) == "NOT_MERGEABLE"
    assert code(board, MoveKind.MERGE, 0, 0) == code(board, MoveKind.MERGE, 0, FRIDGE) == "NOT_MERGEABLE"
    assert code(board, MoveKind.MERGE, 3, 4) == "TOP_LEVEL"
    assert code(board, MoveKind.MERGE, 0, 5) == "LOCKED_CELL"
    assert code(board, MoveKind.MERGE, 0, 9) == code(board, MoveKind.MERGE, 9, 0) == "CELL_EMPTY"
    assert code(board, MoveKind.MERGE, FRIDGE, OVEN) == "NOT_AN_ITEM"
    assert code(board, MoveKind.MERGE, 0, 63) == code(board, MoveKind.MERGE, -1, 0) == "CELL_OUT_OF_BOUNDS"


def test_lost_goods_never_merge() -> None:
    board = board_of(c0="tobacco.1", c1="tobacco.1")
    assert code(board, MoveKind.MERGE, 0, 1) == "TOP_LEVEL"
    assert words(do(board, MoveKind.SELL, 0))[0] == "."


# --- moving, storing, selling


def test_goods_and_generators_move_and_swap() -> None:
    board = board_of(c0="dairy.1", c1="dairy.1", c2="bakery.4")
    do(board, MoveKind.MOVE, 0, 62)
    do(board, MoveKind.MOVE, 62, 2)
    do(board, MoveKind.MOVE, FRIDGE, 2)
    assert [words(board)[cell] for cell in (0, 2, 62, FRIDGE)] == [".", "@fridge.23", "bakery.4", "dairy.1"]
    assert code(board, MoveKind.MOVE, 0, 1) == "CELL_EMPTY"
    assert words(do(board, MoveKind.MOVE, 1, 1))[1] == "dairy.1"


def test_storage_keeps_goods_in_order_and_has_its_limit() -> None:
    board = board_of(c0="dairy.1", c1="dairy.2", c2="dairy.3", c3="dairy.4", c4="dairy.5", c60="bakery.1")
    for cell in range(4):
        do(board, MoveKind.STORE, cell)
    assert code(board, MoveKind.STORE, 4) == "STORAGE_FULL"
    assert code(board, MoveKind.STORE, FRIDGE) == "NOT_AN_ITEM"
    assert code(board, MoveKind.RETRIEVE, 4, 0) == code(board, MoveKind.RETRIEVE, -1, 0) == "SLOT_EMPTY"
    assert code(board, MoveKind.RETRIEVE, 0, 4) == "CELL_TAKEN"
    do(board, MoveKind.RETRIEVE, 1, 40)
    assert words(board)[40] == "dairy.2"
    assert [board.content.write_word(item) for item in board.storage] == ["dairy.1", "dairy.3", "dairy.4"]
    assert board.units == 1 + 2 + 4 + 8 + 16 + 1


def test_what_gifts_bring_waits_in_the_inbox_until_it_is_put_on_the_board() -> None:
    board = board_of()
    item = moves.give_goods(board, b"grant-1", 2)
    again = moves.give_goods(board, b"grant-1", 1)
    assert item == again
    assert board.inbox == [(item, 3)]
    assert cells.chain_of(item) in moves.owned_chains(board)
    for cell in (0, 1, 2):
        do(board, MoveKind.UNPACK, 0, cell)
    assert board.inbox == []
    assert board.units == 6
    assert code(board, MoveKind.UNPACK, 0, 5) == "SLOT_EMPTY"


def test_selling_frees_a_cell_and_takes_the_units_with_it() -> None:
    board = do(board_of(c0="dairy.5"), MoveKind.SELL, 0)
    assert (words(board)[0], board.units) == (".", 0)
    assert code(board, MoveKind.SELL, 0) == "CELL_EMPTY"
    assert code(board, MoveKind.SELL, FRIDGE) == "NOT_AN_ITEM"


def test_chests_and_bubbles_are_known_and_nobody_starts_with_one() -> None:
    board = board_of(c0="dairy.5")
    assert code(board, MoveKind.OPEN, 0) == "NOT_A_CHEST"
    assert code(board, MoveKind.POP, 0) == "NOT_A_BUBBLE"
    assert code(board, MoveKind.POP, 1) == "CELL_EMPTY"
    assert {kind_of(cell) for cell in new_table().board.cells} == set(CellKind) - {CellKind.CHEST, CellKind.BUBBLE}


# --- levels


def test_a_level_is_claimed_once_when_it_is_reached_and_opens_boxes_chains_and_storage() -> None:
    board = new_table().board
    assert code(board, MoveKind.CLAIM_LEVEL, 1) == "LEVEL_CLAIMED"
    assert code(board, MoveKind.CLAIM_LEVEL, 2) == "LEVEL_NOT_REACHED"
    board.experience = 130
    assert code(board, MoveKind.CLAIM_LEVEL, 3) == "LEVEL_NOT_REACHED"
    do(board, MoveKind.CLAIM_LEVEL, 2)
    assert (words(board)[6], words(board)[13], board.energy.amount) == ("@crate.6", "produce.2", 120)
    assert code(board, MoveKind.CLAIM_LEVEL, 2) == "LEVEL_CLAIMED"
    do(board, MoveKind.CLAIM_LEVEL, 3)
    do(board, MoveKind.CLAIM_LEVEL, 4)
    assert board.content.storage_at(4) == 5
    assert [board.content.chain_codes[chain] for chain in moves.owned_chains(board)] == [
        "dairy", "bakery", "frozen", "household", "produce",
    ]  # fmt: skip
    assert [(each.level, each.diamonds) for each in board.claimed] == [(2, 10), (3, 15), (4, 20)]
    board.experience = 2**31 - 1
    for level in range(5, 13):
        do(board, MoveKind.CLAIM_LEVEL, level)
    assert code(board, MoveKind.CLAIM_LEVEL, 13) == "LEVEL_NOT_REACHED"


def test_merging_beside_a_box_that_a_level_opens_leaves_it_shut() -> None:
    board = put(new_table().board, {5: "dairy.1", 12: "dairy.1"})
    do(board, MoveKind.MERGE, 12, 5)
    assert words(board)[6] == "?@crate.6"
    assert words(board)[4] == "dairy.2"


# --- orders and the replay


def test_an_order_is_paid_once_and_the_next_one_takes_its_place() -> None:
    _, dials = shipped()
    board = board_of(c0="dairy.3", c1="dairy.3", c2="bakery.1", c3="#dairy.3")
    item = board.content.read_word
    mine = Order(4, tuple(sorted((item("dairy.3"), item("dairy.3")))), 8, 8)
    table = orders.take_in(Table(board, (mine,), 5), dials)
    after, done = orders.deliver(table, dials, 4)
    assert (done.units, done.diamonds, done.experience) == (8, 8, 8)
    assert words(board)[:4] == [".", ".", "bakery.1", "#dairy.3"]
    assert (board.experience, board.units) == (8, 5)
    assert sorted(order.number for order in after.orders) == [5, 6, 7, 8]
    with pytest.raises(GameRefused) as gone:
        orders.deliver(after, dials, 4)
    assert gone.value.code is GameCode.ORDER_NOT_FOUND


def test_an_order_is_not_delivered_in_part_and_webs_and_boxes_do_not_count() -> None:
    _, dials = shipped()
    board = board_of(c0="dairy.3", c3="#dairy.3", c4="?dairy.3")
    item = board.content.read_word("dairy.3")
    table = Table(board, (Order(1, (item, item), 8, 8),), 2)
    with pytest.raises(GameRefused) as missing:
        orders.deliver(table, dials, 1)
    assert (missing.value.code, missing.value.facts["missing"]) == (GameCode.ORDER_ITEMS_MISSING, 1)
    assert words(board)[0] == "dairy.3"


def test_orders_follow_from_the_seed_and_their_number_and_never_ask_for_too_much() -> None:
    _, dials = shipped()
    for seed in range(300):
        table = new_table(seed.to_bytes(32))
        for level, cap in ((1, 100), (5, 100), (12, 100), (12, 3), (12, 1)):
            table.board.level, table.board.energy_cap = level, cap
            owned = moves.owned_chains(table.board)
            for number in range(1, 8):
                order = orders.make_order(table.board, dials, number, owned)
                assert order == orders.make_order(table.board, dials, number, owned)
                most = min(8 + 2 * level if level < 9 else 12 + 2 * level, cap)
                assert 1 <= cells.total_units(order.items) <= most
                assert orders.can_be_filled(table.board, order, owned)


def test_an_order_for_what_the_sheets_have_lost_gives_up_its_place() -> None:
    _, dials = shipped()
    table = new_table()
    lost = Order(9, (table.board.content.read_word("tobacco.1"),), 1, 1)
    closed = Order(10, (table.board.content.read_word("frozen.1"),), 1, 1)
    after = orders.take_in(Table(table.board, (lost, *table.orders[:2], closed), 11), dials)
    assert [order.number for order in after.orders] == [1, 2, 11, 12]


def test_the_longest_valid_prefix_is_applied_and_the_first_refusal_named() -> None:
    _, dials = shipped()
    table = new_table()
    asked = [Move(MoveKind.TAP, FRIDGE), Move(MoveKind.TAP, OVEN), Move(MoveKind.SELL, 99), Move(MoveKind.TAP, FRIDGE)]
    done = orders.replay(table, dials, asked, NOW)
    assert (done.applied, done.refusal and done.refusal.code) == (2, GameCode.CELL_OUT_OF_BOUNDS)
    assert done.table.board.energy.amount == 98
    assert table.board.energy.amount == 100, "what was handed in stays as it was"
    again = orders.replay(table, dials, asked[:2], NOW)
    assert words(again.table.board) == words(done.table.board)
    assert (again.applied, again.refusal) == (2, None)


def test_a_replay_gives_the_same_board_however_it_is_cut() -> None:
    _, dials = shipped()
    dice = random.Random(11)
    player = Player(dice)
    asked = []
    table, now = new_table(), NOW
    while len(asked) < MOST_MOVES * 8:
        move = player.choose()
        try:
            if move.kind is MoveKind.DELIVER:
                player.table, _ = orders.deliver(player.table, dials, move.first)
            else:
                moves.apply(player.table.board, move, now)
        except GameRefused:
            if player.table.board.energy.amount == 0 or dice.random() < 0.1:
                break
            continue
        asked.append(move)
    whole = orders.replay(table, dials, asked, now).table
    for cut in (1, 7, 50):
        parts = table
        for at in range(0, len(asked), cut):
            done = orders.replay(parts, dials, asked[at : at + cut], now)
            assert done.refusal is None
            parts = done.table
        assert words(parts.board) == words(whole.board) == words(player.table.board)
        assert (parts.orders, parts.board.energy, parts.board.units) == (
            whole.orders, whole.board.energy, whole.board.units,
        )  # fmt: skip


@pytest.mark.parametrize("part", range(8))
def test_two_million_random_moves_keep_units_orders_and_the_board_whole(part: int, seed: int) -> None:
    """Each move is examined by itself, the whole table now and then: most of the time goes into looking."""
    games = [play(seed * 1_000 + part * 100 + game, MILLION // 100) for game in range(25)]
    total = sum((game.applied for game in games), start=games[0].applied.__class__())
    assert sum(total.values()) >= MILLION // 4, total
    assert set(total) == set(MoveKind) - {MoveKind.OPEN}, "every move there is was taken"
    assert sum(game.vanished for game in games) >= 5, "finite generators were used up"
    assert {str(kind) for game in games for kind in game.refused} >= {"BOARD_FULL", "NO_CHARGES", "NOT_ENOUGH"}
    for game in games:
        for order in game.table.orders:
            assert fill(game.table, order.number, game.now) > 0, f"seed {seed}"


def test_a_board_that_was_played_badly_can_still_fill_every_order(seed: int) -> None:
    """Nothing but taps and no merging: the board fills up with what nobody asks for, and still goes on."""
    dice = random.Random(seed)
    for _ in range(20):
        table = new_table(dice.randbytes(32))
        board, now = table.board, NOW
        while 0 in board.cells:
            now += timedelta(hours=1)
            moves.settle(board, now)
            moves.apply(board, Move(MoveKind.TAP, dice.choice((FRIDGE, OVEN))), now)
        assert faults_of(table) == [], seed
        for order in table.orders:
            assert fill(table, order.number, now) > 0


def test_the_cap_of_energy_is_the_one_of_the_shipped_ladder() -> None:
    assert CAP == 100
    assert sheet("board")["energy_start"] == CAP


PLANTED: list[Callable[[Board], object]] = [
    lambda board: board.cells.__setitem__(0, 5),
    lambda board: board.cells.__setitem__(FRIDGE, 0),
    lambda board: board.storage.append(1),
    lambda board: setattr(board, "units", board.units + 1),
    lambda board: board.cells.append(0),
    lambda board: setattr(board, "energy", Energy(-1, NOW)),
    lambda board: board.inbox.append((1, 0)),
]


@pytest.mark.parametrize("plant", PLANTED)
def test_the_checks_of_these_tests_find_what_is_planted(plant: Callable[[Board], object]) -> None:
    table = new_table()
    plant(table.board)
    assert faults_of(table) != []
