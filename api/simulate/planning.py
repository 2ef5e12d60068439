"""What a bot does on the board: a list of moves, thought out over what its app shows. No seed, no dice, no I/O.

Everything but what a tap drops follows from what is shown, so a plan merges and delivers first and taps last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from game.board.rules import cells, moves
from game.board.rules.cells import BOX, BUBBLE, CELLS, EMPTY, GENERATOR, LEVEL_BITS, LEVEL_MASK, WEB
from game.board.rules.content import MOST_EXPERIENCE
from game.board.rules.moves import Board, Move, MoveKind
from game.orders.rules import MOST_MOVES, Order

_ROOMY = 20  # with so many free cells what is stored comes back
_WIDE = 30  # with fewer, goods are merged that no order asks for yet
_TIGHT = 12  # with fewer, they are merged beyond what orders ask for
_LEAST = 10  # with fewer, goods are stored or sold
_USEFUL = 4  # goods up to this level are worth merging for orders to come


@dataclass(frozen=True, slots=True)
class Style:
    """How carefully somebody plays: moves in one list, taps in it, whether the best paid order comes first.

    `pops`: whether bubbles are popped that the diamonds at hand pay for.
    """

    moves: int = MOST_MOVES
    taps: int = MOST_MOVES
    ranks: bool = True
    pops: bool = False


def plan(
    shown: Board, orders: Sequence[Order], now: datetime, style: Style, diamonds: int = 0
) -> tuple[Move, ...]:  # fmt: skip
    """The next moves on the board as shown; none where there is nothing to do. Changes nothing."""
    board = shown.sketch()
    board.purse = diamonds
    moves.settle(board, now)
    hand = Hand(board, now, style)
    if style.pops:
        hand.pop()
    hand.free_webs()
    hand.unpack()
    waiting = hand.serve(hand.rank(orders) if style.ranks else orders)
    hand.claim_levels()
    hand.make_room(waiting)
    hand.tap(waiting)
    return tuple(hand.moves)


def is_dead(board: Board) -> bool:
    """Whether no move will ever be taken again, with full energy and sales: no goods to lift, no cell to drop into."""
    for cell in board.cells:
        if EMPTY < cell < GENERATOR:
            return False  # goods, or a bubble
    return EMPTY not in board.cells or not moves.owned_chains(board)


def _places(board: Sequence[int], item: int) -> list[int]:
    """The cells that hold such goods."""
    found, at = [], -1
    for _ in range(board.count(item)):
        at = board.index(item, at + 1)
        found.append(at)
    return found


# One move is as good as another like it, and making them takes time.
_MERGES = tuple(tuple(Move(MoveKind.MERGE, source, target) for target in range(CELLS)) for source in range(CELLS))
_TAPS = tuple(Move(MoveKind.TAP, cell) for cell in range(CELLS))


class Hand:
    """A working copy of the board, the goods that nothing holds by kind, and the moves so far."""

    def __init__(self, board: Board, now: datetime, style: Style) -> None:
        self.board = board
        self.moves: list[Move] = []
        self._now = now
        self._most = style.moves
        self._most_taps = style.taps
        self._free: dict[int, list[int]] = {}
        self._webbed = False
        self._room = board.cells.count(EMPTY)
        free = self._free
        for cell, item in enumerate(board.cells):
            if item < BUBBLE:
                if item in free:
                    free[item].append(cell)
                elif item:  # not EMPTY
                    free[item] = [cell]
            elif WEB <= item < BOX:
                self._webbed = True

    def _do(self, kind: MoveKind, first: int, second: int = 0) -> bool:
        if len(self.moves) >= self._most:
            return False
        move = Move(kind, first, second)
        moves.apply(self.board, move, self._now)
        self.moves.append(move)
        return True

    def _merge(self, source: int, target: int, item: int) -> bool:
        """Merges such goods; what comes out of boxes beside it is at hand from then on."""
        if len(self.moves) >= self._most:
            return False
        # Whether a bubble comes is the server's to say; where one does, a later move may be refused.
        for cell in moves.join(self.board, source, target, item):
            opened = self.board.cells[cell]
            if EMPTY < opened < BUBBLE:
                self._free.setdefault(opened, []).append(cell)
        self.moves.append(_MERGES[source][target])
        self._room += 1
        return True

    def _can_grow(self, item: int) -> bool:
        return item & LEVEL_MASK < self.board.content.chain_lengths[item >> LEVEL_BITS]

    def rank(self, orders: Sequence[Order]) -> list[Order]:
        """The best paid for what is still missing first."""
        free, found = self._free, []
        for order in orders:
            missing = 0
            for item in set(order.items):
                if len(free.get(item, ())) < order.items.count(item):
                    missing += 1 << (item & LEVEL_MASK) - 1
            found.append((-order.diamonds / (1 + missing), order.number, order))
        found.sort()  # each number stands once
        return [order for _, _, order in found]

    def pop(self) -> None:
        """Pops bubbles that the diamonds at hand pay for, the cheapest first."""
        board = self.board
        for cell, bubble in sorted(board.bubbles.items(), key=lambda each: (each[1].diamonds, each[0])):
            if bubble.diamonds > board.purse or not self._do(MoveKind.POP, cell):
                return
            self._free.setdefault(board.cells[cell], []).append(cell)

    def free_webs(self) -> None:
        """Merges goods onto equal ones in webs: that frees those, and opens boxes."""
        again = self._webbed
        while again:
            again = False
            for cell, found in enumerate(self.board.cells):
                if not WEB <= found < BOX:
                    continue
                item = found & ~WEB
                if self._free.get(item) and self._can_grow(item):
                    source = self._free[item].pop()
                    if not self._merge(source, cell, item):
                        return
                    self._free.setdefault(item + 1, []).append(cell)
                    again = True

    def unpack(self) -> None:
        """Takes gifts out of the inbox, and stored goods out of storage, while there is room."""
        board = self.board
        while board.inbox and self._room > _TIGHT and self._bring(MoveKind.UNPACK, board.inbox[0][0]):
            pass
        while board.storage and self._room > _ROOMY and self._bring(MoveKind.RETRIEVE, board.storage[0]):
            pass

    def _bring(self, kind: MoveKind, item: int) -> bool:
        cell = self.board.cells.index(EMPTY)
        if not self._do(kind, 0, cell):
            return False
        self._room -= 1
        self._free.setdefault(item, []).append(cell)
        return True

    def serve(self, orders: Sequence[Order]) -> list[Order]:
        """Builds what is asked for and delivers; keeps what it has for the orders that wait, which are returned."""
        waiting = []
        for order in orders:
            built = [self._build(item) is not None for item in reversed(order.items)]
            if all(built) and len(self.moves) < self._most:
                self._deliver(order)
            else:
                waiting.append(order)
        return waiting

    def _build(self, item: int) -> int | None:
        """A cell with the goods, merged from lower ones if need be, no longer at hand; None where something lacks."""
        free = self._free
        found = free.get(item)
        if found:
            return found.pop()
        at = item - 1
        while at & LEVEL_MASK and not free.get(at):
            at -= 1
        if not at & LEVEL_MASK:
            return None  # nothing lower is at hand either
        source, lengths = free[at].pop(), self.board.content.chain_lengths
        while at < item:
            target = self._build(at)
            if target is None or at & LEVEL_MASK >= lengths[at >> LEVEL_BITS] or not self._merge(source, target, at):
                free.setdefault(at, []).extend((source,) if target is None else (source, target))
                return None
            source, at = target, at + 1
        return source

    def _deliver(self, order: Order) -> None:
        """Hands the goods over, which go from the lowest cells on: equal ones stand in for one another."""
        board, free = self.board, self._free
        for item in set(order.items):
            count = order.items.count(item)
            there = _places(board.cells, item)
            for cell in there[:count]:
                board.cells[cell] = EMPTY
            self._room += count
            free[item] = there[count:][: len(free.get(item, ()))]
        board.experience = min(MOST_EXPERIENCE, board.experience + order.experience)
        self.moves.append(Move(MoveKind.DELIVER, order.number))

    def claim_levels(self) -> None:
        """Claims every level that the experience has reached."""
        board = self.board
        while (level := board.content.level(board.level + 1)) is not None and board.experience >= level.experience:
            if not self._do(MoveKind.CLAIM_LEVEL, level.number):
                return
        # What a level opens is looked at with the next list of moves.

    def make_room(self, waiting: Sequence[Order]) -> None:
        """Merges goods that nobody waits for while room is short; stores or sells when there is hardly any."""
        most = _USEFUL
        if self._room < _WIDE:
            for order in waiting:
                for item in order.items:
                    most = max(most, item & LEVEL_MASK)
            self._merge_spare(most, _WIDE)
        if self._room < _TIGHT:
            self._merge_spare(LEVEL_MASK, _TIGHT)
        if self._room >= _LEAST:
            return
        board = self.board
        wanted = {cells.chain_of(item) for order in waiting for item in order.items}
        while self._room < _LEAST and (spare := self._spare(wanted)) is not None:
            stores = len(board.storage) < board.content.storage_at(board.level)
            if not self._do(MoveKind.STORE if stores else MoveKind.SELL, spare):
                return
            self._room += 1

    def _merge_spare(self, most: int, room: int) -> None:
        """Merges equal goods below level `most`, the lowest first, until there is so much room."""
        free, lengths = self._free, self.board.content.chain_lengths
        held = [(item & LEVEL_MASK, item) for item in free if item & LEVEL_MASK < most]
        held.sort()
        for _, item in held:
            found = free[item]
            if len(found) < 2 or item & LEVEL_MASK >= lengths[item >> LEVEL_BITS]:
                continue
            grown = free.setdefault(item + 1, [])
            while self._room < room and len(found) > 1:
                source, target = found.pop(), found.pop()
                if not self._merge(source, target, item):
                    return
                grown.append(target)
            if self._room >= room:
                return

    def _spare(self, wanted: set[int]) -> int | None:
        """The cell whose goods are missed least: of a chain that nobody asks for, else those worth least."""
        held = [item for item, found in self._free.items() if found]
        if held:
            item = min(held, key=lambda item: (cells.chain_of(item) in wanted, cells.units_of(item), item))
            return self._free[item].pop()
        # All goods are kept for orders that cannot be finished for want of room.
        return next((cell for cell, item in enumerate(self.board.cells) if cells.is_item(item)), None)

    def tap(self, waiting: Sequence[Order]) -> None:
        """Taps the generators of what is missing most, as far as energy, charges and room go."""
        board = self.board
        taps = min(board.energy.amount, self._room - 1, self._most_taps, self._most - len(self.moves))
        if taps < 1:
            return
        missing: dict[int, int] = {}
        for order in waiting:
            for item in order.items:
                chain = item >> LEVEL_BITS
                missing[chain] = missing.get(chain, 0) + (1 << (item & LEVEL_MASK) - 1)
        for lack, cell, charges in sorted(self._generators(missing)):
            if not lack and board.energy.amount * 2 < board.energy_cap:
                continue
            count = max(0, min(taps, charges))
            self.moves.extend([_TAPS[cell]] * count)
            taps -= count

    def _generators(self, missing: Mapping[int, int]) -> list[tuple[int, int, int]]:
        """Of each free generator that drops something: less what is missing of that, its cell, and its charges."""
        board, found = self.board, []
        for cell, held in enumerate(board.cells):
            if GENERATOR <= held < WEB:
                generator = board.generators[held & (GENERATOR - 1)]
                chains = board.content.dropped_chains(generator.kind, board.level)
                if chains:
                    charges = moves.charges_at(board, generator, self._now)
                    found.append((-sum([missing.get(chain, 0) for chain in chains]), cell, charges))
        return found
