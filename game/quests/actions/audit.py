"""The invariants of quests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from game.quests import store
from loyalty.invariants import Finding, examine


async def audit(connection: Any, now: datetime) -> list[Finding]:
    """Examines every claim; reads everything, changes nothing."""
    return await examine(connection, store.AUDIT, now)
