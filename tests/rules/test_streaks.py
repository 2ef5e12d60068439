"""The streak: each state by example, and years of random days, zones and travel against a slow plain model."""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import game.checkin
from game.checkin.rules import streaks as rules
from game.checkin.rules.calendar import Calendar, Reward, WhenBroken, parse_calendar
from game.checkin.rules.streaks import Kept, Streak, StreakState, settle, state
from game.days.rules import business_day, day_exists, day_starts
from game.refusals import GameCode, GameRefused
from loyalty.sheets.rules import SheetInvalid

BODY = tomllib.loads((Path(game.checkin.__file__).parent / "sheets" / "calendar.current.toml").read_text("utf-8"))
CALENDAR = parse_calendar("calendar.current", BODY)
TAIPEI, ANGELES = "Asia/Taipei", "America/Los_Angeles"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 6, 15, 4, 0, tzinfo=UTC)  # noon of a Monday in Taipei


def fresh(zone: str = TAIPEI) -> Streak:
    return Streak(zone=zone, updated_at=START)


def come(streak: Streak, now: datetime, calendar: Calendar = CALENDAR) -> Streak:
    return rules.check_in(settle(streak, now, calendar)[0], now, calendar)


def after_days(days: int, streak: Streak | None = None) -> Streak:
    """A streak of that many days in a row, the last of them on START + (days - 1)."""
    streak = streak or fresh()
    for each in range(days):
        streak = come(streak, START + each * DAY)
    return streak


def stands(streak: Streak, now: datetime, calendar: Calendar = CALENDAR) -> tuple[StreakState, int]:
    settled, _ = settle(streak, now, calendar)
    return state(settled, now), settled.length


def refusal(act: Any) -> GameRefused:
    with pytest.raises(GameRefused) as caught:
        act()
    return caught.value


# -- days --------------------------------------------------------------------------------------------------------------


def test_the_day_turns_at_four_in_the_morning_of_the_wall_clock() -> None:
    zone = ZoneInfo(TAIPEI)
    assert business_day(datetime(2026, 6, 14, 19, 59, 59, tzinfo=UTC), zone) == date(2026, 6, 14)
    assert business_day(datetime(2026, 6, 14, 20, 0, tzinfo=UTC), zone) == date(2026, 6, 15)
    assert day_starts(date(2026, 6, 15), zone) == datetime(2026, 6, 14, 20, 0, tzinfo=UTC)


def test_the_day_is_of_wall_time_also_when_the_clocks_change_in_the_night() -> None:
    zone = ZoneInfo(ANGELES)
    spring, autumn = date(2026, 3, 8), date(2026, 11, 1)
    assert day_starts(spring, zone) - day_starts(spring - DAY, zone) == 23 * HOUR
    assert day_starts(autumn, zone) - day_starts(autumn - DAY, zone) == 25 * HOUR
    # Four hours of elapsed time before it would be the day before: it is wall time that counts.
    assert business_day(datetime(2026, 3, 8, 11, 30, tzinfo=UTC), zone) == spring


def test_a_day_that_a_zone_left_out_does_not_exist() -> None:
    assert not day_exists(date(2011, 12, 30), ZoneInfo("Pacific/Apia"))
    assert day_exists(date(2011, 12, 31), ZoneInfo("Pacific/Apia"))


# -- states ------------------------------------------------------------------------------------------------------------


def test_who_never_came_has_no_streak() -> None:
    assert stands(fresh(), START + 900 * DAY) == (StreakState.NONE, 0)


def test_a_check_in_is_active_and_the_next_day_at_risk() -> None:
    streak = after_days(3)
    last = START + 2 * DAY
    assert stands(streak, last) == (StreakState.ACTIVE, 3)
    assert stands(streak, datetime(2026, 6, 17, 19, 59, tzinfo=UTC)) == (StreakState.ACTIVE, 3)
    assert stands(streak, datetime(2026, 6, 17, 20, 0, tzinfo=UTC)) == (StreakState.AT_RISK, 3)


