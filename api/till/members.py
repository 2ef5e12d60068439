"""What a till may see of a member: enough to greet and to earn, no personal data."""

import strawberry

from api.graphql.context import Context
from api.graphql.nodes import write_id
from api.graphql.schema import Info
from loyalty.ledger import actions as ledgers
from loyalty.ledger.rules import Currency
from loyalty.members import actions as members
from loyalty.members.rules import IdentityKind, MemberStatus, is_card_number
from loyalty.sheets.actions import open_sheets
from loyalty.tiers import actions as tiers


@strawberry.type(description="A member at the till.")
class TillMember:
    id: strawberry.ID
    card_no: str
    active: bool = strawberry.field(description="False for a suspended member: nothing is earned or redeemed.")
    tier_code: str
    tier_name: str
    multiplier: str
    points: int
    stamps: int


async def find_member(context: Context, card_no: str) -> TillMember | None:
    """The member of a card, or None: for a card that is not ours, unknown, or erased."""
    if not is_card_number(card_no):
        return None
    async with context.database.read() as connection:
        member_id = (await members.find_members(connection, IdentityKind.CARD, [card_no])).get(card_no)
        if member_id is None:
            return None
        member = (await members.load_members(connection, [member_id]))[member_id]
        sheets = await open_sheets(connection, context.now)
        season = await sheets.season(connection)
        ladder = await sheets.get(connection, *tiers.LADDER)
        assert ladder is not None, "no ladder sheet: run `main.py season seed` first"
        view = await tiers.read_tier(connection, ladder, season, member_id, context.now)
        wallets = await ledgers.read_wallets(connection, [member_id])
    today = season.day(context.now)
    held = {
        currency: wallets[member_id, currency].spendable(today) if (member_id, currency) in wallets else 0
        for currency in (Currency.POINTS, Currency.STAMPS)
    }
    return TillMember(
        id=write_id("mem", member_id),
        card_no=card_no,
        active=member.status is MemberStatus.ACTIVE,
        tier_code=view.tier.code,
        tier_name=view.tier.name(context.locale),
        multiplier=view.tier.multiplier,
        points=held[Currency.POINTS],
        stamps=held[Currency.STAMPS],
    )


@strawberry.type
class MemberQuery:
    @strawberry.field(description="The member of a card; null where there is none.")
    async def member(self, info: Info, card_no: str) -> TillMember | None:
        return await find_member(info.context, card_no)
