"""Draws, as members and operators see them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from api.batches import vault_of
from api.graphql.context import Context
from api.graphql.nodes import Node, write_id
from api.graphql.pages import Connection, check_first, connection, read_id_cursor, write_cursor
from rewards.gacha import actions as gacha
from rewards.gacha.rules.odds import Entry, PrizeClass
from rewards.gacha.rules.receipts import write_version
from rewards.prizes.rules import PrizeKind

# The enums are declared here: who shows them takes them from here, so that they are declared before they are used.
__all__ = ("DrawNode", "PrizeClass", "PrizeKind", "list_draws", "show_draw", "show_record")

strawberry.enum(PrizeClass, description="How much a prize stands out.")
strawberry.enum(PrizeKind, description="What a prize gives.")


@strawberry.type(name="Draw", description="One draw. Its receipt, `drawReceipt`, proves it once the seed is revealed.")
class DrawNode(Node):
    pool_id: strawberry.ID
    odds_version: str
    at: datetime
    prize: str = strawberry.field(description="The code of the prize that was awarded, as the pool's odds name it.")
    name: str
    prize_class: PrizeClass
    kind: PrizeKind
    amount: int
    coupon_id: strawberry.ID | None = strawberry.field(description="The coupon, where the prize is one.")
    prize_id: strawberry.ID | None = strawberry.field(
        description="The thing, where the prize is one: claim it with claimPrize."
    )
    rolled: str = strawberry.field(description="The prize that the roll meant: another one where it was sold out.")
    roll: int = strawberry.field(description="The first roll, 0 to 999999: TOP where it is below the chance of TOP.")
    epoch: int
    nonce: int
    pity_before: int
    guaranteed: bool = strawberry.field(description="Whether the ten-draw guarantee chose the prize.")
    paid_with: str = strawberry.field(description="DIAMONDS or TICKETS.")


def show_draw(
    draw: gacha.DrawMade, terms: gacha.Terms, *, pool_id: strawberry.ID, epoch: int, at: datetime, locale: str
) -> DrawNode:
    """One draw of a command that was just answered."""
    entry = terms.odds.entries[terms.odds.by_code[draw.prize]]
    return _node(
        draw, entry, locale, pool_id=pool_id, odds_version=write_version(terms.version), epoch=epoch,
        prize=draw.prize, at=at,
    )  # fmt: skip


def show_record(view: gacha.DrawView, locale: str) -> DrawNode:
    """A draw as it was recorded."""
    record = view.record
    made = gacha.DrawMade(
        record.id, record.awarded, record.rolled, record.roll, record.nonce, record.pity_before, record.guaranteed,
        record.currency, record.coupon_id,
    )  # fmt: skip
    pool_id = write_id("pol", record.pool_id)
    return show_draw(made, view.terms, pool_id=pool_id, epoch=record.epoch, at=record.at, locale=locale)


def _node(draw: gacha.DrawMade, entry: Entry, locale: str, **more: Any) -> DrawNode:
    return DrawNode(
        id=write_id("drw", draw.id),
        name=entry.prize.name(locale),
        prize_class=entry.prize_class,
        kind=entry.prize.kind,
        amount=entry.prize.amount,
        coupon_id=write_id("cpn", draw.coupon_id) if draw.coupon_id else None,
        prize_id=write_id("prz", draw.id) if entry.prize.kind is PrizeKind.THING else None,
        rolled=draw.rolled,
        roll=draw.roll,
        nonce=draw.nonce,
        pity_before=draw.pity_before,
        guaranteed=draw.guaranteed,
        paid_with=draw.currency.value,
        **more,
    )


@strawberry.type(description="A draw that the server verified from its receipt and its seed, revealed or not.")
class DrawCheck:
    draw: DrawNode
    revealed: bool = strawberry.field(description="Whether the member can verify it too by now.")
    holds: bool
    proved: list[str] = strawberry.field(description="What was proved, in English.")
    wrong: list[str] = strawberry.field(description="What does not hold, in English.")


def show_check(checked: gacha.CheckedDraw, locale: str) -> DrawCheck:
    """A draw and what was found of it."""
    return DrawCheck(
        draw=show_record(checked.view, locale), revealed=checked.revealed, holds=not checked.wrong,
        proved=list(checked.proved), wrong=list(checked.wrong),
    )  # fmt: skip


async def list_checks(context: Context, member_id: UUID, first: int, after: str | None) -> Connection[DrawCheck]:
    """One page of a member's draws with what is proved of each, newest first."""
    before = read_id_cursor("checks", after)
    wanted = check_first(first) + 1
    async with context.database.read() as connection_:
        rows = await gacha.check_draws(
            connection_, vault_of(context.services), member_id, first=wanted, before=before
        )  # fmt: skip
    return connection(
        rows, first, lambda row: show_check(row, context.locale),
        lambda row: write_cursor("checks", str(row.view.record.id)),
    )  # fmt: skip


async def list_draws(context: Context, member_id: UUID, first: int, after: str | None) -> Connection[DrawNode]:
    """One page of a member's draws, newest first."""
    before = read_id_cursor("draws", after)
    wanted = check_first(first) + 1
    async with context.database.read() as connection_:
        rows = await gacha.read_draws(connection_, member_id, first=wanted, before=before)
    return connection(
        rows, first, lambda row: show_record(row, context.locale), lambda row: write_cursor("draws", str(row.record.id))
    )
