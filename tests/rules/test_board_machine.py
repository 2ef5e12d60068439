"""The board as a stateful machine against a slow model that knows cells only as the words that rows hold."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from game.board.rules import moves
from game.board.rules.dials import BubbleDials
from game.board.rules.moves import Move, MoveKind
from game.orders import rules as orders
from game.refusals import GameRefused
from loyalty.refusals import LoyaltyRefused
from tests.playing import NOW, faults_of, fill, lively, new_table, sheet, shipped, words

CELL = st.integers(0, 62)
LEVELS = list(enumerate(sheet("levels")["levels"], 2))
KINDS = {each["code"]: each for each in sheet("board")["generators"]}
OPENS = {chain: number for number, level in LEVELS for chain in level.get("chains", ())}
SEALED = {cell: number for number, level in LEVELS for cell in level.get("cells", ())}


class Model:
    """The board in plain words: no numbers, no flags, nothing fast."""

    def __init__(self, seed: bytes, cells: list[str], bubbles: BubbleDials) -> None:
        self.seed = seed
        self.cells = cells
        self.level = 1
        self.taps: dict[str, int] = {}
        self.storage: list[str] = []
        self.dials = bubbles
        self.merges = 0
        self.purse = 0
        self.bubbles: dict[int, tuple[datetime, int]] = {}
        self.charged: dict[str, tuple[int, datetime]] = {}

    def roll(self, message: str) -> int:
        digest = hmac.new(self.seed, message.encode(), hashlib.sha256).digest()
        return int.from_bytes(digest[:8], "big")

    def nearest(self, cell: int) -> int:
        free = [at for at, word in enumerate(self.cells) if word == "."]
        return min(free, key=lambda at: (abs(at // 7 - cell // 7) + abs(at % 7 - cell % 7), at))

    def tap(self, cell: int, now: datetime) -> int:
        """The energy that it took."""
        code, _, home = self.cells[cell].removeprefix("@").partition(".")
        drops = [each for each in KINDS[code]["drops"] if OPENS.get(each["chain"], 1) <= self.level]
        left = self.roll(f"tap|{home}|{self.taps.get(home, 0)}") % sum(each["weight"] for each in drops)
        for each in drops:
            if left < each["weight"]:
                break
            left -= each["weight"]
        self.cells[self.nearest(cell)] = f"{each['chain']}.{each['level']}"
        self.taps[home] = self.taps.get(home, 0) + 1
        kind = KINDS[code].get("kind", "infinite")
        if kind == "finite" and self.taps[home] == KINDS[code]["charges"]:
            self.cells[cell] = "."
            del self.taps[home]
        if kind == "auto":
            self.use(home, KINDS[code], now)
        return int(kind != "auto")

    def use(self, home: str, kind: dict[str, Any], now: datetime) -> None:
        """Takes a charge of an automatic generator: second by second would be slow, so step by step."""
        charges, since = self.charged.get(home, (kind["charges"], now))
        while charges < kind["charges"] and since + timedelta(seconds=kind["auto_seconds"]) <= now:
            charges, since = charges + 1, since + timedelta(seconds=kind["auto_seconds"])
        assert charges > 0
        self.charged[home] = (charges - 1, now if charges == kind["charges"] else since)

    def blow(self, cell: int, now: datetime) -> None:
        self.merges += 1
        chain, _, level = self.cells[cell].partition(".")
        lucky = self.roll(f"bubble|{self.merges}") % 1_000_000 < self.dials.chance_ppm
        if int(level) >= self.dials.level and lucky:
            at = self.nearest(cell)
            self.cells[at] = f"*{chain}.{level}"
            price = self.dials.diamonds * 2 ** (int(level) - self.dials.level)
            self.bubbles[at] = (now + timedelta(seconds=self.dials.seconds), price)

    def burst(self, now: datetime) -> None:
        for cell in [cell for cell, (ends, _) in self.bubbles.items() if now >= ends]:
            assert self.cells[cell][0] == "*"
            self.cells[cell] = "."
            del self.bubbles[cell]

    def merge(self, source: int, target: int, now: datetime) -> None:
        chain, _, level = self.cells[source].partition(".")
        assert self.cells[target] in (f"{chain}.{level}", f"#{chain}.{level}")
        self.cells[source], self.cells[target] = ".", f"{chain}.{int(level) + 1}"
        for beside in (target - 7, target - 1, target + 1, target + 7):
            one_row = abs(beside - target) == 7 or beside // 7 == target // 7
            if 0 <= beside < 63 and one_row and SEALED.get(beside, 0) <= self.level:
                self.cells[beside] = self.cells[beside].removeprefix("?")
        self.blow(target, now)

    def deliver(self, wanted: list[str]) -> None:
        for word in wanted:
            self.cells[self.cells.index(word)] = "."

    def claim(self) -> None:
        self.level += 1
        for cell, level in SEALED.items():
            if level == self.level:
                self.cells[cell] = self.cells[cell].removeprefix("?")


class BoardMachine(RuleBasedStateMachine):
    """Moves of every kind, mostly where something is; the rules and the model must agree on every cell."""

    @initialize(seed=st.binary(min_size=32, max_size=32), much=st.booleans())
    def start(self, seed: bytes, much: bool) -> None:
        self.table, self.now = new_table(seed, content=lively() if much else None), NOW
        self.model = Model(seed, words(self.table.board), self.table.board.content.layout.bubbles)

    def apply(self, move: Move) -> bool:
        """Whether the move was taken; what is refused must leave everything as it was."""
        board = self.table.board
        before = (words(board), board.storage[:], board.energy, board.units, board.purse, board.merges)
        try:
            moves.apply(board, move, self.now)
        except (GameRefused, LoyaltyRefused):
            after = (words(board), board.storage, board.energy, board.units, board.purse, board.merges)
            assert after == before
            return False
        return True

    def having(self, pick: int, *, start: str) -> int:
        """One of the cells whose word begins like that, or any."""
        found = [at for at, word in enumerate(words(self.table.board)) if word.startswith(start)]
        return found[pick % len(found)] if found else pick

    @rule(pick=CELL)
    def tap(self, pick: int) -> None:
        cell = self.having(pick, start="@")
        energy = self.table.board.energy.amount
        if self.apply(Move(MoveKind.TAP, cell)):
            assert self.model.tap(cell, self.now) == energy - self.table.board.energy.amount

    @rule(times=st.integers(1, 13))
    def use_up(self, times: int) -> None:
        """The finite generator and the automatic one again and again."""
        for word in ("@tastings", "@greenhouse"):
            for _ in range(times):
                found = [at for at, each in enumerate(words(self.table.board)) if each.startswith(word)]
                if found and self.apply(Move(MoveKind.TAP, found[0])):
                    self.model.tap(found[0], self.now)

    @rule(pick=CELL, diamonds=st.integers(0, 40))
    def pop(self, pick: int, diamonds: int) -> None:
        self.table.board.purse = self.model.purse = diamonds
        cell = self.having(pick, start="*")
        taken = self.apply(Move(MoveKind.POP, cell))
        price = self.model.bubbles.get(cell, (None, None))[1]
        assert taken is (price is not None and price <= diamonds)
        if taken:
            self.model.cells[cell] = self.model.cells[cell].removeprefix("*")
            del self.model.bubbles[cell]
            assert self.table.board.purse == diamonds - price
            assert self.table.board.popped[-1].goods == self.model.cells[cell]

    @rule(pick=CELL)
    def merge_what_fits(self, pick: int) -> None:
        now = words(self.table.board)
        fitting = [
            (source, target)
            for source, word in enumerate(now)
            for target, other in enumerate(now)
            if word[0].isalpha() and source != target and other.removeprefix("#") == word
        ]
        if fitting and self.apply(Move(MoveKind.MERGE, *fitting[pick % len(fitting)])):
            self.model.merge(*fitting[pick % len(fitting)], self.now)

    @rule(source=CELL, to=CELL)
    def merge_anything(self, source: int, to: int) -> None:
        if self.apply(Move(MoveKind.MERGE, source, to)):
            self.model.merge(source, to, self.now)

    @rule(source=CELL, to=CELL)
    def move_anything(self, source: int, to: int) -> None:
        self.move(source, to)

    def move(self, source: int, to: int) -> None:
        if self.apply(Move(MoveKind.MOVE, source, to)):
            cells = self.model.cells
            assert not {cells[source][0], cells[to][0]} & {"#", "?"}
            cells[source], cells[to] = cells[to], cells[source]
            bubbles = self.model.bubbles
            held = [(to, bubbles.get(source)), (source, bubbles.get(to))]
            for cell, _ in held:
                bubbles.pop(cell, None)
            bubbles.update({cell: bubble for cell, bubble in held if bubble is not None})

    @rule(pick=CELL, to=CELL)
    def carry_a_generator(self, pick: int, to: int) -> None:
        self.move(self.having(pick, start="@"), to)

    @rule(cell=CELL)
    def store(self, cell: int) -> None:
        if self.apply(Move(MoveKind.STORE, cell)):
            self.model.storage.append(self.model.cells[cell])
            self.model.cells[cell] = "."

    @rule(slot=st.integers(-1, 4), cell=CELL)
    def retrieve(self, slot: int, cell: int) -> None:
        if self.apply(Move(MoveKind.RETRIEVE, slot, cell)):
            assert self.model.cells[cell] == "."
            self.model.cells[cell] = self.model.storage.pop(slot)

    @rule(cell=CELL)
    def sell_anything(self, cell: int) -> None:
        self.sell(cell)

    def sell(self, cell: int) -> None:
        if self.apply(Move(MoveKind.SELL, cell)):
            assert self.model.cells[cell][0].isalpha() or cell in self.model.bubbles
            self.model.cells[cell] = "."
            self.model.bubbles.pop(cell, None)

    @rule(pick=CELL, to=CELL)
    def let_go_of_a_bubble_or_move_it(self, pick: int, to: int) -> None:
        cell = self.having(pick, start="*")
        if to % 2:
            self.move(cell, to)
        else:
            self.sell(cell)

    @rule(pick=st.integers(0, 3))
    def deliver(self, pick: int) -> None:
        _, dials = shipped()
        order = self.table.orders[pick]
        wanted = [self.table.board.content.write_word(item) for item in order.items]
        experience = self.table.board.experience
        try:
            self.table, _ = orders.deliver(self.table, dials, order.number)
        except GameRefused:
            assert any(self.model.cells.count(word) < wanted.count(word) for word in wanted)
            return
        assert self.table.board.experience == experience + order.experience
        self.model.deliver(wanted)

    @rule()
    def claim(self) -> None:
        if self.apply(Move(MoveKind.CLAIM_LEVEL, self.table.board.level + 1)):
            self.model.claim()

    @rule(experience=st.integers(0, 300))
    def learn(self, experience: int) -> None:
        self.table.board.experience += experience

    @rule(seconds=st.integers(-600, 20_000))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        before = self.table.board.energy.amount
        moves.settle(self.table.board, self.now)
        self.model.burst(self.now)
        assert self.table.board.energy.amount >= before

    @invariant()
    def the_board_is_the_models(self) -> None:
        if hasattr(self, "table"):
            board = self.table.board
            assert words(board) == self.model.cells
            assert {cell: (each.expires_at, each.diamonds) for cell, each in board.bubbles.items()} == (
                self.model.bubbles
            )
            assert board.merges == self.model.merges
            assert [board.content.write_word(item) for item in board.storage] == self.model.storage
            assert {str(home): each.taps for home, each in board.generators.items() if each.taps} == self.model.taps
            assert faults_of(self.table) == []

    def teardown(self) -> None:
        if hasattr(self, "table"):
            for order in self.table.orders:
                assert fill(self.table, order.number, self.now) > 0


TestBoardMachine = BoardMachine.TestCase
TestBoardMachine.settings = settings(max_examples=60, stateful_step_count=80, deadline=None)
