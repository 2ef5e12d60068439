"""Coupons: buying and issuing, holding, settling, returning, reading, and what time does."""

from rewards.coupons.actions.audit import audit
from rewards.coupons.actions.holding import BasketChecked, BasketQuery, HoldBasket, check_basket, hold_baskets
from rewards.coupons.actions.issuing import (
    BuyCoupon,
    CouponIssued,
    Issues,
    add_to_segment,
    buy_coupons,
    open_issues,
    pause_targets,
)
from rewards.coupons.actions.jobs import expire_coupons, expire_holds, find_waiting
from rewards.coupons.actions.publishing import find_offers, publish_offer, put_on_sale, read_terms_on_sale
from rewards.coupons.actions.reading import (
    CouponView,
    OfferView,
    export_coupons,
    read_coupons,
    read_coupons_by_id,
    read_offers,
    read_offers_by_id,
    view_issued,
)
from rewards.coupons.actions.returning import GoodsReturned, ReturnGoods, return_goods
from rewards.coupons.actions.settling import (
    BasketReleased,
    BasketSettled,
    ReleaseBasket,
    SettleBasket,
    release_baskets,
    review_settled,
    settle_baskets,
)
from rewards.coupons.actions.welcoming import Welcome, Welcomed, welcome
from rewards.coupons.rules.holds import BasketHeld

__all__ = [
    "BasketChecked",
    "BasketHeld",
    "BasketQuery",
    "BasketReleased",
    "BasketSettled",
    "BuyCoupon",
    "CouponIssued",
    "CouponView",
    "GoodsReturned",
    "HoldBasket",
    "Issues",
    "OfferView",
    "ReleaseBasket",
    "ReturnGoods",
    "SettleBasket",
    "Welcome",
    "Welcomed",
    "add_to_segment",
    "audit",
    "buy_coupons",
    "check_basket",
    "expire_coupons",
    "expire_holds",
    "export_coupons",
    "find_offers",
    "find_waiting",
    "hold_baskets",
    "open_issues",
    "pause_targets",
    "publish_offer",
    "put_on_sale",
    "read_coupons",
    "read_coupons_by_id",
    "read_offers",
    "read_offers_by_id",
    "read_terms_on_sale",
    "release_baskets",
    "return_goods",
    "review_settled",
    "settle_baskets",
    "view_issued",
    "welcome",
]
