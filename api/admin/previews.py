"""Sheets of the game tried out before they are in force: a board under them, and moves played on it."""

import json
from datetime import datetime
from typing import Any

import strawberry

from api.admin.drafts import find_sheet
from api.admin.reviews import SheetFault, show_fault
from api.content import PARSERS
from api.graphql.boards import BoardNode, show_board
from api.graphql.context import Context
from api.graphql.moves import MoveInput, read_moves
from api.graphql.nodes import parse_id
from api.graphql.refusal import Refusal, refusal_from
from api.graphql.schema import Info
from api.identity.rules import Role
from api.refusals import BadInput
from game.orders.actions import PREVIEWED, preview
from loyalty.members.actions import load_members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.sheets.rules import SheetInvalid, SheetVersion

MOVES_MOST = 200
LEVEL_MOST = 201
_ONE_OF_EACH = "one version at most of each of chains, board, levels and orders"


@strawberry.type(description="A board as it would be; nothing of it is kept.")
class BoardPreview:
    faults: list[SheetFault] = strawberry.field(description="Mistakes of the sheets; with any there is no board.")
    board: BoardNode | None
    applied: int = strawberry.field(description="How many of the moves, from the first on, could be done.")
    refusal: Refusal | None = strawberry.field(description="Why the next one could not.")
    diamonds: int = strawberry.field(description="What the orders that were delivered pay.")


@strawberry.type
class PreviewQuery:
    @strawberry.field(
        description="The board under versions of `chains`, `board`, `levels` and `orders` that are not in force (one "
        "of each at most): a member's, or the one that everybody starts with, lifted to `level`. `commands` are played "
        "on it. Taps fall by dice of the preview's own. `at`: when it would be, now without it."
    )
    async def board_preview(
        self,
        info: Info,
        sheet_ids: list[strawberry.ID],
        commands: list[MoveInput],
        member_id: strawberry.ID | None = None,
        level: int = 1,
        at: datetime | None = None,
    ) -> BoardPreview:
        context: Context = info.context
        if member_id is not None:
            context.require(Role.CAMPAIGN_MANAGER, Role.SUPPORT)
        if len(commands) > MOVES_MOST:
            raise BadInput("commands", f"at most {MOVES_MOST} moves")
        if not 1 <= level <= LEVEL_MOST:
            raise BadInput("level", f"from 1 to {LEVEL_MOST}")
        if at is not None and at.tzinfo is None:
            raise BadInput("at", "a date and time with its offset, such as 2027-03-01T00:00:00+08:00")
        if len(sheet_ids) > len(PREVIEWED):
            raise BadInput("sheetIds", _ONE_OF_EACH)
        versions = {each.kind: each for each in [await find_sheet(context, each) for each in sheet_ids]}
        if len(versions) < len(sheet_ids) or not versions.keys() <= set(PREVIEWED):
            raise BadInput("sheetIds", _ONE_OF_EACH)
        (moves, _), now = read_moves(commands), at or context.now
        try:
            candidates = {kind: _parse(version) for kind, version in versions.items()}
            async with context.database.read() as connection:
                member = await _member(connection, member_id)
                done = await preview(connection, candidates, member, level, moves, now)
        except SheetInvalid as invalid:
            return BoardPreview(
                faults=[show_fault(each) for each in invalid.faults], board=None, applied=0, refusal=None, diamonds=0
            )
        return BoardPreview(
            faults=[],
            board=show_board(done.read, context.locale, done.appointment),
            applied=done.applied,
            refusal=refusal_from(done.refusal, context.locale) if done.refusal else None,
            diamonds=sum(each.diamonds for each in done.delivered),
        )


def _parse(version: SheetVersion) -> Any:
    return PARSERS[version.kind](f"{version.kind}.{version.key}", json.loads(version.body))


async def _member(connection: Any, member_id: str | None) -> Member | None:
    if member_id is None:
        return None
    wanted = parse_id("mem", member_id, "memberId")
    return refuse_unfit((await load_members(connection, [wanted])).get(wanted))
