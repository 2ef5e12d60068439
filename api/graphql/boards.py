"""A member's board, as every schema shows it. What a box hides and the board's seed are never shown."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from api.graphql.context import Context
from game.board.actions import BoardRead, read_board
from game.board.rules import cells
from game.board.rules.cells import BUBBLE, CellKind
from game.board.rules.content import Content, Supply
from game.board.rules.generators import Generator
from game.board.rules.moves import Board
from game.energy.rules import next_at
from game.orders.actions import read_appointment, standing_orders
from game.orders.rules import Order, Window
from loyalty.members.actions import load_members
from loyalty.sheets.actions import open_sheets

strawberry.enum(CellKind, description="What a cell is. Open: treat a kind you do not know as locked.")
strawberry.enum(
    Supply,
    name="GeneratorKind",
    description="INFINITE: all charges come back after a pause. FINITE: its charges once, then its cell is empty. "
    "AUTO: makes charges by itself, and a tap takes no energy.",
)


@strawberry.type(name="Energy", description="What a tap costs; it comes back with time, up to the cap.")
class EnergyNode:
    now: int
    cap: int
    next_at: datetime | None = strawberry.field(description="When the next unit comes back; null when it is full.")


@strawberry.type(name="Item", description="Goods of a chain; two equal ones become one of the next level.")
class ItemNode:
    chain: str
    level: int
    name: str
    emoji: str
    top: bool = strawberry.field(description="Whether this is the top level, which merges no further.")
    sponsor: str | None = strawberry.field(description="The brand whose goods these are, if one is.")


@strawberry.type(name="Generator", description="Where goods come from.")
class GeneratorNode:
    code: str
    name: str
    emoji: str
    kind: Supply
    charges: int
    most_charges: int
    ready_at: datetime | None = strawberry.field(
        description="INFINITE: when all charges are back; null while it has any. AUTO: when the next charge comes; "
        "null when it is full. FINITE: null."
    )
    auto_seconds: int | None = strawberry.field(description="AUTO: how long it takes for a charge; else null.")


@strawberry.type(description="One of 63 cells, 7 in a row, counted from 0 at the top left.")
class Cell:
    index: int
    kind: CellKind
    item: ItemNode | None = strawberry.field(
        description="Null where the cell is empty, boxed or a generator; in a bubble, what popping it frees."
    )
    generator: GeneratorNode | None
    opens_at_level: int | None = strawberry.field(description="Of a box that stays shut until a level is claimed.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="Of a bubble: from then on the cell is empty."
    )
    pop_diamonds: int | None = strawberry.field(default=None, description="Of a bubble: what popping it costs.")
    kept: strawberry.Private[dict[object, object] | None] = None


@strawberry.type(name="Order", description="What a customer waits for.")
class OrderNode:
    number: int
    items: list[ItemNode]
    ready: bool = strawberry.field(description="Whether everything for it lies free on the board.")
    diamonds: int
    experience: int
    name: str | None = strawberry.field(description="Of an appointment; null where the order is a plain one.")
    expires_at: datetime | None = strawberry.field(description="From when it waits no longer; null: it waits for good.")
    bonus_per_mille: int = strawberry.field(description="What it pays more than a plain one, in thousandths.")


@strawberry.type(
    description="Hours of your clock in which a special order waits, once. It comes with a play inside them."
)
class Appointment:
    name: str
    from_: datetime = strawberry.field(name="from")
    until: datetime
    bonus_per_mille: int


@strawberry.type
class Storage:
    slots: int
    items: list[ItemNode] = strawberry.field(description="By slot, counted from 0; the rest of the slots are free.")


@strawberry.type(description="Goods that came as gifts and wait to be put on the board.")
class InboxStack:
    item: ItemNode
    count: int


@strawberry.type(name="Board", description="The board as it stands. `revision` 0: not opened yet, so it will start.")
class BoardNode:
    revision: int
    energy: EnergyNode
    level: int
    experience: int
    next_level_experience: int | None = strawberry.field(description="What the next level needs; null at the top.")
    cells: list[Cell]
    orders: list[OrderNode]
    next_appointment: Appointment | None = strawberry.field(
        description="The next one whose order you have yet to be given, open already or later; null: none is foreseen."
    )
    storage: Storage
    inbox: list[InboxStack]


def show_board(
    read: BoardRead, locale: str, appointment: Window | None = None, orders: Sequence[Order] | None = None
) -> BoardNode:
    """A board and the appointment that comes next, in a language. `orders`: those that wait, if they are known."""
    board, content = read.board, read.board.content
    following = content.level(board.level + 1)
    known = _known_of(content, locale)
    shown, boxes = known.cells, known.boxes.setdefault(board.level, {})
    return BoardNode(
        revision=read.revision,
        energy=EnergyNode(
            now=board.energy.amount,
            cap=board.energy_cap,
            next_at=next_at(board.energy, board.energy_cap, content.layout.energy_seconds),
        ),
        level=board.level,
        experience=board.experience,
        next_level_experience=following.experience if following else None,
        cells=[
            shown.get(at := cell << _INDEX_BITS | index) or boxes.get(at) or _cell(board, index, locale, known)
            for index, cell in enumerate(board.cells)
        ],
        orders=[_order(board, order, locale) for order in (standing_orders(read) if orders is None else orders)],
        next_appointment=_appointment(appointment, locale) if appointment else None,
        storage=Storage(
            slots=content.storage_at(board.level), items=[show_item(content, item, locale) for item in board.storage]
        ),
        inbox=[InboxStack(item=show_item(content, item, locale), count=count) for item, count in board.inbox],
    )


class _Known:
    """The nodes of one content in one language that were shown before: goods by number, cells by number and index.

    Of the cells those alone that look the same on every board; generators by index, kind and charges. Boxes that a
    level opens look the same on every board of one level, and what a sheet puts into a cell is one thing or two.
    """

    def __init__(self, content: Content) -> None:
        self.content = content
        self.items: dict[int, ItemNode] = {}
        self.cells: dict[int, Cell] = {}
        self.boxes: dict[int, dict[int, Cell]] = {}
        self.generators: dict[tuple[int, int, int], Cell] = {}


# Nodes are never changed, so one serves all members, and what was sent of a cell is sent again. A few contents at most
# are in use at a time, each with some hundred goods in 63 cells.
_known: dict[tuple[int, str], _Known] = {}
_CONTENTS_MOST = 8
_CELLS_MOST = 20_000
_GENERATORS_MOST = 4_000
_INDEX_BITS = 6


def _known_of(content: Content, locale: str) -> _Known:
    known = _known.get((id(content), locale))
    if known is None:
        if len(_known) >= _CONTENTS_MOST:
            _known.clear()
        # It holds the content, so that its identity stays its own.
        known = _known[id(content), locale] = _Known(content)
    return known


def show_item(content: Content, item: int, locale: str) -> ItemNode:
    """Goods by their number; those that the sheets have lost show their code alone."""
    known = _known_of(content, locale).items
    if item not in known:
        known[item] = _item(content, item, locale)
    return known[item]


def _item(content: Content, item: int, locale: str) -> ItemNode:
    chain, level = cells.chain_of(item), cells.level_of(item)
    goods = content.goods(item)
    return ItemNode(
        chain=content.chain_codes[chain],
        level=level,
        name=_name(goods.names, locale) if goods else content.chain_codes[chain],
        emoji=goods.emoji if goods else "",
        top=level >= content.chain_lengths[chain],
        sponsor=(goods.sponsor or None) if goods else None,
    )


async def load_board(context: Context, member_id: UUID) -> BoardNode:
    """A member's board as it stands; nothing is opened or written."""
    async with context.database.read() as connection:
        sheets = await open_sheets(connection, context.now)
        read = await read_board(connection, member_id, context.now, sheets)
        member = (await load_members(connection, [member_id])).get(member_id)
        orders = standing_orders(read)
        appointment = await read_appointment(connection, sheets, member, read, orders) if member else None
        return show_board(read, context.locale, appointment, orders)


