"""Events of seasons."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

SEASON_ENDED = EventKind("season_ended", Drives(meaning=3, accomplishment=4, scarcity=3, avoidance=4), outbox=True)
KINDS = (SEASON_ENDED,)
