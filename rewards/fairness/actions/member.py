"""What a member does with seeds: looks, picks a client seed, has an epoch revealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.members import actions as members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.refusals import Refused
from loyalty.requests.actions import Requests, open_requests
from loyalty.requests.rules import RequestKey
from loyalty.timeline.actions import Timeline
from loyalty.work import Work
from rewards.fairness import facts, rules, store
from rewards.fairness.actions.book import Seeds, open_seeds, read_epoch
from rewards.fairness.rules import FairSeed, Vault


@dataclass(frozen=True, slots=True)
class SetClientSeed:
    """A member picks a client seed for the current epoch, whose server seed is committed to."""

    request: RequestKey
    member_id: UUID
    client_seed: str
    now: datetime


@dataclass(frozen=True, slots=True)
class ClientSeedSet:
    """The epoch with its new client seed."""

    member_id: UUID
    seed: FairSeed


@dataclass(frozen=True, slots=True)
class RevealSeed:
    """A member has the current epoch revealed and begins the next with a client seed."""

    request: RequestKey
    member_id: UUID
    client_seed: str
    now: datetime


@dataclass(frozen=True, slots=True)
class SeedRevealed:
    """The epoch that ended with its server seed, and the one that begins."""

    member_id: UUID
    epoch: int
    server_seed_hex: str
    seed: FairSeed


@dataclass(slots=True)
class _Open:
    members: dict[UUID, Member]
    requests: Requests
    seeds: Seeds
    timeline: Timeline

    async def save(self, work: Work) -> None:
        await self.seeds.save(work)
        await self.timeline.save(work)
        await self.requests.save(work)


async def set_client_seeds(
    work: Work, commands: Sequence[SetClientSeed], *, vault: Vault
) -> list[ClientSeedSet | Refused]:
    """Client seeds of the members' own, for the draws that follow.

    Takes the members' locks. Refuses CLIENT_SEED_INVALID, MEMBER_NOT_FOUND, MEMBER_SUSPENDED, MEMBER_ERASED,
    REQUEST_ID_REUSED.
    """
    opened = await _open(work, commands, vault)

    def decide(command: SetClientSeed) -> ClientSeedSet:
        member = refuse_unfit(opened.members.get(command.member_id))
        client_seed = rules.check_client_seed(command.client_seed)
        epoch = opened.seeds.open(work, member.id, command.now)
        opened.seeds.set_client_seed(member.id, client_seed)
        told = {"epoch": epoch.epoch, "from_nonce": epoch.next_nonce}
        opened.timeline.record(work, member.id, facts.CLIENT_SEED_SET, command.now, {**told}, command.request.id)
        return ClientSeedSet(member.id, opened.seeds.show(member.id))

    answers = opened.requests.answer(commands, ClientSeedSet, "setClientSeed", decide, lambda each: each.member_id)
    await opened.save(work)
    return answers


async def reveal_seeds(work: Work, commands: Sequence[RevealSeed], *, vault: Vault) -> list[SeedRevealed | Refused]:
    """Ends epochs: the server seed is shown, the next epoch begins with the member's client seed.

    Takes the members' locks. Refuses CLIENT_SEED_INVALID, MEMBER_NOT_FOUND, MEMBER_SUSPENDED, MEMBER_ERASED,
    REQUEST_ID_REUSED.
    """
    opened = await _open(work, commands, vault)

    def decide(command: RevealSeed) -> SeedRevealed:
        member = refuse_unfit(opened.members.get(command.member_id))
        client_seed = rules.check_client_seed(command.client_seed)
        drawn = opened.seeds.open(work, member.id, command.now).next_nonce
        ended = opened.seeds.reveal(work, member.id, client_seed, command.now)
        told = {"epoch": ended.epoch, "draws": drawn}
        opened.timeline.record(work, member.id, facts.SEED_REVEALED, command.now, {**told}, command.request.id)
        return SeedRevealed(member.id, ended.epoch, ended.seed.hex(), opened.seeds.show(member.id))

    answers = opened.requests.answer(commands, SeedRevealed, "revealSeed", decide, lambda each: each.member_id)
    await opened.save(work)
    return answers


async def begin_seeds(work: Work, member_ids: Sequence[UUID], *, vault: Vault, now: datetime) -> dict[UUID, FairSeed]:
    """What each member may know of the current epoch, which begins here for who has none. Takes the members' locks."""
    locked = await members.lock(work, member_ids)
    seeds = await open_seeds(work, vault, locked)
    for member_id in sorted(locked):
        seeds.open(work, member_id, now)
    await seeds.save(work)
    return {member_id: seeds.show(member_id) for member_id in locked}


async def read_seed(connection: Any, member_id: UUID) -> FairSeed | None:
    """What the member may know of the current epoch; None for who has none yet."""
    rows = [read_epoch(row) for row in await store.load_unrevealed(connection, [member_id])]
    if not rows:
        return None
    current, following = rows
    return rules.show_seed(current, following)


async def _open(work: Work, commands: Sequence[SetClientSeed] | Sequence[RevealSeed], vault: Vault) -> _Open:
    locked = await members.lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    return _Open(locked, requests, await open_seeds(work, vault, locked), Timeline())
