"""The board and its moves."""

from typing import Annotated, Any

import strawberry

from api.batches import batches_of
from api.graphql.boards import BoardNode, ItemNode, load_board, show_board, show_item
from api.graphql.context import Context
from api.graphql.moves import MoveInput, read_moves
from api.graphql.refusal import Refusal, mutation, refusal_from, request_key
from api.graphql.schema import Info
from api.mobile.changes import tell_board
from api.mobile.members import Wallet, show_wallet
from game.board.actions import load_content
from game.board.rules.cells import make_item
from game.orders.actions import MovesPlayed as Outcome
from game.orders.actions import PlayMoves, RerollOrder, read_reroll_price
from game.refusals import GameCode, GameRefused
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets.actions import open_sheets


@strawberry.type
class OrderDelivered:
    number: int
    diamonds: int
    experience: int


@strawberry.type(name="LevelClaimed")
class LevelClaimedNode:
    level: int
    diamonds: int
    energy: int
    cells: list[int] = strawberry.field(description="The boxes that it opened.")


@strawberry.type(name="BubblePopped")
class BubblePoppedNode:
    cell: int
    diamonds: int = strawberry.field(description="What was paid.")


@strawberry.type(description="How far the moves went. A retry shows the first result, with board and wallet as of now.")
class MovesPlayed:
    applied: int = strawberry.field(description="How many of the moves, from the first on, were applied.")
    refused_index: int | None = strawberry.field(description="The first that was not; null where the list was stale.")
    refusal: Refusal | None = strawberry.field(description="Why; BOARD_STALE where the board has changed since.")
    delivered: list[OrderDelivered]
    claimed: list[LevelClaimedNode]
    popped: list[BubblePoppedNode]
    board: BoardNode
    wallet: Wallet


@strawberry.type(name="Chain", description="Goods that merge into one another, from level 1.")
class ChainNode:
    code: str
    name: str
    opens_at_level: int = strawberry.field(description="From which level of the board generators drop them.")
    levels: list[ItemNode]


@strawberry.type(description="The order that went, and the one that took its place. A retry shows the first result.")
class OrderRerolled:
    order: int
    replaced_by: int
    diamonds: int = strawberry.field(description="What was paid.")
    board: BoardNode
    wallet: Wallet


RerollOrderResult = Annotated[OrderRerolled | Refusal, strawberry.union("RerollOrderResult")]
PlayMovesResult = Annotated[MovesPlayed | Refusal, strawberry.union("PlayMovesResult")]


def show_outcome(outcome: Outcome, locale: str) -> Refusal | None:
    """Why a list of moves stopped, in the caller's language."""
    why = outcome.refusal
    if why is None:
        return None
    told: dict[str, Any] = {"retryable": why.retryable, "retry_at": why.retry_at, **why.facts}
    if why.code in GameCode.__members__:
        return refusal_from(GameRefused(GameCode(why.code), **told), locale)
    return refusal_from(LoyaltyRefused(LoyaltyCode(why.code), **told), locale)


@strawberry.type
class BoardQuery:
    @strawberry.field(description="Your board; before the first move, the one that everybody starts with.")
    async def board(self, info: Info) -> BoardNode:
        return await load_board(info.context, info.context.member.member_id)

    @strawberry.field(description="What rerolling an order costs now, in diamonds; 0 while it is free today.")
    async def reroll_price(self, info: Info) -> int:
        context: Context = info.context
        async with context.database.read() as connection:
            return await read_reroll_price(connection, context.member.member_id, context.now)

    @strawberry.field(description="Every chain of goods there is, for predicting merges and for looking things up.")
    async def chains(self, info: Info) -> list[ChainNode]:
        context: Context = info.context
        async with context.database.read() as connection:
            content = await load_content(await open_sheets(connection, context.now), connection)
        return [
            ChainNode(
                code=chain.code,
                name=chain.names.get(context.locale) or chain.names["en"],
                opens_at_level=content.opens_at(chain.code),
                levels=[
                    show_item(content, make_item(number, level), context.locale)
                    for level in range(1, len(chain.levels) + 1)
                ],
            )
            for number, chain in enumerate(content.chains)
        ]


@strawberry.type
class BoardMutation:
    @mutation
    async def play_moves(
        self,
        info: Info,
        request_id: strawberry.ID,
        base_revision: int,
        commands: list[MoveInput],
        season: str | None = None,
    ) -> PlayMovesResult:
        """Replays up to 50 moves made on the board of `baseRevision`; the longest valid prefix is applied.

        No commands at all open the board, and take the gifts of energy and goods that wait. `season` is the code of the
        one that they were made in: once another runs they are refused SEASON_OVER.
        """
        context: Context = info.context
        moves, written = read_moves(commands)
        asked = {"baseRevision": base_revision, "commands": written, "season": season}
        command = PlayMoves(
            request=request_key(context, "playMoves", request_id, asked),
            member_id=context.member.member_id,
            base_revision=base_revision,
            moves=moves,
            now=context.now,
            season=season,
        )
        done = await context.submit(batches_of(context.services).play_moves, command)
        tell_board(context.services, command.member_id, done.board.revision)
        return MovesPlayed(
            applied=done.result.applied,
            refused_index=done.result.refused_index,
            refusal=show_outcome(done.result, context.locale),
            delivered=[
                OrderDelivered(number=each.number, diamonds=each.diamonds, experience=each.experience)
                for each in done.result.delivered
            ],
            claimed=[
                LevelClaimedNode(level=each.level, diamonds=each.diamonds, energy=each.energy, cells=list(each.cells))
                for each in done.result.claimed
            ],
            popped=[BubblePoppedNode(cell=each.cell, diamonds=each.diamonds) for each in done.result.popped],
            board=show_board(done.board, context.locale, done.appointment, done.orders),
            wallet=show_wallet(done.wallets, done.today),
        )

    @mutation
    async def reroll_order(
        self, info: Info, request_id: strawberry.ID, base_revision: int, order: int, most_diamonds: int = 0
    ) -> RerollOrderResult:
        """Lets a plain order go for the next one. Some each day are free, others cost `mostDiamonds` at most."""
        context: Context = info.context
        asked = {"baseRevision": base_revision, "order": order, "mostDiamonds": most_diamonds}
        command = RerollOrder(
            request=request_key(context, "rerollOrder", request_id, asked),
            member_id=context.member.member_id,
            base_revision=base_revision,
            order=order,
            most_diamonds=most_diamonds,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).reroll_order, command)
        tell_board(context.services, command.member_id, done.board.revision)
        return OrderRerolled(
            order=done.result.order,
            replaced_by=done.result.replaced_by,
            diamonds=done.result.diamonds,
            board=show_board(done.board, context.locale, done.appointment, done.orders),
            wallet=show_wallet(done.wallets, done.today),
        )
