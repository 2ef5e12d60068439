"""Recording receipts: a till's hot action, and the import's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from loyalty.grants.actions import Grants
from loyalty.grants.rules import GrantKind
from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note
from loyalty.ledger.rules import Currency, LotKey, Provenance, points_expire_on
from loyalty.members import actions as members
from loyalty.members.rules import IdentityKind, Member, is_card_number, refuse_unfit
from loyalty.receipts import facts, rules, store
from loyalty.receipts.actions.stores import Store, load_stores
from loyalty.receipts.rules import Earned, Earning, Line, parse_earning
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.requests.actions import Requests, open_requests
from loyalty.requests.rules import RequestKey, fingerprint
from loyalty.sheets.actions import Sheets, moment_of, open_sheets
from loyalty.sheets.rules import Season
from loyalty.tiers.actions import LADDER, Tiers, open_tiers
from loyalty.timeline.actions import Timeline
from loyalty.work import Work


@dataclass(frozen=True, slots=True)
class RecordReceipt:
    """A store's receipt of a member's purchase, with what was paid for each line."""

    request: RequestKey
    store_id: UUID
    card_no: str
    receipt_no: str
    bought_at: datetime
    currency: str
    lines: tuple[Line, ...]
    now: datetime

    def content_hash(self) -> bytes:
        """SHA-256 of what makes the receipt: two that differ in it are not the same receipt."""
        return fingerprint(
            "receipt",
            {
                "card": self.card_no,
                "bought_at": self.bought_at,
                "currency": self.currency,
                "lines": sorted(self.lines, key=lambda line: line.line_no),
            },
        )


@dataclass(frozen=True, slots=True)
class ReceiptRecorded:
    """What the receipt earned, and the tier after it."""

    member_id: UUID
    receipt_id: UUID
    points: int
    stamps: int
    tickets: int
    tier: str


@dataclass(slots=True)
class _Books:
    """Everything that one batch of receipts has open."""

    members: dict[UUID, Member]
    cards: dict[str, UUID]
    requests: Requests
    sheets: Sheets
    season: Season
    earnings: dict[str, Earning]
    stores: dict[UUID, Store]
    known: dict[tuple[UUID, str], tuple[bytes, ReceiptRecorded]]
    visits: set[tuple[UUID, date]]
    tiers: Tiers
    ledger: Ledger
    grants: Grants
    timeline: Timeline
    receipts: list[tuple[Any, ...]]
    lines: list[tuple[Any, ...]]


async def record_receipts(work: Work, commands: Sequence[RecordReceipt]) -> list[ReceiptRecorded | Refused]:
    """Records receipts and what they earn: points, stamps, tier, and once a day a visit's energy and ticket.

    A receipt that is there already with the same content gives its first result. Takes the members' locks. Refuses
    MEMBER_NOT_FOUND, MEMBER_SUSPENDED, INVALID_INPUT, RECEIPT_MISMATCH, NO_EARNING_SHEET, PAUSED, AMOUNT_OUT_OF_RANGE,
    REQUEST_ID_REUSED.
    """
    books = await _open(work, commands)
    answers = books.requests.answer(
        commands,
        ReceiptRecorded,
        "recordReceipt",
        lambda command: _record(work, books, command),
        lambda command: books.cards.get(command.card_no),
    )
    await _save(work, books)
    return answers


async def _open(work: Work, commands: Sequence[RecordReceipt]) -> _Books:
    connection = work.connection
    scanned = [command.card_no for command in commands if is_card_number(command.card_no)]
    cards = await members.find_members(connection, IdentityKind.CARD, scanned)
    locked = await members.lock(work, cards.values())
    requests = await open_requests(work, [command.request for command in commands])
    sheets = await open_sheets(connection, moment_of(commands))
    season = await sheets.season(connection)
    ladder = await sheets.get(connection, *LADDER)
    assert ladder is not None, "no ladder sheet: run `main.py season seed` first"
    stores = await load_stores(connection, [command.store_id for command in commands])
    earnings = {
        currency: earning
        for currency in {command.currency for command in commands}
        if (earning := await sheets.get(connection, "earning", currency, parse_earning)) is not None
    }
    asked = [
        (cards[command.card_no], max(season.day(command.now), day), day)
        for command in commands
        if command.card_no in cards
        and command.store_id in stores
        and rules.may_be_recorded(command.bought_at, command.now)
        for day in (rules.business_day(command.bought_at, stores[command.store_id].zone),)
    ]
    return _Books(
        members=locked,
        cards=cards,
        requests=requests,
        sheets=sheets,
        season=season,
        earnings=earnings,
        stores=stores,
        known=await _load_known(work, commands),
        visits=await store.load_visits(work, [each[0] for each in asked], [each[2] for each in asked]),
        tiers=await open_tiers(work, ladder, season, [(member_id, today) for member_id, today, _ in asked]),
        ledger=await ledgers.open_ledger(work, sorted(locked)),
        grants=Grants(),
        timeline=Timeline(),
        receipts=[],
        lines=[],
    )


async def _load_known(
    work: Work, commands: Sequence[RecordReceipt]
) -> dict[tuple[UUID, str], tuple[bytes, ReceiptRecorded]]:
    keys = [(command.store_id, command.receipt_no) for command in commands if rules.is_number(command.receipt_no)]
    rows = await store.load_receipts(work.connection, [key[0] for key in keys], [key[1] for key in keys])
    return {
        (row["store_id"], row["receipt_no"]): (
            row["content_hash"],
            ReceiptRecorded(row["member_id"], row["id"], row["points"], row["stamps"], row["tickets"], row["tier"]),
        )
        for row in rows
    }


def _record(work: Work, books: _Books, command: RecordReceipt) -> ReceiptRecorded:
    rules.check_number("receiptNo", command.receipt_no)
    rules.check_lines(command.lines)
    known = books.known.get((command.store_id, command.receipt_no))
    content = command.content_hash()
    if known is not None:
        if known[0] != content:
            raise LoyaltyRefused(LoyaltyCode.RECEIPT_MISMATCH, receipt_no=command.receipt_no)
        return known[1]
    found = books.cards.get(command.card_no)
    member = refuse_unfit(books.members.get(found) if found else None)
    earning = books.earnings.get(command.currency)
    if earning is None:
        raise LoyaltyRefused(LoyaltyCode.NO_EARNING_SHEET, currency=command.currency)
    books.sheets.refuse_paused("earning", f"earning:{command.currency}")
    rules.check_bought_at(command.bought_at, command.now, earning.late_days)
    day = rules.business_day(command.bought_at, books.stores[command.store_id].zone)
    tier = books.tiers.tier(member.id, command.now)
    earned = rules.earn(earning, command.lines, tier.multiplier_percent, day)
    receipt_id = work.mint(command.now)
    visit = earned.visit and (member.id, day) not in books.visits
    tickets = earning.visit_tickets if visit else 0
    expiry = _Expiry.of(books.season, earning, books.season.day(command.bought_at))
    _credit(work, books, command, member.id, receipt_id, earned, tickets, expiry)
    if visit:
        books.visits.add((member.id, day))
        if earning.visit_energy:
            source = f"receipt:{receipt_id}"
            books.grants.give(work, member.id, GrantKind.ENERGY, earning.visit_energy, source, command.now)
    after = books.tiers.qualify(work, books.timeline, member.id, earned.credits, day, command.now)
    result = ReceiptRecorded(member.id, receipt_id, earned.points, earned.stamps, tickets, after.code)
    books.known[command.store_id, command.receipt_no] = (content, result)
    total = sum(line.amount_minor for line in command.lines)
    version = books.sheets.heads["earning", command.currency].version
    books.receipts.append((
        member.id, receipt_id, command.store_id, command.receipt_no, command.bought_at, day, command.currency, total,
        content, earned.points, earned.stamps, earned.credits, tickets, after.code, tier.multiplier_percent, version,
        expiry.points, expiry.stamps, visit, 0, 0, 0, command.now,
    ))  # fmt: skip
    books.lines.extend(
        (
            member.id, receipt_id, line.line_no, line.sku, line.name, line.brand, line.category, line.quantity,
            line.amount_minor, weight,
        )
        for line, weight in zip(command.lines, earned.weights, strict=True)
    )  # fmt: skip
    books.timeline.record(
        work, member.id, facts.RECEIPT_RECORDED, command.now,
        {
            "receipt": str(receipt_id), "store": books.stores[command.store_id].code, "day": day.isoformat(),
            "currency": command.currency, "total_minor": total, "points": earned.points, "stamps": earned.stamps,
        },
        command.request.id,
    )  # fmt: skip
    return result


@dataclass(frozen=True, slots=True)
class _Expiry:
    """The last days of what a receipt earns."""

    points: date
    stamps: date
    tickets: date

    @classmethod
    def of(cls, season: Season, earning: Earning, earned_on: date) -> _Expiry:
        return cls(
            points_expire_on(earned_on, season.points_expiry_months),
            points_expire_on(earned_on, earning.stamps_expiry_months),
            points_expire_on(earned_on, earning.tickets_expiry_months),
        )


def _credit(
    work: Work, books: _Books, command: RecordReceipt, member_id: UUID, receipt_id: UUID, earned: Earned, tickets: int,
    expiry: _Expiry,
) -> None:  # fmt: skip
    note = Note(ledgers.ISSUE_RECEIPT, "receipt", receipt_id, command.now)
    credits = (
        (Currency.POINTS, earned.points, LotKey(Provenance.PURCHASE, expiry.points)),
        (Currency.STAMPS, earned.stamps, LotKey(Provenance.PURCHASE, expiry.stamps)),
        (Currency.TICKETS, tickets, LotKey(Provenance.FREE, expiry.tickets)),
    )
    for currency, amount, _ in credits:
        books.ledger.check_room(member_id, currency, amount)
    for currency, amount, lot in credits:
        if amount:
            books.ledger.credit(work, member_id, currency, amount, lot, note)


async def _save(work: Work, books: _Books) -> None:
    if books.receipts:
        await store.insert_directory(work, [(row[2], row[3], row[0], row[1]) for row in books.receipts])
        await store.insert_receipts(work, books.receipts)
        await store.insert_lines(work, books.lines)
    await books.tiers.save(work)
    await books.ledger.save(work)
    await books.grants.save(work)
    await books.timeline.save(work)
    await books.requests.save(work)
