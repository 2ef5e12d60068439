"""Grants: a fact that flows upward, in the transaction of what gave it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.grants import store
from loyalty.grants.rules import GrantKind, Taken
from loyalty.invariants import Finding, examine
from loyalty.work import Work


class Grants:
    """The grants that one batch gives."""

    def __init__(self) -> None:
        self._new: list[tuple[UUID, UUID, str, int, str, datetime]] = []

    def give(self, work: Work, member_id: UUID, kind: GrantKind, amount: int, source: str, at: datetime) -> UUID:
        """Adds a grant of a positive amount; returns its id."""
        grant_id = work.mint(at)
        self._new.append((member_id, grant_id, kind.value, amount, source, at))
        return grant_id

    async def save(self, work: Work) -> None:
        if self._new:
            await store.insert_grants(work, self._new)


async def consume(work: Work, moments: Mapping[UUID, datetime], kinds: Sequence[GrantKind]) -> dict[UUID, list[Taken]]:
    """Takes every waiting grant of these kinds, each exactly once; `moments` says for each member when that is.

    A grant of another server whose clock runs ahead is taken at the instant at which it was given. Expects the members'
    locks.
    """
    if not moments:
        return {}
    taken: dict[UUID, list[Taken]] = {}
    asked = list(moments), list(moments.values())
    for row in await store.consume_grants(work, *asked, [kind.value for kind in kinds]):
        grant = Taken(row["id"], GrantKind(row["kind"]), row["amount"], row["source"])
        taken.setdefault(row["member_id"], []).append(grant)
    for grants in taken.values():
        grants.sort(key=lambda grant: grant.id)
    return taken


async def count_waiting(connection: Any, member_id: UUID) -> dict[GrantKind, int]:
    """How much of each kind waits for a member."""
    return {GrantKind(row["kind"]): row["amount"] for row in await store.count_waiting(connection, member_id)}


async def audit(connection: Any, now: datetime) -> list[Finding]:
    """Examines every grant; reads everything, changes nothing."""
    return await examine(connection, store.AUDIT, now)
