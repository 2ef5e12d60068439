"""A hold ends: settled with its receipt, or released."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Note
from loyalty.ledger.rules import Currency
from loyalty.receipts.actions import ReceiptView, load_receipts
from loyalty.receipts.rules import check_number, is_number
from loyalty.refusals import Refused
from loyalty.requests.rules import RequestKey
from loyalty.work import Work
from rewards.coupons import facts
from rewards.coupons.actions.till import TillBooks, let_go, note_failure, open_till
from rewards.coupons.rules import coupons as lives
from rewards.coupons.rules import holds as rules
from rewards.coupons.rules.holds import Hold, HoldState, Paper, ReceiptState
from rewards.coupons.store import holds as store
from rewards.refusals import RewardsCode, RewardsRefused

ReceiptKey = tuple[UUID, str]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class SettleBasket:
    """A till took the money: the hold becomes final under the receipt's number."""

    request: RequestKey
    store_id: UUID
    hold_id: UUID
    receipt_no: str
    now: datetime


@dataclass(frozen=True, slots=True)
class BasketSettled:
    """What was redeemed. Money in minor units."""

    hold_id: UUID
    member_id: UUID
    receipt_no: str
    coupon_ids: tuple[UUID, ...]
    discount_minor: int
    points_paid: int
    tender_minor: int


@dataclass(frozen=True, slots=True)
class ReleaseBasket:
    """A till lets a hold go."""

    request: RequestKey
    store_id: UUID
    hold_id: UUID
    now: datetime


@dataclass(frozen=True, slots=True)
class BasketReleased:
    """What went back: all the coupons of the hold, and the points."""

    hold_id: UUID
    member_id: UUID
    coupon_ids: tuple[UUID, ...]
    points_returned: int


async def settle_baskets(work: Work, commands: Sequence[SettleBasket]) -> list[BasketSettled | Refused]:
    """Redeems all coupons of a hold and takes its points, all or nothing.

    After the time limit it is honoured while nobody else took the coupons and the points are still there. The receipt
    may come later (`review_settled` looks then). The same receipt again gives the same result. Takes the members'
    locks. Refuses HOLD_NOT_FOUND, HOLD_OTHER_STORE, HOLD_SETTLED, HOLD_RELEASED, HOLD_EXPIRED, WRONG_RECEIPT,
    INVALID_INPUT, REQUEST_ID_REUSED.
    """
    keys = [(command.store_id, command.receipt_no) for command in commands if is_number(command.receipt_no)]
    owners, books = await _open(work, commands, keys)
    papers = await load_receipts(work.connection, sorted(set(keys)))

    def decide(command: SettleBasket) -> BasketSettled:
        hold = _find(books, command)
        return _settle(work, books, hold, command, papers)

    answers = books.requests.answer(
        commands, BasketSettled, "settleBasket", _noting(work, books, owners, decide),
        lambda command: owners.get(command.hold_id),
    )  # fmt: skip
    await books.save(work)
    return answers


async def release_baskets(work: Work, commands: Sequence[ReleaseBasket]) -> list[BasketReleased | Refused]:
    """Gives coupons and points of holds back; one that is released already, or past its time limit, is no error.

    Takes the members' locks. Refuses HOLD_NOT_FOUND, HOLD_OTHER_STORE, HOLD_SETTLED, REQUEST_ID_REUSED.
    """
    owners, books = await _open(work, commands, ())

    def decide(command: ReleaseBasket) -> BasketReleased:
        hold = _find(books, command)
        if hold.state is HoldState.SETTLED:
            raise RewardsRefused(RewardsCode.HOLD_SETTLED)
        if hold.state is not HoldState.RELEASED:
            let_go(work, books, hold, HoldState.RELEASED, command.now, command.request.id)
        return BasketReleased(hold.id, hold.member_id, hold.coupon_ids, hold.points)

    answers = books.requests.answer(
        commands, BasketReleased, "releaseBasket", _noting(work, books, owners, decide),
        lambda command: owners.get(command.hold_id),
    )  # fmt: skip
    await books.save(work)
    return answers


async def review_settled(work: Work, holds: Sequence[tuple[UUID, UUID]], now: datetime) -> int:
    """Compares settled holds that waited for their receipt with what came; returns how many were decided.

    A receipt that does not fit is recorded as an event; by then the goods are gone, so nothing is refused. Takes the
    members' locks.
    """
    books = await open_till(work, [member_id for member_id, _ in holds], [], holds=holds, every_hold=False)
    waiting = [
        hold
        for hold in sorted(books.book.holds.values(), key=lambda each: each.id)
        if hold.receipt_state is ReceiptState.WAITING and hold.member_id in books.members
    ]
    papers = await load_receipts(work.connection, sorted({_key(hold) for hold in waiting}))
    decided = 0
    for hold in waiting:
        seen = rules.judge_receipt(hold, _paper(papers.get(_key(hold))))
        if seen is not ReceiptState.WAITING:
            decided += 1
            books.book.put_hold(rules.saw_receipt(hold, seen, now))
        if seen is ReceiptState.MISFIT:
            told: dict[str, Any] = {
                "hold": str(hold.id),
                "store": str(hold.store_id),
                "due_minor": hold.answer.due_minor,
            }
            books.timeline.record(work, hold.member_id, facts.REDEMPTION_MISFIT, now, told)
    await books.save(work)
    return decided


