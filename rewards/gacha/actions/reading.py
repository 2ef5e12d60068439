"""Pools, draws and receipts for reading."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from loyalty.members import actions as members
from loyalty.members.rules import Member
from loyalty.refusals import Refused
from loyalty.sheets.actions import Sheets, open_sheets
from loyalty.sheets.rules import Season
from loyalty.tiers.actions import LADDER, read_tier
from loyalty.tiers.rules import Ladder
from rewards.coupons import actions as coupons
from rewards.fairness import actions as fairness
from rewards.fairness.rules import Epoch, Roll, Vault, roll
from rewards.gacha.actions.drawing import RAILS, check_caps, read_draw, refuse_paused
from rewards.gacha.actions.members import Standings, open_standings
from rewards.gacha.actions.pools import load_terms, read_pools
from rewards.gacha.rules import admission, chances, rails
from rewards.gacha.rules.drawing import PRIZE_LABEL, SIDE_LABEL, TEN_LABEL
from rewards.gacha.rules.hazard import PPM
from rewards.gacha.rules.odds import Entry
from rewards.gacha.rules.pools import Pool, Terms
from rewards.gacha.rules.rails import Rails
from rewards.gacha.rules.receipts import DrawRecord, write_receipt
from rewards.gacha.rules.verifying import verify
from rewards.gacha.store import draws as store

# Many members stand alike in a pool: version, pity and what is left say all of its view but the refusal.
_views_known: dict[tuple[UUID, int, int, tuple[int | None, ...]], PoolView] = {}
_VIEWS_MOST = 1_000


@dataclass(frozen=True, slots=True)
class OddsLine:
    """One prize of a pool: its chance by the weights, in the long run, and at the member's next draw."""

    entry: Entry
    stated: Fraction
    consolidated: Fraction
    effective: Fraction
    left: int | None


@dataclass(frozen=True, slots=True)
class PoolView:
    """A pool as one member meets it. `refusal` is what a single draw would meet now, its price aside."""

    pool: Pool
    lines: tuple[OddsLine, ...]
    expected_draws: Fraction | None
    ten_expectation: Fraction
    pity: int
    next_top: Fraction
    refusal: Refused | None


@dataclass(frozen=True, slots=True)
class RailsView:
    """A member's guard rails now: what is left of the day and the month, and the member's own stop."""

    day_left: int
    month_left: int
    excluded_until: datetime | None


@dataclass(frozen=True, slots=True)
class DrawView:
    """A draw with the odds that it was drawn under."""

    record: DrawRecord
    terms: Terms

    @property
    def entry(self) -> Entry:
        """What was awarded."""
        return self.terms.odds.entries[self.terms.odds.by_code[self.record.awarded]]


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """The canonical JSON of a draw's receipt, and whether it holds the server seed."""

    document: str
    revealed: bool


@dataclass(frozen=True, slots=True)
class CheckedDraw:
    """A draw, what of it was proved, and what does not hold."""

    view: DrawView
    revealed: bool
    proved: tuple[str, ...]
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _PoolOpen:
    """One of them: what is left of each prize, and what refuses everybody, before the member's own refusals (`shut`)
    or after them (`emptied`)."""

    pool: Pool
    left: tuple[int | None, ...]
    shut: Refused | None
    emptied: Refused | None


@dataclass(frozen=True, slots=True)
class PoolsOpen:
    """Pools of one moment, for anybody: what is known of them before it is asked who looks."""

    shown: tuple[_PoolOpen, ...]
    season: Season
    rails: Rails
    ladder: Ladder
    today: date


async def view_pools(
    connection: Any, member_id: UUID, now: datetime, pool_ids: Sequence[UUID] | None = None
) -> list[PoolView]:
    """Pools, all where none are named, judged for this member; the oldest first.

    Of all, those whose last day is over are left out.
    """
    member = (await members.load_members(connection, [member_id])).get(member_id)
    if member is None:
        return []
    opened = await open_pools_on_view(connection, await open_sheets(connection, now), now, pool_ids)
    return await view_pools_for(connection, opened, member, now)


