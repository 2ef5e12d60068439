"""Roles of operators: the token claims what somebody may hold, two owners say what he does hold, one takes it back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from api.identity import store
from api.identity.rules import OWNERS_LEAST, GrantState, Role, RoleGrant
from api.refusals import EdgeCode, EdgeRefused
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets.actions import record
from loyalty.sheets.rules import Act, Change, canonical_json
from loyalty.work import Work

if TYPE_CHECKING:
    import asyncpg


async def propose_role(
    work: Work, operator_id: UUID, role: Role, *, owner: UUID, reason: str, now: datetime
) -> RoleGrant:
    """One owner's word for a role; it counts once another one approves.

    Serialised with all changes of roles. Refuses OPERATOR_NOT_FOUND for somebody who never signed in, ROLE_GRANT_STATE
    where that role is proposed or granted already.
    """
    await store.lock_roles(work.connection)
    if not await store.has_operator(work.connection, operator_id):
        raise EdgeRefused(EdgeCode.OPERATOR_NOT_FOUND)
    grant = RoleGrant(
        work.mint(now), operator_id, role, GrantState.PROPOSED, reason, owner, now, None, None, None, None
    )  # fmt: skip
    if not await store.insert_grant(work.connection, grant):
        raise EdgeRefused(EdgeCode.ROLE_GRANT_STATE)
    await _record(work, grant, Act.ROLE_PROPOSED, owner, now, reason)
    return grant


async def approve_role(work: Work, grant_id: UUID, *, owner: UUID, now: datetime) -> RoleGrant:
    """The second owner's word: neither who proposed the role nor whom it is for.

    Serialised with all changes of roles. Refuses ROLE_GRANT_NOT_FOUND, ROLE_GRANT_STATE, SHEET_OWN.
    """
    grant = await _lock(work, grant_id, GrantState.PROPOSED)
    if owner in (grant.proposed_by, grant.operator_id):
        raise LoyaltyRefused(LoyaltyCode.SHEET_OWN)
    await store.approve_grant(work.connection, grant_id, owner, now)
    await _record(work, grant, Act.ROLE_APPROVED, owner, now, grant.reason)
    return await _lock(work, grant_id, GrantState.GRANTED)


async def end_role(work: Work, grant_id: UUID, *, owner: UUID, reason: str, now: datetime) -> RoleGrant:
    """Takes a role back, or a proposal: one owner, at once; other servers follow within 5 seconds.

    Serialised with all changes of roles. Refuses ROLE_GRANT_NOT_FOUND, and ROLE_GRANT_STATE where it has ended or is
    that of one of the last two owners, without whom nobody could grant anything.
    """
    grant = await _lock(work, grant_id, GrantState.PROPOSED, GrantState.GRANTED)
    if grant.role is Role.OWNER and grant.state is GrantState.GRANTED:
        _, owners = await store.load_roles(work.connection, grant.operator_id)
        if owners <= OWNERS_LEAST:
            raise EdgeRefused(EdgeCode.ROLE_GRANT_STATE)
    await store.end_grant(work.connection, grant_id, owner, now)
    await _record(work, grant, Act.ROLE_REVOKED, owner, now, reason)
    return await _lock(work, grant_id, GrantState.ENDED)


async def granted_roles(connection: asyncpg.Connection, operator_id: UUID) -> tuple[frozenset[Role], int]:
    """The roles granted to an operator, and how many hold `owner` by a grant."""
    return await store.load_roles(connection, operator_id)


async def list_grants(connection: asyncpg.Connection, limit: int) -> list[RoleGrant]:
    """Grants and proposals, newest first."""
    return await store.load_grants(connection, limit)


async def _lock(work: Work, grant_id: UUID, *states: GrantState) -> RoleGrant:
    await store.lock_roles(work.connection)
    grant = await store.load_grant(work.connection, grant_id)
    if grant is None:
        raise EdgeRefused(EdgeCode.ROLE_GRANT_NOT_FOUND)
    if grant.state not in states:
        raise EdgeRefused(EdgeCode.ROLE_GRANT_STATE)
    return grant


async def _record(work: Work, grant: RoleGrant, act: Act, owner: UUID, now: datetime, reason: str) -> None:
    role = canonical_json(grant.role.value)
    changes = {
        Act.ROLE_PROPOSED: [],
        Act.ROLE_APPROVED: [Change("/roles/-", None, role)],
        Act.ROLE_REVOKED: [Change("/roles/-", role if grant.state is GrantState.GRANTED else None, None)],
    }[act]
    told = f"{grant.role.value}: {reason}"
    await record(work, f"operator:{grant.operator_id}", act, str(owner), now, reason=told, changes=changes)
