"""`home`: the first screen in one round trip, section by section; one that breaks leaves the others standing."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from game.board import actions as boards
from game.board.actions import BoardRead
from game.checkin import actions as checkin
from game.checkin.rules.views import StreakView
from game.home import rules, store
from game.home.rules import Marks, Notice
from game.home.store import Answers, Foresight, Plan, Reader
from game.orders import actions as orders
from game.orders.rules import Order, Window
from loyalty.grants import actions as grants
from loyalty.ledger import actions as ledgers
from loyalty.ledger.rules import Currency, Wallet
from loyalty.members import actions as members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.refusals import Refused
from loyalty.sheets.actions import Sheets, open_sheets
from loyalty.tiers import actions as tiers
from loyalty.tiers.actions import TierView
from loyalty.tiers.rules import Standing
from rewards.coupons import actions as coupons
from rewards.coupons.actions import CouponView
from rewards.coupons.rules.coupons import CouponState
from rewards.gacha import actions as gacha
from rewards.gacha.actions import PoolsOpen, PoolView

COUPONS_SHOWN = 10
# A screen asks some twenty things.
_PLAN_MOST = 60
Section = TypeVar("Section")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HomeRead:
    """What the first screen shows; a section is None where it broke. `broken` names those."""

    version: str
    member: Member
    today: date
    tier: TierView | None
    wallets: Mapping[Currency, Wallet] | None
    board: BoardRead | None
    orders: tuple[Order, ...]
    appointment: Window | None
    streak: StreakView | None
    pools: list[PoolView] | None
    coupons: list[CouponView] | None
    notices: list[Notice] | None
    broken: tuple[str, ...]
    statements: int


class Home:
    """The first screens of one process: remembers what the last ones asked the database for."""

    def __init__(self) -> None:
        self._plan: Plan = ()
        self._foresight: Foresight | None = None

    async def read(self, connection: Any, member_id: UUID, now: datetime, locale: str) -> HomeRead:
        """A member's first screen at `now`, in one statement once the process has shown one.

        `version` differs as soon as any section does, be it by a change, a sheet or the time; see `load_marks`.
        Refuses MEMBER_NOT_FOUND, MEMBER_SUSPENDED, MEMBER_ERASED.
        """
        (found,) = await self.read_many(connection, [(member_id, locale)], now)
        if isinstance(found, Refused):
            raise found
        return found

    async def read_many(
        self, connection: Any, asked: Sequence[tuple[UUID, str]], now: datetime
    ) -> list[HomeRead | Refused]:
        """The same for some members, each in a language, together in one statement; a refusal fails nobody else."""
        found: list[HomeRead | Refused] = []
        while len(found) < len(asked):
            rest = asked[len(found) :]
            shared, answers = await self._foresee(connection, [member_id for member_id, _ in rest])
            everyone = _Everyone(now)
            for (member_id, locale), own in zip(rest, answers, strict=True):
                reader = Reader(connection, shared, own)
                found.append(await _read(reader, everyone, member_id, locale))
                if reader.missed and self._learn(reader.plan(member_id)):
                    # The others are asked for anew, since they may want to know the same.
                    break
        return found

    def _learn(self, missed: Plan) -> bool:
        """Foresees from now on what was missed; False where it was known and yet cannot be foreseen.

        Members are of several kinds, so all of it is foreseen for each. What is no longer asked, such as what was told
        of yesterday, is forgotten when there is too much: then everything is learnt once more.
        """
        new = [each for each in missed if each not in self._plan]
        if len(self._plan) + len(new) > _PLAN_MOST:
            self._plan = ()
        self._plan = (*self._plan, *new)
        return bool(new)

    async def _foresee(self, connection: Any, member_ids: Sequence[UUID]) -> tuple[Answers, list[Answers]]:
        try:
            if self._foresight is None or self._foresight.plan is not self._plan:
                self._foresight = await store.prepare(connection, self._plan)
            return await self._foresight.ask(connection, member_ids)
        except Exception:
            if connection.is_closed():
                raise
            _log.exception("the first screen is read section by section")
            return {}, [{} for _ in member_ids]


async def load_marks(connection: Any, member_ids: Sequence[UUID]) -> list[Marks]:
    """What tells whether a first screen is still the one of its version (`rules.is_version_at`), for each member.

    One small statement for all of them, and no section.
    """
    return await store.load_marks_of_many(connection, member_ids)


class _Everyone:
    """What the screens that are read together share: opened for the first of them."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._sheets: Sheets | None = None
        self._pools: PoolsOpen | None = None

    async def sheets(self, reader: Reader) -> Sheets:
        self._sheets = self._sheets or await open_sheets(reader, self.now)
        return self._sheets

    async def pools(self, reader: Reader) -> PoolsOpen:
        self._pools = self._pools or await gacha.open_pools_on_view(reader, await self.sheets(reader), self.now)
        return self._pools


