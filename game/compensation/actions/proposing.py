"""From a dry run to the word of a second person: nothing is given here."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from game.board.facts import BOARD_OPENED
from game.checkin.facts import CHECKED_IN, DAY_MADE_UP
from game.compensation import rules, store
from game.compensation.rules import ActiveBy, Cohort, Compensation, Cost, Gift, Progress, State
from game.orders.facts import LEVEL_CLAIMED, MOVES_PLAYED, ORDER_DELIVERED
from game.refusals import GameCode, GameRefused
from loyalty.care.actions import read_limits
from loyalty.care.rules import A_DAY, Gifts, Limits
from loyalty.ledger.rules import check_reason
from loyalty.members import actions as members
from loyalty.members.facts import APP_OPENED
from loyalty.members.rules import IdentityKind
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets.actions import open_sheets, record
from loyalty.sheets.rules import Act
from loyalty.tiers import actions as tiers
from loyalty.timeline.actions import members_with
from loyalty.work import Work

_PLAYED = (BOARD_OPENED, MOVES_PLAYED, ORDER_DELIVERED, LEVEL_CLAIMED, CHECKED_IN, DAY_MADE_UP)
_KINDS = {
    ActiveBy.PLAYED: [kind.name for kind in _PLAYED],
    ActiveBy.VISITED: [kind.name for kind in (*_PLAYED, APP_OPENED)],
}


async def preview(connection: Any, key: str, cohort: Cohort, gift: Gift, *, operator: UUID, now: datetime) -> Cost:
    """The dry run: whom it would reach, what it would cost, whether it takes a second person. Changes nothing.

    Refuses INVALID_INPUT.
    """
    limits = await _check(connection, key, cohort, gift, now)
    found = await _find(connection, key, cohort, now)
    return await _cost(connection, limits, gift, len(found), operator, now)


async def propose(
    work: Work, key: str, cohort: Cohort, gift: Gift, members_seen: int, *, operator: UUID, reason: str, now: datetime
) -> Compensation:
    """Writes down who gets what. Within what one person may it begins at once, else when a second one agrees.

    `members_seen` is what the dry run counted. Proposals wait for each other. Refuses INVALID_INPUT,
    COMPENSATION_EXISTS where one of this incident stands, COHORT_CHANGED where the rules now name more or fewer.
    """
    check_reason(reason)
    await store.lock_all(work)
    limits = await _check(work.connection, key, cohort, gift, now)
    if await store.load_standing(work.connection, key) is not None:
        raise GameRefused(GameCode.COMPENSATION_EXISTS, key=key)
    found = await _find(work.connection, key, cohort, now)
    if len(found) != members_seen:
        raise GameRefused(GameCode.COHORT_CHANGED, members=len(found), seen=members_seen)
    if not found:
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="cohort", rule="it must name at least one member")
    cost = await _cost(work.connection, limits, gift, len(found), operator, now)
    made = Compensation(
        work.mint(now), key, State.PROPOSED if cost.needs_two else State.RUNNING, cohort.told(), gift, len(found),
        not cost.needs_two, reason.strip(), operator, now, None, None, None, None,
    )  # fmt: skip
    await store.insert_compensation(work, _write(made))
    await store.insert_members(work, sorted(found), key, made.id, now)
    await _record(work, made, Act.PROPOSED, operator, reason, now)
    return made


async def approve(
    work: Work, compensation_id: UUID, members_seen: int, *, operator: UUID, now: datetime
) -> Compensation:
    """The second person's word: it begins. Takes the compensation's lock: of two approvers one wins.

    Refuses COMPENSATION_NOT_FOUND, COMPENSATION_STATE, SHEET_OWN, and COHORT_CHANGED where the approver saw another
    number of members.
    """
    found = await _lock(work, compensation_id, State.PROPOSED)
    if operator == found.proposed_by:
        raise LoyaltyRefused(LoyaltyCode.SHEET_OWN)
    if members_seen != found.members:
        raise GameRefused(GameCode.COHORT_CHANGED, members=found.members, seen=members_seen)
    await store.save_approval(work, found.id, operator, now)
    await _record(work, found, Act.APPROVED, operator, found.reason, now)
    return replace(found, state=State.RUNNING, approved_by=operator, approved_at=now)


async def stop(work: Work, compensation_id: UUID, *, operator: UUID, reason: str, now: datetime) -> Compensation:
    """Ends what was proposed or is under way: one person, at once. What members got stays; who waited gets nothing.

    Takes the compensation's lock, so that the batches under way finish first. Refuses INVALID_INPUT,
    COMPENSATION_NOT_FOUND, COMPENSATION_STATE.
    """
    check_reason(reason)
    found = await _lock(work, compensation_id, State.PROPOSED, State.RUNNING)
    state = State.WITHDRAWN if found.state is State.PROPOSED else State.STOPPED
    await store.delete_waiting(work, found.id)
    await store.save_end(work, found.id, state, operator, now)
    await _record(work, found, Act.STOPPED, operator, reason, now)
    return replace(found, state=state, ended_by=operator, ended_at=now)


async def load_compensations(
    connection: Any, *, limit: int, before: UUID | None = None
) -> list[tuple[Compensation, Progress]]:
    """Compensations and how far they are, newest first, by keyset."""
    return await _with_progress(connection, await store.load_compensations(connection, limit, before))


async def load_compensation(connection: Any, compensation_id: UUID) -> tuple[Compensation, Progress] | None:
    """One compensation, and how far it is."""
    row = await store.load_compensation(connection, compensation_id)
    return (await _with_progress(connection, [row]))[0] if row else None


async def export_compensations(connection: Any, member_id: UUID) -> list[dict[str, Any]]:
    """What a member was compensated with, newest first, for `exportMyData`."""
    return [
        {**dict(row), "at": row["at"].isoformat()} for row in await store.load_of_member(connection, member_id)
    ]  # fmt: skip


def read_compensation(row: Any) -> Compensation:
    """A compensation as its row holds it."""
    gift = Gift(Gifts(row["diamonds"], row["energy"], row["tickets"]), tuple(row["days"]))
    return Compensation(
        row["id"], row["key"], State(row["state"]), json.loads(row["cohort"]), gift, row["members"], row["alone"],
        row["reason"], row["proposed_by"], row["proposed_at"], row["approved_by"], row["approved_at"],
        row["ended_by"], row["ended_at"],
    )  # fmt: skip


async def _check(connection: Any, key: str, cohort: Cohort, gift: Gift, now: datetime) -> Limits:
    sheets = await open_sheets(connection, now)
    season, limits = await sheets.season(connection), await read_limits(connection, sheets)
    rules.check_key(key)
    rules.check_cohort(cohort, now)
    rules.check_gift(gift, limits, season.day(now))
    return limits


async def _find(connection: Any, key: str, cohort: Cohort, now: datetime) -> set[UUID]:
    """Members who may act, to whom every stated rule applies, and who have no place for this incident yet."""
    found: set[UUID] | None = None
    if cohort.cards:
        known = await members.find_members(connection, IdentityKind.CARD, cohort.cards)
        for number, card in enumerate(cohort.cards, 1):
            if card not in known:
                rules.refuse_card(number)
        found = set(known.values())
    if cohort.active_from is not None and cohort.active_to is not None:
        active = await members_with(connection, _KINDS[cohort.active_by], cohort.active_from, cohort.active_to)
        found = active if found is None else found & active
    found = await members.find_active(connection, found)
    if cohort.tiers:
        found = await _of_tiers(connection, cohort.tiers, found, now)
    return found - await store.load_compensated(connection, key)


async def _of_tiers(connection: Any, codes: tuple[str, ...], among: set[UUID], now: datetime) -> set[UUID]:
    ladder = await (await open_sheets(connection, now)).get(connection, *tiers.LADDER)
    known = [tier.code for tier in ladder.tiers] if ladder else []
    if not set(codes) <= set(known):
        rule = f"each must be one of {', '.join(known)}"
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="cohort.tiers", rule=rule)
    if known[0] in codes:  # who never bought is in the lowest and has no standing
        return among - await tiers.members_in(connection, codes, other=True)
    return among & await tiers.members_in(connection, codes)


async def _cost(connection: Any, limits: Limits, gift: Gift, found: int, operator: UUID, now: datetime) -> Cost:
    before = await store.load_alone(connection, operator, now - A_DAY)
    gifts = Gifts(before["diamonds"], before["energy"], before["tickets"])
    return rules.cost_of(gift, found, limits, before["members"], gifts)


async def _lock(work: Work, compensation_id: UUID, *states: State) -> Compensation:
    row = await store.lock_compensation(work, compensation_id)
    if row is None:
        raise GameRefused(GameCode.COMPENSATION_NOT_FOUND)
    found = read_compensation(row)
    if found.state not in states:
        raise GameRefused(GameCode.COMPENSATION_STATE, state=found.state.value)
    return found


async def _with_progress(connection: Any, rows: list[Any]) -> list[tuple[Compensation, Progress]]:
    counted: dict[UUID, dict[str, int]] = {}
    for row in await store.load_progress(connection, [each["id"] for each in rows]):
        counted.setdefault(row["compensation_id"], {})[row["state"].lower()] = row["members"]
    return [(read_compensation(row), Progress(**counted.get(row["id"], {}))) for row in rows]


def _write(made: Compensation) -> tuple[Any, ...]:
    gifts = made.gift.gifts
    return (
        made.id, made.key, made.state.value, json.dumps(made.cohort), gifts.diamonds, gifts.energy, gifts.tickets,
        list(made.gift.days), made.members, made.alone, made.reason, made.proposed_by, made.proposed_at,
    )  # fmt: skip


async def _record(work: Work, made: Compensation, act: Act, operator: UUID, reason: str, now: datetime) -> None:
    told = f"{made.key}, {made.members} members: {reason.strip()}"
    await record(work, f"compensation:{made.id}", act, str(operator), now, reason=told)
