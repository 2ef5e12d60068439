"""The member, as the member's own app sees it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import strawberry

from api.graphql.context import Context
from api.graphql.nodes import Node, write_id
from api.graphql.plans import KNOWN
from api.graphql.schema import Info
from api.runtime.database import Database
from api.runtime.gathering import Gatherer
from loyalty.ledger import actions as ledgers
from loyalty.ledger import rules as rules_of_ledger
from loyalty.ledger.rules import Currency
from loyalty.members import actions as members
from loyalty.members import rules
from loyalty.sheets.actions import open_sheets
from loyalty.tiers import actions as tiers

Asked = tuple[UUID, datetime]


@strawberry.type(description="What the member can spend today; what has expired counts for nothing at once.")
class Wallet:
    points: int
    diamonds: int
    stamps: int
    tickets: int
    points_owed: int = strawberry.field(description="Taken back by returns after it was spent; earnings settle it.")
    points_expiring: int = strawberry.field(description="Points of the lot that ends soonest.")
    points_expire_on: date | None = strawberry.field(description="The last day of that lot, in the season's zone.")


@strawberry.type(name="Tier", description="Where the member stands on the ladder.")
class TierNode:
    code: str
    name: str
    multiplier: str = strawberry.field(description="What earnings are multiplied by, as a decimal string.")
    until: datetime | None = strawberry.field(description="When the tier is looked at again; null for the lowest.")
    notice_at: datetime | None = strawberry.field(description="When a step down was announced, if it was.")
    credits: int = strawberry.field(description="Qualifying credits of the last 365 days.")
    next_code: str | None
    next_threshold: int | None


@strawberry.type(name="Member", description="The member who is signed in.")
class MemberNode(Node):
    card_no: str | None = strawberry.field(description="13 digits, to be shown as an EAN-13 barcode.")
    display_name: str | None
    timezone: str
    locale: str
    erase_at: datetime | None = strawberry.field(description="When the account will be erased, if the member asked.")
    birth_year: int | None = strawberry.field(description="As you told it; null where you have not.")

    known_wallet: strawberry.Private[Wallet | None] = None
    known_tier: strawberry.Private[TierNode | None] = None

    @strawberry.field(metadata={KNOWN: "known_wallet"})
    async def wallet(self, info: Info) -> Wallet:
        return self.known_wallet or await load_wallet(info.context)

    @strawberry.field(metadata={KNOWN: "known_tier"})
    async def tier(self, info: Info) -> TierNode:
        return self.known_tier or await load_tier(info.context)


class Wallets:
    """The wallets that this process is asked for at the same time, read in one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.asking: Gatherer[Asked, Wallet] = Gatherer(self._read)

    async def _read(self, asked: Sequence[Asked]) -> list[Wallet]:
        async with self._database.read() as connection:
            season = await (await open_sheets(connection, max(now for _, now in asked))).season(connection)
            found = await ledgers.read_wallets(connection, list({member_id for member_id, _ in asked}))
        held: dict[UUID, dict[Currency, rules_of_ledger.Wallet]] = {}
        for (member_id, currency), wallet in found.items():
            held.setdefault(member_id, {})[currency] = wallet
        return [show_wallet(held.get(member_id, {}), season.day(now)) for member_id, now in asked]


async def load_wallet(context: Context) -> Wallet:
    """What the caller can spend today."""
    wallets: Wallets = context.services.once(Wallets, lambda: Wallets(context.database))
    return await wallets.asking.ask((context.member.member_id, context.now))


def show_wallet(wallets: Mapping[Currency, rules_of_ledger.Wallet], today: date) -> Wallet:
    """A member's wallets on a day of the season's zone, for that member."""
    held = {each: wallets[each].spendable(today) if each in wallets else 0 for each in Currency}
    points = wallets.get(Currency.POINTS)
    lots = points.lots.items() if points else ()
    last_day = min((lot.expires_on for lot, units in lots if units and lot.expires_on >= today), default=None)
    return Wallet(
        points=held[Currency.POINTS],
        diamonds=held[Currency.DIAMONDS],
        stamps=held[Currency.STAMPS],
        tickets=held[Currency.TICKETS],
        points_owed=points.owed if points else 0,
        points_expiring=sum(units for lot, units in lots if lot.expires_on == last_day),
        points_expire_on=last_day,
    )


async def load_tier(context: Context) -> TierNode:
    """The caller's tier."""
    async with context.database.read() as connection:
        sheets = await open_sheets(connection, context.now)
        season = await sheets.season(connection)
        ladder = await sheets.get(connection, *tiers.LADDER)
        assert ladder is not None, "no ladder sheet: run `main.py season seed` first"
        view = await tiers.read_tier(connection, ladder, season, context.member.member_id, context.now)
    return show_tier(view, context.locale)


def show_tier(view: tiers.TierView, locale: str) -> TierNode:
    """A tier, for its member."""
    return TierNode(
        code=view.tier.code,
        name=view.tier.name(locale),
        multiplier=view.tier.multiplier,
        until=view.until,
        notice_at=view.notice_at,
        credits=view.credits,
        next_code=view.next_tier.code if view.next_tier else None,
        next_threshold=view.next_tier.threshold if view.next_tier else None,
    )


def show_member(member: rules.Member) -> MemberNode:
    """A member, for the app of that member alone."""
    return MemberNode(
        id=write_id("mem", member.id),
        card_no=member.card_no,
        display_name=member.display_name,
        timezone=member.timezone,
        locale=member.locale,
        erase_at=member.erase_at,
        birth_year=member.birth_year,
    )


async def load_me(context: Context) -> MemberNode:
    """The caller. Refuses what `refuse_unfit` refuses."""
    async with context.database.read() as connection:
        found = await members.load_members(connection, [context.member.member_id])
    return show_member(rules.refuse_unfit(found.get(context.member.member_id)))


async def resolve_member(context: Context, member_id: UUID) -> MemberNode | None:
    """The caller under the caller's own id; nobody else."""
    return await load_me(context) if member_id == context.member.member_id else None
