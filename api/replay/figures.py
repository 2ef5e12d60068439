"""The season's own figures, from the events in the database alone, beside the published ones at that scale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from api.replay.shape import BACK, Shape
from game.orders.facts import MOVES_PLAYED
from loyalty.members.facts import APP_OPENED
from loyalty.receipts.facts import RECEIPT_RECORDED, RECEIPT_RETURNED
from loyalty.timeline import actions as timeline
from rewards.coupons.facts import COUPON_BOUGHT, COUPON_ISSUED, COUPON_REDEEMED
from rewards.gacha.facts import PRIZES_DRAWN

ZONE = "Asia/Taipei"
_PLAY = (MOVES_PLAYED.name, PRIZES_DRAWN.name)
_DATABASE_SIZE = "SELECT pg_database_size(current_database())"


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of events. `players`: members who moved on the board or drew; `returning`: back at least 7 times.

    Shares in percent. `players_percent`: of the days on which members opened the app, those on which they also played.
    """

    members: int
    players: int
    logins: int
    draws: int
    returning: int
    coupons_issued: int
    coupons_bought: int
    coupons_redeemed: int
    receipts: int
    returns: int
    redeemed_percent: float
    players_percent: float
    days: tuple[tuple[date, int, int, int], ...]
    hours: tuple[int, ...]
    database_bytes: int


async def read_figures(connection: Any) -> Figures:
    """Reads all events; seconds for a million. Locks nothing."""
    kinds = await timeline.count_kinds(connection)

    def events(name: str) -> int:
        return kinds.get(name, (0, 0))[0]

    days = await timeline.count_days(connection, APP_OPENED.name, _PLAY, ZONE)
    hours = await timeline.count_hours(connection, APP_OPENED.name, ZONE)
    issued = events(COUPON_ISSUED.name) + events(COUPON_BOUGHT.name)
    redeemed = events(COUPON_REDEEMED.name)
    active = sum(day.members for day in days)
    return Figures(
        members=kinds.get(APP_OPENED.name, (0, 0))[1],
        players=await timeline.count_members(connection, _PLAY),
        logins=events(APP_OPENED.name),
        draws=await timeline.sum_fact(connection, PRIZES_DRAWN.name, "count"),
        returning=await timeline.count_members(connection, (APP_OPENED.name,), times=BACK + 1),
        coupons_issued=issued,
        coupons_bought=events(COUPON_BOUGHT.name),
        coupons_redeemed=redeemed,
        receipts=events(RECEIPT_RECORDED.name),
        returns=events(RECEIPT_RETURNED.name),
        redeemed_percent=100 * redeemed / issued if issued else 0.0,
        players_percent=100 * sum(day.among for day in days) / active if active else 0.0,
        days=tuple((day.day, day.events, day.members, day.among) for day in days),
        hours=tuple(hours.get(hour, 0) for hour in range(24)),
        database_bytes=await connection.fetchval(_DATABASE_SIZE),
    )


def compare(found: Figures, shape: Shape) -> list[tuple[str, float, float]]:
    """(name, of the season, published at this scale) of each published figure."""
    return [
        ("players", found.players, shape.players),
        ("logins", found.logins, shape.logins),
        ("draws", found.draws, shape.draws),
        ("members back at least 7 times", found.returning, shape.returning),
        ("issued coupons redeemed, %", found.redeemed_percent, shape.redeemed_ppm / 10_000),
        ("players of the daily actives, %", found.players_percent, shape.players_ppm / 10_000),
    ]


def unequal(found: Figures, acknowledged: dict[str, int], players: int) -> list[tuple[str, int, int]]:
    """(what, acknowledged to the load generator, in the events) of everything where the two differ."""
    pairs = [
        ("players", players, found.players),
        ("logins", acknowledged.get("logins", 0), found.logins),
        ("draws", acknowledged.get("draws", 0), found.draws),
        ("coupons bought", acknowledged.get("coupons bought", 0), found.coupons_bought),
        ("coupons redeemed", acknowledged.get("coupons redeemed", 0), found.coupons_redeemed),
        ("receipts", acknowledged.get("receipts", 0), found.receipts),
        ("returns", acknowledged.get("returns", 0), found.returns),
    ]
    return [pair for pair in pairs if pair[1] != pair[2]]