async def open_pools_on_view(
    connection: Any, sheets: Sheets, now: datetime, pool_ids: Sequence[UUID] | None = None
) -> PoolsOpen:
    """The pools of `view_pools`, under the sheets of `now`, to be judged for one member or many."""
    pools = await read_pools(connection, sheets, pool_ids)
    season = await sheets.season(connection)
    found = await sheets.get(connection, *RAILS)
    ladder = await sheets.get(connection, *LADDER)
    assert found is not None, "no sheet of guard rails: run `main.py season seed` first"
    assert ladder is not None, "no ladder sheet: run `main.py season seed` first"
    today = season.day(now)
    over = [each for each in pools.all if each.odds.closes_on and each.odds.closes_on < today]
    shown = tuple([each for each in pools.all if pool_ids is not None or each not in over])
    slugs = sorted({slug for each in shown for slug in each.odds.offers})
    terms = await coupons.read_terms_on_sale(connection, slugs)
    offers = {slug: offer_id for slug, (offer_id, _) in terms.items()}

    def open_one(pool: Pool) -> _PoolOpen:
        def check() -> None:
            refuse_paused(sheets, pool, offers)
            admission.check_window(pool.odds, pool.slug, today, season.zone)
            admission.check_prizes((terms[slug][1] for slug in pool.odds.offers), pool.slug, today)

        left = tuple([pools.left(pool, entry) for entry in pool.odds.entries])
        return _PoolOpen(pool, left, _refusal_of(check), _refusal_of(lambda: pools.refuse_emptied(pool)))

    return PoolsOpen(tuple([open_one(each) for each in shown]), season, found, ladder, today)


async def view_pools_for(connection: Any, opened: PoolsOpen, member: Member, now: datetime) -> list[PoolView]:
    """The same for a member."""
    tier = ""
    if any(each.pool.odds.tiers for each in opened.shown):
        tier = (await read_tier(connection, opened.ladder, opened.season, member.id, now)).tier.code
    standings = await open_standings(connection, [member.id], [each.pool.id for each in opened.shown])
    return [
        _view(standings, each, member.id, _why_not(opened, standings, each, member, tier, now))
        for each in opened.shown
    ]  # fmt: skip


def _why_not(
    opened: PoolsOpen, standings: Standings, each: _PoolOpen, member: Member, tier: str, now: datetime
) -> Refused | None:
    """What a single draw would meet, its price aside, in the order in which drawing asks."""
    odds, today = each.pool.odds, opened.today

    def check() -> None:
        rails.refuse_excluded(standings.rail(member.id).excluded_until, now)
        admission.check_gates(odds, tier, member.birth_year, today)
        check_caps(opened.rails, standings, each.pool, member, 1, today, opened.season)

    return each.shut or _refusal_of(check) or each.emptied


def _refusal_of(check: Callable[[], None]) -> Refused | None:
    try:
        check()
    except Refused as refused:
        return refused
    return None


async def read_rails(connection: Any, member_id: UUID, now: datetime) -> RailsView:
    """What the guard rails leave a member now."""
    sheets = await open_sheets(connection, now)
    season = await sheets.season(connection)
    found = await sheets.get(connection, *RAILS)
    assert found is not None, "no sheet of guard rails: run `main.py season seed` first"
    member = (await members.load_members(connection, [member_id])).get(member_id)
    standings = await open_standings(connection, [member_id], [])
    return _view_rails(found, standings, member_id, member, season.day(now), now)


async def read_draws(connection: Any, member_id: UUID, *, first: int, before: UUID | None = None) -> list[DrawView]:
    """A page of a member's draws, newest first, by keyset."""
    return await _views(connection, await store.load_page(connection, member_id, before, first))


async def read_draws_by_id(connection: Any, member_id: UUID, ids: Sequence[UUID]) -> list[DrawView]:
    """Draws of the member by id, in the order of ids; those of others are not found."""
    return await _views(connection, await store.load_draws(connection, member_id, ids))


async def read_receipt(connection: Any, vault: Vault, member_id: UUID, draw_id: UUID) -> ReceiptView | None:
    """The canonical JSON of a draw's receipt, with its server seed once that is revealed.

    None for a draw that is not the member's.
    """
    found = await read_draws_by_id(connection, member_id, [draw_id])
    if not found:
        return None
    epochs = await _epochs_of(connection, found)
    seed = fairness.unseal(vault, epochs[member_id, found[0].record.epoch])
    return _write(found[0], epochs, seed)


async def check_draws(
    connection: Any, vault: Vault, member_id: UUID, *, first: int, before: UUID | None = None
) -> list[CheckedDraw]:
    """A page of a member's draws, newest first, each verified from its receipt and its seed, revealed or not.

    Nothing of a seed that is not revealed leaves it: only whether the draw follows from it.
    """
    found = await read_draws(connection, member_id, first=first, before=before)
    epochs = await _epochs_of(connection, found)
    return await asyncio.to_thread(lambda: [_check(each, epochs, vault) for each in found])


async def export_draws(connection: Any, member_id: UUID) -> list[dict[str, Any]]:
    """Every draw of a member, newest first, for `exportMyData`."""
    draws: list[DrawView] = []
    before: UUID | None = None
    while page := await read_draws(connection, member_id, first=1000, before=before):
        draws.extend(page)
        before = page[-1].record.id
    return [
        {
            "pool": each.terms.slug,
            "at": each.record.at.isoformat(),
            "prize": each.record.awarded,
            "paid": {"currency": each.record.currency.value, "amount": each.record.amount},
            "epoch": each.record.epoch,
            "nonce": each.record.nonce,
            "clientSeed": each.record.client_seed,
        }
        for each in draws
    ]


