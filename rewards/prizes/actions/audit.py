"""The invariants of things."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from loyalty.invariants import Finding, examine
from rewards.prizes.store.audit import AUDIT


async def audit(connection: Any, now: datetime) -> list[Finding]:
    """Examines prizes, stock, yearly values and papers; reads everything, changes nothing."""
    return await examine(connection, AUDIT, now)
