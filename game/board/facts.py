"""Events of boards."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

BOARD_OPENED = EventKind("board_opened", Drives(meaning=3, empowerment=5, ownership=5))
GIFT_TAKEN = EventKind("gift_taken", Drives(ownership=5, unpredictability=3))
KINDS = (BOARD_OPENED, GIFT_TAKEN)