def test_a_day_is_paid_once_and_says_when_the_next_begins() -> None:
    streak = after_days(1)
    refused = refusal(lambda: come(streak, START + 15 * HOUR))
    assert (refused.code, refused.retryable) == (GameCode.DAY_ALREADY_PAID, True)
    assert refused.retry_at == datetime(2026, 6, 15, 20, 0, tzinfo=UTC)
    assert come(streak, refused.retry_at).length == 2


def test_a_servers_clock_that_lags_behind_the_row_changes_no_day() -> None:
    streak = after_days(2)
    assert refusal(lambda: come(streak, START - 5 * DAY)).code == GameCode.DAY_ALREADY_PAID


def test_the_seventh_day_earns_a_freeze_and_two_are_held_at_most() -> None:
    assert [after_days(days).freezes for days in (6, 7, 13, 14, 21)] == [0, 1, 1, 2, 2]
    assert [after_days(days).cycle for days in (1, 6, 7, 8)] == [1, 6, 7, 1]


def test_a_freeze_is_used_by_itself() -> None:
    streak = after_days(7)
    missed_one = START + 8 * DAY
    settled, passed = settle(streak, missed_one, CALENDAR)
    assert (state(settled, missed_one), settled.freezes, settled.length) == (StreakState.FROZEN, 0, 7)
    assert passed.kept == ((date(2026, 6, 22), Kept.FROZEN),)
    again = come(streak, missed_one)
    assert (again.length, again.cycle, again.total) == (8, 1, 8)
    assert stands(again, missed_one) == (StreakState.ACTIVE, 8)


def test_without_a_freeze_a_missed_day_can_be_repaired_for_48_hours() -> None:
    streak = after_days(10, fresh())  # a freeze from day 7
    streak = replace(streak, freezes=0)
    gap_ends = datetime(2026, 6, 25, 20, 0, tzinfo=UTC)  # the missed day is the 25th
    assert stands(streak, gap_ends - HOUR)[0] is StreakState.AT_RISK
    assert stands(streak, gap_ends) == (StreakState.REPAIRABLE, 0)
    settled, passed = settle(streak, gap_ends + 48 * HOUR - timedelta(seconds=1), CALENDAR)
    assert (settled.lapsed, settled.repair_until, passed.gaps) == (10, gap_ends + 48 * HOUR, (date(2026, 6, 25),))
    broken, passed = settle(streak, gap_ends + 48 * HOUR, CALENDAR)
    assert state(broken, gap_ends + 48 * HOUR) is StreakState.BROKEN
    assert (broken.length, broken.longest, broken.total, broken.cycle) == (8, 10, 10, 0)
    assert [(each.length_before, each.length_after) for each in passed.breaks] == [(10, 8)]


def test_a_repair_reconnects_everything_that_was_missed() -> None:
    streak = replace(after_days(10), freezes=0)
    on_the_second_day = datetime(2026, 6, 26, 22, 0, tzinfo=UTC)  # it is the 27th; the 25th and 26th were missed
    settled, _ = settle(streak, on_the_second_day, CALENDAR)
    rules.check_repairable(settled)
    mended, days = rules.repair(settled, on_the_second_day)
    assert days == ((date(2026, 6, 25), Kept.MENDED), (date(2026, 6, 26), Kept.MENDED))
    assert stands(mended, on_the_second_day) == (StreakState.AT_RISK, 10)
    assert come(mended, on_the_second_day).length == 11
    assert refusal(lambda: rules.check_repairable(mended)).code == GameCode.NOTHING_TO_REPAIR


