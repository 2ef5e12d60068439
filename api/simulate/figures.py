"""The figures of a simulated season, from its events and rows alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

from api.simulate import store
from api.simulate.wanted import ZONE, Kind, Wanted
from game.board.actions.book import load_content
from loyalty.sheets.actions import open_sheets
from loyalty.sheets.rules import Season
from loyalty.tiers.actions import LADDER
from rewards.coupons.actions.book import load_terms as load_offers
from rewards.coupons.rules.offers import Offer
from rewards.gacha.actions.pools import load_terms, offers_on_sale
from rewards.gacha.rules import costing
from rewards.gacha.rules.odds import Odds
from rewards.gacha.rules.worth import Worth, worths_of

Books = dict[UUID, tuple[Any, ...]]
"""Member -> balances, level, experience, energy and orders delivered."""
WHOLE = "all"


@dataclass(frozen=True, slots=True)
class Flow:
    """Diamonds of a member-day of a kind by account: the median, the 90th and 99th percentile, and the sum of all."""

    kind: str
    side: str
    p50: int
    p90: int
    p99: int
    total: int


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of all members of a kind. `wasted` is what time would have given below the cap."""

    members: int
    spent: int
    wasted: int
    left: int
    given: int


@dataclass(frozen=True, slots=True)
class Liability:
    """What prizes cost whom, in minor units: expected of so many draws, drawn, and outstanding in coupons."""

    funder: str
    expected: Fraction
    actual: Fraction
    outstanding: Fraction


@dataclass(frozen=True, slots=True)
class Figures:
    """A season in figures. `levels`: by day the 10th, 50th and 90th percentile. `orders` by kind and day."""

    flows: tuple[Flow, ...]
    levels: tuple[tuple[int, int, int], ...]
    energy: dict[str, Energy]
    orders: dict[str, tuple[int, ...]]
    units: dict[str, int]
    chests: dict[str, tuple[int, int]]
    draws: int
    liability: tuple[Liability, ...]
    coupons: int

    def flow(self, kind: str, side: str) -> Flow:
        """One line; all 0 where nothing ever moved."""
        return next(
            (each for each in self.flows if (each.kind, each.side) == (kind, side)), Flow(kind, side, 0, 0, 0, 0)
        )


async def read_figures(connection: Any, wanted: Wanted, members: Sequence[tuple[UUID, Kind]]) -> Figures:
    """Reads everything, on a snapshot. Locks nothing."""
    who = [each for each, _ in members], [kind.value for _, kind in members]
    days = [wanted.day(number) for number in range(wanted.days)]
    opened = await open_sheets(connection, wanted.begins)
    season = await opened.season(connection)
    layout = (await load_content(opened, connection)).layout
    cap = await _energy_cap(connection, opened)
    flows = await connection.fetch(store.FLOWS, *who, ZONE.key, days[0], days[-1])
    energy = await connection.fetch(store.ENERGY, *who, wanted.ends, cap, layout.energy_seconds, layout.energy_start)
    orders: dict[str, dict[date, int]] = defaultdict(dict)
    units: dict[str, int] = defaultdict(int)
    for row in await connection.fetch(store.ORDERS, *who, ZONE.key):
        orders[row["kind"]][row["day"]] = row["orders"]
        units[row["kind"]] += row["units"]
    draws, liability, coupons = await _liability(connection, season)
    return Figures(
        flows=tuple(_flow(row) for row in flows),
        levels=level_spread(await _levels(connection), who[0], days),
        energy={
            row["kind"]: Energy(row["members"], row["spent"], row["wasted"], row["left"], row["given"])
            for row in energy
        },
        orders={kind: tuple(found.get(day, 0) for day in days) for kind, found in sorted(orders.items())},
        units=dict(sorted(units.items())),
        chests={row["kind"]: (row["earned"], row["opened"]) for row in await connection.fetch(store.CHESTS, *who)},
        draws=draws,
        liability=liability,
        coupons=coupons,
    )


async def read_books(connection: Any, member_ids: Sequence[UUID]) -> Books:
    """What members hold and reached, to be compared."""
    rows = await connection.fetch(store.BOOKS, list(member_ids))
    return {row["member_id"]: tuple(row)[1:] for row in rows}


def level_spread(
    claimed: dict[tuple[UUID, date], int], members: Sequence[UUID], days: Sequence[date]
) -> tuple[tuple[int, int, int], ...]:
    """By day the 10th, 50th and 90th percentile of levels; everybody begins with 1 and keeps what was claimed."""
    reached = dict.fromkeys(members, 1)
    found = []
    for day in days:
        for member in members:
            reached[member] = max(reached[member], claimed.get((member, day), 1))
        ordered = sorted(reached.values())
        p10, p50, p90 = (ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] for percent in (10, 50, 90))
        found.append((p10, p50, p90))
    return tuple(found)


def _flow(row: Any) -> Flow:
    p50, p90, p99 = map(int, row["spread"])
    return Flow(row["kind"], row["side"], p50, p90, p99, row["total"])


async def _levels(connection: Any) -> dict[tuple[UUID, date], int]:
    return {(row["member_id"], row["day"]): row["level"] for row in await connection.fetch(store.LEVELS, ZONE.key)}


async def _energy_cap(connection: Any, opened: Any) -> int:
    """The cap of the lowest tier: bots buy nothing, so all of them are in it."""
    ladder = await opened.get(connection, *LADDER)
    return int(ladder.tiers[0].energy_cap)


async def _liability(connection: Any, season: Season) -> tuple[int, tuple[Liability, ...], int]:
    """Draws in all, what they cost by funder, and how many coupons are outstanding."""
    awards = await connection.fetch(store.AWARDS)
    terms = await load_terms(connection, {(row["pool_id"], row["version"]) for row in awards})
    drawn = [
        (
            each.odds,
            worths_of(each.odds, await offers_on_sale(connection, each.odds.offers), season),
            {row["awarded"]: row["draws"] for row in awards if (row["pool_id"], row["version"]) == key},
        )
        for key, each in terms.items()
    ]
    coupons = await connection.fetch(store.COUPONS)
    offers = await load_offers(connection, {(row["offer_id"], row["version"]) for row in coupons})
    return liability_of(drawn, [(offers[row["offer_id"], row["version"]], row["coupons"]) for row in coupons])


def liability_of(
    drawn: Sequence[tuple[Odds, Sequence[Worth], Mapping[str, int]]], coupons: Sequence[tuple[Offer, int]]
) -> tuple[int, tuple[Liability, ...], int]:
    """Draws, what they cost by funder, and coupons: from the prizes drawn under each odds, by code, and what is out."""
    sums: dict[str, list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 3)
    total = 0
    for odds, worths, by_prize in drawn:
        by_code = {entry.code: worth for entry, worth in zip(odds.entries, worths, strict=True)}
        count = sum(by_prize.values())
        total += count
        costs = costing.cost(
            odds, worths, awarded={}, spent=Fraction(0), week_draws=0, today=date.max.replace(year=2100)
        )  # fmt: skip
        for funder, minor in costs.per_funder.items():
            sums[funder][0] += count * minor
        for code, number in by_prize.items():
            sums[by_code[code].funder][1] += number * by_code[code].minor
    for offer, number in coupons:
        sums[offer.funder][2] += number * Fraction(offer.amount_minor or offer.cap_minor)
    found = tuple(Liability(funder, *amounts) for funder, amounts in sorted(sums.items()) if any(amounts))
    return total, found, sum(number for _, number in coupons)
