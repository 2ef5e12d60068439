"""Prizes and the catalogue, for reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.receipts.actions import Store, load_stores
from loyalty.sheets.actions import open_sheets
from rewards.fairness.rules import Vault
from rewards.prizes.actions.book import read_won
from rewards.prizes.actions.papers import Papers, read_papers
from rewards.prizes.actions.stock import read_stock
from rewards.prizes.actions.things import find_thing, law_of, list_slugs, load_things
from rewards.prizes.rules.law import assess
from rewards.prizes.rules.lives import ENDS, PrizeState, Won
from rewards.prizes.rules.things import Thing
from rewards.prizes.store import prizes as store


@dataclass(frozen=True, slots=True)
class PrizeView:
    """A prize with the sheet that it was won under. `shown` says at once what the job has yet to book.

    `stores` are those that have one left, for a prize that is to be claimed; `needs_identity` that the tax step comes.
    """

    won: Won
    thing: Thing
    shown: PrizeState
    stores: tuple[Store, ...] = ()
    needs_identity: bool = False


@dataclass(frozen=True, slots=True)
class ThingView:
    """A thing of the catalogue, and the stores that have one left, with how many."""

    slug: str
    thing: Thing
    stores: tuple[tuple[Store, int], ...]


async def read_prizes(
    connection: Any, member_id: UUID, now: datetime, *, first: int, before: UUID | None = None
) -> list[PrizeView]:
    """A page of a member's things, newest first, by keyset."""
    rows = await store.load_page(connection, member_id, before, first)
    return await _view(connection, [read_won(row) for row in rows], now)


async def read_prizes_by_id(connection: Any, keys: Sequence[tuple[UUID, UUID]], now: datetime) -> list[PrizeView]:
    """By (member, prize), those that there are."""
    return await _view(connection, [read_won(row) for row in await store.load_prizes(connection, keys)], now)


async def read_prizes_in(
    connection: Any, state: PrizeState, now: datetime, *, first: int, after: UUID | None = None,
    store_id: UUID | None = None,
) -> list[PrizeView]:  # fmt: skip
    """A page of everybody's things in one state, the oldest first, by keyset."""
    rows = await store.load_in_state(connection, state.value, store_id, after, first)
    return await _view(connection, [read_won(row) for row in rows], now)


async def find_owner(connection: Any, prize_id: UUID) -> UUID | None:
    """Whose prize it is."""
    return (await store.find_owners(connection, [prize_id])).get(prize_id)


async def read_catalogue(connection: Any, now: datetime) -> list[ThingView]:
    """Every thing that can be picked, with the stores that have one left."""
    opened = await open_sheets(connection, now)
    found: list[tuple[str, Thing]] = []
    for slug in list_slugs(opened):
        known = await find_thing(connection, opened, slug)
        if known is not None and known[1].pick is not None:
            found.append((slug, known[1]))
    left = await _left(connection, [slug for slug, _ in found])
    return [ThingView(slug, thing, tuple(left.get(slug, ()))) for slug, thing in found]


async def export_prizes(connection: Any, vault: Vault, member_id: UUID) -> list[dict[str, Any]]:
    """Every thing of a member with the papers to it, newest first, for `exportMyData`."""
    rows = await store.load_page(connection, member_id, None, 10_000)
    prizes = [read_won(row) for row in rows]
    papers = await read_papers(connection, vault, [(member_id, each.id) for each in prizes])
    return [_export(each, papers.get((member_id, each.id), Papers(None, None))) for each in prizes]


def _export(won: Won, papers: Papers) -> dict[str, Any]:
    address, identity = papers.address, papers.identity
    return {
        "thing": won.thing,
        "source": won.source.value,
        "state": won.state.value,
        "wonAt": won.won_at.isoformat(),
        "endedAt": won.ended_at.isoformat() if won.ended_at else None,
        "valueMinor": won.value_minor,
        "withheldMinor": won.withheld_minor,
        "stamps": won.stamps,
        "cashMinor": won.cash_minor,
        "delivery": won.delivery.value if won.delivery else None,
        "address": {name: getattr(address, name) for name in address.__slots__} if address else None,
        "identity": {name: getattr(identity, name) for name in identity.__slots__} if identity else None,
    }


async def _left(connection: Any, slugs: Sequence[str]) -> dict[str, list[tuple[Store, int]]]:
    """thing -> the stores that have one left, by code, and how many."""
    stock = [each for each in await read_stock(connection, slugs) if each.left] if slugs else []
    stores = await load_stores(connection, [each.store_id for each in stock])
    found: dict[str, list[tuple[Store, int]]] = {}
    for each in sorted(stock, key=lambda one: stores[one.store_id].code):
        found.setdefault(each.thing, []).append((stores[each.store_id], each.left))
    return found


async def _view(connection: Any, prizes: Sequence[Won], now: datetime) -> list[PrizeView]:
    things = await load_things(connection, [(each.thing, each.version) for each in prizes])
    waiting = [each for each in prizes if _shown(each, now) is PrizeState.WON]
    left = await _left(connection, sorted({each.thing for each in waiting}))
    needs: set[UUID] = set()
    if waiting:
        opened = await open_sheets(connection, now)
        year = (await opened.season(connection)).day(now).year
        years = await store.load_years(connection, sorted({each.member_id for each in waiting}))
        for each in waiting:
            law = await law_of(connection, opened, each.law)
            before = years.get((each.member_id, year), 0)
            if assess(law, before, each.value_minor, taxed=each.taxed, resident=True).held:
                needs.add(each.id)
    at = await load_stores(connection, [each.store_id for each in prizes if each.store_id is not None])
    views = []
    for each in prizes:
        if each.store_id is not None:
            stores: tuple[Store, ...] = (at[each.store_id],)
        else:
            stores = tuple(found for found, _ in left.get(each.thing, ())) if each in waiting else ()
        thing = things[each.thing, each.version]
        views.append(PrizeView(each, thing, _shown(each, now), stores, each.id in needs))
    return views


def _shown(won: Won, now: datetime) -> PrizeState:
    over = won.state not in ENDS and won.due_at is not None and won.due_at <= now
    return PrizeState.EXPIRED if over else won.state
