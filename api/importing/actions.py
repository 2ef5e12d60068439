"""One import on one database: where it begins, and its batches through the action that tills use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api.importing import store
from api.importing.rules import (
    CHANNEL,
    CURRENCY,
    LOCALE,
    SOURCE,
    ZONE,
    Basket,
    Progress,
    household_subject,
    store_code,
)
from loyalty.members import actions as members
from loyalty.members.actions import NewMember
from loyalty.members.rules import IdentityKind
from loyalty.receipts import actions as receipts
from loyalty.receipts.actions import ReceiptRecorded, RecordReceipt, Store
from loyalty.refusals import LoyaltyCode, Refused
from loyalty.requests.rules import RequestKey
from loyalty.work import Work

# A member may have been suspended or erased since he was imported; his baskets are passed over and counted.
_UNFIT = frozenset({LoyaltyCode.MEMBER_SUSPENDED, LoyaltyCode.MEMBER_ERASED, LoyaltyCode.MEMBER_NOT_FOUND})


class ImportStopped(Exception):
    """Something that the import must not pass over; the batch is rolled back, the text says what to do."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Baskets [start, stop) in the order of time."""

    start: int
    stop: int
    baskets: Sequence[Basket]


@dataclass(frozen=True, slots=True)
class Imported:
    """What a batch came to. `cards`: of the members that it made; `fresh`: receipts that were not there before."""

    receipts: int
    fresh: int
    skipped: int
    points: int
    stamps: int
    tickets: int
    cards: dict[int, str]


BatchAction = Callable[[Work, Sequence[Batch]], Awaitable[Sequence["Imported | Refused"]]]


@dataclass(slots=True)
class Directory:
    """Whom and what the baskets' numbers stand for, kept over the batches: shops, and each household's card."""

    stores: dict[int, UUID]
    cards: dict[int, str]


async def load_progress(connection: Any) -> Progress | None:
    """How far the import has come; None before its first run."""
    row = await store.load_import(connection, SOURCE)
    return Progress(**dict(row)) if row else None


async def begin(work: Work, stores: Sequence[int], baskets_total: int, shift_days: int, now: datetime) -> Progress:
    """Makes the shops and remembers the shift, once; a later run finds what the first one decided."""
    await receipts.create_stores(
        work,
        [Store(work.mint(now), store_code(number), f"Shop {number}", ZONE, CURRENCY, CHANNEL) for number in stores],
    )
    await store.insert_import(work, SOURCE, shift_days, baskets_total, now)
    progress = await load_progress(work.connection)
    assert progress is not None, "the import was begun"
    return progress


async def open_directory(connection: Any, stores: Sequence[int], households: Sequence[int]) -> Directory:
    """Finds the shops, and the cards of the households that are members already."""
    found = await receipts.find_stores(connection, [store_code(number) for number in stores])
    subjects = {household_subject(number): number for number in households}
    ids = await members.find_members(connection, IdentityKind.LEGACY, subjects)
    known = await members.load_members(connection, sorted(ids.values()))
    cards = {subjects[subject]: known[member_id].card_no for subject, member_id in ids.items()}
    return Directory(
        {number: found[store_code(number)] for number in stores},
        {number: card for number, card in cards.items() if card is not None},
    )


async def import_batch(work: Work, directory: Directory, progress: Progress, batch: Batch, now: datetime) -> Imported:
    """Records a batch and moves the progress with it: all or nothing. Takes the members' locks.

    A household becomes a member with its first basket, never again later: one who left stays away. Refuses with
    `ImportStopped` where a receipt is refused for another reason than its member's standing, or where another import
    moved on meanwhile.
    """
    new = [basket for basket in batch.baskets if basket.first and basket.household not in directory.cards]
    made = await _create_members(work, new, progress)
    imported = await _record(work, directory.stores, directory.cards | made, progress, batch)
    earned = (imported.points, imported.stamps, imported.tickets)
    if not await store.save_progress(work, SOURCE, (batch.start, batch.stop), imported.skipped, earned, now):
        raise ImportStopped("another import is at work on this database: let it finish, or stop it and run this again")
    return Imported(
        imported.receipts, imported.fresh, imported.skipped, imported.points, imported.stamps, imported.tickets, made
    )  # fmt: skip


async def repeat_batch(work: Work, directory: Directory, progress: Progress, batch: Batch) -> Imported:
    """Sends a batch that is in once more: each basket gives its first result. `fresh` must come out 0."""
    keys = [(directory.stores[basket.store], basket.number) for basket in batch.baskets]
    known = len(await receipts.find_receipts(work.connection, keys))
    done = await _record(work, directory.stores, directory.cards, progress, batch)
    fresh = max(0, done.receipts - known)
    return Imported(done.receipts, fresh, done.skipped, done.points, done.stamps, done.tickets, {})


async def _create_members(work: Work, baskets: Sequence[Basket], progress: Progress) -> dict[int, str]:
    new = {
        household_subject(basket.household): NewMember(
            IdentityKind.LEGACY, household_subject(basket.household), basket.at + progress.shift,
            locale=LOCALE, timezone=ZONE,
        )
        for basket in baskets
    }  # fmt: skip
    if not new:
        return {}
    ids = await members.create_members(work, list(new.values()))
    made = await members.load_members(work.connection, sorted(ids.values()))
    households = {household_subject(basket.household): basket.household for basket in baskets}
    cards = {households[subject]: made[member_id].card_no for subject, member_id in ids.items()}
    return {household: card for household, card in cards.items() if card is not None}


async def _record(
    work: Work, stores: dict[int, UUID], cards: dict[int, str], progress: Progress, batch: Batch
) -> Imported:
    there = [basket for basket in batch.baskets if basket.household in cards]
    commands = [_command(basket, stores[basket.store], cards[basket.household], progress) for basket in there]
    answers = await receipts.record_receipts(work, commands) if commands else []
    recorded: list[ReceiptRecorded] = []
    skipped = len(batch.baskets) - len(there)
    for basket, answer in zip(there, answers, strict=True):
        if not isinstance(answer, Refused):
            recorded.append(answer)
        elif answer.code in _UNFIT:
            skipped += 1
        else:
            facts = "".join(f", {name} {value}" for name, value in answer.facts.items())
            raise ImportStopped(f"basket {basket.number} was refused: {answer.code.value}{facts}")
    return Imported(
        len(recorded),
        len(recorded),
        skipped,
        sum(each.points for each in recorded),
        sum(each.stamps for each in recorded),
        sum(each.tickets for each in recorded),
        {},
    )


def _command(basket: Basket, store_id: UUID, card_no: str, progress: Progress) -> RecordReceipt:
    at = basket.at + progress.shift
    return RecordReceipt(
        RequestKey(store_id, basket.request_id, basket.content_hash()),
        store_id, card_no, basket.number, at, CURRENCY, basket.lines, at,
    )  # fmt: skip
