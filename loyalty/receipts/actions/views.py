"""Receipts for reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from loyalty.receipts import rules, store


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """A receipt, what it earned and what was revoked since."""

    member_id: UUID
    id: UUID
    store_id: UUID
    receipt_no: str
    bought_at: datetime
    day: date
    currency: str
    total_minor: int
    points: int
    stamps: int
    tier: str
    revoked_points: int
    revoked_stamps: int


@dataclass(frozen=True, slots=True)
class ReceiptLineView:
    """One line of a receipt, and what has come back of it."""

    line_no: int
    sku: str
    name: str
    brand: str
    category: str
    quantity: int
    amount_minor: int
    returned_quantity: int
    returned_minor: int


async def find_receipts(connection: Any, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], tuple[UUID, UUID]]:
    """(store, receipt number) -> (member, receipt), for those that are there."""
    keys = [key for key in keys if rules.is_number(key[1])]
    rows = await store.find_receipts(connection, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["store_id"], row["receipt_no"]): (row["member_id"], row["receipt_id"]) for row in rows}


async def load_receipts(connection: Any, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], ReceiptView]:
    """Receipts by (store, receipt number)."""
    keys = [key for key in keys if rules.is_number(key[1])]
    rows = await store.load_receipts(connection, [key[0] for key in keys], [key[1] for key in keys])
    return {(row["store_id"], row["receipt_no"]): _view(row) for row in rows}


async def load_receipt(connection: Any, member_id: UUID, receipt_id: UUID) -> ReceiptView | None:
    """A member's own receipt by its id."""
    row = await store.load_receipt(connection, member_id, receipt_id)
    return _view(row) if row else None


async def load_page(connection: Any, member_id: UUID, *, first: int, before: UUID | None = None) -> list[ReceiptView]:
    """A page of a member's receipts, newest first, by keyset."""
    return [_view(row) for row in await store.load_page(connection, member_id, before, first)]


async def load_lines(
    connection: Any, member_id: UUID, receipt_ids: Sequence[UUID]
) -> dict[UUID, list[ReceiptLineView]]:
    """The lines of a member's receipts, in order."""
    lines: dict[UUID, list[ReceiptLineView]] = {receipt_id: [] for receipt_id in receipt_ids}
    for row in await store.load_lines(connection, [member_id] * len(receipt_ids), receipt_ids):
        lines[row["receipt_id"]].append(
            ReceiptLineView(**{name: row[name] for name in ReceiptLineView.__dataclass_fields__})
        )
    return lines


async def export_receipts(connection: Any, member_id: UUID) -> list[dict[str, Any]]:
    """Every receipt of a member with its lines, for `exportMyData`, oldest last."""
    receipts: list[ReceiptView] = []
    before: UUID | None = None
    while page := await load_page(connection, member_id, first=500, before=before):
        receipts.extend(page)
        before = page[-1].id
    lines = await load_lines(connection, member_id, [receipt.id for receipt in receipts])
    return [
        {
            "receiptNo": receipt.receipt_no,
            "boughtAt": receipt.bought_at.isoformat(),
            "currency": receipt.currency,
            "totalMinor": receipt.total_minor,
            "points": receipt.points,
            "stamps": receipt.stamps,
            "lines": [
                {
                    "lineNo": line.line_no,
                    "sku": line.sku,
                    "name": line.name,
                    "brand": line.brand,
                    "category": line.category,
                    "quantity": line.quantity,
                    "amountMinor": line.amount_minor,
                    "returnedMinor": line.returned_minor,
                }
                for line in lines[receipt.id]
            ],
        }
        for receipt in receipts
    ]


def _view(row: Any) -> ReceiptView:
    return ReceiptView(**{name: row[name] for name in ReceiptView.__dataclass_fields__})
