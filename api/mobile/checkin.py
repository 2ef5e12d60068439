"""The check-in: the streak, the calendar, and the days that pay."""

from datetime import date, datetime
from typing import Annotated

import strawberry

from api.batches import batches_of
from api.graphql.context import Context
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.graphql.streaks import StreakNode, load_streak, show_streak
from api.mobile.members import MemberNode, Wallet, load_me, load_wallet
from api.refusals import BadInput
from game.checkin import actions as checkin
from game.checkin.rules.calendar import Reward
from game.checkin.rules.views import CalendarView, DayState

ZONE_LENGTH_MAX = 64
strawberry.enum(DayState, name="CalendarDayState", description="How a day of the calendar stands.")


@strawberry.type(description="What a day pays. `chest` is the day that is shown as a chest.")
class CheckInReward:
    diamonds: int
    energy: int
    tickets: int
    points: int
    chest: bool


@strawberry.type
class CalendarDay:
    day: date
    reward: CheckInReward
    state: DayState


@strawberry.type(description="The month of today. A check-in pays the month's day and the cycle's day together.")
class CheckInCalendar:
    today: date
    days: list[CalendarDay]
    cycle: list[CheckInReward]
    next_reward: CheckInReward = strawberry.field(description="What the next check-in pays.")
    make_ups_left: int


@strawberry.type
class CheckedIn:
    day: date
    streak: StreakNode
    reward: CheckInReward
    freeze_earned: bool
    wallet: Wallet = strawberry.field(description="As it is now.")


@strawberry.type
class MadeUp:
    day: date
    reward: CheckInReward
    total: int
    left: int = strawberry.field(description="How many days of this month can still be made up.")

    @strawberry.field(description="As it is now.")
    async def wallet(self, info: Info) -> Wallet:
        return await load_wallet(info.context)


@strawberry.type
class StreakRepaired:
    streak: StreakNode
    diamonds: int = strawberry.field(description="What was paid; 0 where orders did it.")

    @strawberry.field(description="As it is now.")
    async def wallet(self, info: Info) -> Wallet:
        return await load_wallet(info.context)


@strawberry.type
class TimezoneSet:
    timezone: str
    check_in_from: datetime = strawberry.field(description="Since or from when the check-in goes by it.")

    @strawberry.field(description="As it is now.")
    async def member(self, info: Info) -> MemberNode:
        return await load_me(info.context)


CheckInResult = Annotated[CheckedIn | Refusal, strawberry.union("CheckInResult")]
MakeUpResult = Annotated[MadeUp | Refusal, strawberry.union("MakeUpResult")]
RepairStreakResult = Annotated[StreakRepaired | Refusal, strawberry.union("RepairStreakResult")]
SetTimezoneResult = Annotated[TimezoneSet | Refusal, strawberry.union("SetTimezoneResult")]


def show_reward(reward: Reward) -> CheckInReward:
    """What a day pays."""
    return CheckInReward(
        diamonds=reward.diamonds,
        energy=reward.energy,
        tickets=reward.tickets,
        points=reward.points,
        chest=reward.chest,
    )


def show_month(view: CalendarView) -> CheckInCalendar:
    """The calendar, for its member."""
    return CheckInCalendar(
        today=view.today,
        days=[CalendarDay(day=each.day, reward=show_reward(each.reward), state=each.state) for each in view.days],
        cycle=[show_reward(each) for each in view.cycle],
        next_reward=show_reward(view.next_reward),
        make_ups_left=view.make_ups_left,
    )


@strawberry.type
class CheckInQuery:
    @strawberry.field
    async def streak(self, info: Info) -> StreakNode:
        context: Context = info.context
        await load_me(context)
        streak = await load_streak(context, context.member.member_id)
        assert streak is not None, "the caller is a member"
        return streak

    @strawberry.field(description="This month, day by day, and the cycle of seven.")
    async def calendar(self, info: Info) -> CheckInCalendar:
        context: Context = info.context
        await load_me(context)
        async with context.database.read() as connection:
            view = await checkin.read_month(connection, context.member.member_id, context.now)
        assert view is not None, "the caller is a member"
        return show_month(view)


@strawberry.type
class CheckInMutation:
    @mutation
    async def check_in(
        self,
        info: Info,
        request_id: strawberry.ID,
        day: date | None = strawberry.UNSET,
        season: str | None = None,
    ) -> CheckInResult:
        """Checks in for today, once, by the server's clock. `day`: what the app takes for today, to be sure of it.

        `season`: the code of the season that it takes for the running one; in another it is refused SEASON_OVER.
        """
        context: Context = info.context
        wanted = day or None
        command = checkin.CheckIn(
            request=request_key(context, "checkIn", request_id, {"day": wanted, "season": season}),
            member_id=context.member.member_id,
            day=wanted,
            now=context.now,
            season=season,
        )
        done = await context.submit(batches_of(context.services).check_in, command)
        return CheckedIn(
            day=done.day,
            streak=show_streak(done.streak, done.member_id),
            reward=show_reward(done.reward),
            freeze_earned=done.freeze_earned,
            wallet=await load_wallet(context),
        )

    @mutation
    async def make_up(self, info: Info, request_id: strawberry.ID, day: date) -> MakeUpResult:
        """Makes up for a missed day of this month (補簽): pays what the calendar says; the streak stays."""
        context: Context = info.context
        command = checkin.MakeUp(
            request=request_key(context, "makeUp", request_id, {"day": day}),
            member_id=context.member.member_id,
            day=day,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).make_up, command)
        return MadeUp(day=done.day, reward=show_reward(done.reward), total=done.total, left=done.left)

    @mutation
    async def repair_streak(
        self, info: Info, request_id: strawberry.ID, pay_diamonds: bool = False
    ) -> RepairStreakResult:
        """Repairs the streak while `Streak.repair` is there: by the orders delivered since the gap, or for diamonds."""
        context: Context = info.context
        command = checkin.RepairStreak(
            request=request_key(context, "repairStreak", request_id, {"payDiamonds": pay_diamonds}),
            member_id=context.member.member_id,
            pay_diamonds=pay_diamonds,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).repair_streak, command)
        return StreakRepaired(streak=show_streak(done.streak, done.member_id), diamonds=done.diamonds)

    @mutation
    async def set_timezone(self, info: Info, request_id: strawberry.ID, timezone: str) -> SetTimezoneResult:
        """Sets your time zone, such as Asia/Taipei, once in 30 days.

        The check-in follows as soon as the new zone's day is later than the last one checked in.
        """
        context: Context = info.context
        if not 1 <= len(timezone) <= ZONE_LENGTH_MAX or not timezone.isprintable():
            raise BadInput("timezone", f"it must be 1 to {ZONE_LENGTH_MAX} printable characters")
        command = checkin.SetTimezone(
            request=request_key(context, "setTimezone", request_id, {"timezone": timezone}),
            member_id=context.member.member_id,
            timezone=timezone,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).set_timezone, command)
        return TimezoneSet(timezone=done.timezone, check_in_from=done.check_in_from)
