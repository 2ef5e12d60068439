"""Giving prizes: value to the ledger, energy and goods as grants. Coupons are given by who may call coupons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from loyalty.grants.actions import Grants
from loyalty.grants.rules import GrantKind
from loyalty.ledger.actions import ISSUE_PRIZE, Ledger, Note
from loyalty.ledger.rules import Currency, LotKey
from loyalty.sheets.rules import Season
from loyalty.work import Work
from rewards.prizes.rules import Prize, PrizeKind, lot_of

_GRANTS = {PrizeKind.ENERGY: GrantKind.ENERGY, PrizeKind.GOODS: GrantKind.GOODS}


def check_room(ledger: Ledger, member_id: UUID, prizes: Sequence[Prize]) -> None:
    """Refuses AMOUNT_OUT_OF_RANGE where a wallet could not hold all of these; changes nothing."""
    totals: dict[Currency, int] = {}
    for prize in prizes:
        if prize.currency:
            totals[prize.currency] = totals.get(prize.currency, 0) + prize.amount
    for currency, amount in totals.items():
        ledger.check_room(member_id, currency, amount)


def give(
    work: Work,
    ledger: Ledger,
    grants: Grants,
    member_id: UUID,
    prizes: Sequence[Prize],
    *,
    cause: str,
    source_id: UUID,
    season: Season,
    today: date,
    now: datetime,
) -> None:
    """Gives everything of these that is no coupon: one transfer for each lot, one grant for each of the board's.

    Expects the members' locks, and `check_room` before; `cause` and `source_id` say what gave it.
    """
    credits: dict[tuple[Currency, LotKey], int] = {}
    for prize in prizes:
        if prize.currency:
            key = (prize.currency, lot_of(prize, today, season))
            credits[key] = credits.get(key, 0) + prize.amount
        elif prize.kind in _GRANTS:
            grants.give(work, member_id, _GRANTS[prize.kind], prize.amount, cause, now)
        else:
            assert prize.kind is PrizeKind.COUPON, f"{prize.kind} cannot be given"
    note = Note(ISSUE_PRIZE, "prize", source_id, now)
    for (currency, lot), amount in credits.items():
        ledger.credit(work, member_id, currency, amount, lot, note)