def test_a_check_in_before_the_repair_counts_after_it() -> None:
    streak = replace(after_days(10), freezes=0)
    back = datetime(2026, 6, 26, 4, 0, tzinfo=UTC)
    came = come(streak, back)
    assert (stands(came, back), came.lapsed) == ((StreakState.REPAIRABLE, 1), 10)
    mended, days = rules.repair(came, back + HOUR)
    assert days == ((date(2026, 6, 25), Kept.MENDED),)
    assert stands(mended, back + HOUR) == (StreakState.ACTIVE, 11)


def test_a_check_in_without_repair_goes_on_from_85_percent() -> None:
    streak = replace(after_days(10), freezes=0)
    back = datetime(2026, 6, 26, 4, 0, tzinfo=UTC)
    came = come(come(streak, back), back + DAY)
    later, passed = settle(came, back + DAY + 16 * HOUR, CALENDAR)
    assert (later.length, later.lapsed, passed.breaks[0].length_after) == (8 + 2, None, 8)
    assert refusal(lambda: rules.check_repairable(later)).code == GameCode.REPAIR_TOO_LATE


def test_a_long_absence_uses_the_freezes_and_breaks_once() -> None:
    streak = after_days(14)
    later = START + 400 * DAY
    settled, passed = settle(streak, later, CALENDAR)
    assert (settled.length, settled.freezes, len(passed.kept), len(passed.breaks)) == (11, 0, 2, 1)
    assert (settled.longest, settled.total) == (14, 14)
    again = come(streak, later)
    assert (again.length, again.cycle, again.total, again.longest) == (12, 1, 15, 14)


@pytest.mark.parametrize(
    ("dial", "length", "left"),
    [(WhenBroken.RESET, 40, 0), (WhenBroken.DECAY, 40, 34), (WhenBroken.DECAY, 1, 0), (WhenBroken.DECAY, 7, 5),
     (WhenBroken.MILESTONE_FLOOR, 40, 30), (WhenBroken.MILESTONE_FLOOR, 30, 30), (WhenBroken.MILESTONE_FLOOR, 6, 0)],
)  # fmt: skip
def test_what_is_left_of_a_broken_streak_is_a_dial(dial: WhenBroken, length: int, left: int) -> None:
    assert replace(CALENDAR, when_broken=dial).left_of(length) == left


# -- travel ------------------------------------------------------------------------------------------------------------


def test_a_zone_to_the_west_takes_effect_when_its_day_exceeds_the_last() -> None:
    streak = after_days(3)  # the last day is the 17th in Taipei
    landed = datetime(2026, 6, 17, 14, 0, tzinfo=UTC)  # seven in the morning of the 17th in Los Angeles
    moved = rules.change_zone(settle(streak, landed, CALENDAR)[0], ANGELES, landed, CALENDAR)
    starts = datetime(2026, 6, 18, 11, 0, tzinfo=UTC)
    assert (moved.zone, moved.next_zone, moved.zone_from) == (TAIPEI, ANGELES, starts)
    assert refusal(lambda: come(moved, landed)).code == GameCode.DAY_ALREADY_PAID
    settled, _ = settle(moved, starts, CALENDAR)
    assert (settled.zone, settled.today(starts)) == (ANGELES, date(2026, 6, 18))
    assert come(moved, starts).length == 4


def test_a_day_skipped_by_travel_is_neutral() -> None:
    streak = replace(after_days(1, fresh(ANGELES)), zone=ANGELES, freezes=0)
    assert streak.last_day == date(2026, 6, 14)
    landed = datetime(
        2026, 6, 15, 22, 0, tzinfo=UTC
    )  # the 15th in Los Angeles, six in the morning of the 16th in Taipei
    moved = rules.change_zone(settle(streak, landed, CALENDAR)[0], TAIPEI, landed, CALENDAR)
    assert (moved.zone, moved.travel_from, moved.travel_to) == (TAIPEI, date(2026, 6, 15), date(2026, 6, 15))
    settled, passed = settle(moved, landed, CALENDAR)
    assert state(settled, landed) is StreakState.AT_RISK
    assert passed.kept == ((date(2026, 6, 15), Kept.TRAVEL),)
    assert come(moved, landed).length == 2


