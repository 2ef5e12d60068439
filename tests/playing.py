"""The shipped board for tests: its content, random play, and what must hold of any board at any time."""

from __future__ import annotations

import random
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from game.board.rules import cells, moves
from game.board.rules.cells import BOX, BUBBLE, CELLS, EMPTY, GENERATOR, WEB
from game.board.rules.content import Content, Supply, parse_chains, parse_layout, parse_levels
from game.board.rules.fitting import check_content
from game.board.rules.moves import Board, Move, MoveKind
from game.orders import rules as orders
from game.orders.rules import OrderDials, Table
from game.refusals import GameRefused
from loyalty.refusals import LoyaltyRefused

GAME = Path(__file__).resolve().parents[1] / "game"
NOW = datetime(2027, 3, 10, 4, 0, tzinfo=UTC)
TASTED = 12  # how often the tasting table can be tapped
CAP = 100
SEED = bytes(range(32))


def sheet(kind: str) -> dict[str, Any]:
    """The shipped sheet of a kind, as a table that a test may change."""
    [path] = GAME.glob(f"*/sheets/{kind}.current.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def shipped() -> tuple[Content, OrderDials]:
    """The shipped content and the dials of orders."""
    return _content(sheet("board")), orders.parse_orders("orders.current", sheet("orders"))


# Where the lively board has a finite generator and an automatic one.
TASTINGS, GREENHOUSE = 30, 32


@cache
def lively() -> Content:
    """The shipped content with a finite and an automatic generator free from the start, and many bubbles."""
    body = sheet("board")
    body["cells"][TASTINGS], body["cells"][GREENHOUSE] = "@tastings", "@greenhouse"
    return _content({**body, "bubble_level": 2, "bubble_ppm": 200_000, "bubble_seconds": 3_000, "bubble_diamonds": 3})


def _content(board: dict[str, Any]) -> Content:
    chains = parse_chains("chains.current", sheet("chains"))
    layout = parse_layout("board.current", board)
    levels = parse_levels("levels.current", sheet("levels"))
    assert check_content(chains, layout, levels) == []
    return Content(chains, layout, levels)


def new_table(seed: bytes = SEED, cap: int = CAP, now: datetime = NOW, content: Content | None = None) -> Table:
    plain, dials = shipped()
    content = content or plain
    return orders.take_in(Table(moves.start_board(content, seed, cap, now), (), 1), dials)


def words(board: Board) -> list[str]:
    """The cells as a row holds them."""
    return [write(board, cell) for cell in board.cells]


def write(board: Board, cell: int) -> str:
    kind = board.generators[cells.home_of(cell)].kind if cell & GENERATOR else 0
    return board.content.write_word(cell, kind)


def put(board: Board, at: dict[int, str]) -> Board:
    """The board with these words in these cells; generators stay where they are."""
    for cell, word in at.items():
        assert not board.cells[cell] & GENERATOR
        board.cells[cell] = board.content.read_word(word)
    board.units = units_anywhere(board)
    return board


class _Worth(dict[int, int]):
    """What a cell is worth by its word: 2^(level - 1); generators, bubbles and empty cells nothing. Remembered."""

    def __missing__(self, cell: int) -> int:
        content, _ = shipped()
        word = "" if cell & GENERATOR else content.write_word(cell, 0)
        level = "" if word.startswith("*") else word.rpartition(".")[2]
        self[cell] = int(2 ** (int(level) - 1)) if level.isdigit() else 0
        return self[cell]


_worth = _Worth().__getitem__


def units_anywhere(board: Board) -> int:
    inbox = sum(count * _worth(item) for item, count in board.inbox)
    return sum(map(_worth, board.cells)) + sum(map(_worth, board.storage)) + inbox


def faults_of(table: Table) -> list[str]:
    """What is wrong with a table; nothing where every invariant holds."""
    board, found = table.board, []
    if len(board.cells) != CELLS:
        found.append(f"{len(board.cells)} cells")
    if units_anywhere(board) != board.units:
        found.append(f"{units_anywhere(board)} units lie there, {board.units} were made")
    homes = sorted(cells.home_of(cell) for cell in board.cells if cell & GENERATOR)
    if homes != sorted(board.generators):
        found.append(f"generators {homes}, known are {sorted(board.generators)}")
    for cell in board.cells:
        if cell and not cell & GENERATOR:
            item = cell & (BUBBLE - 1)
            held = cell & ~item
            if board.content.goods(item) is None or (held & ~(WEB | BOX) and held != BUBBLE):
                found.append(f"no such goods: {cell}")
        if board.content.read_word(write(board, cell)) != cell:
            found.append(f"{cell} is not read as it is written")
    if sorted(board.bubbles) != [index for index, cell in enumerate(board.cells) if cells.is_bubble(cell)]:
        found.append(f"bubbles are known in {sorted(board.bubbles)}")
    if board.energy.amount < 0 or any(each.charges < 0 for each in board.generators.values()):
        found.append("less than nothing")
    if is_dead(board):
        found.append("nothing can be done any more")
    return found + faults_beside(board) + faults_of_orders(table)


def faults_beside(board: Board) -> list[str]:
    """What is wrong with storage and inbox."""
    found = []
    if len(board.storage) > board.content.storage_at(board.level):
        found.append("more in storage than it holds")
    if any(not cells.is_item(item) for item in board.storage):
        found.append("something else than goods in storage")
    if any(not cells.is_item(item) or count < 1 for item, count in board.inbox):
        found.append("an empty stack in the inbox")
    return found


def faults_of_orders(table: Table) -> list[str]:
    _, dials = shipped()
    owned, found = moves.owned_chains(table.board), []
    if len(table.orders) != dials.slots or len({order.number for order in table.orders}) != dials.slots:
        found.append("not every place has an order of its own")
    for order in table.orders:
        units = cells.total_units(order.items)
        if not 1 <= len(order.items) <= dials.band(table.board.level).most_items:
            found.append(f"order {order.number} asks for {len(order.items)} goods")
        if units > orders.most_units(dials, table.board.level, table.board.energy_cap):
            found.append(f"order {order.number} asks for {units} units")
        if not orders.can_be_filled(table.board, order, owned) or order.number >= table.next_number:
            found.append(f"order {order.number} cannot be filled")
        if order.diamonds < 1 or order.experience < 1:
            found.append(f"order {order.number} pays nothing")
    return found


def is_dead(board: Board) -> bool:
    """Whether no move will ever be taken again, however long one waits: no goods to lift and no cell to drop into.

    A bubble can always be let go.
    """
    liftable = any(cells.is_item(cell) or cells.is_bubble(cell) for cell in board.cells)
    tappable = EMPTY in board.cells and bool(moves.owned_chains(board))
    return not liftable and not tappable


def pairs(board: Board, leave: frozenset[int] = frozenset()) -> Iterator[tuple[int, int]]:
    """Cells that can be merged, the free one first; without those that are to be left alone."""
    seen: dict[int, int] = {}
    lengths = board.content.chain_lengths
    for index, cell in enumerate(board.cells):
        if cell == EMPTY or cell & (BOX | GENERATOR | BUBBLE) or index in leave:
            continue
        item = cell & ~WEB
        if cells.level_of(item) >= lengths[cells.chain_of(item)]:
            continue
        other = seen.setdefault(item, index)
        if other != index:
            if cells.is_item(board.cells[other]):
                yield other, index
            elif cells.is_item(cell):
                yield index, other


def free_generators(board: Board) -> list[int]:
    return [board.cells.index(GENERATOR | home) for home in board.generators if GENERATOR | home in board.cells]


@dataclass
class Player:
    """Plays at random, mostly sensibly; every move goes through the rules alone. Time goes on, and sometimes back.

    `tidy` is how often it looks for a merge.
    """

    random: random.Random
    table: Table = field(default_factory=new_table)
    now: datetime = NOW
    tidy: float = 0.42
    vanished: int = 0
    applied: Counter[MoveKind] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def choose(self) -> Move:
        """The next move: a merge or a tap most of the time, whatever else otherwise."""
        board, chance = self.table.board, self.random.random()
        if chance < self.tidy:
            for source, target in pairs(board):
                if self.random.random() < 0.7:
                    return Move(MoveKind.MERGE, source, target)
        if chance < 0.80:
            return Move(MoveKind.TAP, self.random.choice(free_generators(board)))
        if chance < 0.86:
            return Move(MoveKind.DELIVER, self.random.choice(self.table.orders).number)
        if chance < 0.87:
            return Move(MoveKind.CLAIM_LEVEL, board.level + self.random.randrange(3))
        if chance < 0.89 and board.bubbles:
            kind = self.random.choice((MoveKind.POP, MoveKind.POP, MoveKind.SELL, MoveKind.MOVE))
            return Move(kind, self.random.choice(list(board.bubbles)), self.random.randrange(CELLS))
        return self._any()

    def _any(self) -> Move:
        chosen = self.random.choice(_KINDS)
        first = self.random.randrange(-1, 6) if chosen in _FROM_SLOT else self.random.randrange(-1, CELLS + 1)
        return Move(chosen, first, self.random.randrange(-1, CELLS + 1))

    def step(self) -> None:
        """One move, and what must hold after it."""
        board = self.table.board
        move = self.choose()
        before = _all_of(board)
        tapped = {home: each.taps for home, each in board.generators.items()}
        rich = board.purse
        try:
            if move.kind is MoveKind.DELIVER:
                _, dials = shipped()
                self.table, done = orders.deliver(self.table, dials, move.first)
                gone = done.units
            else:
                moves.apply(board, move, self.now)
                gone = _worth(before[0][move.first]) if move.kind is MoveKind.SELL else 0
        except (GameRefused, LoyaltyRefused) as refused:
            assert _all_of(board) == before, (move, refused)
            assert {home: each.taps for home, each in board.generators.items()} == tapped, "refused, so not counted"
            self.refused[str(refused.code)] += 1
            return
        self.applied[move.kind] += 1
        made = 0
        if move.kind is MoveKind.TAP:
            made = self._made(move, before, tapped)
        elif move.kind is MoveKind.POP:
            made = _worth(board.cells[move.first])
            assert rich - board.purse == board.popped[-1].diamonds > 0
        if move.kind is not MoveKind.TAP:
            assert {home: each.taps for home, each in board.generators.items()} == tapped
        assert board.merges == before[-1] + (move.kind is MoveKind.MERGE)
        assert board.purse >= 0
        assert units_anywhere(board) == board.units == before[4] + made - gone, move

    def _made(self, move: Move, before: tuple[Any, ...], tapped: dict[int, int]) -> int:
        """What a tap dropped: one item, into the nearest cell that was empty; nothing else has changed.

        Save that the last charge of a finite generator takes it with it, and that an automatic one takes no energy.
        """
        board, was = self.table.board, before[0]
        home = cells.home_of(was[move.first])
        cell = next(each for each in cells.NEAREST[move.first] if was[each] == EMPTY)
        made = was[cell] = board.cells[cell]
        assert cells.is_item(made)
        if home in board.generators:
            tapped[home] += 1
            kind = board.content.kind(board.generators[home].kind)
            assert kind is not None
            assert before[3].amount - board.energy.amount == (kind.supply is not Supply.AUTO)
        else:
            was[move.first] = EMPTY
            assert tapped.pop(home) == TASTED - 1
            self.vanished += 1
        assert was == board.cells
        assert {home: each.taps for home, each in board.generators.items()} == tapped
        return _worth(made)

    def wait(self) -> None:
        """Some time passes, or the server's clock goes back a little; now and then a gift comes."""
        self.now += timedelta(seconds=self.random.randrange(-300, 9_000))
        board = self.table.board
        moves.settle(board, self.now)
        board.purse = self.random.choice((0, 5, 1_000))
        if self.random.random() < 0.05:
            moves.give_energy(board, self.random.randrange(1, 200), self.now)
        if self.random.random() < 0.02:
            moves.give_goods(board, self.random.randbytes(16), self.random.randrange(1, 6))


def _all_of(board: Board) -> tuple[Any, ...]:
    """What a refusal must leave as it was, charges aside: time may have brought those."""
    return (
        board.cells[:], board.storage[:], board.inbox[:], board.energy, board.units, board.level, dict(board.bubbles),
        board.purse, board.popped[:], board.merges,
    )  # fmt: skip


_FROM_SLOT = (MoveKind.RETRIEVE, MoveKind.UNPACK)
_KINDS = [kind for kind in MoveKind if kind not in (MoveKind.DELIVER, MoveKind.CLAIM_LEVEL)]


def play(seed: int, steps: int, *, check_every: int = 500) -> Player:
    """Random moves on a fresh board until so many were taken; asserts what must hold, all of it now and then.

    Every other seed plays the lively board.
    """
    dice = random.Random(seed)
    content = lively() if seed % 2 else None
    player = Player(dice, new_table(dice.randbytes(32), content=content), tidy=dice.choice((0.12, 0.3, 0.45)))
    for number in range(steps * 20):
        if number % 25 == 0:
            player.wait()
            if sum(player.applied.values()) >= steps:
                break
        player.step()
        if number % check_every == 0:
            assert faults_of(player.table) == [], (seed, number)
    assert faults_of(player.table) == [], seed
    return player


def fill(table: Table, number: int, now: datetime) -> int:
    """Fills an order by plain means and returns how many moves it took; asserts that it comes to an end.

    Time and energy are not spared; what stands in the way is sold.
    """
    _, dials = shipped()
    order = next(each for each in table.orders if each.number == number)
    board = table.board.copy()
    for count in range(20_000):
        now += timedelta(hours=5)
        moves.settle(board, now)
        move = _next_step(board, order)
        if move is None:
            _, done = orders.deliver(Table(board, table.orders, table.next_number), dials, number)
            assert done.number == number
            return count + 1
        moves.apply(board, move, now)
    raise AssertionError(f"order {number} was not filled: {words(board)}")


def _next_step(board: Board, order: orders.Order) -> Move | None:
    """The next move towards an order: merge towards the largest goods that are missing, or tap, or make room."""
    wanted = Counter(order.items)
    reserved = set()
    for index, cell in enumerate(board.cells):
        if wanted.get(cell, 0) > 0:
            wanted[cell] -= 1
            reserved.add(index)
    missing = sorted((item for item, count in wanted.items() if count > 0), key=cells.level_of)
    if not missing:
        return None
    target = missing[-1]
    chain = cells.chain_of(target)
    for source, to in pairs(board, frozenset(reserved)):
        item = board.cells[source]
        if cells.chain_of(item) == chain and item < target:
            return Move(MoveKind.MERGE, source, to)
    if EMPTY not in board.cells:
        return Move(MoveKind.SELL, _in_the_way(board, reserved, chain, target))
    tapped = next(
        index for index in free_generators(board)
        if chain in {
            cells.chain_of(item)
            for item in board.content.drops(board.generators[cells.home_of(board.cells[index])].kind, board.level)[2]
        }
    )  # fmt: skip
    return Move(MoveKind.TAP, tapped)


def _in_the_way(board: Board, reserved: set[int], chain: int, target: int) -> int:
    """A bubble, or goods that the order does not need: of another chain, or too large."""
    if board.bubbles:
        return next(iter(board.bubbles))
    free = [index for index, cell in enumerate(board.cells) if cells.is_item(cell) and index not in reserved]
    useless = [
        index for index in free if cells.chain_of(board.cells[index]) != chain or board.cells[index] >= target
    ]  # fmt: skip
    return (useless or free)[0]
