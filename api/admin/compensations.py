"""Compensations: a dry run with count and cost, a second person's word, and how far the work is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import orjson
import strawberry

from api.admin.once import once
from api.graphql.context import Context
from api.graphql.nodes import Node, parse_id, write_id
from api.graphql.pages import Connection, check_first, connection, read_id_cursor, write_cursor
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.identity.rules import Role
from api.refusals import BadInput
from game.compensation import actions as compensations
from game.compensation.rules import ActiveBy, Cohort, Compensation, Gift, Progress, State
from loyalty.care.rules import Gifts
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.work import Work

strawberry.enum(State, name="CompensationState", description="What was given stays, however it ends.")
strawberry.enum(ActiveBy, description="PLAYED: moves, orders, check-ins. VISITED: that, or opening the app.")


@strawberry.input(description="Who: members to whom each stated rule applies; `everyone` alone stands for all.")
class CohortInput:
    everyone: bool = False
    active_from: datetime | None = None
    active_to: datetime | None = None
    active_by: ActiveBy = ActiveBy.PLAYED
    tiers: list[str] = strawberry.field(default_factory=list)
    cards: list[str] = strawberry.field(default_factory=list)

    def read(self) -> Cohort:
        return Cohort(
            self.everyone, self.active_from, self.active_to, self.active_by, tuple(self.tiers), tuple(self.cards)
        )  # fmt: skip


@strawberry.input(description="What each of them gets, and the business days that are forgiven.")
class CompensationGiftInput:
    diamonds: int = 0
    energy: int = 0
    tickets: int = 0
    forgiven_days: list[date] = strawberry.field(default_factory=list)

    def read(self) -> Gift:
        return Gift(Gifts(self.diamonds, self.energy, self.tickets), tuple(self.forgiven_days))


@strawberry.type(description="The dry run of a compensation.")
class CompensationPreview:
    members: int = strawberry.field(description="Whom the rules name now; send it with proposeCompensation.")
    diamonds: int = strawberry.field(description="Of all members together, like the two below.")
    energy: int
    tickets: int
    needs_second_person: bool


@strawberry.type(name="Compensation", description="What a cohort gets after an incident, and how far that is.")
class CompensationNode(Node):
    key: str
    state: State
    cohort: str = strawberry.field(description="The rules, as a JSON object; of cards only how many.")
    diamonds: int = strawberry.field(description="For each member, like the three below.")
    energy: int
    tickets: int
    forgiven_days: list[date]
    members: int
    granted: int
    skipped: int = strawberry.field(description="Who may not act any more, or whose wallet could not hold it.")
    waiting: int
    reason: str
    alone: bool = strawberry.field(description="It is within what one person may.")
    proposed_by: strawberry.ID
    proposed_at: datetime
    approved_by: strawberry.ID | None
    approved_at: datetime | None
    ended_by: strawberry.ID | None = strawberry.field(description="Who stopped it; null where it came to its end.")
    ended_at: datetime | None


@strawberry.type
class CompensationProposed:
    compensation: CompensationNode


@strawberry.type
class CompensationApproved:
    compensation: CompensationNode


@strawberry.type
class CompensationStopped:
    compensation: CompensationNode


ProposeCompensationResult = Annotated[CompensationProposed | Refusal, strawberry.union("ProposeCompensationResult")]
ApproveCompensationResult = Annotated[CompensationApproved | Refusal, strawberry.union("ApproveCompensationResult")]
StopCompensationResult = Annotated[CompensationStopped | Refusal, strawberry.union("StopCompensationResult")]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What an act leaves for a retry; how far the work is, is read anew."""

    id: UUID


def show_compensation(found: tuple[Compensation, Progress]) -> CompensationNode:
    """A compensation, for operators."""
    made, progress = found
    gifts = made.gift.gifts
    return CompensationNode(
        id=write_id("cmp", made.id), key=made.key, state=made.state, cohort=orjson.dumps(made.cohort).decode(),
        diamonds=gifts.diamonds, energy=gifts.energy, tickets=gifts.tickets, forgiven_days=list(made.gift.days),
        members=made.members, granted=progress.granted, skipped=progress.skipped, waiting=progress.waiting,
        reason=made.reason, alone=made.alone, proposed_by=write_id("opr", made.proposed_by),
        proposed_at=made.proposed_at, approved_by=write_id("opr", made.approved_by) if made.approved_by else None,
        approved_at=made.approved_at, ended_by=write_id("opr", made.ended_by) if made.ended_by else None,
        ended_at=made.ended_at,
    )  # fmt: skip


async def resolve_compensation(context: Context, compensation_id: UUID) -> CompensationNode | None:
    """One compensation, for those who make, agree to and audit them."""
    context.require(Role.CAMPAIGN_MANAGER, Role.SUPPORT, Role.AUDITOR)
    async with context.database.read() as reader:
        found = await compensations.load_compensation(reader, compensation_id)
    return show_compensation(found) if found else None


