"""What a table of odds would cost, beside the one in force: for who writes it and for who approves it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from loyalty.sheets.actions import Sheets, open_sheets
from loyalty.sheets.rules import Season
from rewards.fairness import actions as fairness
from rewards.fairness.rules import Vault
from rewards.gacha.actions.drawing import read_draw
from rewards.gacha.actions.pools import load_terms, offers_on_sale, read_pools
from rewards.gacha.rules.costing import WEEK_DAYS, Costing, cost
from rewards.gacha.rules.odds import Odds
from rewards.gacha.rules.pools import Terms
from rewards.gacha.rules.receipts import DrawRecord
from rewards.gacha.rules.replaying import Replay, replay
from rewards.gacha.rules.worth import Worth, worths_of
from rewards.gacha.store import draws as draw_store
from rewards.gacha.store import pools as store

REPLAY_MOST = 50_000
"""So many of last week's latest draws are made again at most."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """Last week's draws made again under another table, what they would have cost, and what they did cost."""

    replay: Replay
    replay_minor: Fraction
    paid_minor: Fraction


@dataclass(frozen=True, slots=True)
class OddsReview:
    """A table, its successors in their order, and the table in force; None where the pool is new."""

    proposed: Costing
    successors: tuple[Costing, ...]
    current: Costing | None
    currency: str


@dataclass(frozen=True, slots=True)
class _Past:
    """What is known of a pool: what was awarded so far, what that cost, last week's pace, what each prize is worth."""

    pool_id: UUID | None
    terms: Terms | None
    awarded: Mapping[str, int]
    spent: Fraction
    week_draws: int
    worths: Mapping[str, Worth]


@dataclass(frozen=True, slots=True)
class _Week:
    """Last week's draws, with the seeds that they were made under."""

    draws: Sequence[DrawRecord]
    seeds: Mapping[tuple[UUID, int], bytes]


async def review_odds(connection: Any, slug: str, odds: Odds, now: datetime) -> OddsReview:
    """Computes everything exactly; changes and locks nothing."""
    opened = await open_sheets(connection, now)
    season = await opened.season(connection)
    past = await _load_past(connection, slug, opened, season, now)
    today = season.day(now)

    async def costing(table: Odds) -> Costing:
        worths = await _worths(connection, table, season)
        return cost(
            table, worths, awarded=past.awarded, spent=past.spent, week_draws=past.week_draws, today=today
        )  # fmt: skip

    proposed = await costing(odds)
    successors, each = [], odds.successor
    while each is not None:
        successors.append(await costing(each))
        each = each.successor
    current = await costing(past.terms.odds) if past.terms else None
    return OddsReview(proposed, tuple(successors), current, season.currency)


async def replay_week(connection: Any, vault: Vault, slug: str, odds: Odds, now: datetime) -> Replayed:
    """What last week's draws would have paid under these odds. No seed and no roll leaves it, only counts do."""
    opened = await open_sheets(connection, now)
    season = await opened.season(connection)
    past = await _load_past(connection, slug, opened, season, now)
    week = await _load_week(connection, vault, past, now)
    stock = {
        entry.code: entry.stock - past.awarded.get(entry.code, 0) + sum(one.awarded == entry.code for one in week.draws)
        for entry in odds.stocked
    }
    made = await asyncio.to_thread(
        replay, week.draws, odds, lambda member, epoch: week.seeds[member, epoch], stock, carries=odds.carries_pity
    )
    worths = await _worths(connection, odds, season)
    worth = {entry.code: each.minor for entry, each in zip(odds.entries, worths, strict=True)}
    return Replayed(
        made,
        sum((count * worth[code] for code, count in made.would_be.items()), Fraction(0)),
        sum((count * past.worths[code].minor for code, count in made.paid.items() if code in past.worths), Fraction(0)),
    )  # fmt: skip


async def _load_past(connection: Any, slug: str, opened: Sheets, season: Season, now: datetime) -> _Past:
    rows = await store.load_pools_by_slug(connection, [slug])
    if not rows:
        return _Past(None, None, {}, Fraction(0), 0, {})
    pool_id = rows[0]["id"]
    terms = (await read_pools(connection, opened, [pool_id])).pool(pool_id).terms
    stock = {row["code"]: row["awarded"] for row in await store.load_stock(connection, [pool_id])}
    counted = await draw_store.count_awards(connection, pool_id)
    versions = await load_terms(connection, {(pool_id, row["version"]) for row in counted})
    worths: dict[tuple[int, str], Worth] = {}
    for (_, version), each in versions.items():
        for entry, worth in zip(each.odds.entries, await _worths(connection, each.odds, season), strict=True):
            worths[version, entry.code] = worth
    spent = sum((row["draws"] * worths[row["version"], row["awarded"]].minor for row in counted), Fraction(0))
    by_code = {code: worth for (_, code), worth in sorted(worths.items())}
    pace = await draw_store.count_since(connection, pool_id, now - timedelta(days=WEEK_DAYS))
    return _Past(pool_id, terms, stock, spent, pace, by_code)


async def _load_week(connection: Any, vault: Vault, past: _Past, now: datetime) -> _Week:
    if past.pool_id is None:
        return _Week((), {})
    since = now - timedelta(days=WEEK_DAYS)
    week = [read_draw(row) for row in await draw_store.load_since(connection, past.pool_id, since, REPLAY_MOST)]
    # Whole commands alone are made again: the oldest may have been cut by the bound.
    whole = {each.set_id for each in week if each.position == 1}
    week = [each for each in week if each.set_id in whole]
    epochs = await fairness.read_epochs(connection, sorted({(each.member_id, each.epoch) for each in week}))
    return _Week(week, {key: fairness.unseal(vault, epoch) for key, epoch in epochs.items()})


async def _worths(connection: Any, odds: Odds, season: Season) -> tuple[Worth, ...]:
    return worths_of(odds, await offers_on_sale(connection, odds.offers), season)
