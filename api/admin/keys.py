"""Keys of tills and partners, and the stores and partners that they are bound to."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import strawberry

from api.admin.once import in_one_work, once
from api.graphql.context import Context
from api.graphql.keys import KeyNode, show_key
from api.graphql.nodes import Node, parse_id, write_id
from api.graphql.pages import Connection, check_first, connection, read_id_cursor, write_cursor
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.identity import actions
from api.identity.authenticate import Authenticator
from api.identity.rules import KeyKind, Role
from api.refusals import BadInput
from loyalty.ids import from_typeid
from loyalty.receipts.actions import Store, create_stores, find_stores, load_stores
from loyalty.receipts.rules import check_number
from loyalty.sheets.rules import is_zone
from loyalty.work import Work

OVERLAP_HOURS_MAX = 720
CHANNELS = ("STORE", "ONLINE")


@strawberry.type(name="Store", description="A shop or an online channel.")
class StoreNode(Node):
    code: str
    name: str
    timezone: str
    currency: str
    channel: str


@strawberry.input
class StoreInput:
    code: str
    name: str
    timezone: str = "Asia/Taipei"
    currency: str = "TWD"
    channel: str = "STORE"


@strawberry.type(description="A new key. Keep `text` now: it is not shown again, and null when a request is repeated.")
class KeyMade:
    key_id: strawberry.ID
    text: str | None


@strawberry.type
class KeyRevoked:
    key_id: strawberry.ID


@strawberry.type
class StoreMade:
    store: StoreNode


@strawberry.type
class PartnerMade:
    partner_id: strawberry.ID


MakeKeyResult = Annotated[KeyMade | Refusal, strawberry.union("MakeKeyResult")]
RotateKeyResult = Annotated[KeyMade | Refusal, strawberry.union("RotateKeyResult")]
RevokeKeyResult = Annotated[KeyRevoked | Refusal, strawberry.union("RevokeKeyResult")]
MakeStoreResult = Annotated[StoreMade | Refusal, strawberry.union("MakeStoreResult")]
MakePartnerResult = Annotated[PartnerMade | Refusal, strawberry.union("MakePartnerResult")]


@dataclass(frozen=True, slots=True)
class _Made:
    """What making a store or a partner leaves for a retry."""

    id: UUID


def show_store(store: Store) -> StoreNode:
    """A store, for an operator."""
    return StoreNode(
        id=write_id("sto", store.id),
        code=store.code,
        name=store.name,
        timezone=store.timezone,
        currency=store.currency,
        channel=store.channel,
    )


async def resolve_store(context: Context, store_id: UUID) -> StoreNode | None:
    """Any store."""
    async with context.database.read() as connection_:
        found = await load_stores(connection_, [store_id])
    return show_store(found[store_id]) if store_id in found else None


async def _read_binding(context: Context, bound_to: str) -> tuple[KeyKind, UUID]:
    """What a key is for. Raises `BadInput` where it is no store and no partner."""
    store_id = from_typeid("sto", bound_to)
    if store_id is not None:
        async with context.database.read() as connection_:
            if store_id in await load_stores(connection_, [store_id]):
                return KeyKind.TILL, store_id
    partner_id = from_typeid("par", bound_to)
    if partner_id is not None:
        return KeyKind.PARTNER, partner_id
    raise BadInput("boundTo", "it must be the id of a store (`sto_...`) or of a partner (`par_...`)")


def _check_store(store: StoreInput) -> None:
    check_number("code", store.code)
    if not 1 <= len(store.name) <= 100 or not store.name.isprintable():
        raise BadInput("name", "it must be 1 to 100 printable characters")
    if not is_zone(store.timezone):
        raise BadInput("timezone", "it must be a zone of the IANA database such as Asia/Taipei")
    if len(store.currency) != 3 or not store.currency.isascii() or not store.currency.isupper():
        raise BadInput("currency", "it must be an ISO 4217 code such as TWD")
    if store.channel not in CHANNELS:
        raise BadInput("channel", f"it must be one of {', '.join(CHANNELS)}")


@strawberry.type
class KeyQuery:
    @strawberry.field(description="Keys in order of making, of one store or partner or of all.")
    async def keys(
        self,
        info: Info,
        first: int,
        after: str | None = strawberry.UNSET,
        bound_to: strawberry.ID | None = strawberry.UNSET,
    ) -> Connection[KeyNode]:
        context: Context = info.context
        context.require(Role.AUDITOR)
        owner = (await _read_binding(context, bound_to))[1] if isinstance(bound_to, str) else None
        last = read_id_cursor("keys", after)
        async with context.database.read() as connection_:
            rows = await actions.list_keys(connection_, bound_to=owner, after=last, limit=check_first(first) + 1)
        return connection(rows, first, show_key, lambda key: write_cursor("keys", str(key.id)))

    @strawberry.field(description="The store of a code.")
    async def store(self, info: Info, code: str) -> StoreNode | None:
        context: Context = info.context
        async with context.database.read() as connection_:
            found = (await find_stores(connection_, [code])).get(code)
        return await resolve_store(context, found) if found else None


@strawberry.type
class KeyMutation:
    @mutation
    async def make_key(
        self, info: Info, request_id: strawberry.ID, bound_to: strawberry.ID, name: str
    ) -> MakeKeyResult:
        """Makes a key for a store's tills or for a partner. Its text is shown once."""
        context: Context = info.context
        context.require(Role.OWNER)
        kind, owner = await _read_binding(context, bound_to)
        key = request_key(context, "makeKey", request_id, {"boundTo": bound_to, "name": name})
        command = actions.MakeKey(key, context.now, kind, owner, name)
        secret = context.services.settings.secret
        made = await in_one_work(context, lambda work: actions.make_key(work, secret, command))
        return KeyMade(key_id=write_id("key", made.key_id), text=made.text)

    @mutation
    async def rotate_key(
        self, info: Info, request_id: strawberry.ID, key_id: strawberry.ID, overlap_hours: int = 24
    ) -> RotateKeyResult:
        """Makes a key's successor; both work during the overlap."""
        context: Context = info.context
        context.require(Role.OWNER)
        old = parse_id("key", key_id, "keyId")
        if not 0 <= overlap_hours <= OVERLAP_HOURS_MAX:
            raise BadInput("overlapHours", f"it must be 0 to {OVERLAP_HOURS_MAX}")
        key = request_key(context, "rotateKey", request_id, {"keyId": key_id, "overlapHours": overlap_hours})
        command = actions.RotateKey(key, context.now, old, timedelta(hours=overlap_hours))
        secret = context.services.settings.secret
        made = await in_one_work(context, lambda work: actions.rotate_key(work, secret, command))
        context.services.once(Authenticator, _no_door).forget(old)
        return KeyMade(key_id=write_id("key", made.key_id), text=made.text)

    @mutation
    async def revoke_key(self, info: Info, request_id: strawberry.ID, key_id: strawberry.ID) -> RevokeKeyResult:
        """Ends a key: here at once, on other servers within five seconds."""
        context: Context = info.context
        context.require(Role.OWNER)
        wanted = parse_id("key", key_id, "keyId")
        key = request_key(context, "revokeKey", request_id, {"keyId": key_id})
        command = actions.RevokeKey(key, context.now, wanted)
        done = await in_one_work(context, lambda work: actions.revoke_key(work, command))
        context.services.once(Authenticator, _no_door).forget(done.key_id)
        return KeyRevoked(key_id=write_id("key", done.key_id))

    @mutation
    async def make_store(self, info: Info, request_id: strawberry.ID, store: StoreInput) -> MakeStoreResult:
        """Makes a shop or an online channel; the code stands for good."""
        context: Context = info.context
        context.require(Role.OWNER)
        _check_store(store)
        key = request_key(context, "makeStore", request_id, {"store": store})

        async def act(work: Work) -> _Made:
            made = Store(work.mint(context.now), store.code, store.name, store.timezone, store.currency, store.channel)
            await create_stores(work, [made])
            if (await find_stores(work.connection, [store.code]))[store.code] != made.id:
                raise BadInput("code", "another store has it; choose another")
            return _Made(made.id)

        done = await once(context, key, "makeStore", _Made, act)
        made = await resolve_store(context, done.id)
        assert made is not None, "a store just made is there"
        return StoreMade(store=made)

    @mutation
    async def make_partner(self, info: Info, request_id: strawberry.ID, name: str) -> MakePartnerResult:
        """Makes a sponsor brand, or finds the one of this name."""
        context: Context = info.context
        context.require(Role.OWNER)
        if not 1 <= len(name) <= 80 or not name.isprintable():
            raise BadInput("name", "it must be 1 to 80 printable characters")
        key = request_key(context, "makePartner", request_id, {"name": name})

        async def act(work: Work) -> _Made:
            return _Made(await actions.ensure_partner(work, name, context.now))

        done = await once(context, key, "makePartner", _Made, act)
        return PartnerMade(partner_id=write_id("par", done.id))


def _no_door() -> Authenticator:
    raise AssertionError("the door was opened before any mutation came through it")
