"""A board that begins anew at a season's end, whatever was played on it before."""

from __future__ import annotations

from game.board.rules import cells, moves
from game.energy.rules import Energy
from game.orders import rules as orders
from game.orders.rules import Table
from tests.playing import CAP, faults_of, fill, play, shipped, words

SEED = bytes(reversed(range(32)))


def test_whatever_was_played_it_is_a_new_board_that_can_be_played(seed: int) -> None:
    _, dials = shipped()
    for game in range(12):
        player = play(seed * 100 + game, 400)
        old, now = player.table.board, player.now
        moves.give_goods(old, bytes([game]), 2)
        moves.settle(old, now)
        fresh = moves.begin_anew(old, SEED, now)
        begun = moves.start_board(old.content, SEED, CAP, now)
        assert words(fresh) == words(begun)
        assert (fresh.seed, fresh.level, fresh.experience, fresh.merges) == (SEED, 1, 0, 0)
        assert (fresh.generators, fresh.storage, fresh.bubbles) == (begun.generators, [], {})
        assert fresh.inbox == old.inbox
        assert fresh.inbox is not old.inbox
        assert fresh.units == begun.units + sum(count * cells.units_of(item) for item, count in old.inbox)
        assert fresh.energy.amount == max(old.energy.amount, begun.energy.amount)
        number = player.table.next_number
        table = orders.take_in(Table(fresh, (), number), dials)
        assert faults_of(table) == []
        assert [order.number for order in table.orders] == list(range(number, number + dials.slots))
        assert fill(table, number, now) > 0


def test_energy_that_was_spent_is_a_new_boards_and_what_was_bought_stays() -> None:
    player = play(1, 20)
    board, now = player.table.board, player.now
    for amount, left in ((0, 100), (99, 100), (100, 100), (340, 340)):
        board.energy = Energy(amount, now)
        assert moves.begin_anew(board, SEED, now).energy.amount == left
