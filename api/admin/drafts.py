"""A sheet's way through draft, review and schedule, as operators go it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import strawberry

from api.admin.once import once
from api.admin.sheets import APPROVERS, EDITORS, check_key, check_kind, read_body
from api.content import judge
from api.graphql.context import Context
from api.graphql.nodes import parse_id, write_id
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.identity.rules import OperatorCaller, Role
from api.refusals import BadInput
from api.runtime.settling import settle
from loyalty.ledger.rules import check_reason
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets import actions as sheets
from loyalty.sheets.rules import SheetState, SheetVersion
from loyalty.work import Work

AT_LENGTH_MAX = 40
SETTLED_MOST = 100
VERSIONS_MOST = 2**31 - 1


@strawberry.interface(description="A version of a sheet as it stood right after an operator's act.")
class SheetMoved:
    sheet_id: strawberry.ID
    kind: str
    key: str
    version: int
    revision: int
    state: SheetState
    active_at: datetime | None


@strawberry.type
class SheetDrafted(SheetMoved):
    pass


@strawberry.type
class SheetEdited(SheetMoved):
    pass


@strawberry.type
class SheetSubmitted(SheetMoved):
    pass


@strawberry.type
class SheetReturned(SheetMoved):
    pass


@strawberry.type
class SheetScheduled(SheetMoved):
    pass


@strawberry.type
class SheetWithdrawn(SheetMoved):
    pass


DraftSheetResult = Annotated[SheetDrafted | Refusal, strawberry.union("DraftSheetResult")]
EditSheetResult = Annotated[SheetEdited | Refusal, strawberry.union("EditSheetResult")]
SubmitSheetResult = Annotated[SheetSubmitted | Refusal, strawberry.union("SubmitSheetResult")]
ReturnSheetResult = Annotated[SheetReturned | Refusal, strawberry.union("ReturnSheetResult")]
ApproveSheetResult = Annotated[SheetScheduled | Refusal, strawberry.union("ApproveSheetResult")]
WithdrawSheetResult = Annotated[SheetWithdrawn | Refusal, strawberry.union("WithdrawSheetResult")]
Moved = TypeVar("Moved", bound=SheetMoved)


@dataclass(frozen=True, slots=True)
class _Moved:
    """What an act leaves for a retry."""

    id: UUID
    kind: str
    key: str
    version: int
    revision: int
    state: SheetState
    active_at: datetime | None


def _keep(sheet: SheetVersion) -> _Moved:
    return _Moved(
        sheet.id, sheet.kind, sheet.key, sheet.version, sheet.revision, sheet.state, sheet.active_at
    )  # fmt: skip


async def find_sheet(context: Context, sheet_id: str) -> SheetVersion:
    """A version by its id. Refuses SHEET_NOT_FOUND; raises `BadInput`."""
    wanted = parse_id("sht", sheet_id, "sheetId")
    async with context.database.read() as connection:
        found = await sheets.load_version(connection, wanted)
    if found is None:
        raise LoyaltyRefused(LoyaltyCode.SHEET_NOT_FOUND, sheet=sheet_id)
    return found


def editor_of(context: Context, kind: str) -> OperatorCaller:
    """The operator, who may write sheets of this kind. Raises `Forbidden`."""
    return context.require(*EDITORS.get(kind, (Role.CAMPAIGN_MANAGER,)))


def approver_of(context: Context, kind: str) -> OperatorCaller:
    """The operator, who may approve sheets of this kind. Raises `Forbidden`."""
    return context.require(*APPROVERS.get(kind, (Role.CAMPAIGN_MANAGER,)))


async def read_instant(context: Context, text: str | None) -> datetime | None:
    """A date and time; without an offset it is in the season's zone. Raises `BadInput`."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text) if len(text) <= AT_LENGTH_MAX else None
        if found is not None and found.tzinfo is None:
            async with context.database.read() as connection:
                season = await (await sheets.open_sheets(connection, context.now)).season(connection)
            found = found.replace(tzinfo=season.zone)
        if found is not None:
            found.timestamp()  # what no calendar has is told here
    except (ValueError, OverflowError):
        found = None
    if found is None or not 2000 <= found.year <= 9000:
        raise BadInput("at", "it must be a date and time such as 2027-03-01T00:00, in the season's zone")
    return found


async def act_on(
    context: Context, name: str, request_id: str, asked: Mapping[str, object], reason: str,
    kind: type[Moved], act: Callable[[Work], Awaitable[SheetVersion]],
) -> Moved:  # fmt: skip
    """Runs one act on a sheet once for its request id, and shows where the version stands after it."""
    request = request_key(context, name, request_id, {**asked, "reason": reason})
    check_reason(reason)

    async def kept(work: Work) -> _Moved:
        return _keep(await act(work))

    done = await once(context, request, name, _Moved, kept)
    return kind(
        sheet_id=write_id("sht", done.id), kind=done.kind, key=done.key, version=done.version, revision=done.revision,
        state=done.state, active_at=done.active_at,
    )  # fmt: skip


