"""`playMoves`: replays a list of moves with the same rules as the app, and pays for what was delivered and reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from game.board.actions import OpenBoard
from game.board.rules.bubbles import BubblePopped
from game.board.rules.moves import LevelClaimed, Move
from game.chests import actions as chests
from game.chests import facts as chest_facts
from game.chests.actions import CHESTS, Earned
from game.chests.rules.content import ChestSheet
from game.orders import facts, store
from game.orders.actions.book import Game, Shown, open_game
from game.orders.rules import MOST_MOVES, Delivered, Replayed, replay
from game.refusals import GameCode, GameRefused
from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Note
from loyalty.ledger.rules import NEVER, Currency, LotKey, Provenance
from loyalty.refusals import Refused
from loyalty.requests.rules import RequestKey
from loyalty.work import Work

_FREE = LotKey(Provenance.FREE, NEVER)


@dataclass(frozen=True, slots=True)
class PlayMoves:
    """A member's moves, made on the board of `base_revision`. No moves at all opens the board and takes what waits.

    `season` is the one that they were made in; None where the caller leaves that to the server.
    """

    request: RequestKey
    member_id: UUID
    base_revision: int
    moves: tuple[Move, ...]
    now: datetime
    season: str | None = None


@dataclass(frozen=True, slots=True)
class MoveRefusal:
    """Why a move was refused: a code of the game house, or NOT_ENOUGH, and its facts."""

    code: str
    retryable: bool
    retry_at: datetime | None
    facts: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class MovesPlayed:
    """What came of the moves. `refused_index` is the first that was refused; none where the whole list was stale."""

    member_id: UUID
    applied: int
    refused_index: int | None
    refusal: MoveRefusal | None
    revision: int
    delivered: tuple[Delivered, ...]
    claimed: tuple[LevelClaimed, ...]
    popped: tuple[BubblePopped, ...] = ()  # results that were kept before there were bubbles have none


@dataclass(frozen=True, slots=True)
class Played(Shown):
    """The result (the first one, where the request is a retry), and what there is to show after it."""

    result: MovesPlayed


@dataclass(slots=True)
class _Books:
    """What one batch of moves brings about beside the boards."""

    deliveries: list[tuple[UUID, int, int, int, int, datetime]]
    chests: ChestSheet | None
    earned: list[Earned]


async def play_moves(work: Work, commands: Sequence[PlayMoves]) -> list[Played | Refused]:
    """Applies the longest valid prefix of each list of moves to the board as it stands.

    A list made on another revision applies 0 and says BOARD_STALE, inside its result like every refused move; what
    applied nothing is not kept, so the same request may be sent again. Takes the members' locks. Refuses
    TOO_MANY_MOVES, SEASON_OVER, PAUSED, MEMBER_NOT_FOUND, MEMBER_SUSPENDED, MEMBER_ERASED, AMOUNT_OUT_OF_RANGE,
    REQUEST_ID_REUSED.
    """
    game = await open_game(work, commands)
    books = _Books([], await game.sheets.get(work.connection, *CHESTS), [])
    answers = game.answer_each(commands, lambda command: _answer(work, game, books, command))
    if books.deliveries:
        await store.insert_deliveries(work, books.deliveries)
    if books.earned:
        await chests.insert_earned(work, books.earned)
    await game.save(work)
    return answers


def _answer(work: Work, game: Game, books: _Books, command: PlayMoves) -> Played:
    result = game.requests.replay(command.request, MovesPlayed)
    if result is None:
        game.refuse_unable(command.member_id, command.season, command.now)
    opened = game.boards.board(command.member_id)
    if result is None:
        result = _play(work, game, books, opened, command)
        if result.applied:
            game.requests.keep(command.request, command.member_id, "playMoves", result, command.now)
    opened.settle_revision(command.now)
    shown = game.show(opened, command.now)
    return Played(shown.board, shown.orders, shown.appointment, shown.wallets, shown.today, result)


def _play(work: Work, game: Game, books: _Books, opened: OpenBoard, command: PlayMoves) -> MovesPlayed:
    if len(command.moves) > MOST_MOVES:
        raise GameRefused(GameCode.TOO_MANY_MOVES, limit=MOST_MOVES)
    if command.base_revision != opened.revision:
        game.take_in(opened, command.now)
        stale = MoveRefusal(GameCode.BOARD_STALE.value, True, None, {"revision": opened.revision})
        return _result(opened, 0, None, stale)
    now = opened.moment(command.now)
    table = game.take_in(opened, command.now)
    wallet = game.ledger.wallet(command.member_id, Currency.DIAMONDS)
    purse = wallet.spendable(game.season.day(now)) - wallet.owed
    done = replay(table, game.dials, command.moves, now, game.wall(opened, command.now), purse)
    refusal = _told(done.refusal) if done.refusal else None
    if done.applied:
        diamonds = sum(each.diamonds for each in done.delivered) + sum(each.diamonds for each in done.claimed)
        if diamonds:
            game.ledger.check_room(command.member_id, Currency.DIAMONDS, diamonds)
        game.put(opened, done.table)
        _record(work, game, books, opened, command, done, now)
    refused_index = done.applied if done.refusal else None
    return _result(opened, done.applied, refused_index, refusal, done.delivered, done.claimed, done.popped)


def _result(
    opened: OpenBoard, applied: int, refused_index: int | None, refusal: MoveRefusal | None,
    delivered: tuple[Delivered, ...] = (), claimed: tuple[LevelClaimed, ...] = (),
    popped: tuple[BubblePopped, ...] = (),
) -> MovesPlayed:  # fmt: skip
    revision = opened.revision + opened.dirty
    return MovesPlayed(opened.member_id, applied, refused_index, refusal, revision, delivered, claimed, popped)


def _told(refused: Refused) -> MoveRefusal:
    return MoveRefusal(str(refused.code), refused.retryable, refused.retry_at, refused.facts)


def _record(
    work: Work, game: Game, books: _Books, opened: OpenBoard, command: PlayMoves, done: Replayed, now: datetime
) -> None:  # fmt: skip
    member_id = opened.member_id
    for order in done.delivered:
        told: dict[str, Any] = {"order": order.number, "units": order.units, "diamonds": order.diamonds}
        if order.appointment:
            told["appointment"] = order.appointment
        event = game.timeline.record(work, member_id, facts.ORDER_DELIVERED, now, told, command.request.id)
        books.deliveries.append((member_id, order.number, order.units, order.diamonds, order.experience, now))
        _pay(work, game, member_id, order.diamonds, Note(ledgers.ISSUE_ORDER, "order", event, now))
        _earn(work, game, books, member_id, order, now)
    for level in done.claimed:
        told = {"level": level.level, "diamonds": level.diamonds, "energy": level.energy}
        event = game.timeline.record(work, member_id, facts.LEVEL_CLAIMED, now, told, command.request.id)
        _pay(work, game, member_id, level.diamonds, Note(ledgers.ISSUE_LEVEL, "level", event, now))
    for bubble in done.popped:
        told = {"goods": bubble.goods, "diamonds": bubble.diamonds}
        event = game.timeline.record(work, member_id, facts.BUBBLE_POPPED, now, told, command.request.id)
        note = Note(ledgers.SINK_BUBBLE, "bubble", event, now)
        game.ledger.spend(work, member_id, Currency.DIAMONDS, bubble.diamonds, game.season.day(now), note)
    kinds = Counter([str.lower(move.kind) for move in command.moves[: done.applied]])
    told = {"revision": opened.revision + 1, "applied": done.applied, **kinds}
    game.timeline.record(work, member_id, facts.MOVES_PLAYED, now, told, command.request.id)


def _earn(work: Work, game: Game, books: _Books, member_id: UUID, order: Delivered, now: datetime) -> None:
    """The chest of an order, where the sheet gives one for its turn; under the order's number."""
    code = books.chests.earned(order.turn) if books.chests and order.turn else None
    if books.chests is None or code is None:
        return
    kind = books.chests.kind(code)
    assert kind is not None, "a sheet's cycle names its kinds"
    books.earned.append(Earned(member_id, order.number, kind, game.sheets.version(*CHESTS[:2]), now))
    game.timeline.record(work, member_id, chest_facts.CHEST_EARNED, now, {"chest": order.number, "kind": code})


def _pay(work: Work, game: Game, member_id: UUID, diamonds: int, note: Note) -> None:
    if diamonds:
        game.ledger.credit(work, member_id, Currency.DIAMONDS, diamonds, _FREE, note)
