"""Plans are those that plain code makes, which looks at everything whenever it asks."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest

from api.simulate import bots, planning
from api.simulate.planning import Hand, Style, plan
from game.board.rules import cells, moves
from game.board.rules.cells import BOX, BUBBLE, EMPTY, GENERATOR, LEVEL_MASK, WEB
from game.board.rules.moves import Move, MoveKind
from game.orders import rules as orders
from game.orders.rules import Order
from tests.playing import NOW, lively, new_table, shipped


class PlainHand(Hand):
    """The same steps without anything remembered or left out."""

    def _merge(self, source: int, target: int, item: int) -> bool:
        before = self.board.cells[:]
        if not self._do(MoveKind.MERGE, source, target):
            return False
        self._room += 1
        for cell, (was, held) in enumerate(zip(before, self.board.cells, strict=True)):
            if was & BOX and EMPTY < held < BUBBLE:
                self._free.setdefault(held, []).append(cell)
        return True

    def _do(self, kind: MoveKind, first: int, second: int = 0) -> bool:
        if len(self.moves) >= self._most:
            return False
        bubbles = self.board.bubbles.copy()
        moves.apply(self.board, Move(kind, first, second), self._now)
        for cell in self.board.bubbles.keys() - bubbles.keys():  # no app foresees one
            del self.board.bubbles[cell]
            self.board.cells[cell] = EMPTY
        self.moves.append(Move(kind, first, second))
        return True

    def rank(self, orders: Sequence[Order]) -> list[Order]:
        there = Counter(self.board.cells)

        def missing(order: Order) -> int:
            items = order.items
            return sum(cells.units_of(item) for item in set(items) if there[item] < items.count(item))

        return sorted(orders, key=lambda order: (-order.diamonds / (1 + missing(order)), order.number))

    def free_webs(self) -> None:
        self._webbed = True
        super().free_webs()

    def _build(self, item: int) -> int | None:
        if self._free.get(item):
            return self._free[item].pop()
        if cells.level_of(item) == 1:
            return None
        source = self._build(item - 1)
        if source is None:
            return None
        target = self._build(item - 1)
        if target is None or not self._can_grow(item - 1) or not self._merge(source, target, item - 1):
            self._free.setdefault(item - 1, []).extend(cell for cell in (source, target) if cell is not None)
            return None
        return target

    def _merge_spare(self, most: int, room: int) -> None:
        for item in sorted(self._free, key=lambda item: (item & LEVEL_MASK, item)):
            while self._room < room and len(self._free[item]) > 1 and cells.level_of(item) < most:
                if not self._can_grow(item):
                    break
                source, target = self._free[item].pop(), self._free[item].pop()
                if not self._merge(source, target, item):
                    return
                self._free.setdefault(item + 1, []).append(target)

    def tap(self, waiting: Sequence[Order]) -> None:
        board = self.board
        missing = Counter[int]()
        for order in waiting:
            for item in order.items:
                missing[cells.chain_of(item)] += cells.units_of(item)
        found = []
        for cell, held in enumerate(board.cells):
            if GENERATOR <= held < WEB:
                generator = board.generators[cells.home_of(held)]
                moves.refresh(board, generator, self._now)
                chains = {cells.chain_of(item) for item in board.content.drops(generator.kind, board.level)[2]}
                if chains:
                    found.append((-sum(missing[chain] for chain in chains), cell, generator.charges))
        taps = min(board.energy.amount, self._room - 1, self._most_taps, self._most - len(self.moves))
        for lack, cell, charges in sorted(found):
            if lack or board.energy.amount * 2 >= board.energy_cap:
                count = max(0, min(taps, charges))
                self.moves += [Move(MoveKind.TAP, cell)] * count
                taps -= count


@pytest.mark.parametrize("style", [*(manner.style for manner in bots.MANNERS.values()), Style(moves=7)])
def test_plans_are_those_of_plain_code(seed: int, style: Style, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(seed)
    _, dials = shipped()
    seen: Counter[MoveKind] = Counter()
    for content in (None, lively()):
        table, now = new_table(dice.randbytes(32), content=content), NOW
        for number in range(120):
            now += timedelta(seconds=dice.choice((75, 75, 75, 10_800)))
            if number % 30 == 0:
                table.board.experience += 400
                moves.give_goods(table.board, dice.randbytes(16), 9)
            purse = dice.choice((0, 40))
            planned = plan(table.board, table.orders, now, style, purse)
            with monkeypatch.context() as patched:
                patched.setattr(planning, "Hand", PlainHand)
                plain = table.board.copy()
                assert planned == plan(plain, table.orders, now, style, purse), (seed, number)
            seen.update(move.kind for move in planned)
            table = orders.replay(table, dials, planned, now, purse=purse).table
    assert {MoveKind.TAP, MoveKind.MERGE, MoveKind.UNPACK, MoveKind.CLAIM_LEVEL} <= set(seen), seen
