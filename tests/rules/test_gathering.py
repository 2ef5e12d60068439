"""Gathered questions: together while others are under way, never in a call that began before them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from api.runtime.gathering import Gatherer


class Oracle:
    """Answers with the time at which its call began: how many calls there were before."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.began = asyncio.Event()

    async def call(self, questions: Sequence[int]) -> list[tuple[int, int]]:
        number = len(self.calls)
        self.calls.append(list(questions))
        self.began.set()
        await self.open.wait()
        if 13 in questions:
            raise LookupError("thirteen")
        return [(number, question) for question in questions]


async def test_what_is_asked_in_one_moment_goes_into_one_call() -> None:
    oracle = Oracle()
    gatherer = Gatherer(oracle.call)
    assert await asyncio.gather(*(gatherer.ask(n) for n in range(5))) == [(0, n) for n in range(5)]
    assert await gatherer.ask(7) == (1, 7), "an idle gatherer asks at once"


async def test_what_comes_during_a_call_goes_into_the_next_and_never_into_one_that_began_before() -> None:
    oracle = Oracle()
    gatherer = Gatherer(oracle.call)
    oracle.open.clear()
    first = asyncio.create_task(gatherer.ask(1))
    await oracle.began.wait()
    later = [asyncio.create_task(gatherer.ask(n)) for n in (1, 2, 3)]
    await asyncio.sleep(0)
    oracle.open.set()
    assert await first == (0, 1)
    assert await asyncio.gather(*later) == [(1, 1), (1, 2), (1, 3)]
    assert oracle.calls == [[1], [1, 2, 3]]


async def test_two_lanes_call_side_by_side_and_no_third_joins_them() -> None:
    oracle = Oracle()
    gatherer = Gatherer(oracle.call, lanes=2)
    oracle.open.clear()
    asked = [asyncio.create_task(gatherer.ask(1))]
    await oracle.began.wait()
    oracle.began.clear()
    asked.append(asyncio.create_task(gatherer.ask(2)))
    await oracle.began.wait()
    asked += [asyncio.create_task(gatherer.ask(n)) for n in (3, 4)]
    await asyncio.sleep(0.01)
    assert oracle.calls == [[1], [2]]
    oracle.open.set()
    assert await asyncio.gather(*asked) == [(0, 1), (1, 2), (2, 3), (2, 4)]


async def test_a_call_takes_no_more_than_it_may() -> None:
    oracle = Oracle()
    gatherer = Gatherer(oracle.call, most=2)
    await asyncio.gather(*(gatherer.ask(n) for n in range(5)))
    assert oracle.calls == [[0, 1], [2, 3], [4]]


async def test_a_call_that_fails_fails_for_those_who_asked_in_it_alone() -> None:
    oracle = Oracle()
    gatherer = Gatherer(oracle.call, most=2)
    answers = await asyncio.gather(*(gatherer.ask(n) for n in (1, 13, 2)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [LookupError, LookupError, tuple]
    assert await gatherer.ask(3) == (2, 3)


async def test_who_went_away_is_not_asked_for_and_holds_up_nobody() -> None:
    oracle = Oracle()
    gatherer = Gatherer(oracle.call)
    oracle.open.clear()
    first = asyncio.create_task(gatherer.ask(1))
    await oracle.began.wait()
    gone, stays = asyncio.create_task(gatherer.ask(2)), asyncio.create_task(gatherer.ask(3))
    await asyncio.sleep(0)
    first.cancel()
    gone.cancel()
    oracle.open.set()
    assert await stays == (1, 3)
    assert oracle.calls == [[1], [3]]
    with pytest.raises(asyncio.CancelledError):
        await gone
