"""A draw gives a thing: the prize's row comes to be in the draw's own transaction, under the draw's id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.sheets.actions import Sheets
from loyalty.sheets.rules import Season
from loyalty.timeline.actions import Timeline
from loyalty.work import Work
from rewards.prizes import facts
from rewards.prizes.actions.things import find_thing
from rewards.prizes.rules.codes import CODES, write_code
from rewards.prizes.rules.kinds import Prize
from rewards.prizes.rules.lives import PrizeState, Source, Won
from rewards.prizes.rules.things import Thing, over_at
from rewards.prizes.store import prizes as store


class Wins:
    """The things that one batch of draws may give."""

    def __init__(self, things: dict[str, tuple[int, Thing]], season: Season) -> None:
        self._things = things
        self._season = season
        self._new: list[tuple[Any, ...]] = []

    def win(
        self, work: Work, timeline: Timeline, member_id: UUID, draw_id: UUID, prize: Prize, law: str, now: datetime
    ) -> None:
        """One thing, WON by that draw: to be claimed within the days that its sheet gives."""
        version, thing = self._things[prize.thing]
        due_at = over_at(self._season.day(now), thing.claim_days, self._season.zone)
        won = Won(
            member_id, draw_id, Source.DRAW, prize.thing, version, law, write_code(work.dice.below(CODES)),
            PrizeState.WON, prize.value_minor, prize.taxed, now, now, due_at,
        )  # fmt: skip
        self._new.append(astuple(won))
        timeline.record(
            work, member_id, facts.PRIZE_WON, now,
            {"prize": str(draw_id), "thing": prize.thing, "due": due_at.isoformat()},
        )  # fmt: skip

    async def save(self, work: Work) -> None:
        if self._new:
            await store.insert_prizes(work, self._new)


async def open_wins(connection: Any, opened: Sheets, season: Season, slugs: Sequence[str]) -> Wins:
    """Opens the things of these slugs; asks the database nothing that a process has read before."""
    things = {}
    for slug in slugs:
        found = await find_thing(connection, opened, slug)
        assert found is not None, f"the thing {slug} was there when the odds were published"
        things[slug] = found
    return Wins(things, season)
