"""The first screen's version, and what may be said on it without being asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from loyalty.grants.rules import GrantKind
from loyalty.ledger.rules import Currency, Wallet
from loyalty.members.rules import Member
from loyalty.sheets.rules import Pause
from loyalty.tiers.rules import Standing

EXPIRY_NOTICE = timedelta(days=30)


class NoticeKind(StrEnum):
    """What a notice is about."""

    PAUSED = "PAUSED"
    TIER_ENDS = "TIER_ENDS"
    POINTS_EXPIRE = "POINTS_EXPIRE"
    GIFTS_WAIT = "GIFTS_WAIT"
    ERASURE = "ERASURE"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. `subject` is what is paused, what waits, or the tier; `amount` how much it is about."""

    kind: NoticeKind
    subject: str
    message: str = ""
    amount: int = 0
    at: datetime | None = None
    day: date | None = None


def paused(pauses: Iterable[Pause]) -> list[Notice]:
    """What stands still for everybody, in the operators' own words; single offers and pools say it themselves."""
    return [
        Notice(NoticeKind.PAUSED, pause.target, pause.message, at=pause.at)
        for pause in sorted(pauses, key=lambda each: each.target)
        if ":" not in pause.target
    ]


def about_tier(standing: Standing | None) -> list[Notice]:
    """A step down that was announced."""
    if standing is None or standing.notice_at is None:
        return []
    return [Notice(NoticeKind.TIER_ENDS, standing.code, at=standing.until)]


def about_points(wallets: Mapping[Currency, Wallet], today: date) -> list[Notice]:
    """Points whose last day is near; those of the lot that ends first."""
    wallet = wallets.get(Currency.POINTS)
    lots = wallet.lots.items() if wallet else ()
    soonest = min((lot.expires_on for lot, units in lots if units and lot.expires_on >= today), default=None)
    if soonest is None or soonest > today + EXPIRY_NOTICE:
        return []
    units = sum(units for lot, units in lots if lot.expires_on == soonest)
    return [Notice(NoticeKind.POINTS_EXPIRE, Currency.POINTS.value, amount=units, day=soonest)]


def about_gifts(waiting: Mapping[GrantKind, int]) -> list[Notice]:
    """What receipts and prizes gave and the board has yet to take."""
    kinds = (GrantKind.ENERGY, GrantKind.GOODS)
    return [Notice(NoticeKind.GIFTS_WAIT, kind.value, amount=waiting[kind]) for kind in kinds if waiting.get(kind)]


def about_account(member: Member) -> list[Notice]:
    """An erasure that the member asked for and may still take back."""
    return [Notice(NoticeKind.ERASURE, "account", at=member.erase_at)] if member.erase_at else []


def version_of(parts: Iterable[object]) -> str:
    """22 hexadecimal digits over everything that is shown; `parts` are values whose `repr` tells all of them."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(repr(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:22]