async def _open(
    work: Work, commands: Sequence[SettleBasket | ReleaseBasket], receipts: Sequence[ReceiptKey]
) -> tuple[dict[UUID, UUID], TillBooks]:
    owners = await store.find_holds(work.connection, [command.hold_id for command in commands])
    books = await open_till(
        work,
        owners.values(),
        [command.request for command in commands],
        holds=[(member_id, hold_id) for hold_id, member_id in owners.items()],
        receipts=receipts,
        every_hold=False,
    )
    return owners, books


def _noting(
    work: Work, books: TillBooks, owners: Mapping[UUID, UUID], decide: Callable[[_Command], Result]
) -> Callable[[_Command], Result]:
    def noting(command: _Command) -> Result:
        try:
            return decide(command)
        except Refused as refused:
            owner = owners.get(command.hold_id)
            note_failure(work, books, owner, command.store_id, refused, command.now, command.request.id)
            raise

    return noting


_Command = TypeVar("_Command", SettleBasket, ReleaseBasket)


def _find(books: TillBooks, command: SettleBasket | ReleaseBasket) -> Hold:
    hold = books.book.holds.get(command.hold_id)
    if hold is None:
        raise RewardsRefused(RewardsCode.HOLD_NOT_FOUND)
    if hold.store_id != command.store_id:
        raise RewardsRefused(RewardsCode.HOLD_OTHER_STORE)
    return hold


def _settle(
    work: Work, books: TillBooks, hold: Hold, command: SettleBasket, papers: Mapping[ReceiptKey, ReceiptView]
) -> BasketSettled:
    check_number("receiptNo", command.receipt_no)
    rules.check_settle(hold, command.receipt_no)
    answer = hold.answer
    result = BasketSettled(
        hold.id, hold.member_id, command.receipt_no, hold.coupon_ids, answer.discount_minor, hold.points,
        answer.tender_minor,
    )  # fmt: skip
    if hold.state is HoldState.SETTLED:
        return result
    key = (command.store_id, command.receipt_no)
    seen = rules.judge_receipt(hold, _paper(papers.get(key)))
    if key in books.book.settled or seen is ReceiptState.MISFIT:
        raise RewardsRefused(RewardsCode.WRONG_RECEIPT)
    redeemed = [lives.redeem(coupon, hold.id, command.now) for coupon in books.book.coupons_of(hold)]
    tender_id = _take_points(work, books, hold, command.now)
    for coupon in redeemed:
        books.book.put_coupon(coupon)
        told: dict[str, Any] = {"coupon": str(coupon.id), "offer": str(coupon.offer_id), "hold": str(hold.id)}
        books.timeline.record(
            work, hold.member_id, facts.COUPON_REDEEMED, command.now, told, command.request.id
        )  # fmt: skip
    settled = rules.settle(hold, command.receipt_no, seen, tender_id, command.now)
    books.book.put_hold(settled)
    books.book.add_settled(settled)
    books.timeline.record(
        work, hold.member_id, facts.BASKET_SETTLED, command.now,
        {"hold": str(hold.id), "store": str(hold.store_id), "points": hold.points,
         "discount_minor": answer.discount_minor},
        command.request.id,
    )  # fmt: skip
    return result


def _take_points(work: Work, books: TillBooks, hold: Hold, now: datetime) -> UUID | None:
    """The transfer that took the points for good. Refuses HOLD_EXPIRED where they were let go and spent meanwhile."""
    if hold.transfer_id is None:
        return None
    note = Note(ledgers.SINK_TENDER, "tender", hold.id, now)
    if hold.state is HoldState.OPEN:
        return books.ledger.take_held(work, hold.transfer_id, note).id
    today = books.season.day(now)
    if books.ledger.spendable(hold.member_id, Currency.POINTS, today) < hold.points:
        raise RewardsRefused(RewardsCode.HOLD_EXPIRED)
    return books.ledger.spend(work, hold.member_id, Currency.POINTS, hold.points, today, note).id


def _key(hold: Hold) -> ReceiptKey:
    assert hold.receipt_no is not None, "a settled hold names its receipt"
    return hold.store_id, hold.receipt_no


def _paper(receipt: ReceiptView | None) -> Paper | None:
    return Paper(receipt.member_id, receipt.currency, receipt.total_minor) if receipt else None
