"""Coupon codes and the tokens that make them spendable.

A code is 15 symbols of Crockford's base32 (75 random bits) and a check symbol modulo 37, which catches every wrong
symbol and every swap of neighbours. A token is RFC 6238's (HMAC-SHA-1, 6 digits, 30 s): any authenticator library
makes it offline from the coupon's secret.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b32encode
from datetime import datetime

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECKS = ALPHABET + "*~$=U"
SYMBOLS = 15
CODES = 32**SYMBOLS
SECRET_BYTES = 20
STEP_SECONDS = 30
DIGITS = 6

_VALUES = {symbol: value for value, symbol in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}


def write_code(number: int) -> str:
    """The code of a number in 0..CODES - 1: 16 symbols."""
    assert 0 <= number < CODES, "a code has 75 bits"
    symbols = "".join(ALPHABET[(number >> shift) & 31] for shift in range(5 * (SYMBOLS - 1), -1, -5))
    return symbols + CHECKS[number % 37]


def read_code(text: str) -> str | None:
    """The code as it is stored, or None where the check symbol shows a mistake.

    Takes lower case, hyphens and spaces, and O, I, L for 0, 1, 1, as Crockford says.
    """
    symbols = text.upper().replace("-", "").replace(" ", "")
    if len(symbols) != SYMBOLS + 1:
        return None
    number = 0
    for symbol in symbols[:-1]:
        value = _VALUES.get(symbol)
        if value is None:
            return None
        number = number << 5 | value
    code = write_code(number)
    check = symbols[-1]
    # O, I and L stand for 0 and 1 as a check symbol too; U is a check symbol of its own.
    said = ALPHABET[_VALUES[check]] if check in _VALUES else check
    return code if code[-1] == said else None


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
