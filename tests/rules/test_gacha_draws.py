"""One draw after another: hazard, guarantee, picks; and ten million of them within exact bounds."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.fairness.rules import Place, Roll, roll
from rewards.gacha.rules.drawing import draw_many, draw_one
from rewards.gacha.rules.hazard import PPM
from rewards.gacha.rules.odds import Odds, parse_odds
from tests.gacha_sheets import bodies, odds, odds_body, prize, shipped


def fixed(**values: int) -> Any:
    """Rolls that are as they are told, by label."""
    return lambda label, limit: Roll(label, limit, 0, values[label])


def test_top_is_below_the_hazard_and_not_at_it() -> None:
    found = odds()
    for pity, chance in ((0, 20_000), (3, 20_000), (4, 120_000), (5, 220_000), (10, 720_000)):
        assert found.hazard.chance(pity + 1) == chance
        assert draw_one(found, fixed(gf1=chance - 1, gf1p=0), pity, due=False).pity_after == 0
        assert draw_one(found, fixed(gf1=chance, gf1p=0), pity, due=False).pity_after == pity + 1
    assert draw_one(found, fixed(gf1=PPM - 1, gf1p=0), 11, due=False).pity_after == 0


def test_a_pick_goes_by_cumulative_weight_in_the_order_of_the_sheet() -> None:
    body = odds_body(hazard=None, prizes=[
        prize("a", "PLAIN", 3), prize("b", "TOP", 10), prize("c", "GUARANTEE", 7), prize("d", "PLAIN", PPM - 20),
    ])  # fmt: skip
    found = parse_odds("odds", body)
    picked = [
        found.entries[draw_one(found, fixed(gf1=10, gf1p=at), 0, due=False).rolled].code for at in (0, 2, 3, 9, 10)
    ]
    assert picked == ["a", "a", "c", "c", "d"]


def test_the_tenth_is_lifted_only_where_nothing_better_came() -> None:
    found = odds()

    def ten(*sides: int) -> list[str]:
        plain = {number: fixed(gf1=PPM - 1, gf1p=sides[number], gf1t=0) for number in range(10)}
        rolled = draw_many(odds(hazard=None), lambda number: plain[number], 0, 10)
        return [found.entries[each.rolled].code + ("!" if each.guaranteed else "") for each in rolled]

    low, good = 500_000, 0
    assert ten(*[low] * 10) == ["plain"] * 9 + ["good!"]
    assert ten(good, *[low] * 9) == ["good"] + ["plain"] * 9
    assert ten(*[low] * 9, good) == ["plain"] * 9 + ["good"]
    assert not any(each.guaranteed for each in draw_many(odds(ten_guarantee=False), lambda _: fixed(
        gf1=PPM - 1, gf1p=low), 0, 10))  # fmt: skip


@given(bodies(), st.integers(0, 300), st.binary(min_size=32, max_size=32), st.sampled_from([1, 10]))
def test_pity_runs_on_to_a_top_and_never_past_the_ceiling(body: Any, pity: int, seed: bytes, count: int) -> None:
    found = odds(body)
    place = [Place("pol", "v1", "mem", "seed", nonce) for nonce in range(count)]
    outcomes = draw_many(found, lambda at: lambda label, limit: roll(seed, label, limit, place[at]), pity, count)
    for before, outcome in zip([pity, *(each.pity_after for each in outcomes)], outcomes, strict=False):
        top = outcome.rolled in found.top.indexes
        assert outcome.pity_before == before
        assert outcome.pity_after == (0 if top else before + 1)
        assert not found.hazard.ceiling or top or before + 1 < found.hazard.ceiling
        assert found.entries[outcome.rolled].weight > 0
    if found.ten_guarantee and count == 10:
        assert any(found.entries[each.rolled].prize_class != "PLAIN" for each in outcomes)


# --- many draws


def log_chance(trials: int, chance: float, hits: int) -> float:
    """The logarithm of the binomial probability of exactly `hits`."""
    ways = math.lgamma(trials + 1) - math.lgamma(hits + 1) - math.lgamma(trials - hits + 1)
    return ways + hits * math.log(chance) + (trials - hits) * math.log1p(-chance)


def tail(trials: int, chance: float, hits: int) -> float:
    """The binomial probability of so many hits or more, or of so few or fewer, whichever lies outward."""
    step = 1 if hits >= trials * chance else -1
    term = total = math.exp(log_chance(trials, chance, hits))
    odds_of_one = chance / (1 - chance)
    while 0 < hits < trials and term > total * 1e-18:
        if step > 0:
            term *= (trials - hits) / (hits + 1) * odds_of_one
        else:
            term *= hits / (trials - hits + 1) / odds_of_one
        hits += step
        total += term
    return total


def check_count(trials: int, chance: float, hits: int, what: str) -> None:
    """Fails where so unlikely a count would come once in 10^10 runs."""
    if chance in (0.0, 1.0):
        assert hits == trials * chance, what
        return
    assert tail(trials, chance, hits) > 1e-10, (what, trials, chance, hits)


def test_the_bounds_are_those_of_the_binomial_distribution() -> None:
    assert tail(10, 0.5, 8) == pytest.approx(56 / 1024)
    assert tail(10, 0.5, 2) == pytest.approx(56 / 1024)
    assert tail(4, 0.1, 4) == pytest.approx(0.0001)
    with pytest.raises(AssertionError):
        check_count(1_000_000, 0.006, 6_600, "ten per cent too many")


def check_draws(found: Odds, at: Counter[tuple[int, int]]) -> None:
    """Counts of (pity before, prize) against the chance of TOP at that pity and the weights of each side."""
    draws: Counter[int] = Counter()
    tops: Counter[int] = Counter()
    by_prize: Counter[int] = Counter()
    for (pity, index), count in at.items():
        draws[pity] += count
        by_prize[index] += count
        if index in found.top.indexes:
            tops[pity] += count
    for pity, count in draws.items():
        check_count(count, found.hazard.chance(pity + 1) / PPM, tops[pity], f"TOP after {pity}")
    for side in (found.top, found.rest):
        total = sum(by_prize[index] for index in side.indexes)
        for index, weight in zip(side.indexes, side.weights, strict=True):
            check_count(total, weight / side.total, by_prize[index], found.entries[index].code)


@pytest.mark.parametrize("name", ["odds.daily", "odds.treasure"])
def test_five_million_draws_of_each_shipped_pool_lie_within_exact_bounds(name: str, seed: int) -> None:
    found = parse_odds(name, shipped(name))
    chance = random.Random(seed).random

    class Fast:
        """A roll whose value a fast generator gives."""

        __slots__ = ("value",)

    fast = Fast()

    def throw(label: str, limit: int) -> Any:
        fast.value = int(chance() * limit)
        return fast

    at: Counter[tuple[int, int]] = Counter()
    pity = 0
    for _ in range(5_000_000):
        outcome = draw_one(found, throw, pity, due=False)
        at[pity, outcome.rolled] += 1
        pity = outcome.pity_after
    check_draws(found, at)


def test_two_hundred_thousand_real_rolls_lie_within_exact_bounds(seed: int) -> None:
    found = parse_odds("odds.daily", shipped("odds.daily"))
    server_seed = random.Random(seed).randbytes(32)
    at: Counter[tuple[int, int]] = Counter()
    pity = 0
    for nonce in range(200_000):
        place = Place("pol_a", "v1", "mem_a", "alice", nonce)
        outcome = draw_one(
            found, lambda label, limit, place=place: roll(server_seed, label, limit, place), pity, due=False
        )
        at[pity, outcome.rolled] += 1
        pity = outcome.pity_after
    check_draws(found, at)


def test_tens_bring_what_the_guarantee_promises(seed: int) -> None:
    """Without a hazard the mean of GUARANTEE or above in a ten is 1.3486784401 at ten per cent."""
    found = odds(hazard=None)
    chance = random.Random(seed).random

    def throw(label: str, limit: int) -> Roll:
        return Roll(label, limit, 0, int(chance() * limit))

    tens = 30_000
    lifted = lucky = 0
    for _ in range(tens):
        outcomes = draw_many(found, lambda _: throw, 0, 10)
        lifted += outcomes[-1].guaranteed
        lucky += sum(found.entries[each.rolled].prize_class != "PLAIN" for each in outcomes)
    check_count(tens, 0.9**10, lifted, "lifted")
    check_count(10 * tens, 0.1, lucky - lifted, "by luck")
