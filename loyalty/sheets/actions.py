"""Reading sheets in every batch, publishing them, and the stop switch."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from loyalty.invariants import MOST_ROWS, Finding
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets import store
from loyalty.sheets.rules import (
    Fault,
    Head,
    Pause,
    Season,
    SheetInvalid,
    SheetState,
    SheetVersion,
    canonical_json,
    check_plain,
    digest,
    parse_season,
)
from loyalty.work import Work

Parsed = TypeVar("Parsed")
Parser = Callable[[str, Mapping[str, Any]], Parsed]

# Bodies are immutable once active, so what was parsed from a digest stays true for good; operators publish a few a day.
_parsed: dict[tuple[bytes, str, str, Any], Any] = {}


class Sheets:
    """The sheets and pauses that one batch sees: all of one moment."""

    def __init__(self, heads: dict[tuple[str, str], Head], pauses: dict[str, Pause]) -> None:
        self.heads = heads
        self.pauses = pauses

    async def get(self, connection: Any, kind: str, key: str, parser: Parser[Parsed]) -> Parsed | None:
        """The active sheet as `parser` reads it, or None where there is none."""
        head = self.heads.get((kind, key))
        if head is None:
            return None
        cached = (head.sha256, kind, key, parser)
        if cached not in _parsed:
            body = await store.load_body(connection, kind, key, head.version)
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


async def open_sheets(connection: Any) -> Sheets:
    """The active versions and pauses as of now, in one statement; bodies come from the process's memory."""
    heads: dict[tuple[str, str], Head] = {}
    pauses: dict[str, Pause] = {}
    for row in await store.load_heads_and_pauses(connection):
        if row["what"] == "s":
            heads[row["kind"], row["key"]] = Head(row["kind"], row["key"], row["version"], row["sha256"])
        else:
            pauses[row["key"]] = Pause(row["key"], row["message"], row["at"])
    return Sheets(heads, pauses)


async def publish(
    work: Work,
    kind: str,
    key: str,
    body: Mapping[str, Any],
    parser: Parser[Any],
    *,
    author: str,
    reason: str,
    based_on: int | None,
    now: datetime,
) -> int:
    """Makes `body` the active version of a sheet; returns its version.

    `based_on` is the version that the author saw (0: none; None: whichever). Takes the sheet's own lock. Refuses
    SHEET_INVALID with every mistake, SHEET_STATE where a newer version stands, SHEET_NOT_FOUND where none does.
    """
    name = f"{kind}.{key}"
    _check(name, body, parser)
    newest = await store.lock_sheet(work, kind, key)
    if based_on and newest == 0:
        raise LoyaltyRefused(LoyaltyCode.SHEET_NOT_FOUND, sheet=name)
    if based_on is not None and based_on != newest:
        raise LoyaltyRefused(LoyaltyCode.SHEET_STATE, current=newest, based_on=based_on)
    await store.retire_active(work, kind, key, now)
    text = canonical_json(body)
    await store.insert_active(work, work.mint(now), kind, key, newest + 1, text, digest(body), author, reason, now)
    return newest + 1


def _check(name: str, body: Mapping[str, Any], parser: Parser[Any]) -> None:
    """Refuses SHEET_INVALID with what the parser finds and what no sheet may have, each place once."""
    faults: list[Fault] = []
    try:
        parser(name, body)
    except SheetInvalid as refused:
        faults.extend(refused.faults)
    told = {fault.key for fault in faults}
    faults.extend(fault for fault in check_plain(name, body) if fault.key not in told)
    if faults:
        raise SheetInvalid(faults)


async def seed_files(work: Work, files: Mapping[str, str], parsers: Mapping[str, Parser[Any]], *, now: datetime) -> int:
    """Publishes each file (`<kind>.<key>.toml` -> its text) whose sheet has no version yet, through the same parser.

    Returns how many were published. Refuses SHEET_INVALID with the mistakes of all files together.
    """
    faults: list[Fault] = []
    seeded = 0
    for name, text in sorted(files.items()):
        kind, key = name.removesuffix(".toml").split(".", 1)
        try:
            body = tomllib.loads(text)
            if await store.lock_sheet(work, kind, key) == 0:
                await publish(
                    work, kind, key, body, parsers[kind], author="seed", reason="first version", based_on=0, now=now
                )
                seeded += 1
        except tomllib.TOMLDecodeError as error:
            faults.append(Fault(name, "", f"is not TOML: {error}"))
        except SheetInvalid as refused:
            faults.extend(Fault(name, fault.key, fault.rule) for fault in refused.faults)
    if faults:
        raise SheetInvalid(faults)
    return seeded


async def load_versions(
    connection: Any, *, kind: str | None = None, key: str | None = None, limit: int = 100
) -> list[SheetVersion]:
    """Versions of sheets, newest first within each."""
    return [
        SheetVersion(**{**dict(row), "state": SheetState(row["state"])})
        for row in await store.load_versions(connection, kind, key, limit)
    ]


async def pause(work: Work, target: str, *, message: str, reason: str, operator: str, now: datetime) -> UUID:
    """The stop switch: one operator, at once. Refuses SHEET_STATE where the target is paused already."""
    pause_id = work.mint(now)
    if not await store.insert_pause(work, pause_id, target, message, reason, operator, now):
        raise LoyaltyRefused(LoyaltyCode.SHEET_STATE, target=target)
    return pause_id


async def resume(work: Work, target: str, *, operator: str, now: datetime) -> None:
    """Lets a target go on. Refuses SHEET_STATE where it is not paused."""
    if not await store.end_pause(work, target, operator, now):
        raise LoyaltyRefused(LoyaltyCode.SHEET_STATE, target=target)


async def paused_by(connection: Any, pause_id: UUID) -> str | None:
    """The operator who used the stop switch that time."""
    return await store.load_paused_by(connection, pause_id)


async def review_pause(work: Work, pause_id: UUID, *, note: str, operator: str, now: datetime) -> None:
    """Records that somebody looked at a pause afterwards. Refuses SHEET_STATE where somebody has."""
    if not await store.review_pause(work, pause_id, operator, note, now):
        raise LoyaltyRefused(LoyaltyCode.SHEET_STATE, target=str(pause_id))


async def load_pauses(connection: Any, *, limit: int) -> list[dict[str, Any]]:
    """Uses of the stop switch, newest first."""
    return [dict(row) for row in await store.load_pauses(connection, limit)]


async def audit(connection: Any, now: datetime) -> list[Finding]:
    """Examines every version of every sheet; reads everything, changes nothing."""
    del now
    rows = await store.load_all(connection)
    active = Counter((row["kind"], row["key"]) for row in rows if row["state"] == SheetState.ACTIVE.value)
    altered = tuple(
        {"kind": row["kind"], "key": row["key"], "version": row["version"]}
        for row in rows
        if digest(json.loads(row["body"])) != row["sha256"]
    )
    several = tuple({"kind": kind, "key": key, "active": count} for (kind, key), count in active.items() if count > 1)
    return [
        Finding(sentence, checked, len(broken), broken[:MOST_ROWS])
        for sentence, checked, broken in (
            ("every version of a sheet still has the digest of what was published", len(rows), altered),
            ("a sheet has one active version at most", len(active), several),
        )
    ]
