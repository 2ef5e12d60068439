"""Reading sheets in every batch: which version is in force at an instant is a question of rows and time alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets import store
from loyalty.sheets.rules import Head, Pause, Season, SheetState, SheetVersion, parse_season

Parsed = TypeVar("Parsed")
Parser = Callable[[str, Mapping[str, Any]], Parsed]

# Bodies are immutable once active, so what was parsed from a digest stays true for good; operators publish a few a day.
_parsed: dict[tuple[bytes, str, str, Any], Any] = {}


class Sheets:
    """The sheets and pauses that one batch sees: all of one moment."""

    def __init__(self, heads: dict[tuple[str, str], Head], pauses: dict[str, Pause]) -> None:
        self.heads = heads
        self.pauses = pauses

    def version(self, kind: str, key: str) -> int:
        """The number of the version in force; 0 where there is none."""
        head = self.heads.get((kind, key))
        return head.version if head else 0

    async def get(self, connection: Any, kind: str, key: str, parser: Parser[Parsed]) -> Parsed | None:
        """The active sheet as `parser` reads it, or None where there is none."""
        head = self.heads.get((kind, key))
        if head is None:
            return None
        cached = (head.sha256, kind, key, parser)
        if cached not in _parsed:
            body = await store.load_body(connection, kind, key, head.version)
            assert body is not None, "a version in force has a body"
            _parsed[cached] = parser(f"{kind}.{key}", json.loads(body))
        found: Parsed = _parsed[cached]
        return found

    async def season(self, connection: Any) -> Season:
        """The running season; asserts that one was seeded."""
        season = await self.get(connection, "season", "current", parse_season)
        assert season is not None, "no season sheet: run `main.py season seed` first"
        return season

    def refuse_paused(self, *targets: str) -> None:
        """Refuses PAUSED with the operator's message where one of the targets stands still."""
        for target in targets:
            pause = self.pauses.get(target)
            if pause is not None:
                raise LoyaltyRefused(LoyaltyCode.PAUSED, retryable=True, target=target, message=pause.message)


class _Timed(Protocol):
    @property
    def now(self) -> datetime: ...


def moment_of(commands: Sequence[_Timed]) -> datetime:
    """The instant of a batch: the latest of its commands', so that none is judged by what was in force before it."""
    return max(command.now for command in commands)


async def open_sheets(connection: Any, now: datetime | None = None) -> Sheets:
    """The versions in force at `now` and the pauses, in one statement; bodies come from the process's memory.

    A scheduled version is in force from its instant on, whether or not a job has come by since; without `now` only what
    the job has settled counts. What was once settled stays in force for a server whose clock is behind.
    """
    heads: dict[tuple[str, str], Head] = {}
    pauses: dict[str, Pause] = {}
    for row in await store.load_heads_and_pauses(connection):
        if row["what"] == "p":
            pauses[row["key"]] = Pause(row["key"], row["message"], row["at"])
            continue
        if row["state"] == SheetState.SCHEDULED and (now is None or row["at"] > now):
            continue
        found = heads.get((row["kind"], row["key"]))
        if found is None or found.version < row["version"]:
            heads[row["kind"], row["key"]] = Head(row["kind"], row["key"], row["version"], row["sha256"])
    return Sheets(heads, pauses)


async def load_versions(
    connection: Any,
    *,
    kind: str | None = None,
    key: str | None = None,
    state: SheetState | None = None,
    limit: int = 100,
) -> list[SheetVersion]:
    """Versions of sheets, newest first within each."""
    return [read_version(row) for row in await store.load_versions(connection, kind, key, limit, state)]


async def load_version(connection: Any, sheet_id: UUID) -> SheetVersion | None:
    """One version by its id."""
    row = await store.load_by_id(connection, sheet_id)
    return read_version(row) if row else None


async def load_scheduled(connection: Any, kind: str, key: str, after: int, upto: int) -> list[SheetVersion]:
    """Versions of one sheet that are or were in force, of the numbers after..upto, the oldest first."""
    return [read_version(row) for row in await store.load_between(connection, kind, key, after, upto)]


def read_version(row: Any) -> SheetVersion:
    return SheetVersion(**{**dict(row), "state": SheetState(row["state"])})
