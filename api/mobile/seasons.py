"""The season that runs, and what you had when others ended."""

from datetime import date, datetime

import strawberry

from api.graphql.context import Context
from api.graphql.pages import check_first
from api.graphql.schema import Info
from game.season import actions as seasons
from game.season.rules import Ended


@strawberry.type(description="The season that runs. Its code goes with commands that may arrive late.")
class RunningSeason:
    code: str
    starts: date | None = strawberry.field(description="Its first day.")
    ends: date | None = strawberry.field(description="The first day after it: play rests until the next one begins.")


@strawberry.type(description="What you had when a season ended, and what of it expired.")
class PastSeason:
    season: str
    level: int
    experience: int
    streak: int
    longest_streak: int
    days_checked_in: int
    diamonds: int
    tickets: int
    stamps: int
    expired_diamonds: int
    expired_tickets: int
    expired_stamps: int
    at: datetime


def show_ended(ended: Ended) -> PastSeason:
    """A past season, for its member."""
    return PastSeason(
        season=ended.season, level=ended.level, experience=ended.experience, streak=ended.streak,
        longest_streak=ended.longest, days_checked_in=ended.total, diamonds=ended.diamonds, tickets=ended.tickets,
        stamps=ended.stamps, expired_diamonds=ended.expired_diamonds, expired_tickets=ended.expired_tickets,
        expired_stamps=ended.expired_stamps, at=ended.at,
    )  # fmt: skip


@strawberry.type
class SeasonQuery:
    @strawberry.field
    async def season(self, info: Info) -> RunningSeason:
        context: Context = info.context
        async with context.database.read() as connection:
            found = await seasons.read_season(connection, context.now)
        return RunningSeason(code=found.code, starts=found.starts, ends=found.ends)

    @strawberry.field(description="Seasons that ended for you, the newest first.")
    async def past_seasons(self, info: Info, first: int) -> list[PastSeason]:
        context: Context = info.context
        async with context.database.read() as connection:
            found = await seasons.read_ended(connection, context.member.member_id, limit=check_first(first))
        return [show_ended(each) for each in found]
