"""Where a prize is posted to, and whom the tax office is told of: personal data, checked here and sealed at rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from loyalty.refusals import LoyaltyCode, LoyaltyRefused

_NUMBER = re.compile(r"[A-Z0-9]{6,20}", re.ASCII)
_PHONE = re.compile(r"\+?[0-9][0-9 -]{5,19}", re.ASCII)
_POSTCODE = re.compile(r"[A-Za-z0-9 -]{3,10}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a parcel goes."""

    recipient: str
    phone: str
    postcode: str
    lines: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who won, for the tax office. `number` is that of the identity card, residence permit or passport."""

    name: str
    number: str
    resident: bool
    address: str


def check_address(address: Address) -> None:
    """Refuses INVALID_INPUT, naming field and rule."""
    _check_text("address.recipient", address.recipient, 80)
    _check_text("address.lines", address.lines, 200)
    if not _PHONE.fullmatch(address.phone):
        _invalid("address.phone", "must be 6 to 20 digits, with + first, spaces or hyphens as you like")
    if not _POSTCODE.fullmatch(address.postcode):
        _invalid("address.postcode", "must be 3 to 10 letters, digits, spaces or hyphens")


def check_identity(identity: Identity) -> None:
    """Refuses INVALID_INPUT, naming field and rule."""
    _check_text("identity.name", identity.name, 80)
    _check_text("identity.address", identity.address, 200)
    if not _NUMBER.fullmatch(identity.number):
        _invalid("identity.number", "must be 6 to 20 capital letters and digits, as on the card, permit or passport")


def place_of(member_id: UUID, prize_id: UUID, what: str) -> bytes:
    """What a sealed paper is bound to: it opens nowhere else."""
    return f"prize|{what}|{member_id}|{prize_id}".encode()


def _check_text(field: str, text: str, most: int) -> None:
    if not 1 <= len(text.strip()) <= most or not text.isprintable():
        _invalid(field, f"must be 1 to {most} printable characters")


def _invalid(field: str, rule: str) -> None:
    raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field=field, rule=rule)
