"""Events of the check-in."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

CHECKED_IN = EventKind(
    "checked_in", Drives(accomplishment=5, ownership=3, unpredictability=1, avoidance=4), outbox=True
)
DAY_MADE_UP = EventKind("day_made_up", Drives(ownership=3, scarcity=2, avoidance=5))
STREAK_FROZEN = EventKind("streak_frozen", Drives(ownership=2, avoidance=6))
STREAK_GAPPED = EventKind("streak_gapped", Drives(scarcity=3, avoidance=9))
STREAK_REPAIRED = EventKind("streak_repaired", Drives(accomplishment=3, ownership=4, avoidance=7))
STREAK_BROKEN = EventKind("streak_broken", Drives(avoidance=8), outbox=True)
DAYS_FORGIVEN = EventKind("days_forgiven", Drives(ownership=4, avoidance=5))
ZONE_CHANGED = EventKind("zone_changed", Drives(ownership=1))
KINDS = (
    CHECKED_IN,
    DAY_MADE_UP,
    STREAK_FROZEN,
    STREAK_GAPPED,
    STREAK_REPAIRED,
    STREAK_BROKEN,
    DAYS_FORGIVEN,
    ZONE_CHANGED,
)
