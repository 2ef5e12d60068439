"""Orders that wait and orders that were delivered, for reading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from game.board.rules.content import Content
from game.orders import store
from game.orders.rules import Delivered, Order, parse_orders

ORDERS = ("orders", "current", parse_orders)
_PAGE = 1000


def read_orders(content: Content, kept: Sequence[Any]) -> tuple[Order, ...]:
    """The orders that a board's row keeps: [number, words, diamonds, experience] each."""
    return tuple(
        Order(number, tuple(content.read_word(word) for word in words), diamonds, experience)
        for number, words, diamonds, experience in kept
    )


def write_orders(content: Content, orders: Sequence[Order]) -> list[Any]:
    """The same the other way round."""
    return [
        [each.number, [content.write_word(item) for item in each.items], each.diamonds, each.experience]
        for each in orders
    ]


async def delivered_since(connection: Any, asks: Sequence[tuple[UUID, datetime]]) -> dict[UUID, list[datetime]]:
    """member -> the instants at which he delivered orders from that moment on, in order; each member once."""
    return await store.load_since(connection, asks)


async def load_deliveries(
    connection: Any, member_id: UUID, *, first: int, before: int | None = None
) -> list[tuple[Delivered, datetime]]:
    """A page of what a member delivered, newest first, by keyset of the orders' numbers."""
    rows = await store.load_page(connection, member_id, before, first)
    return [(Delivered(row["number"], row["units"], row["diamonds"], row["experience"]), row["at"]) for row in rows]


async def export_play(connection: Any, member_id: UUID) -> dict[str, Any]:
    """Every delivery of a member, newest first, for `exportMyData`."""
    found: list[tuple[Delivered, datetime]] = []
    before: int | None = None
    while page := await load_deliveries(connection, member_id, first=_PAGE, before=before):
        found.extend(page)
        before = page[-1][0].number
    return {
        "deliveries": [
            {"order": each.number, "units": each.units, "diamonds": each.diamonds, "at": at.isoformat()}
            for each, at in found
        ]
    }
