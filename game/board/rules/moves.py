"""What each move does to a board. Each checks everything before it changes anything, so a refusal leaves no trace.

The dice are HMAC-SHA256 under the board's secret seed over the generator's home cell and its tap counter, or over the
counter of merges. Counters move only on success, so sending a move again cannot reroll it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from game.board.rules import bubbles, cells, generators
from game.board.rules.bubbles import Bubble, BubblePopped
from game.board.rules.cells import BESIDE, BOX, BUBBLE, CELLS, EMPTY, GENERATOR, LEVEL_BITS, LEVEL_MASK, NEAREST, WEB
from game.board.rules.content import Content
from game.board.rules.dials import PPM
from game.board.rules.generators import Generator
from game.board.rules.rolls import roll
from game.board.rules.taps import tap
from game.energy import rules as energy_rules
from game.energy.rules import Energy
from game.refusals import GameCode, GameRefused


class MoveKind(StrEnum):
    """What a member can do on the board."""

    TAP = "TAP"
    MERGE = "MERGE"
    MOVE = "MOVE"
    STORE = "STORE"
    RETRIEVE = "RETRIEVE"
    UNPACK = "UNPACK"
    SELL = "SELL"
    DELIVER = "DELIVER"
    OPEN = "OPEN"
    POP = "POP"
    CLAIM_LEVEL = "CLAIM_LEVEL"


@dataclass(frozen=True, slots=True)
class Move:
    """One move. `first` is a cell, a slot (RETRIEVE, UNPACK), an order's number (DELIVER) or a level (CLAIM_LEVEL).

    `second` is the cell that goods go to: of MERGE, MOVE, RETRIEVE and UNPACK.
    """

    kind: MoveKind
    first: int
    second: int = 0


@dataclass(frozen=True, slots=True)
class LevelClaimed:
    """What claiming a level paid, and the boxes that it opened."""

    level: int
    diamonds: int
    energy: int
    cells: tuple[int, ...]


@dataclass(slots=True)
class Board:
    """A member's board, as a working copy that moves change.

    `cells` are the numbers of `cells.py`. `inbox` holds stacks of goods that grants gave: (item, how many), oldest
    first. `units` is what the goods anywhere on the board, in storage and in the inbox are worth; every move keeps it.
    `merges` counts merges, `bubbles` says of each bubble, by its cell, how long it stays and what popping it costs.
    `purse` is how many diamonds can be spent here: what the wallet holds, and what moves have earned and paid since.
    """

    content: Content
    seed: bytes
    cells: list[int]
    generators: dict[int, Generator]
    storage: list[int]
    inbox: list[tuple[int, int]]
    level: int
    experience: int
    energy: Energy
    energy_cap: int
    units: int
    merges: int = 0
    bubbles: dict[int, Bubble] = field(default_factory=dict)
    purse: int = 0
    claimed: list[LevelClaimed] = field(default_factory=list)
    popped: list[BubblePopped] = field(default_factory=list)

    def copy(self) -> Board:
        """A board of its own."""
        made = self.sketch()
        made.generators = {
            home: Generator(g.kind, g.taps, g.charges, g.ready_at) for home, g in made.generators.items()
        }
        return made

    def sketch(self) -> Board:
        """A board of its own but for the generators: to be played on without a tap."""
        return Board(
            self.content, self.seed, self.cells[:], self.generators, self.storage[:], self.inbox[:], self.level,
            self.experience, self.energy, self.energy_cap, self.units, self.merges, self.bubbles.copy(), self.purse,
        )  # fmt: skip


def start_board(content: Content, seed: bytes, energy_cap: int, now: datetime) -> Board:
    """The board that everybody begins with."""
    kinds = {kind.code: number for number, kind in enumerate(content.layout.generators)}
    board_cells: list[int] = []
    made: dict[int, Generator] = {}
    for index, word in enumerate(content.layout.cells):
        board_cells.append(content.read_word(word, index))
        if "@" in word:
            kind = kinds[word.rpartition("@")[2]]
            made[index] = Generator(kind, 0, content.layout.generators[kind].charges, None)
    energy = Energy(content.layout.energy_start, now)
    units = cells.total_units(board_cells)
    return Board(content, seed, board_cells, made, [], [], 1, 0, energy, energy_cap, units)


def begin_anew(board: Board, seed: bytes, now: datetime) -> Board:
    """The board that everybody begins with, in the place of one that is settled at `now`; under a new seed.

    What was given or bought stays: goods in the inbox, and energy where there is more than a board begins with.
    """
    fresh = start_board(board.content, seed, board.energy_cap, now)
    fresh.inbox = board.inbox[:]
    fresh.units += sum(count * cells.units_of(item) for item, count in fresh.inbox)
    if board.energy.amount > fresh.energy.amount:
        fresh.energy = board.energy
    return fresh


def apply(board: Board, move: Move, now: datetime) -> None:
    """Does one move other than DELIVER. The board must be settled at `now`.

    Refuses CELL_OUT_OF_BOUNDS, CELL_EMPTY, CELL_TAKEN, LOCKED_CELL, NOT_TAPPABLE, NOT_AN_ITEM, NOT_A_CHEST,
    NOT_A_BUBBLE, NOT_ENOUGH, NOT_MERGEABLE, TOP_LEVEL, BOARD_FULL, NO_ENERGY, NO_CHARGES, STORAGE_FULL, SLOT_EMPTY,
    LEVEL_CLAIMED, LEVEL_NOT_REACHED.
    """
    _VERBS[move.kind](board, move.first, move.second, now)


def settle(board: Board, now: datetime) -> None:
    """Brings the energy up to `now`, and empties the cells of bubbles whose time is over."""
    board.energy = energy_rules.settle(board.energy, board.energy_cap, board.content.layout.energy_seconds, now)
    if board.bubbles:
        burst(board, now)


def burst(board: Board, now: datetime) -> bool:
    """Empties the cells of bubbles whose time is over; whether there were any."""
    gone = bubbles.expired(board.bubbles, now)
    for cell in gone:
        board.cells[cell] = EMPTY
        del board.bubbles[cell]
    return bool(gone)


def refresh(board: Board, generator: Generator, now: datetime) -> None:
    """Gives a generator what charges time has brought it."""
    generators.refresh(board.content.kind(generator.kind), generator, now)


def charges_at(board: Board, generator: Generator, now: datetime) -> int:
    """What a generator has, with the charges that time has brought it; nothing is changed."""
    if generator.ready_at is None:
        return generator.charges
    looked = Generator(generator.kind, generator.taps, generator.charges, generator.ready_at)
    refresh(board, looked, now)
    return looked.charges


def owned_chains(board: Board) -> list[int]:
    """The chains that the member's free infinite generators drop at this level, in their order.

    Finite ones go, and automatic ones are slow: what they bring is extra, and never needed.
    """
    made, home = board.generators, GENERATOR - 1
    kinds = frozenset([made[cell & home].kind for cell in board.cells if GENERATOR <= cell < WEB])
    return board.content.lasting_chains(kinds, board.level)


def give_energy(board: Board, amount: int, now: datetime) -> None:
    """A gift of energy, above the cap if need be."""
    seconds = board.content.layout.energy_seconds
    board.energy = energy_rules.give(board.energy, amount, board.energy_cap, seconds, now)


def give_goods(board: Board, grant: bytes, count: int) -> int:
    """Puts `count` goods of one kind into the inbox; the grant's id under the seed says which. Returns the item.

    Of a chain that orders go by; of any, where a change of sheets left the board without a generator of such.
    """
    chains = owned_chains(board) or range(len(board.content.chains))
    picked = chains[roll(board.seed, b"gift|" + grant, len(chains))]
    item = cells.make_item(picked, board.content.layout.gift_level)
    for index, (held, number) in enumerate(board.inbox):
        if held == item:
            board.inbox[index] = (held, number + count)
            break
    else:
        board.inbox.append((item, count))
    board.units += count * cells.units_of(item)
    return item


def _inside(cell: int) -> None:
    if not 0 <= cell < CELLS:
        raise GameRefused(GameCode.CELL_OUT_OF_BOUNDS, cell=cell, most=CELLS - 1)


def _take_item(board: Board, cell: int) -> int:
    """The goods in a cell that nothing holds. Changes nothing."""
    _inside(cell)
    content = board.cells[cell]
    if 0 < content < BUBBLE:
        return content
    if content == EMPTY:
        raise GameRefused(GameCode.CELL_EMPTY, cell=cell)
    raise GameRefused(GameCode.LOCKED_CELL if content >= WEB else GameCode.NOT_AN_ITEM, cell=cell)


def _refuse_taken(board: Board, cell: int) -> None:
    _inside(cell)
    content = board.cells[cell]
    if content != EMPTY:
        raise GameRefused(GameCode.LOCKED_CELL if content >= WEB else GameCode.CELL_TAKEN, cell=cell)


def _tap(board: Board, cell: int, _: int, now: datetime) -> None:
    tap(board, cell, 1, now)


def _merge(board: Board, source: int, target: int, now: datetime) -> None:
    board_cells = board.cells
    if not (0 <= source < CELLS and 0 <= target < CELLS and EMPTY < board_cells[source] < BUBBLE):
        _take_item(board, source)
        _inside(target)
    item, found = board_cells[source], board_cells[target]
    if source == target or found & ~WEB != item:
        if found == EMPTY:
            raise GameRefused(GameCode.CELL_EMPTY, cell=target)
        raise GameRefused(GameCode.LOCKED_CELL if found & BOX else GameCode.NOT_MERGEABLE, cell=target)
    if item & LEVEL_MASK >= board.content.chain_lengths[item >> LEVEL_BITS]:
        raise GameRefused(GameCode.TOP_LEVEL, cell=target)
    join(board, source, target, item)
    dials = board.content.layout.bubbles
    if dials.chance_ppm and item + 1 & LEVEL_MASK >= dials.level:
        _blow(board, target, item + 1, now)


def join(board: Board, source: int, target: int, item: int) -> Sequence[int]:
    """Two equal goods become one of the next level, and boxes beside it open, whose cells are told; no bubble comes.

    Expects goods that may be merged: whoever has not checked that calls `apply`.
    """
    board_cells = board.cells
    board_cells[source] = EMPTY
    board_cells[target] = item + 1
    board.merges += 1
    opened: tuple[int, ...] = ()
    for beside in BESIDE[target]:
        if board_cells[beside] & BOX and board.content.sealed.get(beside, 0) <= board.level:
            board_cells[beside] &= ~BOX
            opened = (*opened, beside)
    return opened


def _blow(board: Board, beside: int, item: int, now: datetime) -> None:
    """Puts a bubble with the same goods into the nearest empty cell, if the dice of this merge say so."""
    dials = board.content.layout.bubbles
    if roll(board.seed, b"bubble|%d" % board.merges, PPM) >= dials.chance_ppm:
        return
    cell = next((each for each in NEAREST[beside] if board.cells[each] == EMPTY), None)
    if cell is not None:
        board.cells[cell] = BUBBLE | item
        board.bubbles[cell] = bubbles.make(dials, cells.level_of(item), now)


def _move(board: Board, source: int, target: int, _: datetime) -> None:
    _inside(source)
    _inside(target)
    found, there = board.cells[source], board.cells[target]
    if found == EMPTY:
        raise GameRefused(GameCode.CELL_EMPTY, cell=source)
    if found >= WEB or there >= WEB:
        raise GameRefused(GameCode.LOCKED_CELL, cell=source if found >= WEB else target)
    board.cells[source], board.cells[target] = there, found
    if board.bubbles:
        places = {source: target, target: source}
        board.bubbles = {places.get(cell, cell): bubble for cell, bubble in board.bubbles.items()}


def _store(board: Board, cell: int, _: int, now: datetime) -> None:
    item = _take_item(board, cell)
    room = board.content.storage_at(board.level)
    if len(board.storage) >= room:
        raise GameRefused(GameCode.STORAGE_FULL, limit=room)
    board.cells[cell] = EMPTY
    board.storage.append(item)


def _retrieve(board: Board, slot: int, cell: int, _: datetime) -> None:
    if not 0 <= slot < len(board.storage):
        raise GameRefused(GameCode.SLOT_EMPTY, slot=slot)
    _refuse_taken(board, cell)
    board.cells[cell] = board.storage.pop(slot)


def _unpack(board: Board, slot: int, cell: int, _: datetime) -> None:
    if not 0 <= slot < len(board.inbox):
        raise GameRefused(GameCode.SLOT_EMPTY, slot=slot)
    _refuse_taken(board, cell)
    item, count = board.inbox[slot]
    board.cells[cell] = item
    if count > 1:
        board.inbox[slot] = (item, count - 1)
    else:
        del board.inbox[slot]


def _sell(board: Board, cell: int, _: int, now: datetime) -> None:
    if cell in board.bubbles:
        board.cells[cell] = EMPTY
        del board.bubbles[cell]
        return
    item = _take_item(board, cell)
    board.cells[cell] = EMPTY
    board.units -= cells.units_of(item)


def _open(board: Board, cell: int, _: int, now: datetime) -> None:
    _inside(cell)
    raise GameRefused(GameCode.NOT_A_CHEST, cell=cell)


def _pop(board: Board, cell: int, _: int, now: datetime) -> None:
    _inside(cell)
    bubble = board.bubbles.get(cell)
    if bubble is None:
        empty = board.cells[cell] == EMPTY
        raise GameRefused(GameCode.CELL_EMPTY if empty else GameCode.NOT_A_BUBBLE, cell=cell)
    bubbles.refuse_dear(bubble, board.purse)
    item = board.cells[cell] & ~BUBBLE
    board.cells[cell] = item
    del board.bubbles[cell]
    board.units += cells.units_of(item)
    board.purse -= bubble.diamonds
    board.popped.append(BubblePopped(cell, board.content.write_word(item), bubble.diamonds))


def _claim_level(board: Board, number: int, _: int, now: datetime) -> None:
    if number <= board.level:
        raise GameRefused(GameCode.LEVEL_CLAIMED, level=number)
    level = board.content.level(number)
    if level is None or number != board.level + 1 or board.experience < level.experience:
        raise GameRefused(GameCode.LEVEL_NOT_REACHED, level=number, experience=board.experience)
    opened = tuple(cell for cell in level.cells if board.cells[cell] & BOX)
    for cell in opened:
        board.cells[cell] &= ~BOX
    board.level = number
    board.purse += level.diamonds
    if level.energy:
        give_energy(board, level.energy, now)
    board.claimed.append(LevelClaimed(number, level.diamonds, level.energy, opened))


_VERBS: dict[MoveKind, Callable[[Board, int, int, datetime], None]] = {
    MoveKind.TAP: _tap,
    MoveKind.MERGE: _merge,
    MoveKind.MOVE: _move,
    MoveKind.STORE: _store,
    MoveKind.RETRIEVE: _retrieve,
    MoveKind.UNPACK: _unpack,
    MoveKind.SELL: _sell,
    MoveKind.OPEN: _open,
    MoveKind.POP: _pop,
    MoveKind.CLAIM_LEVEL: _claim_level,
}