def rolls_of(record: DrawRecord, terms: Terms, seed: bytes) -> list[Roll]:
    """The rolls of a draw, made again from the seed."""
    odds, place = terms.odds, record.place(record.nonce)
    side = odds.top if record.roll < odds.hazard.chance(record.pity_before + 1) else odds.rest
    asked = [(SIDE_LABEL, PPM), (PRIZE_LABEL, side.total)]
    if record.guaranteed:
        asked.append((TEN_LABEL, odds.guarantee.total))
    return [roll(seed, label, limit, place) for label, limit in asked]


def _view(standings: Standings, opened: _PoolOpen, member_id: UUID, refusal: Refused | None) -> PoolView:
    pool, left = opened.pool, opened.left
    pity = standings.pity(member_id, pool.id, pool.terms.pity_from)
    view = _views_known.get((pool.id, pool.terms.version, pity, left))
    if view is None or view.pool is not pool:
        if len(_views_known) >= _VIEWS_MOST:
            _views_known.clear()
        view = _views_known[pool.id, pool.terms.version, pity, left] = _judge(pool, pity, left)
    return replace(view, refusal=refusal) if refusal else view


def _judge(pool: Pool, pity: int, left: Sequence[int | None]) -> PoolView:
    odds = pool.odds
    gone = frozenset(entry.code for entry, units in zip(odds.entries, left, strict=True) if units == 0)
    columns = (chances.stated(odds), chances.consolidated(odds), chances.effective(odds, pity, gone), left)
    return PoolView(
        pool, tuple(OddsLine(*line) for line in zip(odds.entries, *columns, strict=True)),
        chances.expected_draws(odds.hazard), chances.ten_expectation(odds), pity,
        Fraction(odds.hazard.chance(pity + 1), PPM), None,
    )  # fmt: skip


def _view_rails(
    found: Rails, standings: Standings, member_id: UUID, member: Member | None, today: date, now: datetime
) -> RailsView:
    tally = standings.tally(member_id, today)
    young = rails.is_under(found.adult_age, member.birth_year if member else None, today)
    day = found.minor_day if young else found.day
    month_left = max(0, found.month - tally.month_draws)
    until = standings.rail(member_id).excluded_until
    return RailsView(
        min(month_left, max(0, day - tally.day_draws)), month_left, until if until and until > now else None
    )


def _check(view: DrawView, epochs: Mapping[tuple[UUID, int], Epoch], vault: Vault) -> CheckedDraw:
    epoch = epochs[view.record.member_id, view.record.epoch]
    seed = fairness.try_unseal(vault, epoch)
    if seed is None:
        wrong = ("the server seed that was kept is not the one that was committed to",)
        return CheckedDraw(view, epoch.revealed_at is not None, (), wrong)
    receipt = _write(view, epochs, seed)
    document = json.loads(receipt.document)
    verdict = verify("", document, {epoch.commit.hex(): seed})
    # The receipt is written with rolls made anew; the one that was kept has to be the same.
    kept = [] if document["rolls"][0]["value"] == view.record.roll else ["the roll that was kept is not the seed's"]
    return CheckedDraw(view, receipt.revealed, tuple(verdict.proved), (*verdict.wrong, *kept))


async def _epochs_of(connection: Any, found: Sequence[DrawView]) -> dict[tuple[UUID, int], Epoch]:
    keys = {(each.record.member_id, each.record.epoch + more) for each in found for more in (0, 1)}
    return await fairness.read_epochs(connection, sorted(keys))


def _write(view: DrawView, epochs: Mapping[tuple[UUID, int], Epoch], seed: bytes) -> ReceiptView:
    record, terms = view.record, view.terms
    epoch, following = epochs[record.member_id, record.epoch], epochs[record.member_id, record.epoch + 1]
    revealed = epoch.revealed_at is not None
    document = write_receipt(
        record, terms.body, terms.odds.sha256, rolls_of(record, terms, seed), commit=epoch.commit,
        next_commit=following.commit, seed=seed, revealed=revealed,
    )  # fmt: skip
    return ReceiptView(document, revealed)


async def _views(connection: Any, rows: Sequence[Any]) -> list[DrawView]:
    records = [read_draw(row) for row in rows]
    terms = await load_terms(connection, {(each.pool_id, each.version) for each in records})
    return [DrawView(each, terms[each.pool_id, each.version]) for each in records]
