"""A store hands a thing over by the code that its owner shows; a pick is paid for there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.ledger.actions import SINK_CATALOGUE, Note, open_ledger
from loyalty.members import actions as members
from loyalty.members.rules import refuse_unfit
from loyalty.receipts.rules import check_number
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.requests.actions import open_requests
from loyalty.requests.rules import RequestKey
from loyalty.timeline.actions import Timeline
from loyalty.work import Work
from rewards.prizes import facts
from rewards.prizes.actions.book import open_book, read_won
from rewards.prizes.actions.ending import load_held
from rewards.prizes.actions.things import load_things
from rewards.prizes.rules import lives
from rewards.prizes.rules.codes import read_code
from rewards.prizes.rules.lives import PrizeState, Source, Won
from rewards.prizes.rules.things import Thing
from rewards.prizes.store import prizes as store
from rewards.refusals import RewardsCode, RewardsRefused


@dataclass(frozen=True, slots=True)
class HandOver:
    """A till hands over what a code stands for, for this cash, on that receipt; a prize costs none."""

    request: RequestKey
    store_id: UUID
    code: str
    cash_minor: int
    receipt_no: str | None
    now: datetime


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What left the store."""

    member_id: UUID
    prize_id: UUID
    thing: str
    version: int
    stamps: int
    cash_minor: int


async def hand_over(work: Work, commands: Sequence[HandOver]) -> list[HandedOver | Refused]:
    """READY becomes FULFILLED: one leaves the stock, and a pick's stamps are taken for good.

    Takes the members' locks, then those of the stores' stock. Refuses PRIZE_NOT_FOUND, PRIZE_OTHER_STORE, PRIZE_STATE,
    PRIZE_EXPIRED, PRIZE_FORFEITED, PRIZE_HANDED_OVER, CASH_DIFFERS, INVALID_INPUT, MEMBER_NOT_FOUND, MEMBER_SUSPENDED,
    MEMBER_ERASED, REQUEST_ID_REUSED.
    """
    codes = {text: read_code(text) for text in {command.code for command in commands}}
    known = await store.find_codes(work.connection, sorted({code for code in codes.values() if code}))
    keys = {text: known[code] for text, code in codes.items() if code in known}
    locked = await members.lock(work, [key[0] for key in keys.values()])
    requests = await open_requests(work, [command.request for command in commands])
    book = await open_book(work, keys.values())
    ledger, timeline = await open_ledger(work, sorted(locked)), Timeline()
    await load_held(work, ledger, book.all())

    def decide(command: HandOver) -> HandedOver:
        owner, prize_id = keys.get(command.code, (None, None))
        won = book.find(owner, prize_id)
        # Whose card a till at another store has read is nothing that it is told.
        lives.check_hand_over(won, command.store_id, command.cash_minor, command.now)
        member = refuse_unfit(locked.get(won.member_id))
        _check_receipt(won, command)
        paid_id = None
        if won.transfer_id is not None:
            paid_id = ledger.take_held(work, won.transfer_id, Note(SINK_CATALOGUE, "pick", won.id, command.now)).id
        book.take(work, won, command.now)
        book.put(replace(
            lives.end(won, PrizeState.FULFILLED, command.now), paid_id=paid_id, receipt_no=command.receipt_no
        ))  # fmt: skip
        timeline.record(
            work, member.id, facts.PRIZE_FULFILLED, command.now,
            {"prize": str(won.id), "thing": won.thing, "store": str(command.store_id), "cash_minor": won.cash_minor},
            command.request.id,
        )  # fmt: skip
        return HandedOver(member.id, won.id, won.thing, won.version, won.stamps, won.cash_minor)

    answers = requests.answer(
        commands, HandedOver, "handOver", decide, lambda command: keys.get(command.code, (None, None))[0]
    )
    await book.save(work)
    await ledger.save(work)
    await timeline.save(work)
    await requests.save(work)
    return answers


def _check_receipt(won: Won, command: HandOver) -> None:
    """Cash is on a receipt; nothing else is. Refuses INVALID_INPUT."""
    if won.source is Source.PICK and won.cash_minor:
        check_number("receiptNo", command.receipt_no or "")
    elif command.receipt_no is not None:
        rule = "must be left out where no cash is due"
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="receiptNo", rule=rule)


async def find_to_hand_over(connection: Any, store_id: UUID, code: str, now: datetime) -> tuple[Won, Thing]:
    """What a till would hand over for this code. Refuses what `hand_over` would, the cash aside."""
    read = read_code(code)
    known = await store.find_codes(connection, [read] if read else [])
    rows = await store.load_prizes(connection, list(known.values()))
    if not rows:
        raise RewardsRefused(RewardsCode.PRIZE_NOT_FOUND)
    won = read_won(rows[0])
    lives.check_hand_over(won, store_id, won.cash_minor, now)
    refuse_unfit((await members.load_members(connection, [won.member_id])).get(won.member_id))
    return won, (await load_things(connection, [(won.thing, won.version)]))[won.thing, won.version]
