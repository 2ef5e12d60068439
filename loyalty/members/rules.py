"""Members, their identities, card numbers and rights."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty.refusals import LoyaltyCode, LoyaltyRefused

CARD_PREFIX = "29"
ERASURE_DELAY = timedelta(days=30)
DEFAULT_ZONE = "Asia/Taipei"
DEFAULT_LOCALE = "zh-TW"


class MemberStatus(StrEnum):
    """What a member may do: everything, nothing for now, nothing any more."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    ERASED = "ERASED"


class IdentityKind(StrEnum):
    """By what a member is known elsewhere."""

    FIREBASE = "firebase"
    LINE = "line"
    EMAIL = "email"
    PHONE = "phone"
    CARD = "card"
    LEGACY = "legacy"
    DEMO = "demo"


class DeviceSystem(StrEnum):
    """What a visit's device runs."""

    IOS = "IOS"
    ANDROID = "ANDROID"
    WEB = "WEB"
    OTHER = "OTHER"


class DeviceForm(StrEnum):
    """What a visit's device is."""

    PHONE = "PHONE"
    TABLET = "TABLET"
    DESKTOP = "DESKTOP"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Member:
    """One person, one account. Personal data: `display_name`, `birth_year`, `card_no`; all gone once ERASED."""

    id: UUID
    card_no: str | None
    status: MemberStatus
    timezone: str
    locale: str
    display_name: str | None
    birth_year: int | None
    created_at: datetime
    erase_at: datetime | None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def refuse_unfit(member: Member | None) -> Member:
    """The member, if he may act. Refuses MEMBER_NOT_FOUND, MEMBER_SUSPENDED, MEMBER_ERASED."""
    if member is None:
        raise LoyaltyRefused(LoyaltyCode.MEMBER_NOT_FOUND)
    if member.status is MemberStatus.SUSPENDED:
        raise LoyaltyRefused(LoyaltyCode.MEMBER_SUSPENDED)
    if member.status is MemberStatus.ERASED:
        raise LoyaltyRefused(LoyaltyCode.MEMBER_ERASED)
    return member


OLDEST = 130


def check_birth_year(year: int, now: datetime) -> None:
    """Refuses INVALID_INPUT for a year in which nobody who lives was born."""
    if not now.year - OLDEST <= year <= now.year:
        rule = f"it must be from {now.year - OLDEST} to {now.year}"
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="birthYear", rule=rule)


SHOWN_MOST = 50
_SCREEN = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_SHOWN = re.compile(r"[a-z][a-z0-9_]{0,39}(:[A-Za-z0-9_.-]{1,64})?", re.ASCII)


def check_shown(screen: str, shown: Sequence[str]) -> None:
    """Refuses INVALID_INPUT where a screen or a shown thing is not named as `name` or `name:id`."""
    if not _SCREEN.fullmatch(screen):
        rule = "it must be 1 to 40 lower-case letters, digits and underscores, such as home"
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="screen", rule=rule)
    if not 1 <= len(shown) <= SHOWN_MOST or not all(_SHOWN.fullmatch(each) for each in shown):
        rule = f"it must be 1 to {SHOWN_MOST} names such as streak or offer:off_01h2xcejqtf2nbrexx3vqjhp41"
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="shown", rule=rule)


def card_number(serial: int) -> str:
    """An EAN-13 with prefix 29 (GS1's range for use inside a shop) for a serial below 10^10."""
    body = f"{CARD_PREFIX}{serial:010d}"
    return body + check_digit(body)


def check_digit(body: str) -> str:
    """EAN-13's check digit of twelve digits: weights 1 and 3 in turn, up to the next ten."""
    digits = [*map(int, body)]
    return str(-(sum(digits[::2]) + 3 * sum(digits[1::2])) % 10)


def is_card_number(text: str) -> bool:
    """Thirteen digits, our prefix, and a check digit that fits."""
    return (
        len(text) == 13
        and text.isascii()
        and text.isdigit()
        and text.startswith(CARD_PREFIX)
        and check_digit(text[:12]) == text[12]
    )


def search_subjects(text: str) -> list[str]:
    """What a text that somebody typed may stand for in the directory: spaces and hyphens in a number do not count.

    A mobile number of Taiwan is kept with its country code.
    """
    bare = "".join(each for each in text if each not in " -()")
    if not (bare.isascii() and bare.removeprefix("+").isdigit()):
        return [text]
    national = [f"+886{bare[1:]}"] if len(bare) == 10 and bare.startswith("09") else []
    return list(dict.fromkeys([text, bare, *national]))


def person_hash(pepper: bytes, kind: IdentityKind, subject: str) -> bytes:
    """A keyed hash of an identity: recognises a person who comes back, and tells nothing without the pepper."""
    return hmac.new(pepper, f"person|{kind.value}|{subject}".encode(), hashlib.sha256).digest()
