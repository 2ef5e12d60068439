"""`rerollOrder`: lets a plain order go for the next one; some are free each business day, others cost diamonds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from game.days.rules import business_day
from game.orders import facts, store
from game.orders.actions.book import Game, Shown, open_game
from game.orders.actions.reading import ORDERS
from game.orders.rules import reroll
from game.refusals import GameCode, GameRefused
from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Note
from loyalty.ledger.rules import Currency
from loyalty.members import actions as members
from loyalty.members.rules import refuse_unfit
from loyalty.refusals import Refused
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import open_sheets
from loyalty.work import Work


@dataclass(frozen=True, slots=True)
class RerollOrder:
    """A member lets an order of the board of `base_revision` go, for `most_diamonds` at most."""

    request: RequestKey
    member_id: UUID
    base_revision: int
    order: int
    most_diamonds: int
    now: datetime


@dataclass(frozen=True, slots=True)
class OrderRerolled:
    """The order that went, the one that took its place, and what was paid."""

    member_id: UUID
    order: int
    replaced_by: int
    diamonds: int


@dataclass(frozen=True, slots=True)
class Rerolled(Shown):
    """The result (the first one, where the request is a retry), and what there is to show after it."""

    result: OrderRerolled


@dataclass(slots=True)
class _Books:
    """Rerolls of the members' days, counted, and those of this batch."""

    used: dict[tuple[UUID, date], int]
    rows: list[tuple[UUID, date, int, int, int, datetime]]


async def reroll_orders(work: Work, commands: Sequence[RerollOrder]) -> list[Rerolled | Refused]:
    """`rerollOrder`: the next order takes the place of a plain one, and its turn among those that earn chests.

    Takes the members' locks. Refuses BOARD_STALE, ORDER_NOT_FOUND, ORDER_EXPIRED, NOT_REROLLABLE, PRICE_CHANGED,
    NOT_ENOUGH, SEASON_OVER, PAUSED, REQUEST_ID_REUSED and what `refuse_unfit` refuses.
    """
    game = await open_game(work, commands)
    days = {(each.member_id, _day(game, each)) for each in commands if each.member_id in game.members}
    books = _Books(await store.count_rerolls(work.connection, sorted(days)), [])
    answers = game.answer_each(commands, lambda command: _answer(work, game, books, command))
    if books.rows:
        await store.insert_rerolls(work, books.rows)
    await game.save(work)
    return answers


async def read_reroll_price(connection: Any, member_id: UUID, now: datetime) -> int:
    """What the next reroll of a member's business day costs; 0 where it is free."""
    sheets = await open_sheets(connection, now)
    dials = await sheets.get(connection, *ORDERS)
    assert dials is not None, "no sheet of orders: run `main.py season seed` first"
    member = refuse_unfit((await members.load_members(connection, [member_id])).get(member_id))
    day = business_day(now, member.zone)
    used = await store.count_rerolls(connection, [(member_id, day)])
    return dials.reroll_price(used.get((member_id, day), 0))


def _answer(work: Work, game: Game, books: _Books, command: RerollOrder) -> Rerolled:
    result = game.requests.replay(command.request, OrderRerolled)
    if result is None:
        game.refuse_unable(command.member_id, None, command.now)
    opened = game.boards.board(command.member_id)
    if result is None:
        result = _reroll(work, game, books, command)
        game.requests.keep(command.request, command.member_id, "rerollOrder", result, command.now)
    opened.settle_revision(command.now)
    shown = game.show(opened, command.now)
    return Rerolled(shown.board, shown.orders, shown.appointment, shown.wallets, shown.today, result)


def _reroll(work: Work, game: Game, books: _Books, command: RerollOrder) -> OrderRerolled:
    opened = game.boards.board(command.member_id)
    stale = command.base_revision != opened.revision
    table = game.take_in(opened, command.now)
    if stale:
        raise GameRefused(GameCode.BOARD_STALE, retryable=True, revision=opened.revision + opened.dirty)
    now, day = opened.moment(command.now), _day(game, command)
    after, made = reroll(table, game.dials, command.order, game.wall(opened, command.now))
    used = books.used.get((command.member_id, day), 0)
    cost = game.dials.reroll_price(used)
    if cost > command.most_diamonds:
        raise GameRefused(GameCode.PRICE_CHANGED, diamonds=cost, most=command.most_diamonds)
    if cost:
        note = Note(ledgers.SINK_REROLL, "reroll", None, now)
        game.ledger.spend(work, command.member_id, Currency.DIAMONDS, cost, game.season.day(now), note)
    game.put(opened, after)
    books.used[command.member_id, day] = used + 1
    books.rows.append((command.member_id, day, command.order, made.number, cost, now))
    told: dict[str, Any] = {
        "order": command.order, "replaced_by": made.number, "diamonds": cost,
    }  # fmt: skip
    game.timeline.record(work, command.member_id, facts.ORDER_REROLLED, now, told, command.request.id)
    return OrderRerolled(command.member_id, command.order, made.number, cost)


def _day(game: Game, command: RerollOrder) -> date:
    return business_day(command.now, game.members[command.member_id].zone)
