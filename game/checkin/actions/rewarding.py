"""What a day pays, into the open books."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from game.checkin.rules.calendar import Calendar, Reward
from loyalty.grants.actions import Grants
from loyalty.grants.rules import GrantKind
from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note
from loyalty.ledger.rules import NEVER, Currency, LotKey, Provenance, points_expire_on
from loyalty.sheets.rules import Season
from loyalty.work import Work

SOURCE = "checkin"


def check_room(ledger: Ledger, member_id: UUID, reward: Reward) -> None:
    """Refuses AMOUNT_OUT_OF_RANGE where a wallet could not hold the reward."""
    for currency, amount in _amounts(reward):
        ledger.check_room(member_id, currency, amount)


def give(
    work: Work, ledger: Ledger, grants: Grants, season: Season, calendar: Calendar, member_id: UUID, reward: Reward,
    now: datetime,
) -> None:  # fmt: skip
    """Credits diamonds, tickets and points from `issue:checkin`, and grants energy."""
    today = season.day(now)
    last_days = {
        Currency.DIAMONDS: NEVER,
        Currency.TICKETS: today + timedelta(days=calendar.tickets_days - 1),
        Currency.POINTS: points_expire_on(today, season.points_expiry_months),
    }
    for currency, amount in _amounts(reward):
        lot = LotKey(Provenance.FREE, last_days[currency])
        ledger.credit(work, member_id, currency, amount, lot, Note(ledgers.ISSUE_CHECKIN, SOURCE, None, now))
    if reward.energy:
        grants.give(work, member_id, GrantKind.ENERGY, reward.energy, SOURCE, now)


def _amounts(reward: Reward) -> list[tuple[Currency, int]]:
    pays = (
        (Currency.DIAMONDS, reward.diamonds),
        (Currency.TICKETS, reward.tickets),
        (Currency.POINTS, reward.points),
    )
    return [(currency, amount) for currency, amount in pays if amount]
