"""A till holds a basket, or asks what holding it would give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Note, read_wallets
from loyalty.ledger.rules import Currency, Wallet
from loyalty.members import actions as members
from loyalty.members.rules import IdentityKind, Member, is_card_number, refuse_unfit
from loyalty.receipts.actions import Store, load_stores
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import Sheets, open_sheets
from loyalty.sheets.rules import Season
from loyalty.work import Work
from rewards.coupons import facts
from rewards.coupons.actions.book import CouponBook, OfferVersion, load_terms
from rewards.coupons.actions.issuing import pause_targets
from rewards.coupons.actions.till import TillBooks, note_failure, open_till
from rewards.coupons.rules import baskets, codes
from rewards.coupons.rules import coupons as lives
from rewards.coupons.rules import holds as rules
from rewards.coupons.rules.baskets import Basket, Candidate, Discounts, Place
from rewards.coupons.rules.coupons import Coupon, CouponState
from rewards.coupons.rules.holds import BasketHeld, Hold, HoldState
from rewards.coupons.rules.offers import Offer, start_of
from rewards.coupons.store import coupons as coupon_store
from rewards.coupons.store import holds as store
from rewards.refusals import RewardsCode, RewardsRefused


@dataclass(frozen=True, slots=True)
class BasketQuery:
    """A basket at a store: whose card, the codes as scanned (`CODE.TOKEN`), and points to pay with."""

    store_id: UUID
    card_no: str | None
    codes: tuple[str, ...]
    pay_points: int
    basket: Basket
    now: datetime


@dataclass(frozen=True, slots=True)
class HoldBasket:
    """A till asks to hold what the query says."""

    request: RequestKey
    query: BasketQuery

    @property
    def now(self) -> datetime:
        return self.query.now


@dataclass(frozen=True, slots=True)
class BasketChecked:
    """What holding the basket would give now; nothing is held. Money in minor units."""

    currency: str
    basket_minor: int
    discount_minor: int
    points_held: int
    tender_minor: int
    due_minor: int
    lines: tuple[baskets.LineDiscount, ...]
    applied: tuple[baskets.AppliedCoupon, ...]
    not_applied: tuple[baskets.NotApplied, ...]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A code as a till scanned it; `coupon` is (member, coupon) where the directory knows it."""

    code: str | None
    token: str | None
    coupon: tuple[UUID, UUID] | None


@dataclass(slots=True)
class _Directories:
    """What resolves queries to members: codes, cards and stores."""

    shown: list[list[_Shown]]
    cards: dict[str, UUID]
    stores: dict[UUID, Store]

    def owner(self, index: int, query: BasketQuery) -> UUID | None:
        """The card's member, or else that of the first code that is known."""
        if query.card_no is not None:
            return self.cards.get(query.card_no)
        return next((each.coupon[0] for each in self.shown[index] if each.coupon), None)

    def coupons(self) -> set[tuple[UUID, UUID]]:
        return {each.coupon for shown in self.shown for each in shown if each.coupon}


@dataclass(frozen=True, slots=True)
class _Weighed:
    """What a query would do."""

    discounts: Discounts
    tender_minor: int


@dataclass(slots=True)
class _Scales:
    """What weighing needs; the same for a hold and for a dry run."""

    sheets: Sheets
    season: Season
    book: CouponBook
    terms: dict[OfferVersion, Offer]
    moment: datetime


async def hold_baskets(work: Work, commands: Sequence[HoldBasket]) -> list[BasketHeld | Refused]:
    """Reserves coupons and holds points for baskets, for the season's `hold_seconds` by the database's clock.

    The same basket again (store, member, codes, points, lines) is the same hold, whatever the request id. Codes that
    do not apply are named with the reason; where none applies and no points are paid, the first reason is refused. A
    code that cannot be used by this member now is refused, whatever the others are. A refusal is recorded as an event
    of the member. Takes the members' locks. Refuses MEMBER_*, COUPON_*, BASKET_*, TENDER_*, NOTHING_TO_HOLD,
    CARD_NEEDED, NOT_ENOUGH, PAUSED, INVALID_INPUT, AMOUNT_OUT_OF_RANGE, REQUEST_ID_REUSED.
    """
    queries = [command.query for command in commands]
    found = await _resolve(work.connection, queries)
    owners = [found.owner(index, query) for index, query in enumerate(queries)]
    # One request may stand twice in a batch; then it asks the same.
    index_of = {id(command): index for index, command in enumerate(commands)}
    books = await open_till(
        work,
        [owner for owner in owners if owner],
        [command.request for command in commands],
        coupons=[key for key in found.coupons() if key[0] in set(owners)],
    )
    scales = await _weigh_with(work.connection, books.sheets, books.season, books.book, books.moment)

    def decide(command: HoldBasket) -> BasketHeld:
        index = index_of[id(command)]
        try:
            return _hold(work, books, scales, command, found, index)
        except Refused as refused:
            owner = owners[index]
            note_failure(work, books, owner, command.query.store_id, refused, command.now, command.request.id)
            raise

    answers = books.requests.answer(
        commands, BasketHeld, "holdBasket", decide, lambda command: owners[index_of[id(command)]]
    )
    await books.save(work)
    return answers


