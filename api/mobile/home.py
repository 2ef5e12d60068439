"""The first screen in one round trip."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import strawberry

from api.graphql.boards import BoardNode, OrderNode, show_board
from api.graphql.context import Context
from api.graphql.schema import Info
from api.graphql.streaks import StreakNode, show_streak
from api.mobile.coupons import CouponNode, show_coupon
from api.mobile.members import MemberNode, show_member, show_tier, show_wallet
from api.mobile.pools import PoolNode, show_pool
from api.runtime.database import Database
from api.runtime.gathering import Gatherer
from game.home import rules
from game.home.actions import Home, HomeRead, load_marks
from game.home.rules import NoticeKind

strawberry.enum(NoticeKind, description="What a notice is about. Open: show the message of one that you do not know.")

_SAID = {
    NoticeKind.TIER_ENDS: ("Your tier steps down unless purchases keep it.", "若未達門檻，您的會員等級即將調降。"),
    NoticeKind.POINTS_EXPIRE: ("{amount} points expire soon.", "{amount} 點即將到期。"),
    NoticeKind.GIFTS_WAIT: ("Gifts wait for you on the board.", "有禮物等您到棋盤領取。"),
    NoticeKind.ERASURE: ("Your account will be erased.", "您的帳號即將刪除。"),
}


@strawberry.type(name="Notice", description="Something that the member should know.")
class NoticeNode:
    kind: NoticeKind
    subject: str = strawberry.field(description="What is paused, what waits, the tier or the currency.")
    message: str
    amount: int
    at: datetime | None = strawberry.field(description="Since when, or until when, it holds.")
    day: date | None = strawberry.field(description="The last day of what expires, in the season's zone.")


@strawberry.type(
    name="Home",
    description="The first screen. A section is null where it broke, or where nothing has changed since `ifVersion`.",
)
class HomeNode:
    version: str = strawberry.field(description="Differs as soon as anything shown here does; opaque.")
    unchanged: bool = strawberry.field(description="Whether `ifVersion` is still what is shown.")
    member: MemberNode | None
    board: BoardNode | None
    orders: list[OrderNode] | None
    streak: StreakNode | None
    pools: list[PoolNode] | None
    coupons: list[CouponNode] | None = strawberry.field(description="The newest that can be used, ten at most.")
    notices: list[NoticeNode] | None


def show_home(read: HomeRead, locale: str) -> HomeNode:
    """A first screen, for its member."""
    member = None
    if read.tier is not None and read.wallets is not None:
        member = show_member(read.member)
        member.known_wallet = show_wallet(read.wallets, read.today)
        member.known_tier = show_tier(read.tier, locale)
    board = show_board(read.board, locale) if read.board else None
    return HomeNode(
        version=read.version,
        unchanged=False,
        member=member,
        board=board,
        orders=board.orders if board else None,
        streak=show_streak(read.streak, read.member.id) if read.streak else None,
        pools=None if read.pools is None else [show_pool(each, locale) for each in read.pools],
        coupons=None if read.coupons is None else [show_coupon(each, locale) for each in read.coupons],
        notices=None if read.notices is None else [show_notice(each, locale) for each in read.notices],
    )


def show_notice(notice: rules.Notice, locale: str) -> NoticeNode:
    """A notice in a language; what operators wrote stays as it is."""
    english, chinese = _SAID.get(notice.kind, (notice.message, notice.message))
    said = chinese if locale == "zh-TW" else english
    return NoticeNode(
        kind=notice.kind,
        subject=notice.subject,
        message=notice.message or said.format(amount=notice.amount),
        amount=notice.amount,
        at=notice.at,
        day=notice.day,
    )


@strawberry.type
class HomeQuery:
    @strawberry.field(description="Everything that the first screen shows; give the version that you have.")
    async def home(self, info: Info, if_version: str | None = strawberry.UNSET) -> HomeNode:
        context: Context = info.context
        if isinstance(if_version, str) and await _still_shows(context, if_version):
            return HomeNode(
                version=if_version, unchanged=True, member=None, board=None, orders=None, streak=None, pools=None,
                coupons=None, notices=None,
            )  # fmt: skip
        home: Home = context.services.once(Home, Home)
        async with context.database.read() as connection:
            read = await home.read(connection, context.member.member_id, context.now, context.locale)
        return show_home(read, context.locale)


class _Marks:
    """The marks that this process is asked for at the same time, read in one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.asking: Gatherer[UUID, rules.Marks] = Gatherer(self._read)

    async def _read(self, member_ids: Sequence[UUID]) -> list[rules.Marks]:
        async with self._database.read() as connection:
            return await load_marks(connection, member_ids)


async def _still_shows(context: Context, version: str) -> bool:
    """Whether the screen of a version is what would be shown now."""
    until = rules.valid_until(version)
    if until is None or context.now >= until:
        return False
    member_id = context.member.member_id
    asking: _Marks = context.services.once(_Marks, lambda: _Marks(context.database))
    marks = await asking.asking.ask(member_id)
    return rules.is_version_at(version, member_id, context.locale, marks, context.now)
