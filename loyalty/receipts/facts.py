"""Events of receipts."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

RECEIPT_RECORDED = EventKind("receipt_recorded", Drives(accomplishment=5, ownership=6), outbox=True)
RECEIPT_RETURNED = EventKind("receipt_returned", Drives(avoidance=4), outbox=True)
KINDS = (RECEIPT_RECORDED, RECEIPT_RETURNED)