def test_the_zone_changes_once_in_thirty_days() -> None:
    first = rules.change_zone(fresh(), ANGELES, START, CALENDAR)
    assert rules.change_zone(first, ANGELES, START + DAY, CALENDAR) is first
    refused = refusal(lambda: rules.change_zone(first, TAIPEI, START + 30 * DAY - HOUR, CALENDAR))
    assert (refused.code, refused.retry_at) == (GameCode.ZONE_TOO_SOON, START + 30 * DAY)
    assert rules.change_zone(first, TAIPEI, START + 30 * DAY, CALENDAR).zone == TAIPEI


def test_a_gap_day_that_comes_again_further_west_is_no_gap() -> None:
    streak = replace(after_days(1, fresh("Pacific/Kiritimati")), freezes=0)
    assert streak.last_day == date(2026, 6, 15)
    later = day_starts(date(2026, 6, 17), ZoneInfo("Pacific/Kiritimati"))  # the 16th has just been missed there
    settled, _ = settle(streak, later, CALENDAR)
    assert settled.gap_day == date(2026, 6, 16)
    moved = rules.change_zone(settled, "Pacific/Niue", later, CALENDAR)
    came = come(moved, day_starts(date(2026, 6, 16), ZoneInfo("Pacific/Niue")) + HOUR)
    assert (came.last_day, came.length, came.lapsed) == (date(2026, 6, 16), 2, None)


def test_a_made_up_day_that_comes_again_further_west_is_paid_already() -> None:
    streak = replace(after_days(1, fresh("Pacific/Kiritimati")), freezes=0)
    moved = rules.change_zone(streak, "Pacific/Pago_Pago", START + HOUR, CALENDAR)
    assert moved.zone_from == datetime(2026, 6, 16, 15, 0, tzinfo=UTC)
    east = datetime(2026, 6, 16, 14, 30, tzinfo=UTC)  # the 17th in Kiritimati, the 15th in Pago Pago
    made = rules.make_up(settle(moved, east, CALENDAR)[0], date(2026, 6, 16))
    west, _ = settle(made, east + HOUR, CALENDAR)
    assert (west.zone, west.today(east + HOUR), west.total) == ("Pacific/Pago_Pago", date(2026, 6, 16), 2)
    refused = refusal(lambda: rules.check_in(west, east + HOUR, CALENDAR))
    assert (refused.code, refused.retry_at) == (GameCode.DAY_ALREADY_PAID, datetime(2026, 6, 17, 15, 0, tzinfo=UTC))
    assert come(west, datetime(2026, 6, 17, 15, 0, tzinfo=UTC)).total == 3


# -- make-up -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "used", "code"),
    [
        (date(2026, 6, 24), 0, GameCode.MAKE_UP_NOT_MISSED),  # today
        (date(2026, 6, 30), 0, GameCode.MAKE_UP_NOT_MISSED),
        (date(2026, 6, 9), 0, GameCode.MAKE_UP_NOT_MISSED),  # before he joined
        (date(2026, 6, 20), 3, GameCode.MAKE_UP_LIMIT),
    ],
)
def test_what_cannot_be_made_up(day: date, used: int, code: GameCode) -> None:
    now = START + 9 * DAY
    settled, _ = settle(after_days(3), now, CALENDAR)
    refused = refusal(lambda: rules.check_make_up(settled, day, now, date(2026, 6, 10), used, CALENDAR))
    assert refused.code == code
    rules.check_make_up(settled, date(2026, 6, 20), now, date(2026, 6, 10), 2, CALENDAR)


def test_another_month_cannot_be_made_up() -> None:
    now = datetime(2026, 6, 30, 20, 0, tzinfo=UTC)  # July has begun
    settled, _ = settle(after_days(3), now, CALENDAR)
    refused = refusal(lambda: rules.check_make_up(settled, date(2026, 6, 30), now, date(2026, 6, 1), 0, CALENDAR))
    assert refused.code == GameCode.MAKE_UP_OTHER_MONTH


