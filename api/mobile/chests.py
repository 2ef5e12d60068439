"""Chests: the shelf, timers, opening, receipts."""

from datetime import datetime
from fractions import Fraction
from typing import Annotated

import strawberry

from api.batches import batches_of, vault_of
from api.graphql.context import Context
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.mobile.members import Wallet, load_wallet
from api.refusals import BadInput
from game.chests import actions as chests
from game.chests.actions import ChestView
from game.chests.rules.content import PPM, ChestKind, ChestPrize
from game.chests.rules.timers import ChestState
from loyalty.sheets.rules import digest
from rewards.gacha.rules.chances import percent

INT_MAX = 2**31 - 1
strawberry.enum(ChestPrize, description="What a drop is. ENERGY and GOODS come as gifts, which play takes.")
strawberry.enum(ChestState, description="How a chest stands. Open: treat a state you do not know as shut.")


@strawberry.type(name="ChestContent", description="One line of what a chest can hold, and its chance at each drop.")
class ChestContentNode:
    prize: ChestPrize
    amount: int
    percent: str = strawberry.field(description="Exact, as a decimal string of four decimals.")
    ppm: int = strawberry.field(description="The same in parts per million; all lines sum to 1000000.")


@strawberry.type(name="ChestKind", description="A kind of chest and its published contents.")
class ChestKindNode:
    code: str
    name: str
    emoji: str
    unlock_seconds: int
    drops: int = strawberry.field(description="How many drops it brings, each by the same chances.")
    contents: list[ChestContentNode]
    contents_hash: str = strawberry.field(description="SHA-256 of the contents' canonical JSON; receipts name it.")


@strawberry.type(name="Chest", description="A shut chest, under the number of the order that earned it.")
class ChestNode:
    number: int
    kind: ChestKindNode = strawberry.field(description="As it was published when the chest was earned.")
    state: ChestState
    starts_at: datetime | None = strawberry.field(description="When its timer begins; null until it is queued.")
    opens_at: datetime | None = strawberry.field(description="From when it can be opened; null until it is queued.")
    hurry_diamonds: int = strawberry.field(description="What having it ready now costs; 0 where that is not offered.")


@strawberry.type(description="Your shut chests, those that open first before the others.")
class ChestShelf:
    slots: int = strawberry.field(description="How many timers run at once.")
    queue: int = strawberry.field(description="How many chests may be queued behind them.")
    order_every: int = strawberry.field(description="Each so many orders earn a chest; 0: none do.")
    chests: list[ChestNode]
    kinds: list[ChestKindNode] = strawberry.field(description="Every kind that can be earned now.")


@strawberry.type(description="One thing that a chest held.")
class ChestDrop:
    prize: ChestPrize
    amount: int


@strawberry.type
class ChestQueued:
    number: int
    starts_at: datetime
    opens_at: datetime


@strawberry.type
class ChestHurried:
    number: int
    diamonds: int = strawberry.field(description="What was paid.")

    @strawberry.field(description="As it is now.")
    async def wallet(self, info: Info) -> Wallet:
        return await load_wallet(info.context)


@strawberry.type(description="What the chest held, drop by drop.")
class ChestOpened:
    number: int
    drops: list[ChestDrop]

    @strawberry.field(description="As it is now.")
    async def wallet(self, info: Info) -> Wallet:
        return await load_wallet(info.context)


@strawberry.type(description="An opened chest's receipt. Keep `document` as it is: `main.py verify` reads it offline.")
class ChestReceipt:
    number: int
    document: str = strawberry.field(description="Canonical JSON; docs/fairness.md defines each key.")
    revealed: bool = strawberry.field(description="Whether it holds the server seed, and so can be proved.")


QueueChestResult = Annotated[ChestQueued | Refusal, strawberry.union("QueueChestResult")]
HurryChestResult = Annotated[ChestHurried | Refusal, strawberry.union("HurryChestResult")]
OpenChestResult = Annotated[ChestOpened | Refusal, strawberry.union("OpenChestResult")]