async def check_basket(connection: Any, query: BasketQuery) -> BasketChecked:
    """The dry run of a hold: what it would give now, or the refusal that it would meet. Locks and changes nothing."""
    found = await _resolve(connection, [query])
    owner = found.owner(0, query)
    known = await members.load_members(connection, [owner] if owner else [])
    book = CouponBook()
    moment = await store.load_clock(connection)
    sheets = await open_sheets(connection, moment)
    mine = [key for key in found.coupons() if key[0] == owner]
    await book.load(connection, members=list(known), coupons=mine, moment=moment)
    season = await sheets.season(connection)
    scales = await _weigh_with(connection, sheets, season, book, moment)
    member = _check_query(query, found.shown[0], owner, known)
    back = _lapse_unsaved(book, member.id, moment)
    wallet = (await read_wallets(connection, [member.id])).get((member.id, Currency.POINTS)) or Wallet()
    weighed = _weigh(scales, query, found.shown[0], found.stores[query.store_id], member)
    _check_points(query.pay_points, wallet.spendable(season.day(query.now)) + back)
    return BasketChecked(*_sums(query, weighed), *_parts(weighed))


async def _resolve(connection: Any, queries: Sequence[BasketQuery]) -> _Directories:
    presented = [
        [codes.split_presented(text) for text in query.codes[: baskets.MOST_CODES + 1]] for query in queries
    ]  # fmt: skip
    wanted = sorted({code for each in presented for code, _ in each if code})
    known = await coupon_store.find_codes(connection, wanted) if wanted else {}
    numbers = [query.card_no for query in queries if query.card_no is not None and is_card_number(query.card_no)]
    cards = await members.find_members(connection, IdentityKind.CARD, numbers) if numbers else {}
    shown = [[_Shown(code, token, known.get(code or "")) for code, token in each] for each in presented]
    return _Directories(shown, cards, await load_stores(connection, [query.store_id for query in queries]))


async def _weigh_with(
    connection: Any, sheets: Sheets, season: Season, book: CouponBook, moment: datetime
) -> _Scales:  # fmt: skip
    terms = await load_terms(connection, [(each.offer_id, each.version) for each in book.coupons.values()])
    return _Scales(sheets, season, book, terms, moment)


def _check_query(
    query: BasketQuery, shown: Sequence[_Shown], owner: UUID | None, known: dict[UUID, Member]
) -> Member:  # fmt: skip
    baskets.check_basket(query.basket, query.codes, query.pay_points)
    if query.card_no is None:
        if query.pay_points:
            raise RewardsRefused(RewardsCode.CARD_NEEDED)
        if not query.codes:
            raise RewardsRefused(RewardsCode.NOTHING_TO_HOLD)
    if any(each.coupon is None for each in shown):
        raise RewardsRefused(RewardsCode.COUPON_NOT_FOUND)
    return refuse_unfit(known.get(owner) if owner else None)


