"""Quests: windows over changes of zone, how they stand, what a claim is for, and that none asks for the impossible."""

from __future__ import annotations

import random
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from game.days.rules import business_day
from game.quests.rules.content import (
    SUMS,
    Counted,
    Limits,
    Period,
    Quest,
    QuestSheet,
    faults_beside,
    most_possible,
    parse_quests,
)
from game.quests.rules.periods import EARLY, FAR, Zones, windows_of, zones_of
from game.quests.rules.standing import Standing, find_claim, shown, stand, windows_for
from game.refusals import GameCode, GameRefused
from loyalty.sheets.rules import Season, SheetInvalid, parse_season
from tests.playing import sheet
from tests.seeding import shipped_sheets

NOON = datetime(2027, 3, 10, 4, 0, tzinfo=UTC)  # a Wednesday in Taipei
TAIPEI = zones_of("Asia/Taipei", [])
LIMITS = Limits(
    draws_day=3, draws_month=100, energy_day=720, order_units=36, order_every=3, chest_seconds=28_800, chest_slots=1,
    levels=11, season_days=None,
)  # fmt: skip


def season(**changes: Any) -> Season:
    return replace(parse_season("season", tomllib.loads(shipped_sheets()["season.current.toml"])), **changes)


def raw(**changes: Any) -> dict[str, Any]:
    plain = {
        "code": "orders", "name": {"en": "Orders", "zh-TW": "訂單"}, "period": "DAY", "counts": "order_delivered",
        "target": 3, "reward": {"diamonds": 5},
    }  # fmt: skip
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


def parse(*quests: dict[str, Any], **changes: Any) -> QuestSheet:
    return parse_quests("quests.current", {"tickets_days": 30, "quests": list(quests), **changes})


def quest(**changes: Any) -> Quest:
    return parse(raw(**changes)).quests[0]


def faults(*quests: dict[str, Any], **changes: Any) -> str:
    with pytest.raises(SheetInvalid) as caught:
        parse(*quests, **changes)
    return str(caught.value.facts["faults"])


def standings(
    given: Quest, progress: dict[str, int], claimed: tuple[str, ...] = (), now: datetime = NOON
) -> list[Standing]:
    """How a quest stands at an instant, by what its windows come to."""
    claims = {(given.code, period): 1 for period in claimed}
    return [
        stand(window, {SUMS[given.counts]: progress.get(window.period, 0)}, claims)
        for window in windows_for([given], TAIPEI, season(), 1, now)
    ]


def code(given: Quest, found: list[Standing], asked: str = "orders") -> str:
    try:
        return find_claim([given], found, asked).window.period
    except GameRefused as refused:
        return str(refused.code)


# --- days and weeks


def test_a_day_begins_at_four_and_a_week_on_monday() -> None:
    before, today = windows_of(quest(), TAIPEI, season(), NOON)
    assert (before.period, today.period) == ("2027-03-09", "2027-03-10")
    assert today.since == before.until == datetime(2027, 3, 9, 20, tzinfo=UTC)
    assert today.until == before.ends == today.since + timedelta(days=1)
    last, week = windows_of(quest(period="WEEK"), TAIPEI, season(), NOON)
    assert (last.period, week.period) == ("2027-03-01", "2027-03-08")
    assert week.since == datetime(2027, 3, 7, 20, tzinfo=UTC)
    assert (week.until, week.ends) == (week.since + timedelta(days=7), week.since + timedelta(days=14))


def test_days_lie_side_by_side_whatever_the_zones_were(seed: int) -> None:
    """What happens at any instant counts for exactly one day, and days only go on."""
    dice = random.Random(seed)
    names = [
        "Asia/Taipei",
        "America/New_York",
        "Pacific/Honolulu",
        "Pacific/Kiritimati",
        "Europe/London",
        "Pacific/Apia",
    ]
    for _ in range(150):
        at, changes, zone = NOON, [], dice.choice(names)
        first = zone
        for _ in range(dice.randrange(4)):
            at += timedelta(minutes=dice.randrange(1, 60 * 24 * 40))
            other = dice.choice(names)
            changes.append((at, zone, other))
            zone = other
        zones = zones_of(zone, changes)
        assert zones.parts[0] == (EARLY, ZoneInfo(first))
        day = zones.today(NOON)
        for _ in range(120):
            assert zones.starts(day) <= zones.starts(day + timedelta(days=1))
            day += timedelta(days=1)
        moment, last = NOON - timedelta(days=2), date.min
        for _ in range(60):
            moment += timedelta(minutes=dice.randrange(1, 2_000))
            today = zones.today(moment)
            assert today >= last
            assert zones.starts(today) <= moment < zones.starts(today + timedelta(days=1))
            own = business_day(moment, next(each for since, each in reversed(zones.parts) if since <= moment))
            assert today >= own
            last = today


