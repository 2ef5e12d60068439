"""Events of seeds. They never hold a seed."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

CLIENT_SEED_SET = EventKind("client_seed_set", Drives(empowerment=5, unpredictability=2))
SEED_REVEALED = EventKind("seed_revealed", Drives(empowerment=4, ownership=2))
KINDS = (CLIENT_SEED_SET, SEED_REVEALED)
