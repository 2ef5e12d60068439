"""What a receipt earns, and what a return takes back: by amounts, never by unit counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets.rules import Reader

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MOST_LINES = 500
MOST_MINOR = 1_000_000_000
MOST_QUANTITY = 1_000_000
AHEAD = timedelta(minutes=10)
MOST_LATE_DAYS = 3650
_NUMBER = re.compile(r"[0-9A-Za-z._/-]{1,64}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a receipt. `amount_minor` is what was paid for the whole line; `quantity` is for people to read."""

    line_no: int
    sku: str
    name: str
    brand: str
    category: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Bonus:
    """A better rate for some lines; of several that fit, the best counts alone."""

    percent: int
    brands: frozenset[str]
    categories: frozenset[str]
    weekdays: frozenset[int]
    first_day: date | None
    last_day: date | None
    names: Mapping[str, str]

    def fits(self, line: Line, day: date) -> bool:
        return (
            (not self.brands or line.brand in self.brands)
            and (not self.categories or line.category in self.categories)
            and (not self.weekdays or day.weekday() in self.weekdays)
            and (self.first_day is None or self.first_day <= day)
            and (self.last_day is None or day <= self.last_day)
        )


@dataclass(frozen=True, slots=True)
class Earning:
    """The earning sheet of one currency."""

    minor_per_point: int
    minor_per_stamp: int
    minor_per_credit: int
    stamps_expiry_months: int
    tickets_expiry_months: int
    visit_minimum_minor: int
    visit_energy: int
    visit_tickets: int
    late_days: int
    excluded_categories: frozenset[str]
    bonuses: tuple[Bonus, ...]


@dataclass(frozen=True, slots=True)
class Earned:
    """What a receipt earned. `weights`: thousandths of a point by line; `eligible_minor`: of lines not excluded."""

    points: int
    stamps: int
    credits: int
    weights: tuple[int, ...]
    eligible_minor: int
    visit: bool


@dataclass(frozen=True, slots=True)
class Share:
    """How much of something has come back: `part` of `whole`."""

    part: int
    whole: int

    def of(self, earned: int) -> int:
        """floor(earned x part / whole); nothing where nothing was earned."""
        return earned * self.part // self.whole if self.whole else 0


def parse_earning(name: str, body: Mapping[str, Any]) -> Earning:
    """The sheet of kind `earning`, one for each currency. Refuses SHEET_INVALID."""
    reader = Reader(name, body)
    most = 10**9
    bonuses = []
    for each in reader.tables("bonuses", most=200):
        days = each.texts("weekdays", most=7)
        if unknown := [day for day in days if day not in WEEKDAYS]:
            each.fault("weekdays", f"must be of {', '.join(WEEKDAYS)}, not {', '.join(unknown)}")
        bonus = Bonus(
            percent=each.integer("percent", low=100, high=2000),
            brands=frozenset(each.texts("brands")),
            categories=frozenset(each.texts("categories")),
            weekdays=frozenset(WEEKDAYS.index(day) for day in days if day in WEEKDAYS),
            first_day=each.day("first_day"),
            last_day=each.day("last_day"),
            names=each.names("name"),
        )
        if bonus.first_day and bonus.last_day and bonus.last_day < bonus.first_day:
            each.fault("last_day", "must not be before first_day")
        each.close()
        bonuses.append(bonus)
    earning = Earning(
        minor_per_point=reader.integer("minor_per_point", low=1, high=most),
        minor_per_stamp=reader.integer("minor_per_stamp", low=1, high=most),
        minor_per_credit=reader.integer("minor_per_credit", low=1, high=most),
        stamps_expiry_months=reader.integer("stamps_expiry_months", low=1, high=24),
        tickets_expiry_months=reader.integer("tickets_expiry_months", low=1, high=24),
        visit_minimum_minor=reader.integer("visit_minimum_minor", low=1, high=most),
        visit_energy=reader.integer("visit_energy", low=0, high=1000),
        visit_tickets=reader.integer("visit_tickets", low=0, high=100),
        late_days=reader.integer("late_days", low=1, high=MOST_LATE_DAYS, default=365),
        excluded_categories=frozenset(reader.texts("excluded_categories")),
        bonuses=tuple(bonuses),
    )
    reader.finish()
    return earning


