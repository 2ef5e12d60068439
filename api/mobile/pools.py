"""Pools: what can be drawn, with which exact chances."""

from dataclasses import field
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated
from uuid import UUID

import strawberry

from api.batches import batches_of
from api.graphql.context import Context
from api.graphql.draws import PrizeClass, PrizeKind
from api.graphql.nodes import Node, write_id
from api.graphql.refusal import Refusal, mutation, refusal_from, request_key
from api.graphql.schema import Info
from rewards.gacha import actions as gacha
from rewards.gacha.rules.chances import percent
from rewards.gacha.rules.hazard import PPM
from rewards.gacha.rules.rails import Exclusion
from rewards.gacha.rules.receipts import write_version

NOTICE = {
    "zh-TW": "此為機會中獎商品,消費者購買或參與活動不代表即可獲得特定商品",
    "en": "Prizes are won by chance: buying or taking part does not mean that you will receive a particular item.",
}
strawberry.enum(Exclusion, name="SelfExclusion", description="For how long, from now on; NONE ends it.")


@strawberry.type(
    name="PoolOdds",
    description="One prize and its chance. Percentages are decimal strings of four decimals, rounded half to even from "
    "exact fractions.",
)
class PoolOddsLine:
    prize: str = strawberry.field(description="The prize's code.")
    name: str
    prize_class: PrizeClass
    kind: PrizeKind
    amount: int
    percent: str = strawberry.field(description="The stated chance of one draw: its weight.")
    ppm: int = strawberry.field(description="The same in parts per million, exact.")
    consolidated_percent: str = strawberry.field(
        description="Its share of all single draws in the long run, with the rising chance of TOP in it."
    )
    effective_percent: str = strawberry.field(
        description="Its chance at your very next single draw: with your pity, and with what is sold out."
    )
    stock_left: int | None = strawberry.field(description="How many are left; null where there is no limit.")
    stands_in: str | None = strawberry.field(description="The code of what is given instead once none is left.")


@strawberry.type(description="Your draws since the last TOP in this pool.")
class Pity:
    count: int
    ceiling: int | None = strawberry.field(description="The draw that is certain to be TOP; null where none is.")
    next_top_percent: str = strawberry.field(description="The chance of TOP at your next draw.")


@strawberry.type(name="Pool", description="Something to draw from, as it stands for you now.")
class PoolNode(Node):
    name: str
    notice: str = strawberry.field(description="To be shown with the odds.")
    price_diamonds: int
    takes_tickets: bool = strawberry.field(description="Whether a ticket pays for a draw; tickets go first.")
    odds_hash: str = strawberry.field(description="SHA-256 of the odds document's canonical JSON; a draw names it.")
    odds_version: str
    odds: list[PoolOddsLine]
    pity: Pity
    expected_draws: str | None = strawberry.field(description="Draws that one TOP takes on average.")
    ten_guarantee: bool = strawberry.field(description="Whether ten at once bring GUARANTEE or above for certain.")
    ten_expectation: str = strawberry.field(
        description="How many of GUARANTEE or above ten at once bring on average, by the stated chances."
    )
    opens_on: date | None
    closes_on: date | None
    refusal: Refusal | None = strawberry.field(
        description="What a single draw would meet now, its price aside; null where you can draw."
    )
    kept: strawberry.Private[dict[object, object]] = field(default_factory=dict)


@strawberry.type(description="How much you may still draw, over all pools, and your own stop.")
class DrawLimits:
    day_left: int
    month_left: int
    excluded_until: datetime | None = strawberry.field(description="The year 9999 stands for good.")


@strawberry.type
class SelfExclusionSet:
    limits: DrawLimits


SetSelfExclusionResult = Annotated[SelfExclusionSet | Refusal, strawberry.union("SetSelfExclusionResult")]


# Nodes are never changed, so one serves all members who stand alike; each holds its view, whose identity stays its own.
_known: dict[tuple[int, str], tuple[gacha.PoolView, PoolNode]] = {}
_KNOWN_MOST = 1_000