async def _act(
    context: Context, name: str, request_id: str, asked: dict[str, object],
    act: Callable[[Work], Awaitable[Compensation]],
) -> CompensationNode:  # fmt: skip
    async def kept(work: Work) -> _Kept:
        return _Kept((await act(work)).id)

    request = request_key(context, name, request_id, asked)
    done = await once(context, request, name, _Kept, kept)
    async with context.database.read() as reader:
        found = await compensations.load_compensation(reader, done.id)
    assert found is not None, "a compensation is never deleted"
    return show_compensation(found)


@strawberry.type
class CompensationQuery:
    @strawberry.field(description="The dry run: whom the rules name, and what they get together. Changes nothing.")
    async def compensation_preview(
        self, info: Info, key: str, cohort: CohortInput, gift: CompensationGiftInput
    ) -> CompensationPreview:
        context: Context = info.context
        operator = context.require(Role.CAMPAIGN_MANAGER, Role.SUPPORT).operator_id
        try:
            async with context.database.read() as reader:
                cost = await compensations.preview(
                    reader, key, cohort.read(), gift.read(), operator=operator, now=context.now
                )  # fmt: skip
        except LoyaltyRefused as refused:
            if refused.code is not LoyaltyCode.INVALID_INPUT:
                raise
            raise BadInput(str(refused.facts["field"]), str(refused.facts["rule"])) from refused
        return CompensationPreview(
            members=cost.members, diamonds=cost.total.diamonds, energy=cost.total.energy, tickets=cost.total.tickets,
            needs_second_person=cost.needs_two,
        )  # fmt: skip

    @strawberry.field(description="Compensations and how far they are, newest first.")
    async def compensations(
        self, info: Info, first: int, after: str | None = strawberry.UNSET
    ) -> Connection[CompensationNode]:
        context: Context = info.context
        context.require(Role.CAMPAIGN_MANAGER, Role.SUPPORT, Role.AUDITOR)
        check_first(first)
        before = read_id_cursor("compensations", after)
        async with context.database.read() as reader:
            found = await compensations.load_compensations(reader, limit=first + 1, before=before)
        return connection(found, first, show_compensation, lambda each: write_cursor("compensations", str(each[0].id)))


@strawberry.type
class CompensationMutation:
    @mutation
    async def propose_compensation(
        self,
        info: Info,
        request_id: strawberry.ID,
        key: str,
        cohort: CohortInput,
        gift: CompensationGiftInput,
        members: int,
        reason: str,
    ) -> ProposeCompensationResult:
        """Writes down who gets what. `key` names the incident: nobody gets anything twice for it.

        `members` is what the dry run counted. Within what one person may it begins at once, else when another person
        approves it.
        """
        context: Context = info.context
        operator = context.require(Role.CAMPAIGN_MANAGER, Role.SUPPORT).operator_id
        asked = {"key": key, "cohort": cohort, "gift": gift, "members": members, "reason": reason}

        async def act(work: Work) -> Compensation:
            return await compensations.propose(
                work, key, cohort.read(), gift.read(), members, operator=operator, reason=reason, now=context.now
            )  # fmt: skip

        return CompensationProposed(
            compensation=await _act(context, "proposeCompensation", request_id, asked, act)
        )  # fmt: skip

    @mutation
    async def approve_compensation(
        self, info: Info, request_id: strawberry.ID, compensation_id: strawberry.ID, members: int
    ) -> ApproveCompensationResult:
        """The second person's word for the number of members that he saw: it begins."""
        context: Context = info.context
        operator = context.require(Role.CAMPAIGN_MANAGER).operator_id
        wanted = parse_id("cmp", compensation_id, "compensationId")

        async def act(work: Work) -> Compensation:
            return await compensations.approve(work, wanted, members, operator=operator, now=context.now)

        asked: dict[str, object] = {"compensationId": compensation_id, "members": members}
        return CompensationApproved(
            compensation=await _act(context, "approveCompensation", request_id, asked, act)
        )  # fmt: skip

    @mutation
    async def stop_compensation(
        self, info: Info, request_id: strawberry.ID, compensation_id: strawberry.ID, reason: str
    ) -> StopCompensationResult:
        """Withdraws a proposal, or stops what is under way: one person, at once. What was given stays."""
        context: Context = info.context
        operator = context.require(Role.CAMPAIGN_MANAGER, Role.SUPPORT).operator_id
        wanted = parse_id("cmp", compensation_id, "compensationId")

        async def act(work: Work) -> Compensation:
            return await compensations.stop(work, wanted, operator=operator, reason=reason, now=context.now)

        asked: dict[str, object] = {"compensationId": compensation_id, "reason": reason}
        return CompensationStopped(compensation=await _act(context, "stopCompensation", request_id, asked, act))
