"""Sheets: versioned documents by which operators tune the house, and the pauses that stop a part of it at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from loyalty.sheets.rules.reading import Fault, Reader, SheetInvalid, is_zone
from loyalty.sheets.rules.seasons import AtEnd, Fate, Season, parse_season

__all__ = [
    "AUTHORING", "Act", "AtEnd", "Change", "Fate", "Fault", "Head", "Pause", "Reader", "Season", "SheetInvalid",
    "SheetState", "SheetVersion", "canonical_json", "changes_between", "check_plain", "digest", "is_zone",
    "parse_season", "successors_of",
]  # fmt: skip


class SheetState(StrEnum):
    """Where a version stands; only a DRAFT changes, a rollback is a new version.

    SUCCESSOR: it was approved inside another version, which says when it takes over. WITHDRAWN: it never comes.
    """

    DRAFT = "DRAFT"
    IN_REVIEW = "IN_REVIEW"
    SCHEDULED = "SCHEDULED"
    ACTIVE = "ACTIVE"
    RETIRED = "RETIRED"
    SUCCESSOR = "SUCCESSOR"
    WITHDRAWN = "WITHDRAWN"


class Act(StrEnum):
    """What an operator did, as the audit trail names it."""

    DRAFTED = "DRAFTED"
    EDITED = "EDITED"
    SUBMITTED = "SUBMITTED"
    RETURNED = "RETURNED"
    APPROVED = "APPROVED"
    WITHDRAWN = "WITHDRAWN"
    PUBLISHED = "PUBLISHED"
    PAUSED = "PAUSED"
    RESUMED = "RESUMED"
    REVIEWED = "REVIEWED"
    PROPOSED = "PROPOSED"
    STOPPED = "STOPPED"
    LOOKED = "LOOKED"
    ROLE_PROPOSED = "ROLE_PROPOSED"
    ROLE_APPROVED = "ROLE_APPROVED"
    ROLE_REVOKED = "ROLE_REVOKED"


AUTHORING = (Act.DRAFTED, Act.EDITED, Act.SUBMITTED)
"""Who did one of these to a version is one of its authors, and does not approve it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field that an act changed: its JSON pointer (RFC 6901), and the value before and after as JSON.

    None: the field was not there.
    """

    path: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Head:
    """The active version of one sheet."""

    kind: str
    key: str
    version: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """A stop that an operator set; `target` names what stands still, such as `earning` or `offer:<id>`."""

    target: str
    message: str
    at: datetime


def canonical_json(body: Any) -> str:
    """RFC 8785 for what sheets hold: objects with ASCII keys, lists, texts, numbers within 2^53, true and false."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(body: Any) -> bytes:
    """SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(body).encode()).digest()


def check_plain(sheet: str, body: Any, path: str = "") -> list[Fault]:
    """Mistakes that no sheet may have: a fraction, a null, a key outside ASCII, a NUL, a number beyond 2^53."""
    if isinstance(body, Mapping):
        inside = [
            fault for key, value in body.items() for fault in check_plain(sheet, value, f"{path}.{key}".lstrip("."))
        ]
        return [
            Fault(sheet, f"{path}.{key}".lstrip("."), "a key is plain ASCII")
            for key in body
            if not (str(key).isascii() and str(key).isprintable())
        ] + inside
    if isinstance(body, list | tuple):
        return [fault for index, value in enumerate(body) for fault in check_plain(sheet, value, f"{path}[{index}]")]
    if isinstance(body, str) and "\x00" in body:
        return [Fault(sheet, path, "must not hold the character NUL")]
    if isinstance(body, bool | str):
        return []
    if isinstance(body, int) and abs(body) <= 2**53:
        return []
    return [Fault(sheet, path, f"must be a text, a whole number within 2^53, true or false, not {body!r}")]


_MISSING: Any = object()


def changes_between(old: Any, new: Any, path: str = "") -> list[Change]:
    """What differs, field by field: a member of an object, an element of a list by its place."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = sorted(old.keys() | new.keys())
    elif isinstance(old, list) and isinstance(new, list):
        keys = list(range(max(len(old), len(new))))
    else:
        before, after = _shown(old), _shown(new)  # as JSON, where 1 is not true
        return [] if before == after else [Change(path, before, after)]
    found = []
    for key in keys:
        inside = (_member(old, key), _member(new, key))
        found += changes_between(*inside, f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}")
    return found


def _member(value: Any, key: Any) -> Any:
    if isinstance(value, Mapping):
        return value.get(key, _MISSING)
    return value[key] if key < len(value) else _MISSING


def _shown(value: Any) -> str | None:
    return None if value is _MISSING else canonical_json(value)


def successors_of(body: Any) -> list[Mapping[str, Any]]:
    """The bodies of the versions that a sheet holds as its `successor`, one inside the other, the next one first."""
    found = []
    while isinstance(body, Mapping) and isinstance(body.get("successor"), Mapping):
        body = body["successor"]
        found.append(body)
    return found


@dataclass(frozen=True, slots=True)
class SheetVersion:
    """One version of a sheet, as operators see it.

    `revision` counts the saves of a draft from 1; `based_on` is the version that it was made from, 0 for none.
    """

    id: UUID
    kind: str
    key: str
    version: int
    body: str
    sha256: bytes
    state: SheetState
    author: str
    approver: str | None
    reason: str
    created_at: datetime
    active_at: datetime | None
    retired_at: datetime | None
    revision: int
    based_on: int
