"""Events of the ledger."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

LOTS_EXPIRED = EventKind("lots_expired", Drives(scarcity=4, avoidance=8))
WALLET_ADJUSTED = EventKind("wallet_adjusted", Drives(ownership=3))
KINDS = (LOTS_EXPIRED, WALLET_ADJUSTED)
