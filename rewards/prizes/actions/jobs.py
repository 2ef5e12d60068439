"""What time does to prizes. Idempotent; any number of workers may run it side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from loyalty.ledger.actions import open_ledger
from loyalty.members import actions as members
from loyalty.members.rules import MemberStatus
from loyalty.sheets.actions import open_sheets
from loyalty.timeline.actions import Timeline
from loyalty.work import Work
from rewards.prizes.actions.book import open_book
from rewards.prizes.actions.ending import give_up, load_held
from rewards.prizes.rules.lives import ENDS, PrizeState, Won
from rewards.prizes.store import prizes as store

_ERASED = "the account was erased"


async def expire_prizes(work: Work, now: datetime, limit: int) -> int:
    """Ends what nobody claimed, paid the tax of, or collected in time; returns how many.

    Members that another transaction has are passed over; the job comes again.
    """
    due = await store.load_due(work.connection, now, limit)
    return await _end(work, due, now, PrizeState.EXPIRED, lambda won: won.due_at is not None and won.due_at <= now)


async def find_owners(work: Work, after: UUID, limit: int) -> list[UUID]:
    """A page of members with something that has not ended, by their ids."""
    return await store.load_owners(work.connection, after, limit)


async def forfeit_erased(work: Work, owners: Sequence[UUID], now: datetime) -> int:
    """Ends what erased members of these had: nobody can be found to hand it to. Returns how many ended."""
    found = await members.load_members(work.connection, list(owners))
    gone = [each for each in owners if found[each].status is MemberStatus.ERASED]
    due = await store.load_open(work.connection, gone) if gone else []
    return await _end(work, due, now, PrizeState.FORFEITED, lambda won: won.state not in ENDS, _ERASED)


async def _end(
    work: Work, due: Sequence[tuple[UUID, UUID]], now: datetime, state: PrizeState, whether: Callable[[Won], bool],
    reason: str | None = None,
) -> int:  # fmt: skip
    free = await members.lock_free(work, [member_id for member_id, _ in due]) if due else {}
    if not free:
        return 0
    season = await (await open_sheets(work.connection, now)).season(work.connection)
    book = await open_book(work, [key for key in due if key[0] in free])
    ledger, timeline = await open_ledger(work, sorted(free)), Timeline()
    # Looked at again under the lock: the owner may have come first.
    ending = [won for won in book.all() if whether(won)]
    await load_held(work, ledger, ending)
    for won in ending:
        give_up(work, book, ledger, timeline, season, won, state, now, reason)
    await book.save(work)
    await ledger.save(work)
    await timeline.save(work)
    return len(ending)
