"""The welcome: tickets and starter coupons, once per person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Note, open_ledger
from loyalty.ledger.rules import Currency, LotKey, Provenance
from loyalty.members import actions as members
from loyalty.sheets.actions import moment_of, open_sheets
from loyalty.timeline.actions import Timeline
from loyalty.work import Work
from rewards.coupons import facts
from rewards.coupons.actions.issuing import open_issues, pause_targets
from rewards.coupons.actions.publishing import find_offers
from rewards.coupons.rules.welcome import parse_welcome
from rewards.coupons.store import offers as store


@dataclass(frozen=True, slots=True)
class Welcome:
    """A new member, and a keyed hash of who that is (`loyalty.members.rules.person_hash`)."""

    member_id: UUID
    person_hash: bytes
    now: datetime


@dataclass(frozen=True, slots=True)
class Welcomed:
    """What the member got; nothing where the person was welcomed before, under whatever account."""

    member_id: UUID
    tickets: int
    coupon_ids: tuple[UUID, ...]


async def welcome(work: Work, commands: Sequence[Welcome]) -> list[Welcomed]:
    """Gives each person the grants of the sheet `welcome.current`, once; a paused or sold-out offer is left out.

    Takes the members' locks, waits for whoever welcomes the same person, then locks offers with a total limit. Members
    that do not exist get nothing. Without the sheet nobody does, and the person stays to be welcomed.
    """
    locked = await members.lock(work, [command.member_id for command in commands])
    opened = await open_sheets(work.connection, moment_of(commands))
    season = await opened.season(work.connection)
    sheet = await opened.get(work.connection, "welcome", "current", parse_welcome)
    fit = [command for command in commands if command.member_id in locked] if sheet else []
    # Of several accounts of one person the first counts, and when that one came.
    chosen = {each.person_hash: each for each in reversed(fit)}
    fresh = await store.insert_welcomed(work, sorted((each.person_hash, each.now) for each in chosen.values()))
    ids = await find_offers(work.connection, sheet.offers if sheet else [])
    chosen = {person: each for person, each in chosen.items() if person in fresh}
    asks = [(each.member_id, offer_id, season.day(each.now)) for each in chosen.values() for offer_id in ids.values()]
    issues = await open_issues(work, season, asks)
    ledger, timeline = await open_ledger(work, sorted(locked)), Timeline()
    answers = []
    for command in commands:
        if sheet is None or chosen.get(command.person_hash) is not command:
            answers.append(Welcomed(command.member_id, 0, ()))
            continue
        if sheet.tickets:
            lot = LotKey(Provenance.FREE, season.day(command.now) + timedelta(days=sheet.tickets_days - 1))
            note = Note(ledgers.ISSUE_WELCOME, "welcome", None, command.now)
            ledger.credit(work, command.member_id, Currency.TICKETS, sheet.tickets, lot, note)
        given = []
        for slug, offer_id in sorted(ids.items()):
            row, _ = issues.offer(offer_id)
            if not row.sold_out and not any(target in opened.pauses for target in pause_targets(offer_id, slug)):
                issued = issues.issue(work, timeline, command.member_id, offer_id, facts.COUPON_ISSUED, command.now)
                given.append(issued.coupon_id)
        timeline.record(work, command.member_id, facts.WELCOMED, command.now, {"tickets": sheet.tickets})
        answers.append(Welcomed(command.member_id, sheet.tickets, tuple(given)))
    await issues.save(work)
    await ledger.save(work)
    await timeline.save(work)
    return answers
