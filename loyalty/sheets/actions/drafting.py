"""A version's way from DRAFT to SCHEDULED: written by some, approved by somebody else."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets import store
from loyalty.sheets.actions.publishing import insert_successors
from loyalty.sheets.actions.reading import read_version
from loyalty.sheets.actions.trail import record
from loyalty.sheets.rules import (
    AUTHORING,
    Act,
    Fault,
    SheetInvalid,
    SheetState,
    SheetVersion,
    canonical_json,
    changes_between,
    check_plain,
    digest,
    successors_of,
)
from loyalty.work import Work

Check = Callable[[str, str, Mapping[str, Any]], Awaitable[list[Fault]]]
"""Finds every mistake of a body, given kind and key."""


async def draft(
    work: Work, kind: str, key: str, body: Mapping[str, Any] | None, *,
    from_version: int | None = None, based_on: int, author: str, reason: str, now: datetime,
) -> SheetVersion:  # fmt: skip
    """Begins a new version, with this body or that of an older version (a rollback); it may still be wrong.

    `based_on` is the version that the author saw as the latest in force or scheduled. Takes the sheet's own lock.
    Refuses SHEET_STATE where another is, or where a version is being drafted or reviewed; SHEET_NOT_FOUND for a
    `from_version` that never was; SHEET_INVALID for what cannot be kept at all.
    """
    name = f"{kind}.{key}"
    numbers = await store.lock_sheet(work, kind, key)
    if numbers["open"]:
        raise LoyaltyRefused(LoyaltyCode.SHEET_STATE, current=numbers["open"])
    if based_on != numbers["base"]:
        raise LoyaltyRefused(LoyaltyCode.SHEET_STATE, current=numbers["base"], based_on=based_on)
    base = await _body(work, kind, key, based_on) or {}
    if from_version is not None:
        body = await _body(work, kind, key, from_version)
        if body is None:
            raise LoyaltyRefused(LoyaltyCode.SHEET_NOT_FOUND, sheet=f"{name} {from_version}")
    assert body is not None, "a draft has a body, or names the version that it copies"
    _refuse_unplain(name, body)
    version, sheet_id = int(numbers["newest"]) + 1, work.mint(now)
    await store.insert_version(
        work, sheet_id, kind, key, version, canonical_json(body), digest(body), SheetState.DRAFT, author, reason, now,
        based_on=based_on,
    )  # fmt: skip
    changes = changes_between(base, body)
    await record(work, name, Act.DRAFTED, author, now, reason=reason, version=version, changes=changes)
    return read_version(await store.load_by_id(work.connection, sheet_id))


async def edit(
    work: Work, sheet_id: UUID, revision: int, body: Mapping[str, Any], *, editor: str, reason: str, now: datetime
) -> SheetVersion:
    """Saves a draft as its next revision; it follows the latest version from then on.

    Takes the sheet's own lock. Refuses SHEET_NOT_FOUND, SHEET_STATE where it is no draft, SHEET_REVISION with the
    current one where somebody saved in between, SHEET_INVALID for what cannot be kept at all.
    """
    sheet, numbers = await _lock(work, sheet_id)
    _refuse_other(sheet, SheetState.DRAFT)
    _refuse_revision(sheet, revision)
    _refuse_unplain(f"{sheet.kind}.{sheet.key}", body)
    changes = changes_between(json.loads(sheet.body), body)
    await store.save_draft(
        work, sheet_id, canonical_json(body), digest(body), reason, revision + 1, numbers["base"]
    )  # fmt: skip
    await _record(work, sheet, Act.EDITED, editor, now, reason, changes)
    return read_version(await store.load_by_id(work.connection, sheet_id))


async def submit(
    work: Work, sheet_id: UUID, revision: int, check: Check, *, editor: str, reason: str, now: datetime
) -> SheetVersion:
    """Hands a draft to review; it does not change from here on.

    Takes the sheet's own lock. Refuses SHEET_NOT_FOUND, SHEET_STATE, SHEET_REVISION, SHEET_INVALID with every mistake.
    """
    sheet, _ = await _lock(work, sheet_id)
    _refuse_other(sheet, SheetState.DRAFT)
    _refuse_revision(sheet, revision)
    await _refuse_faults(sheet, check)
    await store.save_state(work, sheet_id, SheetState.IN_REVIEW)
    await _record(work, sheet, Act.SUBMITTED, editor, now, reason)
    return read_version(await store.load_by_id(work.connection, sheet_id))


async def send_back(work: Work, sheet_id: UUID, *, operator: str, comment: str, now: datetime) -> SheetVersion:
    """Makes what is in review a draft again, with a comment that says why.

    Takes the sheet's own lock. Refuses SHEET_NOT_FOUND, SHEET_STATE.
    """
    sheet, _ = await _lock(work, sheet_id)
    _refuse_other(sheet, SheetState.IN_REVIEW)
    await store.save_state(work, sheet_id, SheetState.DRAFT)
    await _record(work, sheet, Act.RETURNED, operator, now, comment)
    return read_version(await store.load_by_id(work.connection, sheet_id))


async def approve(
    work: Work, sheet_id: UUID, revision: int, check: Check, *,
    approver: str, at: datetime | None, reason: str, now: datetime,
) -> SheetVersion:  # fmt: skip
    """Schedules what is in review for `at` (None: now), with the successors that it holds.

    Nobody approves what he had a hand in. Takes the sheet's own lock: of two approvers one wins. Refuses
    SHEET_NOT_FOUND, SHEET_STATE (not in review, or made from a version that is no longer the latest), SHEET_REVISION,
    SHEET_OWN, SHEET_INVALID, and INVALID_INPUT where `at` is past or not after the version before it.
    """
    sheet, numbers = await _lock(work, sheet_id)
    _refuse_other(sheet, SheetState.IN_REVIEW)
    _refuse_revision(sheet, revision)
    name = f"{sheet.kind}.{sheet.key}"
    authors = await store.load_authors(work.connection, name, sheet.version, AUTHORING)
    if approver in authors:
        raise LoyaltyRefused(LoyaltyCode.SHEET_OWN)
    if sheet.based_on != numbers["base"]:
        raise LoyaltyRefused(LoyaltyCode.SHEET_STATE, current=numbers["base"], based_on=sheet.based_on)
    await _refuse_faults(sheet, check)
    when = at or now
    if when < now:
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="at", rule="must not be past")
    if numbers["last_at"] is not None and when <= numbers["last_at"]:
        if at is not None:
            rule = "must be after the version before it comes into force"
            raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="at", rule=rule)
        raise LoyaltyRefused(LoyaltyCode.SHEET_STATE, current=numbers["base"])
    await store.save_approval(work, sheet_id, approver, when)
    await insert_successors(
        work, sheet.kind, sheet.key, sheet.version, json.loads(sheet.body), author=sheet.author, approver=approver,
        reason=sheet.reason, now=now,
    )  # fmt: skip
    await _record(work, sheet, Act.APPROVED, approver, now, reason)
    return read_version(await store.load_by_id(work.connection, sheet_id))


async def withdraw(work: Work, sheet_id: UUID, *, operator: str, reason: str, now: datetime) -> SheetVersion:
    """Takes back what has not come into force: a draft, what is in review, or what is scheduled.

    Takes the sheet's own lock. Refuses SHEET_NOT_FOUND, and SHEET_STATE once it is in force or where a later version
    follows it.
    """
    sheet, numbers = await _lock(work, sheet_id)
    _refuse_other(sheet, SheetState.DRAFT, SheetState.IN_REVIEW, SheetState.SCHEDULED)
    if sheet.state is SheetState.SCHEDULED:
        assert sheet.active_at is not None, "what is scheduled has a time"
        if sheet.active_at <= now or numbers["base"] != sheet.version:
            raise LoyaltyRefused(LoyaltyCode.SHEET_STATE, current=numbers["base"], state=sheet.state)
        upto = sheet.version + len(successors_of(json.loads(sheet.body)))
        await store.withdraw_successors(work, sheet.kind, sheet.key, sheet.version, upto)
    await store.save_state(work, sheet_id, SheetState.WITHDRAWN)
    await _record(work, sheet, Act.WITHDRAWN, operator, now, reason)
    return read_version(await store.load_by_id(work.connection, sheet_id))


async def _lock(work: Work, sheet_id: UUID) -> tuple[SheetVersion, Any]:
    """The version as it stands under its sheet's lock, and the numbers of that sheet."""
    row = await store.load_by_id(work.connection, sheet_id)
    if row is None:
        raise LoyaltyRefused(LoyaltyCode.SHEET_NOT_FOUND, sheet=str(sheet_id))
    numbers = await store.lock_sheet(work, row["kind"], row["key"])
    return read_version(await store.load_by_id(work.connection, sheet_id)), numbers


