"""The sheet of kind `quests`, and what can happen at most in a period, so that no quest is ever impossible."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from loyalty.ledger.rules import NEVER, Currency, LotKey, Provenance
from loyalty.sheets.rules import Fault, Reader

MOST_TARGET = 100_000
RECEIPTS_A_DAY = 3
_MOST_REWARD = 100_000
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")


class Period(StrEnum):
    """How long a quest lasts: a business day, the week of such days from Monday on, the season."""

    DAY = "DAY"
    WEEK = "WEEK"
    SEASON = "SEASON"


class Counted(StrEnum):
    """What a quest counts."""

    ORDER_DELIVERED = "ORDER_DELIVERED"
    MERGES = "MERGES"
    TAPS = "TAPS"
    CHECK_IN = "CHECK_IN"
    DRAWS = "DRAWS"
    CHEST_OPENED = "CHEST_OPENED"
    RECEIPTS = "RECEIPTS"
    LEVELS = "LEVELS"


# What is counted -> the kind of event, and the fact that is summed; none: the events themselves.
SUMS: Mapping[Counted, tuple[str, str]] = {
    Counted.ORDER_DELIVERED: ("order_delivered", ""),
    Counted.MERGES: ("moves_played", "merge"),
    Counted.TAPS: ("moves_played", "tap"),
    Counted.CHECK_IN: ("checked_in", ""),
    Counted.DRAWS: ("prizes_drawn", "count"),
    Counted.CHEST_OPENED: ("chest_opened", ""),
    Counted.RECEIPTS: ("receipt_recorded", ""),
    Counted.LEVELS: ("level_claimed", ""),
}
DAYS = {Period.DAY: 1, Period.WEEK: 7}


@dataclass(frozen=True, slots=True)
class Reward:
    """What a quest pays."""

    diamonds: int
    tickets: int
    energy: int


@dataclass(frozen=True, slots=True)
class Quest:
    """One quest. A day or week has it where it begins at `since` or later and before `until`.

    A season's counts between the two. `level` is the least level of the board.
    """

    code: str
    names: Mapping[str, str]
    period: Period
    counts: Counted
    target: int
    reward: Reward
    since: datetime | None
    until: datetime | None
    level: int


@dataclass(frozen=True, slots=True)
class QuestSheet:
    """Every quest, and for how many days tickets out of them can be spent."""

    quests: tuple[Quest, ...]
    tickets_days: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What the other sheets let happen at most. `season_days` None: the season has no end yet.

    Draws are those of a member under the adult age; `order_units` what the largest order takes.
    """

    draws_day: int
    draws_month: int
    energy_day: int
    order_units: int
    order_every: int
    chest_seconds: int
    chest_slots: int
    levels: int
    season_days: int | None


def credits_of(reward: Reward, sheet: QuestSheet, today: date) -> list[tuple[Currency, LotKey, int]]:
    """The lots that a quest's reward goes to on that day of the season's zone, and how much to each; energy is none."""
    pays = (
        (Currency.DIAMONDS, NEVER, reward.diamonds),
        (Currency.TICKETS, today + timedelta(days=sheet.tickets_days - 1), reward.tickets),
    )
    return [(currency, LotKey(Provenance.FREE, last_day), amount) for currency, last_day, amount in pays if amount]


def parse_quests(name: str, body: Mapping[str, Any]) -> QuestSheet:
    """Reads the sheet. Refuses SHEET_INVALID with every mistake at once."""
    reader = Reader(name, body)
    quests: list[Quest] = []
    for each in reader.tables("quests", least=1, most=100):
        quest = _read_quest(each)
        if any(other.code == quest.code for other in quests):
            each.fault("code", "the code of each quest must stand once")
        quests.append(quest)
        each.close()
    sheet = QuestSheet(tuple(quests), reader.integer("tickets_days", low=1, high=366))
    reader.finish()
    return sheet