def earn(earning: Earning, lines: Sequence[Line], multiplier_percent: int, day: date) -> Earned:
    """What lines bought on a business day earn at a tier's multiplier: one floor per receipt."""
    weights = []
    eligible = rated = 0
    rate = earning.minor_per_point * 10_000
    for line in lines:
        if line.category in earning.excluded_categories or line.amount_minor == 0:
            weights.append(0)
            continue
        eligible += line.amount_minor
        bonus = max((each.percent for each in earning.bonuses if each.fits(line, day)), default=100)
        before = rated * 1000 // rate
        rated += line.amount_minor * multiplier_percent * bonus
        # What a line leaves below a thousandth counts for the next one, so that the sum is floored once.
        weights.append(rated * 1000 // rate - before)
    return Earned(
        points=sum(weights) // 1000,
        stamps=eligible // earning.minor_per_stamp,
        credits=eligible // earning.minor_per_credit,
        weights=tuple(weights),
        eligible_minor=eligible,
        visit=eligible >= earning.visit_minimum_minor,
    )


def weight_returned(weight: int, amount_minor: int, returned_minor: int) -> int:
    """How much of a line's weight has come back with `returned_minor` of its amount; any split ends the same."""
    return weight * returned_minor // amount_minor if amount_minor else 0


def is_number(number: str) -> bool:
    """Whether a document's number is 1 to 64 letters, digits, dots, dashes or slashes; only such are looked up."""
    return _NUMBER.fullmatch(number) is not None


def check_number(field: str, number: str) -> None:
    """Refuses INVALID_INPUT unless a document's number is one (`is_number`)."""
    if not is_number(number):
        refuse_input(field, "must be 1 to 64 of 0-9 A-Z a-z . _ / -")


def check_lines(lines: Sequence[Line]) -> None:
    """Refuses INVALID_INPUT, naming field and rule, for lines that no till would print."""
    if not 1 <= len(lines) <= MOST_LINES:
        refuse_input("lines", f"must be 1 to {MOST_LINES} lines, not {len(lines)}")
    for index, line in enumerate(lines):
        where = f"lines[{index}]"
        if not 0 <= line.amount_minor <= MOST_MINOR:
            refuse_input(f"{where}.amountMinor", f"must be 0 to {MOST_MINOR}")
        if not 0 <= line.quantity <= MOST_QUANTITY:
            refuse_input(f"{where}.quantity", f"must be 0 to {MOST_QUANTITY}")
        if not 1 <= line.line_no <= 9999:
            refuse_input(f"{where}.lineNo", "must be 1 to 9999")
        for field, most in (("sku", 64), ("name", 200), ("brand", 100), ("category", 100)):
            text = getattr(line, field)
            if len(text) > most or "\x00" in text:
                refuse_input(f"{where}.{field}", f"must be at most {most} characters, none of them NUL")
    if len({line.line_no for line in lines}) != len(lines):
        refuse_input("lines", "each lineNo must stand once")
    if sum(line.amount_minor for line in lines) > MOST_MINOR:
        refuse_input("lines", f"must add up to at most {MOST_MINOR}")


def check_bought_at(bought_at: datetime, now: datetime, late_days: int) -> None:
    """Refuses INVALID_INPUT for a purchase of the future or of too long ago."""
    if bought_at > now + AHEAD:
        refuse_input("boughtAt", f"must not be more than {AHEAD.seconds // 60} minutes ahead of the server's clock")
    if bought_at < now - timedelta(days=late_days):
        refuse_input("boughtAt", f"must not be more than {late_days} days ago")


def may_be_recorded(bought_at: datetime, now: datetime) -> bool:
    """Whether some sheet could let a purchase of that time in; others have no day worth looking up, nor always one."""
    return now - timedelta(days=MOST_LATE_DAYS) <= bought_at <= now + AHEAD


def refuse_input(field: str, rule: str) -> NoReturn:
    """Refuses INVALID_INPUT, naming the field and the rule that it breaks."""
    raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field=field, rule=rule)


def business_day(at: datetime, zone: ZoneInfo) -> date:
    """The date of a purchase where the shop stands."""
    return at.astimezone(zone).date()


@dataclass(frozen=True, slots=True)
class BoughtLine:
    """A line as it was recorded, and what has come back of it so far."""

    line_no: int
    quantity: int
    amount_minor: int
    weight: int
    returned_quantity: int
    returned_minor: int


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """What comes back of one line."""

    line_no: int
    quantity: int
    amount_minor: int


def take_back(bought: Mapping[int, BoughtLine], returned: Iterable[ReturnLine]) -> dict[int, BoughtLine]:
    """The lines after the return. Refuses INVALID_INPUT for a line that is not there, RETURN_EXCEEDS for too much."""
    after = dict(bought)
    for index, each in enumerate(returned):
        where = f"lines[{index}]"
        line = after.get(each.line_no)
        if line is None:
            refuse_input(f"{where}.lineNo", "must be a line of the receipt")
        if each.quantity < 0 or each.amount_minor < 0 or each.quantity + each.amount_minor == 0:
            refuse_input(where, "must bring back a quantity or an amount, none of them negative")
        quantity = line.returned_quantity + each.quantity
        amount = line.returned_minor + each.amount_minor
        if quantity > line.quantity or amount > line.amount_minor:
            raise LoyaltyRefused(
                LoyaltyCode.RETURN_EXCEEDS,
                line=each.line_no,
                quantity_left=line.quantity - line.returned_quantity,
                amount_left=line.amount_minor - line.returned_minor,
            )
        after[each.line_no] = BoughtLine(line.line_no, line.quantity, line.amount_minor, line.weight, quantity, amount)
    return after


def all_back(lines: Iterable[BoughtLine]) -> bool:
    """Whether everything that was paid for has come back."""
    return all(line.returned_minor == line.amount_minor and line.returned_quantity == line.quantity for line in lines)


def returned_shares(lines: Iterable[BoughtLine]) -> tuple[Share, Share]:
    """How much has come back by weight (for points) and by eligible amount (for stamps and credits)."""
    lines = tuple(lines)
    weight = Share(
        sum(weight_returned(line.weight, line.amount_minor, line.returned_minor) for line in lines),
        sum(line.weight for line in lines),
    )
    amount = Share(
        sum(line.returned_minor for line in lines if line.weight),
        sum(line.amount_minor for line in lines if line.weight),
    )
    return weight, amount
