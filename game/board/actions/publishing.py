"""Whether the sheets of the board fit each other: asked when one is published and when all are seeded."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from game.board.actions.book import BOARD, CHAINS, LEVELS
from game.board.rules.fitting import check_content
from game.board.rules.running import check_in_play, in_play
from game.refusals import GameCode, GameRefused
from loyalty.sheets.actions import Parser, load_scheduled, open_sheets
from loyalty.sheets.rules import Fault

KINDS = (CHAINS[0], BOARD[0], LEVELS[0])
_LAST = 2**31 - 1
Parsed = TypeVar("Parsed")


async def faults_with(connection: Any, kind: str = "", candidate: Any = None) -> list[Fault]:
    """Every mistake between the sheets in force, with a parsed candidate in the place of the one of its kind."""
    chains, layout, levels = await _beside(connection, kind, candidate)
    if chains is None or layout is None or levels is None:
        return []
    return check_content(chains, layout, levels)


async def faults_in_play(connection: Any, kind: str, candidate: Any) -> list[Fault]:
    """What a parsed candidate would leave without a rule on boards that are being played.

    Boards are not looked at: whatever a version that is, was or will be in force had counts as lying on one, so a board
    that is played meanwhile changes nothing.
    """
    chains, layout, levels = await _beside(connection, kind, candidate)
    if chains is None or layout is None or levels is None:
        return []
    found = in_play(await _versions(connection, *CHAINS), await _versions(connection, *BOARD))
    return check_in_play(found, chains, layout, levels)


async def _versions(connection: Any, kind: str, key: str, parser: Parser[Parsed]) -> list[Parsed]:
    """Every version of a sheet that is, was or will be in force."""
    versions = await load_scheduled(connection, kind, key, 0, _LAST)
    return [parser(f"{kind}.{key}", json.loads(version.body)) for version in versions]


async def refuse_in_play(connection: Any, kind: str, candidate: Any) -> None:
    """Refuses CONTENT_IN_USE where a candidate leaves goods or generators of running boards without a rule."""
    faults = await faults_in_play(connection, kind, candidate)
    if faults:
        raise GameRefused(GameCode.CONTENT_IN_USE, faults="; ".join(str(fault) for fault in faults))


async def _beside(connection: Any, kind: str, candidate: Any) -> list[Any]:
    """Chains, layout and levels in force, the candidate in the place of its kind; None for each that there is not."""
    sheets = await open_sheets(connection)
    return [
        candidate if each[0] == kind else await sheets.get(connection, *each) for each in (CHAINS, BOARD, LEVELS)
    ]  # fmt: skip
