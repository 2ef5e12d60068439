"""Visits, and what the screens showed."""

from datetime import date
from typing import Annotated

import strawberry

from api.batches import batches_of
from api.graphql.context import Context
from api.graphql.nodes import write_id
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from loyalty.members import actions as members
from loyalty.members.rules import DeviceForm, DeviceSystem, check_shown

strawberry.enum(DeviceSystem)
strawberry.enum(DeviceForm)


@strawberry.input(description="The class of the device; nothing that tells one device from another.")
class DeviceInput:
    system: DeviceSystem
    form: DeviceForm = DeviceForm.PHONE


@strawberry.type(description="A visit that was counted.")
class AppOpened:
    visit_id: strawberry.ID = strawberry.field(description="The id of its event.")
    day: date = strawberry.field(description="The day that it counts for, in the season's zone.")


@strawberry.type(description="What a screen showed was noted.")
class ExposureRecorded:
    shown: int = strawberry.field(description="How many things.")


OpenAppResult = Annotated[AppOpened | Refusal, strawberry.union("OpenAppResult")]
RecordExposureResult = Annotated[ExposureRecorded | Refusal, strawberry.union("RecordExposureResult")]


@strawberry.type
class VisitMutation:
    @mutation
    async def open_app(
        self, info: Info, request_id: strawberry.ID, device: DeviceInput | None = strawberry.UNSET
    ) -> OpenAppResult:
        """Counts a visit: send it once each time the app comes to the front."""
        context: Context = info.context
        known = members.Device(device.system, device.form) if device else None
        command = members.OpenApp(
            request=request_key(context, "openApp", request_id, {"device": known}),
            member_id=context.member.member_id,
            device=known,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).open_app, command)
        return AppOpened(visit_id=write_id("evt", done.visit_id), day=done.day)

    @mutation
    async def record_exposure(
        self, info: Info, request_id: strawberry.ID, screen: str, shown: list[str]
    ) -> RecordExposureResult:
        """Notes what a screen showed, once for each time that it was shown; kept apart from the timeline.

        `shown`: 1 to 50 names in the order of the screen, each `name` or `name:id`: `streak`, `offer:off_...`.
        """
        context: Context = info.context
        check_shown(screen, shown)
        command = members.RecordExposure(
            request=request_key(context, "recordExposure", request_id, {"screen": screen, "shown": shown}),
            member_id=context.member.member_id,
            screen=screen,
            shown=tuple(shown),
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).record_exposure, command)
        return ExposureRecorded(shown=done.shown)
