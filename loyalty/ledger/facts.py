"""Events of the ledger."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

LOTS_EXPIRED = EventKind("lots_expired", Drives(scarcity=4, avoidance=8))
KINDS = (LOTS_EXPIRED,)
