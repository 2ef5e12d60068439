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
BIRTH_YEAR_TOLD = EventKind("birth_year_told", Drives(ownership=1))
APP_OPENED = EventKind("app_opened", Drives(meaning=1, ownership=2, unpredictability=3, avoidance=2))
# What a screen shows can pull on any drive; which one, the shown things tell.
SCREEN_SHOWN = EventKind(
    "screen_shown",
    Drives(
        meaning=1,
        accomplishment=2,
        empowerment=1,
        ownership=2,
        influence=1,
        scarcity=2,
        unpredictability=2,
        avoidance=1,
    ),
    exposure=True,
)
KINDS = (
    MEMBER_JOINED,
    IDENTITY_LINKED,
    CONSENT_CHANGED,
    ERASURE_REQUESTED,
    ERASURE_CANCELLED,
    MEMBER_ERASED,
    MEMBER_SUSPENDED,
    MEMBER_REINSTATED,
    BIRTH_YEAR_TOLD,
    APP_OPENED,
    SCREEN_SHOWN,
)
