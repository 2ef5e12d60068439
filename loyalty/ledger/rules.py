"""The arithmetic of wallets: lots, spending order, debts, reversals and expiry.

A wallet's value sits in lots that share provenance and last day. Value comes in by `credit` and `restore`, goes out by
`spend`, `revoke` and `expire`; each answers with the new wallet and the posting that one transfer records.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from loyalty.refusals import LoyaltyCode, LoyaltyRefused

LIMIT = 2**31 - 1
# Not `date.max`: the driver writes that as `infinity`, which is no longer the day that transfers name in their parts.
NEVER = date(9999, 12, 30)
_PERSONAL = re.compile(r"@|[0-9]{6}|([0-9][ -]?){9}")


class Currency(StrEnum):
    """What a wallet holds; the table `currencies` says what each is for."""

    POINTS = "POINTS"
    DIAMONDS = "DIAMONDS"
    STAMPS = "STAMPS"
    TICKETS = "TICKETS"


class Provenance(StrEnum):
    """Where a lot came from."""

    FREE = "FREE"
    PURCHASE = "PURCHASE"
    SPONSOR = "SPONSOR"


_SPENT_FIRST = {Provenance.FREE: 0, Provenance.SPONSOR: 1, Provenance.PURCHASE: 2}


class LotKey(NamedTuple):
    """What the units of a lot share. `expires_on` is the last day on which they can be spent, in the season's zone."""

    provenance: Provenance
    expires_on: date

    def spending_order(self) -> tuple[date, int]:
        """Soonest expiry first, FREE first on a tie."""
        return self.expires_on, _SPENT_FIRST[self.provenance]


Parts = tuple[tuple[LotKey, int], ...]


@dataclass(frozen=True, slots=True)
class Wallet:
    """One member's holding of one currency: `balance` is the sum of the lots, expired ones included until booked."""

    owed: int = 0
    lots: Mapping[LotKey, int] = field(default_factory=dict)

    @property
    def balance(self) -> int:
        return sum(self.lots.values())

    def spendable(self, today: date) -> int:
        """What can be spent on that day of the season's zone: an expired lot counts for nothing at once."""
        return sum([units for key, units in self.lots.items() if key.expires_on >= today])


@dataclass(frozen=True, slots=True)
class Posting:
    """What one transfer did to a wallet: `amount` = sum of `parts` - `owed_change`."""

    amount: int
    parts: Parts
    owed_change: int = 0


def credit(wallet: Wallet, key: LotKey, amount: int) -> tuple[Wallet, Posting]:
    """Adds `amount`; a debt is settled first, the rest goes to the lot `key`. Refuses AMOUNT_OUT_OF_RANGE."""
    _check_amount(amount)
    settled = min(wallet.owed, amount)
    kept = amount - settled
    _check_balance(wallet.balance + kept)
    if not kept:
        return Wallet(wallet.owed - settled, wallet.lots), Posting(amount, (), -settled)
    lots = {**wallet.lots, key: wallet.lots.get(key, 0) + kept}
    return Wallet(wallet.owed - settled, lots), Posting(amount, ((key, kept),), -settled)


def spend(wallet: Wallet, amount: int, today: date, *, currency: Currency) -> tuple[Wallet, Posting]:
    """Takes `amount`, soonest expiry first, FREE first on a tie. Refuses NOT_ENOUGH, AMOUNT_OUT_OF_RANGE."""
    _check_amount(amount)
    available = wallet.spendable(today)
    if available < amount:
        raise LoyaltyRefused(LoyaltyCode.NOT_ENOUGH, currency=currency, available=available, needed=amount)
    return _take_out(wallet, _pick(wallet, amount, today), 0)


def revoke(wallet: Wallet, amount: int, first: LotKey, today: date) -> tuple[Wallet, Posting]:
    """Takes back what was credited to the lot `first`: from that lot, then in spending order, the rest is owed.

    Refuses AMOUNT_OUT_OF_RANGE.
    """
    _check_amount(amount)
    parts: dict[LotKey, int] = {}
    there = min(amount, wallet.lots.get(first, 0)) if first.expires_on >= today else 0
    if there:
        parts[first] = there
    elsewhere = Wallet(wallet.owed, {**wallet.lots, first: wallet.lots.get(first, 0) - there})
    for key, units in _pick(elsewhere, min(amount - there, elsewhere.spendable(today)), today):
        parts[key] = parts.get(key, 0) + units
    owed = amount - sum(parts.values())
    if wallet.owed + owed > LIMIT:
        raise LoyaltyRefused(LoyaltyCode.AMOUNT_OUT_OF_RANGE, limit=LIMIT)
    return _take_out(wallet, tuple(parts.items()), owed)


