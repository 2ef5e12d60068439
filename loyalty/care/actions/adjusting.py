"""Corrections of wallets: by one operator up to a limit, by two above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.care import facts, store
from loyalty.care.rules import (
    A_DAY,
    NOTHING_ALONE,
    SHEET,
    Adjustment,
    AdjustmentState,
    Limits,
    check_alone,
    parse_limits,
)
from loyalty.ledger.actions import ISSUE_ADJUST, SINK_ADJUST, Ledger, Note, Transfer, open_ledger
from loyalty.ledger.rules import LIMIT, NEVER, Currency, LotKey, Provenance, check_reason, points_expire_on
from loyalty.members import actions as members
from loyalty.members.rules import refuse_unfit
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.requests.actions import open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import Sheets, moment_of, open_sheets, record
from loyalty.sheets.rules import Act, Season
from loyalty.timeline.actions import Facts, Timeline, sum_facts
from loyalty.work import Work


@dataclass(frozen=True, slots=True)
class AdjustWallet:
    """An operator gives (positive) or takes (negative) value, and says why."""

    request: RequestKey
    member_id: UUID
    currency: Currency
    amount: int
    reason: str
    now: datetime


@dataclass(frozen=True, slots=True)
class WalletAdjusted:
    """The transfer, and what the member can spend after it."""

    member_id: UUID
    transfer_id: UUID
    spendable: int


async def read_limits(connection: Any, sheets: Sheets) -> Limits:
    """The limits in force; where none were published, nobody does anything alone."""
    return await sheets.get(connection, *SHEET, parse_limits) or NOTHING_ALONE


async def adjust_wallets(work: Work, commands: Sequence[AdjustWallet]) -> list[WalletAdjusted | Refused]:
    """Corrects wallets by new transfers. What an operator gives is FREE and lasts as points earned now would.

    Takes the members' locks, then the operators'. Refuses INVALID_INPUT, MEMBER_NOT_FOUND, MEMBER_SUSPENDED,
    MEMBER_ERASED, NOT_ENOUGH, AMOUNT_OUT_OF_RANGE, ADJUSTMENT_NEEDS_TWO, REQUEST_ID_REUSED.
    """
    locked = await members.lock(work, [command.member_id for command in commands])
    operators = sorted({str(command.request.scope) for command in commands})
    await store.lock_operators(work, operators)
    requests = await open_requests(work, [command.request for command in commands])
    sheets = await open_sheets(work.connection, moment_of(commands))
    season, limits = await sheets.season(work.connection), await read_limits(work.connection, sheets)
    since = moment_of(commands) - A_DAY
    done = await sum_facts(
        work.connection, facts.WALLET_ADJUSTED.name, "amount", since,
        by=("operator", "currency"), of=operators, without="approver",
    )  # fmt: skip
    ledger = await open_ledger(work, sorted(locked))
    timeline = Timeline()

    def decide(command: AdjustWallet) -> WalletAdjusted:
        check_reason(command.reason)
        member = refuse_unfit(locked.get(command.member_id))
        _check_possible(ledger, season, command.member_id, command.currency, command.amount, command.now)
        whose = (str(command.request.scope), command.currency.value)
        check_alone(limits, command.currency, command.amount, done.get(whose, 0))
        done[whose] = done.get(whose, 0) + abs(command.amount)
        transfer = _post(
            work, ledger, season, member.id, command.currency, command.amount, command.request.scope, command.now
        )  # fmt: skip
        told: Facts = {
            "currency": command.currency, "amount": command.amount, "reason": command.reason.strip(),
            "operator": str(command.request.scope), "transfer": str(transfer.id),
        }  # fmt: skip
        timeline.record(work, member.id, facts.WALLET_ADJUSTED, command.now, told, command.request.id)
        spendable = ledger.spendable(member.id, command.currency, season.day(command.now))
        return WalletAdjusted(member.id, transfer.id, spendable)

    answers = requests.answer(commands, WalletAdjusted, "adjustWallet", decide, lambda command: command.member_id)
    await ledger.save(work)
    await timeline.save(work)
    await requests.save(work)
    return answers


async def propose_adjustment(
    work: Work, member_id: UUID, currency: Currency, amount: int, *, operator: UUID, reason: str, now: datetime
) -> Adjustment:
    """One operator's word for a correction of any size; nothing moves until another one agrees.

    Takes the member's lock. Refuses INVALID_INPUT, NOT_ENOUGH, AMOUNT_OUT_OF_RANGE and what `refuse_unfit` refuses.
    """
    check_reason(reason)
    refuse_unfit((await members.lock(work, [member_id])).get(member_id))
    season = await (await open_sheets(work.connection, now)).season(work.connection)
    _check_possible(await open_ledger(work, [member_id]), season, member_id, currency, amount, now)
    made = Adjustment(
        work.mint(now), member_id, currency, amount, reason.strip(), AdjustmentState.PROPOSED, operator, now
    )  # fmt: skip
    await store.insert_adjustment(work, made)
    await _record(work, made, Act.PROPOSED, operator, reason, now)
    return made


async def approve_adjustment(work: Work, adjustment_id: UUID, *, operator: UUID, now: datetime) -> Adjustment:
    """The second person's word: moves the value.

    Takes the member's lock, then the adjustment's: of two approvers one wins. Refuses ADJUSTMENT_NOT_FOUND,
    ADJUSTMENT_STATE, SHEET_OWN, NOT_ENOUGH, AMOUNT_OUT_OF_RANGE and what `refuse_unfit` refuses.
    """
    found = await _load(work, adjustment_id)
    member = (await members.lock(work, [found.member_id])).get(found.member_id)
    found = await _load(work, adjustment_id, lock=True)
    _refuse_decided(found)
    if operator == found.proposed_by:
        raise LoyaltyRefused(LoyaltyCode.SHEET_OWN)
    refuse_unfit(member)
    season = await (await open_sheets(work.connection, now)).season(work.connection)
    ledger, timeline = await open_ledger(work, [found.member_id]), Timeline()
    transfer = _post(work, ledger, season, found.member_id, found.currency, found.amount, found.proposed_by, now)
    timeline.record(
        work, found.member_id, facts.WALLET_ADJUSTED, now,
        {
            "currency": found.currency, "amount": found.amount, "reason": found.reason, "transfer": str(transfer.id),
            "operator": str(found.proposed_by), "approver": str(operator),
        },
    )  # fmt: skip
    await ledger.save(work)
    await timeline.save(work)
    await store.save_adjustment(work, found.id, AdjustmentState.DONE, operator, now, transfer.id)
    await _record(work, found, Act.APPROVED, operator, found.reason, now)
    return replace(
        found, state=AdjustmentState.DONE, decided_by=operator, decided_at=now, transfer_id=transfer.id
    )  # fmt: skip


async def withdraw_adjustment(
    work: Work, adjustment_id: UUID, *, operator: UUID, reason: str, now: datetime
) -> Adjustment:
    """Takes a proposal back, one's own or another's; nothing moved. Takes the adjustment's lock.

    Refuses INVALID_INPUT, ADJUSTMENT_NOT_FOUND, ADJUSTMENT_STATE.
    """
    check_reason(reason)
    found = await _load(work, adjustment_id, lock=True)
    _refuse_decided(found)
    await store.save_adjustment(work, found.id, AdjustmentState.WITHDRAWN, operator, now, None)
    await _record(work, found, Act.WITHDRAWN, operator, reason, now)
    return replace(found, state=AdjustmentState.WITHDRAWN, decided_by=operator, decided_at=now)


async def load_adjustments(
    connection: Any, *, limit: int, before: UUID | None = None, waiting: bool = False
) -> list[Adjustment]:
    """Adjustments by two, newest first, by keyset; `waiting`: those alone that nobody decided yet."""
    return [_read(row) for row in await store.load_adjustments(connection, limit, before, waiting=waiting)]


def _check_possible(
    ledger: Ledger, season: Season, member_id: UUID, currency: Currency, amount: int, now: datetime
) -> None:
    """Refuses NOT_ENOUGH and AMOUNT_OUT_OF_RANGE, whoever agrees."""
    if not 0 < abs(amount) <= LIMIT:
        raise LoyaltyRefused(LoyaltyCode.AMOUNT_OUT_OF_RANGE, limit=LIMIT)
    if amount >= 0:
        ledger.check_room(member_id, currency, amount)
    elif (available := ledger.spendable(member_id, currency, season.day(now))) < -amount:
        raise LoyaltyRefused(LoyaltyCode.NOT_ENOUGH, currency=currency.value, needed=-amount, available=available)


def _post(
    work: Work, ledger: Ledger, season: Season, member_id: UUID, currency: Currency, amount: int, operator: UUID,
    now: datetime,
) -> Transfer:  # fmt: skip
    today = season.day(now)
    if amount < 0:
        note = Note(SINK_ADJUST, "adjust", operator, now)
        return ledger.spend(work, member_id, currency, -amount, today, note)
    last_day = NEVER
    if currency is Currency.POINTS:
        last_day = points_expire_on(today, season.points_expiry_months)
    note = Note(ISSUE_ADJUST, "adjust", operator, now)
    return ledger.credit(work, member_id, currency, amount, LotKey(Provenance.FREE, last_day), note)


async def _load(work: Work, adjustment_id: UUID, *, lock: bool = False) -> Adjustment:
    row = await store.load_adjustment(work, adjustment_id, lock=lock)
    if row is None:
        raise LoyaltyRefused(LoyaltyCode.ADJUSTMENT_NOT_FOUND)
    return _read(row)


def _refuse_decided(found: Adjustment) -> None:
    if found.state is not AdjustmentState.PROPOSED:
        raise LoyaltyRefused(LoyaltyCode.ADJUSTMENT_STATE, state=found.state.value)


def _read(row: Any) -> Adjustment:
    return Adjustment(**{
        **dict(row), "currency": Currency(row["currency"]), "state": AdjustmentState(row["state"])
    })  # fmt: skip


async def _record(work: Work, made: Adjustment, act: Act, operator: UUID, reason: str, now: datetime) -> None:
    told = f"{made.amount} {made.currency.value}: {reason.strip()}"
    await record(work, f"adjustment:{made.id}", act, str(operator), now, reason=told)
