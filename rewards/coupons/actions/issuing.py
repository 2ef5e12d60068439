"""Coupons come into being: bought with a wallet, or given by another flat in its open batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field as Excluded

from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note, open_ledger
from loyalty.members import actions as members
from loyalty.members.rules import Member, refuse_unfit
from loyalty.refusals import Refused
from loyalty.requests.actions import Requests, open_requests
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import Sheets, moment_of, open_sheets
from loyalty.sheets.rules import Season
from loyalty.tiers.actions import LADDER, Tiers, open_tiers
from loyalty.timeline.actions import Timeline
from loyalty.timeline.rules import EventKind
from loyalty.work import Work
from rewards.coupons import facts
from rewards.coupons.actions.book import load_terms
from rewards.coupons.rules import codes, offers
from rewards.coupons.rules.coupons import CouponState
from rewards.coupons.rules.offers import Claimant, Offer, Source
from rewards.coupons.store import coupons as coupon_store
from rewards.coupons.store import offers as offer_store
from rewards.refusals import RewardsCode, RewardsRefused


@dataclass(frozen=True, slots=True)
class BuyCoupon:
    """A member buys one coupon of an offer."""

    request: RequestKey
    member_id: UUID
    offer_id: UUID
    now: datetime


@dataclass(frozen=True, slots=True)
class CouponIssued:
    """A new coupon. `code` is a bearer secret: never logged.

    `secret`, of which the owner's app makes tokens, is in no kept result: a replay has None and reads the coupon.
    """

    member_id: UUID
    coupon_id: UUID
    offer_id: UUID
    version: int
    code: str
    state: CouponState
    issued_at: datetime
    expires_at: datetime
    secret: Annotated[bytes | None, Excluded(exclude=True)] = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class OnSale:
    """An offer's live row. `issued` counts only where there is a total limit."""

    id: UUID
    slug: str
    version: int
    limit_total: int | None
    issued: int

    @property
    def sold_out(self) -> bool:
        return self.limit_total is not None and self.issued >= self.limit_total


class Issues:
    """The offers and counts that one batch issues coupons from."""

    def __init__(
        self,
        season: Season,
        on_sale: dict[UUID, OnSale],
        terms: Mapping[tuple[UUID, int], Offer],
        had: dict[tuple[UUID, UUID], int],
        had_on: dict[tuple[UUID, UUID, date], int],
    ) -> None:
        self._season = season
        self._on_sale = on_sale
        self._terms = terms
        self._had = had
        self._had_on = had_on
        self._counted: set[UUID] = set()
        self._new: list[tuple[Any, ...]] = []

    def offer(self, offer_id: UUID) -> tuple[OnSale, Offer]:
        """The live row and its version's terms. Refuses OFFER_NOT_FOUND."""
        row = self._on_sale.get(offer_id)
        if row is None:
            raise RewardsRefused(RewardsCode.OFFER_NOT_FOUND)
        return row, self._terms[row.id, row.version]

    def had(self, member_id: UUID, offer_id: UUID, day: date) -> tuple[int, int]:
        """How many coupons of the offer the member had, ever and on that day, with those of this batch.

        Of an offer without limits for a member those of this batch alone: nobody needs the others.
        """
        return self._had.get((member_id, offer_id), 0), self._had_on.get((member_id, offer_id, day), 0)

    def check_stock(self, offer_id: UUID) -> None:
        """Refuses OFFER_NOT_FOUND, SOLD_OUT."""
        row, _ = self.offer(offer_id)
        if row.sold_out:
            raise RewardsRefused(RewardsCode.SOLD_OUT, offer=row.slug)

    def issue(
        self, work: Work, timeline: Timeline, member_id: UUID, offer_id: UUID, kind: EventKind, now: datetime,
        request_id: UUID | None = None, **more: str | int,
    ) -> CouponIssued:  # fmt: skip
        """Makes one coupon under the version on sale. Refuses OFFER_NOT_FOUND, SOLD_OUT; the rest is the caller's."""
        self.check_stock(offer_id)
        row, offer = self.offer(offer_id)
        today = self._season.day(now)
        code = codes.write_code(work.dice.below(codes.CODES))
        expires_at = offers.last_moment(offer, today, self._season.zone)
        coupon_id = work.mint(now)
        secret = work.dice.bytes(codes.SECRET_BYTES)
        self._new.append((
            member_id, coupon_id, offer_id, row.version, code, secret,
            CouponState.ISSUED.value, None, today, now, expires_at, expires_at, now,
        ))  # fmt: skip
        self._had[member_id, offer_id] = self._had.get((member_id, offer_id), 0) + 1
        self._had_on[member_id, offer_id, today] = self._had_on.get((member_id, offer_id, today), 0) + 1
        if row.limit_total is not None:
            self._on_sale[offer_id] = replace(row, issued=row.issued + 1)
            self._counted.add(offer_id)
        timeline.record(
            work, member_id, kind, now, {"coupon": str(coupon_id), "offer": row.slug, "version": row.version, **more},
            request_id,
        )  # fmt: skip
        return CouponIssued(
            member_id, coupon_id, offer_id, row.version, code, CouponState.ISSUED, now, expires_at, secret
        )

    async def save(self, work: Work) -> None:
        """Writes new coupons, and how many were issued once for each offer with a total limit."""
        if self._new:
            await coupon_store.insert_coupons(work, self._new)
        if self._counted:
            await offer_store.save_issued(work, [(each, self._on_sale[each].issued) for each in sorted(self._counted)])


