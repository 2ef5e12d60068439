"""A winner claims: by post or at a store, with the identity that the tax office asks for where it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from loyalty.members import actions as members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.refusals import Refused
from loyalty.requests.actions import Requests, open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import moment_of, open_sheets
from loyalty.sheets.rules import Season
from loyalty.timeline.actions import Facts, Timeline
from loyalty.work import Work
from rewards.fairness.rules import Vault
from rewards.prizes import facts
from rewards.prizes.actions.book import PrizeBook, open_book
from rewards.prizes.actions.papers import Drawer
from rewards.prizes.actions.things import Version, law_of, load_things
from rewards.prizes.rules import lives
from rewards.prizes.rules.law import Assessment, Law, assess
from rewards.prizes.rules.lives import PrizeState, Won
from rewards.prizes.rules.papers import Address, Identity, check_address, check_identity
from rewards.prizes.rules.things import Delivery, Thing, over_at
from rewards.refusals import RewardsCode, RewardsRefused


@dataclass(frozen=True, slots=True)
class ClaimPrize:
    """A member says where a prize goes: an address, or a store; and who he is, where the tax step needs it."""

    request: RequestKey
    member_id: UUID
    prize_id: UUID
    address: Address | None
    store_id: UUID | None
    identity: Identity | None
    now: datetime


@dataclass(frozen=True, slots=True)
class PrizeClaimed:
    """Where the prize stands now: CLAIMED, or held for the tax. It names no place and nobody."""

    member_id: UUID
    prize_id: UUID
    state: PrizeState
    withheld_minor: int


@dataclass(slots=True)
class _Desk:
    """Everything that one batch of claims has open."""

    members: dict[UUID, Member]
    requests: Requests
    season: Season
    laws: dict[str, Law]
    things: dict[Version, Thing]
    book: PrizeBook
    drawer: Drawer
    timeline: Timeline = field(default_factory=Timeline)


async def claim_prizes(work: Work, commands: Sequence[ClaimPrize], *, vault: Vault) -> list[PrizeClaimed | Refused]:
    """WON becomes CLAIMED, or TAX_HOLD until the tax officer is content; at a store one is set aside for it.

    Takes the members' locks, then those of the stores' stock. Refuses PRIZE_NOT_FOUND, PRIZE_STATE, PRIZE_EXPIRED,
    PRIZE_FORFEITED, PRIZE_HANDED_OVER, DELIVERY_NOT_OFFERED, STORE_STOCK_OUT, IDENTITY_NEEDED, INVALID_INPUT,
    MEMBER_NOT_FOUND, MEMBER_SUSPENDED, MEMBER_ERASED, REQUEST_ID_REUSED.
    """
    desk = await _open(work, commands, vault)
    answers = desk.requests.answer(
        commands, PrizeClaimed, "claimPrize", lambda command: _claim(work, desk, command),
        lambda command: command.member_id,
    )  # fmt: skip
    await desk.book.save(work)
    await desk.drawer.save(work)
    await desk.timeline.save(work)
    await desk.requests.save(work)
    return answers


async def _open(work: Work, commands: Sequence[ClaimPrize], vault: Vault) -> _Desk:
    connection = work.connection
    locked = await members.lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    opened = await open_sheets(connection, moment_of(commands))
    stores = [(each.prize_id, each.store_id) for each in commands if each.store_id is not None]
    book = await open_book(work, [(each.member_id, each.prize_id) for each in commands], stores=stores)
    found = book.all()
    return _Desk(
        members=locked,
        requests=requests,
        season=await opened.season(connection),
        laws={name: await law_of(connection, opened, name) for name in sorted({each.law for each in found})},
        things=await load_things(connection, [(each.thing, each.version) for each in found]),
        book=book,
        drawer=Drawer(vault),
    )


def _claim(work: Work, desk: _Desk, command: ClaimPrize) -> PrizeClaimed:
    member = refuse_unfit(desk.members.get(command.member_id))
    won = desk.book.find(member.id, command.prize_id)
    lives.refuse_unless(won, command.now, PrizeState.WON)
    thing = desk.things[won.thing, won.version]
    delivery = Delivery.POST if command.store_id is None else Delivery.STORE
    lives.check_delivery(thing, delivery)
    if command.address is not None:
        check_address(command.address)
    today = desk.season.day(command.now)
    tax = _assess(desk, won, command.identity, today.year)
    if command.store_id is not None:
        desk.book.reserve(won.thing, command.store_id)
    until = over_at(today, thing.tax_days, desk.season.zone) if tax.held else None
    claimed = lives.claim(
        won, delivery, command.store_id, command.now, tax_year=today.year, held_until=until,
        withheld_minor=tax.withheld_minor,
    )  # fmt: skip
    desk.book.put(claimed)
    desk.book.count(claimed, today.year, 1)
    # What the tax office does not ask for is not kept.
    desk.drawer.keep(work, member.id, won.id, command.address, command.identity if tax.held else None)
    told: Facts = {"prize": str(won.id), "thing": won.thing, "delivery": delivery.value}
    kind = facts.PRIZE_HELD if tax.held else facts.PRIZE_CLAIMED
    desk.timeline.record(work, member.id, kind, command.now, told, command.request.id)
    return PrizeClaimed(member.id, won.id, claimed.state, claimed.withheld_minor)


def _assess(desk: _Desk, won: Won, identity: Identity | None, year: int) -> Assessment:
    """Refuses IDENTITY_NEEDED, INVALID_INPUT."""
    law, before = desk.laws[won.law], desk.book.year(won.member_id, year)
    resident = identity.resident if identity else True
    tax = assess(law, before, won.value_minor, taxed=won.taxed, resident=resident)
    if tax.held:
        if identity is None:
            raise RewardsRefused(RewardsCode.IDENTITY_NEEDED)
        check_identity(identity)
    return tax
