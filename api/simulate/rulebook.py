"""The sheets of a season without a database: the shipped ones with what was changed, parsed and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.content import PARSERS, seed_files
from api.simulate.bots import House, PoolShown
from api.simulate.wanted import Change
from game.board.rules.content import Content
from game.board.rules.fitting import check_content
from game.board.rules.running import check_in_play, in_play
from game.checkin.rules.calendar import Calendar
from game.chests.rules.content import ChestSheet
from game.orders import rules as orders
from game.orders.rules import OrderDials
from game.quests.rules.content import QuestSheet
from game.quests.rules.content import faults_beside as faults_of_quests
from game.quests.rules.limits import limits_of
from loyalty.sheets.rules import Season, SheetInvalid
from loyalty.tiers.rules import Tier
from rewards.coupons.rules.offers import Offer
from rewards.gacha.rules.odds import Odds
from rewards.gacha.rules.pools import Pool, Terms, faults_of, linked, with_successors
from rewards.gacha.rules.rails import Rails
from rewards.prizes.rules.law import DEFAULT_LAW

_SHIPPED, _CHANGED = 1, 2


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What is in force for the whole season, for members of the lowest tier. Pools have no ids yet."""

    content: Content
    dials: OrderDials
    calendar: Calendar
    chests: ChestSheet
    chests_version: int
    quests: QuestSheet
    rails: Rails
    season: Season
    tier: Tier
    odds: Mapping[str, Terms]
    offers: Mapping[str, Offer]

    def pools(self, ids: Mapping[str, UUID]) -> dict[UUID, Pool]:
        """The pools under their ids."""
        return {ids[slug]: linked(ids[slug], slug, terms) for slug, terms in self.odds.items()}

    def house(self, pools: Mapping[UUID, Pool]) -> House:
        """What everybody can read."""
        shown = tuple(
            PoolShown(each.id, each.odds.sha256, each.odds.price_diamonds, each.odds.takes_tickets)
            for each in sorted(pools.values(), key=lambda each: each.slug)
        )
        return House(self.chests, self.chests_version, shown, self.content.layout.refill)


def read_rulebook(changes: tuple[Change, ...]) -> Rulebook:
    """The sheets as they ship, with the changes. Refuses `SheetInvalid` with the mistakes that publishing refuses."""
    shipped = {name.removesuffix(".toml"): tomllib.loads(text) for name, text in seed_files().items()}
    bodies: dict[str, Any] = shipped | {f"{each.kind}.{each.key}": each.body for each in changes}
    changed = {f"{each.kind}.{each.key}" for each in changes}
    found = {name: PARSERS[name.partition(".")[0]](name, body) for name, body in bodies.items()}

    def version(name: str) -> int:
        return _CHANGED if name in changed else _SHIPPED

    odds = {
        name.partition(".")[2]: Terms(name.partition(".")[2], version(name), each, bodies[name], version(name))
        for name, each in found.items()
        if isinstance(each, Odds)
    }
    book = Rulebook(
        content=Content(found["chains.current"], found["board.current"], found["levels.current"]),
        dials=found["orders.current"],
        calendar=found["calendar.current"],
        chests=found["chests.current"],
        chests_version=version("chests.current"),
        quests=found["quests.current"],
        rails=found["rails.current"],
        season=found["season.current"],
        tier=found["ladder.current"].tiers[0],
        odds=odds,
        offers={name.partition(".")[2]: each for name, each in found.items() if isinstance(each, Offer)},
    )
    _refuse_misfits(book, found, shipped)
    return book


def limited(pools: dict[UUID, Pool]) -> dict[tuple[UUID, str], int]:
    """How many there are of each limited prize, in an order that all lanes share."""
    found: dict[tuple[UUID, str], int] = {}
    for pool_id, pool in sorted(pools.items()):
        for each in with_successors(pool):
            found.update({(pool_id, entry.code): entry.stock for entry in each.odds.stocked})
    return found


def _refuse_misfits(book: Rulebook, found: Mapping[str, Any], shipped: Mapping[str, Any]) -> None:
    """Refuses SHEET_INVALID with every mistake between the sheets."""
    content = book.content
    faults = check_content(content.chains, content.layout, content.levels)
    faults += orders.faults_beside(book.dials, content.chains, content.layout)
    limits = limits_of(book.rails, content.layout, content.levels, book.dials, book.chests, book.season)
    faults += faults_of_quests(book.quests, limits)
    before = [PARSERS[kind](f"{kind}.current", shipped[f"{kind}.current"]) for kind in ("chains", "board")]
    running = in_play([before[0], content.chains], [before[1], content.layout])
    faults += check_in_play(running, content.chains, content.layout, content.levels)
    things = {name.partition(".")[2] for name in found if name.startswith("thing.")}
    for slug, terms in book.odds.items():
        law = found.get(f"law.{terms.odds.jurisdiction}", DEFAULT_LAW)
        faults += faults_of(slug, terms.odds, book.offers, {}, things, law, book.season)
    if faults:
        raise SheetInvalid(faults)
