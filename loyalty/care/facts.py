"""Events of what operators do for a member."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

WALLET_ADJUSTED = EventKind("wallet_adjusted", Drives(ownership=3))
KINDS = (WALLET_ADJUSTED,)
