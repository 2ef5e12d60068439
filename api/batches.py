"""The batchers of one process: one for each hot action."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeVar

from api.runtime.batcher import Action, Batcher
from api.runtime.metrics import observe_batch
from api.runtime.services import Services
from game.checkin.actions import (
    CheckedIn,
    CheckIn,
    MadeUp,
    MakeUp,
    RepairStreak,
    SetTimezone,
    StreakRepaired,
    TimezoneSet,
    check_in,
    make_up,
    repair_streaks,
    set_timezones,
)
from game.chests.actions import (
    ChestHurried,
    ChestOpened,
    ChestQueued,
    HurryChest,
    OpenChest,
    QueueChest,
    hurry_chests,
    open_chests,
    queue_chests,
)
from game.orders.actions import Played, PlayMoves, Rerolled, RerollOrder, play_moves, reroll_orders
from game.quests.actions import ClaimQuest, QuestClaimed, claim_quests
from game.refills.actions import EnergyRefilled, RefillEnergy, refill_energy
from loyalty.care.actions import AdjustWallet, WalletAdjusted, adjust_wallets
from loyalty.members.actions import (
    AppOpened,
    BirthYearSet,
    ConsentChanged,
    ErasureCancelled,
    ErasureRequested,
    ExposureRecorded,
    OpenApp,
    RecordExposure,
    RightsCommand,
    SetBirthYear,
    SetConsent,
    cancel_erasures,
    open_apps,
    record_exposures,
    request_erasures,
    set_birth_years,
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
from rewards.fairness.actions import (
    AesVault,
    ClientSeedSet,
    RevealSeed,
    SeedRevealed,
    SetClientSeed,
    reveal_seeds,
    set_client_seeds,
)
from rewards.fairness.rules import Vault
from rewards.gacha.actions import (
    DrawPrizes,
    DrawsShown,
    SelfExclusionSet,
    SetSelfExclusion,
    draw_and_show,
    set_self_exclusions,
)
from rewards.prizes.actions import (
    ClaimPrize,
    HandedOver,
    HandOver,
    PapersVault,
    PickThing,
    PrizeClaimed,
    ThingPicked,
    claim_prizes,
    hand_over,
    pick_things,
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
        self.open_app: Batcher[OpenApp, AppOpened] = self._batcher("openApp", open_apps)
        self.record_exposure: Batcher[RecordExposure, ExposureRecorded] = self._batcher(
            "recordExposure", record_exposures
        )
        self.play_moves: Batcher[PlayMoves, Played] = self._batcher("playMoves", play_moves)
        self.refill_energy: Batcher[RefillEnergy, EnergyRefilled] = self._batcher("refillEnergy", refill_energy)
        self.check_in: Batcher[CheckIn, CheckedIn] = self._batcher("checkIn", check_in)
        self.make_up: Batcher[MakeUp, MadeUp] = self._batcher("makeUp", make_up)
        self.repair_streak: Batcher[RepairStreak, StreakRepaired] = self._batcher("repairStreak", repair_streaks)
        self.set_timezone: Batcher[SetTimezone, TimezoneSet] = self._batcher("setTimezone", set_timezones)

        self.set_birth_year: Batcher[SetBirthYear, BirthYearSet] = self._batcher("setBirthYear", set_birth_years)
        # The key of the seeds is bound here, so that no command carries it.
        vault = vault_of(services)
        self.draw: Batcher[DrawPrizes, DrawsShown] = self._batcher("draw", partial(draw_and_show, vault=vault))
        self.reroll_order: Batcher[RerollOrder, Rerolled] = self._batcher("rerollOrder", reroll_orders)
        self.claim_quest: Batcher[ClaimQuest, QuestClaimed] = self._batcher("claimQuest", claim_quests)
        self.queue_chest: Batcher[QueueChest, ChestQueued] = self._batcher("queueChest", queue_chests)
        self.hurry_chest: Batcher[HurryChest, ChestHurried] = self._batcher("hurryChest", hurry_chests)
        self.open_chest: Batcher[OpenChest, ChestOpened] = self._batcher("openChest", partial(open_chests, vault=vault))
        self.set_client_seed: Batcher[SetClientSeed, ClientSeedSet] = self._batcher(
            "setClientSeed", partial(set_client_seeds, vault=vault)
        )
        self.reveal_seed: Batcher[RevealSeed, SeedRevealed] = self._batcher(
            "revealSeed", partial(reveal_seeds, vault=vault)
        )
        self.set_self_exclusion: Batcher[SetSelfExclusion, SelfExclusionSet] = self._batcher(
            "setSelfExclusion", set_self_exclusions
        )
        self.claim_prize: Batcher[ClaimPrize, PrizeClaimed] = self._batcher(
            "claimPrize", partial(claim_prizes, vault=papers_vault_of(services))
        )
        self.pick_thing: Batcher[PickThing, ThingPicked] = self._batcher("pickThing", pick_things)
        self.hand_over_prize: Batcher[HandOver, HandedOver] = self._batcher("handOverPrize", hand_over)

    def _batcher(self, name: str, action: Action[Command, Result]) -> Batcher[Command, Result]:
        batcher = Batcher(
            self._services.database, action, name=name, on_batch=lambda commands: observe_batch(name, commands)
        )
        self._services.on_stop(batcher.drain)
        return batcher


def batches_of(services: Any) -> Batches:
    """The batchers of this process, made at the first call."""
    made: Batches = services.once(Batches, lambda: Batches(services))
    return made


def vault_of(services: Any) -> Vault:
    """What keeps server seeds unreadable at rest, under this process's secret."""
    made: Vault = services.once(AesVault, lambda: AesVault(services.settings.secret))
    return made


def papers_vault_of(services: Any) -> Vault:
    """What keeps addresses and identities unreadable at rest, under a key of its own from the process's secret."""
    made: Vault = services.once(PapersVault, lambda: PapersVault(services.settings.secret))
    return made


__all__: Sequence[str] = ("Batches", "batches_of", "papers_vault_of", "vault_of")
