"""Tiers: up at once, down one step at the anniversary after a notice, reviewed at once after a return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from loyalty.sheets.rules import Reader

WINDOW_DAYS = 365
TERM = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of the ladder; `threshold` in qualifying credits over 365 days."""

    code: str
    threshold: int
    multiplier_percent: int
    energy_cap: int
    names: Mapping[str, str]

    def name(self, locale: str) -> str:
        """The name in a language; in English where that language has none."""
        return self.names.get(locale) or self.names["en"]

    @property
    def multiplier(self) -> str:
        """125 percent as `1.25`."""
        return f"{self.multiplier_percent // 100}.{self.multiplier_percent % 100:02d}"


@dataclass(frozen=True, slots=True)
class Ladder:
    """The tiers from the lowest, and how long before a step down the member is told."""

    tiers: tuple[Tier, ...]
    notice: timedelta

    def rank(self, code: str) -> int:
        """Where a tier stands; a tier that the ladder has lost counts as the lowest."""
        return next((rank for rank, tier in enumerate(self.tiers) if tier.code == code), 0)

    def tier(self, code: str) -> Tier:
        return self.tiers[self.rank(code)]

    def reached(self, credits: int) -> Tier:
        """The highest tier whose threshold the credits reach."""
        return [tier for tier in self.tiers if tier.threshold <= credits][-1]


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's tier: since when, until when at least, and whether a step down was announced."""

    code: str
    since: datetime
    until: datetime | None = None
    notice_at: datetime | None = None


def parse_ladder(name: str, body: Mapping[str, Any]) -> Ladder:
    """The sheet of kind `ladder`. Refuses SHEET_INVALID."""
    reader = Reader(name, body)
    tiers = []
    for each in reader.tables("tiers", least=1, most=12):
        tiers.append(
            Tier(
                code=each.text("code", most=20),
                threshold=each.integer("threshold", low=0, high=2**31 - 1),
                multiplier_percent=each.integer("multiplier_percent", low=100, high=1000),
                energy_cap=each.integer("energy_cap", low=1, high=1000),
                names=each.names("name"),
            )
        )
        each.close()
    for lower, higher in pairwise(tiers):
        if higher.threshold <= lower.threshold:
            reader.fault("tiers", f"{higher.code} must have a higher threshold than {lower.code}")
    if tiers and tiers[0].threshold != 0:
        reader.fault("tiers", "the lowest tier must have threshold 0")
    if len({tier.code for tier in tiers}) != len(tiers):
        reader.fault("tiers", "each code may stand once")
    notice = reader.integer("notice_days", low=1, high=180)
    reader.finish()
    return Ladder(tuple(tiers), timedelta(days=notice))


def window_start(day: date) -> date:
    """The first day of the 365 that end with `day`."""
    return day - timedelta(days=WINDOW_DAYS - 1)


def window(spend: Mapping[date, int], day: date) -> int:
    """Credits of the 365 days that end with `day`."""
    start = window_start(day)
    return sum(credits for on, credits in spend.items() if start <= on <= day)


def after_purchase(ladder: Ladder, standing: Standing, credits: int, now: datetime) -> Standing:
    """Up at once, as far as the credits reach; never down."""
    reached = ladder.reached(credits)
    if ladder.rank(reached.code) <= ladder.rank(standing.code):
        return standing
    at = max(now, standing.since)
    return Standing(reached.code, at, at + TERM)


def review(ladder: Ladder, standing: Standing, credits: int, now: datetime) -> Standing:
    """What time alone does: a notice before the anniversary, then another year or one step down.

    Nobody steps down without a notice that is old enough: where the review comes late, the notice is given now and the
    tier lasts until the notice has run.
    """
    if standing.until is None:
        return standing
    keeps = credits >= ladder.tier(standing.code).threshold
    if now >= standing.until:
        if keeps:
            return replace(standing, until=max(standing.until, now) + TERM, notice_at=None)
        if standing.notice_at is None:
            return replace(standing, until=now + ladder.notice, notice_at=now)
        lower = ladder.tiers[max(0, ladder.rank(standing.code) - 1)]
        until = now + TERM if lower.threshold else None
        return Standing(lower.code, now, until)
    if not keeps and standing.notice_at is None and now >= standing.until - ladder.notice:
        return replace(standing, notice_at=now, until=max(standing.until, now + ladder.notice))
    return standing


def after_return(
    ladder: Ladder,
    standing: Standing,
    before: Mapping[date, int],
    after: Mapping[date, int],
    first_day: date,
    now: datetime,
) -> Standing:
    """Takes back a promotion that the returned purchase had earned.

    `before` and `after` are the credits of each day with and without what came back. The tier falls if they reached its
    threshold, over 365 days up to any day since `first_day` (the day it was reached), and no longer do: to the highest
    tier that they did reach. A tier that other than purchases keeps, such as after one step down, is not touched.
    """
    had, has = (ladder.reached(_best_window(spend, first_day)) for spend in (before, after))
    rank = ladder.rank(standing.code)
    if ladder.rank(had.code) < rank or ladder.rank(has.code) >= rank:
        return standing
    at = max(now, standing.since)
    return Standing(has.code, at, at + TERM if has.threshold else None)


def _best_window(spend: Mapping[date, int], first_day: date) -> int:
    """The most credits that 365 days held, up to any day from `first_day` on."""
    return max(window(spend, day) for day in {first_day, *(day for day in spend if day > first_day)})