def restore(
    wallet: Wallet, taken: Parts, restored: int, amount: int, today: date, *, grace_days: int
) -> tuple[Wallet, Posting]:
    """Gives back `amount` of what `taken` took, to the same lots, after `restored` units were given back before.

    The lot that lasts longest is refilled first, so any split of restores ends the same. A lot that has expired
    meanwhile becomes one of `grace_days` more. A debt is settled first. Refuses AMOUNT_OUT_OF_RANGE.
    """
    _check_amount(amount)
    assert restored + amount <= sum(units for _, units in taken), "more is given back than was taken"
    parts: list[tuple[LotKey, int]] = []
    skip, left = restored, amount
    for key, units in sorted(taken, key=lambda part: part[0].spending_order(), reverse=True):
        passed = min(skip, units)
        skip -= passed
        given = min(left, units - passed)
        left -= given
        if given:
            alive = key if key.expires_on >= today else LotKey(key.provenance, today + timedelta(days=grace_days))
            parts.append((alive, given))
    return _bring_in(wallet, tuple(parts))


def pass_through(parts: Parts) -> tuple[Posting, Posting]:
    """Returns what is held and takes it for good, in one step and with no effect on the lots, expired or not."""
    amount = sum(units for _, units in parts)
    back = Posting(amount, parts)
    return back, Posting(-amount, tuple((key, -units) for key, units in parts))


def expire(wallet: Wallet, today: date) -> tuple[Wallet, Posting] | None:
    """Takes every lot whose last day is past; None where there is none."""
    parts = tuple((key, units) for key, units in wallet.lots.items() if key.expires_on < today and units)
    return _take_out(wallet, parts, 0) if parts else None


def points_expire_on(earned_on: date, months: int) -> date:
    """The end of the `months`-th month after the month of `earned_on`."""
    month = earned_on.year * 12 + earned_on.month - 1 + months + 1
    return date(month // 12, month % 12 + 1, 1) - timedelta(days=1)


def check_reason(reason: str, *, field: str = "reason", most: int = 200) -> None:
    """Refuses INVALID_INPUT for a reason that says nothing, or that holds what could be somebody's personal data."""
    if not 3 <= len(reason.strip()) <= most or not reason.isprintable():
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field=field, rule=f"must be 3 to {most} printable characters")
    if _PERSONAL.search(reason):
        rule = "must hold no e-mail address and no long number (a date is fine): reasons are kept for good"
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field=field, rule=rule)


def _check_amount(amount: int) -> None:
    if not 0 < amount <= LIMIT:
        raise LoyaltyRefused(LoyaltyCode.AMOUNT_OUT_OF_RANGE, limit=LIMIT)


def _check_balance(balance: int) -> None:
    if balance > LIMIT:
        raise LoyaltyRefused(LoyaltyCode.AMOUNT_OUT_OF_RANGE, limit=LIMIT)


def _pick(wallet: Wallet, amount: int, today: date) -> Parts:
    parts = []
    for key in sorted(wallet.lots, key=LotKey.spending_order):
        if key.expires_on >= today and amount and (units := min(amount, wallet.lots[key])):
            parts.append((key, units))
            amount -= units
    assert amount == 0, "more was picked than is there"
    return tuple(parts)


def _bring_in(wallet: Wallet, parts: Parts) -> tuple[Wallet, Posting]:
    """A debt takes from the parts in their order, so that bringing them in one by one ends the same."""
    amount = sum([units for _, units in parts])
    settled = min(wallet.owed, amount)
    _check_balance(wallet.balance + amount - settled)
    lots, left = dict(wallet.lots), settled
    kept: dict[LotKey, int] = {}
    for key, units in parts:
        gone = min(left, units)
        left -= gone
        if units - gone:
            lots[key] = lots.get(key, 0) + units - gone
            kept[key] = kept.get(key, 0) + units - gone
    return Wallet(wallet.owed - settled, lots), Posting(amount, tuple(kept.items()), -settled)


def _take_out(wallet: Wallet, parts: Parts, owed: int) -> tuple[Wallet, Posting]:
    lots = dict(wallet.lots)
    for key, units in parts:
        lots[key] -= units
        assert lots[key] >= 0, "a lot gave more than it held"
    taken = tuple((key, -units) for key, units in parts)
    return Wallet(wallet.owed + owed, lots), Posting(-sum(units for _, units in parts) - owed, taken, owed)