@strawberry.type
class DraftMutation:
    @mutation
    async def draft_sheet(
        self,
        info: Info,
        request_id: strawberry.ID,
        kind: str,
        key: str,
        based_on: int,
        reason: str,
        body: str | None = None,
        from_version: int | None = None,
    ) -> DraftSheetResult:
        """Begins a new version: with a JSON object, which may still be wrong, or as a copy of an older version.

        `basedOn` is the version that you saw in force or scheduled last, 0 for a new sheet. A sheet has one draft.
        """
        context: Context = info.context
        operator = str(editor_of(context, kind).operator_id)
        asked = {"kind": kind, "key": key, "body": body, "fromVersion": from_version, "basedOn": based_on}
        check_kind(kind)
        check_key(key)
        if (body is None) == (from_version is None):
            raise BadInput("body", "give either it or `fromVersion`")
        parsed = None if body is None else read_body(body)

        async def act(work: Work) -> SheetVersion:
            return await sheets.draft(
                work, kind, key, parsed, from_version=from_version, based_on=based_on, author=operator, reason=reason,
                now=context.now,
            )  # fmt: skip

        return await act_on(context, "draftSheet", request_id, asked, reason, SheetDrafted, act)

    @mutation
    async def edit_sheet(
        self, info: Info, request_id: strawberry.ID, sheet_id: strawberry.ID, revision: int, body: str, reason: str
    ) -> EditSheetResult:
        """Saves a draft. `revision` is the one that you changed; who comes second is told the current one."""
        context: Context = info.context
        found = await find_sheet(context, sheet_id)
        operator = str(editor_of(context, found.kind).operator_id)
        asked = {"sheetId": sheet_id, "revision": revision, "body": body}
        parsed = read_body(body)

        async def act(work: Work) -> SheetVersion:
            return await sheets.edit(
                work, found.id, revision, parsed, editor=operator, reason=reason, now=context.now
            )  # fmt: skip

        return await act_on(context, "editSheet", request_id, asked, reason, SheetEdited, act)

    @mutation
    async def submit_sheet(
        self, info: Info, request_id: strawberry.ID, sheet_id: strawberry.ID, revision: int, reason: str
    ) -> SubmitSheetResult:
        """Hands a draft to review, once it has no mistake: every one is named at once."""
        context: Context = info.context
        found = await find_sheet(context, sheet_id)
        operator = str(editor_of(context, found.kind).operator_id)

        async def act(work: Work) -> SheetVersion:
            return await sheets.submit(
                work,
                found.id,
                revision,
                judge(work.connection, context.now),
                editor=operator,
                reason=reason,
                now=context.now,
            )

        asked = {"sheetId": sheet_id, "revision": revision}
        return await act_on(context, "submitSheet", request_id, asked, reason, SheetSubmitted, act)

    @mutation
    async def return_sheet(
        self, info: Info, request_id: strawberry.ID, sheet_id: strawberry.ID, comment: str
    ) -> ReturnSheetResult:
        """Gives what is in review back to its authors, as a draft, with a comment that says why."""
        context: Context = info.context
        found = await find_sheet(context, sheet_id)
        operator = str(approver_of(context, found.kind).operator_id)

        async def act(work: Work) -> SheetVersion:
            return await sheets.send_back(work, found.id, operator=operator, comment=comment, now=context.now)

        return await act_on(context, "returnSheet", request_id, {"sheetId": sheet_id}, comment, SheetReturned, act)

    @mutation
    async def approve_sheet(
        self,
        info: Info,
        request_id: strawberry.ID,
        sheet_id: strawberry.ID,
        revision: int,
        reason: str,
        at: str | None = None,
    ) -> ApproveSheetResult:
        """Approves what somebody else wrote. It is in force from `at` on, on every server; without `at`, at once.

        `at` is a date and time such as `2027-03-01T00:00`; without an offset it is in the season's zone.
        """
        context: Context = info.context
        found = await find_sheet(context, sheet_id)
        operator = str(approver_of(context, found.kind).operator_id)
        when = await read_instant(context, at)

        async def act(work: Work) -> SheetVersion:
            done = await sheets.approve(
                work, found.id, revision, judge(work.connection, context.now), approver=operator, at=when,
                reason=reason, now=context.now,
            )  # fmt: skip
            if when is None:
                await settle(work, context.now, SETTLED_MOST)
            return done

        asked = {"sheetId": sheet_id, "revision": revision, "at": at}
        return await act_on(context, "approveSheet", request_id, asked, reason, SheetScheduled, act)

    @mutation
    async def withdraw_sheet(
        self, info: Info, request_id: strawberry.ID, sheet_id: strawberry.ID, reason: str
    ) -> WithdrawSheetResult:
        """Takes back what is not in force yet: a draft, what is in review, what is scheduled."""
        context: Context = info.context
        found = await find_sheet(context, sheet_id)
        operator = str(editor_of(context, found.kind).operator_id)

        async def act(work: Work) -> SheetVersion:
            return await sheets.withdraw(work, found.id, operator=operator, reason=reason, now=context.now)

        return await act_on(context, "withdrawSheet", request_id, {"sheetId": sheet_id}, reason, SheetWithdrawn, act)
