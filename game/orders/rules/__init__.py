"""Orders: what may be asked for, when, what it pays, delivering, and the replay of a list of moves."""

from game.orders.rules.dials import Band, OrderDials, faults_beside, parse_orders
from game.orders.rules.hours import APPOINTED, Appointment, Wall, Window, open_windows
from game.orders.rules.serving import (
    MOST_MOVES,
    Delivered,
    Order,
    Replayed,
    Special,
    Table,
    can_be_filled,
    deliver,
    find_order,
    make_order,
    most_units,
    next_appointment,
    replay,
    reroll,
    take_in,
)

__all__ = [
    "APPOINTED", "MOST_MOVES", "Appointment", "Band", "Delivered", "Order", "OrderDials", "Replayed", "Special",
    "Table", "Wall", "Window", "can_be_filled", "deliver", "faults_beside", "find_order", "make_order", "most_units",
    "next_appointment", "open_windows", "parse_orders", "replay", "reroll", "take_in",
]  # fmt: skip
