"""The member's own receipts."""

from datetime import date, datetime
from uuid import UUID

import strawberry

from api.graphql.context import Context
from api.graphql.nodes import Node, write_id
from api.graphql.pages import Connection, check_first, connection, read_id_cursor, write_cursor
from api.graphql.scalars import Money
from api.graphql.schema import Info
from loyalty.receipts.actions import (
    ReceiptLineView,
    ReceiptView,
    load_lines,
    load_page,
    load_receipt,
    load_stores,
)


@strawberry.type(name="ReceiptLine")
class ReceiptLineNode:
    line_no: int
    name: str
    brand: str
    quantity: int
    amount_minor: int
    returned_minor: int


@strawberry.type(name="Receipt", description="A purchase and what it earned; `revoked` is what returns took back.")
class ReceiptNode(Node):
    receipt_no: str
    store: str
    bought_at: datetime
    day: date
    total: Money
    points: int
    stamps: int
    revoked_points: int
    revoked_stamps: int
    receipt_id: strawberry.Private[UUID]

    @strawberry.field
    async def lines(self, info: Info) -> list[ReceiptLineNode]:
        context: Context = info.context
        async with context.database.read() as connection_:
            found = await load_lines(connection_, context.member.member_id, [self.receipt_id])
        return [show_line(line) for line in found[self.receipt_id]]


def show_line(line: ReceiptLineView) -> ReceiptLineNode:
    """A line, for the member who bought it."""
    return ReceiptLineNode(
        line_no=line.line_no,
        name=line.name,
        brand=line.brand,
        quantity=line.quantity,
        amount_minor=line.amount_minor,
        returned_minor=line.returned_minor,
    )


def show_receipt(receipt: ReceiptView, store: str) -> ReceiptNode:
    """A receipt, for its member."""
    return ReceiptNode(
        id=write_id("rcp", receipt.id),
        receipt_no=receipt.receipt_no,
        store=store,
        bought_at=receipt.bought_at,
        day=receipt.day,
        total=Money(amount_minor=receipt.total_minor, currency=receipt.currency),
        points=receipt.points,
        stamps=receipt.stamps,
        revoked_points=receipt.revoked_points,
        revoked_stamps=receipt.revoked_stamps,
        receipt_id=receipt.id,
    )


async def resolve_receipt(context: Context, receipt_id: UUID) -> ReceiptNode | None:
    """The caller's own receipt; nobody else's."""
    async with context.database.read() as connection_:
        found = await load_receipt(connection_, context.member.member_id, receipt_id)
        stores = await load_stores(connection_, [found.store_id] if found else [])
    return show_receipt(found, stores[found.store_id].name) if found else None


@strawberry.type
class ReceiptQuery:
    @strawberry.field(description="Your receipts, newest first.")
    async def receipts(self, info: Info, first: int, after: str | None = strawberry.UNSET) -> Connection[ReceiptNode]:
        context: Context = info.context
        before = read_id_cursor("receipts", after)
        async with context.database.read() as connection_:
            rows = await load_page(connection_, context.member.member_id, first=check_first(first) + 1, before=before)
            stores = await load_stores(connection_, [row.store_id for row in rows])
        return connection(
            rows,
            first,
            lambda row: show_receipt(row, stores[row.store_id].name),
            lambda row: write_cursor("receipts", str(row.id)),
        )
