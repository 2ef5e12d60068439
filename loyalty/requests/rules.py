"""Request ids: the same request gives the same result, however often it is sent.

Follows the idempotency vocabulary of TigerBeetle ("exists" against "exists with different") and Formance's input hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any
from uuid import UUID

import orjson

RETENTION = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Names one request: `scope` is the member, store, partner or operator; `hash` the SHA-256 of what was asked."""

    scope: UUID
    id: UUID
    hash: bytes


def fingerprint(mutation: str, arguments: Mapping[str, Any]) -> bytes:
    """SHA-256 of the mutation's name and its coerced arguments, without the request id.

    Absent and null arguments are one and the same; the order of keys does not count, that of lists does.
    """
    return hashlib.sha256(_encode({"mutation": mutation, "arguments": _canonical(arguments)})).digest()


def written(argument: Any) -> orjson.Fragment:
    """An argument, or a part of one, written once for all the requests that ask the same; it goes in its place."""
    return orjson.Fragment(_encode(_canonical(argument)))


def _encode(canonical: Any) -> bytes:
    try:
        return orjson.dumps(canonical, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # a number of more than 64 bits
        return _ENCODER.encode(canonical).encode()


# Writes what `orjson` writes, and numbers of any size, which `orjson` would read as fractions.
_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=lambda part: json.loads(orjson.dumps(part))
)
_PLAIN = frozenset({type(None), bool, int, str, orjson.Fragment})


@cache
def _names_of(kind: type) -> tuple[str, ...] | None:
    """The names of a dataclass's fields; None for another type."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else None


def _canonical(value: Any) -> Any:  # noqa: PLR0911 - one line per shape reads best
    if type(value) in _PLAIN:  # nearly all of a receipt's values: not worth the questions below
        return value
    names = _names_of(type(value))  # type: ignore[arg-type]  # mypy does not take a class for hashable
    if names is not None:
        named = [(name, getattr(value, name)) for name in names]
        return {name: item if type(item) in _PLAIN else _canonical(item) for name, item in named if item is not None}
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _canonical(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no canonical form in a request")
