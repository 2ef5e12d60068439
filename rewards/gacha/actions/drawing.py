"""Drawing: the hot action. One transaction takes the price, gives the prizes and keeps what proves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from loyalty.grants.actions import Grants
from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note, open_ledger
from loyalty.ledger.rules import Currency, Wallet
from loyalty.members import actions as members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.refusals import Refused
from loyalty.requests.actions import Requests, open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import Sheets, moment_of, open_sheets
from loyalty.sheets.rules import Season
from loyalty.tiers.actions import LADDER, Tiers, open_tiers
from loyalty.timeline.actions import Timeline
from loyalty.work import Work
from rewards.coupons import actions as coupons
from rewards.coupons import facts as coupon_facts
from rewards.coupons.actions import Issues
from rewards.fairness.actions import Roller, Seeds, open_seeds
from rewards.fairness.rules import Place, SetBy, Vault
from rewards.gacha import facts
from rewards.gacha.actions.members import Standings, open_standings
from rewards.gacha.actions.pools import Pools, open_pools
from rewards.gacha.rules import admission, rails
from rewards.gacha.rules.admission import Payment
from rewards.gacha.rules.drawing import Outcome, draw_many
from rewards.gacha.rules.odds import Entry, PrizeClass
from rewards.gacha.rules.pools import Pool
from rewards.gacha.rules.rails import Rails, parse_rails
from rewards.gacha.rules.receipts import DrawRecord, place_of
from rewards.gacha.store import draws as store
from rewards.prizes import actions as prizes
from rewards.prizes.actions import Wins
from rewards.prizes.rules import PrizeKind

RAILS = ("rails", "current", parse_rails)
# What becomes a row of its own is not given with the rest.
_ROWS = (PrizeKind.COUPON, PrizeKind.THING)


@dataclass(frozen=True, slots=True)
class DrawPrizes:
    """A member draws once or ten times from a pool, under the odds that the member has seen."""

    request: RequestKey
    member_id: UUID
    pool_id: UUID
    odds_hash: str
    count: int
    now: datetime


@dataclass(frozen=True, slots=True)
class DrawMade:
    """One draw. `prize` is the code of what was awarded, `rolled` of what the roll meant."""

    id: UUID
    prize: str
    rolled: str
    roll: int
    nonce: int
    pity_before: int
    guaranteed: bool
    currency: Currency
    coupon_id: UUID | None


@dataclass(frozen=True, slots=True)
class PrizesDrawn:
    """The draws of one command, in their order."""

    member_id: UUID
    pool_id: UUID
    version: int
    epoch: int
    at: datetime
    draws: tuple[DrawMade, ...]


@dataclass(frozen=True, slots=True)
class DrawsShown:
    """What a command drew (at first, where the request is a retry), and the wallets after its batch.

    `today` is the day in the season's zone that says what of them can be spent.
    """

    result: PrizesDrawn
    wallets: Mapping[Currency, Wallet]
    today: date


@dataclass(slots=True)
class _Books:
    """Everything that one batch of draws has open."""

    members: dict[UUID, Member]
    requests: Requests
    sheets: Sheets
    season: Season
    rails: Rails
    tiers: Tiers | None
    pools: Pools
    offers: dict[str, UUID]
    seeds: Seeds
    standings: Standings
    issues: Issues
    wins: Wins
    ledger: Ledger
    grants: Grants
    timeline: Timeline
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What was decided for one command, before anything is changed."""

    member: Member
    pool: Pool
    today: date
    payment: Payment
    client_seed: str
    set_by: SetBy
    epoch: int
    nonce: int
    outcomes: list[Outcome]


async def draw_prizes(work: Work, commands: Sequence[DrawPrizes], *, vault: Vault) -> list[PrizesDrawn | Refused]:
    """`draw_and_show`, the results alone."""
    shown = await draw_and_show(work, commands, vault=vault)
    return [each if isinstance(each, Refused) else each.result for each in shown]