# -- the calendar ------------------------------------------------------------------------------------------------------


def test_a_check_in_pays_the_months_day_and_the_cycles_day() -> None:
    assert CALENDAR.of_check_in(date(2026, 6, 2), 1) == Reward(diamonds=15)
    chest = CALENDAR.of_check_in(date(2026, 6, 28), 7)
    assert chest == Reward(diamonds=90, energy=30, tickets=2, chest=True)
    assert CALENDAR.of_day(date(2026, 2, 28)) == Reward(diamonds=30, tickets=1)


def test_every_mistake_of_a_calendar_is_told_at_once() -> None:
    body = {
        "cycle": [*({"diamonds": 1} for _ in range(5)), {"energy": -1}],
        "month": [{"day": 1, "diamonds": 1}, {"day": 1, "diamonds": 1}, {"day": 32, "gold": 1}],
        "plain": {},
        "streak": {**BODY["streak"], "when_broken": "VANISH", "milestones": ["30", "7"], "more": 1},
    }
    with pytest.raises(SheetInvalid) as caught:
        parse_calendar("calendar.current", body)
    assert {fault.key for fault in caught.value.faults} >= {
        "cycle", "cycle[5].energy", "month[1].day", "month[2].day", "month[2].gold", "plain.diamonds",
        "streak.when_broken", "streak.milestones", "streak.more",
    }  # fmt: skip


# -- a slow plain model ------------------------------------------------------------------------------------------------

TICK = timedelta(minutes=15)  # every zone's day begins on a quarter of an hour
ZONES = (
    TAIPEI, ANGELES, "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati",
    "Pacific/Niue", "Pacific/Auckland", "America/Santiago", "Africa/Casablanca", "UTC",
)  # fmt: skip


