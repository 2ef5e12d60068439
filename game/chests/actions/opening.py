"""Queueing, hurrying and opening chests."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from game.chests import facts
from game.chests.actions.book import Shelves, open_shelves
from game.chests.rules import rolling, timers
from game.chests.rules.content import ChestPrize, credits_of, gifts_of
from game.refusals import GameCode, GameRefused
from loyalty.grants.actions import Grants
from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note, open_ledger
from loyalty.ledger.rules import Currency
from loyalty.members import actions as members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.refusals import Refused
from loyalty.requests.actions import Requests, open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import Sheets, moment_of, open_sheets
from loyalty.sheets.rules import Season
from loyalty.timeline.actions import Timeline
from loyalty.work import Work
from rewards.fairness.actions import Seeds, open_seeds
from rewards.fairness.rules import SetBy, Vault

PAUSE = "chests"
SOURCE = "chest"


@dataclass(frozen=True, slots=True)
class QueueChest:
    """A member sets the timer of the chest that order `number` earned."""

    request: RequestKey
    member_id: UUID
    number: int
    now: datetime


@dataclass(frozen=True, slots=True)
class HurryChest:
    """A member pays diamonds, `most_diamonds` at most, to have a queued chest ready now."""

    request: RequestKey
    member_id: UUID
    number: int
    most_diamonds: int
    now: datetime


@dataclass(frozen=True, slots=True)
class OpenChest:
    """A member opens a chest whose time is over."""

    request: RequestKey
    member_id: UUID
    number: int
    now: datetime


@dataclass(frozen=True, slots=True)
class ChestQueued:
    """From when until when the timer runs."""

    member_id: UUID
    number: int
    starts_at: datetime
    opens_at: datetime


@dataclass(frozen=True, slots=True)
class ChestHurried:
    """What was paid."""

    member_id: UUID
    number: int
    diamonds: int


@dataclass(frozen=True, slots=True)
class Drop:
    """One thing that a chest held."""

    prize: ChestPrize
    amount: int


@dataclass(frozen=True, slots=True)
class ChestOpened:
    """What the chest held, drop by drop."""

    member_id: UUID
    number: int
    kind: str
    version: int
    drops: tuple[Drop, ...]


Command = QueueChest | HurryChest | OpenChest


@dataclass(slots=True)
class _Books:
    """Everything that a batch opens."""

    members: dict[UUID, Member]
    requests: Requests
    sheets: Sheets
    season: Season
    shelves: Shelves
    ledger: Ledger
    grants: Grants
    timeline: Timeline

    async def save(self, work: Work) -> None:
        await self.shelves.save(work)
        await self.ledger.save(work)
        await self.grants.save(work)
        await self.timeline.save(work)
        await self.requests.save(work)

    def member(self, member_id: UUID) -> Member:
        """Refuses what `refuse_unfit` refuses, and PAUSED."""
        member = refuse_unfit(self.members.get(member_id))
        self.sheets.refuse_paused(PAUSE)
        return member


async def queue_chests(work: Work, commands: Sequence[QueueChest]) -> list[ChestQueued | Refused]:
    """`queueChest`: sets the timer, which runs at once where a slot is free, else after those before it.

    Takes the members' locks. Refuses CHEST_NOT_FOUND, CHEST_OPENED, CHEST_ALREADY_QUEUED, CHEST_QUEUE_FULL, PAUSED,
    REQUEST_ID_REUSED and what `refuse_unfit` refuses.
    """
    books = await _open(work, commands)

    def decide(command: QueueChest) -> ChestQueued:
        member, sheet = books.member(command.member_id), books.shelves.sheet
        shelf = books.shelves.shelf(member.id)
        after = timers.queue(shelf, command.number, command.now, slots=sheet.slots, queued=sheet.queue)
        books.shelves.put(member.id, after)
        chest = after[command.number]
        assert chest.starts_at is not None
        assert chest.opens_at is not None
        told: dict[str, Any] = {"chest": chest.number, "kind": chest.kind, "opens_at": chest.opens_at.isoformat()}
        books.timeline.record(work, member.id, facts.CHEST_QUEUED, command.now, told, command.request.id)
        return ChestQueued(member.id, chest.number, chest.starts_at, chest.opens_at)

    answers = books.requests.answer(commands, ChestQueued, "queueChest", decide, lambda each: each.member_id)
    await books.save(work)
    return answers


async def hurry_chests(work: Work, commands: Sequence[HurryChest]) -> list[ChestHurried | Refused]:
    """`hurryChest`: the chest is ready now, and those behind it move up.

    Takes the members' locks. Refuses CHEST_NOT_FOUND, CHEST_OPENED, CHEST_NOT_QUEUED, CHEST_READY, CHEST_PRICE_ROSE,
    NOT_ENOUGH, PAUSED, REQUEST_ID_REUSED and what `refuse_unfit` refuses.
    """
    books = await _open(work, commands)

    def decide(command: HurryChest) -> ChestHurried:
        member, sheet = books.member(command.member_id), books.shelves.sheet
        shelf = books.shelves.shelf(member.id)
        chest = timers.check_hurried(shelf, command.number, command.now)
        cost = timers.price(chest, command.now, sheet.diamond_seconds)
        if cost > command.most_diamonds:
            raise GameRefused(GameCode.CHEST_PRICE_ROSE, chest=chest.number, diamonds=cost)
        after = timers.hurry(shelf, command.number, command.now, slots=sheet.slots)
        note = Note(ledgers.SINK_CHEST, SOURCE, None, command.now)
        books.ledger.spend(work, member.id, Currency.DIAMONDS, cost, books.season.day(command.now), note)
        books.shelves.put(member.id, after)
        told: dict[str, Any] = {"chest": chest.number, "kind": chest.kind, "diamonds": cost}
        books.timeline.record(work, member.id, facts.CHEST_HURRIED, command.now, told, command.request.id)
        return ChestHurried(member.id, chest.number, cost)

    answers = books.requests.answer(commands, ChestHurried, "hurryChest", decide, lambda each: each.member_id)
    await books.save(work)
    return answers


async def open_chests(work: Work, commands: Sequence[OpenChest], *, vault: Vault) -> list[ChestOpened | Refused]:
    """`openChest`: gives what the member's seeds say; diamonds and tickets at once, energy and goods as gifts.

    Takes the members' locks. Refuses CHEST_NOT_FOUND, CHEST_OPENED, CHEST_NOT_QUEUED, CHEST_LOCKED,
    AMOUNT_OUT_OF_RANGE, PAUSED, REQUEST_ID_REUSED and what `refuse_unfit` refuses.
    """
    books = await _open(work, commands)
    seeds = await open_seeds(work, vault, sorted(books.members))
    answers = books.requests.answer(
        commands, ChestOpened, "openChest", lambda command: _open_one(work, books, seeds, command),
        lambda each: each.member_id,
    )  # fmt: skip
    await seeds.save(work)
    await books.save(work)
    return answers


def _open_one(work: Work, books: _Books, seeds: Seeds, command: OpenChest) -> ChestOpened:
    member = books.member(command.member_id)
    shelf = books.shelves.shelf(member.id)
    chest = timers.check_open(shelf, command.number, command.now)
    epoch = seeds.open(work, member.id, command.now)
    assert epoch.client_seed is not None
    assert epoch.set_by is not None
    place = rolling.place_of(chest.kind, chest.version, member.id, epoch.client_seed, chest.number)
    filled = rolling.fill(books.shelves.kind(chest), seeds.roller(member.id, place))
    drops = tuple(Drop(content.prize, content.amount) for _, content in filled)
    _pay(work, books, member.id, drops, command.now)
    books.shelves.put(member.id, {**shelf, chest.number: replace(chest, opened_at=command.now)})
    kept = [[content.prize.value, content.amount, roll.value, roll.block] for roll, content in filled]
    set_by: SetBy = epoch.set_by
    books.shelves.record_opening((
        member.id, chest.number, chest.kind, chest.version, epoch.epoch, epoch.client_seed, set_by.value,
        json.dumps(kept, separators=(",", ":")), command.now,
    ))  # fmt: skip
    told: dict[str, Any] = {
        "chest": chest.number,
        "kind": chest.kind,
        "drops": [[each.prize.value, each.amount] for each in drops],
    }
    books.timeline.record(work, member.id, facts.CHEST_OPENED, command.now, told, command.request.id)
    return ChestOpened(member.id, chest.number, chest.kind, chest.version, drops)


def _pay(work: Work, books: _Books, member_id: UUID, drops: Sequence[Drop], now: datetime) -> None:
    """Gives everything, once it is known that wallets can hold it."""
    sums: Counter[ChestPrize] = Counter()
    for drop in drops:
        sums[drop.prize] += drop.amount
    credits = credits_of(sums, books.shelves.sheet, books.season.day(now))
    for currency, _, amount in credits:
        books.ledger.check_room(member_id, currency, amount)
    for currency, lot, amount in credits:
        books.ledger.credit(work, member_id, currency, amount, lot, Note(ledgers.ISSUE_CHEST, SOURCE, None, now))
    for kind, amount in gifts_of(sums):
        books.grants.give(work, member_id, kind, amount, SOURCE, now)


async def _open(work: Work, commands: Sequence[Command]) -> _Books:
    locked = await members.lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    sheets = await open_sheets(work.connection, moment_of(commands))
    named = [(command.member_id, command.number) for command in commands if command.member_id in locked]
    return _Books(
        members=locked,
        requests=requests,
        sheets=sheets,
        season=await sheets.season(work.connection),
        shelves=await open_shelves(work, sheets, locked, named),
        ledger=await open_ledger(work, sorted(locked)),
        grants=Grants(),
        timeline=Timeline(),
    )
