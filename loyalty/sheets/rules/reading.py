"""Reading a sheet: every mistake is collected and named at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from loyalty.refusals import LoyaltyCode, LoyaltyRefused

Parsed = TypeVar("Parsed")


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
