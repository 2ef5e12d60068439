"""TypeIDs: how an id is written outside the database.

A type prefix, an underscore and the UUID's 128 bits in 26 symbols of Crockford's base32 in lower case, as the TypeID
specification (version 0.3) says. Inside the house an id is a `uuid.UUID`; only the edge speaks TypeID.
"""

from __future__ import annotations

from uuid import UUID

# Before and after every id, in SQL: where a page without a cursor begins. `id < coalesce($2, LAST_ID)` is one range of
# an index in every plan; `$2 IS NULL OR id < $2`, in a plan for all values, goes through all that lies before the page.
FIRST_ID = "'00000000-0000-0000-0000-000000000000'::uuid"
LAST_ID = "'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid"
# The same for what a member has by numbers.
LAST_NUMBER = 2**31 - 1

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUES = {symbol: value for value, symbol in enumerate(_ALPHABET)}
_LENGTH = 26
# Two symbols at once, ten bits: half as many steps.
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_SHIFTS = range(120, -1, -10)


def to_typeid(prefix: str, value: UUID) -> str:
    """`to_typeid("mem", uuid)` -> `mem_01h...`."""
    number = value.int
    return f"{prefix}_" + "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def from_typeid(prefix: str, text: str) -> UUID | None:
    """The UUID that `text` names, or None where it is no TypeID of this prefix."""
    found, separator, suffix = text.rpartition("_")
    if not separator or found != prefix or len(suffix) != _LENGTH or suffix[0] > "7":
        return None
    number = 0
    for symbol in suffix:
        value = _VALUES.get(symbol)
        if value is None:
            return None
        number = number << 5 | value
    return UUID(int=number)


def typeid_prefix(text: str) -> str:
    """The prefix of a TypeID; empty where there is none."""
    return text.rpartition("_")[0]