def faults_beside(sheet: QuestSheet, limits: Limits) -> list[Fault]:
    """Quests that ask for more than can happen."""
    faults = []
    for index, quest in enumerate(sheet.quests):
        most, why = most_possible(quest, limits)
        if most is not None and quest.target > most:
            faults.append(Fault("quests.current", f"quests[{index}].target", f"must be at most {most}: {why}"))
    return faults


def most_possible(quest: Quest, limits: Limits) -> tuple[int | None, str]:
    """How far a quest can come in its period, and why no further; None: without bound."""
    days = DAYS.get(quest.period, limits.season_days)
    if quest.period is Period.SEASON and quest.since and quest.until:
        between = (quest.until - quest.since).days
        days = between if days is None else min(days, between)
    if quest.counts is Counted.LEVELS:
        return limits.levels, "so many levels can be claimed"
    if days is None:
        return None, ""
    energy, span = limits.energy_day * days, f"in {days} days" if days != 1 else "in a day"
    orders = energy // limits.order_units
    draws = min(limits.draws_day * days, limits.draws_month * max(1, days // 31))
    timed = limits.chest_slots * days * 86_400 // max(1, limits.chest_seconds)
    chests = min(timed, orders // limits.order_every)
    most = {
        Counted.CHECK_IN: (days, "one check-in a day"),
        Counted.DRAWS: (draws, "the rails let a member under age draw no more"),
        Counted.TAPS: (energy, "so much energy comes back"),
        Counted.MERGES: (energy // 2, "a merge takes two goods, and so much energy comes back"),
        Counted.ORDER_DELIVERED: (orders, "the largest orders take all the energy that comes back"),
        Counted.CHEST_OPENED: (chests, "orders earn and timers open no more chests"),
        Counted.RECEIPTS: (RECEIPTS_A_DAY * days, f"{RECEIPTS_A_DAY} receipts a day"),
    }
    number, why = most[quest.counts]
    return number, f"{why} {span}"


def _read_quest(reader: Reader) -> Quest:
    code = reader.text("code", most=40)
    if code and not _CODE.fullmatch(code):
        reader.fault("code", "must be 1 to 40 of a-z 0-9 -, with a letter first")
    period = reader.choice("period", Period, tuple(Period))
    counts = Counted(reader.choice("counts", str, [each.value.lower() for each in Counted]).upper())
    target = reader.integer("target", low=1, high=MOST_TARGET)
    since, until = _read_instant(reader, "from"), _read_instant(reader, "until")
    if since and until and until <= since:
        reader.fault("until", "must be after `from`")
    if counts is Counted.LEVELS and period is not Period.SEASON:
        reader.fault("counts", "a level can take longer than a week: only a quest of a SEASON counts levels")
    if counts is Counted.CHECK_IN and period in DAYS and target > DAYS[period]:
        reader.fault("target", f"must be at most {DAYS[period]}: there is one check-in a day")
    return Quest(
        code=code,
        names=reader.names("name"),
        period=period,
        counts=counts,
        target=target,
        reward=_read_reward(reader.table("reward")),
        since=since,
        until=until,
        level=reader.integer("level", low=1, high=200, default=1),
    )


def _read_reward(reader: Reader) -> Reward:
    diamonds, tickets, energy = (
        reader.integer(each, low=0, high=_MOST_REWARD, default=0) for each in ("diamonds", "tickets", "energy")
    )
    if not (diamonds or tickets or energy):
        reader.fault("diamonds", "a quest must pay something: diamonds, tickets or energy")
    reader.close()
    return Reward(diamonds, tickets, energy)


def _read_instant(reader: Reader, key: str) -> datetime | None:
    text = reader.text(key, default="", most=40)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        reader.fault(key, f"must be an instant with its offset such as 2027-03-01T04:00:00+08:00, not {text!r}")
        return None
    return found


def of_code(quests: Sequence[Quest], code: str) -> Quest | None:
    """The quest of that code; None where the sheet has none."""
    return next((each for each in quests if each.code == code), None)
