"""Events of things that are won or picked. They name no place and nobody."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

PRIZE_WON = EventKind("prize_won", Drives(accomplishment=2, ownership=6, unpredictability=6), outbox=True)
PRIZE_CLAIMED = EventKind("prize_claimed", Drives(accomplishment=2, empowerment=3, ownership=6))
PRIZE_HELD = EventKind("prize_held", Drives(ownership=2, avoidance=4), outbox=True)
PRIZE_CLEARED = EventKind("prize_cleared", Drives(ownership=4), outbox=True)
PRIZE_READY = EventKind("prize_ready", Drives(ownership=5, scarcity=2, avoidance=2), outbox=True)
PRIZE_FULFILLED = EventKind("prize_fulfilled", Drives(meaning=2, accomplishment=5, ownership=8), outbox=True)
PRIZE_FORFEITED = EventKind("prize_forfeited", Drives(avoidance=6), outbox=True)
PRIZE_EXPIRED = EventKind("prize_expired", Drives(scarcity=4, avoidance=7))
THING_PICKED = EventKind("thing_picked", Drives(accomplishment=4, empowerment=4, ownership=5, scarcity=2))
KINDS = (
    PRIZE_WON,
    PRIZE_CLAIMED,
    PRIZE_HELD,
    PRIZE_CLEARED,
    PRIZE_READY,
    PRIZE_FULFILLED,
    PRIZE_FORFEITED,
    PRIZE_EXPIRED,
    THING_PICKED,
)
