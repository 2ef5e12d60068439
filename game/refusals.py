"""What the game house refuses."""

from __future__ import annotations

from enum import StrEnum

from loyalty.refusals import Refused


class GameCode(StrEnum):
    """Codes of the game house; unique over all houses."""

    BOARD_STALE = "BOARD_STALE"
    TOO_MANY_MOVES = "TOO_MANY_MOVES"
    CELL_OUT_OF_BOUNDS = "CELL_OUT_OF_BOUNDS"
    CELL_EMPTY = "CELL_EMPTY"
    CELL_TAKEN = "CELL_TAKEN"
    LOCKED_CELL = "LOCKED_CELL"
    NOT_TAPPABLE = "NOT_TAPPABLE"
    NOT_AN_ITEM = "NOT_AN_ITEM"
    NOT_A_CHEST = "NOT_A_CHEST"
    NOT_A_BUBBLE = "NOT_A_BUBBLE"
    NOT_MERGEABLE = "NOT_MERGEABLE"
    TOP_LEVEL = "TOP_LEVEL"
    BOARD_FULL = "BOARD_FULL"
    NO_ENERGY = "NO_ENERGY"
    NO_CHARGES = "NO_CHARGES"
    STORAGE_FULL = "STORAGE_FULL"
    SLOT_EMPTY = "SLOT_EMPTY"
    ORDER_NOT_FOUND = "ORDER_NOT_FOUND"
    ORDER_ITEMS_MISSING = "ORDER_ITEMS_MISSING"
    LEVEL_CLAIMED = "LEVEL_CLAIMED"
    LEVEL_NOT_REACHED = "LEVEL_NOT_REACHED"


class GameRefused(Refused):
    """A refusal of the game house (codes: `GameCode`)."""