async def draw_and_show(work: Work, commands: Sequence[DrawPrizes], *, vault: Vault) -> list[DrawsShown | Refused]:
    """Draws from pools. A refused draw costs nothing and uses no nonce.

    Takes the members' locks, then those of the stock of pools that have any. Refuses COUNT_INVALID, POOL_NOT_FOUND,
    PAUSED, POOL_NOT_OPEN, POOL_CLOSED, ODDS_CHANGED, SELF_EXCLUDED, TIER_TOO_LOW, UNDER_AGE, DRAW_CAP_DAY,
    DRAW_CAP_MONTH, SOLD_OUT, NOT_ENOUGH, AMOUNT_OUT_OF_RANGE, MEMBER_NOT_FOUND, MEMBER_SUSPENDED, MEMBER_ERASED,
    REQUEST_ID_REUSED.
    """
    books = await _open(work, commands, vault)
    answers = books.requests.answer(
        commands, PrizesDrawn, "draw", lambda command: _draw(work, books, command), lambda command: command.member_id
    )
    await _save(work, books)
    return [
        answer if isinstance(answer, Refused) else _show(books, command, answer)
        for command, answer in zip(commands, answers, strict=True)
    ]


def _show(books: _Books, command: DrawPrizes, result: PrizesDrawn) -> DrawsShown:
    wallets = {currency: books.ledger.wallet(command.member_id, currency) for currency in Currency}
    return DrawsShown(result, wallets, books.season.day(command.now))


async def _open(work: Work, commands: Sequence[DrawPrizes], vault: Vault) -> _Books:
    connection = work.connection
    locked = await members.lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    now = moment_of(commands)
    sheets = await open_sheets(connection, now)
    season = await sheets.season(connection)
    found = await sheets.get(connection, *RAILS)
    assert found is not None, "no sheet of guard rails: run `main.py season seed` first"
    pools = await open_pools(work, [command.pool_id for command in commands], sheets, now)
    slugs = sorted({slug for pool in pools.possible for slug in pool.odds.offers})
    offers = await coupons.find_offers(connection, slugs) if slugs else {}
    things = sorted({slug for pool in pools.possible for slug in pool.odds.things})
    today = season.day(commands[0].now)
    # Offers of prizes have no limits of their own, so nobody's count of coupons needs to be known.
    issues = await coupons.open_issues(
        work, season, [(commands[0].member_id, offer_id, today) for offer_id in offers.values()]
    )
    return _Books(
        members=locked,
        requests=requests,
        sheets=sheets,
        season=season,
        rails=found,
        tiers=await _open_tiers(work, sheets, season, pools, commands),
        pools=pools,
        offers=offers,
        seeds=await open_seeds(work, vault, locked),
        standings=await open_standings(connection, sorted(locked), pools.ids),
        issues=issues,
        wins=await prizes.open_wins(connection, sheets, season, things),
        ledger=await open_ledger(work, sorted(locked)),
        grants=Grants(),
        timeline=Timeline(),
        rows=[],
    )


async def _open_tiers(
    work: Work, sheets: Sheets, season: Season, pools: Pools, commands: Sequence[DrawPrizes]
) -> Tiers | None:
    """Tiers, where a pool asks for one."""
    if not any(pool.odds.tiers for pool in pools.possible):
        return None
    ladder = await sheets.get(work.connection, *LADDER)
    assert ladder is not None, "no ladder sheet: run `main.py season seed` first"
    return await open_tiers(work, ladder, season, [(each.member_id, season.day(each.now)) for each in commands])


def _draw(work: Work, books: _Books, command: DrawPrizes) -> PrizesDrawn:
    """Checks and rolls first; changes the open books only once nothing can be refused any more."""
    drawn = _decide(work, books, command)
    foreseen = books.pools.foresee(drawn.pool, [outcome.rolled for outcome in drawn.outcomes])
    prizes.check_room(books.ledger, drawn.member.id, [entry.prize for entry in foreseen])
    awarded = books.pools.award(drawn.pool, [outcome.rolled for outcome in drawn.outcomes])
    ids = [work.mint(command.now) for _ in drawn.outcomes]
    _pay(work, books, drawn, ids[0], command.now)
    given = [
        _issue(work, books, drawn, entry, draw_id, command) for draw_id, entry in zip(ids, awarded, strict=True)
    ]  # fmt: skip
    prizes.give(
        work, books.ledger, books.grants, drawn.member.id,
        [entry.prize for entry in awarded if entry.prize.kind not in _ROWS],
        cause=f"draw:{ids[0]}", source_id=ids[0], season=books.season, today=drawn.today, now=command.now,
    )  # fmt: skip
    count, last = len(ids), drawn.outcomes[-1]
    books.seeds.use(drawn.member.id, count)
    version = drawn.pool.terms.version
    books.standings.count(drawn.member.id, drawn.pool.id, version, last.pity_after, count, drawn.today)
    books.rows += _rows(drawn, ids, awarded, given, command.now)
    _tell(work, books, drawn, ids[0], awarded, command)
    made = _made(drawn, ids, awarded, given)
    return PrizesDrawn(drawn.member.id, drawn.pool.id, version, drawn.epoch, command.now, made)


