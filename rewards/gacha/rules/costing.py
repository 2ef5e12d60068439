"""What a version of odds costs, before anybody approves it: exact, in fractions and whole numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from rewards.gacha.rules import chances
from rewards.gacha.rules.hazard import PPM, Hazard
from rewards.gacha.rules.odds import Odds
from rewards.gacha.rules.worth import Worth
from rewards.prizes.rules import PrizeKind

QUANTILES = (Fraction(1, 2), Fraction(9, 10), Fraction(99, 100))
WEEK_DAYS = 7
_FAR_DAYS = 36_500
CURVE_POINTS = 60
CURVE_DRAWS = 600
_BITS = 512


@dataclass(frozen=True, slots=True)
class PrizeCost:
    """One prize: its chance by the weights, over many draws, and now; what one costs; until when its stock lasts."""

    code: str
    base: Fraction
    consolidated: Fraction
    effective: Fraction
    worth: Worth
    left: int | None
    runs_out_on: date | None


@dataclass(frozen=True, slots=True)
class Costing:
    """One version's figures. Money in minor units, exact.

    `draws_to_top`: within so many draws a TOP has come with a chance of 50, 90 and 99 per cent; None for never.
    `top_within` are points of the curve between them: draws, and the chance that a TOP came within so many.
    `week_draws` is last week's pace. `week_expected` and `week_worst` are what so many draws cost on average and at
    most; `stock_liability` what all that is left of limited prizes is worth.
    """

    prizes: tuple[PrizeCost, ...]
    expected_draws: Fraction | None
    draws_to_top: tuple[int | None, ...]
    top_within: tuple[tuple[int, Fraction], ...]
    per_funder: Mapping[str, Fraction]
    per_draw: Fraction
    per_diamond: Fraction
    diamonds_back: Fraction
    tickets_back: Fraction
    ten_expectation: Fraction
    week_draws: int
    week_expected: Fraction
    week_worst: Fraction
    stock_liability: Fraction
    budget: int
    spent: Fraction
    budget_runs_out_on: date | None


def cost(
    odds: Odds, worths: Sequence[Worth], *, awarded: Mapping[str, int], spent: Fraction, week_draws: int, today: date
) -> Costing:
    """The figures of these odds, as they would stand today.

    `awarded` counts what is gone of each limited prize, `spent` is what the pool has cost so far, for its budget. The
    ten-draw guarantee is not in the shares (docs/fairness.md); it stands by itself.
    """
    left = {each.code: max(0, each.stock - awarded.get(each.code, 0)) for each in odds.stocked}
    gone = frozenset(code for code, count in left.items() if not count)
    lasting = chances.consolidated(odds)
    given = chances.consolidated(odds, gone)
    lines = tuple(
        PrizeCost(
            entry.code, base, share, now, worth, left.get(entry.code),
            _runs_out(left.get(entry.code), share * week_draws, today),
        )
        for entry, base, share, now, worth in zip(
            odds.entries, chances.stated(odds), lasting, chances.effective(odds, 0, gone), worths, strict=True
        )
    )  # fmt: skip
    per_funder: dict[str, Fraction] = {}
    for share, worth in zip(given, worths, strict=True):
        if share * worth.minor:
            per_funder[worth.funder] = per_funder.get(worth.funder, Fraction(0)) + share * worth.minor
    per_draw = sum(per_funder.values(), Fraction(0))
    return Costing(
        prizes=lines,
        expected_draws=chances.expected_draws(odds.hazard),
        draws_to_top=tuple(draws_to_top(odds.hazard, each) for each in QUANTILES),
        top_within=top_within(odds.hazard),
        per_funder=per_funder,
        per_draw=per_draw,
        per_diamond=per_draw / odds.price_diamonds,
        diamonds_back=_units(odds, given, PrizeKind.DIAMONDS),
        tickets_back=_units(odds, given, PrizeKind.TICKETS),
        ten_expectation=chances.ten_expectation(odds),
        week_draws=week_draws,
        week_expected=per_draw * week_draws,
        week_worst=worst(odds, worths, left, week_draws),
        stock_liability=sum(
            (left[each.code] * worth.minor for each, worth in zip(odds.entries, worths, strict=True) if each.stock),
            Fraction(0),
        ),
        budget=odds.budget_minor,
        spent=spent,
        budget_runs_out_on=_budget_ends(odds.budget_minor, spent, per_draw * week_draws, today),
    )


def worst(odds: Odds, worths: Sequence[Worth], left: Mapping[str, int], draws: int) -> Fraction:
    """What so many draws can cost at most: the dearest prizes every time, limited ones while they last."""
    total, waiting = Fraction(0), draws
    possible = [
        (worth.minor, left.get(entry.code, draws))
        for entry, worth in zip(odds.entries, worths, strict=True)
        if entry.weight or entry.code in {each.fallback for each in odds.stocked}
    ]
    for minor, most in sorted(possible, reverse=True):
        taken = min(waiting, most)
        total += taken * minor
        waiting -= taken
    return total


def draws_to_top(hazard: Hazard, chance: Fraction) -> int | None:
    """The fewest draws within which a TOP comes with at least this chance, after a TOP; None where it never does."""
    still = 1 - chance
    survival = Fraction(1)
    settled = hazard.settles_at
    for draw in range(1, settled):
        survival *= Fraction(PPM - hazard.chance(draw), PPM)
        if survival <= still:
            return draw
    last = hazard.chance(settled)
    if not last:
        return None
    low, high = 0, 1
    while not _at_most(last, high, still / survival):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _at_most(last, middle, still / survival) else (middle, high)
    return settled - 1 + high


def top_within(hazard: Hazard) -> tuple[tuple[int, Fraction], ...]:
    """(draws, chance that a TOP came within so many after the last one), at most 60 points, up to where 99% have it.

    Not further than 600 draws; nothing where a TOP never comes.
    """
    last = draws_to_top(hazard, QUANTILES[-1])
    if last is None:
        return ()
    most = min(last, CURVE_DRAWS)
    step = -(-most // CURVE_POINTS)
    points, survival = [], 1
    for draw in range(1, most + 1):
        survival *= PPM - hazard.chance(draw)
        if draw % step == 0 or draw == most:
            points.append((draw, 1 - Fraction(survival, PPM**draw)))
    return tuple(points)


def _at_most(ppm: int, draws: int, bound: Fraction) -> bool:
    """Whether ((10^6 - ppm) / 10^6)^draws <= bound: by an interval of whole numbers, exactly where that is too wide."""
    one = 1 << _BITS
    low = high = one
    base_low, base_high = (PPM - ppm) * one // PPM, -(-(PPM - ppm) * one // PPM)
    left = draws
    while left:
        if left & 1:
            low, high = low * base_low >> _BITS, -(-(high * base_high) >> _BITS)
        base_low, base_high = base_low * base_low >> _BITS, -(-(base_high * base_high) >> _BITS)
        left >>= 1
    if high * bound.denominator <= bound.numerator * one:
        return True
    if low * bound.denominator > bound.numerator * one:
        return False
    return Fraction(PPM - ppm, PPM) ** draws <= bound


def _units(odds: Odds, shares: Sequence[Fraction], kind: PrizeKind) -> Fraction:
    found = zip(odds.entries, shares, strict=True)
    return sum((share * each.prize.amount for each, share in found if each.prize.kind is kind), Fraction(0))


def _runs_out(left: int | None, per_week: Fraction, today: date) -> date | None:
    """The day on which the last one is expected to go; None where there is no limit, or not within a hundred years."""
    if left is None:
        return None
    return _day_after(Fraction(left), per_week, today)


def _budget_ends(budget: int, spent: Fraction, per_week: Fraction, today: date) -> date | None:
    return _day_after(max(Fraction(0), budget - spent), per_week, today) if budget else None


def _day_after(amount: Fraction, per_week: Fraction, today: date) -> date | None:
    if not amount:
        return today
    days = WEEK_DAYS * amount / per_week if per_week else Fraction(_FAR_DAYS)
    return today + timedelta(days=int(days)) if days < _FAR_DAYS else None
