"""Operators bring prizes on their way: cleared of the tax, posted, laid out, handed over, or forfeited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.ledger.actions import open_ledger
from loyalty.ledger.rules import check_reason
from loyalty.members import actions as members
from loyalty.members.rules import refuse_unfit
from loyalty.receipts.rules import check_number
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets.actions import open_sheets
from loyalty.timeline.actions import Facts, Timeline
from loyalty.timeline.rules import EventKind
from loyalty.work import Work
from rewards.prizes import facts
from rewards.prizes.actions.book import PrizeBook, open_book
from rewards.prizes.actions.ending import give_up, load_held
from rewards.prizes.actions.things import load_things
from rewards.prizes.rules import lives
from rewards.prizes.rules.lives import ENDS, PrizeState, Won
from rewards.prizes.rules.things import Delivery, over_at
from rewards.prizes.store import prizes as store
from rewards.refusals import RewardsCode, RewardsRefused


@dataclass(frozen=True, slots=True)
class Moved:
    """Where an operator's act left a prize."""

    prize_id: UUID
    state: PrizeState


async def clear_tax(work: Work, prize_id: UUID, *, received_minor: int, operator: str, now: datetime) -> Moved:
    """TAX_HOLD becomes CLAIMED: the identity was looked at, and what is withheld was received.

    Takes the member's lock. Refuses PRIZE_NOT_FOUND, PRIZE_STATE, PRIZE_EXPIRED, PRIZE_FORFEITED, PRIZE_HANDED_OVER,
    INVALID_INPUT, MEMBER_SUSPENDED, MEMBER_ERASED.
    """
    book, won = await _open(work, prize_id)
    lives.refuse_unless(won, now, PrizeState.TAX_HOLD)
    if received_minor != won.withheld_minor:
        rule = f"must be the {won.withheld_minor} that are withheld"
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="receivedMinor", rule=rule)
    return await _move(work, book, lives.clear(won, now), facts.PRIZE_CLEARED, operator, now)


async def mark_ready(
    work: Work, prize_id: UUID, *, tracking_no: str | None, operator: str, now: datetime
) -> Moved:  # fmt: skip
    """CLAIMED becomes READY: a parcel was posted, which has a number, or it waits at its store for the days it has.

    Takes the member's lock. Refuses what `clear_tax` does.
    """
    book, won = await _open(work, prize_id)
    lives.refuse_unless(won, now, PrizeState.CLAIMED)
    due_at = None
    if won.delivery is Delivery.POST:
        check_number("trackingNo", tracking_no or "")
    else:
        if tracking_no is not None:
            rule = "must be left out for a prize that is collected"
            raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="trackingNo", rule=rule)
        opened = await open_sheets(work.connection, now)
        season = await opened.season(work.connection)
        thing = (await load_things(work.connection, [(won.thing, won.version)]))[won.thing, won.version]
        due_at = over_at(season.day(now), thing.collect_days, season.zone)
    ready = lives.make_ready(won, now, due_at=due_at, tracking_no=tracking_no)
    return await _move(work, book, ready, facts.PRIZE_READY, operator, now)


async def mark_fulfilled(work: Work, prize_id: UUID, *, operator: str, now: datetime) -> Moved:
    """READY becomes FULFILLED: a parcel arrived. What waits at a store is handed over by its till alone.

    Takes the member's lock. Refuses what `clear_tax` does.
    """
    book, won = await _open(work, prize_id)
    lives.refuse_unless(won, now, PrizeState.READY)
    lives.check_posted(won)
    done = lives.end(won, PrizeState.FULFILLED, now)
    return await _move(work, book, done, facts.PRIZE_FULFILLED, operator, now)


async def forfeit(work: Work, prize_id: UUID, *, reason: str, operator: str, now: datetime) -> Moved:
    """Ends a prize that has not been handed over: stock goes back to its store, stamps to the wallet.

    Takes the member's lock, then that of the store's stock. Refuses PRIZE_NOT_FOUND, PRIZE_HANDED_OVER, PRIZE_EXPIRED,
    PRIZE_FORFEITED, INVALID_INPUT.
    """
    check_reason(reason)
    book, won = await _open(work, prize_id, fit=False)
    lives.refuse_over(won, now)
    season = await (await open_sheets(work.connection, now)).season(work.connection)
    ledger, timeline = await open_ledger(work, [won.member_id]), Timeline()
    await load_held(work, ledger, [won])
    give_up(work, book, ledger, timeline, season, won, PrizeState.FORFEITED, now, f"{reason.strip()} ({operator})")
    await book.save(work)
    await ledger.save(work)
    await timeline.save(work)
    return Moved(won.id, PrizeState.FORFEITED)


async def _open(work: Work, prize_id: UUID, *, fit: bool = True) -> tuple[PrizeBook, Won]:
    owner = (await store.find_owners(work.connection, [prize_id])).get(prize_id)
    if owner is None:
        raise RewardsRefused(RewardsCode.PRIZE_NOT_FOUND)
    locked = await members.lock(work, [owner])
    if fit:
        refuse_unfit(locked.get(owner))
    book = await open_book(work, [(owner, prize_id)])
    return book, book.find(owner, prize_id)


async def _move(work: Work, book: PrizeBook, won: Won, kind: EventKind, operator: str, now: datetime) -> Moved:
    timeline = Timeline()
    told: Facts = {"prize": str(won.id), "thing": won.thing, "operator": operator}
    timeline.record(work, won.member_id, kind, now, told)
    book.put(won)
    assert not (won.state in ENDS and won.store_id), "what a store has leaves it by the till"
    await book.save(work)
    await timeline.save(work)
    return Moved(won.id, won.state)
