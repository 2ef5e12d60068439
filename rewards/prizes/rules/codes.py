"""Codes that are shown at a till: 15 symbols of Crockford's base32 (75 random bits) and a check symbol modulo 37.

The check symbol catches every wrong symbol and every swap of neighbours.
"""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECKS = ALPHABET + "*~$=U"
SYMBOLS = 15
CODES = 32**SYMBOLS

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
