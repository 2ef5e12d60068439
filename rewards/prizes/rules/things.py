"""Things of this world: what a sheet says of one, whether it is won, picked for stamps and cash, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.ledger.rules import LIMIT
from loyalty.sheets.rules import Reader

KIND = "thing"


class Delivery(StrEnum):
    """How a thing reaches its owner: by post, or over the counter of a store."""

    POST = "POST"
    STORE = "STORE"


@dataclass(frozen=True, slots=True)
class Terms:
    """What one of it costs in the catalogue: stamps now, cash at the till within `hours`.

    A member may have `open_most` picks of it waiting at once.
    """

    stamps: int
    cash_minor: int
    hours: int
    open_most: int


@dataclass(frozen=True, slots=True)
class Thing:
    """One version of a thing's sheet. Days are those to claim, to bring the tax, and to collect, the last one inside.

    `pick` None: it is won, and stands in no catalogue.
    """

    names: Mapping[str, str]
    terms: Mapping[str, str]
    currency: str
    value_minor: int
    delivery: frozenset[Delivery]
    claim_days: int
    tax_days: int
    collect_days: int
    pick: Terms | None = None

    def name(self, locale: str) -> str:
        return self.names.get(locale) or self.names["en"]

    def text(self, locale: str) -> str:
        return self.terms.get(locale) or self.terms["en"]


def parse_thing(name: str, body: Mapping[str, Any]) -> Thing:
    """The sheet of kind `thing`; its key is how odds name it. Refuses SHEET_INVALID."""
    reader = Reader(name, body)
    given = reader.texts("delivery", most=2)
    known = {each.value for each in Delivery}
    if not given or set(given) - known:
        reader.fault("delivery", f"must name one or both of {', '.join(sorted(known))}")
    delivery = frozenset(Delivery(each) for each in given if each in known)
    thing = Thing(
        names=reader.names("name"),
        terms=reader.names("terms"),
        currency=reader.text("currency", most=3),
        value_minor=reader.integer("value_minor", low=1, high=LIMIT),
        delivery=delivery,
        claim_days=reader.integer("claim_days", low=1, high=365),
        tax_days=reader.integer("tax_days", low=1, high=365, default=30),
        collect_days=reader.integer("collect_days", low=1, high=365, default=14),
        pick=_read_pick(reader),
    )
    if thing.pick is not None and Delivery.STORE not in delivery:
        reader.fault("pick", "needs STORE among `delivery`: the cash is paid at a store")
    reader.finish()
    return thing


def _read_pick(reader: Reader) -> Terms | None:
    if not reader.has("pick"):
        return None
    inside = reader.table("pick")
    pick = Terms(
        stamps=inside.integer("stamps", low=1, high=100_000),
        cash_minor=inside.integer("cash_minor", low=0, high=LIMIT),
        hours=inside.integer("hours", low=1, high=24 * 30),
        open_most=inside.integer("open_most", low=1, high=100, default=1),
    )
    inside.close()
    return pick


def over_at(today: date, days: int, zone: ZoneInfo) -> datetime:
    """The first instant after so many whole days from tomorrow on, as the season's zone counts them."""
    return datetime.combine(today + timedelta(days=days + 1), time.min, zone)
