"""Boards: opened with their members' locks, changed by play, read, and audited."""

from game.board.actions.audit import audit
from game.board.actions.book import BOARD, CHAINS, LEVELS, Boards, OpenBoard, load_content, open_boards
from game.board.actions.reading import BoardRead, read_board, read_board_of, read_levels, read_row

__all__ = [
    "BOARD",
    "CHAINS",
    "LEVELS",
    "BoardRead",
    "Boards",
    "OpenBoard",
    "audit",
    "load_content",
    "open_boards",
    "read_board",
    "read_board_of",
    "read_levels",
    "read_row",
]
