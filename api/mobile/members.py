"""The member, as the member's own app sees it."""

from uuid import UUID

import strawberry

from api.graphql.context import Context
from api.graphql.nodes import Node, write_id
from loyalty.members import actions as members
from loyalty.members import rules


@strawberry.type(name="Member", description="The member who is signed in.")
class MemberNode(Node):
    card_no: str | None = strawberry.field(description="13 digits, to be shown as an EAN-13 barcode.")
    display_name: str | None


def show_member(member: rules.Member) -> MemberNode:
    """A member, for the app of that member alone."""
    return MemberNode(id=write_id("mem", member.id), card_no=member.card_no, display_name=member.display_name)


async def load_me(context: Context) -> MemberNode:
    """The caller. Refuses what `refuse_unfit` refuses."""
    async with context.database.read() as connection:
        found = await members.load_members(connection, [context.member.member_id])
    return show_member(rules.refuse_unfit(found.get(context.member.member_id)))


async def resolve_member(context: Context, member_id: UUID) -> MemberNode | None:
    """The caller under the caller's own id; nobody else."""
    return await load_me(context) if member_id == context.member.member_id else None
