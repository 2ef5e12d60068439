"""The odds sheet of a pool: everything that decides a draw, except the stock that is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from loyalty.ledger.rules import LIMIT
from loyalty.sheets.rules import Reader, digest
from rewards.gacha.rules.hazard import PPM, Hazard, read_hazard
from rewards.prizes.rules import Prize, PrizeKind, read_prize

PRIZES_MOST = 100
COUNTS = (1, 10)
TEN = 10
SUCCESSORS_MOST = 3
SET_KEYS = ("complete_set", "requires_set")


class PrizeClass(StrEnum):
    """How much a prize stands out. TOP follows the hazard; a ten-draw may promise GUARANTEE or above."""

    TOP = "TOP"
    GUARANTEE = "GUARANTEE"
    PLAIN = "PLAIN"


RANKS = {PrizeClass.PLAIN: 0, PrizeClass.GUARANTEE: 1, PrizeClass.TOP: 2}


class WhenGone(StrEnum):
    """What happens once a prize's stock is gone: its stand-in is given, the pool closes, or the next odds begin.

    RENORMALISE: from the next command on the sheet's `successor` is in force, which everybody could read beforehand.
    """

    FALLBACK = "FALLBACK"
    CLOSE_POOL = "CLOSE_POOL"
    RENORMALISE = "RENORMALISE"


@dataclass(frozen=True, slots=True)
class Entry:
    """One prize of a pool. `stock` 0 means no limit; `fallback` names the stand-in of one that has a limit."""

    code: str
    prize_class: PrizeClass
    weight: int
    prize: Prize
    stock: int = 0
    when_gone: WhenGone = WhenGone.FALLBACK
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """Some of the entries by index, in order, and the sum of their weights."""

    indexes: tuple[int, ...]
    weights: tuple[int, ...]
    total: int

    def pick(self, value: int) -> int:
        """The index of the entry whose share of the cumulative weights holds `value`."""
        for index, weight in zip(self.indexes, self.weights, strict=True):
            if value < weight:
                return index
            value -= weight
        raise AssertionError("a roll lies below the sum of the weights")


@dataclass(frozen=True)
class Odds:
    """One version of a pool's odds. Days are of the season's zone, both ends inside; caps 0 mean none of its own.

    `jurisdiction` names the sheet of kind `law` whose dials bound it; `budget_minor` 0 means no budget was set.
    """

    names: Mapping[str, str]
    price_diamonds: int
    takes_tickets: bool
    entries: tuple[Entry, ...]
    hazard: Hazard
    ten_guarantee: bool
    cap_day: int
    cap_month: int
    opens_on: date | None
    closes_on: date | None
    tiers: frozenset[str]
    min_age: int
    carries_pity: bool
    sha256: str
    jurisdiction: str = "TW"
    budget_minor: int = 0
    successor: Odds | None = None

    def __hash__(self) -> int:
        """By the document's own digest, so that what follows from odds can be remembered."""
        return hash(self.sha256)

    @cached_property
    def top(self) -> Side:
        """The side of TOP, which the hazard decides."""
        return self._side(PrizeClass.TOP)

    @cached_property
    def rest(self) -> Side:
        """The other side."""
        return self._side(PrizeClass.GUARANTEE, PrizeClass.PLAIN)

    @cached_property
    def guarantee(self) -> Side:
        """What the tenth of a ten is drawn from when nothing better came."""
        return self._side(PrizeClass.GUARANTEE)

    @cached_property
    def by_code(self) -> dict[str, int]:
        return {entry.code: index for index, entry in enumerate(self.entries)}

    @cached_property
    def stocked(self) -> tuple[Entry, ...]:
        """The entries with a limit."""
        return tuple(entry for entry in self.entries if entry.stock)

    @cached_property
    def offers(self) -> tuple[str, ...]:
        """The offers (by slug) whose coupons are prizes."""
        return tuple(sorted({entry.prize.offer for entry in self.entries if entry.prize.kind is PrizeKind.COUPON}))

    @cached_property
    def things(self) -> tuple[str, ...]:
        """The things (by slug) that are prizes."""
        return tuple(sorted({entry.prize.thing for entry in self.entries if entry.prize.kind is PrizeKind.THING}))

    def stand_in(self, index: int) -> int:
        """The entry that is given once this one is gone."""
        return self.by_code[self.entries[index].fallback]

    def name(self, locale: str) -> str:
        return self.names.get(locale) or self.names["en"]

    def _side(self, *classes: PrizeClass) -> Side:
        chosen = [(index, each.weight) for index, each in enumerate(self.entries) if each.prize_class in classes]
        weights = tuple(weight for _, weight in chosen)
        return Side(tuple(index for index, _ in chosen), weights, sum(weights))


def parse_odds(name: str, body: Mapping[str, Any]) -> Odds:
    """The sheet of kind `odds`. Refuses SHEET_INVALID with every mistake at once, those of its successors too."""
    reader = Reader(name, body)
    odds = _read_odds(reader, body, depth=0)
    reader.finish()
    return odds


