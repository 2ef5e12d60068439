"""The first screen in one round trip."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import field
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
from loyalty.refusals import Refused

strawberry.enum(NoticeKind, description="What a notice is about. Open: show the message of one that you do not know.")

# Who wants a screen, in which language, and when.
_Asked = tuple[UUID, str, datetime]
# Some 20 KiB each.
_SCREENS_MOST = 500
# Read at a time: more would keep those waiting who come meanwhile.
_READ_MOST = 32
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
    kept: strawberry.Private[dict[object, object]] = field(default_factory=dict)


def show_home(read: HomeRead, locale: str) -> HomeNode:
    """A first screen, for its member."""
    member = None
    if read.tier is not None and read.wallets is not None:
        member = show_member(read.member)
        member.known_wallet = show_wallet(read.wallets, read.today)
        member.known_tier = show_tier(read.tier, locale)
    board = show_board(read.board, locale, read.appointment, read.orders) if read.board else None
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
        screens: Screens = context.services.once(
            Screens, lambda: Screens(context.services.screens, context.services.once(Home, Home))
        )
        version = if_version if isinstance(if_version, str) else None
        if version is not None and await screens.still_shows(context, version):
            return HomeNode(
                version=version, unchanged=True, member=None, board=None, orders=None, streak=None, pools=None,
                coupons=None, notices=None,
            )  # fmt: skip
        known = screens.last(context)
        if known is not None and known.version != version and await screens.still_shows(context, known.version):
            return known
        return await screens.read(context)


class Screens:
    """The first screens of this process: the last ones shown, and whether they still are what is shown.

    Whether one is, the rows say (`load_marks`), asked for all who want to know at the same time in one statement: what
    is remembered saves work and is never trusted.
    """

    def __init__(self, database: Database, home: Home) -> None:
        self._database = database
        self._home = home
        # Two calls each, so that this process works on the rows of one while the database works on the other.
        self._marks: Gatherer[UUID, rules.Marks] = Gatherer(self._load, lanes=2)
        self._rows: Gatherer[_Asked, HomeRead | Refused] = Gatherer(self._read, most=_READ_MOST, lanes=2)
        self._shown: OrderedDict[tuple[UUID, str], HomeNode] = OrderedDict()

    async def read(self, context: Context) -> HomeNode:
        """The screen from its rows."""
        member_id = context.member.member_id
        read = await self._rows.ask((member_id, context.locale, context.now))
        if isinstance(read, Refused):
            raise read
        node = self._shown[member_id, context.locale] = show_home(read, context.locale)
        self._shown.move_to_end((member_id, context.locale))
        while len(self._shown) > _SCREENS_MOST:
            self._shown.popitem(last=False)
        return node

    def last(self, context: Context) -> HomeNode | None:
        """The screen that the caller was shown last here; whether it still holds is another question."""
        return self._shown.get((context.member.member_id, context.locale))

    async def still_shows(self, context: Context, version: str) -> bool:
        """Whether the screen of a version is what would be shown now."""
        until = rules.valid_until(version)
        if until is None or context.now >= until:
            return False
        member_id = context.member.member_id
        marks = await self._marks.ask(member_id)
        return rules.is_version_at(version, member_id, context.locale, marks, context.now)

    async def _read(self, asked: Sequence[_Asked]) -> list[HomeRead | Refused]:
        """At the latest instant of those who ask, so that none is judged by what was in force before it."""
        screens = [(member_id, locale) for member_id, locale, _ in asked]
        async with self._database.read() as connection:
            return await self._home.read_many(connection, screens, max(now for _, _, now in asked))

    async def _load(self, member_ids: Sequence[UUID]) -> list[rules.Marks]:
        async with self._database.read() as connection:
            return await load_marks(connection, member_ids)
