"""One draw: from rolls to the prize that they mean. Stock has no say here, so that a seed proves it all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rewards.fairness.rules import Roll
from rewards.gacha.rules.hazard import PPM
from rewards.gacha.rules.odds import TEN, Odds, PrizeClass

SIDE_LABEL = "gf1"
PRIZE_LABEL = "gf1p"
TEN_LABEL = "gf1t"

Roller = Callable[[str, int], Roll]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rolls of one nonce mean: the index of the prize, and the draws without a TOP before and after.

    `guaranteed` says that the ten-draw guarantee chose the prize.
    """

    rolls: tuple[Roll, ...]
    rolled: int
    pity_before: int
    pity_after: int
    guaranteed: bool


def draw_one(odds: Odds, roll: Roller, pity: int, *, due: bool) -> Outcome:
    """One draw after `pity` draws without a TOP. `due`: it is the tenth of a ten with nothing at GUARANTEE or above."""
    side_roll = roll(SIDE_LABEL, PPM)
    top = side_roll.value < odds.hazard.chance(pity + 1)
    side = odds.top if top else odds.rest
    prize_roll = roll(PRIZE_LABEL, side.total)
    rolled = side.pick(prize_roll.value)
    after = 0 if top else pity + 1
    if due and odds.entries[rolled].prize_class is PrizeClass.PLAIN:
        ten_roll = roll(TEN_LABEL, odds.guarantee.total)
        return Outcome((side_roll, prize_roll, ten_roll), odds.guarantee.pick(ten_roll.value), pity, after, True)
    return Outcome((side_roll, prize_roll), rolled, pity, after, False)


def draw_many(odds: Odds, roller: Callable[[int], Roller], pity: int, count: int) -> list[Outcome]:
    """`count` draws in a row; `roller(n)` rolls for the n-th of them, n from 0. Ten may bring the guarantee."""
    outcomes: list[Outcome] = []
    plain = True
    for number in range(count):
        due = odds.ten_guarantee and count == TEN and number == TEN - 1 and plain
        outcome = draw_one(odds, roller(number), pity, due=due)
        plain = plain and odds.entries[outcome.rolled].prize_class is PrizeClass.PLAIN
        pity = outcome.pity_after
        outcomes.append(outcome)
    return outcomes