def test_a_change_of_zone_within_a_day_neither_loses_nor_doubles_what_was_done() -> None:
    west = zones_of("Pacific/Honolulu", [(NOON, "Asia/Taipei", "Pacific/Honolulu")])
    [before, today] = windows_of(quest(), west, season(), NOON)
    assert (today.period, today.since) == ("2027-03-10", datetime(2027, 3, 9, 20, tzinfo=UTC))
    assert today.until == datetime(2027, 3, 11, 14, tzinfo=UTC), "the day lasts until Honolulu's exceeds it"
    assert before.until == today.since
    east = zones_of("Pacific/Kiritimati", [(NOON + timedelta(hours=12), "Asia/Taipei", "Pacific/Kiritimati")])
    [old, new] = windows_of(quest(), east, season(), NOON + timedelta(hours=12))
    assert (old.period, new.period) == ("2027-03-10", "2027-03-11")
    assert old.until == new.since == NOON + timedelta(hours=12), "the new day begins with the change"


def test_a_season_lasts_as_its_sheet_says_and_a_quest_of_it_between_its_own_instants() -> None:
    given = quest(period="SEASON")
    [whole] = windows_of(given, TAIPEI, season(), NOON)
    assert (whole.period, whole.since, whole.until) == ("2027-spring", EARLY, FAR)
    short = season(starts=date(2027, 3, 1), ends=date(2027, 4, 1))
    [part] = windows_of(replace(given, since=NOON - timedelta(days=1)), TAIPEI, short, NOON)
    assert (part.since, part.until) == (NOON - timedelta(days=1), datetime(2027, 3, 31, 16, tzinfo=UTC))
    assert windows_of(given, TAIPEI, short, part.until) == []
    over = replace(given, until=NOON - timedelta(hours=1))
    [late] = windows_of(over, TAIPEI, short, NOON)
    assert (late.is_open(NOON), late.ends) == (False, part.until)


def test_a_day_has_a_quest_whole_or_not_at_all() -> None:
    starts = datetime(2027, 3, 9, 20, tzinfo=UTC)
    for since, periods in ((starts, ["2027-03-10"]), (starts + timedelta(seconds=1), [])):
        assert [each.period for each in windows_of(replace(quest(), since=since), TAIPEI, season(), NOON)] == periods
    for until, periods in ((starts, ["2027-03-09"]), (starts + timedelta(seconds=1), ["2027-03-09", "2027-03-10"])):
        assert [each.period for each in windows_of(replace(quest(), until=until), TAIPEI, season(), NOON)] == periods


# --- standing and claims


def test_a_claim_is_for_the_period_that_is_lost_first() -> None:
    given, days = quest(), ("2027-03-09", "2027-03-10")
    assert code(given, standings(given, dict.fromkeys(days, 3))) == days[0]
    assert code(given, standings(given, dict.fromkeys(days, 3), days[:1])) == days[1]
    assert code(given, standings(given, {days[0]: 2, days[1]: 3})) == days[1]
    assert code(given, standings(given, {days[1]: 2})) == GameCode.QUEST_NOT_DONE
    assert code(given, standings(given, dict.fromkeys(days, 9), days)) == GameCode.QUEST_CLAIMED
    assert code(given, standings(given, {}), "others") == GameCode.QUEST_NOT_FOUND
    tomorrow = NOON + timedelta(days=1)
    assert code(given, standings(given, {days[1]: 3}, now=tomorrow)) == days[1]
    assert code(given, standings(given, {days[1]: 3}, now=tomorrow + timedelta(days=1))) == GameCode.QUEST_NOT_DONE


def test_a_claim_that_is_not_done_says_how_far_it_has_come() -> None:
    given = quest()
    with pytest.raises(GameRefused) as caught:
        find_claim([given], standings(given, {"2027-03-10": 2}), "orders")
    assert caught.value.facts == {"quest": "orders", "progress": 2, "target": 3}
    assert caught.value.retryable


def test_what_is_over_is_shown_only_while_it_waits_to_be_claimed() -> None:
    given = quest()
    for before, claimed, seen in ((3, (), 2), (2, (), 1), (3, ("2027-03-09",), 1)):
        found = shown(standings(given, {"2027-03-09": before}, claimed), 1, 12, NOON)
        assert len(found) == seen, (before, claimed)


