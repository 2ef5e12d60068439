"""The invariants of members."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from loyalty.invariants import Finding, examine
from loyalty.members import store


async def audit(connection: Any, now: datetime) -> list[Finding]:
    """Examines all members; reads everything, changes nothing."""
    return await examine(connection, store.AUDIT, now)
