"""The catalogue: a member picks a thing that a store has, its stamps are held, and the till will take the cash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from loyalty.ledger.actions import CLEARING_PICK, Note, open_ledger
from loyalty.ledger.rules import Currency
from loyalty.members import actions as members
from loyalty.members.rules import refuse_unfit
from loyalty.refusals import Refused
from loyalty.requests.actions import open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import moment_of, open_sheets
from loyalty.timeline.actions import Timeline
from loyalty.work import Work
from rewards.prizes import facts
from rewards.prizes.actions.book import open_book
from rewards.prizes.actions.things import find_thing
from rewards.prizes.rules.codes import CODES, write_code
from rewards.prizes.rules.lives import PrizeState, Source, Won
from rewards.prizes.rules.things import Delivery
from rewards.prizes.store import prizes as store
from rewards.refusals import RewardsCode, RewardsRefused


@dataclass(frozen=True, slots=True)
class PickThing:
    """A member wants one of a thing at a store that has it."""

    request: RequestKey
    member_id: UUID
    thing: str
    store_id: UUID
    now: datetime


@dataclass(frozen=True, slots=True)
class ThingPicked:
    """What was set aside, until when the till may be paid, and how much."""

    member_id: UUID
    prize_id: UUID
    stamps: int
    cash_minor: int
    due_at: datetime


async def pick_things(work: Work, commands: Sequence[PickThing]) -> list[ThingPicked | Refused]:
    """Holds stamps and sets one aside at the store, READY for the till until its time is over.

    Takes the members' locks, then those of the stores' stock. Refuses THING_NOT_FOUND, PICK_LIMIT, STORE_STOCK_OUT,
    NOT_ENOUGH, PAUSED, MEMBER_NOT_FOUND, MEMBER_SUSPENDED, MEMBER_ERASED, REQUEST_ID_REUSED.
    """
    connection = work.connection
    locked = await members.lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    opened = await open_sheets(connection, moment_of(commands))
    season = await opened.season(connection)
    things = {slug: await find_thing(connection, opened, slug) for slug in sorted({each.thing for each in commands})}
    picks = await store.count_open_picks(connection, sorted(locked))
    ledger, timeline = await open_ledger(work, sorted(locked)), Timeline()
    book = await open_book(work, [], stock=[(each.thing, each.store_id) for each in commands])

    def decide(command: PickThing) -> ThingPicked:
        member = refuse_unfit(locked.get(command.member_id))
        opened.refuse_paused("catalogue", f"thing:{command.thing}")
        found = things[command.thing]
        if found is None or found[1].pick is None:
            raise RewardsRefused(RewardsCode.THING_NOT_FOUND)
        (version, thing), terms, key = found, found[1].pick, (member.id, command.thing)
        if picks.get(key, 0) >= terms.open_most:
            raise RewardsRefused(RewardsCode.PICK_LIMIT, limit=terms.open_most)
        book.check_stock(command.thing, command.store_id)
        prize_id = work.mint(command.now)
        note = Note(CLEARING_PICK, "pick", prize_id, command.now)
        held = ledger.spend(work, member.id, Currency.STAMPS, terms.stamps, season.day(command.now), note)
        book.reserve(command.thing, command.store_id)
        picks[key] = picks.get(key, 0) + 1
        due_at = command.now + timedelta(hours=terms.hours)
        book.add(Won(
            member.id, prize_id, Source.PICK, command.thing, version, "", write_code(work.dice.below(CODES)),
            PrizeState.READY, thing.value_minor, False, command.now, command.now, due_at, Delivery.STORE,
            command.store_id, stamps=terms.stamps, cash_minor=terms.cash_minor, transfer_id=held.id,
            claimed_at=command.now, ready_at=command.now,
        ))  # fmt: skip
        timeline.record(
            work, member.id, facts.THING_PICKED, command.now,
            {"prize": str(prize_id), "thing": command.thing, "stamps": terms.stamps, "cash_minor": terms.cash_minor},
            command.request.id,
        )  # fmt: skip
        return ThingPicked(member.id, prize_id, terms.stamps, terms.cash_minor, due_at)

    answers = requests.answer(commands, ThingPicked, "pickThing", decide, lambda command: command.member_id)
    await book.save(work)
    await ledger.save(work)
    await timeline.save(work)
    await requests.save(work)
    return answers
