"""Pools: versions of odds, what takes over from one, and what is left of limited prizes."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from loyalty.sheets.rules import Fault, Season
from rewards.coupons.rules.offers import Offer, Source
from rewards.gacha.rules.law import check_law
from rewards.gacha.rules.odds import Entry, Odds, WhenGone
from rewards.gacha.rules.worth import worths_of
from rewards.prizes.rules import PrizeKind
from rewards.prizes.rules.law import Law
from rewards.refusals import RewardsCode, RewardsRefused

PoolVersion = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of a pool's odds, parsed and as it was published.

    `pity_from` is the oldest version from which pity carries over to it.
    """

    slug: str
    version: int
    odds: Odds
    body: Mapping[str, Any]
    pity_from: int


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool and the version in force; `successor` is what takes over where that version says so."""

    id: UUID
    slug: str
    terms: Terms
    successor: Pool | None = None

    @property
    def odds(self) -> Odds:
        return self.terms.odds


class Stock:
    """Pools and what is left of their prizes, which draws take from."""

    def __init__(self, found: dict[UUID, Pool], stock: dict[tuple[UUID, str], tuple[int, int]]) -> None:
        self._found = found
        self._stock = stock
        self._touched: set[tuple[UUID, str]] = set()

    @property
    def ids(self) -> list[UUID]:
        return list(self._found)

    @property
    def all(self) -> list[Pool]:
        """Each pool as it stands now."""
        return [self.pool(pool_id) for pool_id in self._found]

    @property
    def possible(self) -> list[Pool]:
        """Each pool, and each successor that may take over while the batch draws."""
        return [each for found in self._found.values() for each in with_successors(found)]

    def pool(self, pool_id: UUID) -> Pool:
        """The pool with the odds in force: once a prize is gone that ends a version, those of its successor.

        Refuses POOL_NOT_FOUND.
        """
        found = self._found.get(pool_id)
        if found is None:
            raise RewardsRefused(RewardsCode.POOL_NOT_FOUND)
        while found.successor and self._ended(found):
            found = found.successor
        return found

    def _ended(self, pool: Pool) -> bool:
        return any(
            entry.when_gone is WhenGone.RENORMALISE and not self.left(pool, entry) for entry in pool.odds.stocked
        )

    def left(self, pool: Pool, entry: Entry) -> int | None:
        """How many of a prize are left; None where there is no limit."""
        if not entry.stock:
            return None
        # Only a version that nobody drew from yet has no row: all of its stock is there.
        total, awarded = self._stock.get((pool.id, entry.code), (entry.stock, 0))
        return total - awarded

    def gone(self, pool: Pool) -> frozenset[str]:
        """The codes of prizes that are sold out."""
        return frozenset(entry.code for entry in pool.odds.stocked if not self.left(pool, entry))

    def refuse_emptied(self, pool: Pool) -> None:
        """Refuses SOLD_OUT where a prize is gone that closes the pool."""
        gone = self.gone(pool)
        if any(entry.when_gone is WhenGone.CLOSE_POOL and entry.code in gone for entry in pool.odds.stocked):
            raise RewardsRefused(RewardsCode.SOLD_OUT, pool=pool.slug)

    def award(self, pool: Pool, rolled: Sequence[int]) -> list[Entry]:
        """Takes the rolled prizes from the stock, in order; one that is gone gives its stand-in instead."""
        given = []
        for index in rolled:
            entry = pool.odds.entries[index]
            left = self.left(pool, entry)
            if left == 0:
                entry = pool.odds.entries[pool.odds.stand_in(index)]
            elif left is not None:
                key = (pool.id, entry.code)
                total, awarded = self._stock[key]
                self._stock[key] = (total, awarded + 1)
                self._touched.add(key)
            given.append(entry)
        return given

    def taken(self) -> dict[tuple[UUID, str], int]:
        """How many of each limited prize were awarded."""
        return {key: awarded for key, (_, awarded) in self._stock.items()}

    def foresee(self, pool: Pool, rolled: Sequence[int]) -> list[Entry]:
        """What `award` would give; changes nothing."""
        stock, touched = dict(self._stock), set(self._touched)
        given = self.award(pool, rolled)
        self._stock, self._touched = stock, touched
        return given


def successors(terms: Terms) -> list[Terms]:
    """A version and those that it holds, one inside the other: each has the next number."""
    found = [terms]
    while (inside := found[-1].odds.successor) is not None:
        last = found[-1]
        version = last.version + 1
        pity_from = last.pity_from if inside.carries_pity else version
        found.append(Terms(last.slug, version, inside, last.body["successor"], pity_from))
    return found


def linked(pool_id: UUID, slug: str, terms: Terms) -> Pool:
    """The pool under a version, with those that may take over behind it."""
    pool: Pool | None = None
    for each in reversed(successors(terms)):
        pool = Pool(pool_id, slug, each, pool)
    assert pool is not None, "a version is a successor of itself at least"
    return pool


def with_successors(pool: Pool | None) -> Iterator[Pool]:
    """A pool, and each that may take over from it."""
    while pool is not None:
        yield pool
        pool = pool.successor


def chain_of(odds: Odds) -> Iterator[Odds]:
    """The odds and those that take over from them, one after the other."""
    each: Odds | None = odds
    while each is not None:
        yield each
        each = each.successor


def faults_of(
    slug: str, odds: Odds, offers: Mapping[str, Offer], awarded: Mapping[str, int], things: Container[str], law: Law,
    season: Season,
) -> list[Fault]:  # fmt: skip
    """What stands against putting these odds in force, successors and all: offers, totals, things, the law's dials."""
    faults: list[Fault] = []
    path = ""
    for each in chain_of(odds):
        found = _check_offers(each, offers) + _check_totals(each, awarded) + _check_things(each, things)
        found += [(key, rule) for key, rule in check_law(each, worths_of(each, offers, season), law)]
        faults += [Fault(f"odds.{slug}", path + key, rule) for key, rule in found]
        path = f"{path}successor."
    return faults


