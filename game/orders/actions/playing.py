"""`playMoves`: replays a list of moves with the same rules as the app, and pays for what was delivered and reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from game.board.actions import BoardRead, Boards, OpenBoard, open_boards
from game.board.rules import moves
from game.board.rules.bubbles import BubblePopped
from game.board.rules.content import Content
from game.board.rules.moves import LevelClaimed, Move
from game.chests import actions as chests
from game.chests import facts as chest_facts
from game.chests.actions import CHESTS, Earned
from game.chests.rules.content import ChestSheet
from game.orders import facts, store
from game.orders.actions.reading import ORDERS, read_orders, write_orders
from game.orders.rules import MOST_MOVES, Delivered, OrderDials, Replayed, Table, replay, take_in
from game.refusals import GameCode, GameRefused
from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note, open_ledger
from loyalty.ledger.rules import NEVER, Currency, LotKey, Provenance, Wallet
from loyalty.members import actions as members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.refusals import Refused
from loyalty.requests.actions import Requests, open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import Sheets, moment_of, open_sheets
from loyalty.sheets.rules import Season
from loyalty.timeline.actions import Timeline
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
class Played:
    """The result (the first one, where the request is a retry), and board and wallet as they stand after it.

    `today` is the day in the season's zone that says what of the wallet can be spent.
    """

    result: MovesPlayed
    board: BoardRead
    wallets: Mapping[Currency, Wallet]
    today: date


@dataclass(slots=True)
class _Game:
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
    game = await _open(work, commands)
    answers: list[Played | Refused] = []
    for command in commands:
        try:
            answers.append(_answer(work, game, command))
        except Refused as refused:
            answers.append(refused)
            if _may_play(game, command.member_id):
                game.boards.board(command.member_id).settle_revision(command.now)
    if game.deliveries:
        await store.insert_deliveries(work, game.deliveries)
    if game.earned:
        await chests.insert_earned(work, game.earned)
    await game.boards.save(work)
    await game.ledger.save(work)
    await game.timeline.save(work)
    await game.requests.save(work)
    return answers


async def _open(work: Work, commands: Sequence[PlayMoves]) -> _Game:
    locked = await members.lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    sheets = await open_sheets(work.connection, moment_of(commands))
    dials = await sheets.get(work.connection, *ORDERS)
    assert dials is not None, "no sheet of orders: run `main.py season seed` first"
    timeline = Timeline()
    paused = "board" in sheets.pauses
    fit = {each for each, member in locked.items() if _is_fit(member) and not paused}
    # A retry is answered as at first, with the board as it stands, whatever has been stopped since.
    fit |= {each.member_id for each in commands if each.member_id in locked and requests.knows(each.request)}
    asks = [(command.member_id, command.now) for command in commands if command.member_id in fit]
    boards = await open_boards(work, sheets, timeline, asks)
    return _Game(
        members=locked,
        requests=requests,
        sheets=sheets,
        season=await sheets.season(work.connection),
        dials=dials,
        content=boards.content,
        boards=boards,
        ledger=await open_ledger(work, sorted(fit)),
        timeline=timeline,
        deliveries=[],
        chests=await sheets.get(work.connection, *CHESTS),
        earned=[],
    )


def _is_fit(member: Member) -> bool:
    try:
        refuse_unfit(member)
    except Refused:
        return False
    return True


def _may_play(game: _Game, member_id: UUID) -> bool:
    member = game.members.get(member_id)
    return member is not None and _is_fit(member) and "board" not in game.sheets.pauses


def _answer(work: Work, game: _Game, command: PlayMoves) -> Played:
    result = game.requests.replay(command.request, MovesPlayed)
    if result is None:
        refuse_unfit(game.members.get(command.member_id))
        game.sheets.refuse_paused("board")
        game.season.refuse_over(command.season, command.now)
    opened = game.boards.board(command.member_id)
    if result is None:
        result = _play(work, game, opened, command)
        if result.applied:
            game.requests.keep(command.request, command.member_id, "playMoves", result, command.now)
    opened.settle_revision(command.now)
    return _show(game, opened, result, opened.moment(command.now))


def _play(work: Work, game: _Game, opened: OpenBoard, command: PlayMoves) -> MovesPlayed:
    if len(command.moves) > MOST_MOVES:
        raise GameRefused(GameCode.TOO_MANY_MOVES, limit=MOST_MOVES)
    if command.base_revision != opened.revision:
        _take_in(game, opened)
        stale = MoveRefusal(GameCode.BOARD_STALE.value, True, None, {"revision": opened.revision})
        return _result(opened, 0, None, stale)
    now = opened.moment(command.now)
    table = _take_in(game, opened)
    wallet = game.ledger.wallet(command.member_id, Currency.DIAMONDS)
    purse = wallet.spendable(game.season.day(now)) - wallet.owed
    done = replay(table, game.dials, command.moves, now, purse)
    refusal = _told(done.refusal) if done.refusal else None
    if done.applied:
        diamonds = sum(each.diamonds for each in done.delivered) + sum(each.diamonds for each in done.claimed)
        if diamonds:
            game.ledger.check_room(command.member_id, Currency.DIAMONDS, diamonds)
        _put(game, opened, done.table)
        _record(work, game, opened, command, done, now)
    refused_index = done.applied if done.refusal else None
    return _result(opened, done.applied, refused_index, refusal, done.delivered, done.claimed, done.popped)


def _result(
    opened: OpenBoard, applied: int, refused_index: int | None, refusal: MoveRefusal | None,
    delivered: tuple[Delivered, ...] = (), claimed: tuple[LevelClaimed, ...] = (),
    popped: tuple[BubblePopped, ...] = (),
) -> MovesPlayed:  # fmt: skip
    revision = opened.revision + opened.dirty
    return MovesPlayed(opened.member_id, applied, refused_index, refusal, revision, delivered, claimed, popped)


def _take_in(game: _Game, opened: OpenBoard) -> Table:
    """The table with an order in every place."""
    table = Table(opened.board, read_orders(game.content, opened.orders), opened.next_order)
    after = take_in(table, game.dials)
    if after.orders != table.orders:
        _put(game, opened, after)
    return after


def _put(game: _Game, opened: OpenBoard, table: Table) -> None:
    opened.board = table.board
    opened.orders = write_orders(game.content, table.orders)
    opened.next_order = table.next_number
    opened.dirty = True


def _told(refused: Refused) -> MoveRefusal:
    return MoveRefusal(str(refused.code), refused.retryable, refused.retry_at, refused.facts)


def _record(
    work: Work, game: _Game, opened: OpenBoard, command: PlayMoves, done: Replayed, now: datetime
) -> None:  # fmt: skip
    member_id = opened.member_id
    for order in done.delivered:
        told: dict[str, Any] = {"order": order.number, "units": order.units, "diamonds": order.diamonds}
        event = game.timeline.record(work, member_id, facts.ORDER_DELIVERED, now, told, command.request.id)
        game.deliveries.append((member_id, order.number, order.units, order.diamonds, order.experience, now))
        _pay(work, game, member_id, order.diamonds, Note(ledgers.ISSUE_ORDER, "order", event, now))
        _earn(work, game, member_id, order.number, now)
    for level in done.claimed:
        told = {"level": level.level, "diamonds": level.diamonds, "energy": level.energy}
        event = game.timeline.record(work, member_id, facts.LEVEL_CLAIMED, now, told, command.request.id)
        _pay(work, game, member_id, level.diamonds, Note(ledgers.ISSUE_LEVEL, "level", event, now))
    for bubble in done.popped:
        told = {"goods": bubble.goods, "diamonds": bubble.diamonds}
        event = game.timeline.record(work, member_id, facts.BUBBLE_POPPED, now, told, command.request.id)
        note = Note(ledgers.SINK_BUBBLE, "bubble", event, now)
        game.ledger.spend(work, member_id, Currency.DIAMONDS, bubble.diamonds, game.season.day(now), note)
    kinds = Counter(move.kind.value.lower() for move in command.moves[: done.applied])
    told = {"revision": opened.revision + 1, "applied": done.applied, **kinds}
    game.timeline.record(work, member_id, facts.MOVES_PLAYED, now, told, command.request.id)


def _earn(work: Work, game: _Game, member_id: UUID, order: int, now: datetime) -> None:
    """The chest of an order, where the sheet gives one for it."""
    code = game.chests.earned(order) if game.chests else None
    if game.chests is None or code is None:
        return
    kind = game.chests.kind(code)
    assert kind is not None, "a sheet's cycle names its kinds"
    game.earned.append(Earned(member_id, order, kind, game.sheets.version(*CHESTS[:2]), now))
    game.timeline.record(work, member_id, chest_facts.CHEST_EARNED, now, {"chest": order, "kind": code})


def _pay(work: Work, game: _Game, member_id: UUID, diamonds: int, note: Note) -> None:
    if diamonds:
        game.ledger.credit(work, member_id, Currency.DIAMONDS, diamonds, _FREE, note)


def _show(game: _Game, opened: OpenBoard, result: MovesPlayed, at: datetime) -> Played:
    board = opened.board.copy()
    moves.settle(board, at)
    for generator in board.generators.values():
        moves.refresh(board, generator, at)
    wallets = {currency: game.ledger.wallet(opened.member_id, currency) for currency in Currency}
    read = BoardRead(opened.revision, board, list(opened.orders), at)
    return Played(result, read, wallets, game.season.day(at))
