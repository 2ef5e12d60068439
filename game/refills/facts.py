"""Events of refills."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

ENERGY_REFILLED = EventKind("energy_refilled", Drives(empowerment=4, ownership=2, scarcity=6))
KINDS = (ENERGY_REFILLED,)
