"""Play: lists of moves, and the orders that they fill."""

from game.orders.actions.audit import audit
from game.orders.actions.playing import MoveRefusal, MovesPlayed, Played, PlayMoves, play_moves
from game.orders.actions.reading import ORDERS, delivered_since, export_play, load_deliveries, read_orders

__all__ = [
    "ORDERS",
    "MoveRefusal",
    "MovesPlayed",
    "PlayMoves",
    "Played",
    "audit",
    "delivered_since",
    "export_play",
    "load_deliveries",
    "play_moves",
    "read_orders",
]
