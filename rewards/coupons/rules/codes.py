"""Coupon codes and the tokens that make them spendable.

Codes are those of `rewards/prizes/rules/codes.py`. A token is RFC 6238's (HMAC-SHA-1, 6 digits, 30 s): any
authenticator library makes it offline from the coupon's secret.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32encode
from datetime import datetime

from rewards.prizes.rules.codes import ALPHABET, CHECKS, CODES, SYMBOLS, read_code, write_code

SECRET_BYTES = 20
STEP_SECONDS = 30
DIGITS = 6

__all__ = ["ALPHABET", "CHECKS", "CODES", "SYMBOLS", "read_code", "write_code"]


def split_presented(text: str) -> tuple[str | None, str | None]:
    """What a till scanned, as (code, token): `CODE.TOKEN`, or a bare code. The code is None where it cannot be one.

    No check symbol is a dot, so the last dot parts them.
    """
    code, _, token = text.strip().partition(".")
    return read_code(code), token or None


def token_at(secret: bytes, at: datetime, *, digits: int = DIGITS, algorithm: str = "sha1") -> str:
    """RFC 6238's token of that moment; RFC 4226's truncation."""
    return _token(secret, int(at.timestamp()) // STEP_SECONDS, digits, algorithm)


def token_fits(secret: bytes, token: str, at: datetime) -> bool:
    """Whether the token is of this 30-second step or of the one before or after."""
    step = int(at.timestamp()) // STEP_SECONDS
    given = token.encode()
    steps = (step - 1, step, step + 1)
    return any(hmac.compare_digest(_token(secret, each, DIGITS, "sha1").encode(), given) for each in steps)


def provisioning(secret: bytes) -> str:
    """The secret in base32, as authenticator libraries take it."""
    return b32encode(secret).decode().rstrip("=")


def _token(secret: bytes, step: int, digits: int, algorithm: str) -> str:
    mac = hmac.new(secret, step.to_bytes(8, "big"), getattr(hashlib, algorithm)).digest()
    offset = mac[-1] & 15
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)
