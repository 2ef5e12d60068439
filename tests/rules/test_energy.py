"""Energy: lazily counted, whatever the times at which somebody looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from game.energy.rules import LIMIT, Energy, give, next_at, settle, spend
from game.refusals import GameCode, GameRefused

T0 = datetime(2027, 3, 10, 4, 0, tzinfo=UTC)
SECONDS = 120
CAP = 100


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def test_a_unit_comes_back_every_two_minutes_and_the_remainder_is_kept() -> None:
    looked = settle(Energy(10, T0), CAP, SECONDS, at(359))
    assert looked == Energy(12, at(240))
    assert settle(looked, CAP, SECONDS, at(360)) == Energy(13, at(360))
    assert next_at(looked, CAP, SECONDS) == at(360)


def test_it_stops_at_the_cap_and_counts_from_the_moment_it_is_spent() -> None:
    full = settle(Energy(99, T0), CAP, SECONDS, at(100_000))
    assert full == Energy(100, at(100_000))
    assert next_at(full, CAP, SECONDS) is None
    spent = spend(full, 1, CAP, SECONDS, at(100_050))
    assert spent == Energy(99, at(100_050))
    assert settle(spent, CAP, SECONDS, at(100_169)).amount == 99
    assert settle(spent, CAP, SECONDS, at(100_170)).amount == 100


def test_a_gift_may_overfill_and_nothing_is_added_above_the_cap() -> None:
    gifted = give(Energy(90, T0), 50, CAP, SECONDS, at(60))
    assert gifted.amount == 140
    assert settle(gifted, CAP, SECONDS, at(1_000_000)).amount == 140
    assert give(Energy(LIMIT, T0), 5, CAP, SECONDS, T0).amount == LIMIT


def test_too_little_energy_is_refused_and_says_when_there_is_enough() -> None:
    with pytest.raises(GameRefused) as refused:
        spend(Energy(0, T0), 3, CAP, SECONDS, at(130))
    assert refused.value.code is GameCode.NO_ENERGY
    assert refused.value.retry_at == at(360)
    with pytest.raises(GameRefused) as never:
        spend(Energy(0, T0), CAP + 1, CAP, SECONDS, at(130))
    assert never.value.retry_at is None


def test_a_clock_that_goes_back_stands_still() -> None:
    energy = settle(Energy(10, T0), CAP, SECONDS, at(250))
    assert settle(energy, CAP, SECONDS, at(-99_999)) == energy
    assert spend(energy, 2, CAP, SECONDS, at(-5)).amount == 10


LOOKS = st.lists(
    st.tuples(st.integers(-500, 4_000), st.sampled_from(["look", "spend", "give"]), st.integers(1, 60)), max_size=40
)


@given(start=st.integers(0, 130), seconds=st.integers(1, 300), looks=LOOKS)
def test_any_looks_at_odd_times_agree_with_a_clock_that_ticks_second_by_second(
    start: int, seconds: int, looks: list[tuple[int, str, int]]
) -> None:
    energy, amount, waited = Energy(start, T0), start, 0
    shown = latest = 0
    for step, what, units in looks:
        shown += step
        for _ in range(latest, shown):
            waited = 0 if amount >= CAP else waited + 1
            if waited == seconds:
                amount, waited = amount + 1, 0
        latest = max(latest, shown)
        now = max(at(shown), at(latest))
        energy = settle(energy, CAP, seconds, now)
        if what == "spend" and amount >= units:
            waited = 0 if amount >= CAP else waited
            amount -= units
            energy = spend(energy, units, CAP, seconds, now)
        if what == "give":
            amount += units
            energy = give(energy, units, CAP, seconds, now)
        if amount >= CAP:
            waited = 0
        assert energy.amount == amount
        assert settle(energy, CAP, seconds, at(shown)).amount == amount


@given(start=st.integers(0, 99), looks=st.lists(st.integers(0, 3_000_000), max_size=12))
def test_looking_in_between_changes_nothing(start: int, looks: list[int]) -> None:
    watched = Energy(start, T0)
    for seconds in looks:
        watched = settle(watched, CAP, SECONDS, at(seconds / 7))
    last = at(max(looks, default=0) / 7)
    assert watched.amount == settle(Energy(start, T0), CAP, SECONDS, last).amount
