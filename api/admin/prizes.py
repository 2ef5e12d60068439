"""Prizes to fulfil, what stands in stores, and the identities that the tax office is told."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

import strawberry

from api.admin.looks import note_look
from api.admin.once import once
from api.batches import papers_vault_of
from api.graphql.context import Context
from api.graphql.nodes import Node, parse_id, write_id
from api.graphql.pages import Connection, check_first, connection, read_id_cursor, write_cursor
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.graphql.things import PickupStore, show_store
from api.identity.rules import OperatorCaller, Role
from api.refusals import BadInput, Forbidden
from loyalty.work import Work
from rewards.prizes import actions as prizes
from rewards.prizes.actions import Papers
from rewards.prizes.rules.lives import PrizeState, Source
from rewards.prizes.rules.things import Delivery

YEAR_FIRST, YEAR_LAST = 2000, 2999
THING_LENGTH_MAX = 60


@strawberry.type(description="Personal data: where a parcel goes.")
class PostalAddress:
    recipient: str
    phone: str
    postcode: str
    lines: str


@strawberry.type(description="Personal data: who won, for the tax office.")
class TaxIdentity:
    name: str
    number: str
    resident: bool
    address: str


@strawberry.type(name="Prize", description="A thing that a member won or picked.")
class PrizeNode(Node):
    member_id: strawberry.ID
    thing: str
    name: str
    state: PrizeState
    source: Source
    value_minor: int
    won_at: datetime
    due_at: datetime | None
    delivery: Delivery | None
    store: PickupStore | None
    tax_year: int | None
    withheld_minor: int
    stamps: int
    cash_minor: int
    tracking_no: str | None
    receipt_no: str | None
    reason: str | None
    claimed_at: datetime | None
    ready_at: datetime | None
    ended_at: datetime | None
    key: strawberry.Private[tuple[UUID, UUID]]

    @strawberry.field(description="For the roles support and owner alone; gone once the prize has ended.")
    async def address(self, info: Info) -> PostalAddress | None:
        context: Context = info.context
        context.require(Role.SUPPORT)
        await note_look(context, f"prize:{self.id}", "address")
        found = (await _papers(context, self.key)).address
        return PostalAddress(**{name: getattr(found, name) for name in found.__slots__}) if found else None

    @strawberry.field(description="For the role tax_officer alone, not even for an owner.")
    async def identity(self, info: Info) -> TaxIdentity | None:
        context: Context = info.context
        tax_officer(context)
        await note_look(context, f"prize:{self.id}", "identity")
        found = (await _papers(context, self.key)).identity
        return TaxIdentity(**{name: getattr(found, name) for name in found.__slots__}) if found else None


@strawberry.type(description="What a store has of a thing. `reserved` are members'.")
class StoreStock:
    thing: str
    store_id: strawberry.ID
    on_hand: int
    reserved: int


@strawberry.interface(description="Where an operator's act left a prize.")
class PrizeMoved:
    prize_id: strawberry.ID
    state: PrizeState


@strawberry.type
class PrizeCleared(PrizeMoved):
    pass


@strawberry.type
class PrizeReady(PrizeMoved):
    pass


@strawberry.type
class PrizeFulfilled(PrizeMoved):
    pass


@strawberry.type
class PrizeForfeited(PrizeMoved):
    pass


@strawberry.type
class StoreStockSet:
    stock: StoreStock


@strawberry.type(description="One winner's line for the tax office.")
class TaxLine:
    prize_id: strawberry.ID
    thing: str
    value_minor: int
    withheld_minor: int
    handed_over_at: datetime | None
    identity: TaxIdentity


@strawberry.type(description="Shown for this request alone: another export does not hold them again.")
class IdentitiesExported:
    year: int
    lines: list[TaxLine]


ClearPrizeTaxResult = Annotated[PrizeCleared | Refusal, strawberry.union("ClearPrizeTaxResult")]
MarkPrizeReadyResult = Annotated[PrizeReady | Refusal, strawberry.union("MarkPrizeReadyResult")]
MarkPrizeFulfilledResult = Annotated[PrizeFulfilled | Refusal, strawberry.union("MarkPrizeFulfilledResult")]
ForfeitPrizeResult = Annotated[PrizeForfeited | Refusal, strawberry.union("ForfeitPrizeResult")]
SetStoreStockResult = Annotated[StoreStockSet | Refusal, strawberry.union("SetStoreStockResult")]
ExportIdentitiesResult = Annotated[IdentitiesExported | Refusal, strawberry.union("ExportIdentitiesResult")]


@dataclass(frozen=True, slots=True)
class _Stocked:
    """What setting a stock leaves for a retry."""

    thing: str
    store_id: UUID
    on_hand: int
    reserved: int


def tax_officer(context: Context) -> OperatorCaller:
    """The operator, who is a tax officer: an owner who is none is not let in. Raises `Forbidden`."""
    if Role.TAX_OFFICER not in context.operator.roles:
        raise Forbidden(f"This needs the role {Role.TAX_OFFICER.value}; the owner's does not stand in for it.")
    return context.operator


async def _papers(context: Context, key: tuple[UUID, UUID]) -> Papers:
    async with context.database.read() as connection_:
        found = await prizes.read_papers(connection_, papers_vault_of(context.services), [key])
    return found.get(key, Papers(None, None))


def show_prize(view: prizes.PrizeView, locale: str) -> PrizeNode:
    """A prize, for operators; its code is nobody's but the member's."""
    won = view.won
    return PrizeNode(
        id=write_id("prz", won.id),
        member_id=write_id("mem", won.member_id),
        thing=won.thing,
        name=view.thing.name(locale),
        state=won.state,
        source=won.source,
        value_minor=won.value_minor,
        won_at=won.won_at,
        due_at=won.due_at,
        delivery=won.delivery,
        store=show_store(view.stores[0]) if won.store_id is not None else None,
        tax_year=won.tax_year,
        withheld_minor=won.withheld_minor,
        stamps=won.stamps,
        cash_minor=won.cash_minor,
        tracking_no=won.tracking_no,
        receipt_no=won.receipt_no,
        reason=won.reason,
        claimed_at=won.claimed_at,
        ready_at=won.ready_at,
        ended_at=won.ended_at,
        key=(won.member_id, won.id),
    )


async def resolve_prize(context: Context, prize_id: UUID) -> PrizeNode | None:
    """Any prize, for who fulfils and who audits."""
    context.require(Role.SUPPORT, Role.AUDITOR, Role.TAX_OFFICER)
    async with context.database.read() as connection_:
        owner = await prizes.find_owner(connection_, prize_id)
        found = await prizes.read_prizes_by_id(connection_, [(owner, prize_id)], context.now) if owner else []
    return show_prize(found[0], context.locale) if found else None


@strawberry.type
class PrizeQuery:
    @strawberry.field(description="Prizes in one state, the oldest first; of one store alone where one is named.")
    async def prizes(
        self,
        info: Info,
        state: PrizeState,
        first: int,
        after: str | None = strawberry.UNSET,
        store_id: strawberry.ID | None = strawberry.UNSET,
    ) -> Connection[PrizeNode]:
        context: Context = info.context
        context.require(Role.SUPPORT, Role.AUDITOR, Role.TAX_OFFICER)
        later, wanted = read_id_cursor("prizes", after), check_first(first) + 1
        store = parse_id("sto", store_id, "storeId") if store_id else None
        async with context.database.read() as connection_:
            rows = await prizes.read_prizes_in(
                connection_, state, context.now, first=wanted, after=later, store_id=store
            )
        return connection(
            rows,
            first,
            lambda row: show_prize(row, context.locale),
            lambda row: write_cursor("prizes", str(row.won.id)),
        )

    @strawberry.field(description="What stores have of a thing; of all things where none is named.")
    async def store_stock(self, info: Info, thing: str | None = strawberry.UNSET) -> list[StoreStock]:
        context: Context = info.context
        wanted = [check_thing(thing)] if thing else None
        async with context.database.read() as connection_:
            found = await prizes.read_stock(connection_, wanted)
        return [
            StoreStock(
                thing=each.thing, store_id=write_id("sto", each.store_id), on_hand=each.on_hand, reserved=each.reserved
            )
            for each in found
        ]


def check_thing(thing: str) -> str:
    """A thing's key. Raises `BadInput`."""
    if not 1 <= len(thing) <= THING_LENGTH_MAX or not thing.isprintable():
        raise BadInput("thing", f"it must be the key of a sheet of kind `thing`, {THING_LENGTH_MAX} characters at most")
    return thing


