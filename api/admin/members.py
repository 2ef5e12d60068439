"""Members, as support sees them: find, look, adjust, suspend."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.admin.looks import note_look
from api.admin.once import once
from api.batches import batches_of
from api.graphql.boards import BoardNode, load_board
from api.graphql.context import Context
from api.graphql.draws import DrawCheck, DrawNode, list_checks, list_draws
from api.graphql.nodes import Node, parse_id, write_id
from api.graphql.pages import Connection, check_first, connection, read_id_cursor, write_cursor
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.graphql.streaks import StreakNode, load_streak
from api.graphql.timeline import EventNode, list_events
from api.identity.rules import Role
from api.refusals import BadInput
from loyalty.care.actions import AdjustWallet, load_notes
from loyalty.care.rules import CaseNote
from loyalty.ledger import actions as ledgers
from loyalty.ledger.rules import Currency, Wallet
from loyalty.members import actions as members
from loyalty.members import rules
from loyalty.members.rules import IdentityKind, MemberStatus
from loyalty.sheets.actions import open_sheets, record
from loyalty.sheets.rules import Act, Change, canonical_json
from loyalty.tiers import actions as tiers
from loyalty.work import Work

LINKED = tuple(kind for kind in IdentityKind if kind is not IdentityKind.CARD)
SEARCH_LENGTH_MIN = 2
SEARCH_LENGTH_MAX = 128
strawberry.enum(Currency)
strawberry.enum(MemberStatus)


@strawberry.type(description="Units of a wallet that share where they came from and their last day.")
class Lot:
    provenance: str
    expires_on: date
    units: int


@strawberry.type(name="Wallet")
class WalletNode:
    currency: Currency
    spendable: int = strawberry.field(description="Without what has expired.")
    balance: int = strawberry.field(description="With what has expired and is not yet booked.")
    owed: int
    lots: list[Lot]


@strawberry.type(name="Identity", description="Personal data: by what the member is known elsewhere.")
class IdentityNode:
    kind: str
    subject: str
    at: datetime


@strawberry.type(name="CaseNote", description="A note of an operator on a member; it stays as it was written.")
class CaseNoteNode:
    id: strawberry.ID
    text: str
    operator: strawberry.ID
    at: datetime


@strawberry.type(name="Member")
class MemberNode(Node):
    status: MemberStatus
    card_no: str | None
    display_name: str | None
    timezone: str
    locale: str
    created_at: datetime
    erase_at: datetime | None
    member_id: strawberry.Private[UUID]

    @strawberry.field
    async def wallets(self, info: Info) -> list[WalletNode]:
        context: Context = info.context
        async with context.database.read() as connection:
            season = await (await open_sheets(connection, context.now)).season(connection)
            found = await ledgers.read_wallets(connection, [self.member_id])
        today = season.day(context.now)
        return [show_wallet(currency, wallet, today) for (_, currency), wallet in sorted(found.items())]

    @strawberry.field(description="The tier's code, now or at an instant of the past.")
    async def tier(self, info: Info, at: datetime | None = strawberry.UNSET) -> str | None:
        context: Context = info.context
        moment = at if isinstance(at, datetime) else context.now
        async with context.database.read() as connection:
            return await tiers.tier_at(connection, self.member_id, moment)

    @strawberry.field
    async def timeline(self, info: Info, first: int, after: str | None = strawberry.UNSET) -> Connection[EventNode]:
        return await list_events(info.context, self.member_id, check_first(first), after)

    @strawberry.field(description="The board as the member sees it, without what boxes hide.")
    async def board(self, info: Info) -> BoardNode:
        return await load_board(info.context, self.member_id)

    @strawberry.field(description="Days in a row, as the member sees them.")
    async def streak(self, info: Info) -> StreakNode | None:
        return await load_streak(info.context, self.member_id)

    @strawberry.field(description="What the member drew, newest first.")
    async def draws(self, info: Info, first: int, after: str | None = strawberry.UNSET) -> Connection[DrawNode]:
        return await list_draws(info.context, self.member_id, first, after)

    @strawberry.field(description="What operators wrote down about the member, newest first.")
    async def notes(self, info: Info, first: int, after: str | None = strawberry.UNSET) -> Connection[CaseNoteNode]:
        context: Context = info.context
        check_first(first)
        before = read_id_cursor("notes", after)
        async with context.database.read() as reader:
            found = await load_notes(reader, self.member_id, limit=first + 1, before=before)
        return connection(found, first, show_note, lambda each: write_cursor("notes", str(each.id)))

    @strawberry.field(description="The same draws, each verified: whether it follows from its seed.")
    async def draw_checks(self, info: Info, first: int, after: str | None = strawberry.UNSET) -> Connection[DrawCheck]:
        return await list_checks(info.context, self.member_id, first, after)

    @strawberry.field(description="For the roles support and owner alone.")
    async def identities(self, info: Info) -> list[IdentityNode]:
        context: Context = info.context
        context.require(Role.SUPPORT)
        await note_look(context, f"member:{self.id}", "identities")
        async with context.database.read() as connection:
            found = await members.load_identities_of(connection, self.member_id)
        return [IdentityNode(kind=row["kind"], subject=row["subject"], at=row["at"]) for row in found]


@strawberry.type
class WalletAdjusted:
    transfer_id: strawberry.ID
    spendable: int


@strawberry.type
class StatusChanged:
    member_id: strawberry.ID
    status: MemberStatus


@strawberry.type
class IdentityLinked:
    member_id: strawberry.ID
    kind: str


LinkIdentityResult = Annotated[IdentityLinked | Refusal, strawberry.union("LinkIdentityResult")]
AdjustWalletResult = Annotated[WalletAdjusted | Refusal, strawberry.union("AdjustWalletResult")]
SetMemberStatusResult = Annotated[StatusChanged | Refusal, strawberry.union("SetMemberStatusResult")]


@dataclass(frozen=True, slots=True)
class _Changed:
    """What a change of status leaves for a retry."""

    member_id: UUID
    status: MemberStatus


@dataclass(frozen=True, slots=True)
class _Linked:
    """What linking an identity leaves for a retry."""

    member_id: UUID


def show_wallet(currency: Currency, wallet: Wallet, today: date) -> WalletNode:
    """A wallet with its lots, soonest expiry first."""
    held = sorted(wallet.lots.items(), key=lambda lot: lot[0].spending_order())
    return WalletNode(
        currency=currency,
        spendable=wallet.spendable(today),
        balance=wallet.balance,
        owed=wallet.owed,
        lots=[Lot(provenance=lot.provenance.value, expires_on=lot.expires_on, units=units) for lot, units in held],
    )


def show_note(note: CaseNote) -> CaseNoteNode:
    """A case note, for an operator."""
    return CaseNoteNode(
        id=write_id("cnt", note.id), text=note.text, operator=write_id("opr", note.operator_id), at=note.at
    )  # fmt: skip


def show_member(member: rules.Member) -> MemberNode:
    """A member, for an operator."""
    return MemberNode(
        id=write_id("mem", member.id),
        status=member.status,
        card_no=member.card_no,
        display_name=member.display_name,
        timezone=member.timezone,
        locale=member.locale,
        created_at=member.created_at,
        erase_at=member.erase_at,
        member_id=member.id,
    )


async def resolve_member(context: Context, member_id: UUID) -> MemberNode | None:
    """Any member, for support and auditors."""
    context.require(Role.SUPPORT, Role.AUDITOR)
    async with context.database.read() as connection:
        found = await members.load_members(connection, [member_id])
    if member_id not in found:
        return None
    await note_look(context, f"member:{write_id('mem', member_id)}", "the member")
    return show_member(found[member_id])


@strawberry.type
class MemberQuery:
    @strawberry.field(
        description="Members by card, phone, e-mail or another identity in full, or by how the displayed name begins. "
        "The trail keeps who searched and whom that found."
    )
    async def members(self, info: Info, text: str, first: int) -> list[MemberNode]:
        context: Context = info.context
        operator = str(context.require(Role.SUPPORT, Role.AUDITOR).operator_id)
        wanted = text.strip()
        if not SEARCH_LENGTH_MIN <= len(wanted) <= SEARCH_LENGTH_MAX or "\x00" in wanted:
            raise BadInput("text", f"it must be {SEARCH_LENGTH_MIN} to {SEARCH_LENGTH_MAX} characters")
        limit = check_first(first)
        async with context.database.work() as work:
            found = [show_member(each) for each in await members.search(work.connection, wanted, limit=limit)]
            shown = [
                Change(f"/found/{number}", None, canonical_json(str(each.id))) for number, each in enumerate(found)
            ]
            told = f"a search found {len(found)}"
            await record(work, "members", Act.LOOKED, operator, context.now, reason=told, changes=shown)
        return found


@strawberry.type
class MemberMutation:
    @mutation
    async def adjust_wallet(
        self,
        info: Info,
        request_id: strawberry.ID,
        member_id: strawberry.ID,
        currency: Currency,
        amount: int,
        reason: str,
    ) -> AdjustWalletResult:
        """Gives (positive) or takes (negative) value by a new transfer. Reasons are kept: no personal data in them.

        More than one person may alone is refused ADJUSTMENT_NEEDS_TWO: use proposeAdjustment.
        """
        context: Context = info.context
        context.require(Role.SUPPORT)
        asked = {"memberId": member_id, "currency": currency, "amount": amount, "reason": reason}
        command = AdjustWallet(
            request=request_key(context, "adjustWallet", request_id, asked),
            member_id=parse_id("mem", member_id, "memberId"),
            currency=currency,
            amount=amount,
            reason=reason,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).adjust_wallet, command)
        return WalletAdjusted(transfer_id=write_id("trf", done.transfer_id), spendable=done.spendable)

    @mutation
    async def set_member_status(
        self, info: Info, request_id: strawberry.ID, member_id: strawberry.ID, suspended: bool
    ) -> SetMemberStatusResult:
        """Suspends a member (nothing is earned, spent or redeemed) or reinstates one."""
        context: Context = info.context
        operator = context.require(Role.SUPPORT)
        wanted = parse_id("mem", member_id, "memberId")
        status = MemberStatus.SUSPENDED if suspended else MemberStatus.ACTIVE
        key = request_key(context, "setMemberStatus", request_id, {"memberId": member_id, "suspended": suspended})

        async def act(work: Work) -> _Changed:
            await members.set_status(work, wanted, status, operator=str(operator.operator_id), now=context.now)
            return _Changed(wanted, status)

        done = await once(context, key, "setMemberStatus", _Changed, act)
        return StatusChanged(member_id=write_id("mem", done.member_id), status=done.status)

    @mutation
    async def link_identity(
        self, info: Info, request_id: strawberry.ID, member_id: strawberry.ID, kind: str, subject: str
    ) -> LinkIdentityResult:
        """Lets a member be known by one more identity: a new sign-in for somebody who came from the old system.

        `kind`: firebase, line, email, phone, legacy; in demo mode also demo.
        """
        context: Context = info.context
        operator = context.require(Role.SUPPORT)
        wanted = parse_id("mem", member_id, "memberId")
        kinds = [each.value for each in LINKED if each is not IdentityKind.DEMO or context.services.settings.demo]
        if kind not in kinds:
            raise BadInput("kind", f"it must be one of {', '.join(kinds)}")
        if not 1 <= len(subject) <= SEARCH_LENGTH_MAX or not subject.isprintable():
            raise BadInput("subject", f"it must be 1 to {SEARCH_LENGTH_MAX} printable characters")
        asked = {"memberId": member_id, "kind": kind, "subject": subject}
        key = request_key(context, "linkIdentity", request_id, asked)

        async def act(work: Work) -> _Linked:
            author = str(operator.operator_id)
            await members.link_identity(work, wanted, IdentityKind(kind), subject, operator=author, now=context.now)
            return _Linked(wanted)

        done = await once(context, key, "linkIdentity", _Linked, act)
        return IdentityLinked(member_id=write_id("mem", done.member_id), kind=kind)
