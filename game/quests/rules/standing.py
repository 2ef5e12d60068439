"""How a member's quests stand, and which of them a claim is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from game.quests.rules.content import DAYS, SUMS, Counted, Period, Quest, of_code
from game.quests.rules.periods import Window, Zones, windows_of
from game.refusals import GameCode, GameRefused
from loyalty.sheets.rules import Season

Key = tuple[str, str]
"""Code and period."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A quest in one period, how far it has come, and whether it was claimed."""

    window: Window
    progress: int
    claimed: bool

    @property
    def is_done(self) -> bool:
        return self.progress >= self.window.quest.target

    @property
    def is_claimable(self) -> bool:
        return self.is_done and not self.claimed


def windows_for(
    quests: Sequence[Quest], zones: Zones, season: Season, level: int, now: datetime
) -> list[Window]:  # fmt: skip
    """The windows of all quests that are for a member of that level."""
    return [
        window
        for quest in quests
        if level >= quest.level and not _is_too_long(quest, season)
        for window in windows_of(quest, zones, season, now)
    ]


def stand(window: Window, sums: Mapping[tuple[str, str], int], claims: Mapping[Key, object]) -> Standing:
    """How a window stands, by the sums of its events."""
    key = window.quest.code, window.period
    return Standing(window, sums.get(SUMS[window.quest.counts], 0), key in claims)


def shown(standings: Sequence[Standing], level: int, top_level: int, now: datetime) -> list[Standing]:
    """What a member sees: what is open and in reach, and what is over but can still be claimed."""
    return [
        each
        for each in standings
        if each.is_claimable or (each.window.is_open(now) and (each.claimed or _is_in_reach(each, level, top_level)))
    ]


def find_claim(quests: Sequence[Quest], standings: Sequence[Standing], code: str) -> Standing:
    """What a claim of that code is for: of two periods that are done, the one that is lost first.

    Refuses QUEST_NOT_FOUND, QUEST_NOT_DONE, QUEST_CLAIMED.
    """
    mine = [each for each in standings if each.window.quest.code == code]
    if of_code(quests, code) is None or not mine:
        raise GameRefused(GameCode.QUEST_NOT_FOUND, quest=code)
    for each in mine:
        if each.is_claimable:
            return each
    latest = mine[-1]
    if latest.claimed:
        raise GameRefused(GameCode.QUEST_CLAIMED, quest=code)
    raise GameRefused(
        GameCode.QUEST_NOT_DONE, retryable=True, quest=code, progress=latest.progress,
        target=latest.window.quest.target,
    )  # fmt: skip


def _is_in_reach(standing: Standing, level: int, top_level: int) -> bool:
    quest = standing.window.quest
    return quest.counts is not Counted.LEVELS or level + quest.target - standing.progress <= top_level


def _is_too_long(quest: Quest, season: Season) -> bool:
    """Whether a season that was made shorter since has no room for it: a check-in each day."""
    if quest.period in DAYS or quest.counts is not Counted.CHECK_IN or season.starts is None or season.ends is None:
        return False
    assert quest.period is Period.SEASON
    return quest.target > (season.ends - season.starts).days