async def _move(
    context: Context, key: tuple[str, str, dict[str, object]], act: Callable[[Work], Awaitable[prizes.Moved]]
) -> prizes.Moved:
    """One act on a prize, once for its request: `key` is the mutation, the request id, and what was asked."""
    name, request_id, asked = key
    return await once(context, request_key(context, name, request_id, asked), name, prizes.Moved, act)


@strawberry.type
class PrizeMutation:
    @mutation
    async def clear_prize_tax(
        self, info: Info, request_id: strawberry.ID, prize_id: strawberry.ID, received_minor: int
    ) -> ClearPrizeTaxResult:
        """TAX_HOLD becomes CLAIMED: the identity was looked at, and `receivedMinor`, what is withheld, was received."""
        context: Context = info.context
        author, prize = str(tax_officer(context).operator_id), parse_id("prz", prize_id, "prizeId")
        asked: dict[str, object] = {"prizeId": prize, "receivedMinor": received_minor}
        act = partial(prizes.clear_tax, prize_id=prize, received_minor=received_minor, operator=author, now=context.now)
        done = await _move(context, ("clearPrizeTax", request_id, asked), act)
        return PrizeCleared(prize_id=write_id("prz", done.prize_id), state=done.state)

    @mutation
    async def mark_prize_ready(
        self,
        info: Info,
        request_id: strawberry.ID,
        prize_id: strawberry.ID,
        tracking_no: str | None = strawberry.UNSET,
    ) -> MarkPrizeReadyResult:
        """CLAIMED becomes READY: posted under `trackingNo`, or laid out at its store."""
        context: Context = info.context
        author, prize = str(context.require(Role.SUPPORT).operator_id), parse_id("prz", prize_id, "prizeId")
        number = tracking_no or None
        asked: dict[str, object] = {"prizeId": prize, "trackingNo": number}
        act = partial(prizes.mark_ready, prize_id=prize, tracking_no=number, operator=author, now=context.now)
        done = await _move(context, ("markPrizeReady", request_id, asked), act)
        return PrizeReady(prize_id=write_id("prz", done.prize_id), state=done.state)

    @mutation
    async def mark_prize_fulfilled(
        self, info: Info, request_id: strawberry.ID, prize_id: strawberry.ID
    ) -> MarkPrizeFulfilledResult:
        """READY becomes FULFILLED: a parcel arrived. What waits at a store is handed over by its till."""
        context: Context = info.context
        author, prize = str(context.require(Role.SUPPORT).operator_id), parse_id("prz", prize_id, "prizeId")
        act = partial(prizes.mark_fulfilled, prize_id=prize, operator=author, now=context.now)
        done = await _move(context, ("markPrizeFulfilled", request_id, {"prizeId": prize}), act)
        return PrizeFulfilled(prize_id=write_id("prz", done.prize_id), state=done.state)

    @mutation
    async def forfeit_prize(
        self, info: Info, request_id: strawberry.ID, prize_id: strawberry.ID, reason: str
    ) -> ForfeitPrizeResult:
        """Ends a prize that was not handed over. Stock and stamps go back; reasons are kept, with no personal data."""
        context: Context = info.context
        author, prize = str(context.require(Role.SUPPORT).operator_id), parse_id("prz", prize_id, "prizeId")
        asked: dict[str, object] = {"prizeId": prize, "reason": reason}
        act = partial(prizes.forfeit, prize_id=prize, reason=reason, operator=author, now=context.now)
        done = await _move(context, ("forfeitPrize", request_id, asked), act)
        return PrizeForfeited(prize_id=write_id("prz", done.prize_id), state=done.state)

    @mutation
    async def set_store_stock(
        self, info: Info, request_id: strawberry.ID, thing: str, store_id: strawberry.ID, on_hand: int, reason: str
    ) -> SetStoreStockResult:
        """Writes down how many of a thing a store has, those that are set aside for members included."""
        context: Context = info.context
        author = str(context.require(Role.CAMPAIGN_MANAGER, Role.SUPPORT).operator_id)
        slug, store = check_thing(thing), parse_id("sto", store_id, "storeId")
        asked = {"thing": slug, "storeId": store, "onHand": on_hand, "reason": reason}
        key = request_key(context, "setStoreStock", request_id, asked)

        async def act(work: Work) -> _Stocked:
            found = await prizes.set_stock(work, slug, store, on_hand, reason=reason, operator=author, now=context.now)
            return _Stocked(found.thing, found.store_id, found.on_hand, found.reserved)

        done = await once(context, key, "setStoreStock", _Stocked, act)
        return StoreStockSet(
            stock=StoreStock(
                thing=done.thing, store_id=write_id("sto", done.store_id), on_hand=done.on_hand, reserved=done.reserved
            )
        )

    @mutation
    async def export_identities(self, info: Info, request_id: strawberry.ID, year: int) -> ExportIdentitiesResult:
        """The identities of a year's winners whose prizes were handed over, up to 500; each leaves once.

        The same request shows the same lines again; no other one does.
        """
        context: Context = info.context
        author = str(tax_officer(context).operator_id)
        if not YEAR_FIRST <= year <= YEAR_LAST:
            raise BadInput("year", f"it must be {YEAR_FIRST} to {YEAR_LAST}")
        key = request_key(context, "exportIdentities", request_id, {"year": year})

        async def act(work: Work) -> prizes.Exported:
            return await prizes.take_export(work, year, operator=author, now=context.now)

        done = await once(context, key, "exportIdentities", prizes.Exported, act)
        async with context.database.read() as connection_:
            found = await prizes.read_export(connection_, papers_vault_of(context.services), done.export_id)
        return IdentitiesExported(
            year=year,
            lines=[
                TaxLine(
                    prize_id=write_id("prz", won.id),
                    thing=won.thing,
                    value_minor=won.value_minor,
                    withheld_minor=won.withheld_minor,
                    handed_over_at=won.ended_at,
                    identity=TaxIdentity(**{name: getattr(identity, name) for name in identity.__slots__}),
                )
                for won, identity in found
            ],
        )
