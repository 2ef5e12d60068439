"""Prizes of locked members with the stock that is set aside for them: opened, changed in memory, saved once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.work import Work
from rewards.prizes.rules.lives import PrizeState, Source, Won
from rewards.prizes.rules.things import Delivery
from rewards.prizes.store import prizes as store
from rewards.prizes.store import stock as stock_store
from rewards.refusals import RewardsCode, RewardsRefused

StockKey = tuple[str, UUID]


class PrizeBook:
    """What one batch has open. Every method checks before it changes anything."""

    def __init__(
        self, prizes: Mapping[UUID, Won], years: dict[tuple[UUID, int], int], stock: dict[StockKey, tuple[int, int]]
    ) -> None:
        self._prizes = dict(prizes)
        self._years = years
        self._stock = stock
        self._new: set[UUID] = set()
        self._touched: set[UUID] = set()
        self._touched_years: set[tuple[UUID, int]] = set()
        self._touched_stock: set[StockKey] = set()
        self._moves: list[tuple[Any, ...]] = []

    def find(self, member_id: UUID | None, prize_id: UUID | None) -> Won:
        """The member's own prize, with everything done in this batch. Refuses PRIZE_NOT_FOUND."""
        found = self._prizes.get(prize_id) if prize_id else None
        if found is None or found.member_id != member_id:
            raise RewardsRefused(RewardsCode.PRIZE_NOT_FOUND)
        return found

    def all(self) -> list[Won]:
        return [self._prizes[each] for each in sorted(self._prizes)]

    def put(self, won: Won) -> None:
        """Keeps a changed prize; its stock and its year are the caller's."""
        self._prizes[won.id] = won
        self._touched.add(won.id)

    def add(self, won: Won) -> None:
        """Keeps a new prize."""
        self._prizes[won.id] = won
        self._new.add(won.id)

    def year(self, member_id: UUID, year: int) -> int:
        """What the member's claimed prizes of that year are worth."""
        return self._years.get((member_id, year), 0)

    def count(self, won: Won, year: int | None, sign: int) -> None:
        """Adds a prize to its member's year, or takes it out."""
        if year is not None:
            key = (won.member_id, year)
            self._years[key] = self._years.get(key, 0) + sign * won.value_minor
            self._touched_years.add(key)

    def check_stock(self, thing: str, store_id: UUID) -> None:
        """Refuses STORE_STOCK_OUT where all that stands there is somebody's."""
        on_hand, reserved = self._stock.get((thing, store_id), (0, 0))
        if reserved >= on_hand:
            raise RewardsRefused(RewardsCode.STORE_STOCK_OUT)

    def reserve(self, thing: str, store_id: UUID) -> None:
        """Sets one aside. Refuses STORE_STOCK_OUT."""
        self.check_stock(thing, store_id)
        self._change(thing, store_id, 0, 1)

    def release(self, won: Won) -> None:
        """Gives what was set aside for a prize back, where anything is."""
        if won.keeps_stock:
            assert won.store_id is not None, "what is collected has a store"
            self._change(won.thing, won.store_id, 0, -1)

    def take(self, work: Work, won: Won, now: datetime) -> None:
        """What was set aside leaves the store."""
        assert won.keeps_stock and won.store_id is not None, "what is handed over was set aside"
        self._change(won.thing, won.store_id, -1, -1)
        self._moves.append((work.mint(now), won.thing, won.store_id, -1, won.id, None, "handed over", now))

    def _change(self, thing: str, store_id: UUID, on_hand: int, reserved: int) -> None:
        before = self._stock[thing, store_id]
        self._stock[thing, store_id] = (before[0] + on_hand, before[1] + reserved)
        self._touched_stock.add((thing, store_id))

    async def save(self, work: Work) -> None:
        """Writes new prizes, and each touched prize, year and stock once."""
        if self._new:
            await store.insert_prizes(work, [astuple(self._prizes[each]) for each in sorted(self._new)])
        if touched := sorted(self._touched - self._new):
            await store.save_prizes(work, [astuple(self._prizes[each]) for each in touched])
        if self._touched_years:
            await store.save_years(work, [(*key, self._years[key]) for key in sorted(self._touched_years)])
        if self._touched_stock:
            await stock_store.save_stock(work, [(*key, *self._stock[key]) for key in sorted(self._touched_stock)])
        if self._moves:
            await stock_store.insert_moves(work, self._moves)


async def open_book(
    work: Work,
    keys: Iterable[tuple[UUID, UUID]],
    *,
    stores: Iterable[tuple[UUID, UUID]] = (),
    stock: Iterable[StockKey] = (),
) -> PrizeBook:
    """Opens prizes by (member, prize). Expects the members' locks; locks the stock of stores that is theirs.

    `stores` are (prize, store where it is to be collected from now on); `stock` is what else is asked for.
    """
    wanted = sorted(set(keys))
    prizes = [read_won(row) for row in await store.load_prizes(work.connection, wanted)] if wanted else []
    asked = set(stock) | {(each.thing, each.store_id) for each in prizes if each.store_id is not None}
    things = {each.id: each.thing for each in prizes}
    asked |= {(things[prize_id], store_id) for prize_id, store_id in stores if prize_id in things}
    years = await store.load_years(work.connection, sorted({each.member_id for each in prizes})) if prizes else {}
    rows = await stock_store.lock_stock(work, sorted(asked)) if asked else []
    held = {(row["thing"], row["store_id"]): (row["on_hand"], row["reserved"]) for row in rows}
    return PrizeBook({each.id: each for each in prizes}, years, held)


def read_won(row: Any) -> Won:
    delivery = row["delivery"]
    return Won(**{
        **dict(row), "source": Source(row["source"]), "state": PrizeState(row["state"]),
        "delivery": Delivery(delivery) if delivery else None,
    })  # fmt: skip
