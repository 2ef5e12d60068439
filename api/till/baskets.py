"""Baskets at the till: what coupons and points do to them, holding, settling, releasing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, cast

import strawberry

from api.batches import batches_of
from api.graphql.context import Context
from api.graphql.nodes import parse_id, write_id
from api.graphql.refusal import Refusal, RefusalCode, mutation, refusal_from, request_key
from api.graphql.schema import Info
from loyalty.refusals import Refused
from rewards.coupons import actions as coupons
from rewards.coupons.rules import baskets as rules


@strawberry.input(description="One line before coupons: what all its units cost together.")
class BasketLineInput:
    line_no: int
    sku: str
    name: str = ""
    brand: str = ""
    category: str = ""
    quantity: int = 1
    amount_minor: int


@strawberry.input(description="What the till has scanned, in minor units of one currency.")
class BasketInput:
    currency: str
    lines: list[BasketLineInput]

    def to_basket(self) -> rules.Basket:
        lines = (
            rules.Line(each.line_no, each.sku, each.name, each.brand, each.category, each.quantity, each.amount_minor)
            for each in self.lines
        )
        return rules.Basket(self.currency, tuple(lines))


@strawberry.type(description="What comes off one line.")
class LineDiscount:
    line_no: int
    discount_minor: int


@strawberry.type(description="A code that changes nothing in this basket, and why.")
class NotApplied:
    code: str
    reason: RefusalCode


@strawberry.type(description="What holding the basket would give now; nothing is held.")
class BasketCheck:
    refusal: Refusal | None = strawberry.field(description="What holdBasket would refuse; then all amounts are 0.")
    discount_minor: int
    points_held: int
    tender_minor: int = strawberry.field(description="What the points pay.")
    due_minor: int = strawberry.field(description="What is left to pay in money.")
    lines: list[LineDiscount]
    not_applied: list[NotApplied]


@strawberry.type(name="Hold")
class HoldNode:
    id: strawberry.ID
    expires_at: datetime


@strawberry.type(description="Coupons reserved and points held until `hold.expiresAt`.")
class BasketHeld:
    hold: HoldNode
    discount_minor: int
    points_held: int
    tender_minor: int = strawberry.field(description="What the points pay.")
    due_minor: int = strawberry.field(description="What is left to pay in money.")
    lines: list[LineDiscount]
    not_applied: list[NotApplied]


@strawberry.type(description="The coupons are redeemed and the points paid.")
class BasketSettled:
    hold_id: strawberry.ID
    receipt_no: str
    coupons_redeemed: int
    discount_minor: int
    points_paid: int
    tender_minor: int


@strawberry.type(description="Coupons and points went back.")
class BasketReleased:
    hold_id: strawberry.ID
    coupons_released: int
    points_returned: int


HoldBasketResult = Annotated[BasketHeld | Refusal, strawberry.union("HoldBasketResult")]
SettleBasketResult = Annotated[BasketSettled | Refusal, strawberry.union("SettleBasketResult")]
ReleaseBasketResult = Annotated[BasketReleased | Refusal, strawberry.union("ReleaseBasketResult")]


def show_lines(lines: Sequence[rules.LineDiscount]) -> list[LineDiscount]:
    return [LineDiscount(line_no=each.line_no, discount_minor=each.discount_minor) for each in lines]


def show_not_applied(found: Sequence[rules.NotApplied]) -> list[NotApplied]:
    return [NotApplied(code=each.code, reason=cast("Any", RefusalCode)[each.reason.value]) for each in found]


def ask(
    context: Context, card_no: str | None, codes: list[str], pay_points: int, basket: BasketInput
) -> coupons.BasketQuery:
    """What a till asks, at the store that its key is bound to."""
    return coupons.BasketQuery(
        context.till.store_id, card_no or None, tuple(codes), pay_points, basket.to_basket(), context.now
    )


@strawberry.type
class BasketQuery:
    @strawberry.field(description="A dry run of holdBasket.")
    async def check_basket(
        self,
        info: Info,
        codes: list[str],
        basket: BasketInput,
        card_no: str | None = strawberry.UNSET,
        pay_points: int = 0,
    ) -> BasketCheck:
        context: Context = info.context
        try:
            async with context.database.read() as connection:
                found = await coupons.check_basket(connection, ask(context, card_no, codes, pay_points, basket))
        except Refused as refused:
            return BasketCheck(
                refusal=refusal_from(refused, context.locale),
                discount_minor=0,
                points_held=0,
                tender_minor=0,
                due_minor=0,
                lines=[],
                not_applied=[],
            )
        return BasketCheck(
            refusal=None,
            discount_minor=found.discount_minor,
            points_held=found.points_held,
            tender_minor=found.tender_minor,
            due_minor=found.due_minor,
            lines=show_lines(found.lines),
            not_applied=show_not_applied(found.not_applied),
        )


@strawberry.type
class BasketMutation:
    @mutation
    async def hold_basket(
        self,
        info: Info,
        request_id: strawberry.ID,
        codes: list[str],
        basket: BasketInput,
        card_no: str | None = strawberry.UNSET,
        pay_points: int = 0,
    ) -> HoldBasketResult:
        """Reserves coupons and holds points for a basket. The same basket again is the same hold."""
        context: Context = info.context
        # Tokens change every 30 seconds; a retry that shows a fresh one asks the same.
        bare = [code.partition(".")[0] for code in codes]
        asked = {"cardNo": card_no or None, "codes": bare, "payPoints": pay_points, "basket": basket}
        key = request_key(context, "holdBasket", request_id, asked)
        command = coupons.HoldBasket(key, ask(context, card_no, codes, pay_points, basket))
        done = await context.submit(batches_of(context.services).hold_basket, command)
        return BasketHeld(
            hold=HoldNode(id=write_id("hld", done.hold_id), expires_at=done.expires_at),
            discount_minor=done.discount_minor,
            points_held=done.points_held,
            tender_minor=done.tender_minor,
            due_minor=done.due_minor,
            lines=show_lines(done.lines),
            not_applied=show_not_applied(done.not_applied),
        )

    @mutation
    async def settle_basket(
        self, info: Info, request_id: strawberry.ID, hold_id: strawberry.ID, receipt_no: str
    ) -> SettleBasketResult:
        """Redeems the coupons of a hold and takes its points, all or nothing. The receipt itself may come later."""
        context: Context = info.context
        hold = parse_id("hld", hold_id, "holdId")
        key = request_key(context, "settleBasket", request_id, {"holdId": hold, "receiptNo": receipt_no})
        command = coupons.SettleBasket(key, context.till.store_id, hold, receipt_no, context.now)
        done = await context.submit(batches_of(context.services).settle_basket, command)
        return BasketSettled(
            hold_id=write_id("hld", done.hold_id),
            receipt_no=done.receipt_no,
            coupons_redeemed=len(done.coupon_ids),
            discount_minor=done.discount_minor,
            points_paid=done.points_paid,
            tender_minor=done.tender_minor,
        )

    @mutation
    async def release_basket(
        self, info: Info, request_id: strawberry.ID, hold_id: strawberry.ID
    ) -> ReleaseBasketResult:
        """Gives the coupons and points of a hold back."""
        context: Context = info.context
        hold = parse_id("hld", hold_id, "holdId")
        key = request_key(context, "releaseBasket", request_id, {"holdId": hold})
        command = coupons.ReleaseBasket(key, context.till.store_id, hold, context.now)
        done = await context.submit(batches_of(context.services).release_basket, command)
        return BasketReleased(
            hold_id=write_id("hld", done.hold_id),
            coupons_released=len(done.coupon_ids),
            points_returned=done.points_returned,
        )
