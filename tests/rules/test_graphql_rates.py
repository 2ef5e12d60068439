"""Rate limits: the pace, the burst, and what happens when Redis is absent, goes and comes back."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from api.identity.rules import MemberCaller
from api.runtime.limits import LocalLimiter, Rate, RateLimits, Rates

NOW = datetime(2026, 1, 31, tzinfo=UTC)
CALLER = MemberCaller(UUID(int=1))


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def rates(per_minute: int = 60, burst: int = 3) -> Rates:
    return Rates({"address": Rate(per_minute, burst), "mobile": Rate(per_minute, burst)})


async def test_a_burst_is_admitted_then_the_pace_rules() -> None:
    clock = Clock()
    limits = RateLimits(None, rates(), clock=clock)
    assert [await limits.admit_caller("mobile", CALLER, NOW) for _ in range(3)] == [None] * 3
    assert await limits.admit_caller("mobile", CALLER, NOW) == NOW + timedelta(seconds=1)
    clock.at += 0.5
    assert await limits.admit_caller("mobile", CALLER, NOW) == NOW + timedelta(seconds=0.5)
    clock.at += 0.5
    assert await limits.admit_caller("mobile", CALLER, NOW) is None
    assert await limits.admit_caller("mobile", CALLER, NOW) is not None


async def test_callers_and_addresses_are_counted_apart() -> None:
    limits = RateLimits(None, rates(burst=1), clock=Clock())
    assert await limits.admit_caller("mobile", CALLER, NOW) is None
    assert await limits.admit_caller("mobile", MemberCaller(UUID(int=2)), NOW) is None
    assert await limits.admit_address("10.0.0.1", NOW) is None
    assert await limits.admit_address("10.0.0.2", NOW) is None
    assert await limits.admit_address("10.0.0.1", NOW) is not None


def test_what_is_remembered_is_bounded() -> None:
    limiter = LocalLimiter(Clock())
    for n in range(100_050):
        limiter.wait_us(str(n), Rate(60, 1))
    assert len(limiter._arrivals) == 100_000


@pytest.mark.parametrize(("per_minute", "burst"), [(0, 1), (1, 0), (-5, 5)])
def test_a_rate_that_admits_nothing_is_refused_at_start(per_minute: int, burst: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Rate(per_minute, burst)


async def test_servers_share_one_count_through_redis(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as one, Redis.from_url(redis_url) as two:
        servers = [RateLimits(one, rates(burst=10)), RateLimits(two, rates(burst=10))]
        caller = MemberCaller(uuid4())
        answers = await asyncio.gather(*(servers[n % 2].admit_caller("mobile", caller, NOW) for n in range(30)))
        assert sum(answer is None for answer in answers) == 10
        assert all(timedelta(0) < answer - NOW <= timedelta(seconds=1.1) for answer in answers if answer)
        assert 0 < await one.pttl(f"rate:mobile:{caller.scope}") <= 11_000


async def test_without_an_answer_from_redis_each_process_counts_and_says_so_once(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    async with Redis.from_url(f"unix://{tmp_path}/nobody.sock") as nobody:
        with caplog.at_level(logging.WARNING):
            limits = RateLimits(nobody, rates(burst=2))
            answers = [await limits.admit_address("10.0.0.1", NOW) for _ in range(4)]
    assert [answer is None for answer in answers] == [True, True, False, False]
    assert not limits.shared
    assert [record.message for record in caplog.records].count(
        "Redis is out of reach: rate limits are counted in each process by itself"
    ) == 1


async def test_redis_is_asked_again_once_it_is_back(redis_url: str, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    async with Redis.from_url(redis_url) as client:
        limits = RateLimits(client, rates(), clock=clock)
        good = limits._script

        async def gone(*_: object, **__: object) -> int:
            raise OSError("gone")

        limits._script = gone
        await limits.admit_address("10.0.0.1", NOW)
        assert not limits.shared
        limits._script = good
        await limits.admit_address("10.0.0.1", NOW)
        assert not limits.shared, "a Redis that failed is left alone for five seconds"
        clock.at += 5
        with caplog.at_level(logging.WARNING):
            await limits.admit_address("10.0.0.1", NOW)
        assert limits.shared
        assert "Redis is back: rate limits are shared again" in caplog.messages


def count_calls(limits: RateLimits) -> list[int]:
    """Grows by one with each call of Redis. Its own counts are of all workers of the run."""
    script, calls = limits._script, list[int]()

    async def counted(*asked: Any, **more: Any) -> Any:
        calls.append(1)
        return await script(*asked, **more)

    limits._script = counted
    return calls


async def test_servers_that_take_admissions_in_leases_admit_the_burst_and_no_more(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as one, Redis.from_url(redis_url) as two:
        shared = rates(per_minute=6, burst=100)  # leases of five; ten seconds to the next admission
        servers = [RateLimits(one, shared), RateLimits(two, shared)]
        caller = MemberCaller(uuid4())
        for server in servers:
            calls = count_calls(server)
            answers = [await server.admit_caller("mobile", caller, NOW) for _ in range(50)]
            assert answers == [None] * 50
            assert 10 <= len(calls) <= 12, f"50 admissions in leases of five asked Redis {len(calls)} times"
        assert [await server.admit_caller("mobile", caller, NOW) is None for server in servers] == [False, False]


async def test_what_is_asked_while_redis_answers_goes_into_one_call(redis_url: str) -> None:
    async with Redis.from_url(redis_url, max_connections=2) as redis:
        limits = RateLimits(redis, rates(per_minute=1, burst=2))
        callers = [MemberCaller(uuid4()) for _ in range(300)]
        calls = count_calls(limits)
        for expected in ([None] * 300, [None] * 300):
            answers = await asyncio.gather(*(limits.admit_caller("mobile", caller, NOW) for caller in callers))
            assert answers == expected
        answers = await asyncio.gather(*(limits.admit_caller("mobile", caller, NOW) for caller in callers))
        assert None not in answers, "each key was counted by itself"
        assert 3 <= len(calls) <= 8
        assert limits.shared


async def test_a_fault_of_ours_reaches_those_who_asked_and_nobody_waits_for_ever(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        limits = RateLimits(redis, rates())
        good = limits._script

        async def broken(*_: object, **__: object) -> int:
            raise LookupError("ours")

        limits._script = broken
        with pytest.raises(LookupError, match="ours"):
            await limits.admit_address("10.0.0.9", NOW)
        limits._script = good
        assert await limits.admit_address("10.0.0.9", NOW) is None


async def test_a_lease_that_has_lapsed_is_not_spent(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        clock = Clock()
        limits = RateLimits(redis, rates(per_minute=6, burst=20), clock=clock)
        caller = MemberCaller(uuid4())
        limits._keep_lease(f"rate:mobile:{caller.scope}", 1_000, clock.at + 10)
        assert await limits.admit_caller("mobile", caller, NOW) is None
        clock.at += 10
        answers = [await limits.admit_caller("mobile", caller, NOW) for _ in range(30)]
        assert answers.count(None) == 20, "what was leased is gone, the burst is still there"
