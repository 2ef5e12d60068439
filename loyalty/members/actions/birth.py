"""A member tells the birth year, once: what is for adults alone asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.members import facts, store
from loyalty.members.actions.account import lock
from loyalty.members.rules import check_birth_year, refuse_unfit
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.requests.actions import open_requests
from loyalty.requests.rules import RequestKey
from loyalty.timeline.actions import Timeline
from loyalty.work import Work


@dataclass(frozen=True, slots=True)
class SetBirthYear:
    """A member tells the year of birth."""

    request: RequestKey
    member_id: UUID
    birth_year: int
    now: datetime


@dataclass(frozen=True, slots=True)
class BirthYearSet:
    """The year stands; the event does not hold it."""

    member_id: UUID


async def set_birth_years(work: Work, commands: Sequence[SetBirthYear]) -> list[BirthYearSet | Refused]:
    """Notes birth years. One that stands already can be told again, not changed.

    Takes the members' locks. Refuses BIRTH_YEAR_SET, INVALID_INPUT, REQUEST_ID_REUSED and what `refuse_unfit` refuses.
    """
    locked = await lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    timeline = Timeline()
    told: dict[UUID, int] = {}

    def decide(command: SetBirthYear) -> BirthYearSet:
        member = refuse_unfit(locked.get(command.member_id))
        check_birth_year(command.birth_year, command.now)
        known = told.get(member.id, member.birth_year)
        if known is not None and known != command.birth_year:
            raise LoyaltyRefused(LoyaltyCode.BIRTH_YEAR_SET)
        if known is None:
            told[member.id] = command.birth_year
            timeline.record(work, member.id, facts.BIRTH_YEAR_TOLD, command.now, {}, command.request.id)
        return BirthYearSet(member.id)

    answers = requests.answer(commands, BirthYearSet, "setBirthYear", decide, lambda command: command.member_id)
    if told:
        await store.save_birth_years(work, list(told), list(told.values()))
    await timeline.save(work)
    await requests.save(work)
    return answers
