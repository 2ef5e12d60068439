"""The plan of a season: who opens the app in which hour, who plays, how many draws they wish. The same dice, the same
plan; what comes of it the server's dice say too.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from api.replay.shape import HOURS, Shape, hour_weights, visits_by_member
from api.runtime.clock import SeededDice

TEN = 10
_SINGLES_MOST = 6
_SINGLES_MEAN = 3.5
# Minors and who runs out of tickets and diamonds draw less than they wish: measured, see docs/replay.md.
WISHED_PERCENT = 119
_SHOPS_ONE_IN = 16  # visits after which the member buys something, coupon or not

_PLAYS = 1
_SHOPS = 2
_DRAWS_SHIFT = 2
_DRAWS_MASK = 15
_MEMBER_SHIFT = 8


@dataclass(frozen=True, slots=True)
class Visit:
    """One planned visit. `draws`: how many draws the member wishes on a day of play."""

    member: int
    plays: bool
    shops: bool
    draws: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A season. `hours[n]` holds the visits of the n-th hour since its first midnight, each packed into one number."""

    members: int
    hours: tuple[array[int], ...]
    visits: int
    player_days: int
    active_days: int
    wished: int

    def within(self, hour: int) -> Iterator[Visit]:
        """The visits of one hour."""
        for packed in self.hours[hour]:
            draws = packed >> _DRAWS_SHIFT & _DRAWS_MASK
            yield Visit(packed >> _MEMBER_SHIFT, bool(packed & _PLAYS), bool(packed & _SHOPS), draws)


def make_plan(dice: SeededDice, shape: Shape, days: int, first_weekday: int) -> Plan:
    """The plan of a season of that shape. It meets logins, players and members that come back exactly, the players'
    share of the daily actives as far as players have days, and wishes the published draws.
    """
    visits = visits_by_member(shape, days)
    shuffle(dice, visits)
    slots = _slots(dice, visits, hour_weights(days, first_weekday))
    active = [sorted({slot // HOURS for slot in each}) for each in slots]
    active_days = sum(map(len, active))
    playing = _play_days(dice, shape, active, active_days)
    wishes = _wishes(dice, shape.draws * WISHED_PERCENT // 100, len(playing))
    wished = dict(zip(sorted(playing), wishes, strict=True))
    hours = tuple(array("Q") for _ in range(days * HOURS))
    for member, own in enumerate(slots):
        seen = set()
        for slot in sorted(own):
            day = (member, slot // HOURS)
            packed = member << _MEMBER_SHIFT | (_SHOPS if dice.below(_SHOPS_ONE_IN) == 0 else 0)
            if day in wished and day not in seen:
                packed |= _PLAYS | wished[day] << _DRAWS_SHIFT
            seen.add(day)
            hours[slot].append(packed)
    for hour in hours:
        shuffle(dice, hour)
    return Plan(len(visits), hours, sum(visits), len(playing), active_days, sum(wishes))


def shuffle(dice: SeededDice, things: list[int] | array[int]) -> None:
    """Fisher and Yates, in place."""
    for last in range(len(things) - 1, 0, -1):
        other = dice.below(last + 1)
        things[last], things[other] = things[other], things[last]


def _slots(dice: SeededDice, visits: Sequence[int], weights: Sequence[int]) -> list[list[int]]:
    """The hours of each member's visits, no hour twice."""
    bounds = list(accumulate(weights))
    found = []
    for count in visits:
        own: set[int] = set()
        while len(own) < min(count, len(weights)):
            slot = bisect_right(bounds, dice.below(bounds[-1]))
            while slot in own:
                slot = (slot + 1) % len(weights)
            own.add(slot)
        found.append(list(own))
    return found


def _play_days(
    dice: SeededDice, shape: Shape, active: Sequence[Sequence[int]], active_days: int
) -> list[tuple[int, int]]:
    """(member, day) of every day of play: each player's first active day, then other days of players by lot."""
    members = list(range(len(active)))
    shuffle(dice, members)
    players = members[: shape.players]
    found = [(member, active[member][0]) for member in players]
    further = [(member, day) for member in players for day in active[member][1:]]
    order = list(range(len(further)))
    shuffle(dice, order)
    wanted = max(0, active_days * shape.players_ppm // 1_000_000 - len(found))
    return found + [further[index] for index in order[:wanted]]


def _wishes(dice: SeededDice, total: int, days: int) -> list[int]:
    """How many draws are wished on each day of play, `total` in all: tens, and one to six single ones."""
    mean = total / days
    tens = round(days * min(max((mean - _SINGLES_MEAN) / (TEN - _SINGLES_MEAN), 0), 1))
    wishes = [TEN] * tens + [1 + dice.below(_SINGLES_MOST) for _ in range(days - tens)]
    left = total - sum(wishes)
    singles = list(range(tens, days))
    while left and singles:
        step = 1 if left > 0 else -1
        singles = [day for day in singles if 0 <= wishes[day] + step < TEN]
        for day in singles:
            if not left:
                break
            wishes[day] += step
            left -= step
    shuffle(dice, wishes)
    return wishes
