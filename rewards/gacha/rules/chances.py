"""Exact chances, as fractions: what a prize's odds really are, over many draws and right now."""

from __future__ import annotations

from collections.abc import Set
from fractions import Fraction
from functools import lru_cache

from rewards.gacha.rules.hazard import PPM, Hazard
from rewards.gacha.rules.odds import TEN, Odds

DIGITS = 4


@lru_cache(maxsize=256)
def expected_draws(hazard: Hazard) -> Fraction | None:
    """E[T], the draws that one TOP takes on average: the sum of S_i = prod(1 - h_j) over i from 0. None for never."""
    last = hazard.settles_at
    total, survival = Fraction(0), Fraction(1)
    for draw in range(1, last):
        total += survival
        survival *= Fraction(PPM - hazard.chance(draw), PPM)
    if not survival:
        return total
    # From `last` on the chance stays what it is, so what is left is a geometric series.
    settled = hazard.chance(last)
    return total + survival * Fraction(PPM, settled) if settled else None


def consolidated_top(hazard: Hazard) -> Fraction:
    """The share of TOP among all draws in the long run: 1 / E[T]."""
    expected = expected_draws(hazard)
    return 1 / expected if expected else Fraction(0)


@lru_cache(maxsize=1024)
def consolidated(odds: Odds, gone: frozenset[str] = frozenset()) -> tuple[Fraction, ...]:
    """Each prize's share of all single draws in the long run, the hazard included; they sum to 1.

    Those gone give to their stand-ins. What the ten-draw guarantee adds, and stock yet to run out, are not in it.
    """
    return _shares(odds, consolidated_top(odds.hazard), gone)


@lru_cache(maxsize=256)
def stated(odds: Odds) -> tuple[Fraction, ...]:
    """Each prize's chance by the weights alone, as at the first draw after a TOP; they sum to 1."""
    return tuple(Fraction(entry.weight, PPM) for entry in odds.entries)


def effective(odds: Odds, pity: int, gone: frozenset[str] = frozenset()) -> tuple[Fraction, ...]:
    """Each prize's chance at the next single draw after `pity` draws without a TOP; those gone give to their stand-ins.

    They sum to 1.
    """
    return _effective(odds, odds.hazard.chance(pity + 1), gone)


@lru_cache(maxsize=4096)
def _effective(odds: Odds, top_ppm: int, gone: frozenset[str]) -> tuple[Fraction, ...]:
    return _shares(odds, Fraction(top_ppm, PPM), gone)


def in_ten(chance: Fraction) -> Fraction:
    """How many prizes of GUARANTEE or above a ten-draw gives on average, where each draw has this chance of one."""
    return TEN * chance + (1 - chance) ** TEN


@lru_cache(maxsize=256)
def ten_expectation(odds: Odds) -> Fraction:
    """The same of a pool by its weights: with the guarantee where the pool has one."""
    chance = Fraction(odds.top.total + odds.guarantee.total, PPM)
    return in_ten(chance) if odds.ten_guarantee else TEN * chance


@lru_cache(maxsize=16_384)
def percent(share: Fraction, digits: int = DIGITS) -> str:
    """A share as percent in exact decimals, rounded half to even: Fraction(6, 1000) -> `0.6000`."""
    units = round(share * 100 * 10**digits)
    return f"{units // 10**digits}.{units % 10**digits:0{digits}d}"


def _shares(odds: Odds, top: Fraction, gone: Set[str]) -> tuple[Fraction, ...]:
    shares = [Fraction(0)] * len(odds.entries)
    for side, chance in ((odds.top, top), (odds.rest, 1 - top)):
        for index, weight in zip(side.indexes, side.weights, strict=True):
            if weight:
                given = odds.stand_in(index) if odds.entries[index].code in gone else index
                shares[given] += chance * Fraction(weight, side.total)
    return tuple(shares)
