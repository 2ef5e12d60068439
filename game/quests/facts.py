"""Events of quests."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

QUEST_CLAIMED = EventKind("quest_claimed", Drives(meaning=2, accomplishment=7, empowerment=2, ownership=4, scarcity=2))
KINDS = (QUEST_CLAIMED,)
