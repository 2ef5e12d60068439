"""Every kind of sheet: who reads it, and the files that seed its first version."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from game.board.actions import publishing as boards
from game.board.rules.content import parse_chains, parse_layout, parse_levels
from game.checkin.rules.calendar import parse_calendar
from game.chests.rules.content import parse_chests
from game.orders.actions import publishing as orders
from game.orders.rules import parse_orders
from game.quests.actions import publishing as quests
from game.quests.rules.content import parse_quests
from loyalty.care.rules import parse_limits
from loyalty.receipts.rules import parse_earning
from loyalty.sheets import actions as sheets
from loyalty.sheets.actions import Parser
from loyalty.sheets.rules import Fault, SheetInvalid, parse_season
from loyalty.tiers.rules import parse_ladder
from loyalty.work import Work
from rewards.coupons.actions.publishing import check_offer, publish_offer, put_on_sale
from rewards.coupons.rules.offers import parse_offer
from rewards.coupons.rules.welcome import parse_welcome
from rewards.gacha.actions.amending import check_amended, check_drawn
from rewards.gacha.actions.pools import check_odds, publish_odds, put_in_force
from rewards.gacha.rules.odds import parse_odds
from rewards.gacha.rules.rails import parse_rails
from rewards.prizes.rules.law import parse_law
from rewards.prizes.rules.things import parse_thing

PARSERS: Mapping[str, Parser[Any]] = {
    "season": parse_season,
    "ladder": parse_ladder,
    "limits": parse_limits,
    "earning": parse_earning,
    "offer": parse_offer,
    "welcome": parse_welcome,
    "odds": parse_odds,
    "rails": parse_rails,
    "law": parse_law,
    "thing": parse_thing,
    "calendar": parse_calendar,
    "chains": parse_chains,
    "board": parse_layout,
    "levels": parse_levels,
    "orders": parse_orders,
    "chests": parse_chests,
    "quests": parse_quests,
}
Check = Callable[[str, str, Mapping[str, Any]], Awaitable[list[Fault]]]
_ROOT = Path(__file__).resolve().parents[1]


def seed_files() -> dict[str, str]:
    """The sheets that stand beside the flats: file name -> text."""
    found = [path for house in ("loyalty", "rewards", "game") for path in (_ROOT / house).glob("*/sheets/*.toml")]
    return {path.name: path.read_text(encoding="utf-8") for path in found}


async def seed_sheets(work: Work, now: datetime) -> int:
    """Publishes every shipped sheet that has no version yet, and puts offers on sale and odds in force.

    Returns how many were new.

    Refuses SHEET_INVALID with the mistakes of all files together.
    """
    seeded = await sheets.seed_files(work, seed_files(), PARSERS, now=now)
    await put_on_sale(work, now)
    await put_in_force(work, now)
    await _check_neighbours(work.connection)
    return seeded


async def publish(
    work: Work, kind: str, key: str, body: Mapping[str, Any], *, author: str, reason: str, based_on: int, now: datetime
) -> int:
    """Publishes a version of any kind of sheet; returns its number. Refuses SHEET_INVALID, SHEET_STATE."""
    if kind == "offer":
        version = await publish_offer(work, key, body, author=author, reason=reason, based_on=based_on, now=now)
        await check_amended(work.connection, key, now)
        return version
    if kind == "odds":
        return await publish_odds(work, key, body, author=author, reason=reason, based_on=based_on, now=now)
    version = await sheets.publish(
        work, kind, key, body, PARSERS[kind], author=author, reason=reason, based_on=based_on, now=now
    )
    await _check_neighbours(work.connection, kind)
    if kind in boards.KINDS:
        await boards.refuse_in_play(work.connection, kind, PARSERS[kind](f"{kind}.{key}", body))
    return version


def checker(connection: Any, now: datetime) -> Check:
    """Finds every mistake of a body: what its parser says, whether it fits what it would stand beside, and whether
    running boards could go on under it.
    """

    async def check(kind: str, key: str, body: Mapping[str, Any]) -> list[Fault]:
        faults = await _mistakes(connection, kind, key, body, now)
        if not faults and kind in boards.KINDS:
            return await boards.faults_in_play(connection, kind, PARSERS[kind](f"{kind}.{key}", body))
        return faults

    return check


def judge(connection: Any, now: datetime) -> Check:
    """The same for who decides: what running boards need is refused as CONTENT_IN_USE once nothing else is wrong."""

    async def check(kind: str, key: str, body: Mapping[str, Any]) -> list[Fault]:
        faults = await _mistakes(connection, kind, key, body, now)
        if not faults and kind in boards.KINDS:
            await boards.refuse_in_play(connection, kind, PARSERS[kind](f"{kind}.{key}", body))
        return faults

    return check


async def _mistakes(connection: Any, kind: str, key: str, body: Mapping[str, Any], now: datetime) -> list[Fault]:
    name, parser = f"{kind}.{key}", PARSERS[kind]
    faults = sheets.faults_of(name, body, parser)
    if faults:
        return faults
    if kind == "odds":
        return await check_odds(connection, key, parse_odds(name, body))
    if kind == "offer":
        offer = parse_offer(name, body)
        return await check_offer(connection, key, offer) + await check_drawn(connection, key, offer, now)
    return await _faults_with(connection, kind, parser(name, body))


async def _faults_with(connection: Any, kind: str, candidate: Any) -> list[Fault]:
    """What is wrong between a parsed sheet and those in force that it stands beside."""
    return [
        fault
        for flat in (boards, orders, quests)
        if kind in flat.KINDS
        for fault in await flat.faults_with(connection, kind, candidate)
    ]


async def _check_neighbours(connection: Any, kind: str = "") -> None:
    """Refuses SHEET_INVALID with every mistake between the sheets in force; of one kind's neighbours, or of all."""
    faults = [
        fault
        for flat in (boards, orders, quests)
        if not kind or kind in flat.KINDS
        for fault in await flat.faults_with(connection)
    ]
    if faults:
        raise SheetInvalid(faults)
