"""Receipts: recording them, and the book that returns are folded over."""

from loyalty.receipts.actions.audit import audit
from loyalty.receipts.actions.record import ReceiptRecorded, RecordReceipt, record_receipts
from loyalty.receipts.actions.returns import (
    GivenBack,
    ReceiptKey,
    Returning,
    Returns,
    open_returns,
)
from loyalty.receipts.actions.stores import Store, create_stores, find_stores, load_stores
from loyalty.receipts.actions.views import (
    ReceiptLineView,
    ReceiptView,
    export_receipts,
    find_receipts,
    load_lines,
    load_page,
    load_receipt,
    load_receipts,
)

__all__ = [
    "GivenBack",
    "ReceiptKey",
    "ReceiptLineView",
    "ReceiptRecorded",
    "ReceiptView",
    "RecordReceipt",
    "Returning",
    "Returns",
    "Store",
    "audit",
    "create_stores",
    "export_receipts",
    "find_receipts",
    "find_stores",
    "load_lines",
    "load_page",
    "load_receipt",
    "load_receipts",
    "load_stores",
    "open_returns",
    "record_receipts",
]