async def _body(work: Work, kind: str, key: str, version: int) -> dict[str, Any] | None:
    text = await store.load_body(work.connection, kind, key, version)
    return None if text is None else dict(json.loads(text))


def _refuse_unplain(name: str, body: Mapping[str, Any]) -> None:
    """A draft may be wrong, but it holds nothing that no sheet may have: no fraction, no null, no NUL."""
    faults = check_plain(name, body)
    if faults:
        raise SheetInvalid(faults)


async def _refuse_faults(sheet: SheetVersion, check: Check) -> None:
    faults = await check(sheet.kind, sheet.key, json.loads(sheet.body))
    if faults:
        raise SheetInvalid(faults)


def _refuse_other(sheet: SheetVersion, *states: SheetState) -> None:
    if sheet.state not in states:
        raise LoyaltyRefused(LoyaltyCode.SHEET_STATE, current=sheet.version, state=sheet.state)


def _refuse_revision(sheet: SheetVersion, revision: int) -> None:
    if sheet.revision != revision:
        raise LoyaltyRefused(LoyaltyCode.SHEET_REVISION, current=sheet.revision, revision=revision)


async def _record(
    work: Work, sheet: SheetVersion, act: Act, operator: str, now: datetime, reason: str, changes: Any = ()
) -> None:
    name = f"{sheet.kind}.{sheet.key}"
    await record(work, name, act, operator, now, reason=reason, version=sheet.version, changes=changes)
