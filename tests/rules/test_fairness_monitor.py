"""The monitor's e-processes: no false alarm however often one looks, and an alarm soon where TOP is made rarer."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Iterator
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.gacha.rules.monitoring import (
    ALARM,
    BIN_PPM,
    BINS,
    TopCount,
    bins_of,
    tops_of,
    weigh,
    weigh_bins,
    weigh_top,
)

# A byte below 200 is a roll's two hundredth part: ten of them make a bin, the first two are TOP at 1%.
_PARTS, _TOP, _PPM = 200, 2, 10_000
_DROPPED = bytes(range(_PARTS, 256))
_BIN_OF = bytes(part // (_PARTS // BINS) for part in range(_PARTS)) + bytes(256 - _PARTS)


def parts(dice: random.Random, count: int) -> bytes:
    """That many uniform parts."""
    found = b""
    while len(found) < count:
        found += dice.randbytes(count + count // 3).translate(None, _DROPPED)
    return found[:count]


def halve(dice: random.Random, rolled: bytes) -> bytes:
    """Every second TOP, by chance, is rolled anew until it is none: 1% made 0.5%."""
    return bytes(
        _TOP + dice.randrange(_PARTS - _TOP) if part < _TOP and dice.random() < 0.5 else part for part in rolled
    )


def looks(dice: random.Random, draws: int, every: int, *, cheat: bool = False) -> Iterator[tuple[int, float]]:
    """The evidence after each stretch of draws, as the monitor would read it."""
    bins, tops = [0] * BINS, 0
    for total in range(every, draws + 1, every):
        rolled = parts(dice, every)
        if cheat:
            rolled = halve(dice, rolled)
        tops += sum(rolled.count(part) for part in range(_TOP))
        in_bins = rolled.translate(_BIN_OF)
        bins = [count + in_bins.count(at) for at, count in enumerate(bins)]
        evidence = weigh(bins, [TopCount(0, _PPM, total, tops)])
        yield total, evidence.together


def test_of_fair_runs_none_alarms_though_each_is_looked_at_again_and_again(seed: int) -> None:
    """A hundred runs of 60,000 draws; `python -m tests.bench.fairness` makes a thousand."""
    dice = random.Random(seed)
    worst = max(most for _ in range(100) for _, most in looks(dice, 60_000, 1_000))
    assert worst < -math.log(ALARM)


def test_a_top_made_half_as_frequent_is_seen_within_fifteen_thousand_draws_by_half_of_the_runs(seed: int) -> None:
    dice = random.Random(seed)
    seen = [
        next((at for at, most in looks(dice, 60_000, 500, cheat=True) if most >= -math.log(ALARM)), 60_001)
        for _ in range(41)
    ]
    assert statistics.median(seen) <= 15_000


def test_the_mean_of_each_bet_is_one_while_the_dice_are_fair() -> None:
    """Exactly, over all outcomes of a few draws: what makes Ville's inequality hold."""
    mean = (
        math.fsum(
            math.exp(weigh_bins([rolled.count(at) for at in range(BINS)])) for rolled in product(range(BINS), repeat=3)
        )
        / BINS**3
    )
    assert mean == pytest.approx(1)
    for ppm in (1, 10_000, 500_000, 999_999):
        chance = ppm / 1_000_000
        likely = [math.comb(5, tops) * chance**tops * (1 - chance) ** (5 - tops) for tops in range(6)]
        mean = math.fsum(each * math.exp(weigh_top([TopCount(0, ppm, 5, tops)])) for tops, each in enumerate(likely))
        assert mean == pytest.approx(1)


def test_a_certain_top_says_nothing_and_a_new_pool_moves_no_stake() -> None:
    assert weigh_top([TopCount(0, 1_000_000, 50, 50), TopCount(0, 0, 9, 0)]) == 0
    bins = [100] * BINS
    one = [TopCount(0, _PPM, 2_000, 35)]
    alone, beside = weigh(bins, one), weigh(bins, [*one, TopCount(1, _PPM, 1, 0), TopCount(2, 6_000, 1, 0)])
    assert alone.pools[0] == beside.pools[0]
    assert alone.together == pytest.approx(beside.together, abs=0.01)
    assert alone.draws == 2_000


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.integers(0, 9)), max_size=12))
def test_draws_of_one_chance_count_together(rows: list[tuple[int, int, int]]) -> None:
    found = tops_of((pool, ppm, draws + 1, 1) for pool, ppm, draws in rows)
    assert sum(each.draws for each in found) == sum(draws + 1 for *_, draws in rows)
    assert sum(each.tops for each in found) == len(rows)
    assert len({(each.pool, each.ppm) for each in found}) == len(found)


def test_twenty_bins_hold_every_roll() -> None:
    assert (BIN_PPM * BINS, 999_999 // BIN_PPM) == (1_000_000, BINS - 1)
    assert bins_of({0: 3, 19: 4}) == (3, *[0] * 18, 4)