def show_kind(kind: ChestKind, locale: str) -> ChestKindNode:
    """A kind with its exact chances, in a language."""
    return ChestKindNode(
        code=kind.code,
        name=kind.names.get(locale) or kind.names["en"],
        emoji=kind.emoji,
        unlock_seconds=kind.unlock_seconds,
        drops=kind.drops,
        contents=[
            ChestContentNode(
                prize=each.prize, amount=each.amount, percent=percent(Fraction(each.weight, PPM)), ppm=each.weight
            )
            for each in kind.contents
        ],
        contents_hash=digest(kind.body).hex(),
    )


def show_chest(view: ChestView, locale: str) -> ChestNode:
    """A chest, in a language."""
    return ChestNode(
        number=view.chest.number,
        kind=show_kind(view.kind, locale),
        state=view.state,
        starts_at=view.chest.starts_at,
        opens_at=view.chest.opens_at,
        hurry_diamonds=view.diamonds,
    )


@strawberry.type
class ChestQuery:
    @strawberry.field(description="Your shut chests (100 at most), and what each kind holds.")
    async def chests(self, info: Info) -> ChestShelf:
        context: Context = info.context
        async with context.database.read() as connection:
            found = await chests.read_shelf(connection, context.member.member_id, context.now)
        sheet = found.sheet
        return ChestShelf(
            slots=sheet.slots if sheet else 0,
            queue=sheet.queue if sheet else 0,
            order_every=sheet.order_every if sheet else 0,
            chests=[show_chest(each, context.locale) for each in found.chests],
            kinds=[show_kind(each, context.locale) for each in (sheet.kinds if sheet else ())],
        )

    @strawberry.field(description="The receipt of a chest that you opened; with the server seed once that is revealed.")
    async def chest_receipt(self, info: Info, number: int) -> ChestReceipt:
        context: Context = info.context
        found = None
        if 1 <= number < INT_MAX:
            async with context.database.read() as connection:
                found = await chests.read_receipt(
                    connection, vault_of(context.services), context.member.member_id, number
                )
        if found is None:
            raise BadInput("number", "it must be the number of a chest that you opened")
        return ChestReceipt(number=number, document=found.document, revealed=found.revealed)


@strawberry.type
class ChestMutation:
    @mutation
    async def queue_chest(self, info: Info, request_id: strawberry.ID, number: int) -> QueueChestResult:
        """Sets a chest's timer: it runs at once where a slot is free, else after those before it."""
        context: Context = info.context
        command = chests.QueueChest(
            request=request_key(context, "queueChest", request_id, {"number": number}),
            member_id=context.member.member_id,
            number=number,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).queue_chest, command)
        return ChestQueued(number=done.number, starts_at=done.starts_at, opens_at=done.opens_at)

    @mutation
    async def hurry_chest(
        self, info: Info, request_id: strawberry.ID, number: int, most_diamonds: int
    ) -> HurryChestResult:
        """Pays to have a queued chest ready now, `mostDiamonds` at most; those behind it move up."""
        context: Context = info.context
        asked = {"number": number, "mostDiamonds": most_diamonds}
        command = chests.HurryChest(
            request=request_key(context, "hurryChest", request_id, asked),
            member_id=context.member.member_id,
            number=number,
            most_diamonds=most_diamonds,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).hurry_chest, command)
        return ChestHurried(number=done.number, diamonds=done.diamonds)

    @mutation
    async def open_chest(self, info: Info, request_id: strawberry.ID, number: int) -> OpenChestResult:
        """Opens a chest whose time is over. What it holds follows from your seeds and the order's number."""
        context: Context = info.context
        command = chests.OpenChest(
            request=request_key(context, "openChest", request_id, {"number": number}),
            member_id=context.member.member_id,
            number=number,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).open_chest, command)
        return ChestOpened(
            number=done.number, drops=[ChestDrop(prize=each.prize, amount=each.amount) for each in done.drops]
        )
