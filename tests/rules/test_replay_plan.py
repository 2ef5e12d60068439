"""The plan of a replayed season: its shape at several scales, and that the seed alone decides it."""

from __future__ import annotations

import pytest

from api.replay.plan import TEN, Plan, make_plan
from api.replay.shape import BACK, HOURS, PUBLISHED, VISITS_A_DAY_MOST, hour_weights, visits_by_member
from api.runtime.clock import SeededDice

SCALES = (0.0003, 0.002, 0.02)
DAYS = (7, 28, 84)


def plan_of(seed: int, scale: float, days: int) -> Plan:
    return make_plan(SeededDice(seed), PUBLISHED.scaled(scale), days, 0)


def everything(plan: Plan) -> list[tuple[int, int, bool, bool, int]]:
    return [
        (hour, visit.member, visit.plays, visit.shops, visit.draws)
        for hour in range(len(plan.hours))
        for visit in plan.within(hour)
    ]


def test_the_same_seed_is_the_same_season_and_another_seed_is_another(seed: int) -> None:
    assert everything(plan_of(seed, 0.001, 28)) == everything(plan_of(seed, 0.001, 28))
    assert everything(plan_of(seed, 0.001, 28)) != everything(plan_of(seed + 1, 0.001, 28))


@pytest.mark.parametrize("days", DAYS)
@pytest.mark.parametrize("scale", SCALES)
def test_logins_players_and_members_that_come_back_are_as_published(seed: int, scale: float, days: int) -> None:
    shape, found = PUBLISHED.scaled(scale), everything(plan_of(seed, scale, days))
    visits: dict[int, int] = {}
    for _, member, *_ in found:
        visits[member] = visits.get(member, 0) + 1
    assert len(found) == shape.logins
    assert len({member for _, member, plays, *_ in found if plays}) == shape.players
    # Rounding to whole members, and no more: at a scale of 0.0003 there are six of them.
    assert abs(sum(count > BACK for count in visits.values()) - shape.returning) <= max(2, shape.returning // 50)
    assert max(visits.values()) <= VISITS_A_DAY_MOST * days + days, "nobody opens the app all day long"


@pytest.mark.parametrize("scale", SCALES)
def test_players_are_their_published_share_of_the_daily_actives(seed: int, scale: float) -> None:
    shape, found = PUBLISHED.scaled(scale), everything(plan_of(seed, scale, 84))
    active = {(hour // HOURS, member) for hour, member, *_ in found}
    playing = {(hour // HOURS, member) for hour, member, plays, *_ in found if plays}
    players = {member for _, member in playing}
    # Every player plays once; a season of a few dozen members can run out of days on which its players come at all.
    days_of_players = sum(member in players for _, member in active)
    wanted = max(shape.players, len(active) * PUBLISHED.players_ppm // 1_000_000)
    assert len(playing) == min(wanted, days_of_players)
    assert scale < 0.001 or len(playing) == wanted


@pytest.mark.parametrize("scale", SCALES)
def test_a_day_of_play_is_planned_once_and_wishes_ten_draws_at_most(seed: int, scale: float) -> None:
    plan = plan_of(seed, scale, 84)
    found = everything(plan)
    playing = [(hour // HOURS, member) for hour, member, plays, *_ in found if plays]
    assert len(playing) == len(set(playing)) == plan.player_days
    assert {draws for *_, plays, _, draws in found if not plays} == {0}
    wishes = [draws for *_, plays, _, draws in found if plays]
    assert sum(wishes) == plan.wished >= PUBLISHED.scaled(scale).draws
    assert all(0 <= wish <= TEN for wish in wishes)


def test_visits_are_heavy_tailed_and_nobody_is_in_two_places_at_once(seed: int) -> None:
    counts = visits_by_member(PUBLISHED.scaled(0.02), 84)
    assert counts == sorted(counts)
    assert counts[len(counts) // 2] == 1, "half of the members come once"
    assert sum(counts[-len(counts) // 100 :]) > sum(counts) // 8, "and one in a hundred makes an eighth of the visits"
    found = everything(plan_of(seed, 0.002, 28))
    assert len({(hour, member) for hour, member, *_ in found}) == len(found)


def test_evenings_are_the_peak_of_each_day() -> None:
    weights = hour_weights(14, 0)
    for day in range(14):
        hours = weights[day * HOURS : (day + 1) * HOURS]
        assert hours.index(max(hours)) in range(19, 22)
        assert max(hours) > 3 * hours[9]
