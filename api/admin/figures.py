"""The season in figures: what members did day by day, and what they hold."""

from datetime import date, datetime, timedelta
from fractions import Fraction

import strawberry

from api.admin.reviews import decimal
from api.graphql.context import Context
from api.graphql.schema import Info
from api.refusals import BadInput
from game.checkin.facts import CHECKED_IN
from game.orders.facts import MOVES_PLAYED, ORDER_DELIVERED
from loyalty.ledger.actions import Outstanding as Held
from loyalty.ledger.actions import read_outstanding
from loyalty.ledger.rules import Currency
from loyalty.members.facts import APP_OPENED, MEMBER_JOINED
from loyalty.receipts.facts import RECEIPT_RECORDED
from loyalty.sheets.actions import open_sheets
from loyalty.sheets.rules import Season
from loyalty.timeline import actions as timeline
from rewards.coupons.facts import COUPON_BOUGHT, COUPON_ISSUED, COUPON_REDEEMED
from rewards.coupons.rules.offers import minor_per_major
from rewards.gacha.facts import PRIZES_DRAWN, TOP_PRIZE_WON

DAYS_MOST = 92
KINDS = (
    APP_OPENED, MEMBER_JOINED, CHECKED_IN, MOVES_PLAYED, ORDER_DELIVERED, RECEIPT_RECORDED, PRIZES_DRAWN, TOP_PRIZE_WON,
    COUPON_BOUGHT, COUPON_ISSUED, COUPON_REDEEMED,
)  # fmt: skip


@strawberry.type(description="Events of a kind on one day, and of how many members.")
class DayCount:
    day: date
    kind: str
    events: int
    members: int


@strawberry.type(description="What all members hold of a currency together.")
class Outstanding:
    currency: Currency
    balance: str = strawberry.field(description="A whole number in decimals: it may pass what an Int holds.")
    owed: str
    holders: int
    worth_minor: str | None = strawberry.field(description="Of points: what they pay at the till, a decimal string.")


@strawberry.type(description="The season that runs, and its last days in the season's zone.")
class SeasonFigures:
    code: str
    timezone: str
    currency: str
    today: date
    since: date
    season: strawberry.Private[Season]

    @strawberry.field(description="What stands in the wallets of all members.")
    async def outstanding(self, info: Info) -> list[Outstanding]:
        context: Context = info.context
        async with context.database.read() as connection:
            held = await read_outstanding(connection)
        return [show_outstanding(each, self.season) for each in held]

    @strawberry.field(description="The earliest first; days without any are left out.")
    async def days(self, info: Info) -> list[DayCount]:
        context: Context = info.context
        begins = datetime(self.since.year, self.since.month, self.since.day, tzinfo=self.season.zone)
        async with context.database.read() as connection:
            names = [each.name for each in KINDS]
            counted = await timeline.count_daily(connection, names, begins, self.season.zone.key)
        return [DayCount(day=each.day, kind=each.kind, events=each.events, members=each.members) for each in counted]


@strawberry.type
class FiguresQuery:
    @strawberry.field(description="What members did in the last `days` (1 to 92), today included, and what they hold.")
    async def season_figures(self, info: Info, days: int) -> SeasonFigures:
        context: Context = info.context
        if not 1 <= days <= DAYS_MOST:
            raise BadInput("days", f"it must be 1 to {DAYS_MOST}")
        async with context.database.read() as connection:
            season = await (await open_sheets(connection, context.now)).season(connection)
        today = season.day(context.now)
        return SeasonFigures(
            code=season.code, timezone=season.zone.key, currency=season.currency, today=today,
            since=today - timedelta(days=days - 1), season=season,
        )  # fmt: skip


def show_outstanding(held: Held, season: Season) -> Outstanding:
    """What is held of a currency, and what it is worth at the till where it is points."""
    worth = Fraction(held.balance * minor_per_major(season.currency), season.tender_points_per_major)
    return Outstanding(
        currency=held.currency, balance=str(held.balance), owed=str(held.owed), holders=held.holders,
        worth_minor=decimal(worth) if held.currency is Currency.POINTS else None,
    )  # fmt: skip
