"""Roles of operators: proposed by one owner, approved by another, ended by one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.admin.once import once
from api.graphql.context import Context
from api.graphql.nodes import Node, parse_id, write_id
from api.graphql.pages import check_first
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.identity.granting import approve_role, end_role, list_grants, propose_role
from api.identity.rules import GrantState, Role, RoleGrant
from loyalty.ledger.rules import check_reason
from loyalty.work import Work

strawberry.enum(Role, name="OperatorRole", description="What an operator may do.")
strawberry.enum(GrantState, name="RoleGrantState", description="A role counts while GRANTED.")


@strawberry.type(name="RoleGrant", description="One role of one operator, and the people who gave it.")
class RoleGrantNode(Node):
    operator_id: strawberry.ID
    role: Role
    state: GrantState
    reason: str
    proposed_by: strawberry.ID
    proposed_at: datetime
    approved_by: strawberry.ID | None
    approved_at: datetime | None
    ended_by: strawberry.ID | None
    ended_at: datetime | None


@strawberry.type
class RoleProposed:
    grant_id: strawberry.ID
    role: Role


@strawberry.type
class RoleApproved:
    grant_id: strawberry.ID
    role: Role


@strawberry.type
class RoleEnded:
    grant_id: strawberry.ID
    role: Role


ProposeRoleResult = Annotated[RoleProposed | Refusal, strawberry.union("ProposeRoleResult")]
ApproveRoleResult = Annotated[RoleApproved | Refusal, strawberry.union("ApproveRoleResult")]
EndRoleResult = Annotated[RoleEnded | Refusal, strawberry.union("EndRoleResult")]


@dataclass(frozen=True, slots=True)
class _Granted:
    """What an act leaves for a retry."""

    id: UUID
    role: Role


def show_grant(grant: RoleGrant) -> RoleGrantNode:
    """A grant, for operators."""
    return RoleGrantNode(
        id=write_id("rol", grant.id),
        operator_id=write_id("opr", grant.operator_id),
        role=grant.role,
        state=grant.state,
        reason=grant.reason,
        proposed_by=write_id("opr", grant.proposed_by),
        proposed_at=grant.proposed_at,
        approved_by=write_id("opr", grant.approved_by) if grant.approved_by else None,
        approved_at=grant.approved_at,
        ended_by=write_id("opr", grant.ended_by) if grant.ended_by else None,
        ended_at=grant.ended_at,
    )


@strawberry.type
class RoleQuery:
    @strawberry.field(description="Roles of operators, granted, proposed and ended, newest first.")
    async def role_grants(self, info: Info, first: int) -> list[RoleGrantNode]:
        context: Context = info.context
        context.require(Role.AUDITOR)
        async with context.database.read() as connection:
            found = await list_grants(connection, check_first(first))
        return [show_grant(each) for each in found]


@strawberry.type
class RoleMutation:
    @mutation
    async def propose_role(
        self, info: Info, request_id: strawberry.ID, operator_id: strawberry.ID, role: Role, reason: str
    ) -> ProposeRoleResult:
        """One owner's word that an operator shall hold a role; another owner's approval makes it count.

        The operator's token must claim the role too.
        """
        context: Context = info.context
        owner = context.require(Role.OWNER).operator_id
        asked = {"operatorId": operator_id, "role": role, "reason": reason}
        request = request_key(context, "proposeRole", request_id, asked)
        wanted = parse_id("opr", operator_id, "operatorId")
        check_reason(reason)

        async def act(work: Work) -> _Granted:
            grant = await propose_role(work, wanted, role, owner=owner, reason=reason, now=context.now)
            return _Granted(grant.id, grant.role)

        done = await once(context, request, "proposeRole", _Granted, act)
        return RoleProposed(grant_id=write_id("rol", done.id), role=done.role)

    @mutation
    async def approve_role(
        self, info: Info, request_id: strawberry.ID, grant_id: strawberry.ID
    ) -> ApproveRoleResult:  # fmt: skip
        """The second owner's word: neither who proposed the role nor whom it is for."""
        context: Context = info.context
        owner = context.require(Role.OWNER).operator_id
        request = request_key(context, "approveRole", request_id, {"grantId": grant_id})
        wanted = parse_id("rol", grant_id, "grantId")

        async def act(work: Work) -> _Granted:
            grant = await approve_role(work, wanted, owner=owner, now=context.now)
            return _Granted(grant.id, grant.role)

        done = await once(context, request, "approveRole", _Granted, act)
        return RoleApproved(grant_id=grant_id, role=done.role)

    @mutation
    async def end_role(
        self, info: Info, request_id: strawberry.ID, grant_id: strawberry.ID, reason: str
    ) -> EndRoleResult:
        """Takes a role or a proposal back: one owner, within 5 seconds on every server."""
        context: Context = info.context
        owner = context.require(Role.OWNER).operator_id
        request = request_key(context, "endRole", request_id, {"grantId": grant_id, "reason": reason})
        wanted = parse_id("rol", grant_id, "grantId")
        check_reason(reason)

        async def act(work: Work) -> _Granted:
            grant = await end_role(work, wanted, owner=owner, reason=reason, now=context.now)
            return _Granted(grant.id, grant.role)

        done = await once(context, request, "endRole", _Granted, act)
        return RoleEnded(grant_id=grant_id, role=done.role)
