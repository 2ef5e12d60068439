"""What a day pays, into the open books."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from game.checkin.rules.calendar import Calendar, Reward, amounts_of, credits_of
from loyalty.grants.actions import Grants
from loyalty.grants.rules import GrantKind
from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note
from loyalty.sheets.rules import Season
from loyalty.work import Work

SOURCE = "checkin"


def check_room(ledger: Ledger, member_id: UUID, reward: Reward) -> None:
    """Refuses AMOUNT_OUT_OF_RANGE where a wallet could not hold the reward."""
    for currency, amount in amounts_of(reward):
        ledger.check_room(member_id, currency, amount)


def give(
    work: Work, ledger: Ledger, grants: Grants, season: Season, calendar: Calendar, member_id: UUID, reward: Reward,
    now: datetime,
) -> None:  # fmt: skip
    """Credits diamonds, tickets and points from `issue:checkin`, and grants energy."""
    for currency, lot, amount in credits_of(reward, calendar, season, season.day(now)):
        ledger.credit(work, member_id, currency, amount, lot, Note(ledgers.ISSUE_CHECKIN, SOURCE, None, now))
    if reward.energy:
        grants.give(work, member_id, GrantKind.ENERGY, reward.energy, SOURCE, now)
