"""The timeline, as every schema shows it."""

import json
from datetime import datetime
from uuid import UUID

import strawberry

from api.graphql.context import Context
from api.graphql.nodes import Node, write_id
from api.graphql.pages import Connection, check_first, connection, read_id_cursor, write_cursor
from loyalty.timeline.actions import EventRow, load_events


@strawberry.type(name="Event", description="Something that happened. `kind` is open: pass over kinds you do not know.")
class EventNode(Node):
    kind: str
    at: datetime
    facts: str = strawberry.field(description="A JSON object; its keys depend on the kind.")


def show_event(event: EventRow) -> EventNode:
    """An event, for its member."""
    facts = json.dumps(event.facts, ensure_ascii=False, separators=(",", ":"))
    return EventNode(id=write_id("evt", event.id), kind=event.kind, at=event.at, facts=facts)


async def list_events(context: Context, member_id: UUID, first: int, after: str | None) -> Connection[EventNode]:
    """One page of a member's timeline."""
    async with context.database.read() as connection_:
        rows = await load_events(
            connection_, member_id, first=check_first(first) + 1, before=read_id_cursor("timeline", after)
        )
    return connection(rows, first, show_event, lambda event: write_cursor("timeline", str(event.id)))
