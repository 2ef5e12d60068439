"""Events of boards."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

BOARD_OPENED = EventKind("board_opened", Drives(meaning=3, empowerment=5, ownership=5))
GIFT_TAKEN = EventKind("gift_taken", Drives(ownership=5, unpredictability=3))
BOARD_RESET = EventKind("board_reset", Drives(meaning=3, empowerment=3, scarcity=2, avoidance=4))
KINDS = (BOARD_OPENED, GIFT_TAKEN, BOARD_RESET)
