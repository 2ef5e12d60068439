"""The batcher in front of hot actions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import asyncpg
import pytest

from api.refusals import EdgeCode, EdgeRefused
from api.runtime.batcher import TRIES, Batcher, run_action
from loyalty.refusals import LoyaltyCode, LoyaltyRefused, Refused

Answer = int | Refused
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


class Ledger:
    """Stands for the database and the action: notes each transaction, and does what a test asks for."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.committed: list[int] = []
        self.failing: Callable[[Sequence[int]], Exception | None] = lambda commands: None
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()

    @asynccontextmanager
    async def work(self) -> AsyncIterator[list[int]]:
        done: list[int] = []
        yield done
        self.committed.extend(done)

    async def action(self, work: Any, commands: Sequence[int]) -> list[Answer]:
        self.batches.append(list(commands))
        self.entered.set()
        await self.gate.wait()
        error = self.failing(commands)
        if error is not None:
            raise error
        work.extend(commands)
        return [
            command * 10 if command >= 0 else LoyaltyRefused(LoyaltyCode.NOT_ENOUGH, needed=command)
            for command in commands
        ]

    def batcher(self, **options: Any) -> Batcher[int, int]:
        database: Any = self
        alone: dict[str, Any] = {"submitter": lambda command: command, "key": lambda command: command}
        return Batcher(database, self.action, **{**alone, **options})


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


async def submit_behind_the_first(ledger: Ledger, batcher: Batcher[int, int], commands: Sequence[int]) -> list[Any]:
    """Submits one command, and the others while its transaction runs; all answers in order, errors as values."""
    ledger.gate.clear()
    tasks = [asyncio.create_task(batcher.submit(commands[0]))]
    await ledger.entered.wait()
    tasks += [asyncio.create_task(batcher.submit(command)) for command in commands[1:]]
    await asyncio.sleep(0)
    ledger.gate.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_an_idle_server_takes_a_command_at_once_and_what_waits_goes_together(ledger: Ledger) -> None:
    sizes: list[int] = []
    answers = await submit_behind_the_first(ledger, ledger.batcher(most=3, on_batch=sizes.append), [1, 2, 3, 4, 5, 6])
    assert answers == [10, 20, 30, 40, 50, 60]
    assert ledger.batches == [[1], [2, 3, 4], [5, 6]]
    assert sizes == [1, 3, 2]


async def test_a_refusal_is_raised_to_its_own_caller_alone(ledger: Ledger) -> None:
    answers = await submit_behind_the_first(ledger, ledger.batcher(), [1, 2, -3, 4])
    assert [answers[0], answers[1], answers[3]] == [10, 20, 40]
    assert isinstance(answers[2], LoyaltyRefused)
    assert answers[2].facts == {"needed": -3}
    assert ledger.batches == [[1], [2, -3, 4]]


async def test_only_the_command_that_breaks_its_batch_fails(ledger: Ledger) -> None:
    poison = 13
    ledger.failing = lambda commands: ValueError("poisoned") if poison in commands else None
    commands = [0, *range(8, 17)]
    answers = await submit_behind_the_first(ledger, ledger.batcher(), commands)
    for command, answer in zip(commands, answers, strict=True):
        if command == poison:
            assert isinstance(answer, ValueError)
        else:
            assert answer == command * 10
    assert sorted(ledger.committed) == [command for command in commands if command != poison], "each exactly once"
    assert ledger.committed == sorted(ledger.committed), "halves keep the order"


async def test_a_caller_who_leaves_does_not_cancel_what_was_accepted(ledger: Ledger) -> None:
    batcher = ledger.batcher()
    ledger.gate.clear()
    first = asyncio.create_task(batcher.submit(1))
    await ledger.entered.wait()
    second = asyncio.create_task(batcher.submit(2))
    await asyncio.sleep(0)
    for task in (first, second):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    ledger.gate.set()
    await batcher.drain()
    assert ledger.committed == [1, 2]


async def test_drain_finishes_what_was_accepted_and_takes_nothing_more(ledger: Ledger) -> None:
    batcher = ledger.batcher(most=1)
    ledger.gate.clear()
    tasks = [asyncio.create_task(batcher.submit(command)) for command in (1, 2, 3)]
    await ledger.entered.wait()
    drained = asyncio.create_task(batcher.drain())
    await asyncio.sleep(0)
    with pytest.raises(Refused) as refused:
        await batcher.submit(4)
    assert (refused.value.code, refused.value.retryable) == (EdgeCode.OVERLOADED, True)
    assert not drained.done()
    ledger.gate.set()
    await drained
    assert await asyncio.gather(*tasks) == [10, 20, 30]
    assert ledger.committed == [1, 2, 3]
    await batcher.drain()


