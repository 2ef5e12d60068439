"""The member's timeline: everything that happened, newest first."""

from uuid import UUID

import strawberry

from api.graphql.context import Context
from api.graphql.pages import Connection
from api.graphql.schema import Info
from api.graphql.timeline import EventNode, list_events, show_event
from loyalty.timeline.actions import load_event


async def resolve_event(context: Context, event_id: UUID) -> EventNode | None:
    """The caller's own event; nobody else's."""
    async with context.database.read() as connection:
        found = await load_event(connection, context.member.member_id, event_id)
    return show_event(found) if found else None


@strawberry.type
class TimelineQuery:
    @strawberry.field(description="What happened to you, newest first.")
    async def timeline(self, info: Info, first: int, after: str | None = strawberry.UNSET) -> Connection[EventNode]:
        return await list_events(info.context, info.context.member.member_id, first, after)