async def _read(reader: Reader, everyone: _Everyone, member_id: UUID, locale: str) -> HomeRead | Refused:
    sheets = await everyone.sheets(reader)
    known = await members.load_members(reader, [member_id])
    try:
        member = refuse_unfit(known.get(member_id))
    except Refused as refused:
        return refused
    return await _Sections(reader, member, everyone).read(sheets, locale)


class _Sections:
    """Reads the sections of one screen one after the other, and notes which of them broke."""

    def __init__(self, reader: Reader, member: Member, everyone: _Everyone) -> None:
        self._reader = reader
        self._member = member
        self._everyone = everyone
        self._now = everyone.now
        self._broken: list[str] = []

    async def read(self, sheets: Sheets, locale: str) -> HomeRead:
        reader, member, now = self._reader, self._member, self._now
        # Where the marks are not of the same statement they are read first: older than the screen, never newer.
        marks = await self._try("version", store.load_marks(reader, member.id))
        season = await sheets.season(reader)
        today = season.day(now)
        tier = await self._try("tier", self._tier(sheets))
        wallets = await self._try("wallet", self._wallets())
        board, waiting, appointment = await self._try("board", self._board(sheets)) or (None, (), None)
        streak = await self._try("streak", self._streak(sheets))
        pools = await self._try("pools", self._pools())
        shown = coupons.read_coupons(reader, member.id, now, first=COUPONS_SHOWN, state=CouponState.ISSUED)
        mine = await self._try("coupons", shown)
        notices = await self._try("notices", self._notices(sheets, tier, wallets, today))
        until = None
        if not self._broken and board is not None and streak is not None:
            instants = [rules.day_after(today, season.zone), board.changes_at, streak.changes_at]
            instants.append(orders.changes_at(waiting, appointment))
            instants += [each.refusal.retry_at for each in pools or () if each.refusal]
            instants += [each.coupon.expires_at for each in mine or () if each.shown is CouponState.ISSUED]
            until = min(each for each in instants if each is not None)
        version = rules.write_version(member.id, locale, marks or (), until)
        return HomeRead(
            version, member, today, tier, wallets, board, waiting, appointment, streak, pools, mine, notices,
            tuple(self._broken), reader.statements,
        )  # fmt: skip

    async def _try(self, name: str, section: Awaitable[Section]) -> Section | None:
        try:
            return await section
        except Exception:
            if self._reader.connection.is_closed():
                raise
            self._broken.append(name)
            _log.exception("a section of the first screen broke", extra={"facts": {"section": name}})
            return None

    async def _tier(self, sheets: Sheets) -> TierView:
        season = await sheets.season(self._reader)
        ladder = await sheets.get(self._reader, *tiers.LADDER)
        assert ladder is not None, "no ladder sheet: run `main.py season seed` first"
        return await tiers.read_tier(self._reader, ladder, season, self._member.id, self._now)

    async def _wallets(self) -> Mapping[Currency, Wallet]:
        found = await ledgers.read_wallets(self._reader, [self._member.id])
        return {currency: wallet for (_, currency), wallet in found.items()}

    async def _board(self, sheets: Sheets) -> tuple[BoardRead, tuple[Order, ...], Window | None]:
        board = await boards.read_board(self._reader, self._member.id, self._now, sheets)
        waiting = orders.standing_orders(board)
        return board, waiting, await orders.read_appointment(self._reader, sheets, self._member, board, waiting)

    async def _pools(self) -> list[PoolView]:
        opened = await self._everyone.pools(self._reader)
        return await gacha.view_pools_for(self._reader, opened, self._member, self._now)

    async def _streak(self, sheets: Sheets) -> StreakView:
        return (await checkin.read_streaks(self._reader, [self._member.id], self._now, sheets))[self._member.id]

    async def _notices(
        self, sheets: Sheets, tier: TierView | None, wallets: Mapping[Currency, Wallet] | None, today: date
    ) -> list[Notice]:
        standing = None
        if tier is not None and tier.since is not None:
            standing = Standing(tier.tier.code, tier.since, tier.until, tier.notice_at)
        return [
            *rules.paused(sheets.pauses.values()),
            *rules.about_account(self._member),
            *rules.about_tier(standing),
            *rules.about_points(wallets or {}, today),
            *rules.about_gifts(await grants.count_waiting(self._reader, self._member.id)),
        ]
