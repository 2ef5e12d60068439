"""Events of play."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

MOVES_PLAYED = EventKind("moves_played", Drives(accomplishment=3, empowerment=7, unpredictability=2))
ORDER_DELIVERED = EventKind("order_delivered", Drives(meaning=2, accomplishment=6, ownership=3))
LEVEL_CLAIMED = EventKind("level_claimed", Drives(accomplishment=8, empowerment=3, ownership=3))
BUBBLE_POPPED = EventKind("bubble_popped", Drives(ownership=4, scarcity=6, unpredictability=4, avoidance=3))
ORDER_REROLLED = EventKind("order_rerolled", Drives(empowerment=5, ownership=1, unpredictability=3))
KINDS = (MOVES_PLAYED, ORDER_DELIVERED, LEVEL_CLAIMED, BUBBLE_POPPED, ORDER_REROLLED)
