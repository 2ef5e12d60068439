"""Play: lists of moves, the orders that they fill, and rerolls of orders."""

from game.orders.actions.audit import audit
from game.orders.actions.book import Shown
from game.orders.actions.playing import MoveRefusal, MovesPlayed, Played, PlayMoves, play_moves
from game.orders.actions.previewing import KINDS as PREVIEWED
from game.orders.actions.previewing import Previewed, preview
from game.orders.actions.reading import (
    ORDERS,
    changes_at,
    delivered_since,
    export_play,
    load_deliveries,
    read_appointment,
    read_orders,
    standing_orders,
)
from game.orders.actions.rerolling import OrderRerolled, Rerolled, RerollOrder, read_reroll_price, reroll_orders

__all__ = [
    "ORDERS",
    "PREVIEWED",
    "MoveRefusal",
    "MovesPlayed",
    "OrderRerolled",
    "PlayMoves",
    "Played",
    "Previewed",
    "RerollOrder",
    "Rerolled",
    "Shown",
    "audit",
    "changes_at",
    "delivered_since",
    "export_play",
    "load_deliveries",
    "play_moves",
    "preview",
    "read_appointment",
    "read_orders",
    "read_reroll_price",
    "reroll_orders",
    "standing_orders",
]
