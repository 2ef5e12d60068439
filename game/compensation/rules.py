"""Compensations: who gets something after an outage or a typhoon, what, and who has to agree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from loyalty.care.rules import Gifts, Limits
from loyalty.members.rules import is_card_number
from loyalty.refusals import LoyaltyCode, LoyaltyRefused

CARDS_MOST = 1_000
TIERS_MOST = 20
WINDOW_MOST = timedelta(days=92)
DAYS_BACK = 31
_KEY = re.compile(r"[a-z0-9][a-z0-9-]{2,59}", re.ASCII)


class State(StrEnum):
    """PROPOSED until a second person agrees; WITHDRAWN before it began, STOPPED half way; what was given stays."""

    PROPOSED = "PROPOSED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    WITHDRAWN = "WITHDRAWN"
    STOPPED = "STOPPED"


class ActiveBy(StrEnum):
    """What a member did in the window: moves, orders and check-ins, or opening the app."""

    PLAYED = "PLAYED"
    VISITED = "VISITED"


@dataclass(frozen=True, slots=True)
class Cohort:
    """Who is compensated: members to whom each stated rule applies; `everyone` alone stands for all."""

    everyone: bool = False
    active_from: datetime | None = None
    active_to: datetime | None = None
    active_by: ActiveBy = ActiveBy.PLAYED
    tiers: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()

    def told(self) -> dict[str, Any]:
        """The rules as they are kept: without the cards, which are personal data; the members stand by themselves."""
        stated: dict[str, Any] = {"everyone": self.everyone} if self.everyone else {}
        if self.active_from is not None and self.active_to is not None:
            stated |= {
                "activeFrom": self.active_from.isoformat(), "activeTo": self.active_to.isoformat(),
                "activeBy": self.active_by.value,
            }  # fmt: skip
        if self.tiers:
            stated["tiers"] = list(self.tiers)
        if self.cards:
            stated["cards"] = len(self.cards)
        return stated


@dataclass(frozen=True, slots=True)
class Gift:
    """What each member of a compensation gets, and the days that are forgiven."""

    gifts: Gifts
    days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Compensation:
    """One compensation as it stands. `alone`: within what the operator may do by himself."""

    id: UUID
    key: str
    state: State
    cohort: Mapping[str, Any]
    gift: Gift
    members: int
    alone: bool
    reason: str
    proposed_by: UUID
    proposed_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    ended_by: UUID | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a compensation is: members who got it, who could not, and who are still to come."""

    granted: int = 0
    skipped: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """What a compensation would be: its members, what they get together, and whether it takes a second person."""

    members: int
    total: Gifts
    needs_two: bool


def check_key(key: str) -> None:
    """Refuses INVALID_INPUT for what cannot name an incident."""
    if not _KEY.fullmatch(key):
        _refuse("key", "it must be 3 to 60 lower-case letters, digits and hyphens, such as typhoon-2027-09-12")


def check_cohort(cohort: Cohort, now: datetime) -> None:
    """Refuses INVALID_INPUT where no rule is stated, or one that cannot hold."""
    windowed = cohort.active_from is not None or cohort.active_to is not None
    if cohort.everyone == (windowed or bool(cohort.tiers) or bool(cohort.cards)):
        _refuse("cohort", "state `everyone`, or at least one other rule and not `everyone`")
    if windowed:
        if cohort.active_from is None or cohort.active_to is None or not cohort.active_from < cohort.active_to <= now:
            _refuse("cohort.activeTo", "`activeFrom` must be before `activeTo`, and that not ahead of now")
        elif cohort.active_to - cohort.active_from > WINDOW_MOST:
            _refuse("cohort.activeFrom", f"the window must be {WINDOW_MOST.days} days at most")
    if len(cohort.tiers) > TIERS_MOST:
        _refuse("cohort.tiers", f"at most {TIERS_MOST} tiers")
    if len(cohort.cards) > CARDS_MOST:
        _refuse("cohort.cards", f"at most {CARDS_MOST} cards")
    for number, card in enumerate(cohort.cards, 1):
        if not is_card_number(card):
            refuse_card(number)


def refuse_card(number: int) -> None:
    """Refuses INVALID_INPUT of the list's card of this number; the card itself is not repeated."""
    _refuse("cohort.cards", f"each must be the card of a member; number {number} of the list is none")


def check_gift(gift: Gift, limits: Limits, today: date) -> None:
    """Refuses INVALID_INPUT where nothing is given, more than anybody may get, or days that cannot be forgiven.

    `today` is the date in the season's zone.
    """
    amounts = (
        ("diamonds", gift.gifts.diamonds, limits.gifts_most.diamonds),
        ("energy", gift.gifts.energy, limits.gifts_most.energy),
        ("tickets", gift.gifts.tickets, limits.gifts_most.tickets),
    )
    for field, amount, most in amounts:
        if not 0 <= amount <= most:
            _refuse(f"gift.{field}", f"it must be 0 to {most}")
    if gift.gifts == Gifts() and not gift.days:
        _refuse("gift", "give or forgive something")
    if len(gift.days) > limits.days_most or len(set(gift.days)) != len(gift.days):
        _refuse("gift.forgivenDays", f"at most {limits.days_most} days, each of them once")
    if gift.days and max(gift.days) >= today:
        _refuse("gift.forgivenDays", "each day must be over in the season's zone")
    if gift.days and min(gift.days) < today - timedelta(days=DAYS_BACK):
        _refuse("gift.forgivenDays", f"must not be more than {DAYS_BACK} days ago")


def cost_of(gift: Gift, members: int, limits: Limits, members_before: int, before: Gifts) -> Cost:
    """What the gift costs for so many members.

    `members_before` and `before` are what the same operator gave alone in the last 24 hours: many small ones are one
    large one.
    """
    total = gift.gifts.times(members)
    alone = members + members_before <= limits.members and (total + before).within(limits.gifts)
    return Cost(members, total, needs_two=not alone)


def _refuse(field: str, rule: str) -> None:
    raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field=field, rule=rule)
