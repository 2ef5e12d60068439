"""Events of chests."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

CHEST_EARNED = EventKind("chest_earned", Drives(accomplishment=5, ownership=5, unpredictability=3))
CHEST_QUEUED = EventKind("chest_queued", Drives(empowerment=3, scarcity=4, unpredictability=3))
CHEST_HURRIED = EventKind("chest_hurried", Drives(ownership=2, scarcity=6, unpredictability=3))
CHEST_OPENED = EventKind("chest_opened", Drives(accomplishment=2, ownership=4, unpredictability=8))
KINDS = (CHEST_EARNED, CHEST_QUEUED, CHEST_HURRIED, CHEST_OPENED)
