"""Chests: earned by orders, queued, hurried, opened, read."""

from game.chests.actions.audit import audit
from game.chests.actions.book import CHESTS, Earned, insert_earned
from game.chests.actions.opening import (
    ChestHurried,
    ChestOpened,
    ChestQueued,
    Drop,
    HurryChest,
    OpenChest,
    QueueChest,
    hurry_chests,
    open_chests,
    queue_chests,
)
from game.chests.actions.reading import ChestView, ShelfView, export_chests, read_receipt, read_shelf

__all__ = [
    "CHESTS",
    "ChestHurried",
    "ChestOpened",
    "ChestQueued",
    "ChestView",
    "Drop",
    "Earned",
    "HurryChest",
    "OpenChest",
    "QueueChest",
    "ShelfView",
    "audit",
    "export_chests",
    "hurry_chests",
    "insert_earned",
    "open_chests",
    "queue_chests",
    "read_receipt",
    "read_shelf",
]
