"""The measured operations as commands of their actions: what a batch holds, what pgbench's scripts are made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from game.checkin.actions import CheckIn, check_in
from game.orders.actions import PlayMoves, play_moves
from loyalty.members.actions import Device, OpenApp, open_apps
from loyalty.members.rules import DeviceForm, DeviceSystem
from loyalty.receipts.actions import RecordReceipt, record_receipts
from loyalty.requests.rules import RequestKey
from rewards.coupons.actions import (
    BasketQuery,
    BuyCoupon,
    HoldBasket,
    SettleBasket,
    buy_coupons,
    hold_baskets,
    settle_baskets,
)
from rewards.coupons.rules.baskets import Basket
from rewards.coupons.rules.baskets import Line as BasketLine
from rewards.gacha.actions import DrawPrizes, draw_prizes
from tests.bench import boards, pools, shop
from tests.bench.shop import Shop

BASKET = Basket("TWD", (BasketLine(1, "4710001", "Rice 2 kg", "Private", "GROCERY", 1, 18_900),))
_DRAW = partial(draw_prizes, vault=pools.VAULT)
ACTIONS: dict[str, Any] = {
    "openApp": open_apps,
    "checkIn": check_in,
    "playMoves": play_moves,
    "draw": _DRAW,
    "drawStock": _DRAW,
    "drawHot": _DRAW,
    "draw10": _DRAW,
    "buyCoupon": buy_coupons,
    "recordReceipt": record_receipts,
    "hold": hold_baskets,
    "settle": settle_baskets,
}


@dataclass(frozen=True, slots=True)
class Asking:
    """One command's particulars. `number` is that of the member, of a coupon for `hold`."""

    number: int
    request_id: UUID
    now: datetime
    receipt_no: str = ""
    hold_id: UUID | None = None

    def key(self, scope: UUID) -> RequestKey:
        return RequestKey(scope, self.request_id, bytes(range(32)))


def command(place: Shop, operation: str, asking: Asking) -> Any:
    """A command that nothing refuses on a freshly seeded shop."""
    return _MAKERS[operation](place, asking)


def _open(_: Shop, asking: Asking) -> OpenApp:
    member = shop.member_id(asking.number)
    return OpenApp(asking.key(member), member, Device(DeviceSystem.IOS, DeviceForm.PHONE), asking.now)


def _check_in(_: Shop, asking: Asking) -> CheckIn:
    member = shop.member_id(asking.number)
    return CheckIn(asking.key(member), member, None, asking.now)


def _play(_: Shop, asking: Asking) -> PlayMoves:
    member = shop.member_id(asking.number)
    return PlayMoves(asking.key(member), member, 1, boards.twenty(), asking.now)


def _draw(pool: str, count: int, place: Shop, asking: Asking) -> DrawPrizes:
    member = shop.member_id(asking.number)
    pool_id, odds_hash = place.pools[pool]
    return DrawPrizes(asking.key(member), member, pool_id, odds_hash, count, asking.now)


def _buy(place: Shop, asking: Asking) -> BuyCoupon:
    member = shop.member_id(asking.number)
    return BuyCoupon(asking.key(member), member, place.offer_id, asking.now)


def _receipt(_: Shop, asking: Asking) -> RecordReceipt:
    now, store, card = asking.now, shop.STORE.id, shop.card_no(asking.number)
    return RecordReceipt(asking.key(store), store, card, asking.receipt_no, now, "TWD", shop.LINES, now)


def _hold(_: Shop, asking: Asking) -> HoldBasket:
    codes = (shop.code(asking.number),)
    query = BasketQuery(shop.STORE.id, shop.card_no(asking.number), codes, 100, BASKET, asking.now)
    return HoldBasket(asking.key(shop.STORE.id), query)


def _settle(_: Shop, asking: Asking) -> SettleBasket:
    assert asking.hold_id is not None, "a hold is settled"
    return SettleBasket(asking.key(shop.STORE.id), shop.STORE.id, asking.hold_id, asking.receipt_no, asking.now)


_MAKERS: dict[str, Callable[[Shop, Asking], Any]] = {
    "openApp": _open,
    "checkIn": _check_in,
    "playMoves": _play,
    "draw": partial(_draw, "draw", 1),
    "drawStock": partial(_draw, "drawStock", 1),
    "drawHot": partial(_draw, "drawHot", 1),
    "draw10": partial(_draw, "draw", 10),
    "buyCoupon": _buy,
    "recordReceipt": _receipt,
    "hold": _hold,
    "settle": _settle,
}
