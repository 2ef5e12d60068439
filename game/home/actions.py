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
from game.home.store import Foresight, Plan, Reader
from game.orders import actions as orders
from game.orders.rules import Window
from loyalty.grants import actions as grants
from loyalty.ledger import actions as ledgers
from loyalty.ledger.rules import Currency, Wallet
from loyalty.members import actions as members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.sheets.actions import Sheets, open_sheets
from loyalty.tiers import actions as tiers
from loyalty.tiers.actions import TierView
from loyalty.tiers.rules import Standing
from rewards.coupons import actions as coupons
from rewards.coupons.actions import CouponView
from rewards.coupons.rules.coupons import CouponState
from rewards.gacha import actions as gacha
from rewards.gacha.actions import PoolView

COUPONS_SHOWN = 10
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
    appointment: Window | None
    streak: StreakView | None
    pools: list[PoolView] | None
    coupons: list[CouponView] | None
    notices: list[Notice] | None
    broken: tuple[str, ...]
    statements: int


class Home:
    """The first screens of one process: remembers what the last one asked the database for."""

    def __init__(self) -> None:
        self._plan: Plan = ()
        self._foresight: Foresight | None = None

    async def read(self, connection: Any, member_id: UUID, now: datetime, locale: str) -> HomeRead:
        """A member's first screen at `now`, in one statement once the process has shown one.

        `version` differs as soon as any section does, be it by a change, a sheet or the time; see `load_marks`.
        Refuses MEMBER_NOT_FOUND, MEMBER_SUSPENDED, MEMBER_ERASED.
        """
        reader = await self._foresee(connection, member_id)
        found = await members.load_members(reader, [member_id])
        member = refuse_unfit(found.get(member_id))
        sections = _Sections(reader, member, now)
        read = await sections.read(await open_sheets(reader, now), locale)
        if reader.surprised:
            self._plan = reader.plan(member_id)
        return read

    async def _foresee(self, connection: Any, member_id: UUID) -> Reader:
        try:
            if self._foresight is None or self._foresight.plan is not self._plan:
                self._foresight = await store.prepare(connection, self._plan)
            return Reader(connection, await self._foresight.ask(connection, member_id))
        except Exception:
            if connection.is_closed():
                raise
            _log.exception("the first screen is read section by section")
            return Reader(connection, {})


async def load_marks(connection: Any, member_ids: Sequence[UUID]) -> list[Marks]:
    """What tells whether a first screen is still the one of its version (`rules.is_version_at`), for each member.

    One small statement for all of them, and no section.
    """
    return await store.load_marks_of_many(connection, member_ids)


class _Sections:
    """Reads the sections of one screen one after the other, and notes which of them broke."""

    def __init__(self, reader: Reader, member: Member, now: datetime) -> None:
        self._reader = reader
        self._member = member
        self._now = now
        self._broken: list[str] = []

    async def read(self, sheets: Sheets, locale: str) -> HomeRead:
        reader, member, now = self._reader, self._member, self._now
        # Where the marks are not of the same statement they are read first: older than the screen, never newer.
        marks = await self._try("version", store.load_marks(reader, member.id))
        season = await sheets.season(reader)
        today = season.day(now)
        tier = await self._try("tier", self._tier(sheets))
        wallets = await self._try("wallet", self._wallets())
        board, appointment = await self._try("board", self._board(sheets)) or (None, None)
        streak = await self._try("streak", self._streak(sheets))
        pools = await self._try("pools", gacha.view_pools(reader, member.id, now, opened=sheets))
        shown = coupons.read_coupons(reader, member.id, now, first=COUPONS_SHOWN, state=CouponState.ISSUED)
        mine = await self._try("coupons", shown)
        notices = await self._try("notices", self._notices(sheets, tier, wallets, today))
        until = None
        if not self._broken and board is not None and streak is not None:
            instants = [rules.day_after(today, season.zone), board.changes_at, streak.changes_at]
            instants.append(orders.changes_at(board, appointment))
            instants += [each.refusal.retry_at for each in pools or () if each.refusal]
            instants += [each.coupon.expires_at for each in mine or () if each.shown is CouponState.ISSUED]
            until = min(each for each in instants if each is not None)
        version = rules.write_version(member.id, locale, marks or (), until)
        return HomeRead(
            version, member, today, tier, wallets, board, appointment, streak, pools, mine, notices,
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

    async def _board(self, sheets: Sheets) -> tuple[BoardRead, Window | None]:
        board = await boards.read_board(self._reader, self._member.id, self._now, sheets)
        return board, await orders.read_appointment(self._reader, sheets, self._member, board)

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
