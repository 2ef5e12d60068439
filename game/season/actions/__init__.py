"""Seasons: the turn from one to the next, and what each member had."""

from game.season.actions.reading import audit, read_ended, read_season, read_turns
from game.season.actions.turning import Turned, find_turns, turn_some

__all__ = ["Turned", "audit", "find_turns", "read_ended", "read_season", "read_turns", "turn_some"]
