"""What stands in stores: operators count it, members see what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.ledger.rules import LIMIT, check_reason
from loyalty.receipts.actions import load_stores
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets.actions import open_sheets
from loyalty.work import Work
from rewards.prizes.actions.things import list_slugs
from rewards.prizes.store import stock as store
from rewards.refusals import RewardsCode, RewardsRefused


@dataclass(frozen=True, slots=True)
class StockView:
    """What a store has of a thing; `left` is nobody's yet."""

    thing: str
    store_id: UUID
    on_hand: int
    reserved: int

    @property
    def left(self) -> int:
        return self.on_hand - self.reserved


async def set_stock(
    work: Work, thing: str, store_id: UUID, on_hand: int, *, reason: str, operator: str, now: datetime
) -> StockView:
    """Writes down how many a store has; what is set aside for members stays theirs.

    Takes the lock of that stock. Refuses THING_NOT_FOUND, STOCK_RESERVED, INVALID_INPUT.
    """
    check_reason(reason)
    if not 0 <= on_hand <= LIMIT:
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="onHand", rule=f"must be 0 to {LIMIT}")
    if thing not in list_slugs(await open_sheets(work.connection, now)):
        raise RewardsRefused(RewardsCode.THING_NOT_FOUND)
    if store_id not in await load_stores(work.connection, [store_id]):
        raise LoyaltyRefused(LoyaltyCode.INVALID_INPUT, field="storeId", rule="must be the id of a store that there is")
    await store.open_stock(work, thing, store_id)
    [row] = await store.lock_stock(work, [(thing, store_id)])
    if on_hand < row["reserved"]:
        raise RewardsRefused(RewardsCode.STOCK_RESERVED, reserved=row["reserved"])
    await store.save_stock(work, [(thing, store_id, on_hand, row["reserved"])])
    change = on_hand - row["on_hand"]
    if change:
        moved = (work.mint(now), thing, store_id, change, None, operator, reason.strip(), now)
        await store.insert_moves(work, [moved])
    return StockView(thing, store_id, on_hand, row["reserved"])


async def read_stock(connection: Any, things: Sequence[str] | None = None) -> list[StockView]:
    """What stores have, of all things where none are named."""
    return [StockView(**dict(row)) for row in await store.load_stock(connection, things)]
