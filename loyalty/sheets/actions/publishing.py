"""Versions come into force: at once where they are seeded, at their instant where they were approved."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets import store
from loyalty.sheets.actions.reading import Parser
from loyalty.sheets.actions.trail import record
from loyalty.sheets.rules import (
    Act,
    Fault,
    SheetInvalid,
    SheetState,
    canonical_json,
    check_plain,
    digest,
    successors_of,
)
from loyalty.work import Work


async def publish(
    work: Work,
    kind: str,
    key: str,
    body: Mapping[str, Any],
    parser: Parser[Any],
    *,
    author: str,
    reason: str,
    based_on: int | None,
    now: datetime,
) -> int:
    """Makes `body` the version in force in one step, without a second person: for seeds and demo servers.

    Returns its version. `based_on` is the version that the author saw (0: none; None: whichever). Takes the sheet's own
    lock. Refuses SHEET_INVALID with every mistake, SHEET_STATE where another version stands or one is scheduled or
    under way, SHEET_NOT_FOUND where none does.
    """
    name = f"{kind}.{key}"
    faults = faults_of(name, body, parser)
    if faults:
        raise SheetInvalid(faults)
    numbers = await store.lock_sheet(work, kind, key)
    if based_on and numbers["newest"] == 0:
        raise LoyaltyRefused(LoyaltyCode.SHEET_NOT_FOUND, sheet=name)
    if based_on is not None and based_on != numbers["base"]:
        raise LoyaltyRefused(LoyaltyCode.SHEET_STATE, current=numbers["base"], based_on=based_on)
    if numbers["open"] or numbers["scheduled"]:
        raise LoyaltyRefused(LoyaltyCode.SHEET_STATE, current=numbers["open"] or numbers["scheduled"])
    version = int(numbers["newest"]) + 1
    await store.retire_before(work, kind, key, version, now)
    await store.insert_version(
        work, work.mint(now), kind, key, version, canonical_json(body), digest(body), SheetState.ACTIVE, author, reason,
        now, active_at=now, based_on=numbers["base"],
    )  # fmt: skip
    await insert_successors(work, kind, key, version, body, author=author, approver=None, reason=reason, now=now)
    await record(work, name, Act.PUBLISHED, author, now, reason=reason, version=version)
    return version


async def insert_successors(
    work: Work, kind: str, key: str, version: int, body: Mapping[str, Any], *, author: str, approver: str | None,
    reason: str, now: datetime,
) -> None:  # fmt: skip
    """Gives each successor inside `body` the next number and a hash of its own."""
    for number, inside in enumerate(successors_of(body), version + 1):
        await store.insert_version(
            work, work.mint(now), kind, key, number, canonical_json(inside), digest(inside), SheetState.SUCCESSOR,
            author, reason, now, approver=approver, based_on=number - 1,
        )  # fmt: skip


def faults_of(name: str, body: Mapping[str, Any], parser: Parser[Any]) -> list[Fault]:
    """What the parser finds and what no sheet may have, each place once."""
    faults: list[Fault] = []
    try:
        parser(name, body)
    except SheetInvalid as refused:
        faults.extend(refused.faults)
    told = {fault.key for fault in faults}
    faults.extend(fault for fault in check_plain(name, body) if fault.key not in told)
    return faults


async def seed_files(work: Work, files: Mapping[str, str], parsers: Mapping[str, Parser[Any]], *, now: datetime) -> int:
    """Publishes each file (`<kind>.<key>.toml` -> its text) whose sheet has no version yet, through the same parser.

    Returns how many were published. Refuses SHEET_INVALID with the mistakes of all files together.
    """
    faults: list[Fault] = []
    seeded = 0
    for name, text in sorted(files.items()):
        kind, key = name.removesuffix(".toml").split(".", 1)
        try:
            body = tomllib.loads(text)
            if (await store.lock_sheet(work, kind, key))["newest"] == 0:
                await publish(
                    work, kind, key, body, parsers[kind], author="seed", reason="first version", based_on=0, now=now
                )
                seeded += 1
        except tomllib.TOMLDecodeError as error:
            faults.append(Fault(name, "", f"is not TOML: {error}"))
        except SheetInvalid as refused:
            faults.extend(Fault(name, fault.key, fault.rule) for fault in refused.faults)
    if faults:
        raise SheetInvalid(faults)
    return seeded


async def settle_due(work: Work, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Writes down that scheduled versions are in force whose instant has come; returns kind and key of each.

    They are in force without it (`open_sheets`): this keeps the column `state` and who reads it alone up to date.
    """
    settled = []
    for due in await store.load_due(work.connection, now, limit):
        await store.lock_sheet(work, due["kind"], due["key"])
        row = await store.load_by_id(work.connection, due["id"])
        if row["state"] != SheetState.SCHEDULED:
            continue
        await store.retire_before(work, row["kind"], row["key"], row["version"], row["active_at"])
        await store.save_state(work, row["id"], SheetState.ACTIVE)
        settled.append((row["kind"], row["key"]))
    return settled
