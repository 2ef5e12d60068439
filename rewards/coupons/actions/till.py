"""What every mutation of a till has open: stores, holds and coupons of locked members, and their wallets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note, open_ledger
from loyalty.members import actions as members
from loyalty.members.rules import Member
from loyalty.refusals import LoyaltyCode, Refused
from loyalty.requests.actions import Requests, open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import Sheets, open_sheets
from loyalty.sheets.rules import Season
from loyalty.timeline.actions import Timeline
from loyalty.work import Work
from rewards.coupons import facts
from rewards.coupons.actions.book import CouponBook
from rewards.coupons.rules import coupons as lives
from rewards.coupons.rules import holds as rules
from rewards.coupons.rules.coupons import CouponState
from rewards.coupons.rules.holds import Hold, HoldState
from rewards.coupons.store import holds as store

# What a till got wrong in asking says nothing about the member.
_NO_FAILURE = {LoyaltyCode.INVALID_INPUT, LoyaltyCode.AMOUNT_OUT_OF_RANGE, LoyaltyCode.REQUEST_ID_REUSED}


@dataclass(slots=True)
class TillBooks:
    """The open books of one batch of a till's mutations. `moment` is the database's clock after the locks."""

    members: dict[UUID, Member]
    sheets: Sheets
    season: Season
    book: CouponBook
    requests: Requests
    ledger: Ledger
    moment: datetime
    timeline: Timeline = field(default_factory=Timeline)

    async def save(self, work: Work) -> None:
        await self.book.save(work)
        await self.ledger.save(work)
        await self.timeline.save(work)
        await self.requests.save(work)


async def open_till(
    work: Work,
    member_ids: Iterable[UUID],
    keys: Sequence[RequestKey],
    *,
    holds: Collection[tuple[UUID, UUID]] = (),
    coupons: Iterable[tuple[UUID, UUID]] = (),
    receipts: Iterable[tuple[UUID, str]] = (),
    every_hold: bool = True,
) -> TillBooks:
    """Locks the members and opens what a till's mutation may touch.

    With `every_hold` all open holds of the members are there, and those past their time limit let go first.
    """
    locked = await members.lock(work, member_ids)
    ids = sorted(locked)
    moment = await store.load_clock(work.connection)
    opened = await open_sheets(work.connection, moment)
    books = TillBooks(
        members=locked,
        sheets=opened,
        season=await opened.season(work.connection),
        book=CouponBook(),
        requests=await open_requests(work, keys),
        ledger=await open_ledger(work, ids),
        moment=moment,
    )
    await books.book.load(
        work.connection,
        members=ids if every_hold else (),
        holds=holds,
        coupons=coupons,
        receipts=receipts,
        moment=books.moment,
    )
    named = {hold_id for _, hold_id in holds}
    ending = [hold for hold in books.book.holds.values() if hold.id in named or rules.has_lapsed(hold, books.moment)]
    await load_held(work, books.ledger, ending)
    for member_id in ids if every_hold else ():
        lapse_due(work, books, member_id)
    return books


async def load_held(work: Work, ledger: Ledger, holds: Iterable[Hold]) -> None:
    """Loads the transfers of these holds, so that points can be given back or taken."""
    named = [
        (hold.member_id, transfer_id)
        for hold in holds
        for transfer_id in (hold.transfer_id, hold.tender_id)
        if transfer_id is not None
    ]
    if named:
        await ledger.load_transfers(work, sorted(named))


def lapse_due(work: Work, books: TillBooks, member_id: UUID) -> int:
    """Lets go every hold of the member whose time limit is over; returns how many."""
    due = [hold for hold in books.book.open_holds(member_id) if rules.has_lapsed(hold, books.moment)]
    for hold in due:
        let_go(work, books, hold, HoldState.LAPSED, books.moment, None)
    return len(due)


def let_go(
    work: Work, books: TillBooks, hold: Hold, state: HoldState, now: datetime, request_id: UUID | None
) -> int:  # fmt: skip
    """Gives the points and the coupons of a hold back; returns how many points."""
    released = state is HoldState.RELEASED
    given = 0
    if hold.state is HoldState.OPEN and hold.transfer_id is not None:
        note = Note(ledgers.CLEARING_HOLD, "hold-released" if released else "hold-lapsed", hold.id, now)
        grace = books.season.reversal_grace_days
        books.ledger.restore(
            work, hold.transfer_id, hold.points, books.season.day(now), note, grace_days=grace
        )  # fmt: skip
        given = hold.points
    for coupon in books.book.coupons_of(hold):
        if coupon.hold_id == hold.id and coupon.state is CouponState.RESERVED:
            books.book.put_coupon(lives.let_go(coupon, now, released=released))
        elif coupon.hold_id == hold.id and coupon.state is CouponState.ISSUED and released:
            books.book.put_coupon(lives.forget_hold(coupon, now))
    books.book.put_hold(rules.let_go(hold, state, now))
    books.timeline.record(
        work, hold.member_id, facts.HOLD_RELEASED, now,
        {"hold": str(hold.id), "store": str(hold.store_id), "points": given, "lapsed": not released}, request_id,
    )  # fmt: skip
    return given


def note_failure(
    work: Work, books: TillBooks, member_id: UUID | None, store_id: UUID, refused: Refused, now: datetime,
    request_id: UUID,
) -> None:  # fmt: skip
    """Records in the same transaction that a redemption was refused, where the member is known.

    A refused command changes nothing else, so the failure is all that it leaves.
    """
    if member_id in books.members and refused.code not in _NO_FAILURE:
        assert member_id is not None, "None is no member"
        told: dict[str, Any] = {"code": str(refused.code), "store": str(store_id)}
        books.timeline.record(work, member_id, facts.REDEMPTION_FAILED, now, told, request_id)