def show_pool(view: gacha.PoolView, locale: str) -> PoolNode:
    """A pool, as it stands for one member."""
    if view.refusal:
        return _pool(view, locale)
    known = _known.get((id(view), locale))
    if known is None:
        if len(_known) >= _KNOWN_MOST:
            _known.clear()
        known = _known[id(view), locale] = view, _pool(view, locale)
    return known[1]


def _pool(view: gacha.PoolView, locale: str) -> PoolNode:
    odds = view.pool.odds
    return PoolNode(
        id=write_id("pol", view.pool.id),
        name=odds.name(locale),
        notice=NOTICE.get(locale, NOTICE["en"]),
        price_diamonds=odds.price_diamonds,
        takes_tickets=odds.takes_tickets,
        odds_hash=odds.sha256,
        odds_version=write_version(view.pool.terms.version),
        odds=[show_line(line, locale) for line in view.lines],
        pity=Pity(count=view.pity, ceiling=odds.hazard.ceiling or None, next_top_percent=percent(view.next_top)),
        expected_draws=decimal(view.expected_draws) if view.expected_draws else None,
        ten_guarantee=odds.ten_guarantee,
        ten_expectation=decimal(view.ten_expectation),
        opens_on=odds.opens_on,
        closes_on=odds.closes_on,
        refusal=refusal_from(view.refusal, locale) if view.refusal else None,
    )


def show_line(line: gacha.OddsLine, locale: str) -> PoolOddsLine:
    """One prize's line of the odds."""
    entry = line.entry
    assert line.stated * PPM == entry.weight, "the stated chance is the weight"
    return PoolOddsLine(
        prize=entry.code,
        name=entry.prize.name(locale),
        prize_class=entry.prize_class,
        kind=entry.prize.kind,
        amount=entry.prize.amount,
        percent=percent(line.stated),
        ppm=entry.weight,
        consolidated_percent=percent(line.consolidated),
        effective_percent=percent(line.effective),
        stock_left=line.left,
        stands_in=entry.fallback or None,
    )


def decimal(number: Fraction) -> str:
    """With four decimals, rounded half to even."""
    return percent(number / 100)


async def load_pools(context: Context, ids: list[UUID] | None = None) -> list[PoolNode]:
    """Pools as they stand for the caller, all where none are named."""
    async with context.database.read() as connection:
        found = await gacha.view_pools(connection, context.member.member_id, context.now, ids)
    return [show_pool(each, context.locale) for each in found]


async def resolve_pool(context: Context, pool_id: UUID) -> PoolNode | None:
    """A pool by its id."""
    found = await load_pools(context, [pool_id])
    return found[0] if found else None


async def load_limits(context: Context) -> DrawLimits:
    """What the guard rails leave the caller now."""
    async with context.database.read() as connection:
        found = await gacha.read_rails(connection, context.member.member_id, context.now)
    return DrawLimits(day_left=found.day_left, month_left=found.month_left, excluded_until=found.excluded_until)


@strawberry.type
class PoolQuery:
    @strawberry.field(description="What can be drawn from, the oldest pool first.")
    async def pools(self, info: Info) -> list[PoolNode]:
        return await load_pools(info.context)

    @strawberry.field(description="How much you may still draw, and your own stop.")
    async def draw_limits(self, info: Info) -> DrawLimits:
        return await load_limits(info.context)


@strawberry.type
class PoolMutation:
    @mutation
    async def set_self_exclusion(
        self, info: Info, request_id: strawberry.ID, period: Exclusion
    ) -> SetSelfExclusionResult:
        """Keeps you from drawing for a while. Longer than before holds at once; shorter takes effect a day later."""
        context: Context = info.context
        command = gacha.SetSelfExclusion(
            request=request_key(context, "setSelfExclusion", request_id, {"period": period}),
            member_id=context.member.member_id,
            wish=period,
            now=context.now,
        )
        await context.submit(batches_of(context.services).set_self_exclusion, command)
        return SelfExclusionSet(limits=await load_limits(context))