def test_a_quest_is_for_those_of_its_level_and_levels_only_where_so_many_are_left() -> None:
    given = quest(level=4)
    assert windows_for([given], TAIPEI, season(), 3, NOON) == []
    assert len(windows_for([given], TAIPEI, season(), 4, NOON)) == 2
    climb = quest(period="SEASON", counts="levels", target=5)
    for level, progress, seen in ((7, 0, 1), (8, 0, 0), (8, 1, 1), (12, 5, 1)):
        found = shown(standings(climb, {"2027-spring": progress}), level, 12, NOON)
        assert len(found) == seen, (level, progress)


def test_a_season_that_is_too_short_for_its_check_ins_does_not_show_them() -> None:
    given = quest(period="SEASON", counts="check_in", target=30)
    short = season(starts=date(2027, 3, 1), ends=date(2027, 3, 30))
    assert windows_for([given], TAIPEI, short, 1, NOON) == []
    assert len(windows_for([given], TAIPEI, season(starts=date(2027, 3, 1), ends=date(2027, 3, 31)), 1, NOON)) == 1


# --- the sheet


def test_the_shipped_quests_can_all_be_done() -> None:
    given = parse_quests("quests.current", sheet("quests"))
    assert faults_beside(given, LIMITS) == []
    count = {each: sum(one.period is each for one in given.quests) for each in Period}
    assert min(count[Period.DAY] - 1, count[Period.WEEK], count[Period.SEASON]) >= 3


@pytest.mark.parametrize(
    ("counts", "period", "most"),
    [
        ("check_in", "DAY", 1), ("check_in", "WEEK", 7), ("draws", "DAY", 3), ("draws", "WEEK", 21),
        ("taps", "DAY", 720), ("merges", "DAY", 360), ("order_delivered", "DAY", 20), ("chest_opened", "DAY", 3),
        ("chest_opened", "WEEK", 21),
        ("receipts", "WEEK", 21), ("levels", "SEASON", 11),
    ],
)  # fmt: skip
def test_a_quest_asks_for_no_more_than_can_happen(counts: str, period: str, most: int) -> None:
    given = parse(raw(counts=counts, period=period, target=1))
    possible, why = most_possible(given.quests[0], LIMITS)
    assert (possible, bool(why)) == (most, True)
    for target, number in ((most, 0), (most + 1, 1)):
        asked = QuestSheet((replace(given.quests[0], target=target),), 30)
        assert len(faults_beside(asked, LIMITS)) == number


def test_a_season_bounds_a_quest_where_it_has_an_end_and_the_quests_own_instants_do() -> None:
    given = quest(period="SEASON", counts="check_in", target=40)
    assert most_possible(given, LIMITS)[0] is None
    assert most_possible(given, replace(LIMITS, season_days=30))[0] == 30
    own = replace(given, since=NOON, until=NOON + timedelta(days=9, hours=5))
    assert most_possible(own, replace(LIMITS, season_days=30))[0] == 9
    assert most_possible(replace(own, counts=Counted.DRAWS), replace(LIMITS, season_days=93, draws_month=10))[0] == 10


def test_every_mistake_of_the_sheet_is_told_at_once() -> None:
    said = faults(
        raw(), raw(), raw(code="B"), raw(code="c", counts="naps"), raw(code="d", period="YEAR"),
        raw(code="e", reward={}), raw(code="f", counts="check_in", target=2), raw(code="g", counts="levels"),
        raw(code="h", **{"from": "2027-03-01"}),
        raw(code="i", **{"from": "2027-03-02T00:00:00+08:00", "until": "2027-03-01T00:00:00+08:00"}),
        raw(code="j", target=0), raw(code="k", name={"en": "only"}), raw(code="l", colour="red"),
        tickets_days=0,
    )  # fmt: skip
    for part in (
        "quests[1].code: the code of each", "quests[2].code: must be 1 to 40", "quests[3].counts: must be one of",
        "quests[4].period: must be one of DAY, WEEK, SEASON", "quests[5].reward.diamonds: a quest must pay something",
        "quests[6].target: must be at most 1", "quests[7].counts: a level can take longer",
        "quests[8].from: must be an instant", "quests[9].until: must be after", "quests[10].target: must be a whole",
        "quests[11].name.zh-TW", "quests[12].colour: is not known here", "tickets_days: must be",
    ):  # fmt: skip
        assert part in said, (part, said)


def test_zones_without_a_change_are_the_members_own() -> None:
    assert Zones(((EARLY, ZoneInfo("Asia/Taipei")),)) == TAIPEI
