"""The end of a season and the draft of the next one."""

import json
from datetime import date, datetime
from typing import Annotated

import strawberry

from api.admin.drafts import SheetDrafted, act_on, editor_of
from api.graphql.context import Context
from api.graphql.refusal import Refusal, mutation
from api.graphql.schema import Info
from api.identity.rules import Role
from api.refusals import BadInput
from game.season import actions as seasons
from loyalty.sheets import actions as sheets
from loyalty.sheets.rules import SheetVersion
from loyalty.work import Work

CODE_LENGTH_MAX = 40
MOST_VERSIONS = 500
KIND, KEY = "season", "current"


@strawberry.type(description="The end of one season, as the job works through the members.")
class SeasonTurn:
    season: str
    following: str
    at: datetime
    members: int = strawberry.field(description="For whom it has ended so far.")
    finished_at: datetime | None


CloneSeasonResult = Annotated[SheetDrafted | Refusal, strawberry.union("CloneSeasonResult")]


@strawberry.type
class SeasonQuery:
    @strawberry.field(description="How far the end of each season is, the newest first.")
    async def season_turns(self, info: Info) -> list[SeasonTurn]:
        context: Context = info.context
        context.require(Role.CAMPAIGN_MANAGER, Role.SUPPORT, Role.AUDITOR)
        async with context.database.read() as connection:
            found = await seasons.read_turns(connection)
        return [SeasonTurn(**each) for each in found]


@strawberry.type
class SeasonMutation:
    @mutation
    async def clone_season(
        self, info: Info, request_id: strawberry.ID, code: str, reason: str, based_on: int, starts: date, ends: date
    ) -> CloneSeasonResult:
        """Drafts the next season as a copy of the last one, with a code and days of its own.

        From there on it is a sheet like any other: edited, submitted, approved by another person for its first instant.
        That instant is the turn.
        """
        context: Context = info.context
        operator = str(editor_of(context, KIND).operator_id)
        if not 1 <= len(code) <= CODE_LENGTH_MAX or not code.isprintable():
            raise BadInput("code", f"it must be 1 to {CODE_LENGTH_MAX} printable characters")

        async def act(work: Work) -> SheetVersion:
            versions = await sheets.load_versions(work.connection, kind=KIND, key=KEY, limit=MOST_VERSIONS)
            last = next((each for each in versions if each.version == based_on), versions[0])
            body = json.loads(last.body)
            body |= {"code": code, "starts": starts.isoformat(), "ends": ends.isoformat()}
            return await sheets.draft(
                work, KIND, KEY, body, based_on=based_on, author=operator, reason=reason, now=context.now
            )  # fmt: skip

        asked = {"code": code, "basedOn": based_on, "starts": starts, "ends": ends}
        return await act_on(context, "cloneSeason", request_id, asked, reason, SheetDrafted, act)
