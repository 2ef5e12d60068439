"""Events of draws."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

PRIZES_DRAWN = EventKind("prizes_drawn", Drives(ownership=3, scarcity=4, unpredictability=9), outbox=True)
TOP_PRIZE_WON = EventKind("top_prize_won", Drives(accomplishment=3, ownership=5, scarcity=6, unpredictability=10))
SELF_EXCLUSION_SET = EventKind("self_exclusion_set", Drives(empowerment=3, avoidance=6), outbox=True)
KINDS = (PRIZES_DRAWN, TOP_PRIZE_WON, SELF_EXCLUSION_SET)
