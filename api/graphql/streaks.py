"""The streak, as the member's app and operators see it."""

from datetime import date, datetime
from uuid import UUID

import strawberry

from api.graphql.context import Context
from api.graphql.schema import Info
from game.checkin import actions as checkin
from game.checkin.rules.streaks import StreakState
from game.checkin.rules.views import StreakView

strawberry.enum(StreakState, description="NONE - ACTIVE - AT_RISK - FROZEN or REPAIRABLE - BROKEN.")


@strawberry.type(description="A gap that can still be repaired, by orders delivered since it or for diamonds.")
class StreakRepair:
    length: int = strawberry.field(description="The length that comes back; days since the gap are added to it.")
    until: datetime
    orders_needed: int
    diamonds: int
    member_id: strawberry.Private[UUID]
    opened_at: strawberry.Private[datetime]

    @strawberry.field
    async def orders_delivered(self, info: Info) -> int:
        context: Context = info.context
        async with context.database.read() as connection:
            return await checkin.count_orders(connection, self.member_id, self.opened_at)


@strawberry.type(name="Streak", description="Days in a row. A day turns at four in the morning of your time zone.")
class StreakNode:
    state: StreakState
    today: date
    length: int
    longest: int
    total: int = strawberry.field(description="Days that were paid, ever; never falls.")
    freezes: int = strawberry.field(description="Held; one is used by itself for a missed day.")
    freezes_most: int
    checked_in_today: bool
    cycle_day: int = strawberry.field(description="1 to 7, of the last check-in; 0 where a cycle has yet to begin.")
    next_at: datetime | None = strawberry.field(description="When the day after the last check-in begins.")
    repair: StreakRepair | None
    zone: str = strawberry.field(description="The time zone that the check-in goes by.")
    next_zone: str | None = strawberry.field(description="The zone that it will go by from `zoneFrom` on.")
    zone_from: datetime | None


def show_streak(view: StreakView, member_id: UUID) -> StreakNode:
    """A streak, for its member or an operator."""
    repair = None
    if view.lapsed is not None and view.repair_until is not None and view.repair_opened is not None:
        repair = StreakRepair(
            length=view.lapsed,
            until=view.repair_until,
            orders_needed=view.repair_orders,
            diamonds=view.repair_diamonds,
            member_id=member_id,
            opened_at=view.repair_opened,
        )
    return StreakNode(
        state=view.state,
        today=view.today,
        length=view.length,
        longest=view.longest,
        total=view.total,
        freezes=view.freezes,
        freezes_most=view.freezes_most,
        checked_in_today=view.checked_in_today,
        cycle_day=view.cycle_day,
        next_at=view.next_at,
        repair=repair,
        zone=view.zone,
        next_zone=view.next_zone,
        zone_from=view.zone_from,
    )


async def load_streak(context: Context, member_id: UUID) -> StreakNode | None:
    """A member's streak as it stands; None where there is no such member."""
    async with context.database.read() as connection:
        found = await checkin.read_streaks(connection, [member_id], context.now)
    return show_streak(found[member_id], member_id) if member_id in found else None
