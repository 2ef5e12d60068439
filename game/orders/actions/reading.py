"""Orders that wait and orders that were delivered, for reading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from game.board.actions import BoardRead
from game.board.rules.content import Content
from game.orders import store
from game.orders.rules import Delivered, Order, Special, Wall, Window, next_appointment, open_windows, parse_orders
from loyalty.members.rules import Member
from loyalty.sheets.actions import Sheets

ORDERS = ("orders", "current", parse_orders)
_PAGE = 1000


def read_orders(content: Content, kept: Sequence[Any]) -> tuple[Order, ...]:
    """The orders that a board's row keeps: [number, words, diamonds, experience] each.

    What is not as usual stands behind: the place, when it is over, and of an appointment code, bonus and both names.
    """
    return tuple(_read_order(content, *each) for each in kept)


def write_orders(content: Content, orders: Sequence[Order]) -> list[Any]:
    """The same the other way round."""
    return [_write_order(content, each) for each in orders]


def standing_orders(read: BoardRead) -> tuple[Order, ...]:
    """The orders that still wait at the moment of a reading; those whose time is over are replaced at the next play."""
    return tuple(each for each in read_orders(read.board.content, read.orders) if not each.is_over(read.at))


async def read_appointment(
    connection: Any, sheets: Sheets, member: Member, read: BoardRead, standing: Sequence[Order]
) -> Window | None:
    """The appointment that is open or opens next and whose order the member has yet to be given; None: none is.

    `standing` are the orders that wait. Its order comes at the next play inside the window; reading gives none.
    """
    dials = await sheets.get(connection, *ORDERS)
    if dials is None:
        return None
    wall = Wall(read.at, member.zone)
    waiting = {each.number for each in standing}
    asked = [(member.id, each.number) for each in open_windows(dials.appointments, wall) if each.number not in waiting]
    had = await load_had(connection, asked)
    return next_appointment(read.board, dials, standing, had.get(member.id, frozenset()), wall)


def changes_at(standing: Sequence[Order], appointment: Window | None) -> datetime | None:
    """When time alone changes the orders that are shown, or the appointment; None: never."""
    over = [each.expires_at for each in standing if each.expires_at]
    return min([*over, *([appointment.ends_at] if appointment else [])], default=None)


async def load_had(connection: Any, asked: Sequence[tuple[UUID, int]]) -> dict[UUID, frozenset[int]]:
    """member -> those of the asked orders that he delivered."""
    had: dict[UUID, frozenset[int]] = {}
    for row in await store.load_delivered(connection, asked) if asked else ():
        had[row["member_id"]] = had.get(row["member_id"], frozenset()) | {row["number"]}
    return had


def _read_order(
    content: Content, number: int, words: Sequence[str], diamonds: int, experience: int, place: int = 0,
    until: str | None = None, code: str = "", bonus: int = 0, en: str = "", zh_tw: str = "",
) -> Order:  # fmt: skip
    return Order(
        number=number,
        items=tuple(content.read_word(word) for word in words),
        diamonds=diamonds,
        experience=experience,
        place=place,
        expires_at=datetime.fromisoformat(until) if until else None,
        special=Special(code, {"en": en, "zh-TW": zh_tw}, bonus) if code else None,
    )


def _write_order(content: Content, order: Order) -> list[Any]:
    kept: list[Any] = [
        order.number, [content.write_word(item) for item in order.items], order.diamonds, order.experience,
    ]  # fmt: skip
    if order.place or order.expires_at or order.special:
        kept += [order.place, order.expires_at.isoformat() if order.expires_at else None]
    if order.special:
        names = order.special.names
        kept += [order.special.code, order.special.bonus_per_mille, names["en"], names["zh-TW"]]
    return kept


async def delivered_since(connection: Any, asks: Sequence[tuple[UUID, datetime]]) -> dict[UUID, list[datetime]]:
    """member -> the instants at which he delivered orders from that moment on, in order; each member once."""
    return await store.load_since(connection, asks)


async def load_deliveries(
    connection: Any, member_id: UUID, *, first: int, before: int | None = None
) -> list[tuple[Delivered, datetime]]:
    """A page of what a member delivered, the highest number first, by keyset of the orders' numbers."""
    rows = await store.load_page(connection, member_id, before, first)
    return [(Delivered(row["number"], row["units"], row["diamonds"], row["experience"]), row["at"]) for row in rows]


async def export_play(connection: Any, member_id: UUID) -> dict[str, Any]:
    """Every delivery and reroll of a member, the highest number first, for `exportMyData`."""
    found: list[tuple[Delivered, datetime]] = []
    before: int | None = None
    while page := await load_deliveries(connection, member_id, first=_PAGE, before=before):
        found.extend(page)
        before = page[-1][0].number
    return {
        "deliveries": [
            {"order": each.number, "units": each.units, "diamonds": each.diamonds, "at": at.isoformat()}
            for each, at in found
        ],
        "rerolls": [
            {
                "day": row["day"].isoformat(), "order": row["number"], "by": row["replaced_by"],
                "diamonds": row["diamonds"], "at": row["at"].isoformat(),
            }
            for row in await store.load_rerolls_of(connection, member_id)
        ],
    }  # fmt: skip
