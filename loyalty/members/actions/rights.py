"""A member's rights: consents, export, and erasure after thirty days to change one's mind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.members import facts, store
from loyalty.members.actions.account import load_identities_of, load_members, lock
from loyalty.members.rules import ERASURE_DELAY, Member, refuse_unfit
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.requests.actions import Requests, open_requests
from loyalty.requests.rules import RequestKey
from loyalty.timeline.actions import Timeline
from loyalty.work import Work


@dataclass(frozen=True, slots=True)
class RightsCommand:
    """A member asks for something that takes no more than who he is."""

    request: RequestKey
    member_id: UUID
    now: datetime


@dataclass(frozen=True, slots=True)
class SetConsent:
    """A member agrees to, or withdraws from, the text `version` of `purpose`."""

    request: RequestKey
    member_id: UUID
    purpose: str
    version: str
    granted: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class ErasureRequested:
    """When the member's data will be erased, unless he changes his mind."""

    erase_at: datetime


@dataclass(frozen=True, slots=True)
class ErasureCancelled:
    """The member stays."""

    member_id: UUID


@dataclass(frozen=True, slots=True)
class ConsentChanged:
    """What was recorded, and when."""

    purpose: str
    version: str
    granted: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """The newest word of a member on one purpose."""

    purpose: str
    version: str
    granted: bool
    at: datetime


async def request_erasures(work: Work, commands: Sequence[RightsCommand]) -> list[ErasureRequested | Refused]:
    """`eraseMe`: sets the day, thirty days on. Refuses ERASURE_PENDING and what `refuse_unfit` refuses."""
    rights = await _open(work, commands)

    def decide(command: RightsCommand) -> ErasureRequested:
        member = refuse_unfit(rights.members.get(command.member_id))
        if rights.erase_at.get(member.id, member.erase_at) is not None:
            raise LoyaltyRefused(LoyaltyCode.ERASURE_PENDING)
        erase_at = command.now + ERASURE_DELAY
        rights.erase_at[member.id] = erase_at
        rights.timeline.record(
            work,
            member.id,
            facts.ERASURE_REQUESTED,
            command.now,
            {"erase_at": erase_at.isoformat()},
            command.request.id,
        )
        return ErasureRequested(erase_at)

    answers = rights.requests.answer(commands, ErasureRequested, "eraseMe", decide, lambda command: command.member_id)
    await rights.save(work)
    return answers


async def cancel_erasures(work: Work, commands: Sequence[RightsCommand]) -> list[ErasureCancelled | Refused]:
    """`keepMe`: takes a pending erasure back. Refuses ERASURE_NOT_PENDING and what `refuse_unfit` refuses."""
    rights = await _open(work, commands)

    def decide(command: RightsCommand) -> ErasureCancelled:
        member = refuse_unfit(rights.members.get(command.member_id))
        if rights.erase_at.get(member.id, member.erase_at) is None:
            raise LoyaltyRefused(LoyaltyCode.ERASURE_NOT_PENDING)
        rights.erase_at[member.id] = None
        rights.timeline.record(work, member.id, facts.ERASURE_CANCELLED, command.now, {}, command.request.id)
        return ErasureCancelled(member.id)

    answers = rights.requests.answer(commands, ErasureCancelled, "keepMe", decide, lambda command: command.member_id)
    await rights.save(work)
    return answers


async def set_consents(work: Work, commands: Sequence[SetConsent]) -> list[ConsentChanged | Refused]:
    """`setConsent`: appends a member's word on a purpose. Refuses what `refuse_unfit` refuses."""
    rights = await _open(work, commands)

    def decide(command: SetConsent) -> ConsentChanged:
        member = refuse_unfit(rights.members.get(command.member_id))
        word = (command.purpose, command.version, command.granted)
        rights.consents.append((work.mint(command.now), member.id, *word, command.now))
        rights.timeline.record(
            work, member.id, facts.CONSENT_CHANGED, command.now,
            {"purpose": command.purpose, "version": command.version, "granted": command.granted}, command.request.id,
        )  # fmt: skip
        return ConsentChanged(*word, command.now)

    answers = rights.requests.answer(commands, ConsentChanged, "setConsent", decide, lambda command: command.member_id)
    await rights.save(work)
    return answers


async def load_consents(connection: Any, member_id: UUID) -> list[Consent]:
    """The newest word on each purpose."""
    return [Consent(**dict(row)) for row in await store.load_consents(connection, member_id)]


async def erase_due(work: Work, now: datetime, *, limit: int) -> int:
    """Erases members whose thirty days are over; returns how many. The books stay, under an id that names nobody."""
    ids = await store.lock_erasures_due(work, now, limit)
    if ids:
        timeline = Timeline()
        for member_id in ids:
            timeline.record(work, member_id, facts.MEMBER_ERASED, now, {})
        await store.erase_members(work, ids)
        await timeline.save(work)
    return len(ids)


async def export_account(connection: Any, member_id: UUID) -> dict[str, Any]:
    """What this flat holds of a member, for `exportMyData`."""
    member = (await load_members(connection, [member_id]))[member_id]
    return {
        "cardNo": member.card_no,
        "displayName": member.display_name,
        "birthYear": member.birth_year,
        "timezone": member.timezone,
        "locale": member.locale,
        "status": member.status.value,
        "createdAt": member.created_at.isoformat(),
        "identities": [
            {"kind": row["kind"], "subject": row["subject"], "since": row["at"].isoformat()}
            for row in await load_identities_of(connection, member_id)
        ],
        "consents": [
            {
                "purpose": consent.purpose,
                "version": consent.version,
                "granted": consent.granted,
                "at": consent.at.isoformat(),
            }
            for consent in await load_consents(connection, member_id)
        ],
    }


@dataclass(slots=True)
class _Rights:
    """The open books of one batch of rights: what is known under the lock, and what will be written."""

    members: dict[UUID, Member]
    requests: Requests
    timeline: Timeline = field(default_factory=Timeline)
    erase_at: dict[UUID, datetime | None] = field(default_factory=dict)
    consents: list[tuple[UUID, UUID, str, str, bool, datetime]] = field(default_factory=list)

    async def save(self, work: Work) -> None:
        if self.erase_at:
            await store.save_erase_at(work, list(self.erase_at), list(self.erase_at.values()))
        if self.consents:
            await store.insert_consents(work, self.consents)
        await self.timeline.save(work)
        await self.requests.save(work)


async def _open(work: Work, commands: Sequence[RightsCommand | SetConsent]) -> _Rights:
    members = await lock(work, [command.member_id for command in commands])
    return _Rights(members, await open_requests(work, [command.request for command in commands]))
