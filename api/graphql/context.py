"""What one request knows: who calls, when, in which language, and the way to the database and the batchers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from api.graphql.documents import Prepared
from api.identity.rules import Caller, MemberCaller, OperatorCaller, PartnerCaller, Role, TillCaller
from api.refusals import Forbidden
from api.runtime.database import Database

Command_contra = TypeVar("Command_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class Submits(Protocol[Command_contra, Result_co]):
    """A batcher: takes a command, gives its result once the batch has committed, or raises its `Refused`.

    `trace` is the request's, for the logs.
    """

    async def submit(self, command: Command_contra, trace: str | None = None) -> Result_co: ...


class Observer(Protocol):
    """Where the edge reports what it saw; `api/runtime` turns it into metrics."""

    def served(self, caller: str, operation: str, status: int, seconds: float) -> None:
        """One request was answered. `operation` is a trusted operation's name, or `other`."""

    def refused(self, caller: str, code: str) -> None:
        """One refusal was given."""


class Silent:
    """An observer that keeps nothing."""

    def served(self, caller: str, operation: str, status: int, seconds: float) -> None:
        """Keeps nothing."""

    def refused(self, caller: str, code: str) -> None:
        """Keeps nothing."""


@dataclass(slots=True)
class Context:
    """One request's context. `now` was read once; rules and actions are handed it.

    `kind` is the schema (`mobile`, `till`, `partner`, `admin`); `services` whatever the composition root gave, above
    all the batchers. `loaders` is a place for data loaders, made at first use and gone with the request.
    """

    kind: str
    caller: Caller
    now: datetime
    trace_id: str
    locale: str
    database: Database
    services: Any
    observer: Observer
    prepared: Prepared
    loaders: dict[str, Any] = field(default_factory=dict)

    async def submit(self, batcher: Submits[Command_contra, Result_co], command: Command_contra) -> Result_co:
        """Runs a hot command in the next batch. Raises its `Refused`."""
        return await batcher.submit(command, self.trace_id)

    @property
    def member(self) -> MemberCaller:
        """The caller, who is a member (the schema's door admits no one else)."""
        assert isinstance(self.caller, MemberCaller)
        return self.caller

    @property
    def till(self) -> TillCaller:
        """The caller, who is a till."""
        assert isinstance(self.caller, TillCaller)
        return self.caller

    @property
    def partner(self) -> PartnerCaller:
        """The caller, who is a partner."""
        assert isinstance(self.caller, PartnerCaller)
        return self.caller

    @property
    def operator(self) -> OperatorCaller:
        """The caller, who is an operator."""
        assert isinstance(self.caller, OperatorCaller)
        return self.caller

    def require(self, *roles: Role) -> OperatorCaller:
        """The operator, who holds one of these roles (or `owner`). Raises `Forbidden`."""
        if not self.operator.has(*roles):
            raise Forbidden(f"This needs one of the roles {', '.join(role.value for role in roles)}.")
        return self.operator