def _hold(
    work: Work, books: TillBooks, scales: _Scales, command: HoldBasket, found: _Directories, index: int
) -> BasketHeld:
    query, shown = command.query, found.shown[index]
    member = _check_query(query, shown, found.owner(index, query), books.members)
    content = baskets.fingerprint(query.basket, [each.code or "" for each in shown], query.pay_points)
    for hold in books.book.open_holds(member.id):
        if hold.fingerprint == content and hold.store_id == query.store_id:
            return hold.answer
    weighed = _weigh(scales, query, shown, found.stores[query.store_id], member)
    _check_points(
        query.pay_points, books.ledger.spendable(member.id, Currency.POINTS, books.season.day(query.now))
    )  # fmt: skip
    hold_id, transfer_id = work.mint(query.now), None
    if query.pay_points:
        note = Note(ledgers.CLEARING_HOLD, "hold", hold_id, query.now)
        today = books.season.day(query.now)
        transfer_id = books.ledger.spend(work, member.id, Currency.POINTS, query.pay_points, today, note).id
    until = books.moment + timedelta(seconds=books.season.hold_seconds)
    answer = BasketHeld(hold_id, until, *_sums(query, weighed), *_parts(weighed))
    for applied in weighed.discounts.applied:
        coupon = books.book.coupons[applied.coupon_id]
        books.book.put_coupon(lives.reserve(coupon, hold_id, until, query.now))
    books.book.add_hold(
        Hold(
            member.id, hold_id, query.store_id, HoldState.OPEN, content, answer, query.pay_points, transfer_id,
            None, None, None, books.moment, until, None, books.moment,
        )
    )  # fmt: skip
    books.timeline.record(
        work, member.id, facts.BASKET_HELD, query.now,
        {
            "hold": str(hold_id), "store": str(query.store_id), "points": query.pay_points,
            "discount_minor": answer.discount_minor, "coupons": [str(each.coupon_id) for each in answer.applied],
        },
        command.request.id,
    )  # fmt: skip
    return answer


def _weigh(scales: _Scales, query: BasketQuery, shown: Sequence[_Shown], at: Store, member: Member) -> _Weighed:
    candidates: dict[UUID, Candidate] = {}
    for each in shown:
        assert each.coupon is not None and each.code is not None, "unknown codes were refused"
        owner, coupon_id = each.coupon
        if owner != member.id:
            raise RewardsRefused(RewardsCode.COUPON_OTHER_MEMBER)
        coupon = scales.book.coupons[coupon_id]
        offer = scales.terms[coupon.offer_id, coupon.version]
        _check_coupon(scales, query, coupon, offer, each.token)
        candidates[coupon_id] = Candidate(coupon_id, each.code, offer)
    found = baskets.discount(query.basket, list(candidates.values()), Place(at.code, at.channel))
    if not found.applied and not query.pay_points:
        reason = found.not_applied[0].reason if found.not_applied else RewardsCode.NOTHING_TO_HOLD
        raise RewardsRefused(reason)
    left = query.basket.total_minor - found.total_minor
    season = scales.season
    tender = baskets.tender_minor(
        query.pay_points, season.tender_points_per_major, query.basket.currency, season.currency, left
    )
    return _Weighed(found, tender)


def _check_coupon(scales: _Scales, query: BasketQuery, coupon: Coupon, offer: Offer, token: str | None) -> None:
    lives.check_presented(coupon, offer, token, query.now)
    begins_at = start_of(offer.valid_from, scales.season.zone) if offer.valid_from else None
    hold = scales.book.holds.get(coupon.hold_id) if coupon.hold_id else None
    lives.check_usable(coupon, query.now, begins_at, hold.expires_at if hold else None)
    scales.sheets.refuse_paused(*pause_targets(coupon.offer_id, offer.slug))


def _check_points(wanted: int, available: int) -> None:
    if wanted > available:
        raise LoyaltyRefused(
            LoyaltyCode.NOT_ENOUGH, currency=Currency.POINTS, available=available, needed=wanted
        )  # fmt: skip


def _lapse_unsaved(book: CouponBook, member_id: UUID, moment: datetime) -> int:
    """What a hold would find once holds past their time limit have let go; returns the points that come back."""
    back = 0
    for hold in [each for each in book.open_holds(member_id) if rules.has_lapsed(each, moment)]:
        back += hold.points
        book.put_hold(rules.let_go(hold, HoldState.LAPSED, moment))
        for coupon in book.coupons_of(hold):
            if coupon.state is CouponState.RESERVED and coupon.hold_id == hold.id:
                book.put_coupon(lives.let_go(coupon, moment, released=False))
    return back


def _sums(query: BasketQuery, weighed: _Weighed) -> tuple[str, int, int, int, int, int]:
    total, off = query.basket.total_minor, weighed.discounts.total_minor
    due = total - off - weighed.tender_minor
    return query.basket.currency, total, off, query.pay_points, weighed.tender_minor, due


def _parts(
    weighed: _Weighed,
) -> tuple[tuple[baskets.LineDiscount, ...], tuple[baskets.AppliedCoupon, ...], tuple[baskets.NotApplied, ...]]:
    return weighed.discounts.lines, weighed.discounts.applied, weighed.discounts.not_applied
