"""Events of tiers."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

TIER_RAISED = EventKind("tier_raised", Drives(accomplishment=9, ownership=5, influence=3), outbox=True)
TIER_NOTICE = EventKind("tier_notice", Drives(avoidance=9, scarcity=3), outbox=True)
TIER_RENEWED = EventKind("tier_renewed", Drives(accomplishment=5, ownership=4))
TIER_LOWERED = EventKind("tier_lowered", Drives(avoidance=8), outbox=True)
KINDS = (TIER_RAISED, TIER_NOTICE, TIER_RENEWED, TIER_LOWERED)
