"""Replays of requests, and the keeping of results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

from pydantic import TypeAdapter

from loyalty.invariants import Finding, examine
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.requests import store
from loyalty.requests.rules import RETENTION, RequestKey
from loyalty.work import Work

Result = TypeVar("Result")


class Asked(Protocol):
    """What every command of a mutation carries."""

    @property
    def request(self) -> RequestKey: ...

    @property
    def now(self) -> datetime: ...


Command = TypeVar("Command", bound=Asked)


@cache
def _codec(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


class Requests:
    """The book of requests that one batch touches.

    Open it after the members are locked: a copy of the same request on another server is then either visible here or
    loses at the unique key (the unit of work is run again and finds the winner's result).
    """

    def __init__(self, known: dict[tuple[UUID, UUID], tuple[bytes, str]]) -> None:
        self._known = known
        self._new: list[tuple[UUID, UUID, bytes, UUID | None, str, str, datetime]] = []

    def knows(self, key: RequestKey) -> bool:
        """Whether the id has a result, of this request or of another."""
        return (key.scope, key.id) in self._known

    def replay(self, key: RequestKey, kind: type[Result]) -> Result | None:
        """The first result of this request, or None where it has none yet.

        Refuses REQUEST_ID_REUSED where the id stands for another request. A refusal is never stored, so a request
        that was refused runs again.
        """
        found = self._known.get((key.scope, key.id))
        if found is None:
            return None
        if found[0] != key.hash:
            raise LoyaltyRefused(LoyaltyCode.REQUEST_ID_REUSED)
        result: Result = _codec(cast("Any", kind)).validate_json(found[1])
        return result

    def keep(self, key: RequestKey, member_id: UUID | None, mutation: str, result: object, now: datetime) -> None:
        """Keeps the result; a later command of the same batch with the same id sees it too."""
        outcome = _codec(cast("Any", type(result))).dump_json(result).decode()
        self._known[key.scope, key.id] = (key.hash, outcome)
        self._new.append((key.scope, key.id, key.hash, member_id, mutation, outcome, now))

    def answer(
        self,
        commands: Sequence[Command],
        kind: type[Result],
        mutation: str,
        decide: Callable[[Command], Result],
        member_of: Callable[[Command], UUID | None],
    ) -> list[Result | Refused]:
        """Answers each command in order: its first result, what `decide` returns, or the refusal that `decide` raises.

        `decide` changes the open books in memory only, and only after everything that it might refuse was checked.
        """
        answers: list[Result | Refused] = []
        for command in commands:
            try:
                result = self.replay(command.request, kind)
                if result is None:
                    result = decide(command)
                    self.keep(command.request, member_of(command), mutation, result, command.now)
                answers.append(result)
            except Refused as refused:
                answers.append(refused)
        return answers

    async def save(self, work: Work) -> None:
        """Writes the new results."""
        if self._new:
            await store.insert_results(work, self._new)


async def open_requests(work: Work, keys: Sequence[RequestKey]) -> Requests:
    """Loads what is known of these requests. Expects the members' locks."""
    return Requests(await store.load_results(work, [key.scope for key in keys], [key.id for key in keys]))


async def forget_old_results(work: Work, now: datetime, *, limit: int) -> int:
    """Deletes results older than 14 days; returns how many."""
    return await store.delete_results_before(work, now - RETENTION, limit)


async def audit(connection: Any, now: datetime) -> list[Finding]:
    """Examines every result; reads everything, changes nothing."""
    return await examine(connection, store.AUDIT, now)
