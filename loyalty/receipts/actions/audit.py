"""The invariants of receipts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from loyalty.invariants import Finding, examine
from loyalty.receipts import store


async def audit(connection: Any, now: datetime) -> list[Finding]:
    """Examines all receipts; reads everything, changes nothing."""
    return await examine(connection, store.AUDIT, now)
