"""Things that the member won, and those that the catalogue has for stamps and cash."""

import hashlib
import hmac
from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.batches import batches_of
from api.graphql.context import Context
from api.graphql.nodes import Node, parse_id, write_id
from api.graphql.pages import Connection, check_first, connection, read_id_cursor, write_cursor
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.graphql.things import PickupStore, show_store
from api.refusals import BadInput
from rewards.prizes import actions as prizes
from rewards.prizes.rules import papers
from rewards.prizes.rules.lives import PrizeState, Source
from rewards.prizes.rules.things import Delivery

THING_LENGTH_MAX = 60


@strawberry.type(name="Prize", description="A thing of yours: won, or picked from the catalogue.")
class PrizeNode(Node):
    thing: str
    name: str
    terms: str
    state: PrizeState
    source: Source
    currency: str
    value_minor: int
    won_at: datetime
    due_at: datetime | None = strawberry.field(description="The first instant too late for what you have to do next.")
    delivery: Delivery | None
    deliveries: list[Delivery] = strawberry.field(description="What can be chosen when it is claimed.")
    store: PickupStore | None = strawberry.field(description="Where it is collected.")
    stores: list[PickupStore] = strawberry.field(description="Where one is left, for a prize that is to be claimed.")
    needs_identity: bool = strawberry.field(description="Whether claiming it now takes your identity, for the tax.")
    withheld_minor: int = strawberry.field(description="What is withheld for the tax; paid before it is handed over.")
    stamps: int = strawberry.field(description="What is held of your stamps, or was paid.")
    cash_minor: int = strawberry.field(description="What the till will ask for.")
    tracking_no: str | None
    code: str | None = strawberry.field(
        description="Shown at the till, as QR or in words, while it waits at a store; whoever shows it is given it."
    )


@strawberry.type(description="Where a thing of the catalogue is left, and how many.")
class CatalogueStock:
    store: PickupStore
    left: int


@strawberry.type(description="A thing for stamps and cash: pick one at a store, and pay the cash there.")
class CatalogueThing:
    thing: str
    name: str
    terms: str
    currency: str
    stamps: int
    cash_minor: int
    hours: int = strawberry.field(description="How long it is set aside.")
    open_most: int = strawberry.field(description="How many of it may wait for you at once.")
    stores: list[CatalogueStock]


@strawberry.input(description="Where a parcel goes. Kept sealed, and deleted once it has arrived.")
class AddressInput:
    recipient: str
    phone: str
    postcode: str
    lines: str


@strawberry.input(
    description="Who won, for the tax office. Kept sealed as long as the law asks, seen by the tax officer alone."
)
class IdentityInput:
    name: str
    number: str = strawberry.field(description="Of the identity card, residence permit or passport.")
    resident: bool = strawberry.field(description="Whether you are a resident in the sense of the tax law.")
    address: str


@strawberry.type
class PrizeClaimed:
    prize: PrizeNode


@strawberry.type
class ThingPicked:
    prize: PrizeNode


ClaimPrizeResult = Annotated[PrizeClaimed | Refusal, strawberry.union("ClaimPrizeResult")]
PickThingResult = Annotated[ThingPicked | Refusal, strawberry.union("PickThingResult")]


def show_prize(view: prizes.PrizeView, locale: str) -> PrizeNode:
    """A prize, for its owner alone."""
    won, thing = view.won, view.thing
    waits = view.shown is PrizeState.READY and won.store_id is not None
    return PrizeNode(
        id=write_id("prz", won.id),
        thing=won.thing,
        name=thing.name(locale),
        terms=thing.text(locale),
        state=view.shown,
        source=won.source,
        currency=thing.currency,
        value_minor=won.value_minor,
        won_at=won.won_at,
        due_at=won.due_at,
        delivery=won.delivery,
        deliveries=sorted(thing.delivery),
        store=show_store(view.stores[0]) if won.store_id is not None else None,
        stores=[show_store(each) for each in view.stores] if won.store_id is None else [],
        needs_identity=view.needs_identity,
        withheld_minor=won.withheld_minor,
        stamps=won.stamps,
        cash_minor=won.cash_minor,
        tracking_no=won.tracking_no,
        code=won.code if waits else None,
    )


def veil(context: Context, given: AddressInput | IdentityInput | None) -> str | None:
    """A keyed hash of personal data: the hash of a request is kept, and must not serve to try numbers against."""
    if given is None:
        return None
    return hmac.new(context.services.settings.secret, repr(asdict(given)).encode(), hashlib.sha256).hexdigest()


