"""What anybody may read of a pool's odds: every version that is, was or may come into force."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.sheets import actions as sheets
from loyalty.sheets.rules import SheetState, SheetVersion, canonical_json, successors_of
from rewards.gacha.actions.pools import KIND
from rewards.gacha.rules.odds import Odds, parse_odds

_VERSIONS_MOST = 1_000
_parsed: dict[bytes, Odds] = {}


@dataclass(frozen=True, slots=True)
class Publication:
    """One version. `follows` is the version whose successor it is, 0 for none; `waits` that it may still take over."""

    slug: str
    version: int
    odds: Odds
    in_force: bool
    waits: bool
    follows: int
    since: datetime | None
    until: datetime | None


async def list_published(connection: Any, now: datetime) -> tuple[ZoneInfo, list[Publication]]:
    """The season's zone, and the versions of each pool in a row, the newest first; none that is yet to be in force."""
    opened = await sheets.open_sheets(connection, now)
    season = await opened.season(connection)
    versions = await sheets.load_versions(connection, kind=KIND, limit=_VERSIONS_MOST)
    found = []
    parents: dict[tuple[str, int], SheetVersion] = {}
    for each in reversed(versions):
        if each.state in (SheetState.ACTIVE, SheetState.RETIRED, SheetState.SCHEDULED) and each.active_at is not None:
            for at in range(1, len(successors_of(json.loads(each.body))) + 1):
                parents[each.key, each.version + at] = each
    ends: dict[str, datetime] = {}
    for each in versions:
        parent = parents.get((each.key, each.version))
        official = parent or each
        if not _is_public(official, now):
            continue
        head = opened.version(KIND, each.key)
        until = official.retired_at or (ends.get(each.key) if official.version != head else None)
        found.append(Publication(
            each.key, each.version, _parse(each), parent is None and each.version == head,
            parent is not None and parent.version == head, parent.version if parent else 0,
            None if parent else each.active_at, None if parent else until,
        ))  # fmt: skip
        if parent is None and each.active_at is not None:
            ends[each.key] = each.active_at
    return season.zone, found


async def find_published(connection: Any, sha256: str, now: datetime) -> str | None:
    """The canonical JSON of the published version with this hash."""
    _, found = await list_published(connection, now)
    wanted = next((each for each in found if each.odds.sha256 == sha256), None)
    if wanted is None:
        return None
    for each in await sheets.load_versions(connection, kind=KIND, key=wanted.slug, limit=_VERSIONS_MOST):
        if each.version == wanted.version:
            return canonical_json(json.loads(each.body))
    return None


def _is_public(sheet: SheetVersion, now: datetime) -> bool:
    if sheet.state in (SheetState.ACTIVE, SheetState.RETIRED):
        return sheet.active_at is not None
    return sheet.state is SheetState.SCHEDULED and sheet.active_at is not None and sheet.active_at <= now


def _parse(sheet: SheetVersion) -> Odds:
    if sheet.sha256 not in _parsed:
        _parsed[sheet.sha256] = parse_odds(f"{KIND}.{sheet.key}", json.loads(sheet.body))
    return _parsed[sheet.sha256]
