"""Drawing, the member's draws, and their receipts."""

from typing import Annotated
from uuid import UUID

import strawberry

from api.batches import batches_of, vault_of
from api.graphql.context import Context
from api.graphql.draws import DrawNode, list_draws, show_draw, show_record
from api.graphql.nodes import parse_id, write_id
from api.graphql.pages import Connection
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.mobile.members import Wallet, show_wallet
from api.refusals import BadInput
from rewards.gacha import actions as gacha


@strawberry.type(description="A draw's receipt. Keep `document` as it is: `main.py verify-draw` reads it offline.")
class DrawReceipt:
    id: strawberry.ID
    document: str = strawberry.field(description="Canonical JSON; docs/fairness.md defines each key.")
    revealed: bool = strawberry.field(description="Whether it holds the server seed, and so can be proved.")


@strawberry.type(description="The draws, in their order.")
class Drawn:
    draws: list[DrawNode]
    wallet: Wallet = strawberry.field(description="As it is now.")


DrawResult = Annotated[Drawn | Refusal, strawberry.union("DrawResult")]


async def load_terms(context: Context, pool_id: UUID, version: int) -> gacha.Terms:
    """The odds that were drawn under: from memory, or from the database where another server drew."""
    known = gacha.known_terms(pool_id, version)
    if known is not None:
        return known
    async with context.database.read() as connection:
        return (await gacha.load_terms(connection, [(pool_id, version)]))[pool_id, version]


async def resolve_draw(context: Context, draw_id: UUID) -> DrawNode | None:
    """The caller's own draw; nobody else's."""
    async with context.database.read() as connection:
        found = await gacha.read_draws_by_id(connection, context.member.member_id, [draw_id])
    return show_record(found[0], context.locale) if found else None


@strawberry.type
class DrawQuery:
    @strawberry.field(description="Your draws, newest first.")
    async def draws(self, info: Info, first: int, after: str | None = strawberry.UNSET) -> Connection[DrawNode]:
        return await list_draws(info.context, info.context.member.member_id, first, after)

    @strawberry.field(description="The receipt of one of your draws; with the server seed once that is revealed.")
    async def draw_receipt(self, info: Info, id: strawberry.ID) -> DrawReceipt:
        context: Context = info.context
        draw_id = parse_id("drw", id)
        async with context.database.read() as connection:
            found = await gacha.read_receipt(connection, vault_of(context.services), context.member.member_id, draw_id)
        if found is None:
            raise BadInput("id", "it must be the id of one of your draws")
        return DrawReceipt(id=id, document=found.document, revealed=found.revealed)


@strawberry.type
class DrawMutation:
    @mutation
    async def draw(
        self, info: Info, request_id: strawberry.ID, pool_id: strawberry.ID, odds_hash: str, count: int = 1
    ) -> DrawResult:
        """Draws once or ten times. `oddsHash` is that of the odds you have seen: under others nothing is drawn."""
        context: Context = info.context
        pool = parse_id("pol", pool_id, "poolId")
        asked = {"poolId": pool, "oddsHash": odds_hash, "count": count}
        command = gacha.DrawPrizes(
            request=request_key(context, "draw", request_id, asked),
            member_id=context.member.member_id,
            pool_id=pool,
            odds_hash=odds_hash,
            count=count,
            now=context.now,
        )
        shown = await context.submit(batches_of(context.services).draw, command)
        done = shown.result
        terms = await load_terms(context, done.pool_id, done.version)
        shown_id = write_id("pol", done.pool_id)
        return Drawn(
            draws=[
                show_draw(each, terms, pool_id=shown_id, epoch=done.epoch, at=done.at, locale=context.locale)
                for each in done.draws
            ],
            wallet=show_wallet(shown.wallets, shown.today),
        )
