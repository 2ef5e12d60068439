"""Notes of operators on a member: written once, kept for good, without personal data."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.care import store
from loyalty.care.rules import NOTE_LENGTH_MAX, CaseNote
from loyalty.ledger.rules import check_reason
from loyalty.members import actions as members
from loyalty.members.rules import MemberStatus
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.work import Work


async def add_note(work: Work, member_id: UUID, text: str, *, operator: UUID, now: datetime) -> CaseNote:
    """Writes a note down. Nothing about the member changes, so it takes his lock against erasure alone.

    Refuses INVALID_INPUT, MEMBER_NOT_FOUND, MEMBER_ERASED.
    """
    check_reason(text, field="text", most=NOTE_LENGTH_MAX)
    member = (await members.lock(work, [member_id])).get(member_id)
    if member is None:
        raise LoyaltyRefused(LoyaltyCode.MEMBER_NOT_FOUND)
    if member.status is MemberStatus.ERASED:
        raise LoyaltyRefused(LoyaltyCode.MEMBER_ERASED)
    note = CaseNote(work.mint(now), member_id, text.strip(), operator, now)
    await store.insert_note(work, note)
    return note


async def load_notes(connection: Any, member_id: UUID, *, limit: int, before: UUID | None = None) -> list[CaseNote]:
    """Notes on a member, newest first, by keyset."""
    return [CaseNote(**dict(row)) for row in await store.load_notes(connection, member_id, limit, before)]


async def export_notes(connection: Any, member_id: UUID) -> list[dict[str, Any]]:
    """What operators wrote down about a member, newest first, for `exportMyData`."""
    notes: list[CaseNote] = []
    before: UUID | None = None
    while page := await load_notes(connection, member_id, limit=1000, before=before):
        notes += page
        before = page[-1].id
    return [{"at": each.at.isoformat(), "text": each.text} for each in notes]
