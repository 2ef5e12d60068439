"""The member's coupons, and buying one."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from api.batches import batches_of
from api.graphql.context import Context
from api.graphql.nodes import Node, parse_id, write_id
from api.graphql.pages import Connection, check_first, connection, read_id_cursor, write_cursor
from api.graphql.refusal import Refusal, mutation, request_key
from api.graphql.schema import Info
from api.mobile.offers import show_terms
from rewards.coupons import actions as coupons
from rewards.coupons.rules import codes
from rewards.coupons.rules.coupons import CouponState
from rewards.coupons.rules.offers import OfferKind

strawberry.enum(CouponState, description="Where a coupon stands.")


@strawberry.type(
    description="How the app makes the token that stands after the code (`CODE.TOKEN`): RFC 6238, offline, from a "
    "secret that only the coupon's owner is given. Keep it on the device."
)
class TokenRecipe:
    secret: str = strawberry.field(description="Base32, as authenticator libraries take it.")
    algorithm: str
    digits: int
    period_seconds: int


@strawberry.type(name="Coupon", description="One claim of yours, under the terms that it was issued with.")
class CouponNode(Node):
    code: str = strawberry.field(description="Shown with a token as QR: `CODE.TOKEN`; whoever shows it spends it.")
    state: CouponState
    issued_at: datetime
    expires_at: datetime = strawberry.field(description="The first instant at which it cannot be used any more.")
    offer_id: strawberry.ID
    name: str
    terms: str
    kind: OfferKind
    currency: str
    amount_minor: int
    percent_ppm: int
    percent: str
    cap_minor: int
    minimum_minor: int
    print_: bool = strawberry.field(name="print", description="Whether the bare code is enough at the till.")
    token: TokenRecipe


@strawberry.type
class CouponIssued:
    coupon: CouponNode


BuyCouponResult = Annotated[CouponIssued | Refusal, strawberry.union("BuyCouponResult")]


def show_coupon(view: coupons.CouponView, locale: str, state: CouponState | None = None) -> CouponNode:
    """A coupon, for its owner alone; `state` where a replay shows what was."""
    coupon = view.coupon
    return CouponNode(
        id=write_id("cpn", coupon.id),
        code=coupon.code,
        state=state or view.shown,
        issued_at=coupon.issued_at,
        expires_at=coupon.expires_at,
        offer_id=write_id("off", coupon.offer_id),
        token=TokenRecipe(
            secret=view.token_secret, algorithm="SHA1", digits=codes.DIGITS, period_seconds=codes.STEP_SECONDS
        ),
        **show_terms(view.offer, locale),
    )


async def resolve_coupon(context: Context, coupon_id: UUID, state: CouponState | None = None) -> CouponNode | None:
    """The caller's own coupon; nobody else's."""
    async with context.database.read() as connection_:
        found = await coupons.read_coupons_by_id(connection_, context.member.member_id, context.now, [coupon_id])
    return show_coupon(found[0], context.locale, state) if found else None


@strawberry.type
class CouponQuery:
    @strawberry.field(description="Your coupons, newest first; `state` as it is booked, all where it is left out.")
    async def coupons(
        self,
        info: Info,
        first: int,
        state: CouponState | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
    ) -> Connection[CouponNode]:
        context: Context = info.context
        before = read_id_cursor("coupons", after)
        wanted = check_first(first) + 1
        only = state or None
        async with context.database.read() as connection_:
            rows = await coupons.read_coupons(
                connection_, context.member.member_id, context.now, first=wanted, before=before, state=only
            )
        return connection(
            rows,
            first,
            lambda row: show_coupon(row, context.locale),
            lambda row: write_cursor("coupons", str(row.coupon.id)),
        )


@strawberry.type
class CouponMutation:
    @mutation
    async def buy_coupon(self, info: Info, request_id: strawberry.ID, offer_id: strawberry.ID) -> BuyCouponResult:
        """Buys one coupon of an offer with what the wallet holds."""
        context: Context = info.context
        offer = parse_id("off", offer_id, "offerId")
        command = coupons.BuyCoupon(
            request=request_key(context, "buyCoupon", request_id, {"offerId": offer}),
            member_id=context.member.member_id,
            offer_id=offer,
            now=context.now,
        )
        done = await context.submit(batches_of(context.services).buy_coupon, command)
        view = coupons.view_issued(done)
        if view is not None:
            return CouponIssued(coupon=show_coupon(view, context.locale))
        coupon = await resolve_coupon(context, done.coupon_id, done.state)
        assert coupon is not None, "what was issued is there"
        return CouponIssued(coupon=coupon)
