"""The sheet of kind `chests`: which order earns which chest, how long each is shut, and what it holds, exactly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any

from loyalty.grants.rules import GrantKind
from loyalty.ledger.rules import NEVER, Currency, LotKey, Provenance
from loyalty.sheets.rules import Reader

PPM = 1_000_000
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")


class ChestPrize(StrEnum):
    """What a drop of a chest is."""

    DIAMONDS = "DIAMONDS"
    TICKETS = "TICKETS"
    ENERGY = "ENERGY"
    GOODS = "GOODS"


@dataclass(frozen=True, slots=True)
class Content:
    """One line of what a chest can hold: its chance at each drop is `weight` parts per million."""

    prize: ChestPrize
    amount: int
    weight: int


@dataclass(frozen=True, slots=True)
class ChestKind:
    """A kind of chest. `body` is its table as the sheet has it: what a receipt holds and hashes."""

    code: str
    names: Mapping[str, str]
    emoji: str
    unlock_seconds: int
    drops: int
    contents: tuple[Content, ...]
    body: Mapping[str, Any]

    @property
    def weights(self) -> tuple[int, ...]:
        return tuple(each.weight for each in self.contents)

    def expected(self, prize: ChestPrize) -> Fraction:
        """How much of a prize one chest brings on average."""
        return Fraction(
            self.drops * sum(each.weight * each.amount for each in self.contents if each.prize is prize), PPM
        )


@dataclass(frozen=True, slots=True)
class ChestSheet:
    """Every `order_every`-th order earns the next chest of `cycle`. `slots` timers run at once, `queue` more wait.

    A speed-up costs one diamond for each `diamond_seconds` that remain, begun ones included.
    """

    order_every: int
    cycle: tuple[str, ...]
    slots: int
    queue: int
    diamond_seconds: int
    tickets_days: int
    kinds: tuple[ChestKind, ...]

    def kind(self, code: str) -> ChestKind | None:
        """The kind of that code; None where the sheet has none."""
        for kind in self.kinds:
            if kind.code == code:
                return kind
        return None

    def earned(self, order: int) -> str | None:
        """The code of the chest that delivering order number `order` earns; None where it earns none."""
        if order % self.order_every:
            return None
        return self.cycle[(order // self.order_every - 1) % len(self.cycle)]


def credits_of(sums: Mapping[ChestPrize, int], sheet: ChestSheet, today: date) -> list[tuple[Currency, LotKey, int]]:
    """The lots that the value out of a chest goes to on that day of the season's zone, and how much to each."""
    pays = (
        (Currency.DIAMONDS, NEVER, sums.get(ChestPrize.DIAMONDS, 0)),
        (Currency.TICKETS, today + timedelta(days=sheet.tickets_days - 1), sums.get(ChestPrize.TICKETS, 0)),
    )
    return [(currency, LotKey(Provenance.FREE, last_day), amount) for currency, last_day, amount in pays if amount]


def gifts_of(sums: Mapping[ChestPrize, int]) -> list[tuple[GrantKind, int]]:
    """What out of a chest goes to the board as gifts."""
    pays = ((GrantKind.ENERGY, ChestPrize.ENERGY), (GrantKind.GOODS, ChestPrize.GOODS))
    return [(kind, amount) for kind, prize in pays if (amount := sums.get(prize, 0))]


def parse_chests(name: str, body: Mapping[str, Any]) -> ChestSheet:
    """Reads the sheet. Refuses SHEET_INVALID with every mistake at once."""
    reader = Reader(name, body)
    tables = body.get("kinds")
    raw = tables if isinstance(tables, list) else []
    kinds = tuple(_read_kind(each, raw[index]) for index, each in enumerate(reader.tables("kinds", least=1, most=20)))
    known = [kind.code for kind in kinds]
    if len(set(known)) < len(known):
        reader.fault("kinds", "the code of each kind must stand once")
    cycle = reader.texts("cycle")
    for code in cycle:
        if code not in known:
            reader.fault("cycle", f"there is no kind {code!r}")
    if not cycle:
        reader.fault("cycle", "must name at least one kind")
    sheet = ChestSheet(
        order_every=reader.integer("order_every", low=1, high=1_000),
        cycle=cycle,
        slots=reader.integer("slots", low=1, high=4),
        queue=reader.integer("queue", low=0, high=20),
        diamond_seconds=reader.integer("diamond_seconds", low=1, high=86_400),
        tickets_days=reader.integer("tickets_days", low=1, high=366),
        kinds=kinds,
    )
    reader.finish()
    return sheet


def _read_kind(reader: Reader, body: Mapping[str, Any]) -> ChestKind:
    code = reader.text("code", most=40)
    if not _CODE.fullmatch(code):
        reader.fault("code", "must be 1 to 40 of a-z 0-9 -, with a letter first")
    contents = []
    for each in reader.tables("contents", least=1, most=40):
        contents.append(
            Content(
                prize=each.choice("prize", ChestPrize, tuple(ChestPrize)),
                amount=each.integer("amount", low=1, high=10_000),
                weight=each.integer("weight", low=1, high=PPM),
            )
        )
        each.close()
    total = sum(each.weight for each in contents)
    if total != PPM:
        reader.fault("contents", f"the weights must sum to exactly {PPM}, not {total}")
    kind = ChestKind(
        code=code,
        names=reader.names("name"),
        emoji=reader.text("emoji", most=16),
        unlock_seconds=reader.integer("unlock_seconds", low=0, high=7 * 86_400),
        drops=reader.integer("drops", low=1, high=10),
        contents=tuple(contents),
        body=body,
    )
    reader.close()
    return kind
