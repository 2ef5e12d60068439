"""Pools: their odds in force, their stock, and putting versions in force."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from loyalty.sheets import actions as sheets
from loyalty.sheets.rules import Fault, SheetInvalid, canonical_json
from loyalty.work import Work
from rewards.coupons import actions as coupons
from rewards.coupons.rules.offers import Offer, Source
from rewards.gacha.rules.odds import Entry, Odds, WhenGone, parse_odds
from rewards.gacha.store import pools as store
from rewards.prizes.rules import PrizeKind
from rewards.refusals import RewardsCode, RewardsRefused

PoolVersion = tuple[UUID, int]
KIND = "odds"


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
    """A pool and the version in force."""

    id: UUID
    slug: str
    terms: Terms

    @property
    def odds(self) -> Odds:
        return self.terms.odds


# Odds are append-only, so what was parsed once stays true for good.
_terms: dict[PoolVersion, Terms] = {}


class Pools:
    """The pools that one batch draws from, with their stock locked."""

    def __init__(self, found: dict[UUID, Pool], stock: dict[tuple[UUID, str], tuple[int, int]]) -> None:
        self._found = found
        self._stock = stock
        self._touched: set[tuple[UUID, str]] = set()

    @property
    def all(self) -> list[Pool]:
        return list(self._found.values())

    def pool(self, pool_id: UUID) -> Pool:
        """Refuses POOL_NOT_FOUND."""
        found = self._found.get(pool_id)
        if found is None:
            raise RewardsRefused(RewardsCode.POOL_NOT_FOUND)
        return found

    def left(self, pool: Pool, entry: Entry) -> int | None:
        """How many of a prize are left; None where there is no limit."""
        if not entry.stock:
            return None
        total, awarded = self._stock[pool.id, entry.code]
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

    def foresee(self, pool: Pool, rolled: Sequence[int]) -> list[Entry]:
        """What `award` would give; changes nothing."""
        stock, touched = dict(self._stock), set(self._touched)
        given = self.award(pool, rolled)
        self._stock, self._touched = stock, touched
        return given

    async def save(self, work: Work) -> None:
        """Writes how many were awarded, once for each prize."""
        if self._touched:
            await store.save_awarded(work, [(*key, self._stock[key][1]) for key in sorted(self._touched)])


async def open_pools(work: Work, pool_ids: Iterable[UUID]) -> Pools:
    """Opens pools for drawing. Expects the members' locks; locks the stock of pools that have any, by key."""
    rows = await store.load_pools(work.connection, sorted(set(pool_ids)))
    found = await _with_terms(work.connection, rows)
    stocked = sorted(pool.id for pool in found.values() if pool.odds.stocked)
    return Pools(found, _by_key(await store.lock_stock(work, stocked)) if stocked else {})


async def read_pools(connection: Any, pool_ids: Sequence[UUID] | None = None) -> Pools:
    """Pools for reading, all where none are named; the oldest first."""
    if pool_ids is None:
        rows = await store.load_all_pools(connection)
    else:
        rows = await store.load_pools(connection, pool_ids)
    found = await _with_terms(connection, rows)
    stocked = [pool.id for pool in found.values() if pool.odds.stocked]
    return Pools(found, _by_key(await store.load_stock(connection, stocked)) if stocked else {})


async def find_pools(connection: Any, slugs: Sequence[str]) -> dict[str, UUID]:
    """slug -> pool id, for the pools that were ever published."""
    return {row["slug"]: row["id"] for row in await store.load_pools_by_slug(connection, slugs)}


async def load_terms(connection: Any, keys: Iterable[PoolVersion]) -> dict[PoolVersion, Terms]:
    """What versions of odds say, from the process's memory where it knows them."""
    wanted = set(keys)
    missing = sorted(wanted - _terms.keys())
    if missing:
        for row in await store.load_odds(connection, missing):
            body = json.loads(row["body"])
            odds = parse_odds(f"{KIND}.{row['slug']}", body)
            key = (row["pool_id"], row["version"])
            _terms[key] = Terms(row["slug"], row["version"], odds, body, row["pity_from"])
    return {key: _terms[key] for key in wanted if key in _terms}


def known_terms(pool_id: UUID, version: int) -> Terms | None:
    """What a version says, where this process has read it already."""
    return _terms.get((pool_id, version))


async def publish_odds(
    work: Work, slug: str, body: Mapping[str, Any], *, author: str, reason: str, based_on: int | None, now: datetime
) -> int:
    """Publishes the sheet `odds.<slug>` and puts that version in force; returns the version.

    Draws that name the version before are refused ODDS_CHANGED from then on. Refuses SHEET_INVALID with every mistake,
    SHEET_STATE.
    """
    version = await sheets.publish(
        work, KIND, slug, body, parse_odds, author=author, reason=reason, based_on=based_on, now=now
    )
    await put_in_force(work, now)
    return version


