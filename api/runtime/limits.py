"""Rate limits by address and by caller: GCRA, in Redis by one atomic script, in process where Redis is not.

GCRA keeps one number for each key, the theoretical arrival time (TAT) of the next request that would be on pace:
ITU-T I.371's virtual scheduling, as used for HTTP. A burst is how far ahead of its pace a caller may be.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from api.runtime.gathering import Gatherer

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from api.identity.rules import Caller

_LOG = logging.getLogger("mergemart.limits")
_KEYS_MAX = 100_000
_REDIS_SECONDS_MAX = 0.25
_REDIS_REST_SECONDS = 5.0

# A process asks for several admissions at once and spends them by itself: they are counted in Redis from the start, so
# the limit holds over all servers, and a busy caller costs one call to Redis in many requests.
_LEASE_MAX = 32
_LEASE_OF_BURST = 20
_LEASE_SECONDS = 10.0

# Answers for each key how many admissions it gives of those wanted, or, negative, the microseconds to wait; by Redis's
# own clock, so that servers' clocks do not matter.
_SCRIPT = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local answers = {}
for n, key in ipairs(KEYS) do
  local interval, tolerance, wanted = tonumber(ARGV[3 * n - 2]), tonumber(ARGV[3 * n - 1]), tonumber(ARGV[3 * n])
  local tat = tonumber(redis.call('GET', key) or now)
  if tat < now then tat = now end
  local ahead = tat - now
  if ahead > tolerance then
    answers[n] = tolerance - ahead
  else
    local given = math.min(wanted, math.floor((tolerance - ahead) / interval) + 1)
    tat = tat + interval * given
    redis.call('SET', key, string.format('%.0f', tat), 'PX', math.ceil((tat - now) / 1000) + 1)
    answers[n] = given
  end
end
return answers
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_minute` requests on the long run, `burst` of them at once."""

    per_minute: int
    burst: int

    def __post_init__(self) -> None:
        if self.per_minute < 1 or self.burst < 1:
            raise ValueError("a rate needs at least 1 request a minute and a burst of at least 1")

    @property
    def interval_us(self) -> int:
        return max(1, 60_000_000 // self.per_minute)

    @property
    def tolerance_us(self) -> int:
        return self.interval_us * (self.burst - 1)

    @property
    def lease(self) -> int:
        """How many admissions a process takes at once: few against the burst, so little is left unused."""
        return max(1, min(_LEASE_MAX, self.burst // _LEASE_OF_BURST))


def _default_rates() -> dict[str, Rate]:
    return {
        "address": Rate(6_000, 1_000),
        "mobile": Rate(600, 120),
        "till": Rate(60_000, 10_000),
        "partner": Rate(600, 120),
        "admin": Rate(1_200, 240),
    }


@dataclass(frozen=True, slots=True)
class Rates:
    """The rate of each schema's callers, and of one address over all of them."""

    by_kind: dict[str, Rate] = field(default_factory=_default_rates)


class LocalLimiter:
    """GCRA in this process; forgets the keys that were quiet longest once it knows 100,000."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._arrivals: OrderedDict[str, int] = OrderedDict()

    def wait_us(self, key: str, rate: Rate) -> int:
        """Microseconds to wait; 0 where the request is admitted, which counts it."""
        now = int(self._clock() * 1_000_000)
        arrival = max(self._arrivals.get(key, now), now)
        if arrival - now > rate.tolerance_us:
            return arrival - now - rate.tolerance_us
        self._arrivals[key] = arrival + rate.interval_us
        self._arrivals.move_to_end(key)
        while len(self._arrivals) > _KEYS_MAX:
            self._arrivals.popitem(last=False)
        return 0


class RateLimits:
    """Admits or refuses requests. Without Redis, or while it is gone, each process counts for itself.

    The loss is said once in the log, and so is the return; a Redis that fails is left alone for 5 s, so that its
    silence costs no request more than 250 ms now and then.
    """

    def __init__(
        self, redis: Redis | None, rates: Rates | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = redis
        self._rates = rates or Rates()
        self._clock = clock
        self._local = LocalLimiter(clock)
        self._leases: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._script: Any = redis.register_script(_SCRIPT) if redis is not None else None
        self._asking: Gatherer[tuple[str, Rate], int | None] = Gatherer(self._call)
        self._retry_redis_at = 0.0
        self._lost = False
        if redis is None:
            _LOG.warning("no Redis: rate limits are counted in each process by itself")

    @property
    def shared(self) -> bool:
        """Whether the count is shared through Redis just now."""
        return self._redis is not None and not self._lost

    async def admit_address(self, address: str, now: datetime) -> datetime | None:
        """None, or the time at which this address is welcome again."""
        return await self._admit("address", address, now)

    async def admit_caller(self, kind: str, caller: Caller, now: datetime) -> datetime | None:
        """None, or the time at which this caller of the schema `kind` is welcome again."""
        return await self._admit(kind, str(caller.scope), now)

    async def _admit(self, kind: str, name: str, now: datetime) -> datetime | None:
        rate = self._rates.by_kind.get(kind)
        if rate is None:
            return None
        key = f"rate:{kind}:{name}"
        if self._spend_lease(key):
            return None
        wait_us = await self._wait_in_redis(key, rate)
        if wait_us is None:
            wait_us = self._local.wait_us(key, rate)
        return now + timedelta(microseconds=wait_us) if wait_us else None

    def _spend_lease(self, key: str) -> bool:
        """Whether this process still held an admission of this key; it is spent."""
        left, until = self._leases.pop(key, (0, 0.0))
        if not left or self._clock() >= until:
            return False
        self._keep_lease(key, left - 1, until)
        return True

    def _keep_lease(self, key: str, left: int, until: float) -> None:
        if left:
            self._leases[key] = (left, until)
            while len(self._leases) > _KEYS_MAX:
                self._leases.popitem(last=False)

    async def _wait_in_redis(self, key: str, rate: Rate) -> int | None:
        """None where Redis cannot say."""
        if self._script is None or self._resting():
            return None
        given = await self._asking.ask((key, rate))
        if given is None or given <= 0:
            return None if given is None else max(1, -given)
        held, until = self._leases.get(key, (0, 0.0))
        if self._clock() >= until:
            held = 0
        self._keep_lease(key, held + given - 1, self._clock() + _LEASE_SECONDS)
        return 0

    async def _call(self, batch: Sequence[tuple[str, Rate]]) -> Sequence[int | None]:
        if self._resting():
            return [None] * len(batch)
        numbers = [(rate.interval_us, rate.tolerance_us, rate.lease) for _, rate in batch]
        try:
            async with asyncio.timeout(_REDIS_SECONDS_MAX):
                given: list[int] = await self._script(
                    keys=[key for key, _ in batch], args=[number for each in numbers for number in each]
                )
        except (RedisError, OSError, TimeoutError) as error:
            self._retry_redis_at = self._clock() + _REDIS_REST_SECONDS
            if not self._lost:
                _LOG.warning(
                    "Redis is out of reach: rate limits are counted in each process by itself",
                    extra={"facts": {"error": type(error).__name__}},
                )
            self._lost = True
            return [None] * len(batch)
        if self._lost:
            self._lost = False
            _LOG.warning("Redis is back: rate limits are shared again")
        return given

    def _resting(self) -> bool:
        return self._lost and self._clock() < self._retry_redis_at
