"""What was published of the season, at a scale; and how visits spread over members, days and hours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate

HOURS = 24
BACK = 7  # "back at least 7 times": the first visit and seven more
VISITS_A_DAY_MOST = 2  # the longest tail: so many visits on each day of the season
DAYS_LEAST = 7
DAYS_MOST = 366

# By local hour: breakfast, noon, and the evening's peak.
_HOUR = (6, 3, 2, 1, 1, 2, 8, 18, 26, 24, 24, 30, 44, 34, 24, 24, 28, 36, 48, 68, 84, 80, 52, 20)
_WEEKEND_PERCENT = 125
_LAUNCH = 0.9  # how much more on the first day, fading with a fortnight's time constant
_LAUNCH_DAYS = 14.0
_LAST_WEEK_PERCENT = 120


@dataclass(frozen=True, slots=True)
class Shape:
    """The figures of a season. Shares are in parts per million."""

    players: int
    logins: int
    draws: int
    returning: int
    redeemed_ppm: int
    players_ppm: int

    def scaled(self, scale: float) -> Shape:
        """The same season with `scale` times as many people."""
        counts = (self.players, self.logins, self.draws, self.returning)
        players, logins, draws, returning = (max(1, round(each * scale)) for each in counts)
        return Shape(players, logins, draws, returning, self.redeemed_ppm, self.players_ppm)


PUBLISHED = Shape(
    players=90_000, logins=1_460_000, draws=620_000, returning=20_000, redeemed_ppm=308_000, players_ppm=80_000
)


def visits_by_member(shape: Shape, days: int) -> list[int]:
    """How often each member opens the app, fewest first: quantiles of the discrete power law v^-a on 1..2 x days.

    The exponent is the one at which visits and members that come back stand to each other as published; the number of
    members follows from both. The sum is `shape.logins` exactly.
    """
    law = _fitting_law(shape, VISITS_A_DAY_MOST * days)
    mean = sum(visits * share for visits, share in enumerate(law, 1))
    members = max(shape.players, round(shape.logins / mean))
    cumulative = list(accumulate(law))
    counts, visits = [], 1
    for member in range(members):
        while visits < len(law) and cumulative[visits - 1] < (member + 0.5) / members:
            visits += 1
        counts.append(visits)
    return _summing_to(shape.logins, counts)


def _law(exponent: float, most: int) -> list[float]:
    weights = [visits**-exponent for visits in range(1, most + 1)]
    total = sum(weights)
    return [weight / total for weight in weights]


def _fitting_law(shape: Shape, most: int) -> list[float]:
    wanted = shape.logins / shape.returning
    low, high = 1.05, 6.0
    for _ in range(60):
        exponent = (low + high) / 2
        law = _law(exponent, most)
        mean = sum(visits * share for visits, share in enumerate(law, 1))
        if mean / sum(law[BACK:]) < wanted:
            low = exponent
        else:
            high = exponent
    return _law(low, most)


def _summing_to(total: int, counts: list[int]) -> list[int]:
    """The counts with what rounding left over given to, or taken from, those who come often; nobody's kind changes."""
    often = [member for member, visits in enumerate(counts) if visits > BACK] or [len(counts) - 1]
    left = total - sum(counts)
    while left:
        step = 1 if left > 0 else -1
        changed = False
        for member in often:
            if left and (step > 0 or counts[member] > BACK + 1):
                counts[member] += step
                left -= step
                changed = True
        if not changed:
            break
    return counts


def hour_weights(days: int, first_weekday: int) -> list[int]:
    """The weight of each hour of the season, from its first midnight on. `first_weekday`: 0 is Monday."""
    weights = []
    for day in range(days):
        weight = 100.0 * (1 + _LAUNCH * math.exp(-day / _LAUNCH_DAYS))
        weight *= _WEEKEND_PERCENT / 100 if (first_weekday + day) % 7 >= 5 else 1
        weight *= _LAST_WEEK_PERCENT / 100 if day >= days - 7 else 1
        weights += [round(weight * hour) for hour in _HOUR]
    return weights
