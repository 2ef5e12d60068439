"""Prizes: what a member can win, and where it goes.

A prize stands inside the sheet that gives it (the odds of a pool), so that a digest of that sheet covers the prize too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from loyalty.ledger.rules import LIMIT, NEVER, Currency, LotKey, Provenance, points_expire_on
from loyalty.sheets.rules import Reader, Season


class PrizeKind(StrEnum):
    """What a prize gives: a coupon, value in the wallet, something for the board, or a thing of this world."""

    COUPON = "COUPON"
    DIAMONDS = "DIAMONDS"
    POINTS = "POINTS"
    STAMPS = "STAMPS"
    TICKETS = "TICKETS"
    ENERGY = "ENERGY"
    GOODS = "GOODS"
    THING = "THING"


CURRENCIES = {
    PrizeKind.DIAMONDS: Currency.DIAMONDS,
    PrizeKind.POINTS: Currency.POINTS,
    PrizeKind.STAMPS: Currency.STAMPS,
    PrizeKind.TICKETS: Currency.TICKETS,
}
# Stamps and tickets end some day; points as the season says, diamonds never.
_WITH_DAYS = frozenset({PrizeKind.STAMPS, PrizeKind.TICKETS})
_AMOUNT_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Prize:
    """One prize. `amount` counts units of the kind; `days` is how long stamps and tickets last, today the first.

    `offer` names the offer (by slug) of a COUPON, `thing` the sheet of a THING. Which goods GOODS are, the board
    decides. `value_minor` is what one costs its `funder` at most, where the sheet says so; `taxed` that who wins it
    goes through the tax step first.
    """

    names: Mapping[str, str]
    kind: PrizeKind
    amount: int
    days: int = 0
    offer: str = ""
    thing: str = ""
    value_minor: int = 0
    funder: str = ""
    taxed: bool = False

    @property
    def currency(self) -> Currency | None:
        """The wallet that it goes to, if it is a wallet's."""
        return CURRENCIES.get(self.kind)

    def name(self, locale: str) -> str:
        return self.names.get(locale) or self.names["en"]


def read_prize(reader: Reader) -> Prize:
    """The keys of a prize in the open table of a sheet; mistakes are noted there.

    A THING is of this world, so the sheet says how many there are and what one is worth.
    """
    kind = reader.choice("kind", PrizeKind, list(PrizeKind))
    thing = kind is PrizeKind.THING and reader.has("kind")
    one = kind is PrizeKind.COUPON or thing
    most = 1 if one else LIMIT if kind is PrizeKind.POINTS else _AMOUNT_MOST
    if thing and not reader.has("stock"):
        reader.fault("stock", "must say how many there are of a THING")
    return Prize(
        names=reader.names("name"),
        kind=kind,
        amount=reader.integer("amount", low=1, high=most, default=1 if one else None),
        days=reader.integer("days", low=1, high=3650) if kind in _WITH_DAYS else 0,
        offer=reader.text("offer", most=60) if kind is PrizeKind.COUPON else "",
        thing=reader.text("thing", most=60) if thing else "",
        value_minor=reader.integer("value_minor", low=1 if thing else 0, high=LIMIT, default=None if thing else 0),
        funder=reader.text("funder", default="", most=80),
        taxed=reader.flag("tax_step", default=False),
    )


def lot_of(prize: Prize, today: date, season: Season) -> LotKey:
    """The lot that a prize of value goes to: given free, never bought."""
    last_day = NEVER
    if prize.kind is PrizeKind.POINTS:
        last_day = points_expire_on(today, season.points_expiry_months)
    elif prize.days:
        last_day = today + timedelta(days=prize.days - 1)
    return LotKey(Provenance.FREE, last_day)
