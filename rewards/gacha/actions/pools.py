"""Pools: their odds in force, their stock, and putting versions in force."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.sheets import actions as sheets
from loyalty.sheets.rules import Fault, SheetInvalid, canonical_json
from loyalty.work import Work
from rewards.coupons import actions as coupons
from rewards.coupons.rules.offers import Offer
from rewards.gacha.rules.odds import Odds, parse_odds
from rewards.gacha.rules.pools import Pool, PoolVersion, Stock, Terms, chain_of, faults_of, linked, successors
from rewards.gacha.store import pools as store
from rewards.prizes.actions import list_slugs
from rewards.prizes.rules.law import DEFAULT_LAW, parse_law
from rewards.prizes.rules.law import KIND as LAW

KIND = "odds"


# Odds are append-only, so what was parsed once stays true for good.
_terms: dict[PoolVersion, Terms] = {}
_linked_pools: dict[UUID, Pool] = {}


class Pools(Stock):
    """The pools that one batch draws from, with their stock locked."""

    async def save(self, work: Work) -> None:
        """Writes how many were awarded, once for each prize."""
        if self._touched:
            await store.save_awarded(work, [(*key, self._stock[key][1]) for key in sorted(self._touched)])


async def open_pools(work: Work, pool_ids: Iterable[UUID], opened: sheets.Sheets, now: datetime) -> Pools:
    """Opens pools for drawing. Expects the members' locks; locks the stock of pools that have any, by key.

    A version whose instant has come since the last batch is put in force first, whether or not a job came by.
    """
    ids = sorted(set(pool_ids))
    rows = await store.load_pools(work.connection, ids)
    due = [row["slug"] for row in rows if opened.version(KIND, row["slug"]) > row["version"]]
    if due:
        await follow_sheets(work, due, opened, now)
        rows = await store.load_pools(work.connection, ids)
    found = await _with_terms(work.connection, rows)
    stocked = sorted(pool.id for pool in found.values() if pool.odds.stocked)
    return Pools(found, _by_key(await store.lock_stock(work, stocked)) if stocked else {})


async def read_pools(connection: Any, opened: sheets.Sheets, pool_ids: Sequence[UUID] | None = None) -> Pools:
    """Pools for reading, all where none are named; the oldest first."""
    if pool_ids is None:
        rows = await store.load_all_pools(connection)
    else:
        rows = await store.load_pools(connection, pool_ids)
    found = await _with_terms(connection, rows)
    for row in rows:
        if opened.version(KIND, row["slug"]) > row["version"]:
            # Nobody has drawn since this version's instant; the first who does writes it down.
            chain = await _chain(connection, row, row["slug"], opened.version(KIND, row["slug"]))
            found[row["id"]] = linked(row["id"], row["slug"], chain[-1])
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
            key = (row["pool_id"], row["version"])
            _terms[key] = _read_terms(row["slug"], row["version"], row["body"], row["pity_from"])
    return {key: _terms[key] for key in wanted if key in _terms}


def known_terms(pool_id: UUID, version: int) -> Terms | None:
    """What a version says, where this process has read it already."""
    return _terms.get((pool_id, version))


async def publish_odds(
    work: Work, slug: str, body: Mapping[str, Any], *, author: str, reason: str, based_on: int | None, now: datetime
) -> int:
    """Publishes the sheet `odds.<slug>` in one step and puts that version in force; returns the version.

    Draws that name the version before are refused ODDS_CHANGED from then on. Refuses SHEET_INVALID with every mistake,
    SHEET_STATE.
    """
    version = await sheets.publish(
        work, KIND, slug, body, parse_odds, author=author, reason=reason, based_on=based_on, now=now
    )
    await put_in_force(work, now)
    return version


async def put_in_force(work: Work, now: datetime) -> int:
    """Brings the pools up to the sheets of kind `odds` in force; returns how many versions are new. Idempotent.

    Offers whose coupons are prizes must be there already. Refuses SHEET_INVALID where one is not fit to be a prize, or
    where a total undercuts what was awarded.
    """
    opened = await sheets.open_sheets(work.connection, now)
    slugs = sorted(key for kind, key in opened.heads if kind == KIND)
    rows = {row["slug"]: row for row in await store.load_pools_by_slug(work.connection, slugs)}
    behind = [slug for slug in slugs if slug not in rows or rows[slug]["version"] < opened.version(KIND, slug)]
    for slug in behind:
        text = await opened.get(work.connection, KIND, slug, _keep_body)
        assert text is not None, "a version in force has a body"
        faults = await check_odds(work.connection, slug, parse_odds(f"{KIND}.{slug}", json.loads(text)))
        if faults:
            raise SheetInvalid(faults)
    return await follow_sheets(work, behind, opened, now)


async def follow_sheets(work: Work, slugs: Sequence[str], opened: sheets.Sheets, now: datetime) -> int:
    """Writes down the versions that came into force since, with their successors and their stock; how many are new.

    Locks the pools, by slug, then their stock. Refuses nothing: what is in force was checked when it was approved.
    """
    changed = 0
    for slug in sorted(slugs):
        row = await store.lock_pool(work, slug)
        if row is not None and row["version"] >= opened.version(KIND, slug):
            continue
        chain = await _chain(work.connection, row, slug, opened.version(KIND, slug))
        pool_id = await store.save_pool(work, work.mint(now), slug, opened.version(KIND, slug), now)
        for terms in (each for first in chain for each in successors(first)):
            await store.insert_odds(
                work, pool_id, terms.version, canonical_json(terms.body), bytes.fromhex(terms.odds.sha256),
                terms.pity_from, now,
            )  # fmt: skip
        stocked = {entry.code: entry.stock for each in successors(chain[-1]) for entry in each.odds.stocked}
        if stocked:
            await store.save_stock(work, pool_id, sorted(stocked.items()))
        changed += len(chain)
    return changed


async def check_odds(connection: Any, slug: str, odds: Odds) -> list[Fault]:
    """What stands against putting these odds in force, successors and all: offers, totals, the law's dials."""
    rows = await store.load_pools_by_slug(connection, [slug])
    stock = _by_key(await store.load_stock(connection, [row["id"] for row in rows]))
    awarded = {code: count for (_, code), (_, count) in stock.items()}
    opened = await sheets.open_sheets(connection)
    law = await opened.get(connection, LAW, odds.jurisdiction, parse_law) or DEFAULT_LAW
    season = await opened.season(connection)
    offers = await offers_on_sale(connection, sorted({name for each in chain_of(odds) for name in each.offers}))
    return faults_of(slug, odds, offers, awarded, set(list_slugs(opened)), law, season)


