"""The season: what holds for everything while it runs, and what becomes of things at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets.rules.reading import Reader


class Fate(StrEnum):
    """What becomes of something at a season's end."""

    KEEP = "KEEP"
    EXPIRE = "EXPIRE"
    RESET = "RESET"


@dataclass(frozen=True, slots=True)
class AtEnd:
    """Currencies are kept or expire, streak and board are kept or begin anew. Points are money's worth: kept."""

    diamonds: Fate = Fate.KEEP
    tickets: Fate = Fate.KEEP
    stamps: Fate = Fate.KEEP
    streak: Fate = Fate.KEEP
    board: Fate = Fate.KEEP


KEEP_ALL = AtEnd()


@dataclass(frozen=True, slots=True)
class Season:
    """What holds for everything while a season runs."""

    code: str
    zone: ZoneInfo
    currency: str
    points_expiry_months: int
    reversal_grace_days: int
    tender_points_per_major: int
    hold_seconds: int
    starts: date | None = None
    ends: date | None = None
    at_end: AtEnd = KEEP_ALL

    def day(self, at: datetime) -> date:
        """The date of an instant in the season's zone."""
        return at.astimezone(self.zone).date()

    def refuse_over(self, asked: str | None, now: datetime) -> None:
        """Refuses SEASON_OVER where a command was made in another season, or where this one has ended.

        `asked` is the season that the caller took for the running one; None where he leaves that to the server.
        """
        if asked is not None and asked != self.code:
            raise LoyaltyRefused(LoyaltyCode.SEASON_OVER, current=self.code)
        if self.ends is not None and self.day(now) >= self.ends:
            raise LoyaltyRefused(LoyaltyCode.SEASON_OVER, retryable=True, current=self.code)


def parse_season(name: str, body: Mapping[str, Any]) -> Season:
    """The sheet of kind `season`. Refuses SHEET_INVALID."""
    reader = Reader(name, body)
    season = Season(
        code=reader.text("code", most=40),
        zone=reader.zone("timezone"),
        currency=reader.text("currency", most=3),
        points_expiry_months=reader.integer("points_expiry_months", low=1, high=60),
        reversal_grace_days=reader.integer("reversal_grace_days", low=1, high=365),
        tender_points_per_major=reader.integer("tender_points_per_major", low=1, high=1_000_000),
        hold_seconds=reader.integer("hold_seconds", low=30, high=86_400),
        starts=reader.day("starts"),
        ends=reader.day("ends"),
        at_end=_read_end(reader.table("at_end", required=False)),
    )
    if season.starts is not None and season.ends is not None and season.ends <= season.starts:
        reader.fault("ends", "must be after the day on which the season starts")
    reader.finish()
    return season


def _read_end(reader: Reader) -> AtEnd:
    diamonds, tickets, stamps = (
        reader.choice(each, Fate, ["KEEP", "EXPIRE"], "KEEP") for each in ("diamonds", "tickets", "stamps")
    )
    streak, board = (reader.choice(each, Fate, ["KEEP", "RESET"], "KEEP") for each in ("streak", "board"))
    reader.close()
    return AtEnd(diamonds, tickets, stamps, streak, board)
