"""The calendar sheet: what each day of the cycle and of the month pays, and the dials of the streak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from loyalty.ledger.rules import NEVER, Currency, LotKey, Provenance, points_expire_on
from loyalty.sheets.rules import Reader, Season

CYCLE_DAYS = 7
MONTH_DAYS = 31
_KINDS = ("diamonds", "energy", "tickets", "points")
REWARD_MOST = 100_000
SHEET = ("calendar", "current")


class WhenBroken(StrEnum):
    """What is left of a streak that broke: nothing, a share, or the last milestone."""

    RESET = "RESET"
    DECAY = "DECAY"
    MILESTONE_FLOOR = "MILESTONE_FLOOR"


@dataclass(frozen=True, slots=True)
class Reward:
    """What a day pays; `chest` is the day that the app shows as a chest."""

    diamonds: int = 0
    energy: int = 0
    tickets: int = 0
    points: int = 0
    chest: bool = False

    def __add__(self, other: Reward) -> Reward:
        return Reward(
            self.diamonds + other.diamonds,
            self.energy + other.energy,
            self.tickets + other.tickets,
            self.points + other.points,
            self.chest or other.chest,
        )

    @property
    def empty(self) -> bool:
        return not (self.diamonds or self.energy or self.tickets or self.points)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The sheet `calendar.current`."""

    cycle: tuple[Reward, ...]
    plain: Reward
    month: Mapping[int, Reward]
    freezes_most: int
    when_broken: WhenBroken
    decay_percent: int
    milestones: tuple[int, ...]
    repair_hours: int
    repair_orders: int
    repair_diamonds: int
    make_ups: int
    zone_days: int
    tickets_days: int

    def of_day(self, day: date) -> Reward:
        """What the month's calendar pays on that day; a made-up day pays this."""
        return self.month.get(day.day, self.plain)

    def of_check_in(self, day: date, cycle_day: int) -> Reward:
        """What a check-in pays: the month's day and the day of the cycle (1..7)."""
        return self.of_day(day) + self.cycle[cycle_day - 1]

    def left_of(self, length: int) -> int:
        """The length of a streak of this length once it broke."""
        if self.when_broken is WhenBroken.RESET:
            return 0
        if self.when_broken is WhenBroken.DECAY:
            return length * self.decay_percent // 100
        return max((each for each in self.milestones if each <= length), default=0)


def amounts_of(reward: Reward) -> list[tuple[Currency, int]]:
    """What of a reward goes to wallets; energy does not."""
    pays = (
        (Currency.DIAMONDS, reward.diamonds),
        (Currency.TICKETS, reward.tickets),
        (Currency.POINTS, reward.points),
    )
    return [(currency, amount) for currency, amount in pays if amount]


def credits_of(reward: Reward, calendar: Calendar, season: Season, today: date) -> list[tuple[Currency, LotKey, int]]:
    """The lots that a reward of that day of the season's zone goes to, and how much to each."""
    last_days = {
        Currency.DIAMONDS: NEVER,
        Currency.TICKETS: today + timedelta(days=calendar.tickets_days - 1),
        Currency.POINTS: points_expire_on(today, season.points_expiry_months),
    }
    return [(currency, LotKey(Provenance.FREE, last_days[currency]), amount) for currency, amount in amounts_of(reward)]


def parse_calendar(name: str, body: Mapping[str, Any]) -> Calendar:
    """The sheet of kind `calendar`. Refuses SHEET_INVALID."""
    reader = Reader(name, body)
    cycle = tuple(_read_reward(each) for each in reader.tables("cycle", least=CYCLE_DAYS, most=CYCLE_DAYS))
    if cycle and not cycle[-1].chest:
        reader.fault("cycle", "its last day must be the chest: chest = true")
    month = _read_month(reader)
    plain = _read_reward(reader.table("plain"))
    streak = reader.table("streak")
    calendar = Calendar(
        cycle=cycle,
        plain=plain,
        month=month,
        freezes_most=streak.integer("freezes_most", low=0, high=10),
        when_broken=streak.choice("when_broken", WhenBroken, [each.value for each in WhenBroken]),
        decay_percent=streak.integer("decay_percent", low=0, high=100),
        milestones=_read_milestones(streak),
        repair_hours=streak.integer("repair_hours", low=1, high=24 * 14),
        repair_orders=streak.integer("repair_orders", low=1, high=100),
        repair_diamonds=streak.integer("repair_diamonds", low=1, high=REWARD_MOST),
        make_ups=streak.integer("make_ups", low=0, high=MONTH_DAYS),
        zone_days=streak.integer("zone_days", low=1, high=365),
        tickets_days=streak.integer("tickets_days", low=1, high=3650),
    )
    streak.close()
    reader.finish()
    return calendar


def _read_reward(reader: Reader) -> Reward:
    pays = {kind: reader.integer(kind, low=0, high=REWARD_MOST, default=0) for kind in _KINDS}
    reward = Reward(chest=reader.flag("chest", default=False), **pays)
    if reward.empty:
        reader.fault("diamonds", "the day pays nothing; give at least one of diamonds, energy, tickets, points")
    reader.close()
    return reward


def _read_month(reader: Reader) -> dict[int, Reward]:
    month: dict[int, Reward] = {}
    for each in reader.tables("month", most=MONTH_DAYS):
        day = each.integer("day", low=1, high=MONTH_DAYS)
        reward = _read_reward(each)
        if day in month:
            each.fault("day", f"day {day} of the month stands twice")
        month[day] = reward
    return month


def _read_milestones(reader: Reader) -> tuple[int, ...]:
    written = reader.texts("milestones", most=100)
    if all(text.isascii() and text.isdigit() and 1 <= int(text) <= 100_000 for text in written):
        lengths = tuple(int(text) for text in written)
        if lengths and lengths == tuple(sorted(set(lengths))):
            return lengths
    reader.fault("milestones", 'must be lengths in ascending order, written such as ["7", "30", "100"]')
    return ()
