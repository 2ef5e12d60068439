"""Shops and online channels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from loyalty.receipts import store
from loyalty.receipts.rules import is_number
from loyalty.work import Work


@dataclass(frozen=True, slots=True)
class Store:
    """Where goods are sold; its zone decides the business day of a purchase."""

    id: UUID
    code: str
    name: str
    timezone: str
    currency: str
    channel: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


async def load_stores(connection: Any, ids: Iterable[UUID]) -> dict[UUID, Store]:
    """Stores by id, those that exist."""
    return {row["id"]: Store(**dict(row)) for row in await store.load_stores(connection, sorted(set(ids)))}


async def find_stores(connection: Any, codes: Sequence[str]) -> dict[str, UUID]:
    """code -> id, for the codes that are known; a text that cannot be a code is not looked up."""
    return await store.find_stores(connection, [code for code in codes if is_number(code)])


async def create_stores(work: Work, stores: Sequence[Store]) -> None:
    """Makes stores; a code that stands already is left as it is."""
    if stores:
        await store.insert_stores(
            work, [(each.id, each.code, each.name, each.timezone, each.currency, each.channel) for each in stores]
        )
