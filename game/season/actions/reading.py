"""The running season, and those that ended, for reading."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from game.season import store
from game.season.rules import Ended, SeasonView
from loyalty.invariants import Finding, examine
from loyalty.sheets.actions import open_sheets


async def read_season(connection: Any, now: datetime) -> SeasonView:
    """The running season."""
    season = await (await open_sheets(connection, now)).season(connection)
    return SeasonView(season.code, season.starts, season.ends)


async def read_ended(connection: Any, member_id: UUID, *, limit: int) -> list[Ended]:
    """What a member had at the end of each season, the newest first."""
    return [Ended(**dict(row)) for row in await store.load_ends(connection, member_id, limit)]


async def read_turns(connection: Any) -> list[dict[str, Any]]:
    """How far the end of each season is, the newest first."""
    return [dict(row) for row in await store.load_turns(connection)]


async def audit(connection: Any, now: datetime) -> list[Finding]:
    """Examines every end of a season; reads everything, changes nothing."""
    return await examine(connection, store.AUDIT, now)
