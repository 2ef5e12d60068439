"""Whether draws are fair, asked again and again: e-processes, whose alarm stays true however often one looks.

An e-process starts at 1 and, while the dice are fair, has a mean of at most 1 at every moment; so it ever reaches 1/a
with a chance of at most a (Ville's inequality). What it reads here are counts alone, so that the order in which draws
are read does not matter. Floats serve: these are statistics, no odds, points or money.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rewards.gacha.rules.hazard import PPM

BINS = 20
BIN_PPM = PPM // BINS
ALARM = 1e-4
"""The chance of a false alarm, over all time."""
_ALARM_AT = -math.log(ALARM)
# What the bins might be instead of even: Dirichlet priors around even ones, from wide to narrow.
_CONCENTRATIONS = (20.0, 200.0, 2_000.0)
# By what TOP might be made rarer or commoner.
_FACTORS = (0.25, 0.5, 0.75, 0.9, 1.1, 1.25, 1.5, 2.0)


@dataclass(frozen=True, slots=True)
class TopCount:
    """Draws of one pool that had one chance of TOP, in parts per million, and how many of them were one."""

    pool: int
    ppm: int
    draws: int
    tops: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Natural logarithms of the e-values: of the bins, of TOP in each pool in their order, and of both together."""

    draws: int
    bins: float
    pools: tuple[float, ...]
    together: float

    @property
    def alarm(self) -> bool:
        return self.together >= _ALARM_AT


def weigh(bins: Sequence[int], tops: Iterable[TopCount]) -> Evidence:
    """The evidence against fair dice: `bins` counts the rolls `gf1` in twenty equal parts.

    Half of the stake is on the bins, half on TOP: of that the pool of rank j (by age, from 1) has 1 / (j * (j + 1)), so
    that a pool which opens later changes nothing of the others' stakes; what is left over stands still at 1.
    """
    on_bins = weigh_bins(tuple(bins))
    by_pool: dict[int, list[TopCount]] = {}
    for each in tops:
        by_pool.setdefault(each.pool, []).append(each)
    ranks = max(by_pool, default=-1) + 1
    pools = tuple(weigh_top(by_pool.get(rank, ())) for rank in range(ranks))
    stakes = [(0.5, on_bins)]
    stakes += [(0.5 / ((rank + 1) * (rank + 2)), value) for rank, value in enumerate(pools)]
    stakes.append((0.5 / (ranks + 1), 0.0))
    return Evidence(sum(bins), on_bins, pools, _mix(stakes))


def weigh_bins(counts: Sequence[int]) -> float:
    """log e of counts against even bins: the mean over Dirichlet priors of their multinomial likelihood ratio."""
    return _mix([(1 / len(_CONCENTRATIONS), _dirichlet(counts, each / len(counts))) for each in _CONCENTRATIONS])


def weigh_top(counts: Iterable[TopCount]) -> float:
    """log e of TOP against its chances: the mean over factors by which all of them might have been changed."""
    totals = [0.0] * len(_FACTORS)
    for each in counts:
        for at, (hit, miss) in enumerate(_ratios(each.ppm)):
            totals[at] += each.tops * hit + (each.draws - each.tops) * miss
    return _mix([(1 / len(_FACTORS), total) for total in totals])


@lru_cache(maxsize=4096)
def _ratios(ppm: int) -> tuple[tuple[float, float], ...]:
    """What a TOP and what a miss add to log e, for each factor; a certain TOP or none bets on nothing."""
    chance = ppm / PPM
    if not 0 < chance < 1:
        return ((0.0, 0.0),) * len(_FACTORS)
    changed = [min(chance * factor, (1 + chance) / 2) for factor in _FACTORS]
    return tuple((math.log(each / chance), math.log1p(-each) - math.log1p(-chance)) for each in changed)


def _dirichlet(counts: Sequence[int], prior: float) -> float:
    total, kinds = sum(counts), len(counts)
    found = math.lgamma(kinds * prior) - math.lgamma(kinds * prior + total) + total * math.log(kinds)
    return found + sum(math.lgamma(prior + each) for each in counts) - kinds * math.lgamma(prior)


def _mix(stakes: Sequence[tuple[float, float]]) -> float:
    """The logarithm of a weighted mean of e-values that are given as logarithms."""
    most = max(value for _, value in stakes)
    return most + math.log(sum(stake * math.exp(value - most) for stake, value in stakes))


def tops_of(rows: Iterable[tuple[int, int, int, int]]) -> list[TopCount]:
    """Rows of (pool rank, ppm, draws, tops) as counts, those of one chance together."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for pool, ppm, draws, tops in rows:
        before = found.get((pool, ppm), (0, 0))
        found[pool, ppm] = (before[0] + draws, before[1] + tops)
    return [TopCount(*key, *value) for key, value in sorted(found.items())]


def bins_of(rows: Mapping[int, int]) -> tuple[int, ...]:
    """Counts by bin as a row of twenty."""
    return tuple(rows.get(each, 0) for each in range(BINS))
