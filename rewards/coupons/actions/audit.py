"""The invariants of coupons."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from loyalty.invariants import Finding, examine
from rewards.coupons.store.audit import AUDIT


async def audit(connection: Any, now: datetime) -> list[Finding]:
    """Examines every offer, coupon and hold; reads everything, changes nothing."""
    return await examine(connection, AUDIT, now)
