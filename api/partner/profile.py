"""A partner's own profile and keys."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import strawberry

from api.graphql.context import Context
from api.graphql.keys import KeyNode, show_key
from api.graphql.nodes import Node, write_id
from api.graphql.pages import Connection, check_first, connection, read_id_cursor, write_cursor
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.identity import actions
from api.identity.rules import ApiKey
from api.refusals import BadInput, EdgeCode, EdgeRefused

OVERLAP_HOURS_MAX = 720


@strawberry.type(name="Partner", description="The brand that is signed in.")
class PartnerNode(Node):
    name: str
    created_at: datetime

    @strawberry.field(description="The key that this request came with; null for a token.")
    async def key(self, info: Info) -> KeyNode | None:
        context: Context = info.context
        if context.partner.key_id is None:
            return None
        async with context.database.read() as connection_:
            key = await actions.find_key(connection_, context.partner.key_id)
        return show_key(key) if key else None

    @strawberry.field(description="Every key of yours, oldest first.")
    async def keys(self, info: Info, first: int, after: str | None = strawberry.UNSET) -> Connection[KeyNode]:
        context: Context = info.context
        return await list_own_keys(context, check_first(first), after)


@strawberry.type(description="The successor of the key in use. Keep `text` now: it is not shown again.")
class KeyRotated:
    key: KeyNode
    text: str | None = strawberry.field(description="`<id>.<secret>`; null when the same request is sent again.")
    old_key_ends_at: datetime


RotateMyKeyResult = Annotated[KeyRotated | Refusal, strawberry.union("RotateMyKeyResult")]


async def load_me(context: Context) -> PartnerNode:
    """The caller."""
    async with context.database.read() as connection_:
        partner = await actions.find_partner(connection_, context.partner.partner_id)
    if partner is None:
        raise EdgeRefused(EdgeCode.PARTNER_NOT_FOUND)
    return PartnerNode(id=write_id("par", partner.id), name=partner.name, created_at=partner.created_at)


async def resolve_partner(context: Context, partner_id: UUID) -> PartnerNode | None:
    """The caller under the caller's own id; nobody else."""
    return await load_me(context) if partner_id == context.partner.partner_id else None


async def resolve_key(context: Context, key_id: UUID) -> KeyNode | None:
    """A key of the caller's own."""
    async with context.database.read() as connection_:
        key = await actions.find_key(connection_, key_id)
    return show_key(key) if key and key.bound_to == context.partner.partner_id else None


async def list_own_keys(context: Context, first: int, after: str | None) -> Connection[KeyNode]:
    """One page of the caller's keys."""
    from_id = read_id_cursor("keys", after)
    async with context.database.read() as connection_:
        rows: Sequence[ApiKey] = await actions.list_keys(
            connection_, bound_to=context.partner.partner_id, after=from_id, limit=first + 1
        )
    return connection(rows, first, show_key, lambda key: write_cursor("keys", str(key.id)))


@strawberry.type
class KeyMutation:
    @mutation
    async def rotate_my_key(self, info: Info, request_id: strawberry.ID, overlap_hours: int = 24) -> RotateMyKeyResult:
        """Makes the successor of the key that this request came with; the old one goes on during the overlap."""
        context: Context = info.context
        request = request_key(context, "rotateMyKey", request_id, {"overlapHours": overlap_hours})
        if not 0 <= overlap_hours <= OVERLAP_HOURS_MAX:
            raise BadInput("overlapHours", f"it must be 0 to {OVERLAP_HOURS_MAX}")
        if context.partner.key_id is None:
            raise EdgeRefused(EdgeCode.KEY_NOT_FOUND)
        command = actions.RotateKey(request, context.now, context.partner.key_id, timedelta(hours=overlap_hours))
        async with context.database.work() as work:
            made = await actions.rotate_key(work, context.services.settings.secret, command)
            key = await actions.find_key(work.connection, made.key_id)
            old = await actions.find_key(work.connection, command.key_id)
        assert key is not None, "a key just made is there"
        assert old is not None, "keys are never deleted"
        return KeyRotated(key=show_key(key), text=made.text, old_key_ends_at=old.expires_at or context.now)
