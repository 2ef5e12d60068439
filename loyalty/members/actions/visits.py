"""Visits, players and others alike, and what the screens showed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from loyalty.members import facts
from loyalty.members.actions.account import lock
from loyalty.members.rules import DeviceForm, DeviceSystem, check_shown, refuse_unfit
from loyalty.refusals import Refused
from loyalty.requests.actions import open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import moment_of, open_sheets
from loyalty.timeline.actions import Facts, Timeline
from loyalty.work import Work


@dataclass(frozen=True, slots=True)
class Device:
    """The class of a device; nothing that tells one device from another."""

    system: DeviceSystem
    form: DeviceForm


@dataclass(frozen=True, slots=True)
class OpenApp:
    """A member opens the app."""

    request: RequestKey
    member_id: UUID
    device: Device | None
    now: datetime


@dataclass(frozen=True, slots=True)
class AppOpened:
    """A visit that was counted, on this day of the season's zone."""

    member_id: UUID
    visit_id: UUID
    day: date


@dataclass(frozen=True, slots=True)
class RecordExposure:
    """What one screen showed a member, such as `offer:off_...` or `streak`, in the order of the screen."""

    request: RequestKey
    member_id: UUID
    screen: str
    shown: tuple[str, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class ExposureRecorded:
    """How many things were noted as shown."""

    member_id: UUID
    shown: int


async def open_apps(work: Work, commands: Sequence[OpenApp]) -> list[AppOpened | Refused]:
    """`openApp`: counts each visit by an event. Takes the members' locks.

    Refuses REQUEST_ID_REUSED and what `refuse_unfit` refuses.
    """
    locked = await lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    season = await (await open_sheets(work.connection, moment_of(commands))).season(work.connection)
    timeline = Timeline()

    def decide(command: OpenApp) -> AppOpened:
        member = refuse_unfit(locked.get(command.member_id))
        day = season.day(command.now)
        system = command.device.system.value if command.device else None
        form = command.device.form.value if command.device else None
        said: Facts = {"day": day.isoformat(), "system": system, "form": form}
        visit = timeline.record(work, member.id, facts.APP_OPENED, command.now, said, command.request.id)
        return AppOpened(member.id, visit, day)

    answers = requests.answer(commands, AppOpened, "openApp", decide, lambda command: command.member_id)
    await timeline.save(work)
    await requests.save(work)
    return answers


async def record_exposures(work: Work, commands: Sequence[RecordExposure]) -> list[ExposureRecorded | Refused]:
    """`recordExposure`: one row for each screen, with the list of what it showed. Takes the members' locks.

    Refuses INVALID_INPUT, REQUEST_ID_REUSED and what `refuse_unfit` refuses.
    """
    locked = await lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    timeline = Timeline()

    def decide(command: RecordExposure) -> ExposureRecorded:
        member = refuse_unfit(locked.get(command.member_id))
        check_shown(command.screen, command.shown)
        said: Facts = {"screen": command.screen, "shown": list(command.shown)}
        timeline.record(work, member.id, facts.SCREEN_SHOWN, command.now, said, command.request.id)
        return ExposureRecorded(member.id, len(command.shown))

    answers = requests.answer(commands, ExposureRecorded, "recordExposure", decide, lambda command: command.member_id)
    await timeline.save(work)
    await requests.save(work)
    return answers
