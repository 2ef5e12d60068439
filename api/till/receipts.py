"""Receipts and returns, as tills send them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.batches import batches_of
from api.graphql.context import Context
from api.graphql.nodes import write_id
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.refusals import BadInput
from loyalty.receipts.actions import RecordReceipt, find_stores
from loyalty.receipts.rules import Line, ReturnLine
from rewards.coupons.actions import ReturnGoods


@strawberry.input(description="One line: what was paid for all of it, discounts off.")
class ReceiptLineInput:
    line_no: int
    sku: str
    name: str = ""
    brand: str = ""
    category: str = ""
    quantity: int = 1
    amount_minor: int

    def to_line(self) -> Line:
        return Line(self.line_no, self.sku, self.name, self.brand, self.category, self.quantity, self.amount_minor)


@strawberry.input(description="A receipt of a member's purchase at the store that the key is bound to.")
class ReceiptInput:
    card_no: str
    receipt_no: str = strawberry.field(description="Unique in the store; 1 to 64 of 0-9 A-Z a-z . _ / -")
    bought_at: datetime
    currency: str
    lines: list[ReceiptLineInput]


@strawberry.input(description="What comes back of one line.")
class ReturnLineInput:
    line_no: int
    quantity: int
    amount_minor: int


@strawberry.input(description="Goods of one receipt that come back.")
class ReturnInput:
    receipt_no: str
    store_code: str | None = strawberry.field(default=None, description="Where it was bought; this store if null.")
    return_no: str = strawberry.field(description="Unique in the store that takes the goods back.")
    lines: list[ReturnLineInput]
    refund_points: int = strawberry.field(
        default=0, description="Points to give back of those that the basket was paid with."
    )


@strawberry.type(name="RecordedReceipt")
class RecordedReceipt:
    id: strawberry.ID


@strawberry.type(description="What a receipt earned.")
class Earned:
    points: int
    stamps: int
    tickets: int


@strawberry.type
class ReceiptRecorded:
    receipt: RecordedReceipt
    earned: Earned
    tier: str = strawberry.field(description="The code of the member's tier after this receipt.")


@strawberry.type(description="What was taken back: exactly the returned lines' share, however the return is split.")
class Revoked:
    points: int
    stamps: int


@strawberry.type
class ReturnRecorded:
    id: strawberry.ID
    revoked: Revoked
    refunded_points: int
    coupons_reopened: int
    tier: str
    everything: bool = strawberry.field(description="Whether the whole receipt has now come back.")


RecordReceiptResult = Annotated[ReceiptRecorded | Refusal, strawberry.union("RecordReceiptResult")]
RecordReturnResult = Annotated[ReturnRecorded | Refusal, strawberry.union("RecordReturnResult")]


@strawberry.type
class ReceiptMutation:
    @mutation
    async def record_receipt(self, info: Info, request_id: strawberry.ID, receipt: ReceiptInput) -> RecordReceiptResult:
        """Records a purchase and what it earns. The same receipt again gives the first result."""
        context: Context = info.context
        command = RecordReceipt(
            request=request_key(context, "recordReceipt", request_id, {"receipt": receipt}),
            store_id=context.till.store_id,
            card_no=receipt.card_no,
            receipt_no=receipt.receipt_no,
            bought_at=receipt.bought_at,
            currency=receipt.currency,
            lines=tuple(line.to_line() for line in receipt.lines),
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).record_receipt, command)
        return ReceiptRecorded(
            receipt=RecordedReceipt(id=write_id("rcp", done.receipt_id)),
            earned=Earned(points=done.points, stamps=done.stamps, tickets=done.tickets),
            tier=done.tier,
        )

    @mutation
    async def record_return(
        self, info: Info, request_id: strawberry.ID, receipt_return: ReturnInput
    ) -> RecordReturnResult:
        """Takes goods back: revokes their share of points, stamps and credits, and reopens or voids coupons."""
        context: Context = info.context
        command = ReturnGoods(
            request=request_key(context, "recordReturn", request_id, {"receiptReturn": receipt_return}),
            store_id=context.till.store_id,
            receipt_store_id=await _store_of(context, receipt_return.store_code),
            receipt_no=receipt_return.receipt_no,
            return_no=receipt_return.return_no,
            lines=tuple(ReturnLine(line.line_no, line.quantity, line.amount_minor) for line in receipt_return.lines),
            refund_points=receipt_return.refund_points,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).return_goods, command)
        return ReturnRecorded(
            id=write_id("ret", done.return_id),
            revoked=Revoked(points=done.points, stamps=done.stamps),
            refunded_points=done.refunded_points,
            coupons_reopened=done.coupons_reopened,
            tier=done.tier,
            everything=done.everything,
        )


async def _store_of(context: Context, code: str | None) -> UUID:
    if code is None:
        return context.till.store_id
    async with context.database.read() as connection:
        found = (await find_stores(connection, [code])).get(code)
    if found is None:
        raise BadInput("storeCode", "it must be the code of a store")
    return found
