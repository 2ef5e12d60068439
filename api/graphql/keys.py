"""A key, as its owner and operators see it."""

from datetime import datetime

import strawberry

from api.graphql.nodes import Node, write_id
from api.identity.rules import ApiKey


@strawberry.type(name="Key", description="A key of yours. Its secret was shown once, when it was made.")
class KeyNode(Node):
    name: str
    created_at: datetime
    expires_at: datetime | None = strawberry.field(description="The end of the overlap, once the key was rotated.")
    revoked_at: datetime | None
    last_used_at: datetime | None = strawberry.field(description="To the hour.")


def show_key(key: ApiKey) -> KeyNode:
    """A key, for its owner."""
    return KeyNode(
        id=write_id("key", key.id),
        name=key.name,
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
    )
