"""Sheets: versioned documents by which operators tune the house, and the pauses that stop a part of it at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from loyalty.refusals import LoyaltyCode, LoyaltyRefused

Parsed = TypeVar("Parsed")


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


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in a sheet: where, and what would be right."""

    sheet: str
    key: str
    rule: str

    def __str__(self) -> str:
        return f"{self.sheet}: {self.key}: {self.rule}"


class SheetInvalid(LoyaltyRefused):
    """Refuses SHEET_INVALID with every mistake of the sheet at once."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(LoyaltyCode.SHEET_INVALID, count=len(faults), faults="\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class Reader:
    """Reads one table of a sheet and collects every mistake; `finish` raises them all together.

    A reader of a table inside shares the list of its parent, so only the outermost one finishes.
    """

    def __init__(
        self, sheet: str, body: Mapping[str, Any], *, path: str = "", faults: list[Fault] | None = None
    ) -> None:
        self._sheet = sheet
        self._body = body
        self._path = path
        self._asked: set[str] = set()
        self.faults: list[Fault] = [] if faults is None else faults

    def fault(self, key: str, rule: str) -> None:
        """Notes a mistake at `key` of this table."""
        self.faults.append(Fault(self._sheet, self._path + key, rule))

    def has(self, key: str) -> bool:
        """Whether the key stands in this table."""
        return key in self._body

    def integer(self, key: str, *, low: int, high: int, default: int | None = None) -> int:
        """A whole number in low..high."""
        value = self._take(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        if value is not _MISSING:
            self.fault(key, f"must be a whole number from {low} to {high}, not {value!r}")
        return low

    def text(self, key: str, *, default: str | None = None, most: int = 200) -> str:
        """A text of 1..most characters."""
        value = self._take(key, default)
        if isinstance(value, str) and len(value) <= most and (value or default == ""):
            return value
        if value is not _MISSING:
            self.fault(key, f"must be a text of 1 to {most} characters")
        return ""

    def choice(
        self, key: str, kind: Callable[[str], Parsed], options: Sequence[str], default: str | None = None
    ) -> Parsed:
        """One of `options`, as `kind` makes it."""
        value = self._take(key, default)
        if value not in options and value is not _MISSING:
            self.fault(key, f"must be one of {', '.join(options)}, not {value!r}")
        return kind(value if value in options else options[0])

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self._take(key, default)
        if isinstance(value, bool):
            return value
        self.fault(key, f"must be true or false, not {value!r}")
        return default

    def day(self, key: str, *, default: date | None = None) -> date | None:
        """A date such as 2026-12-31; None where it is absent and has no default."""
        if not self.has(key):
            self._asked.add(key)
            return default
        value = self._take(key, None)
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fault(key, f"must be a date such as 2026-12-31, not {value!r}")
            return default

    def zone(self, key: str) -> ZoneInfo:
        """A time zone of the IANA database."""
        name = self.text(key)
        if is_zone(name):
            return ZoneInfo(name)
        if name:
            self.fault(key, f"must be a time zone such as Asia/Taipei, not {name!r}")
        return ZoneInfo("UTC")

    def texts(self, key: str, *, most: int = 1000) -> tuple[str, ...]:
        """A list of texts; empty where absent."""
        value = self._take(key, ())
        if (
            isinstance(value, list | tuple)
            and all(isinstance(item, str) and item for item in value)
            and len(value) <= most
        ):
            return tuple(value)
        self.fault(key, f"must be a list of at most {most} texts")
        return ()

    def integers(self, key: str, *, low: int, high: int, most: int) -> tuple[int, ...]:
        """A list of whole numbers in low..high; empty where absent."""
        value = self._take(key, ())
        if (
            isinstance(value, list | tuple)
            and all(isinstance(item, int) and not isinstance(item, bool) and low <= item <= high for item in value)
            and len(value) <= most
        ):
            return tuple(value)
        self.fault(key, f"must be a list of at most {most} whole numbers from {low} to {high}")
        return ()

    def names(self, key: str) -> dict[str, str]:
        """A name in each language: a table with `en` and `zh-TW`."""
        inside = self.table(key)
        return {language: inside.text(language) for language in ("en", "zh-TW")}

    def table(self, key: str, *, required: bool = True) -> Reader:
        """A reader of the table at `key`; empty where it is absent and not required."""
        value = self._take(key, None if required else {})
        if value is not _MISSING and not isinstance(value, Mapping):
            self.fault(key, "must be a table")
        body = value if isinstance(value, Mapping) else {}
        return Reader(self._sheet, body, path=f"{self._path}{key}.", faults=self.faults)

    def tables(self, key: str, *, least: int = 0, most: int = 1000) -> list[Reader]:
        """Readers of a list of tables."""
        value = self._take(key, [] if least == 0 else None)
        if value is _MISSING:
            return []
        if not isinstance(value, list | tuple) or not all(isinstance(item, Mapping) for item in value):
            self.fault(key, "must be a list of tables")
            return []
        if not least <= len(value) <= most:
            self.fault(key, f"must have {least} to {most} tables, not {len(value)}")
        return [
            Reader(self._sheet, item, path=f"{self._path}{key}[{index}].", faults=self.faults)
            for index, item in enumerate(value)
        ]

    def close(self) -> None:
        """Notes every key that nobody asked for."""
        for key in self._body:
            if key not in self._asked:
                self.fault(str(key), "is not known here; take it out or correct its name")

    def finish(self) -> None:
        """Closes this table and refuses SHEET_INVALID with all mistakes, if there are any."""
        self.close()
        if self.faults:
            raise SheetInvalid(self.faults)

    def _take(self, key: str, default: Any) -> Any:
        self._asked.add(key)
        value = self._body.get(key, default)
        if value is None:
            self.fault(key, "is missing")
            return _MISSING
        return value


_MISSING: Any = object()


def is_zone(name: str) -> bool:
    """Whether the IANA database has a time zone of this name."""
    return name in _zones()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


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


@dataclass(frozen=True, slots=True)
class Season:
    """What holds for everything while a season runs."""

    code: str
    zone: ZoneInfo
    currency: str
    points_expiry_months: int
    reversal_grace_days: int
    tender_points_per_major: int
    hold_seconds: int

    def day(self, at: datetime) -> date:
        """The date of an instant in the season's zone."""
        return at.astimezone(self.zone).date()


def parse_season(name: str, body: Mapping[str, Any]) -> Season:
    """The sheet of kind `season`. Refuses SHEET_INVALID."""
    reader = Reader(name, body)
    season = Season(
        code=reader.text("code", most=40),
        zone=reader.zone("timezone"),
        currency=reader.text("currency", most=3),
        points_expiry_months=reader.integer("points_expiry_months", low=1, high=60),
        reversal_grace_days=reader.integer("reversal_grace_days", low=1, high=365),
        tender_points_per_major=reader.integer("tender_points_per_major", low=1, high=1_000_000),
        hold_seconds=reader.integer("hold_seconds", low=30, high=86_400),
    )
    reader.finish()
    return season


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
