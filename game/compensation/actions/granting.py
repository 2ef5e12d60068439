"""Working through a compensation: a few members in one transaction, each of them exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from game.checkin.actions import Forgiving, open_forgiving
from game.compensation import facts, store
from game.compensation.actions.proposing import read_compensation
from game.compensation.rules import Compensation, State
from loyalty.care.actions import read_limits
from loyalty.grants.actions import Grants
from loyalty.grants.rules import GrantKind
from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note, open_ledger
from loyalty.ledger.rules import NEVER, Currency, LotKey, Provenance
from loyalty.members import actions as members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.refusals import Refused
from loyalty.sheets.actions import open_sheets
from loyalty.timeline.actions import Timeline
from loyalty.work import Work

_LATER = timedelta(minutes=15)
Row = tuple[UUID, str, str | None, int, datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class _Books:
    """Everything that a batch of a compensation opens."""

    ledger: Ledger
    grants: Grants
    forgiving: Forgiving
    timeline: Timeline
    lots: dict[Currency, LotKey]

    async def save(self, work: Work) -> None:
        await self.forgiving.save(work)
        await self.ledger.save(work)
        await self.grants.save(work)
        await self.timeline.save(work)


async def find_running(connection: Any) -> list[UUID]:
    """Compensations that are under way, the oldest first."""
    return await store.load_running(connection)


async def grant_some(work: Work, compensation_id: UUID, now: datetime, limit: int) -> int:
    """Gives a compensation to some of the members who wait for it; returns how many it decided.

    Takes a shared lock of the compensation, the places of members that no other worker has, then the locks of the
    members that nobody has: it waits for nothing but a stop. Who may not act any more, or whose wallet could not hold
    it, is passed over for good with the reason; where a forgiven day is not over yet, it comes again.
    """
    row = await store.lock_compensation(work, compensation_id, share=True)
    if row is None or row["state"] != State.RUNNING:
        return 0
    compensation = read_compensation(row)
    waiting = await store.take_waiting(work, compensation_id, now, limit)
    locked = await members.lock_free(work, waiting) if waiting else {}
    if not locked:
        return 0
    books = await _open(work, compensation, sorted(locked), now)
    decided = [_decide(work, books, compensation, locked[each], now) for each in sorted(locked)]
    await books.save(work)
    await store.save_members(work, compensation.key, decided)
    return len(decided)


async def finish(work: Work, compensation_id: UUID, now: datetime) -> bool:
    """Notes that a compensation is done, once nobody waits for it. Takes its lock."""
    row = await store.lock_compensation(work, compensation_id)
    if row is None or row["state"] != State.RUNNING or await store.count_waiting(work, compensation_id):
        return False
    await store.save_end(work, compensation_id, State.DONE, None, now)
    return True


async def _open(work: Work, compensation: Compensation, member_ids: Sequence[UUID], now: datetime) -> _Books:
    sheets = await open_sheets(work.connection, now)
    season, limits = await sheets.season(work.connection), await read_limits(work.connection, sheets)
    tickets_until = season.day(now) + timedelta(days=limits.tickets_days - 1)
    return _Books(
        ledger=await open_ledger(work, member_ids),
        grants=Grants(),
        forgiving=await open_forgiving(work, sheets, member_ids, compensation.gift.days),
        timeline=Timeline(),
        lots={
            Currency.DIAMONDS: LotKey(Provenance.FREE, NEVER),
            Currency.TICKETS: LotKey(Provenance.FREE, tickets_until),
        },
    )


def _decide(work: Work, books: _Books, compensation: Compensation, member: Member, now: datetime) -> Row:
    """What becomes of one member's place: (member, state, why not, days forgiven, when, when to look again)."""
    gifts = compensation.gift.gifts
    amounts = {Currency.DIAMONDS: gifts.diamonds, Currency.TICKETS: gifts.tickets}
    try:
        refuse_unfit(member)
        for currency, amount in amounts.items():
            books.ledger.check_room(member.id, currency, amount)
    except Refused as refused:
        return member.id, "SKIPPED", str(refused.code), 0, now, None
    if books.forgiving.must_wait(member, now):
        return member.id, "WAITING", None, 0, None, now + _LATER
    source = f"compensation:{compensation.id}"
    days = books.forgiving.forgive(work, books.timeline, member, now, source)
    note = Note(ledgers.ISSUE_CARE, "compensation", compensation.id, now)
    for currency, amount in amounts.items():
        if amount:
            books.ledger.credit(work, member.id, currency, amount, books.lots[currency], note)
    if gifts.energy:
        books.grants.give(work, member.id, GrantKind.ENERGY, gifts.energy, source, now)
    books.timeline.record(
        work, member.id, facts.COMPENSATED, now,
        {
            "compensation": str(compensation.id), "key": compensation.key, "diamonds": gifts.diamonds,
            "energy": gifts.energy, "tickets": gifts.tickets, "days": [day.isoformat() for day in days],
        },
    )  # fmt: skip
    return member.id, "GRANTED", None, len(days), now, None