def _name(names: Mapping[str, str], locale: str) -> str:
    return names.get(locale) or names["en"]


def _cell(board: Board, index: int, locale: str, known: _Known) -> Cell:
    cell = board.cells[index]
    kind = cells.kind_of(cell)
    if kind is CellKind.GENERATOR:
        return _generator_cell(board, index, locale, known)
    if kind is CellKind.BUBBLE:
        bubble = board.bubbles[index]
        return Cell(
            index=index, kind=kind, item=show_item(board.content, cell & ~BUBBLE, locale), generator=None,
            opens_at_level=None, expires_at=bubble.expires_at, pop_diamonds=bubble.diamonds,
        )  # fmt: skip
    if kind is CellKind.BOX and index in board.content.sealed:
        seal = board.content.sealed[index]
        found = _plain_cell(index, kind, None, seal if seal > board.level else None)
        known.boxes[board.level][cell << _INDEX_BITS | index] = found
        return found
    shown = kind in (CellKind.ITEM, CellKind.WEBBED)
    if len(known.cells) >= _CELLS_MOST:
        known.cells.clear()
    found = _plain_cell(index, kind, show_item(board.content, cell, locale) if shown else None, None)
    known.cells[cell << _INDEX_BITS | index] = found
    return found


def _generator_cell(board: Board, index: int, locale: str, known: _Known) -> Cell:
    """A generator that waits for nothing looks the same wherever it has as many charges."""
    generator = board.generators[cells.home_of(board.cells[index])]
    lasting = generator.ready_at is None
    key = (index, generator.kind, generator.charges)
    found = known.generators.get(key) if lasting else None
    if found is None:
        shown = _generator(board.content, generator, locale)
        kept: dict[object, object] | None = {} if lasting else None
        found = Cell(
            index=index, kind=CellKind.GENERATOR, item=None, generator=shown, opens_at_level=None, kept=kept
        )  # fmt: skip
        if lasting:
            if len(known.generators) >= _GENERATORS_MOST:
                known.generators.clear()
            known.generators[key] = found
    return found


