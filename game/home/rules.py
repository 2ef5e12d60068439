"""The first screen's version, and what may be said on it without being asked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty.grants.rules import GrantKind
from loyalty.ledger.rules import Currency, Wallet
from loyalty.members.rules import Member
from loyalty.sheets.rules import Pause
from loyalty.tiers.rules import Standing

Marks = tuple[object, ...]

EXPIRY_NOTICE = timedelta(days=30)
_VERSION = re.compile(r"([0-9a-f]{1,14})-[0-9a-f]{22}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROS_MAX = 2_000 * 366 * 86_400 * 10**6  # some two thousand years, far inside what a datetime holds


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


def write_version(member_id: UUID, locale: str, marks: Sequence[object], until: datetime | None) -> str:
    """The version of a screen: the instant from which time alone may change it, and a digest of all that it rests on.

    `marks` differ as soon as a row that the screen is made of does. `until` None: the screen is not to be relied on,
    and no version is its own.
    """
    micros = 0 if until is None else _micros(until)
    told = repr((member_id.hex, locale, micros, *marks)).encode()
    return f"{micros:x}-{hashlib.sha256(told).hexdigest()[:22]}"


def is_version_at(version: str, member_id: UUID, locale: str, marks: Sequence[object], now: datetime) -> bool:
    """Whether a version's screen is still the one of this member at `now`, by the marks of now."""
    until = valid_until(version)
    return until is not None and now < until and version == write_version(member_id, locale, marks, until)


def valid_until(version: str) -> datetime | None:
    """The instant in a version; None for what is no version of ours."""
    found = _VERSION.fullmatch(version)
    micros = int(found[1], 16) if found else 0
    return _EPOCH + timedelta(microseconds=micros) if 0 < micros < _MICROS_MAX else None


def day_after(day: date, zone: ZoneInfo) -> datetime:
    """When the day after one begins in a zone, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