async def put_in_force(work: Work, now: datetime) -> int:
    """Brings the pools up to the active sheets of kind `odds`; returns how many changed. Idempotent.

    Offers whose coupons are prizes must be there already. Refuses SHEET_INVALID where one is not fit to be a prize, or
    where a total undercuts what was awarded.
    """
    opened = await sheets.open_sheets(work.connection)
    heads = {head.key: head for head in opened.heads.values() if head.kind == KIND}
    rows = {row["slug"]: row for row in await store.load_pools_by_slug(work.connection, sorted(heads))}
    changed = 0
    for slug, head in sorted(heads.items()):
        if slug in rows and rows[slug]["version"] == head.version:
            continue
        text = await opened.get(work.connection, KIND, slug, _keep_body)
        assert text is not None, "an active sheet has a body"
        odds = parse_odds(f"{KIND}.{slug}", json.loads(text))
        stock = _by_key(await store.lock_stock(work, [rows[slug]["id"]])) if slug in rows else {}
        faults = await _check_offers(work.connection, slug, odds)
        faults += _check_totals(slug, odds, {code: awarded for (_, code), (_, awarded) in stock.items()})
        if faults:
            raise SheetInvalid(faults)
        pity_from = await _pity_from(work.connection, rows.get(slug), odds, head.version)
        pool_id = await store.save_pool(work, work.mint(now), slug, head.version, now)
        await store.insert_odds(work, pool_id, head.version, text, head.sha256, pity_from, now)
        if odds.stocked:
            await store.save_stock(work, pool_id, [(entry.code, entry.stock) for entry in odds.stocked])
        changed += 1
    return changed


async def _pity_from(connection: Any, row: Any, odds: Odds, version: int) -> int:
    if row is None or not odds.carries_pity:
        return version
    key = (row["id"], row["version"])
    return (await load_terms(connection, [key]))[key].pity_from


async def _check_offers(connection: Any, slug: str, odds: Odds) -> list[Fault]:
    """A coupon that is drawn must come: no limit of its offer, and no last day, may stand in its way."""
    offers = await coupons.read_terms_on_sale(connection, odds.offers)
    faults = []
    for index, entry in enumerate(odds.entries):
        if entry.prize.kind is not PrizeKind.COUPON:
            continue
        slug_of = entry.prize.offer
        if slug_of not in offers:
            rule = f"there is no offer {slug_of}; publish it first"
        elif unfit := _why_unfit(slug_of, offers[slug_of][1], odds):
            rule = unfit[1]
        else:
            continue
        faults.append(Fault(f"{KIND}.{slug}", f"prizes[{index}].offer", rule))
    return faults


def _why_unfit(slug: str, offer: Offer, odds: Odds) -> tuple[str, str] | None:
    """Why coupons of the offer cannot be drawn under these odds, the offer's key first; None where they can."""
    if offer.source is not Source.GACHA:
        return "source", f"the offer {slug} must be of source GACHA"
    if offer.limits.total or offer.limits.member or offer.limits.day:
        return "limits", f"the offer {slug} must have no limits: the stock of a prize stands in its pool"
    if offer.valid_until and (odds.closes_on is None or odds.closes_on > offer.valid_until):
        return "validity.until", f"the offer {slug} ends on {offer.valid_until}, before the pool closes"
    return None


async def check_amended(connection: Any, slug: str, today: date) -> None:
    """Whether the version of an offer that is on sale now is fit for every pool that gives its coupons.

    For who has just published one; pools whose last day is over do not count. Refuses SHEET_INVALID.
    """
    [(_, offer)] = (await coupons.read_terms_on_sale(connection, [slug])).values()
    faults = [
        Fault(f"offer.{slug}", unfit[0], f"the pool {pool.slug} gives its coupons: {unfit[1]}")
        for pool in (await read_pools(connection)).all
        if slug in pool.odds.offers
        and not (pool.odds.closes_on and pool.odds.closes_on < today)
        and (unfit := _why_unfit(slug, offer, pool.odds))
    ]
    if faults:
        raise SheetInvalid(faults)


def _check_totals(slug: str, odds: Odds, awarded: Mapping[str, int]) -> list[Fault]:
    return [
        Fault(f"{KIND}.{slug}", f"prizes[{index}].stock", f"must be at least the {awarded[entry.code]} awarded so far")
        for index, entry in enumerate(odds.entries)
        if entry.stock and entry.stock < awarded.get(entry.code, 0)
    ]


async def _with_terms(connection: Any, rows: Sequence[Any]) -> dict[UUID, Pool]:
    terms = await load_terms(connection, [(row["id"], row["version"]) for row in rows])
    return {row["id"]: Pool(row["id"], row["slug"], terms[row["id"], row["version"]]) for row in rows}


def _by_key(rows: Sequence[Any]) -> dict[tuple[UUID, str], tuple[int, int]]:
    return {(row["pool_id"], row["code"]): (row["total"], row["awarded"]) for row in rows}


def _keep_body(name: str, body: Mapping[str, Any]) -> str:
    del name
    return canonical_json(body)
