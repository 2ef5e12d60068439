"""The timeline, as every schema shows it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from api.graphql.context import Context
from api.graphql.nodes import Node, show_id, write_id
from api.graphql.pages import Connection, check_first, connection, read_id_cursor, write_cursor
from api.runtime.kinds import KINDS
from loyalty.timeline.actions import EventRow, load_events


@strawberry.type(
    description="How much a kind of event pulls on each of Octalysis's eight core drives, 0 to 10. "
    "The first three are white hat, the last three black hat, the two between both. An event of a kind that this "
    "server does not know has none."
)
class Drives:
    meaning: int
    accomplishment: int
    empowerment: int
    ownership: int
    influence: int
    scarcity: int
    unpredictability: int
    avoidance: int


@strawberry.type(name="Event", description="Something that happened. `kind` is open: pass over kinds you do not know.")
class EventNode(Node):
    kind: str
    at: datetime
    facts: str = strawberry.field(description="A JSON object; its keys depend on the kind.")

    @strawberry.field
    def drives(self) -> Drives | None:
        kind = KINDS.get(self.kind)
        return Drives(**asdict(kind.drives)) if kind else None


# Facts hold plain ids; callers know ids by their kind.
_IDS = {
    "coupon": "cpn",
    "draw": "drw",
    "hold": "hld",
    "offer": "off",
    "operator": "opr",
    "receipt": "rcp",
    "return": "ret",
    "transfer": "trf",
}


def show_facts(facts: Mapping[str, Any]) -> str:
    """The facts of an event as JSON, with ids as callers write them."""
    shown = {key: show_id(_IDS[key], value) if key in _IDS else value for key, value in facts.items()}
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))


def show_event(event: EventRow) -> EventNode:
    """An event, for its member."""
    facts = show_facts(event.facts)
    return EventNode(id=write_id("evt", event.id), kind=event.kind, at=event.at, facts=facts)


async def list_events(context: Context, member_id: UUID, first: int, after: str | None) -> Connection[EventNode]:
    """One page of a member's timeline."""
    async with context.database.read() as connection_:
        rows = await load_events(
            connection_, member_id, first=check_first(first) + 1, before=read_id_cursor("timeline", after)
        )
    return connection(rows, first, show_event, lambda event: write_cursor("timeline", str(event.id)))
