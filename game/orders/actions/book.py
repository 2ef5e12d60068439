"""What a batch of play has open: members' boards with the orders beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from game.board.actions import BoardRead, Boards, OpenBoard, open_boards
from game.board.rules import moves
from game.board.rules.content import Content
from game.orders.actions.reading import ORDERS, load_had, read_orders, write_orders
from game.orders.rules import Order, OrderDials, Table, Wall, Window, next_appointment, open_windows, take_in
from loyalty.ledger.actions import Ledger, open_ledger
from loyalty.ledger.rules import Currency, Wallet
from loyalty.members import actions as members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.refusals import Refused
from loyalty.requests.actions import Requests, open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import Sheets, moment_of, open_sheets
from loyalty.sheets.rules import Season
from loyalty.timeline.actions import Timeline
from loyalty.work import Work

PAUSE = "board"


class Asked(Protocol):
    """What every command on a board carries."""

    @property
    def request(self) -> RequestKey: ...

    @property
    def member_id(self) -> UUID: ...

    @property
    def now(self) -> datetime: ...


Command = TypeVar("Command", bound=Asked)
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Shown:
    """Board, orders and wallet as they stand after a command, and the appointment that is open or comes next.

    `today` is the day in the season's zone that says what of the wallet can be spent.
    """

    board: BoardRead
    orders: tuple[Order, ...]
    appointment: Window | None
    wallets: Mapping[Currency, Wallet]
    today: date


@dataclass(slots=True)
class Game:
    """Everything that one batch of play has open."""

    members: dict[UUID, Member]
    requests: Requests
    sheets: Sheets
    season: Season
    dials: OrderDials
    content: Content
    boards: Boards
    ledger: Ledger
    timeline: Timeline
    had: dict[UUID, frozenset[int]]
    _orders: dict[UUID, tuple[list[Any], tuple[Order, ...]]] = field(default_factory=dict)

    def may_play(self, member_id: UUID) -> bool:
        member = self.members.get(member_id)
        return member is not None and _is_fit(member) and PAUSE not in self.sheets.pauses

    def refuse_unable(self, member_id: UUID, season: str | None, now: datetime) -> None:
        """Refuses what `refuse_unfit` refuses, PAUSED and SEASON_OVER."""
        refuse_unfit(self.members.get(member_id))
        self.sheets.refuse_paused(PAUSE)
        self.season.refuse_over(season, now)

    def answer_each(
        self, commands: Sequence[Command], answer: Callable[[Command], Answer]
    ) -> list[Answer | Refused]:  # fmt: skip
        """What each command is answered, in order; a refused one still ends its own revision of the board."""
        answers: list[Answer | Refused] = []
        for command in commands:
            try:
                answers.append(answer(command))
            except Refused as refused:
                answers.append(refused)
                if self.may_play(command.member_id):
                    self.boards.board(command.member_id).settle_revision(command.now)
        return answers

    def wall(self, opened: OpenBoard, now: datetime) -> Wall:
        return Wall(opened.moment(now), self.members[opened.member_id].zone)

    def orders(self, opened: OpenBoard) -> tuple[Order, ...]:
        """The orders of a board, those whose time is over too; read once while they stay the same."""
        kept, found = self._orders.get(opened.member_id, (None, ()))
        if kept is not opened.orders:
            found = read_orders(self.content, opened.orders)
            self._orders[opened.member_id] = opened.orders, found
        return found

    def take_in(self, opened: OpenBoard, now: datetime) -> Table:
        """The table with an order in every place, and those of open windows beside them."""
        had = self.had.get(opened.member_id, frozenset())
        table = Table(opened.board, self.orders(opened), opened.next_order, had)
        after = take_in(table, self.dials, self.wall(opened, now))
        if after.orders != table.orders:
            self.put(opened, after)
        return after

    def put(self, opened: OpenBoard, table: Table) -> None:
        """The board and its orders from now on."""
        opened.board = table.board
        if table.orders != self.orders(opened):
            opened.orders = write_orders(self.content, table.orders)
        opened.next_order = table.next_number
        opened.dirty = True
        self.had[opened.member_id] = table.had

    def show(self, opened: OpenBoard, now: datetime) -> Shown:
        at = opened.moment(now)
        board = opened.board.copy()
        moves.settle(board, at)
        for generator in board.generators.values():
            moves.refresh(board, generator, at)
        read = BoardRead(opened.revision, board, list(opened.orders), at)
        had = self.had.get(opened.member_id, frozenset())
        waiting = self.orders(opened)
        standing = tuple([each for each in waiting if not each.is_over(at)])
        appointment = next_appointment(board, self.dials, waiting, had, self.wall(opened, now))
        wallets = {currency: self.ledger.wallet(opened.member_id, currency) for currency in Currency}
        return Shown(read, standing, appointment, wallets, self.season.day(at))

    async def save(self, work: Work) -> None:
        await self.boards.save(work)
        await self.ledger.save(work)
        await self.timeline.save(work)
        await self.requests.save(work)


async def open_game(work: Work, commands: Sequence[Asked]) -> Game:
    """Takes the members' locks and opens what a batch of play needs, boards of those alone who may play."""
    locked = await members.lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    sheets = await open_sheets(work.connection, moment_of(commands))
    dials = await sheets.get(work.connection, *ORDERS)
    assert dials is not None, "no sheet of orders: run `main.py season seed` first"
    timeline = Timeline()
    paused = PAUSE in sheets.pauses
    fit = {each for each, member in locked.items() if _is_fit(member) and not paused}
    # A retry is answered as at first, with the board as it stands, whatever has been stopped since.
    fit |= {each.member_id for each in commands if each.member_id in locked and requests.knows(each.request)}
    asks = [(command.member_id, command.now) for command in commands if command.member_id in fit]
    boards = await open_boards(work, sheets, timeline, asks)
    game = Game(
        members=locked,
        requests=requests,
        sheets=sheets,
        season=await sheets.season(work.connection),
        dials=dials,
        content=boards.content,
        boards=boards,
        ledger=await open_ledger(work, sorted(fit)),
        timeline=timeline,
        had={},
    )
    if dials.appointments:
        game.had = await load_had(work.connection, _in_question(game, asks))
    return game


def _in_question(game: Game, asks: Sequence[tuple[UUID, datetime]]) -> list[tuple[UUID, int]]:
    """The orders of windows that are open, where they do not wait: they may have been delivered."""
    found: dict[tuple[UUID, int], None] = {}
    for member_id, now in asks:
        opened = game.boards.board(member_id)
        waiting = {each[0] for each in opened.orders}
        for window in open_windows(game.dials.appointments, game.wall(opened, now)):
            if opened.board.level >= window.appointment.level and window.number not in waiting:
                found[member_id, window.number] = None
    return list(found)


def _is_fit(member: Member) -> bool:
    try:
        refuse_unfit(member)
    except Refused:
        return False
    return True
