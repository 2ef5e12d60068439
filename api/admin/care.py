"""Adjustments of wallets by two people, and notes on a case."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.admin.members import CaseNoteNode, show_note
from api.admin.once import once
from api.graphql.context import Context
from api.graphql.nodes import Node, parse_id, write_id
from api.graphql.pages import Connection, check_first, connection, read_id_cursor, write_cursor
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.identity.rules import Role
from loyalty.care import actions as care
from loyalty.care.rules import Adjustment, AdjustmentState, CaseNote
from loyalty.ledger.rules import Currency
from loyalty.requests.rules import RequestKey
from loyalty.work import Work

strawberry.enum(AdjustmentState, description="Value has moved where it is DONE alone.")


@strawberry.type(name="Adjustment", description="A correction of a wallet that takes two people.")
class AdjustmentNode(Node):
    member_id: strawberry.ID
    currency: Currency
    amount: int = strawberry.field(description="Positive gives, negative takes.")
    reason: str
    state: AdjustmentState
    proposed_by: strawberry.ID
    proposed_at: datetime
    decided_by: strawberry.ID | None
    decided_at: datetime | None
    transfer_id: strawberry.ID | None


@strawberry.type
class AdjustmentProposed:
    adjustment: AdjustmentNode


@strawberry.type
class AdjustmentDone:
    adjustment: AdjustmentNode


@strawberry.type
class AdjustmentWithdrawn:
    adjustment: AdjustmentNode


@strawberry.type
class CaseNoteAdded:
    note: CaseNoteNode


ProposeAdjustmentResult = Annotated[AdjustmentProposed | Refusal, strawberry.union("ProposeAdjustmentResult")]
ApproveAdjustmentResult = Annotated[AdjustmentDone | Refusal, strawberry.union("ApproveAdjustmentResult")]
WithdrawAdjustmentResult = Annotated[AdjustmentWithdrawn | Refusal, strawberry.union("WithdrawAdjustmentResult")]
AddCaseNoteResult = Annotated[CaseNoteAdded | Refusal, strawberry.union("AddCaseNoteResult")]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What an act leaves for a retry: the adjustment as it stood then."""

    adjustment: Adjustment


@dataclass(frozen=True, slots=True)
class _Noted:
    """What a note leaves for a retry."""

    note: CaseNote


def show_adjustment(found: Adjustment) -> AdjustmentNode:
    """An adjustment, for operators."""
    return AdjustmentNode(
        id=write_id("adj", found.id), member_id=write_id("mem", found.member_id), currency=found.currency,
        amount=found.amount, reason=found.reason, state=found.state, proposed_by=write_id("opr", found.proposed_by),
        proposed_at=found.proposed_at, decided_by=write_id("opr", found.decided_by) if found.decided_by else None,
        decided_at=found.decided_at, transfer_id=write_id("trf", found.transfer_id) if found.transfer_id else None,
    )  # fmt: skip


async def _act(
    context: Context, request: RequestKey, name: str, act: Callable[[Work], Awaitable[Adjustment]]
) -> AdjustmentNode:
    async def kept(work: Work) -> _Kept:
        return _Kept(await act(work))

    return show_adjustment((await once(context, request, name, _Kept, kept)).adjustment)


@strawberry.type
class CareQuery:
    @strawberry.field(description="Adjustments by two, newest first; `waiting`: those that nobody decided yet.")
    async def adjustments(
        self, info: Info, first: int, after: str | None = strawberry.UNSET, waiting: bool = False
    ) -> Connection[AdjustmentNode]:
        context: Context = info.context
        context.require(Role.SUPPORT, Role.AUDITOR)
        check_first(first)
        before = read_id_cursor("adjustments", after)
        async with context.database.read() as reader:
            found = await care.load_adjustments(reader, limit=first + 1, before=before, waiting=waiting)
        return connection(found, first, show_adjustment, lambda each: write_cursor("adjustments", str(each.id)))


@strawberry.type
class CareMutation:
    @mutation
    async def propose_adjustment(
        self,
        info: Info,
        request_id: strawberry.ID,
        member_id: strawberry.ID,
        currency: Currency,
        amount: int,
        reason: str,
    ) -> ProposeAdjustmentResult:
        """One person's word for a correction of any size; nothing moves until another one approves it."""
        context: Context = info.context
        operator = context.require(Role.SUPPORT).operator_id
        asked = {"memberId": member_id, "currency": currency, "amount": amount, "reason": reason}
        request = request_key(context, "proposeAdjustment", request_id, asked)
        wanted = parse_id("mem", member_id, "memberId")

        async def act(work: Work) -> Adjustment:
            return await care.propose_adjustment(
                work, wanted, currency, amount, operator=operator, reason=reason, now=context.now
            )  # fmt: skip

        return AdjustmentProposed(adjustment=await _act(context, request, "proposeAdjustment", act))

    @mutation
    async def approve_adjustment(
        self, info: Info, request_id: strawberry.ID, adjustment_id: strawberry.ID
    ) -> ApproveAdjustmentResult:
        """The second person's word: the value moves. Nobody approves what he proposed."""
        context: Context = info.context
        operator = context.require(Role.SUPPORT).operator_id
        request = request_key(context, "approveAdjustment", request_id, {"adjustmentId": adjustment_id})
        wanted = parse_id("adj", adjustment_id, "adjustmentId")

        async def act(work: Work) -> Adjustment:
            return await care.approve_adjustment(work, wanted, operator=operator, now=context.now)

        return AdjustmentDone(adjustment=await _act(context, request, "approveAdjustment", act))

    @mutation
    async def withdraw_adjustment(
        self, info: Info, request_id: strawberry.ID, adjustment_id: strawberry.ID, reason: str
    ) -> WithdrawAdjustmentResult:
        """Takes a proposal back, one's own or another's, and says why. Nothing moves."""
        context: Context = info.context
        operator = context.require(Role.SUPPORT).operator_id
        asked = {"adjustmentId": adjustment_id, "reason": reason}
        request = request_key(context, "withdrawAdjustment", request_id, asked)
        wanted = parse_id("adj", adjustment_id, "adjustmentId")

        async def act(work: Work) -> Adjustment:
            return await care.withdraw_adjustment(work, wanted, operator=operator, reason=reason, now=context.now)

        return AdjustmentWithdrawn(adjustment=await _act(context, request, "withdrawAdjustment", act))

    @mutation
    async def add_case_note(
        self, info: Info, request_id: strawberry.ID, member_id: strawberry.ID, text: str
    ) -> AddCaseNoteResult:
        """Writes a note on a member down, for good: no personal data in it. It is part of the member's export."""
        context: Context = info.context
        operator = context.require(Role.SUPPORT).operator_id
        request = request_key(context, "addCaseNote", request_id, {"memberId": member_id, "text": text})
        wanted: UUID = parse_id("mem", member_id, "memberId")

        async def act(work: Work) -> _Noted:
            return _Noted(await care.add_note(work, wanted, text, operator=operator, now=context.now))

        done = await once(context, request, "addCaseNote", _Noted, act)
        return CaseNoteAdded(note=show_note(done.note))