@dataclass
class Model:
    """A clock that ticks every quarter of an hour, and does at once whatever that moment brings."""

    zone: str
    policy: Calendar
    now: datetime
    paid: set[date] = field(default_factory=set)
    frozen: set[date] = field(default_factory=set)
    neutral: set[date] = field(default_factory=set)
    length: int = 0
    longest: int = 0
    freezes: int = 0
    last: date | None = None
    seen: date | None = None  # the newest day that has ended since the last check-in, or the last check-in's
    pending: int | None = None
    gap: date | None = None
    until: datetime | None = None
    broke: bool = False
    cycle: int = 0
    coming: tuple[str, datetime] | None = None
    changed: datetime | None = None

    @property
    def latest(self) -> date | None:
        return max(self.paid, default=None)

    def day(self, zone: str | None = None) -> date:
        wall = self.now.replace(tzinfo=None) + self.now.astimezone(ZoneInfo(zone or self.zone)).utcoffset()  # type: ignore[operator]
        return wall.date() if wall.hour >= 4 else wall.date() - DAY

    def run_to(self, end: datetime) -> None:
        while self.now < end:
            whole = self.now.replace(minute=self.now.minute // 15 * 15, second=0, microsecond=0)
            self.now = min(end, whole + TICK)
            self.look()
            if self.coming and self.now >= self.coming[1]:
                self.move(self.coming[0])
                self.look()

    def look(self) -> None:
        """A repair's time may be over, and days may have ended."""
        if self.pending is not None and self.until is not None and self.now >= self.until:
            self.fall()
        if self.last is None or self.seen is None:
            return
        while self.seen + DAY < self.day():
            ended = self.seen = self.seen + DAY
            if self.gap is not None and self.gap > self.last:
                continue
            if ended in self.neutral:
                continue
            if self.freezes:
                self.freezes -= 1
                self.frozen.add(ended)
                continue
            if self.pending is not None:
                self.fall()
            self.pending, self.length, self.gap, self.broke = self.length, 0, ended, False
            self.until = self.now + timedelta(hours=self.policy.repair_hours)

    def fall(self) -> None:
        assert self.pending is not None
        left = {
            WhenBroken.RESET: 0,
            WhenBroken.DECAY: self.pending * 85 // 100,
            WhenBroken.MILESTONE_FLOOR: max([0, *(m for m in (7, 14, 30, 60, 100, 180, 365) if m <= self.pending)]),
        }[self.policy.when_broken]
        self.length += left
        self.longest = max(self.longest, self.length)
        self.pending, self.cycle = None, 0

    def check_in(self) -> bool:
        today = self.day()
        if self.latest is not None and today <= self.latest:
            return False
        away = self.gap is not None and self.last is not None and self.gap > self.last
        if away and self.pending is not None and self.gap is not None and today <= self.gap:
            self.length, self.pending, self.gap = self.length + self.pending, None, None
        self.paid.add(today)
        self.last = self.seen = today
        self.length += 1
        self.longest = max(self.longest, self.length)
        self.cycle = 1 if self.cycle == 7 else self.cycle + 1
        if self.cycle == 7:
            self.freezes = min(self.freezes + 1, 2)
        return True

    def repair(self) -> bool:
        if self.pending is None:
            return False
        if self.gap is not None and self.last is not None and self.gap > self.last:
            self.seen = max(self.gap, self.day() - DAY)
        self.length += self.pending
        self.longest = max(self.longest, self.length)
        self.pending = self.gap = None
        return True

    def make_up(self, back: int) -> date | None:
        """Pays the day that many days ago, if nobody has; it counts for nothing but the total."""
        day = self.day() - back * DAY
        if day in self.paid:
            return None
        self.paid.add(day)
        return day

    def travel(self, zone: str) -> bool:
        if zone == (self.coming[0] if self.coming else self.zone):
            return True
        if self.changed is not None and self.now < self.changed + 30 * DAY:
            return False
        self.changed = self.now
        if self.latest is None or self.day(zone) > self.latest:
            self.move(zone)
            return True
        first = Model(zone, self.policy, self.now)
        while first.day() <= self.latest:
            first.now = first.now.replace(minute=first.now.minute // 15 * 15, second=0, microsecond=0) + TICK
        self.coming = (zone, first.now)
        return True

    def move(self, zone: str) -> None:
        day, end = self.day(), self.day(zone)
        while day < end:
            self.neutral.add(day)
            day += DAY
        self.zone, self.coming = zone, None

    def facts(self) -> tuple[Any, ...]:
        return (self.zone, self.length, self.longest, len(self.paid), self.freezes, self.cycle, self.pending)


def facts_of(streak: Streak) -> tuple[Any, ...]:
    return (
        streak.zone, streak.length, streak.longest, streak.total, streak.freezes, streak.cycle, streak.lapsed,
    )  # fmt: skip


def live(seed: int, policy: Calendar, days: int) -> tuple[int, ...]:
    """One life by the rules and by the model; returns what it met, so that a test can ask for enough of it."""
    dice = random.Random(seed)
    zone = dice.choice(ZONES)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=dice.randrange(60 * 24 * 400))
    streak, model = Streak(zone=zone, updated_at=start), Model(zone, policy, start)
    diligence = dice.choice([0.3, 0.6, 0.9, 0.99])
    now, end = start, start + days * DAY
    met = [0] * 6
    while now < end:
        lazy = dice.random() > diligence
        now += timedelta(minutes=dice.choice([1, 30, 300, 1440]) if not lazy else dice.randrange(1, 60 * 24 * 6))
        model.run_to(now)
        settled, _ = settle(streak, now, policy)
        assert facts_of(settled) == model.facts(), (seed, now, settled, model)
        longest, total = streak.longest, streak.total
        deed = dice.random()
        if deed < 0.75:
            came = model.check_in()
            met[0] += came
            if came:
                streak = rules.check_in(settled, now, policy)
                assert streak.last_day == model.last, (seed, now)
            else:
                assert refusal(lambda s=settled, n=now: rules.check_in(s, n, policy)).code == GameCode.DAY_ALREADY_PAID
        elif deed < 0.87:
            pending = model.repair()
            met[1] += pending
            if pending:
                rules.check_repairable(settled)
                streak, _ = rules.repair(settled, now)
            else:
                refusal(lambda s=settled: rules.check_repairable(s))
        elif deed < 0.93:
            wanted = dice.choice(ZONES)
            if model.travel(wanted):
                changed = rules.change_zone(settled, wanted, now, policy)
                met[2] += changed is not settled
                streak = changed if changed is not settled else streak
            else:
                refused = refusal(lambda s=settled, z=wanted, n=now: rules.change_zone(s, z, n, policy))
                assert refused.code == GameCode.ZONE_TOO_SOON
        elif deed < 0.97 and (made := model.make_up(dice.randrange(1, 4))):
            met[5] += 1
            streak = rules.make_up(streak, made)
        assert streak.longest >= longest, (seed, now)
        assert streak.total >= total, (seed, now)
        met[3] = max(met[3], len(model.frozen))
        met[4] += model.pending is not None
    return tuple(met)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), dial=st.sampled_from(WhenBroken))
