"""`setTimezone`: the member's zone, and when the check-in follows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from game.checkin import facts
from game.checkin.actions.book import open_streaks
from game.checkin.rules import streaks as rules
from loyalty.members import actions as members
from loyalty.members.rules import refuse_unfit
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.requests.actions import open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import moment_of, open_sheets
from loyalty.sheets.rules import is_zone
from loyalty.timeline.actions import Timeline
from loyalty.work import Work


@dataclass(frozen=True, slots=True)
class SetTimezone:
    """A member lives by another zone from now on."""

    request: RequestKey
    member_id: UUID
    timezone: str
    now: datetime


@dataclass(frozen=True, slots=True)
class TimezoneSet:
    """The zone, and since or from when the check-in goes by it."""

    member_id: UUID
    timezone: str
    check_in_from: datetime


async def set_timezones(work: Work, commands: Sequence[SetTimezone]) -> list[TimezoneSet | Refused]:
    """`setTimezone`: the member's zone at once; the check-in follows when the new zone's day exceeds the last one paid.

    The same zone again changes nothing. Takes the members' locks. Refuses ZONE_TOO_SOON, INVALID_INPUT (no such zone),
    REQUEST_ID_REUSED and what `refuse_unfit` refuses.
    """
    locked = await members.lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    streaks = await open_streaks(work, await open_sheets(work.connection, moment_of(commands)), sorted(locked))
    timeline = Timeline()
    chosen: dict[UUID, str] = {}

    def decide(command: SetTimezone) -> TimezoneSet:
        member = refuse_unfit(locked.get(command.member_id))
        if not is_zone(command.timezone):
            raise LoyaltyRefused(
                LoyaltyCode.INVALID_INPUT, field="timezone", rule="it must be a time zone such as Asia/Taipei"
            )
        settled, passed = streaks.settled(member, command.now)
        changed = rules.change_zone(settled, command.timezone, command.now, streaks.calendar)
        since = changed.zone_from or changed.zone_changed_at or member.created_at
        if changed is not settled:
            streaks.record(work, timeline, member.id, passed, command.now)
            streaks.put(member.id, changed)
            chosen[member.id] = command.timezone
            timeline.record(
                work, member.id, facts.ZONE_CHANGED, command.now,
                {"zone": command.timezone, "was": member.timezone, "from": since.isoformat()}, command.request.id,
            )  # fmt: skip
        return TimezoneSet(member.id, command.timezone, since)

    answers = requests.answer(commands, TimezoneSet, "setTimezone", decide, lambda command: command.member_id)
    await streaks.save(work)
    await members.save_timezones(work, chosen)
    await timeline.save(work)
    await requests.save(work)
    return answers
