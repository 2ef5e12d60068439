"""The figures of a season by the rules alone: counted at the seats of every lane, told as those of rows and events."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from api.simulate.figures import WHOLE, Energy, Figures, Flow, level_spread, liability_of
from api.simulate.rulebook import Rulebook
from api.simulate.ruling import Ruling
from api.simulate.seats import Seat
from api.simulate.wanted import Wanted
from game.energy import rules as energy_rules
from rewards.gacha.rules.pools import linked, with_successors
from rewards.gacha.rules.worth import worths_of

_SPREAD = (0.5, 0.9, 0.99)


@dataclass(slots=True)
class Tally:
    """What lanes counted. `flows`: amounts of member-days by kind and side, those of nothing left out.

    `energy` holds members, spent, wasted, left and given of a kind, `chests` earned and opened, `awards` draws by pool,
    version and prize.
    """

    members: list[UUID] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    flows: dict[tuple[str, str], Counter[int]] = field(default_factory=dict)
    levels: dict[tuple[UUID, date], int] = field(default_factory=dict)
    energy: dict[str, list[int]] = field(default_factory=dict)
    orders: Counter[tuple[str, int]] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    chests: dict[str, list[int]] = field(default_factory=dict)
    awards: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    coupons: Counter[str] = field(default_factory=Counter)

    def take(self, world: Ruling, wanted: Wanted) -> None:
        """Counts a world at the season's end."""
        slugs = {pool_id: pool.slug for pool_id, pool in world.pools.items()}
        for (pool_id, version, code), number in world.awards.items():
            self.awards[slugs[pool_id], version, code] += number
        self.coupons.update(world.coupons)
        for seat in world.seats:
            self._sit(seat, wanted)

    def _sit(self, seat: Seat, wanted: Wanted) -> None:
        kind = seat.kind.value
        self.members.append(seat.member.id)
        self.kinds[kind] += 1
        sides: Counter[tuple[int, str]] = Counter()
        for (day, account), amount in seat.flows.items():
            sides[day, account] += abs(amount)
            sides[day, "in" if amount > 0 else "out"] += abs(amount)
        for (day, side), amount in sides.items():
            if day < wanted.days:
                for name in (kind, WHOLE):
                    self.flows.setdefault((name, side), Counter())[amount] += 1
        for day_of, level in seat.levels:
            self.levels[seat.member.id, day_of] = max(level, self.levels.get((seat.member.id, day_of), 1))
        layout, ends = seat.board.content.layout, wanted.ends
        left = energy_rules.settle(seat.board.energy, seat.board.energy_cap, layout.energy_seconds, ends).amount
        could = (ends - wanted.begins) // timedelta(seconds=layout.energy_seconds)
        wasted = could - (seat.spent + left - layout.energy_start - seat.given)
        _add(self.energy, kind, (1, seat.spent, wasted, left, seat.given))
        for day, number in seat.delivered.items():
            self.orders[kind, day] += number
        self.units[kind] += seat.units
        if seat.chests_earned:
            _add(self.chests, kind, (seat.chests_earned, seat.chests_opened))

    def add(self, other: Tally) -> None:
        """Takes in what another lane counted."""
        self.members += other.members
        self.levels |= other.levels
        for key, amounts in other.flows.items():
            self.flows.setdefault(key, Counter()).update(amounts)
        for mine, theirs in ((self.energy, other.energy), (self.chests, other.chests)):
            for kind, values in theirs.items():
                _add(mine, kind, values)
        self.kinds.update(other.kinds)
        self.orders.update(other.orders)
        self.units.update(other.units)
        self.awards.update(other.awards)
        self.coupons.update(other.coupons)


def _add(sums: dict[str, list[int]], kind: str, values: Iterable[int]) -> None:
    found = list(values)
    sums[kind] = [one + other for one, other in zip(sums.get(kind, [0] * len(found)), found, strict=True)]


def figures_of(tally: Tally, wanted: Wanted, book: Rulebook) -> Figures:
    """The same figures as `read_figures` reads."""
    kinds_with_orders = {kind for kind, _ in tally.orders}
    drawn: dict[tuple[str, int], dict[str, int]] = defaultdict(dict)
    for (slug, version, code), number in tally.awards.items():
        drawn[slug, version][code] = number
    terms = {
        (slug, each.terms.version): each.terms.odds
        for slug in book.odds
        for each in with_successors(linked(UUID(int=0), slug, book.odds[slug]))
    }
    draws, liability, coupons = liability_of(
        [(terms[key], worths_of(terms[key], book.offers, book.season), codes) for key, codes in drawn.items()],
        [(book.offers[slug], number) for slug, number in tally.coupons.items()],
    )
    sides = sorted({side for _, side in tally.flows})
    members = {**tally.kinds, WHOLE: sum(tally.kinds.values())}
    return Figures(
        flows=tuple(
            _flow(kind, side, tally.flows.get((kind, side), Counter()), members[kind] * wanted.days)
            for kind in sorted(members) for side in sides
        ),
        levels=level_spread(tally.levels, tally.members, [wanted.day(number) for number in range(wanted.days)]),
        energy={kind: Energy(*values) for kind, values in sorted(tally.energy.items())},
        orders={
            kind: tuple(tally.orders[kind, day] for day in range(wanted.days)) for kind in sorted(kinds_with_orders)
        },
        units={kind: tally.units[kind] for kind in sorted(kinds_with_orders)},
        chests={kind: (earned, opened) for kind, (earned, opened) in sorted(tally.chests.items())},
        draws=draws, liability=liability, coupons=coupons,
    )  # fmt: skip


def _flow(kind: str, side: str, amounts: Counter[int], count: int) -> Flow:
    """The spread of so many member-days; those that are not among the amounts moved nothing."""
    spread = sorted([(0, count - amounts.total()), *amounts.items()])
    found = []
    for share in _SPREAD:
        place, passed = max(1, math.ceil(share * count)), 0
        for amount, number in spread:
            passed += number
            if passed >= place:
                found.append(amount)
                break
    p50, p90, p99 = found
    return Flow(kind, side, p50, p90, p99, sum(amount * number for amount, number in amounts.items()))
