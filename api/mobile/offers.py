"""Offers that the member can buy with what the wallet holds."""

from datetime import date
from typing import Any
from uuid import UUID

import strawberry

from api.graphql.context import Context
from api.graphql.nodes import Node, write_id
from api.graphql.pages import Connection, check_first, connection, read_id_cursor, write_cursor
from api.graphql.refusal import Refusal, refusal_from
from api.graphql.schema import Info
from loyalty.ledger.rules import Currency
from rewards.coupons import actions as coupons
from rewards.coupons.rules.offers import Offer, OfferKind

strawberry.enum(OfferKind, description="What a coupon of the offer does.")
strawberry.enum(Currency, name="WalletCurrency", description="What a wallet holds.")


@strawberry.type
class OfferPrice:
    currency: Currency
    amount: int


@strawberry.type(name="Offer", description="A coupon's template, as it is sold now.")
class OfferNode(Node):
    name: str
    terms: str
    kind: OfferKind
    currency: str
    amount_minor: int = strawberry.field(
        description="What comes off (AMOUNT_OFF), or is still paid in cash (STAMPS_PLUS_CASH); else 0."
    )
    percent_ppm: int
    percent: str = strawberry.field(description="The same as a decimal string; 0 for other kinds.")
    cap_minor: int = strawberry.field(description="What comes off at most; 0 for no cap.")
    minimum_minor: int
    price: OfferPrice | None
    closes_on: date | None
    valid_days: int = strawberry.field(description="Days a coupon lasts, that of purchase included; 0: `validUntil`.")
    valid_until: date | None
    print_: bool = strawberry.field(name="print", description="Whether the bare code may be printed and is enough.")
    left: int | None = strawberry.field(description="How many are left, where there is a total limit.")
    had: int = strawberry.field(description="How many you have had.")
    refusal: Refusal | None = strawberry.field(description="What a purchase would meet now; null where you can buy it.")


def show_offer(view: coupons.OfferView, locale: str) -> OfferNode:
    """An offer, as judged for one member."""
    offer = view.offer
    return OfferNode(
        id=write_id("off", view.id),
        **show_terms(offer, locale),
        price=OfferPrice(currency=offer.price.currency, amount=offer.price.amount) if offer.price else None,
        closes_on=offer.closes_on,
        valid_days=offer.valid_days,
        valid_until=offer.valid_until,
        left=view.left,
        had=view.had,
        refusal=refusal_from(view.refusal, locale) if view.refusal else None,
    )


def show_terms(offer: Offer, locale: str) -> dict[str, Any]:
    """What an offer and its coupons both show."""
    whole, part = divmod(offer.percent_ppm, 10_000)
    return {
        "name": offer.names.get(locale) or offer.names["en"],
        "terms": offer.terms.get(locale) or offer.terms["en"],
        "kind": offer.kind,
        "currency": offer.currency,
        "amount_minor": offer.amount_minor,
        "percent_ppm": offer.percent_ppm,
        "percent": f"{whole}.{part:04d}".rstrip("0").rstrip("."),
        "cap_minor": offer.cap_minor,
        "minimum_minor": offer.minimum_minor,
        "print_": offer.print,
    }


async def resolve_offer(context: Context, offer_id: UUID) -> OfferNode | None:
    """An offer by its id, as judged for the caller."""
    async with context.database.read() as connection_:
        found = await coupons.read_offers_by_id(connection_, context.member.member_id, context.now, [offer_id])
    return show_offer(found[0], context.locale) if found else None


@strawberry.type
class OfferQuery:
    @strawberry.field(description="Offers that are sold, newest first; each says whether you can buy it now.")
    async def offers(self, info: Info, first: int, after: str | None = strawberry.UNSET) -> Connection[OfferNode]:
        context: Context = info.context
        before = read_id_cursor("offers", after)
        wanted = check_first(first) + 1
        async with context.database.read() as connection_:
            rows = await coupons.read_offers(
                connection_, context.member.member_id, context.now, first=wanted, before=before
            )
        return connection(
            rows, first, lambda row: show_offer(row, context.locale), lambda row: write_cursor("offers", str(row.id))
        )
