"""A member's own stop: no draws for a while, or for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.members import actions as members
from loyalty.members.rules import refuse_unfit
from loyalty.refusals import Refused
from loyalty.requests.actions import open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import moment_of, open_sheets
from loyalty.timeline.actions import Timeline
from loyalty.work import Work
from rewards.gacha import facts
from rewards.gacha.actions.drawing import RAILS
from rewards.gacha.actions.members import open_standings
from rewards.gacha.rules.rails import Exclusion, exclude


@dataclass(frozen=True, slots=True)
class SetSelfExclusion:
    """A member wants no draws for that long from now on; NONE ends it."""

    request: RequestKey
    member_id: UUID
    wish: Exclusion
    now: datetime


@dataclass(frozen=True, slots=True)
class SelfExclusionSet:
    """Until when the member is kept from drawing; None for not at all."""

    member_id: UUID
    excluded_until: datetime | None


async def set_self_exclusions(work: Work, commands: Sequence[SetSelfExclusion]) -> list[SelfExclusionSet | Refused]:
    """Longer than before holds at once, shorter after the time that the guard rails say.

    Takes the members' locks. Refuses MEMBER_NOT_FOUND, MEMBER_SUSPENDED, MEMBER_ERASED, REQUEST_ID_REUSED.
    """
    locked = await members.lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    sheets = await open_sheets(work.connection, moment_of(commands))
    season = await sheets.season(work.connection)
    found = await sheets.get(work.connection, *RAILS)
    assert found is not None, "no sheet of guard rails: run `main.py season seed` first"
    standings = await open_standings(work.connection, sorted(locked), [])
    timeline = Timeline()

    def decide(command: SetSelfExclusion) -> SelfExclusionSet:
        member = refuse_unfit(locked.get(command.member_id))
        before = standings.rail(member.id).excluded_until
        until = exclude(before, command.wish, command.now, found.loosening)
        standings.exclude(member.id, until, season.day(command.now))
        told = {"wish": command.wish.value, "until": until.isoformat() if until else None}
        timeline.record(work, member.id, facts.SELF_EXCLUSION_SET, command.now, {**told}, command.request.id)
        return SelfExclusionSet(member.id, until)

    answers = requests.answer(commands, SelfExclusionSet, "setSelfExclusion", decide, lambda command: command.member_id)
    await standings.save(work)
    await timeline.save(work)
    await requests.save(work)
    return answers
