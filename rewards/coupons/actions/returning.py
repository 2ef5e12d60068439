"""Goods come back: what they earned is revoked, points that paid for them go back, coupons reopen or are void."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note, open_ledger
from loyalty.ledger.rules import LIMIT, Currency
from loyalty.members import actions as members
from loyalty.receipts.actions import GivenBack, Returning, Returns, find_receipts, open_returns
from loyalty.receipts.rules import ReturnLine, check_number, is_number
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.requests.actions import Requests, open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import moment_of, open_sheets
from loyalty.sheets.rules import Season
from loyalty.tiers.actions import LADDER, Tiers, open_tiers
from loyalty.timeline.actions import Timeline
from loyalty.work import Work
from rewards.coupons import facts
from rewards.coupons.actions.book import CouponBook, OfferVersion, load_terms
from rewards.coupons.rules import coupons as lives
from rewards.coupons.rules.coupons import CouponState
from rewards.coupons.rules.holds import Hold
from rewards.coupons.rules.offers import Offer
from rewards.coupons.store import holds as store
from rewards.refusals import RewardsCode, RewardsRefused


@dataclass(frozen=True, slots=True)
class ReturnGoods:
    """Lines of a receipt that come back to `store_id`; bought at `receipt_store_id`.

    `refund_points` is what the till gives back in points of those that the basket was paid with.
    """

    request: RequestKey
    store_id: UUID
    receipt_store_id: UUID
    receipt_no: str
    return_no: str
    lines: tuple[ReturnLine, ...]
    refund_points: int
    now: datetime

    @property
    def returning(self) -> Returning:
        """What `loyalty/receipts` makes of it."""
        receipt = (self.receipt_store_id, self.receipt_no)
        return Returning(self.store_id, self.return_no, receipt, self.lines, self.request.id, self.now)


@dataclass(frozen=True, slots=True)
class GoodsReturned:
    """What was taken back and given back, the tier after it, and whether the whole receipt has now come back."""

    member_id: UUID
    return_id: UUID
    receipt_id: UUID
    points: int
    stamps: int
    refunded_points: int
    coupons_reopened: int
    coupons_voided: int
    tier: str
    everything: bool


Effect = tuple[int, int, int]


@dataclass(slots=True)
class _Desk:
    """Everything that one batch of returns has open. `left` is how many points of a hold may still go back."""

    season: Season
    requests: Requests
    ledger: Ledger
    tiers: Tiers
    returns: Returns
    book: CouponBook
    terms: Mapping[OfferVersion, Offer]
    left: dict[UUID, int]
    effects: dict[UUID, Effect]
    timeline: Timeline = field(default_factory=Timeline)
    new_effects: list[tuple[UUID, UUID, int, int, int]] = field(default_factory=list)

    def hold(self, command: ReturnGoods) -> Hold | None:
        """The hold that the receipt settled."""
        hold_id = self.book.settled.get((command.receipt_store_id, command.receipt_no))
        return self.book.holds[hold_id] if hold_id else None


async def return_goods(work: Work, commands: Sequence[ReturnGoods]) -> list[GoodsReturned | Refused]:
    """Revokes what the returned lines had earned, gives `refund_points` back to the lots that they came from, and, once
    the whole receipt has come back, reopens or voids the coupons redeemed on it, as their offers say.

    The same return again gives the first result. Takes the members' locks. Refuses RECEIPT_NOT_FOUND, RETURN_EXCEEDS,
    RETURN_MISMATCH, TENDER_RETURN_EXCEEDS (`most`), INVALID_INPUT, AMOUNT_OUT_OF_RANGE, REQUEST_ID_REUSED.
    """
    keys = [(each.receipt_store_id, each.receipt_no) for each in commands if is_number(each.receipt_no)]
    owners = await find_receipts(work.connection, keys)
    desk = await _open(work, commands, {member_id for member_id, _ in owners.values()})
    answers = desk.requests.answer(
        commands,
        GoodsReturned,
        "recordReturn",
        lambda command: _take_back(work, desk, command),
        lambda command: owners.get((command.receipt_store_id, command.receipt_no), (None, None))[0],
    )
    await desk.returns.save(work)
    await desk.tiers.save(work)
    await desk.book.save(work)
    await desk.ledger.save(work)
    if desk.new_effects:
        await store.insert_effects(work, desk.new_effects)
    await desk.timeline.save(work)
    await desk.requests.save(work)
    return answers


async def _open(work: Work, commands: Sequence[ReturnGoods], owners: set[UUID]) -> _Desk:
    connection = work.connection
    ids = sorted(await members.lock(work, owners))
    requests = await open_requests(work, [command.request for command in commands])
    sheets = await open_sheets(connection, moment_of(commands))
    season = await sheets.season(connection)
    ladder = await sheets.get(connection, *LADDER)
    assert ladder is not None, "no ladder sheet: run `main.py season seed` first"
    days = {season.day(command.now) for command in commands}
    tiers = await open_tiers(work, ladder, season, [(member_id, day) for member_id in ids for day in sorted(days)])
    await tiers.load_spend(work, ids)
    keys = [(each.receipt_store_id, each.receipt_no) for each in commands if is_number(each.receipt_no)]
    numbers = {(each.store_id, each.return_no) for each in commands if is_number(each.return_no)}
    returns = await open_returns(work, season, sorted(set(keys)), sorted(numbers))
    book, ledger = CouponBook(), await open_ledger(work, ids)
    await book.load(connection, receipts=keys)
    known = [each for command in commands if (each := _known(returns, command)) is not None]
    return _Desk(
        season, requests, ledger, tiers, returns, book,
        await load_terms(connection, [(each.offer_id, each.version) for each in book.coupons.values()]),
        await _load_left(work, ledger, book),
        await store.load_effects(connection, [(each.member_id, each.return_id) for each in known]) if known else {},
    )  # fmt: skip


async def _load_left(work: Work, ledger: Ledger, book: CouponBook) -> dict[UUID, int]:
    taken = {hold.tender_id: hold for hold in book.holds.values() if hold.tender_id is not None}
    if not taken:
        return {}
    found = await ledger.load_transfers(work, sorted((hold.member_id, key) for key, hold in taken.items()))
    return {taken[key].id: -transfer.amount - transfer.reversed for key, transfer in found.items()}


def _known(returns: Returns, command: ReturnGoods) -> GivenBack | None:
    try:
        return returns.known(command.returning)
    except Refused:
        return None


def _take_back(work: Work, desk: _Desk, command: ReturnGoods) -> GoodsReturned:
    check_number("receiptNo", command.receipt_no)
    check_number("returnNo", command.return_no)
    if not 0 <= command.refund_points <= LIMIT:
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="refundPoints", rule=f"0 to {LIMIT}")
    known = desk.returns.known(command.returning)
    if known is not None:
        effect = desk.effects.get(known.return_id, (0, 0, 0))
        if effect[0] != command.refund_points:
            raise LoyaltyRefused(LoyaltyCode.RETURN_MISMATCH, return_no=command.return_no)
        return _result(known, effect)
    desk.returns.check(command.returning)
    member_id, _ = desk.returns.receipt((command.receipt_store_id, command.receipt_no))
    hold = desk.hold(command)
    # A hold may be settled with the number of a receipt that turned out to be another member's.
    mine = hold if hold is not None and hold.member_id == member_id else None
    most = desk.left.get(mine.id, 0) if mine else 0
    if command.refund_points > most:
        raise RewardsRefused(RewardsCode.TENDER_RETURN_EXCEEDS, most=most)
    desk.ledger.check_room(member_id, Currency.POINTS, command.refund_points)
    given = desk.returns.give_back(work, desk.ledger, desk.tiers, desk.timeline, command.returning)
    effect = (command.refund_points, 0, 0)
    if mine and command.refund_points:
        _refund(work, desk, mine, given.return_id, command)
    if mine and given.everything:
        effect = (command.refund_points, *_give_coupons_back(work, desk, mine, command))
    desk.effects[given.return_id] = effect
    desk.new_effects.append((member_id, given.return_id, *effect))
    return _result(given, effect)


def _refund(work: Work, desk: _Desk, hold: Hold, return_id: UUID, command: ReturnGoods) -> None:
    assert hold.tender_id is not None, "points can go back where points were taken"
    note = Note(ledgers.SINK_TENDER, "tender-returned", return_id, command.now)
    today, grace = desk.season.day(command.now), desk.season.reversal_grace_days
    desk.ledger.restore(work, hold.tender_id, command.refund_points, today, note, grace_days=grace)
    desk.left[hold.id] -= command.refund_points
    told: dict[str, Any] = {"return": str(return_id), "hold": str(hold.id), "points": command.refund_points}
    desk.timeline.record(work, hold.member_id, facts.TENDER_RETURNED, command.now, told, command.request.id)


def _give_coupons_back(work: Work, desk: _Desk, hold: Hold, command: ReturnGoods) -> tuple[int, int]:
    reopened = voided = 0
    for coupon in desk.book.coupons_of(hold):
        if coupon.state is not CouponState.REDEEMED or coupon.hold_id != hold.id:
            continue
        offer = desk.terms[coupon.offer_id, coupon.version]
        after = lives.give_back(coupon, offer.on_return, command.now)
        desk.book.put_coupon(after)
        back = after.state is CouponState.ISSUED
        reopened, voided = reopened + back, voided + (not back)
        kind = facts.COUPON_REOPENED if back else facts.COUPON_VOIDED
        told: dict[str, Any] = {"coupon": str(coupon.id), "hold": str(hold.id), "state": after.state.value}
        desk.timeline.record(work, hold.member_id, kind, command.now, told, command.request.id)
    return reopened, voided


def _result(given: GivenBack, effect: Effect) -> GoodsReturned:
    return GoodsReturned(
        given.member_id, given.return_id, given.receipt_id, given.points, given.stamps, *effect, given.tier,
        given.everything,
    )  # fmt: skip