async def _chain(connection: Any, row: Any, slug: str, upto: int) -> list[Terms]:
    """The versions of a sheet past the pool's own, in order, each with the oldest from which pity carries over to it.

    `row` is the pool's, or None before its first version.
    """
    before: Terms | None = None
    if row is not None:
        key = (row["id"], row["version"])
        before = (await load_terms(connection, [key]))[key]
    chain = []
    for sheet in await sheets.load_scheduled(connection, KIND, slug, row["version"] if row else 0, upto):
        terms = _read_terms(slug, sheet.version, sheet.body, sheet.version)
        if before is not None and terms.odds.carries_pity:
            terms = replace(terms, pity_from=before.pity_from)
        chain.append(terms)
        before = terms
    return chain


def _read_terms(slug: str, version: int, text: str, pity_from: int) -> Terms:
    body = json.loads(text)
    return Terms(slug, version, parse_odds(f"{KIND}.{slug}", body), body, pity_from)


async def offers_on_sale(connection: Any, slugs: Sequence[str]) -> dict[str, Offer]:
    """slug -> what the version on sale says."""
    return {slug: offer for slug, (_, offer) in (await coupons.read_terms_on_sale(connection, slugs)).items()}


async def _with_terms(connection: Any, rows: Sequence[Any]) -> dict[UUID, Pool]:
    terms = await load_terms(connection, [(row["id"], row["version"]) for row in rows])
    return {row["id"]: _pool_of(row["id"], row["slug"], terms[row["id"], row["version"]]) for row in rows}


def _pool_of(pool_id: UUID, slug: str, terms: Terms) -> Pool:
    """From the process's memory where it was linked before: terms are told apart by being the same object."""
    known = _linked_pools.get(pool_id)
    if known is None or known.terms is not terms:
        known = _linked_pools[pool_id] = linked(pool_id, slug, terms)
    return known


def _by_key(rows: Sequence[Any]) -> dict[tuple[UUID, str], tuple[int, int]]:
    return {(row["pool_id"], row["code"]): (row["total"], row["awarded"]) for row in rows}


def _keep_body(name: str, body: Mapping[str, Any]) -> str:
    del name
    return canonical_json(body)
