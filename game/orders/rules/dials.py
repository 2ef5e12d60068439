"""The sheet of kind `orders`: how many wait, how large they grow, what they pay, when special ones come."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from game.board.rules.content import Chain, Layout
from game.orders.rules.hours import Appointment, slot_of
from loyalty.sheets.rules import Fault, Reader

MOST_LEVEL = 200
MOST_PRICE = 1_000_000
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class Band:
    """How orders are from a level on: how large they grow, what their goods are at least, and what they pay.

    Pay is per thousand units, rounded up.
    """

    from_level: int
    most_items: int
    units_base: int
    units_per_level: int
    least_item_level: int
    diamonds_per_mille: int
    experience_per_mille: int


@dataclass(frozen=True, slots=True)
class OrderDials:
    """How many orders wait, the bands of levels (the first from level 1), and what else there is about orders.

    `expires_hours` 0: plain orders wait for good.
    """

    slots: int
    bands: tuple[Band, ...]
    expires_hours: int = 0
    free_rerolls: int = 1
    reroll_diamonds: int = 2
    reroll_doubles: bool = False
    appointments: tuple[Appointment, ...] = ()

    def band(self, level: int) -> Band:
        """The one of a level."""
        found = self.bands[0]
        for each in self.bands:
            if each.from_level > level:
                break
            found = each
        return found

    def reroll_price(self, used: int) -> int:
        """What the next reroll of a day costs, after so many."""
        paid = used - self.free_rerolls
        if paid < 0:
            return 0
        return min(self.reroll_diamonds << min(paid, 20), MOST_PRICE) if self.reroll_doubles else self.reroll_diamonds


def parse_orders(name: str, body: Mapping[str, Any]) -> OrderDials:
    """Reads the sheet. Refuses SHEET_INVALID with every mistake at once."""
    reader = Reader(name, body)
    slots = reader.integer("slots", low=1, high=12)
    bands = [_read_band(reader, 1, None)]
    for each in reader.tables("difficulty", most=MOST_LEVEL):
        from_level = each.integer("from_level", low=2, high=MOST_LEVEL)
        if from_level <= bands[-1].from_level:
            each.fault("from_level", f"must be above that of the band before it, {bands[-1].from_level}")
        bands.append(_read_band(each, from_level, bands[-1]))
        each.close()
    dials = OrderDials(
        slots=slots,
        bands=tuple(bands),
        expires_hours=reader.integer("expires_hours", low=0, high=24 * 60, default=0),
        free_rerolls=reader.integer("free_rerolls", low=0, high=100, default=1),
        reroll_diamonds=reader.integer("reroll_diamonds", low=1, high=MOST_PRICE, default=2),
        reroll_doubles=reader.flag("reroll_doubles", default=False),
        appointments=_read_appointments(reader),
    )
    reader.finish()
    return dials


def faults_beside(dials: OrderDials, chains: Sequence[Chain], layout: Layout) -> list[Fault]:
    """Appointments that ask for chains that nobody has."""
    known = {chain.code for chain in chains}
    dropped = {drop.chain for kind in layout.generators for drop in kind.drops}
    faults = []
    for index, each in enumerate(dials.appointments):
        for chain in each.chains:
            if chain not in known:
                rule = f"there is no chain {chain!r}"
            elif chain not in dropped:
                rule = f"no generator drops the chain {chain!r}"
            else:
                continue
            faults.append(Fault("orders.current", f"appointments[{index}].chains", rule))
    return faults


def _read_band(reader: Reader, from_level: int, before: Band | None) -> Band:
    """A band; what it leaves out stays as it was in the one before."""

    def read(key: str, low: int, high: int, default: int | None = None) -> int:
        kept = default if before is None else getattr(before, key)
        return reader.integer(key, low=low, high=high, default=kept)

    return Band(
        from_level=from_level,
        most_items=read("most_items", 1, 3),
        units_base=read("units_base", 1, 1_000),
        units_per_level=read("units_per_level", 0, 100),
        least_item_level=read("least_item_level", 1, 12, 1),
        diamonds_per_mille=read("diamonds_per_mille", 0, 1_000_000),
        experience_per_mille=read("experience_per_mille", 1, 1_000_000),
    )


def _read_appointments(reader: Reader) -> tuple[Appointment, ...]:
    found: list[Appointment] = []
    for each in reader.tables("appointments", most=50):
        appointment = _read_appointment(each)
        for other in found:
            if other.code == appointment.code:
                each.fault("code", "the code of each appointment must stand once")
            elif slot_of(other.code) == slot_of(appointment.code):
                each.fault("code", f"has the numbers of {other.code!r} by chance; choose another code")
        found.append(appointment)
        each.close()
    return tuple(found)


def _read_appointment(reader: Reader) -> Appointment:
    code = reader.text("code", most=40)
    if code and not _CODE.fullmatch(code):
        reader.fault("code", "must be 1 to 40 of a-z 0-9 -, with a letter first")
    starts, ends = _read_time(reader, "from"), _read_time(reader, "until")
    overnight = reader.flag("overnight", default=False)
    if starts and ends and overnight != (ends <= starts):
        rule = "the day after has a later time than `from`" if overnight else "must be after `from`"
        reader.fault("until", f"{rule}; a window over midnight has `overnight = true` and ends within a day")
    weekdays = reader.texts("weekdays", most=7)
    for name in weekdays:
        if name not in _WEEKDAYS or weekdays.count(name) > 1:
            reader.fault("weekdays", f"must be some of {', '.join(_WEEKDAYS)}, each once, not {name!r}")
    return Appointment(
        code=code,
        names=reader.names("name"),
        starts=starts or time(),
        ends=ends or time(),
        overnight=overnight,
        weekdays=tuple(sorted(_WEEKDAYS.index(name) for name in weekdays if name in _WEEKDAYS)),
        chains=reader.texts("chains", most=60),
        level=reader.integer("level", low=1, high=MOST_LEVEL, default=1),
        bonus_per_mille=reader.integer("bonus_per_mille", low=0, high=10_000, default=0),
    )


def _read_time(reader: Reader, key: str) -> time | None:
    text = reader.text(key, most=5)
    if _TIME.fullmatch(text):
        return time.fromisoformat(text)
    if text:
        reader.fault(key, f"must be a time such as 18:00, not {text!r}")
    return None
