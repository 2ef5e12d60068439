"""Seeds: what the member may know, set and have revealed."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from api.batches import batches_of, vault_of
from api.graphql.context import Context
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.runtime.batcher import run_action
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.work import Work
from rewards.fairness import actions as fairness
from rewards.fairness import rules


@strawberry.type(
    name="FairSeed",
    description="What your draws are made from: a server seed that is committed to, your client seed, and a nonce.",
)
class FairSeedNode:
    epoch: int
    commit_sha256: str = strawberry.field(description="SHA-256 of this epoch's server seed, in hex.")
    next_commit_sha256: str = strawberry.field(description="SHA-256 of the next epoch's.")
    client_seed: str
    set_by_member: bool = strawberry.field(description="False where the server made the client seed.")
    next_nonce: int = strawberry.field(description="The nonce of your next draw.")


@strawberry.type
class ClientSeedSet:
    seed: FairSeedNode


@strawberry.type(description="The epoch that ended with its server seed, and the one that begins.")
class SeedRevealed:
    epoch: int
    server_seed_hex: str
    seed: FairSeedNode


SetClientSeedResult = Annotated[ClientSeedSet | Refusal, strawberry.union("SetClientSeedResult")]
RevealSeedResult = Annotated[SeedRevealed | Refusal, strawberry.union("RevealSeedResult")]


def show_seed(seed: rules.FairSeed) -> FairSeedNode:
    """A seed, for its member."""
    return FairSeedNode(
        epoch=seed.epoch,
        commit_sha256=seed.commit_sha256,
        next_commit_sha256=seed.next_commit_sha256,
        client_seed=seed.client_seed,
        set_by_member=seed.set_by_member,
        next_nonce=seed.next_nonce,
    )


async def load_seed(context: Context) -> rules.FairSeed:
    """The caller's seed. The first look makes it: there is nothing to commit to before."""
    member_id = context.member.member_id
    async with context.database.read() as connection:
        found = await fairness.read_seed(connection, member_id)
    if found is not None:
        return found

    async def begin(work: Work, asked: Sequence[None]) -> list[rules.FairSeed | Refused]:
        del asked
        begun = await fairness.begin_seeds(work, [member_id], vault=vault_of(context.services), now=context.now)
        return [begun.get(member_id) or LoyaltyRefused(LoyaltyCode.MEMBER_NOT_FOUND)]

    [answer] = await run_action(context.database, begin, [None])
    if isinstance(answer, Refused):
        raise answer
    return answer


@strawberry.type
class FairnessQuery:
    @strawberry.field(description="What your draws are made from, as far as it may be known now.")
    async def seed(self, info: Info) -> FairSeedNode:
        return show_seed(await load_seed(info.context))


@strawberry.type
class FairnessMutation:
    @mutation
    async def set_client_seed(self, info: Info, request_id: strawberry.ID, client_seed: str) -> SetClientSeedResult:
        """Sets the client seed of the draws that follow. It stands in receipts: let it be no name."""
        context: Context = info.context
        command = fairness.SetClientSeed(
            request=request_key(context, "setClientSeed", request_id, {"clientSeed": client_seed}),
            member_id=context.member.member_id,
            client_seed=client_seed,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).set_client_seed, command)
        return ClientSeedSet(seed=show_seed(done.seed))

    @mutation
    async def reveal_seed(self, info: Info, request_id: strawberry.ID, client_seed: str) -> RevealSeedResult:
        """Shows the server seed of this epoch, which ends, and begins the next one with your client seed."""
        context: Context = info.context
        command = fairness.RevealSeed(
            request=request_key(context, "revealSeed", request_id, {"clientSeed": client_seed}),
            member_id=context.member.member_id,
            client_seed=client_seed,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).reveal_seed, command)
        return SeedRevealed(epoch=done.epoch, server_seed_hex=done.server_seed_hex, seed=show_seed(done.seed))