async def test_a_full_queue_refuses_and_goes_on_when_there_is_room(ledger: Ledger) -> None:
    batcher = ledger.batcher(queue=2)
    ledger.gate.clear()
    tasks = [asyncio.create_task(batcher.submit(1))]
    await ledger.entered.wait()
    tasks += [asyncio.create_task(batcher.submit(command)) for command in (2, 3)]
    await asyncio.sleep(0)
    with pytest.raises(Refused) as refused:
        await batcher.submit(4)
    assert (refused.value.code, refused.value.retryable) == (EdgeCode.OVERLOADED, True)
    assert ledger.batches == [[1]], "the refusal asks nothing of the database"
    ledger.gate.set()
    assert await asyncio.gather(*tasks) == [10, 20, 30]
    assert await batcher.submit(5) == 50


async def test_overloaded_says_when_what_waits_will_be_worked_off(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    batcher = ledger.batcher(queue=40, clock=lambda: NOON)
    loop = asyncio.get_running_loop()
    wall, passed = loop.time(), 0.0
    monkeypatch.setattr(loop, "time", lambda: wall + passed)
    ledger.gate.clear()
    first = asyncio.create_task(batcher.submit(0))
    await ledger.entered.wait()
    passed = 0.5  # one command in half a second: two a second
    ledger.gate.set()
    await first
    ledger.gate.clear()
    ledger.entered.clear()
    tasks = [asyncio.create_task(batcher.submit(1))]
    await ledger.entered.wait()
    tasks += [asyncio.create_task(batcher.submit(command)) for command in range(2, 42)]
    await asyncio.sleep(0)
    with pytest.raises(Refused) as refused:
        await batcher.submit(99)
    assert refused.value.retry_at == NOON + timedelta(seconds=20)
    ledger.gate.set()
    await asyncio.gather(*tasks)


async def test_a_flood_of_one_leaves_room_and_turns_for_others(ledger: Ledger) -> None:
    batcher = ledger.batcher(most=4, queue=8, submitter=lambda command: command // 100)
    ledger.gate.clear()
    tasks = [asyncio.create_task(batcher.submit(100))]
    await ledger.entered.wait()
    flood = [asyncio.create_task(batcher.submit(command)) for command in range(101, 111)]
    others = [asyncio.create_task(batcher.submit(command)) for command in (200, 201, 300)]
    await asyncio.sleep(0)
    ledger.gate.set()
    answers = await asyncio.gather(*tasks, *flood, *others, return_exceptions=True)
    taken = [answer for answer in answers[1:11] if not isinstance(answer, Exception)]
    assert taken == [1010, 1020, 1030, 1040], "half of the queue, and the first half of the flood"
    assert answers[11:] == [2000, 2010, 3000]
    assert ledger.batches == [[100], [101, 200, 300, 102], [201, 103, 104]]


async def test_lanes_run_side_by_side_but_never_two_commands_of_one_key(ledger: Ledger) -> None:
    under_way: list[set[int]] = []
    side_by_side: list[int] = []
    order: list[int] = []
    pauses = Random(7)

    async def slow(work: Any, commands: Sequence[int]) -> list[Answer]:
        keys = {command % 5 for command in commands}
        assert not any(keys & others for others in under_way), "two batches hold the same key"
        under_way.append(keys)
        side_by_side.append(len(under_way))
        for _ in range(pauses.randrange(1, 5)):
            await asyncio.sleep(0)
        order.extend(commands)
        under_way.remove(keys)
        return [command * 10 for command in commands]

    database: Any = ledger
    batcher: Batcher[int, int] = Batcher(
        database, slow, most=3, lanes=2, submitter=lambda command: command % 2, key=lambda command: command % 5
    )
    assert await asyncio.gather(*map(batcher.submit, range(60))) == [command * 10 for command in range(60)]
    assert max(side_by_side) == 2
    for number in range(10):
        own = [command for command in order if command % 10 == number]
        assert own == sorted(own), "one submitter's commands of a key keep their order"
    await batcher.drain()


async def test_a_command_that_comes_as_the_last_batch_ends_is_not_forgotten(ledger: Ledger) -> None:
    ended = asyncio.Event()

    async def action(work: Any, commands: Sequence[int]) -> list[Answer]:
        ended.set()  # wakes the second caller after this batch has answered, before anything else runs
        return [command * 10 for command in commands]

    database: Any = ledger
    batcher: Batcher[int, int] = Batcher(database, action, submitter=lambda command: command)

    async def second() -> int:
        await ended.wait()
        return await batcher.submit(2)

    later = asyncio.create_task(second())
    await asyncio.sleep(0)
    assert await batcher.submit(1) == 10
    assert await asyncio.wait_for(later, 5) == 20


async def test_what_failed_is_logged_with_its_trace_and_without_its_content(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    ledger.failing = lambda commands: ValueError("quotes a row") if 13 in commands else None
    batcher = ledger.batcher(name="draw")
    ledger.gate.clear()
    tasks = [asyncio.create_task(batcher.submit(1, "trace-1"))]
    await ledger.entered.wait()
    tasks += [asyncio.create_task(batcher.submit(command, f"trace-{command}")) for command in (12, 13, 14)]
    await asyncio.sleep(0)
    ledger.gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    told = [record.__dict__["facts"] for record in caplog.records if record.message == "a command failed"]
    assert told == [{"action": "draw", "traceId": "trace-13", "error": "ValueError", "code": None}]


async def test_a_slow_command_is_named(
    ledger: Ledger, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    batcher = ledger.batcher(name="draw")
    loop = asyncio.get_running_loop()
    wall, passed = loop.time(), 0.0
    monkeypatch.setattr(loop, "time", lambda: wall + passed)
    ledger.gate.clear()
    tasks = [asyncio.create_task(batcher.submit(1, "trace-1"))]
    await ledger.entered.wait()
    tasks.append(asyncio.create_task(batcher.submit(2, "trace-2")))
    await asyncio.sleep(0)
    passed = 3.0
    ledger.gate.set()
    await asyncio.gather(*tasks)
    told = [record.__dict__["facts"] for record in caplog.records if record.message == "a command was slow"]
    assert told == [
        {"action": "draw", "traceId": "trace-1", "commands": 1, "waited": 0.0, "ran": 3.0},
        {"action": "draw", "traceId": "trace-2", "commands": 1, "waited": 3.0, "ran": 0.0},
    ]


@pytest.mark.parametrize(
    "error", [asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError]
)
async def test_a_batch_that_another_transaction_came_between_runs_again_as_it_is(
    ledger: Ledger, error: type[Exception]
) -> None:
    left = [error("once"), error("twice")]
    ledger.failing = lambda commands: left.pop() if left else None
    database: Any = ledger
    assert await run_action(database, ledger.action, [1, 2]) == [10, 20]
    assert ledger.batches == [[1, 2]] * 3
    assert ledger.committed == [1, 2]


async def test_a_batch_that_never_comes_through_fails_after_four_tries(ledger: Ledger) -> None:
    ledger.failing = lambda commands: asyncpg.DeadlockDetectedError("always")
    database: Any = ledger
    with pytest.raises(asyncpg.DeadlockDetectedError):
        await run_action(database, ledger.action, [1])
    assert len(ledger.batches) == TRIES


async def test_an_error_of_the_action_itself_is_not_tried_again(ledger: Ledger) -> None:
    ledger.failing = lambda commands: asyncpg.CheckViolationError("a bug")
    with pytest.raises(asyncpg.CheckViolationError):
        await ledger.batcher().submit(1)
    assert ledger.batches == [[1]]


async def test_the_batcher_works_on_after_a_failure(ledger: Ledger) -> None:
    batcher = ledger.batcher()
    ledger.failing = lambda commands: ValueError("once")
    with pytest.raises(ValueError, match="once"):
        await batcher.submit(1)
    ledger.failing = lambda commands: None
    assert await batcher.submit(2) == 20


async def test_an_action_that_loses_an_answer_fails_and_leaves_nobody_waiting(ledger: Ledger) -> None:
    async def forgetful(work: Any, commands: Sequence[int]) -> list[Answer]:
        return (await ledger.action(work, commands))[:-1]

    database: Any = ledger
    batcher: Batcher[int, int] = Batcher(database, forgetful, submitter=lambda command: command)
    with pytest.raises(AssertionError):
        await asyncio.wait_for(batcher.submit(1), 5)
    assert ledger.committed == [], "nothing is committed that nobody can be told about"


async def test_a_database_that_is_gone_is_not_asked_once_for_each_command(ledger: Ledger) -> None:
    ledger.failing = lambda commands: EdgeRefused(EdgeCode.UNAVAILABLE, retryable=True)
    answers = await submit_behind_the_first(ledger, ledger.batcher(), list(range(20)))
    assert [answer.code for answer in answers] == [EdgeCode.UNAVAILABLE] * 20
    assert len(ledger.batches) == 2
