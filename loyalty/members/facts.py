"""Events of a member's account."""

from __future__ import annotations

from loyalty.timeline.rules import Drives, EventKind

MEMBER_JOINED = EventKind("member_joined", Drives(meaning=3, ownership=4), outbox=True)
IDENTITY_LINKED = EventKind("identity_linked", Drives(ownership=3))
CONSENT_CHANGED = EventKind("consent_changed", Drives(ownership=2))
ERASURE_REQUESTED = EventKind("erasure_requested", Drives(ownership=1, avoidance=2))
ERASURE_CANCELLED = EventKind("erasure_cancelled", Drives(avoidance=5))
MEMBER_ERASED = EventKind("member_erased", Drives(), outbox=True)
MEMBER_SUSPENDED = EventKind("member_suspended", Drives(avoidance=3))
MEMBER_REINSTATED = EventKind("member_reinstated", Drives(ownership=2))
KINDS = (
    MEMBER_JOINED,
    IDENTITY_LINKED,
    CONSENT_CHANGED,
    ERASURE_REQUESTED,
    ERASURE_CANCELLED,
    MEMBER_ERASED,
    MEMBER_SUSPENDED,
    MEMBER_REINSTATED,
)
