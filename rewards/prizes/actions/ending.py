"""A prize ends without being handed over: stock, stamps and the year's value go back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from loyalty.ledger.actions import CLEARING_PICK, Ledger, Note
from loyalty.sheets.rules import Season
from loyalty.timeline.actions import Facts, Timeline
from loyalty.work import Work
from rewards.prizes import facts
from rewards.prizes.actions.book import PrizeBook
from rewards.prizes.rules import lives
from rewards.prizes.rules.lives import PrizeState, Won


async def load_held(work: Work, ledger: Ledger, prizes: Iterable[Won]) -> None:
    """Loads the transfers that hold the stamps of picks, so that they can go back or be taken."""
    held = [(each.member_id, each.transfer_id) for each in prizes if each.transfer_id is not None]
    if held:
        await ledger.load_transfers(work, sorted(held))


def give_up(
    work: Work, book: PrizeBook, ledger: Ledger, timeline: Timeline, season: Season, won: Won, state: PrizeState,
    now: datetime, reason: str | None = None,
) -> None:  # fmt: skip
    """EXPIRED or FORFEITED. Expects `load_held` where it is a pick."""
    book.release(won)
    book.count(won, won.tax_year, -1)
    if won.transfer_id is not None:
        note = Note(CLEARING_PICK, "pick-returned", won.id, now)
        ledger.restore(
            work, won.transfer_id, won.stamps, season.day(now), note, grace_days=season.reversal_grace_days
        )  # fmt: skip
    book.put(lives.end(won, state, now, reason))
    kind = facts.PRIZE_EXPIRED if state is PrizeState.EXPIRED else facts.PRIZE_FORFEITED
    told: Facts = {"prize": str(won.id), "thing": won.thing, "stamps": won.stamps}
    timeline.record(work, won.member_id, kind, now, told)
