"""What an app is told while it is open: that its board has changed, on this device or another."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import strawberry

from api.graphql.context import Context
from api.graphql.schema import Info
from api.runtime.fanout import board_topic, fanout_of
from game.board.actions import read_board


@strawberry.type(description="The board has this revision now. An app that has another one reads `board` again.")
class BoardChanged:
    revision: int


@strawberry.type
class BoardSubscription:
    @strawberry.subscription(
        description="Tells the revision of your board at once, and again when it has another one; some are left out."
    )
    async def board_changed(self, info: Info) -> AsyncGenerator[BoardChanged, None]:
        context: Context = info.context
        member_id = context.member.member_id
        with fanout_of(context.services).listening(board_topic(member_id)) as listener:
            told = await _revision(context, member_id)
            yield BoardChanged(revision=told)
            while True:
                revision = await listener.heard()
                if revision is None:
                    revision = await _revision(context, member_id)
                if revision != told:
                    told = revision
                    yield BoardChanged(revision=told)


def tell_board(services: Any, member_id: UUID, revision: int) -> None:
    """Tells the member's open apps the revision of a board that was committed."""
    fanout_of(services).tell(board_topic(member_id), revision)


async def _revision(context: Context, member_id: UUID) -> int:
    async with context.database.read() as connection:
        return (await read_board(connection, member_id, context.now)).revision
