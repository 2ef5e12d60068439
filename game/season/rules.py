"""The turn of a season: which one ended, when, and what of a wallet is over with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from uuid import UUID

from loyalty.ledger.rules import Currency
from loyalty.sheets.rules import AtEnd, Fate, Season

CURRENCIES = (Currency.DIAMONDS, Currency.TICKETS, Currency.STAMPS)


@dataclass(frozen=True, slots=True)
class InForce:
    """A version of the season's sheet and since when it is in force."""

    season: Season
    since: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """One season's end: `at_end` is the last word of its own sheet."""

    code: str
    following: str
    at_end: AtEnd
    at: datetime


@dataclass(frozen=True, slots=True)
class Ended:
    """What a member had at the end of a season, and what of it expired."""

    member_id: UUID
    season: str
    level: int
    experience: int
    streak: int
    longest: int
    total: int
    diamonds: int
    tickets: int
    stamps: int
    expired_diamonds: int
    expired_tickets: int
    expired_stamps: int
    at: datetime


@dataclass(frozen=True, slots=True)
class SeasonView:
    """The running season, for members."""

    code: str
    starts: date | None
    ends: date | None


def turns_of(versions: Sequence[InForce]) -> list[Turn]:
    """The seasons that ended, in order: one ends where a version of another code comes into force.

    A season ends once: a code that comes again later begins nothing new to archive.
    """
    turns: list[Turn] = []
    for before, after in pairwise(versions):
        code = before.season.code
        if code != after.season.code and code not in {turn.code for turn in turns}:
            turns.append(Turn(code, after.season.code, before.season.at_end, after.since))
    return turns


def fate_of(at_end: AtEnd, currency: Currency) -> Fate:
    """What becomes of a currency; points are money's worth and stay."""
    fates = {Currency.DIAMONDS: at_end.diamonds, Currency.TICKETS: at_end.tickets, Currency.STAMPS: at_end.stamps}
    return fates.get(currency, Fate.KEEP)


def over_with_it(fate: Fate, spendable: int, credited_since: int) -> int:
    """How much of a wallet expires: what there is, but nothing that came in since the new season began.

    Spending since then is taken to be of the old season's first.
    """
    return max(0, spendable - credited_since) if fate is Fate.EXPIRE else 0