def _plain_cell(index: int, kind: CellKind, item: ItemNode | None, opens_at: int | None) -> Cell:
    return Cell(index=index, kind=kind, item=item, generator=None, opens_at_level=opens_at, kept={})


def _generator(content: Content, generator: Generator, locale: str) -> GeneratorNode:
    kind = content.kind(generator.kind)
    code = content.kind_codes[generator.kind]
    return GeneratorNode(
        code=code,
        name=_name(kind.names, locale) if kind else code,
        emoji=kind.emoji if kind else "",
        kind=kind.supply if kind else Supply.INFINITE,
        charges=generator.charges,
        most_charges=kind.charges if kind else 0,
        ready_at=generator.ready_at,
        auto_seconds=(kind.auto_seconds or None) if kind else None,
    )


def _order(board: Board, order: Order, locale: str) -> OrderNode:
    return OrderNode(
        number=order.number,
        items=[show_item(board.content, item, locale) for item in order.items],
        ready=all(board.cells.count(item) >= order.items.count(item) for item in set(order.items)),
        diamonds=order.diamonds,
        experience=order.experience,
        name=_name(order.special.names, locale) if order.special else None,
        expires_at=order.expires_at,
        bonus_per_mille=order.special.bonus_per_mille if order.special else 0,
    )


def _appointment(window: Window, locale: str) -> Appointment:
    return Appointment(
        name=_name(window.appointment.names, locale),
        from_=window.starts_at,
        until=window.ends_at,
        bonus_per_mille=window.appointment.bonus_per_mille,
    )
