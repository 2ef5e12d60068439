"""What the next refill costs, and the refills of the past, for reading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from game.board.actions import load_content
from game.checkin.actions import open_days
from game.refills import store
from game.refills.rules import Bought, Offer, make_offer
from loyalty.members import actions as members
from loyalty.members.rules import refuse_unfit
from loyalty.sheets.actions import open_sheets

_PAGE = 1000


async def read_offer(connection: Any, member_id: UUID, now: datetime) -> Offer:
    """The next refill that a member is offered at `now`. Refuses what `refuse_unfit` refuses."""
    member = refuse_unfit((await members.load_members(connection, [member_id])).get(member_id))
    sheets = await open_sheets(connection, now)
    content = await load_content(sheets, connection)
    last = (await read_last(connection, [member_id])).get(member_id)
    days = await open_days(connection, sheets, [member_id])
    day, resets_at = days.at(member, now, least=last.day if last else None)
    return make_offer(content.layout.refill, day, last, resets_at)


async def read_last(connection: Any, member_ids: Sequence[UUID]) -> dict[UUID, Bought]:
    """The last refill of each member who bought any."""
    rows = await store.load_last(connection, member_ids)
    return {row["member_id"]: Bought(row["day"], row["number"]) for row in rows}


async def export_refills(connection: Any, member_id: UUID) -> list[dict[str, Any]]:
    """Every refill of a member, newest first, for `exportMyData`."""
    found: list[Any] = []
    before: tuple[date, int] | None = None
    while page := await store.load_page(connection, member_id, before, _PAGE):
        found.extend(page)
        before = (page[-1]["day"], page[-1]["number"])
    return [
        {
            "day": each["day"].isoformat(), "number": each["number"], "diamonds": each["diamonds"],
            "energy": each["energy"], "at": each["at"].isoformat(),
        }
        for each in found
    ]  # fmt: skip
