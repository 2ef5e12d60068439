"""Offers and coupons for reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.ledger.actions import read_wallets
from loyalty.ledger.rules import Wallet
from loyalty.members import actions as members
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused
from loyalty.sheets.actions import Sheets, open_sheets
from loyalty.sheets.rules import Season
from loyalty.tiers.actions import LADDER, read_tier
from rewards.coupons.actions.book import known_terms, load_terms, read_coupon
from rewards.coupons.actions.issuing import CouponIssued, OnSale, load_segments, pause_targets
from rewards.coupons.rules import codes
from rewards.coupons.rules.coupons import Coupon, CouponState
from rewards.coupons.rules.offers import Claimant, Offer, Source, check_claim
from rewards.coupons.store import coupons as coupon_store
from rewards.coupons.store import offers as offer_store
from rewards.refusals import RewardsCode, RewardsRefused


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer on sale, and why this member cannot buy it now; `refusal` None means that he can."""

    id: UUID
    version: int
    offer: Offer
    left: int | None
    had: int
    refusal: Refused | None


@dataclass(frozen=True, slots=True)
class CouponView:
    """A coupon with the terms that it was issued under. `shown` is the state for its owner: expired is said at once."""

    coupon: Coupon
    offer: Offer
    shown: CouponState

    @property
    def token_secret(self) -> str:
        """RFC 6238's secret in base32: given to the owner's own app alone, so that it shows the QR code offline."""
        return codes.provisioning(self.coupon.secret)


async def read_offers(
    connection: Any, member_id: UUID, now: datetime, *, first: int, before: UUID | None = None
) -> list[OfferView]:
    """A page of offers that are sold for a price, newest first, by keyset, judged for this member."""
    rows: list[OnSale] = []
    while len(rows) < first:
        page = [OnSale(**dict(row)) for row in await offer_store.load_page(connection, before, first)]
        terms = await load_terms(connection, [(row.id, row.version) for row in page])
        rows += [row for row in page if terms[row.id, row.version].source is Source.PRICE]
        if len(page) < first:
            break
        before = page[-1].id
    return await _judge(connection, member_id, now, rows[:first])


async def read_offers_by_id(connection: Any, member_id: UUID, now: datetime, ids: Sequence[UUID]) -> list[OfferView]:
    """The same for offers by id, those that exist."""
    rows = [OnSale(**dict(row)) for row in await offer_store.load_offers(connection, ids)]
    return await _judge(connection, member_id, now, rows)


async def read_coupons(
    connection: Any, member_id: UUID, now: datetime, *, first: int, before: UUID | None = None,
    state: CouponState | None = None,
) -> list[CouponView]:  # fmt: skip
    """A page of a member's coupons, newest first, by keyset; `state` is the one that is booked."""
    rows = await coupon_store.load_page(connection, member_id, state.value if state else None, before, first)
    return await _views(connection, [read_coupon(row) for row in rows], now)


async def read_coupons_by_id(connection: Any, member_id: UUID, now: datetime, ids: Sequence[UUID]) -> list[CouponView]:
    """Coupons of the member by id; those of others are not found."""
    rows = await coupon_store.load_coupons(connection, [(member_id, each) for each in ids])
    return await _views(connection, [read_coupon(row) for row in rows], now)


def view_issued(issued: CouponIssued) -> CouponView | None:
    """The coupon that a first result has just issued; None for a replay, which has to be read."""
    offer = known_terms(issued.offer_id, issued.version)
    if issued.secret is None or offer is None:
        return None
    coupon = Coupon(
        issued.member_id, issued.coupon_id, issued.offer_id, issued.version, issued.code, issued.secret, issued.state,
        None, issued.issued_at, issued.expires_at, issued.expires_at, issued.issued_at,
    )  # fmt: skip
    return CouponView(coupon, offer, issued.state)


async def export_coupons(connection: Any, member_id: UUID) -> list[dict[str, Any]]:
    """Every coupon of a member, for `exportMyData`, newest first. Secrets of tokens are left out."""
    coupons: list[Coupon] = []
    before: UUID | None = None
    while page := await coupon_store.load_page(connection, member_id, None, before, 500):
        coupons.extend(read_coupon(row) for row in page)
        before = coupons[-1].id
    terms = await load_terms(connection, [(each.offer_id, each.version) for each in coupons])
    return [
        {
            "offer": terms[each.offer_id, each.version].slug,
            "code": each.code,
            "state": each.state.value,
            "issuedAt": each.issued_at.isoformat(),
            "expiresAt": each.expires_at.isoformat(),
        }
        for each in coupons
    ]


async def _views(connection: Any, coupons: Sequence[Coupon], now: datetime) -> list[CouponView]:
    terms = await load_terms(connection, [(each.offer_id, each.version) for each in coupons])
    views = []
    for coupon in coupons:
        late = coupon.state is CouponState.ISSUED and now >= coupon.expires_at
        shown = CouponState.EXPIRED if late else coupon.state
        views.append(CouponView(coupon, terms[coupon.offer_id, coupon.version], shown))
    return views


async def _judge(connection: Any, member_id: UUID, now: datetime, rows: Sequence[OnSale]) -> list[OfferView]:
    if not rows:
        return []
    sheets = await open_sheets(connection, now)
    season = await sheets.season(connection)
    today = season.day(now)
    terms = await load_terms(connection, [(row.id, row.version) for row in rows])
    had = {
        row["offer_id"]: (row["had"], row["had_today"])
        for row in await offer_store.load_had(connection, [(member_id, row.id, today) for row in rows])
    }
    ladder = await sheets.get(connection, *LADDER)
    assert ladder is not None, "no ladder sheet: run `main.py season seed` first"
    tier = (await read_tier(connection, ladder, season, member_id, now)).tier.code
    segments = (await load_segments(connection, [member_id])).get(member_id, frozenset())
    member = (await members.load_members(connection, [member_id]))[member_id]
    wallets = await read_wallets(connection, [member_id])
    views = []
    for row in rows:
        offer = terms[row.id, row.version]
        claimant = Claimant(tier, segments, season.day(member.created_at), *had[row.id])
        wallet = wallets.get((member_id, offer.price.currency), Wallet()) if offer.price else Wallet()
        refusal = _why_not(sheets, season, row, offer, claimant, wallet, now)
        left = None if row.limit_total is None else row.limit_total - row.issued
        views.append(OfferView(row.id, row.version, offer, left, had[row.id][0], refusal))
    return views


def _why_not(
    sheets: Sheets, season: Season, row: OnSale, offer: Offer, claimant: Claimant, wallet: Wallet, now: datetime
) -> Refused | None:
    """The refusal that a purchase would meet now."""
    today = season.day(now)
    try:
        sheets.refuse_paused(*pause_targets(row.id, row.slug))
        if offer.source is not Source.PRICE or offer.price is None:
            raise RewardsRefused(RewardsCode.OFFER_NOT_FOR_SALE, offer=row.slug)
        check_claim(offer, claimant, today, season.zone)
        if row.sold_out:
            raise RewardsRefused(RewardsCode.SOLD_OUT, offer=row.slug)
        available = wallet.spendable(today)
        if available < offer.price.amount:
            raise LoyaltyRefused(
                LoyaltyCode.NOT_ENOUGH, currency=offer.price.currency, available=available, needed=offer.price.amount
            )
    except Refused as refused:
        return refused
    return None