def _decide(work: Work, books: _Books, command: DrawPrizes) -> _Drawn:
    """Whether the member may draw, what it costs, what the rolls mean; begins a first epoch, changes nothing else."""
    member = refuse_unfit(books.members.get(command.member_id))
    count = admission.check_count(command.count)
    pool = books.pools.pool(command.pool_id)
    odds, zone = pool.odds, books.season.zone
    today = books.season.day(command.now)
    refuse_paused(books.sheets, pool, books.offers)
    admission.check_window(odds, pool.slug, today, zone)
    admission.check_prizes((books.issues.offer(books.offers[slug])[1] for slug in odds.offers), pool.slug, today)
    admission.check_hash(odds, command.odds_hash)
    rails.refuse_excluded(books.standings.rail(member.id).excluded_until, command.now)
    tier = books.tiers.tier(member.id, command.now).code if books.tiers and odds.tiers else ""
    admission.check_gates(odds, tier, member.birth_year, today)
    check_caps(books.rails, books.standings, pool, member, count, today, books.season)
    books.pools.refuse_emptied(pool)
    for slug in odds.offers:
        books.issues.check_stock(books.offers[slug])
    spendable = books.ledger.spendable
    payment = admission.price(
        odds, count, spendable(member.id, Currency.TICKETS, today), spendable(member.id, Currency.DIAMONDS, today)
    )
    epoch = books.seeds.open(work, member.id, command.now)
    assert epoch.client_seed is not None and epoch.set_by is not None, "an epoch that has begun has a client seed"
    pity = books.standings.pity(member.id, pool.id, pool.terms.pity_from)

    first = place_of(pool.id, pool.terms.version, member.id, epoch.client_seed, epoch.next_nonce)

    def roller(number: int) -> Roller:
        place = Place(first.pool, first.odds_version, first.member, first.client_seed, first.nonce + number)
        return books.seeds.roller(member.id, place)

    outcomes = draw_many(odds, roller, pity, count)
    return _Drawn(
        member, pool, today, payment, epoch.client_seed, epoch.set_by, epoch.epoch, epoch.next_nonce, outcomes
    )


def check_caps(
    found: Rails, standings: Standings, pool: Pool, member: Member, count: int, today: date, season: Season
) -> None:
    """The caps of the guard rails, which a young member reaches sooner, and then the pool's own.

    Refuses DRAW_CAP_DAY, DRAW_CAP_MONTH.
    """
    young = rails.is_under(found.adult_age, member.birth_year, today)
    over_all = standings.tally(member.id, today)
    if young and found.minor_day == 0:
        admission.refuse_young(found.adult_age)
    day = found.minor_day if young else found.day
    rails.check_caps(over_all, count, day=day, month=found.month, zone=season.zone)
    own = standings.pool_tally(member.id, pool.id, today)
    rails.check_caps(own, count, day=pool.odds.cap_day, month=pool.odds.cap_month, zone=season.zone)


def refuse_paused(sheets: Sheets, pool: Pool, offers: dict[str, UUID]) -> None:
    """Refuses PAUSED where an operator stopped all draws, this pool, or an offer whose coupons it gives."""
    sheets.refuse_paused("pools", f"pool:{pool.slug}")
    for slug in pool.odds.offers:
        sheets.refuse_paused(*coupons.pause_targets(offers[slug], slug))


def _pay(work: Work, books: _Books, drawn: _Drawn, set_id: UUID, now: datetime) -> None:
    note = Note(ledgers.SINK_GACHA, "draw", set_id, now)
    for currency, amount in (
        (Currency.TICKETS, drawn.payment.tickets), (Currency.DIAMONDS, drawn.payment.diamonds),
    ):  # fmt: skip
        if amount:
            books.ledger.spend(work, drawn.member.id, currency, amount, drawn.today, note)