async def resolve_prize(context: Context, prize_id: UUID) -> PrizeNode | None:
    """The caller's own prize; nobody else's."""
    async with context.database.read() as connection_:
        found = await prizes.read_prizes_by_id(connection_, [(context.member.member_id, prize_id)], context.now)
    return show_prize(found[0], context.locale) if found else None


@strawberry.type
class PrizeQuery:
    @strawberry.field(description="Your things, newest first.")
    async def prizes(self, info: Info, first: int, after: str | None = strawberry.UNSET) -> Connection[PrizeNode]:
        context: Context = info.context
        before = read_id_cursor("prizes", after)
        wanted = check_first(first) + 1
        async with context.database.read() as connection_:
            rows = await prizes.read_prizes(
                connection_, context.member.member_id, context.now, first=wanted, before=before
            )
        return connection(
            rows,
            first,
            lambda row: show_prize(row, context.locale),
            lambda row: write_cursor("prizes", str(row.won.id)),
        )

    @strawberry.field(description="Things for stamps and cash, and where one is left.")
    async def catalogue(self, info: Info) -> list[CatalogueThing]:
        context: Context = info.context
        async with context.database.read() as connection_:
            found = await prizes.read_catalogue(connection_, context.now)
        return [show_thing(each, context.locale) for each in found]


def show_thing(view: prizes.ThingView, locale: str) -> CatalogueThing:
    terms = view.thing.pick
    assert terms is not None, "what stands in the catalogue can be picked"
    return CatalogueThing(
        thing=view.slug,
        name=view.thing.name(locale),
        terms=view.thing.text(locale),
        currency=view.thing.currency,
        stamps=terms.stamps,
        cash_minor=terms.cash_minor,
        hours=terms.hours,
        open_most=terms.open_most,
        stores=[CatalogueStock(store=show_store(store), left=left) for store, left in view.stores],
    )


@strawberry.type
class PrizeMutation:
    @mutation
    async def claim_prize(
        self,
        info: Info,
        request_id: strawberry.ID,
        prize_id: strawberry.ID,
        address: AddressInput | None = strawberry.UNSET,
        store_id: strawberry.ID | None = strawberry.UNSET,
        identity: IdentityInput | None = strawberry.UNSET,
    ) -> ClaimPrizeResult:
        """Claims a prize: `address` to have it posted, or `storeId` to collect it there; `identity` where it is needed.

        Where the tax step comes it is held until the tax officer has looked, and what is withheld was paid.
        """
        context: Context = info.context
        prize, store = parse_id("prz", prize_id, "prizeId"), parse_id("sto", store_id, "storeId") if store_id else None
        if bool(address) == bool(store):
            raise BadInput("address", "it must be given, or else `storeId`: one of the two")
        asked = {
            "prizeId": prize, "address": veil(context, address or None), "storeId": store,
            "identity": veil(context, identity or None),
        }  # fmt: skip
        command = prizes.ClaimPrize(
            request=request_key(context, "claimPrize", request_id, asked),
            member_id=context.member.member_id,
            prize_id=prize,
            address=papers.Address(address.recipient, address.phone, address.postcode, address.lines)
            if address
            else None,
            store_id=store,
            identity=papers.Identity(identity.name, identity.number, identity.resident, identity.address)
            if identity
            else None,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).claim_prize, command)
        shown = await resolve_prize(context, done.prize_id)
        assert shown is not None, "what was claimed is there"
        return PrizeClaimed(prize=shown)

    @mutation
    async def pick_thing(
        self, info: Info, request_id: strawberry.ID, thing: str, store_id: strawberry.ID
    ) -> PickThingResult:
        """Sets one aside at a store and holds its stamps. Unpaid in time, it goes back, and so do the stamps."""
        context: Context = info.context
        store = parse_id("sto", store_id, "storeId")
        if not 1 <= len(thing) <= THING_LENGTH_MAX or not thing.isprintable():
            raise BadInput("thing", f"it must be 1 to {THING_LENGTH_MAX} printable characters, as the catalogue has it")
        command = prizes.PickThing(
            request=request_key(context, "pickThing", request_id, {"thing": thing, "storeId": store}),
            member_id=context.member.member_id,
            thing=thing,
            store_id=store,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).pick_thing, command)
        shown = await resolve_prize(context, done.prize_id)
        assert shown is not None, "what was picked is there"
        return ThingPicked(prize=shown)