def test_years_of_days_zones_and_travel_agree_with_a_slow_plain_model(seed: int, dial: WhenBroken) -> None:
    live(seed, replace(CALENDAR, when_broken=dial), days=500)


def test_the_random_lives_meet_everything(seed: int) -> None:
    met = [live(seed + each, CALENDAR, days=300) for each in range(8)]
    for kind in range(6):
        assert sum(life[kind] for life in met) > 0, met


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_it_does_not_matter_how_often_one_looked_in_between(seed: int) -> None:
    dice = random.Random(seed)
    streak = after_days(dice.randrange(1, 30), fresh())
    first = START + timedelta(minutes=dice.randrange(60 * 24 * 60))
    if dice.random() < 0.5:
        settled, _ = settle(streak, first, CALENDAR)
        streak = rules.change_zone(settled, dice.choice(ZONES), first, CALENDAR)
    looks = sorted(first + timedelta(minutes=dice.randrange(60 * 24 * 10)) for _ in range(5))
    often = streak
    kept: list[Any] = []
    for look in looks:
        often, passed = settle(often, look, CALENDAR)
        kept += [passed.kept, passed.gaps, passed.breaks]
    once, passed = settle(streak, looks[-1], CALENDAR)
    assert often == once
    assert sorted(map(repr, (each for part in kept for each in part))) == sorted(
        map(repr, (*passed.kept, *passed.gaps, *passed.breaks))
    )


def test_a_day_that_ended_before_the_zone_changed_stays_as_it_was_seen() -> None:
    last = date(2026, 6, 15)
    streak = replace(after_days(1, fresh("Pacific/Kiritimati")), freezes=1)
    soon = START + HOUR
    moved = rules.change_zone(settle(streak, soon, CALENDAR)[0], "Pacific/Niue", soon, CALENDAR)
    switch = day_starts(last + DAY, ZoneInfo("Pacific/Niue"))
    assert moved.zone_from == switch
    just_before, _ = settle(moved, switch - timedelta(minutes=30), CALENDAR)
    assert (just_before.frozen_to, just_before.freezes) == (last + DAY, 0)
    assert settle(moved, switch, CALENDAR)[0] == settle(just_before, switch, CALENDAR)[0]


def test_a_lagging_clock_does_not_bring_the_next_change_of_zone_nearer() -> None:
    streak = after_days(5)
    changed = rules.change_zone(streak, ANGELES, START - 20 * DAY, CALENDAR)
    assert changed.zone_changed_at == streak.updated_at
