"""Who is signed in: kept in the memory of this process, found by a cookie that no script reads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

COOKIE = "mergemart_console"
IDLE = timedelta(hours=8)
"""A session that nobody used for so long is over."""
MOST = 1_000


@dataclass(slots=True)
class Session:
    """One operator in one browser. `refresh` is what a fresh token is had for, where the sign-in gave it."""

    id: str = field(repr=False)
    token: str = field(repr=False)
    operator: str
    name: str
    roles: tuple[str, ...]
    language: str
    used_at: datetime
    refresh: str | None = field(default=None, repr=False)
    ended: bool = False
    exports: dict[int, str] = field(default_factory=dict, repr=False)
    """Year -> request id of the last export of identities, by which its lines are told once more."""

    def may(self, *roles: str) -> bool:
        """Whether the operator holds one of these roles, or is an owner: what to offer; the schema decides."""
        return "owner" in self.roles or any(role in self.roles for role in roles)


class Sessions:
    """The sessions of this process; those used longest ago give way past a thousand."""

    def __init__(self, now: Callable[[], datetime], mint: Callable[[], str]) -> None:
        self._now = now
        self._mint = mint
        self._by_id: OrderedDict[str, Session] = OrderedDict()

    def open(
        self, token: str, operator: str, name: str, roles: tuple[str, ...], language: str, refresh: str | None = None
    ) -> Session:
        """A new session, with an id that nobody can guess."""
        session = Session(self._mint(), token, operator, name, roles, language, self._now(), refresh)
        self._by_id[session.id] = session
        while len(self._by_id) > MOST:
            self._by_id.popitem(last=False)[1].ended = True
        return session

    def find(self, session_id: str | None) -> Session | None:
        """The session of a cookie, if it still counts; it is used now."""
        session = self._by_id.get(session_id or "")
        if session is None:
            return None
        now = self._now()
        if session.ended or now - session.used_at > IDLE:
            self.end(session.id)
            return None
        session.used_at = now
        self._by_id.move_to_end(session.id)
        return session

    def end(self, session_id: str | None) -> None:
        """Ends it in every tab."""
        session = self._by_id.pop(session_id or "", None)
        if session is not None:
            session.ended = True
