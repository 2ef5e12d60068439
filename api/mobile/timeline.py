"""The member's timeline: everything that happened, newest first."""

import strawberry

from api.graphql.pages import Connection
from api.graphql.schema import Info
from api.graphql.timeline import EventNode, list_events


@strawberry.type
class TimelineQuery:
    @strawberry.field(description="What happened to you, newest first.")
    async def timeline(self, info: Info, first: int, after: str | None = strawberry.UNSET) -> Connection[EventNode]:
        return await list_events(info.context, info.context.member.member_id, first, after)
