"""Things at the till: what a member's code stands for, and handing it over."""

from typing import Annotated

import strawberry

from api.batches import batches_of
from api.graphql.context import Context
from api.graphql.nodes import write_id
from api.graphql.refusal import Refusal, mutation, refusal_from, request_key
from api.graphql.schema import Info
from loyalty.refusals import Refused
from rewards.prizes import actions as prizes
from rewards.prizes.rules.lives import Source


@strawberry.type(description="What a code stands for at this store; nothing is handed over yet.")
class PrizeCheck:
    refusal: Refusal | None = strawberry.field(description="What handOverPrize would refuse; then nothing else is set.")
    prize_id: strawberry.ID | None
    thing: str | None
    name: str | None
    source: Source | None
    currency: str | None
    cash_minor: int = strawberry.field(description="To be taken before it is handed over; on a receipt.")


@strawberry.type(description="It left the store.")
class PrizeHandedOver:
    prize_id: strawberry.ID
    thing: str
    stamps_paid: int
    cash_minor: int


HandOverPrizeResult = Annotated[PrizeHandedOver | Refusal, strawberry.union("HandOverPrizeResult")]


@strawberry.type
class PrizeQuery:
    @strawberry.field(description="A dry run of handOverPrize.")
    async def check_prize(self, info: Info, code: str) -> PrizeCheck:
        context: Context = info.context
        try:
            async with context.database.read() as connection:
                won, thing = await prizes.find_to_hand_over(connection, context.till.store_id, code, context.now)
        except Refused as refused:
            return PrizeCheck(
                refusal=refusal_from(refused, context.locale), prize_id=None, thing=None, name=None, source=None,
                currency=None, cash_minor=0,
            )  # fmt: skip
        return PrizeCheck(
            refusal=None,
            prize_id=write_id("prz", won.id),
            thing=won.thing,
            name=thing.name(context.locale),
            source=won.source,
            currency=thing.currency,
            cash_minor=won.cash_minor,
        )


@strawberry.type
class PrizeMutation:
    @mutation
    async def hand_over_prize(
        self,
        info: Info,
        request_id: strawberry.ID,
        code: str,
        cash_minor: int = 0,
        receipt_no: str | None = strawberry.UNSET,
    ) -> HandOverPrizeResult:
        """Hands over what waits here under a code, once. `cashMinor` is what was taken, on the receipt `receiptNo`."""
        context: Context = info.context
        asked = {"code": code, "cashMinor": cash_minor, "receiptNo": receipt_no or None}
        command = prizes.HandOver(
            request=request_key(context, "handOverPrize", request_id, asked),
            store_id=context.till.store_id,
            code=code,
            cash_minor=cash_minor,
            receipt_no=receipt_no or None,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).hand_over_prize, command)
        return PrizeHandedOver(
            prize_id=write_id("prz", done.prize_id),
            thing=done.thing,
            stamps_paid=done.stamps,
            cash_minor=done.cash_minor,
        )
