"""Ids at the edge: reading them, writing them, and finding what an id names for its owner."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import strawberry

from api.graphql.context import Context
from api.refusals import BadInput
from loyalty.ids import from_typeid, to_typeid, typeid_prefix

Resolve = Callable[[Context, UUID], Awaitable[Any]]


@strawberry.interface(description="Anything with an id that its owner can fetch again.")
class Node:
    id: strawberry.ID


def write_id(prefix: str, value: UUID) -> strawberry.ID:
    """The id as callers see it."""
    return strawberry.ID(to_typeid(prefix, value))


def show_id(prefix: str, value: Any) -> Any:
    """A plain id kept as text, as callers see ids; anything else as it is (an author may be `seed`)."""
    try:
        return write_id(prefix, UUID(value))
    except (ValueError, TypeError, AttributeError):
        return value


def parse_id(prefix: str, text: str, field: str = "id") -> UUID:
    """The UUID that a caller's id names. Raises `BadInput` naming the field where it is not of that kind."""
    found = from_typeid(prefix, text)
    if found is None:
        raise BadInput(field, f"it must be an id that starts with `{prefix}_`, as this API gave it out")
    return found


class Nodes:
    """Which kinds of id one schema resolves; each resolver gives None for what the caller does not own."""

    def __init__(self) -> None:
        self._resolvers: dict[str, Resolve] = {}

    def register(self, prefix: str, resolve: Resolve) -> None:
        """Adds a kind; each prefix once."""
        assert prefix not in self._resolvers, f"{prefix} has a resolver"
        self._resolvers[prefix] = resolve

    async def find(self, context: Context, text: str) -> Any:
        """What the id names for this caller, or None. Raises `BadInput` for an id that no kind of this schema wrote."""
        resolve = self._resolvers.get(typeid_prefix(text))
        value = from_typeid(typeid_prefix(text), text) if resolve else None
        if resolve is None or value is None:
            known = ", ".join(f"`{prefix}_`" for prefix in sorted(self._resolvers))
            raise BadInput("id", f"it must be an id of this API; those that can be fetched start with {known}")
        return await resolve(context, value)
