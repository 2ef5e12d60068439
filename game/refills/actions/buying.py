"""`refillEnergy`: energy for diamonds, each refill of a member's day at twice the price of the last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from game.board.actions import load_content, open_boards
from game.board.rules import moves
from game.board.rules.dials import RefillDials
from game.checkin.actions import Days, open_days
from game.refills import facts, store
from game.refills.actions.reading import read_last
from game.refills.rules import Bought, check_taken, make_offer
from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note, open_ledger
from loyalty.ledger.rules import Currency
from loyalty.members import actions as members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.refusals import Refused
from loyalty.requests.actions import open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import Sheets, moment_of, open_sheets
from loyalty.sheets.rules import Season
from loyalty.timeline.actions import Timeline
from loyalty.work import Work

PAUSE = "board"


@dataclass(frozen=True, slots=True)
class RefillEnergy:
    """A member pays diamonds, `most_diamonds` at most, for energy."""

    request: RequestKey
    member_id: UUID
    most_diamonds: int
    now: datetime


@dataclass(frozen=True, slots=True)
class EnergyRefilled:
    """The number of the refill on the member's business day, what was paid, and what it gave."""

    member_id: UUID
    day: date
    number: int
    diamonds: int
    energy: int


@dataclass(slots=True)
class _Books:
    """Everything that a batch of refills opens before it is known who gets one."""

    members: dict[UUID, Member]
    sheets: Sheets
    season: Season
    dials: RefillDials
    days: Days
    last: dict[UUID, Bought]
    ledger: Ledger
    timeline: Timeline
    rows: list[tuple[UUID, date, int, int, int, datetime]]


async def refill_energy(work: Work, commands: Sequence[RefillEnergy]) -> list[EnergyRefilled | Refused]:
    """`refillEnergy`: takes the diamonds and puts the energy on the board, above the cap if need be.

    Takes the members' locks; opens the boards of those alone who get one. Refuses REFILLS_USED_UP, PRICE_CHANGED,
    NOT_ENOUGH, PAUSED, SEASON_OVER, REQUEST_ID_REUSED and what `refuse_unfit` refuses.
    """
    locked = await members.lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    sheets = await open_sheets(work.connection, moment_of(commands))
    books = _Books(
        members=locked,
        sheets=sheets,
        season=await sheets.season(work.connection),
        dials=(await load_content(sheets, work.connection)).layout.refill,
        days=await open_days(work.connection, sheets, sorted(locked)),
        last=await read_last(work.connection, sorted(locked)),
        ledger=await open_ledger(work, sorted(locked)),
        timeline=Timeline(),
        rows=[],
    )
    answers = requests.answer(
        commands, EnergyRefilled, "refillEnergy", lambda command: _buy(work, books, command),
        lambda command: command.member_id,
    )  # fmt: skip
    if books.rows:
        boards = await open_boards(work, sheets, books.timeline, [(row[0], row[-1]) for row in books.rows])
        for member_id, _, _, _, energy, now in books.rows:
            opened = boards.board(member_id)
            moves.give_energy(opened.board, energy, opened.moment(now))
            opened.dirty = True
            opened.settle_revision(now)
        await boards.save(work)
        await store.insert_refills(work, books.rows)
    await books.ledger.save(work)
    await books.timeline.save(work)
    await requests.save(work)
    return answers


def _buy(work: Work, books: _Books, command: RefillEnergy) -> EnergyRefilled:
    member = refuse_unfit(books.members.get(command.member_id))
    books.sheets.refuse_paused(PAUSE)
    books.season.refuse_over(None, command.now)
    last = books.last.get(member.id)
    day, resets_at = books.days.at(member, command.now, least=last.day if last else None)
    offer = make_offer(books.dials, day, last, resets_at)
    check_taken(offer, command.most_diamonds, books.dials.most_per_day)
    note = Note(ledgers.SINK_ENERGY, "refill", None, command.now)
    today = books.season.day(command.now)
    books.ledger.spend(work, member.id, Currency.DIAMONDS, offer.diamonds, today, note)
    books.last[member.id] = Bought(day, offer.number)
    books.rows.append((member.id, day, offer.number, offer.diamonds, offer.energy, command.now))
    told: dict[str, Any] = {
        "day": day.isoformat(), "number": offer.number, "diamonds": offer.diamonds, "energy": offer.energy,
    }  # fmt: skip
    books.timeline.record(work, member.id, facts.ENERGY_REFILLED, command.now, told, command.request.id)
    return EnergyRefilled(member.id, day, offer.number, offer.diamonds, offer.energy)