async def open_issues(work: Work, season: Season, asks: Iterable[tuple[UUID, UUID, date]]) -> Issues:
    """Opens offers for (member, offer, day of the season's zone). Expects the members' locks.

    Locks the offers that have a total limit, in the order of their ids; no other, so that none is a hot row.
    """
    keys = sorted(set(asks))
    if not keys:
        return Issues(season, {}, {}, {}, {})
    ids = sorted({offer_id for _, offer_id, _ in keys})
    on_sale = {row["id"]: OnSale(**dict(row)) for row in await offer_store.load_offers(work.connection, ids)}
    if bounded := sorted(row.id for row in on_sale.values() if row.limit_total is not None):
        on_sale |= {row["id"]: OnSale(**dict(row)) for row in await offer_store.lock_offers(work, bounded)}
    terms = await load_terms(work.connection, [(row.id, row.version) for row in on_sale.values()])
    limits = {row.id: terms[row.id, row.version].limits for row in on_sale.values()}
    limited = [key for key in keys if key[1] in limits and (limits[key[1]].member or limits[key[1]].day)]
    had: dict[tuple[UUID, UUID], int] = {}
    had_on: dict[tuple[UUID, UUID, date], int] = {}
    for row in await offer_store.load_had(work.connection, limited) if limited else ():
        had[row["member_id"], row["offer_id"]] = row["had"]
        had_on[row["member_id"], row["offer_id"], row["today"]] = row["had_today"]
    return Issues(season, on_sale, terms, had, had_on)


@dataclass(slots=True)
class _Shop:
    """Everything that one batch of purchases has open."""

    members: dict[UUID, Member]
    requests: Requests
    sheets: Sheets
    season: Season
    tiers: Tiers
    segments: dict[UUID, frozenset[str]]
    issues: Issues
    ledger: Ledger
    timeline: Timeline


async def buy_coupons(work: Work, commands: Sequence[BuyCoupon]) -> list[CouponIssued | Refused]:
    """Coupons bought with points, stamps or diamonds.

    Takes the members' locks, then those of the offers with a total limit. Refuses OFFER_NOT_FOUND, OFFER_NOT_FOR_SALE,
    OFFER_NOT_OPEN, OFFER_AUDIENCE, SOLD_OUT, MEMBER_LIMIT, DAY_LIMIT, NOT_ENOUGH, PAUSED, MEMBER_NOT_FOUND,
    MEMBER_SUSPENDED, MEMBER_ERASED, REQUEST_ID_REUSED.
    """
    shop = await _open(work, commands)
    answers = shop.requests.answer(
        commands,
        CouponIssued,
        "buyCoupon",
        lambda command: _buy(work, shop, command),
        lambda command: command.member_id,
    )
    await shop.issues.save(work)
    await shop.ledger.save(work)
    await shop.timeline.save(work)
    await shop.requests.save(work)
    return answers


async def _open(work: Work, commands: Sequence[BuyCoupon]) -> _Shop:
    connection = work.connection
    locked = await members.lock(work, [command.member_id for command in commands])
    requests = await open_requests(work, [command.request for command in commands])
    sheets = await open_sheets(connection, moment_of(commands))
    season = await sheets.season(connection)
    ladder = await sheets.get(connection, *LADDER)
    assert ladder is not None, "no ladder sheet: run `main.py season seed` first"
    asked = [(each.member_id, each.offer_id, season.day(each.now)) for each in commands]
    issues = await open_issues(work, season, asked)
    return _Shop(
        members=locked,
        requests=requests,
        sheets=sheets,
        season=season,
        tiers=await open_tiers(work, ladder, season, [(member_id, day) for member_id, _, day in asked]),
        segments=await load_segments(connection, sorted(locked)),
        issues=issues,
        ledger=await open_ledger(work, sorted(locked)),
        timeline=Timeline(),
    )


def _buy(work: Work, shop: _Shop, command: BuyCoupon) -> CouponIssued:
    member = refuse_unfit(shop.members.get(command.member_id))
    row, offer = shop.issues.offer(command.offer_id)
    shop.sheets.refuse_paused(*pause_targets(row.id, row.slug))
    if offer.source is not Source.PRICE or offer.price is None:
        raise RewardsRefused(RewardsCode.OFFER_NOT_FOR_SALE, offer=row.slug)
    today = shop.season.day(command.now)
    had, had_today = shop.issues.had(member.id, row.id, today)
    claimant = Claimant(
        shop.tiers.tier(member.id, command.now).code, shop.segments.get(member.id, frozenset()),
        shop.season.day(member.created_at), had, had_today,
    )  # fmt: skip
    offers.check_claim(offer, claimant, today, shop.season.zone)
    shop.issues.check_stock(row.id)
    note = Note(ledgers.SINK_COUPON, "coupon", row.id, command.now)
    shop.ledger.spend(work, member.id, offer.price.currency, offer.price.amount, today, note)
    return shop.issues.issue(
        work, shop.timeline, member.id, row.id, facts.COUPON_BOUGHT, command.now, command.request.id,
        price=offer.price.amount, currency=offer.price.currency.value,
    )  # fmt: skip


def pause_targets(offer_id: UUID, slug: str) -> tuple[str, str, str]:
    """What an operator may have stopped: all offers, or this one by its id or its slug."""
    return "offers", f"offer:{offer_id}", f"offer:{slug}"


async def load_segments(connection: Any, member_ids: Sequence[UUID]) -> dict[UUID, frozenset[str]]:
    """The segments of members that have any."""
    found: dict[UUID, set[str]] = {}
    for row in await offer_store.load_segments(connection, member_ids):
        found.setdefault(row["member_id"], set()).add(row["segment"])
    return {member_id: frozenset(segments) for member_id, segments in found.items()}


async def add_to_segment(work: Work, segment: str, member_ids: Sequence[UUID]) -> None:
    """Puts members into a segment; who is in it already stays."""
    await offer_store.insert_segment(work, segment, member_ids)