def _issue(work: Work, books: _Books, drawn: _Drawn, entry: Entry, draw_id: UUID, command: DrawPrizes) -> UUID | None:
    """The coupon of a prize that is one; a thing's row stands under the draw's own id."""
    if entry.prize.kind is PrizeKind.THING:
        law = drawn.pool.odds.jurisdiction
        books.wins.win(work, books.timeline, drawn.member.id, draw_id, entry.prize, law, command.now)
    if entry.prize.kind is not PrizeKind.COUPON:
        return None
    issued = books.issues.issue(
        work, books.timeline, drawn.member.id, books.offers[entry.prize.offer], coupon_facts.COUPON_ISSUED, command.now,
        command.request.id, draw=str(draw_id),
    )  # fmt: skip
    return issued.coupon_id


def _rows(
    drawn: _Drawn, ids: Sequence[UUID], awarded: Sequence[Entry], given: Sequence[UUID | None], now: datetime
) -> list[tuple[Any, ...]]:
    """The rows of one command's draws, in the order of the table's columns: what a `DrawRecord` reads."""
    odds, member_id, pool_id, version = drawn.pool.odds, drawn.member.id, drawn.pool.id, drawn.pool.terms.version
    set_by, count, pity_start = drawn.set_by.value, len(ids), drawn.outcomes[0].pity_before
    rows: list[tuple[Any, ...]] = []
    nothing_before = True
    for number, (outcome, entry) in enumerate(zip(drawn.outcomes, awarded, strict=True)):
        currency, amount = drawn.payment.of(number, odds)
        rolled, rolls = odds.entries[outcome.rolled], outcome.rolls
        rows.append((
            member_id, ids[number], ids[0], pool_id, version, drawn.epoch, drawn.nonce + number, drawn.client_seed,
            set_by, count, number + 1, pity_start, outcome.pity_before, outcome.pity_after, nothing_before,
            outcome.guaranteed, rolls[0].value, rolls[1].value, rolls[2].value if outcome.guaranteed else None,
            rolled.code, entry.code, currency.value, amount, given[number], now,
        ))  # fmt: skip
        nothing_before = nothing_before and rolled.prize_class is PrizeClass.PLAIN
    return rows


def _made(
    drawn: _Drawn, ids: Sequence[UUID], awarded: Sequence[Entry], given: Sequence[UUID | None]
) -> tuple[DrawMade, ...]:
    odds = drawn.pool.odds
    return tuple([
        DrawMade(
            ids[number], awarded[number].code, odds.entries[outcome.rolled].code, outcome.rolls[0].value,
            drawn.nonce + number, outcome.pity_before, outcome.guaranteed, drawn.payment.of(number, odds)[0],
            given[number],
        )
        for number, outcome in enumerate(drawn.outcomes)
    ])  # fmt: skip


def _tell(
    work: Work, books: _Books, drawn: _Drawn, set_id: UUID, awarded: Sequence[Entry], command: DrawPrizes
) -> None:
    books.timeline.record(
        work, drawn.member.id, facts.PRIZES_DRAWN, command.now,
        {
            "draw": str(set_id), "pool": drawn.pool.slug, "version": drawn.pool.terms.version, "count": len(awarded),
            "prizes": [entry.code for entry in awarded], "tickets": drawn.payment.tickets,
            "diamonds": drawn.payment.diamonds,
        },
        command.request.id,
    )  # fmt: skip
    for entry in awarded:
        if entry.prize_class is PrizeClass.TOP:
            told = {"draw": str(set_id), "pool": drawn.pool.slug, "prize": entry.code}
            books.timeline.record(work, drawn.member.id, facts.TOP_PRIZE_WON, command.now, {**told})


async def _save(work: Work, books: _Books) -> None:
    if books.rows:
        await store.insert_draws(work, books.rows)
    await books.pools.save(work)
    await books.seeds.save(work)
    await books.standings.save(work)
    await books.issues.save(work)
    await books.wins.save(work)
    await books.ledger.save(work)
    await books.grants.save(work)
    await books.timeline.save(work)
    await books.requests.save(work)


def read_draw(row: Any) -> DrawRecord:
    return DrawRecord(**{**dict(row), "set_by": SetBy(row["set_by"]), "currency": Currency(row["currency"])})
