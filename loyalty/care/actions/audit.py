"""The invariants of adjustments by two and of case notes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from loyalty.care import store
from loyalty.invariants import Finding, examine


async def audit(connection: Any, now: datetime) -> list[Finding]:
    """Examines every adjustment by two and every note; reads everything, changes nothing."""
    return await examine(connection, store.AUDIT, now)