def _read_odds(reader: Reader, body: Mapping[str, Any], *, depth: int) -> Odds:
    entries = tuple(_read_entry(each) for each in reader.tables("prizes", least=1, most=PRIZES_MOST))
    window = reader.table("window", required=False)
    gates = reader.table("gates", required=False)
    caps = reader.table("caps", required=False)
    top = sum(entry.weight for entry in entries if entry.prize_class is PrizeClass.TOP)
    odds = Odds(
        names=reader.names("name"),
        price_diamonds=reader.integer("price_diamonds", low=1, high=1_000_000),
        takes_tickets=reader.flag("takes_tickets", default=True),
        entries=entries,
        hazard=read_hazard(reader, top),
        ten_guarantee=reader.flag("ten_guarantee", default=False),
        cap_day=caps.integer("day", low=0, high=LIMIT, default=0),
        cap_month=caps.integer("month", low=0, high=LIMIT, default=0),
        opens_on=window.day("opens_on"),
        closes_on=window.day("closes_on"),
        tiers=frozenset(gates.texts("tiers")),
        min_age=gates.integer("min_age", low=0, high=99, default=0),
        carries_pity=reader.flag("carries_pity", default=True),
        sha256=_hash(body),
        jurisdiction=reader.text("jurisdiction", default="TW", most=20),
        budget_minor=reader.integer("budget_minor", low=1, high=LIMIT, default=0) if reader.has("budget_minor") else 0,
        successor=_read_successor(reader, body, depth),
    )
    for inside in (window, gates, caps):
        inside.close()
    _check_weights(reader, odds)
    _check_stock(reader, odds)
    if odds.opens_on and odds.closes_on and odds.opens_on > odds.closes_on:
        window.fault("closes_on", "must not be before `opens_on`")
    for key in SET_KEYS:
        if reader.has(key):
            reader.fault(key, "a prize for completing a set is never allowed")
            reader.texts(key)
    return odds


def _read_successor(reader: Reader, body: Mapping[str, Any], depth: int) -> Odds | None:
    """The odds that take over from these; they may hold a successor of their own."""
    if not reader.has("successor"):
        return None
    inside = reader.table("successor")
    if depth == SUCCESSORS_MOST:
        reader.fault("successor", f"stands more than {SUCCESSORS_MOST} deep")
        return None
    text = body["successor"]
    odds = _read_odds(inside, text if isinstance(text, Mapping) else {}, depth=depth + 1)
    inside.close()
    return odds


def _hash(body: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON; what has none is refused elsewhere as a mistake of its own."""
    try:
        return digest(body).hex()
    except (TypeError, ValueError):
        return ""


def _read_entry(reader: Reader) -> Entry:
    stock = reader.integer("stock", low=1, high=LIMIT, default=0) if reader.has("stock") else 0
    limited = reader.has("stock")
    entry = Entry(
        code=reader.text("code", most=40),
        prize_class=reader.choice("class", PrizeClass, list(PrizeClass)),
        weight=reader.integer("weight", low=0, high=PPM),
        prize=read_prize(reader),
        stock=stock,
        when_gone=reader.choice("when_gone", WhenGone, list(WhenGone)) if limited else WhenGone.FALLBACK,
        fallback=reader.text("fallback", most=40) if limited else "",
    )
    if not entry.code.isascii() or not entry.code.replace("-", "").isalnum():
        reader.fault("code", "must be ASCII letters, digits and hyphens")
    for key in SET_KEYS:
        if reader.has(key):
            reader.fault(key, "a prize for completing a set is never allowed")
            reader.texts(key)
    reader.close()
    return entry


def _check_weights(reader: Reader, odds: Odds) -> None:
    total = sum(entry.weight for entry in odds.entries)
    if total != PPM:
        reader.fault("prizes", f"the weights must sum to exactly {PPM}, not {total}")
    codes = [entry.code for entry in odds.entries]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        reader.fault("prizes", f"the code {code} stands twice")
    if odds.ten_guarantee and not odds.guarantee.total:
        reader.fault("ten_guarantee", "needs a prize of class GUARANTEE with a weight")
    stand_ins = {entry.fallback for entry in odds.entries}
    for index, entry in enumerate(odds.entries):
        if entry.weight == 0 and entry.code not in stand_ins:
            reader.fault(f"prizes[{index}].weight", "may be 0 for a prize alone that stands in for another")


def _check_stock(reader: Reader, odds: Odds) -> None:
    """A stand-in is there for good and of no lower class, so that nothing promised is lost with the stock."""
    for index, entry in enumerate(odds.entries):
        if not entry.stock or not entry.fallback:
            continue
        place = f"prizes[{index}].fallback"
        found = odds.by_code.get(entry.fallback)
        if found is None or entry.fallback == entry.code:
            reader.fault(place, f"must be the code of another prize of this pool, not {entry.fallback!r}")
            continue
        stand_in = odds.entries[found]
        if stand_in.stock:
            reader.fault(place, "must be a prize without a stock of its own")
        if RANKS[stand_in.prize_class] < RANKS[entry.prize_class]:
            reader.fault(place, f"must be of class {entry.prize_class} or above")
    ends = [each for each in odds.entries if each.stock and each.when_gone is WhenGone.RENORMALISE]
    if bool(ends) != (odds.successor is not None):
        reader.fault("successor", "stands with a prize whose `when_gone` is RENORMALISE, and only then")
    if odds.successor is not None:
        _check_succession(reader, odds, odds.successor, {each.code for each in ends})


def _check_succession(reader: Reader, odds: Odds, successor: Odds, ended: set[str]) -> None:
    """A stock is one number whichever version is in force, and what ended a version does not come back."""
    before = {each.code: each.stock for each in odds.entries}
    for index, entry in enumerate(successor.entries):
        place = f"successor.prizes[{index}]"
        if entry.code in before and entry.stock != before[entry.code] and entry.code not in ended:
            reader.fault(f"{place}.stock", f"must be the {before[entry.code] or 'unlimited'} of before")
        if entry.code in ended:
            reader.fault(f"{place}.code", f"{entry.code} is what ends the version before it")
