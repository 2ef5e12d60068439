"""The batchers of one process: one for each hot action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from api.runtime.batcher import Action, Batcher
from api.runtime.metrics import observe_batch
from api.runtime.services import Services
from loyalty.ledger.actions import AdjustWallet, WalletAdjusted, adjust_wallets
from loyalty.members.actions import (
    ConsentChanged,
    ErasureCancelled,
    ErasureRequested,
    RightsCommand,
    SetConsent,
    cancel_erasures,
    request_erasures,
    set_consents,
)
from loyalty.receipts.actions import ReceiptRecorded, RecordReceipt, record_receipts
from rewards.coupons.actions import (
    BasketHeld,
    BasketReleased,
    BasketSettled,
    BuyCoupon,
    CouponIssued,
    GoodsReturned,
    HoldBasket,
    ReleaseBasket,
    ReturnGoods,
    SettleBasket,
    buy_coupons,
    hold_baskets,
    release_baskets,
    return_goods,
    settle_baskets,
)

Command = TypeVar("Command")
Result = TypeVar("Result")


class Batches:
    """Every batched action that the edge may submit a command to."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.record_receipt: Batcher[RecordReceipt, ReceiptRecorded] = self._batcher("recordReceipt", record_receipts)
        self.return_goods: Batcher[ReturnGoods, GoodsReturned] = self._batcher("recordReturn", return_goods)
        self.buy_coupon: Batcher[BuyCoupon, CouponIssued] = self._batcher("buyCoupon", buy_coupons)
        self.hold_basket: Batcher[HoldBasket, BasketHeld] = self._batcher("holdBasket", hold_baskets)
        self.settle_basket: Batcher[SettleBasket, BasketSettled] = self._batcher("settleBasket", settle_baskets)
        self.release_basket: Batcher[ReleaseBasket, BasketReleased] = self._batcher("releaseBasket", release_baskets)
        self.adjust_wallet: Batcher[AdjustWallet, WalletAdjusted] = self._batcher("adjustWallet", adjust_wallets)
        self.erase_me: Batcher[RightsCommand, ErasureRequested] = self._batcher("eraseMe", request_erasures)
        self.keep_me: Batcher[RightsCommand, ErasureCancelled] = self._batcher("keepMe", cancel_erasures)
        self.set_consent: Batcher[SetConsent, ConsentChanged] = self._batcher("setConsent", set_consents)

    def _batcher(self, name: str, action: Action[Command, Result]) -> Batcher[Command, Result]:
        batcher = Batcher(self._services.database, action, on_batch=lambda commands: observe_batch(name, commands))
        self._services.on_stop(batcher.drain)
        return batcher


def batches_of(services: Any) -> Batches:
    """The batchers of this process, made at the first call."""
    made: Batches = services.once(Batches, lambda: Batches(services))
    return made


__all__: Sequence[str] = ("Batches", "batches_of")
