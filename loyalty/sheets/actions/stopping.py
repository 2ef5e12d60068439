"""The stop switch: one person, at once; looked at by another one afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets import store
from loyalty.sheets.actions.trail import record
from loyalty.sheets.rules import Act
from loyalty.work import Work


async def pause(work: Work, target: str, *, message: str, reason: str, operator: str, now: datetime) -> UUID:
    """The stop switch: one operator, at once. Refuses SHEET_STATE where the target is paused already."""
    pause_id = work.mint(now)
    if not await store.insert_pause(work, pause_id, target, message, reason, operator, now):
        raise LoyaltyRefused(LoyaltyCode.SHEET_STATE, target=target)
    await record(work, f"pause:{target}", Act.PAUSED, operator, now, reason=reason)
    return pause_id


async def resume(work: Work, target: str, *, operator: str, now: datetime) -> None:
    """Lets a target go on. Refuses SHEET_STATE where it is not paused."""
    if not await store.end_pause(work, target, operator, now):
        raise LoyaltyRefused(LoyaltyCode.SHEET_STATE, target=target)
    await record(work, f"pause:{target}", Act.RESUMED, operator, now)


async def paused_by(connection: Any, pause_id: UUID) -> str | None:
    """The operator who used the stop switch that time."""
    return await store.load_paused_by(connection, pause_id)


async def review_pause(work: Work, pause_id: UUID, *, note: str, operator: str, now: datetime) -> None:
    """Records that somebody looked at a pause afterwards. Refuses SHEET_STATE where somebody has."""
    target = await store.review_pause(work, pause_id, operator, note, now)
    if target is None:
        raise LoyaltyRefused(LoyaltyCode.SHEET_STATE, target=str(pause_id))
    await record(work, f"pause:{target}", Act.REVIEWED, operator, now, reason=note)


async def load_pauses(connection: Any, *, limit: int, unreviewed: bool = False) -> list[dict[str, Any]]:
    """Uses of the stop switch, newest first; `unreviewed`: those alone that nobody looked at yet."""
    return [dict(row) for row in await store.load_pauses(connection, limit, unreviewed=unreviewed)]
