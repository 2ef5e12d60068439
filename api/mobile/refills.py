"""Refills of energy."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.batches import batches_of
from api.graphql.boards import BoardNode, load_board
from api.graphql.context import Context
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.mobile.changes import tell_board
from api.mobile.members import Wallet, load_wallet
from game.refills import actions as refills


@strawberry.type(description="The next refill of energy that you can buy.")
class EnergyRefill:
    price_diamonds: int = strawberry.field(
        description="It doubles with each refill of a day, and starts anew the next."
    )
    amount: int = strawberry.field(description="How much energy it gives, above the cap if need be.")
    left: int = strawberry.field(description="How many are left today; with 0 the price is that of the next day.")
    resets_at: datetime = strawberry.field(description="When your next day begins.")


@strawberry.type(description="Energy was bought. A retry shows what was paid then, and the rest as it is now.")
class EnergyRefilled:
    diamonds: int = strawberry.field(description="What was paid.")
    energy: int = strawberry.field(description="What it gave.")
    refill: EnergyRefill = strawberry.field(description="The next one.")
    board: BoardNode
    wallet: Wallet


RefillEnergyResult = Annotated[EnergyRefilled | Refusal, strawberry.union("RefillEnergyResult")]


async def load_offer(context: Context) -> EnergyRefill:
    """What the caller is offered next. Refuses what `refuse_unfit` refuses."""
    async with context.database.read() as connection:
        found = await refills.read_offer(connection, context.member.member_id, context.now)
    return EnergyRefill(price_diamonds=found.diamonds, amount=found.energy, left=found.left, resets_at=found.resets_at)


@strawberry.type
class RefillQuery:
    @strawberry.field(description="What more energy costs you now.")
    async def energy_refill(self, info: Info) -> EnergyRefill:
        return await load_offer(info.context)


@strawberry.type
class RefillMutation:
    @mutation
    async def refill_energy(self, info: Info, request_id: strawberry.ID, most_diamonds: int) -> RefillEnergyResult:
        """Buys energy for diamonds, `mostDiamonds` at most: the price that you showed."""
        context: Context = info.context
        command = refills.RefillEnergy(
            request=request_key(context, "refillEnergy", request_id, {"mostDiamonds": most_diamonds}),
            member_id=context.member.member_id,
            most_diamonds=most_diamonds,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).refill_energy, command)
        board = await load_board(context, command.member_id)
        tell_board(context.services, command.member_id, board.revision)
        return EnergyRefilled(
            diamonds=done.diamonds,
            energy=done.energy,
            refill=await load_offer(context),
            board=board,
            wallet=await load_wallet(context),
        )
