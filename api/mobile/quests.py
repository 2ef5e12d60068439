"""Quests: how far they have come, and what they pay."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.batches import batches_of
from api.graphql.context import Context
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.mobile.members import Wallet, load_wallet
from game.quests import actions as quests
from game.quests.actions import ended
from game.quests.rules.content import Counted, Period
from game.quests.rules.standing import Standing

strawberry.enum(
    Period, name="QuestPeriod", description="How long a quest lasts. A day begins at four, a week on Monday."
)
strawberry.enum(Counted, name="QuestCounts", description="What it counts. Open: show the name of one you do not know.")


@strawberry.type(description="What a quest pays: diamonds and tickets at once, energy as a gift that play takes.")
class QuestReward:
    diamonds: int
    tickets: int
    energy: int


@strawberry.type(name="Quest", description="What a day, a week or the season asks for.")
class QuestNode:
    code: str
    name: str
    period: Period
    begins: str = strawberry.field(description="The first day of its day or week, or the season's code.")
    counts: Counted
    target: int
    progress: int = strawberry.field(description="May be more than the target.")
    reward: QuestReward
    claimed: bool
    claimable: bool = strawberry.field(description="Whether claimQuest would pay it now.")
    until: datetime | None = strawberry.field(description="Until when it counts; null where the season has no end yet.")
    claimable_until: datetime | None = strawberry.field(description="From when what was not claimed is lost.")


@strawberry.type
class QuestClaimed:
    quest: QuestNode

    @strawberry.field(description="As it is now.")
    async def wallet(self, info: Info) -> Wallet:
        return await load_wallet(info.context)


ClaimQuestResult = Annotated[QuestClaimed | Refusal, strawberry.union("ClaimQuestResult")]


def show_quest(standing: Standing, locale: str) -> QuestNode:
    """A quest, in a language."""
    window, quest = standing.window, standing.window.quest
    return QuestNode(
        code=quest.code,
        name=quest.names.get(locale) or quest.names["en"],
        period=quest.period,
        begins=window.period,
        counts=quest.counts,
        target=quest.target,
        progress=standing.progress,
        reward=QuestReward(diamonds=quest.reward.diamonds, tickets=quest.reward.tickets, energy=quest.reward.energy),
        claimed=standing.claimed,
        claimable=standing.is_claimable,
        until=ended(window.until),
        claimable_until=ended(window.ends),
    )


@strawberry.type
class QuestQuery:
    @strawberry.field(
        description="Your quests now; and of the day and week before, those that are done and wait to be claimed."
    )
    async def quests(self, info: Info) -> list[QuestNode]:
        context: Context = info.context
        async with context.database.read() as connection:
            found = await quests.read_quests(connection, context.member.member_id, context.now)
        return [show_quest(each, context.locale) for each in found]


@strawberry.type
class QuestMutation:
    @mutation
    async def claim_quest(self, info: Info, request_id: strawberry.ID, code: str) -> ClaimQuestResult:
        """Pays a quest that is done, once in each period; of two periods that are done, the earlier one."""
        context: Context = info.context
        command = quests.ClaimQuest(
            request=request_key(context, "claimQuest", request_id, {"code": code}),
            member_id=context.member.member_id,
            code=code,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).claim_quest, command)
        return QuestClaimed(
            quest=QuestNode(
                code=done.code,
                name=done.names.get(context.locale) or done.names["en"],
                period=done.kind,
                begins=done.period,
                counts=done.counts,
                target=done.target,
                progress=done.progress,
                reward=QuestReward(diamonds=done.diamonds, tickets=done.tickets, energy=done.energy),
                claimed=True,
                claimable=False,
                until=done.until,
                claimable_until=done.ends,
            )
        )