def _check_offers(odds: Odds, offers: Mapping[str, Offer]) -> list[tuple[str, str]]:
    """A coupon that is drawn must come: no limit of its offer, and no last day, may stand in its way."""
    faults = []
    for index, entry in enumerate(odds.entries):
        if entry.prize.kind is not PrizeKind.COUPON:
            continue
        slug = entry.prize.offer
        if slug not in offers:
            faults.append((f"prizes[{index}].offer", f"there is no offer {slug}; publish it first"))
        elif unfit := why_unfit(slug, offers[slug], odds):
            faults.append((f"prizes[{index}].offer", unfit[1]))
    return faults


def _check_things(odds: Odds, things: Container[str]) -> list[tuple[str, str]]:
    """What is drawn must be a thing that there is."""
    return [
        (f"prizes[{index}].thing", f"there is no thing {entry.prize.thing}; publish it first")
        for index, entry in enumerate(odds.entries)
        if entry.prize.kind is PrizeKind.THING and entry.prize.thing not in things
    ]


def why_unfit(slug: str, offer: Offer, odds: Odds) -> tuple[str, str] | None:
    """Why coupons of the offer cannot be drawn under these odds, the offer's key first; None where they can."""
    if offer.source is not Source.GACHA:
        return "source", f"the offer {slug} must be of source GACHA"
    if offer.limits.total or offer.limits.member or offer.limits.day:
        return "limits", f"the offer {slug} must have no limits: the stock of a prize stands in its pool"
    if offer.valid_until and (odds.closes_on is None or odds.closes_on > offer.valid_until):
        return "validity.until", f"the offer {slug} ends on {offer.valid_until}, before the pool closes"
    return None


def _check_totals(odds: Odds, awarded: Mapping[str, int]) -> list[tuple[str, str]]:
    return [
        (f"prizes[{index}].stock", f"must be at least the {awarded[entry.code]} awarded so far")
        for index, entry in enumerate(odds.entries)
        if entry.stock and entry.stock < awarded.get(entry.code, 0)
    ]
