"""Events of compensations."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

COMPENSATED = EventKind("compensated", Drives(meaning=2, ownership=4), outbox=True)
KINDS = (COMPENSATED,)
