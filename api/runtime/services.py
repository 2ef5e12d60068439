"""What one server process holds open while it serves, and what it drains before it stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.runtime.clock import Clock, clock_of, utc_now
from api.runtime.database import Database, Plans

if TYPE_CHECKING:
    from api.settings import Settings

T = TypeVar("T")
RedisState = Literal["ok", "down", "absent"]

_log = logging.getLogger(__name__)
_DRAIN_SECONDS = 30
_SCREENS_CONNECTIONS = 3
_REPORTS_CONNECTIONS = 4  # two of them for jobs at most


@dataclass(slots=True)
class Services:
    """The open services of one process. `stopping` is set when no new work should begin; `clock` is every `now`.

    `database` finds everything by keys. `screens` is the same for reading first screens, with a few connections of its
    own that plan once; and `reports` for whatever reads much of a table: operators, partners and jobs.
    """

    settings: Settings
    database: Database
    screens: Database
    reports: Database
    redis: Redis | None
    clock: Clock = utc_now
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _drains: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _shared: dict[type, Any] = field(default_factory=dict)

    def once(self, kind: type[T], make: Callable[[], T]) -> T:
        """The one `kind` of this process, made at the first call: what several schemas share."""
        if kind not in self._shared:
            self._shared[kind] = make()
        made: T = self._shared[kind]
        return made

    @property
    def pools(self) -> dict[str, Database]:
        """The pools by their names in metrics."""
        return {"members": self.database, "screens": self.screens, "reports": self.reports}

    def on_stop(self, drain: Callable[[], Awaitable[None]]) -> None:
        """Registers what finishes accepted work before the database closes; the last registered is drained first."""
        self._drains.append(drain)

    def in_background(self, work: Callable[[asyncio.Event], Awaitable[None]], name: str) -> None:
        """Runs `work(stopping)` beside the requests; it ends by itself soon after `stopping` is set."""

        async def guarded() -> None:
            try:
                await work(self.stopping)
            except Exception:  # noqa: BLE001 - the requests go on without it; the log says what broke
                _log.exception("background work ended", extra={"facts": {"work": name}})

        self._tasks.append(asyncio.create_task(guarded(), name=name))

    async def redis_state(self) -> RedisState:
        """Whether Redis answers; the API works without it."""
        if self.redis is None:
            return "absent"
        try:
            async with asyncio.timeout(1):
                await self.redis.ping()
        except (RedisError, OSError, TimeoutError):
            return "down"
        return "ok"

    async def drain(self) -> None:
        """Ends background work, then finishes everything that was accepted, within 30 s."""
        self.stopping.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_DRAIN_SECONDS)
            for task in late:
                task.cancel()
        for drain in reversed(self._drains):
            try:
                async with asyncio.timeout(_DRAIN_SECONDS):
                    await drain()
            except TimeoutError:
                _log.error("accepted work was not finished in time", extra={"facts": {"seconds": _DRAIN_SECONDS}})


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Opens everything that complete settings name; drains and closes it at the end. Redis is not contacted yet."""
    assert settings.database_url is not None, "embedded settings are completed before serving"
    async with AsyncExitStack() as stack:
        database = Database(settings.database_url, pool_size=settings.pool_size, plans=Plans.BY_KEYS)
        stack.push_async_callback(database.close)
        screens = Database(settings.database_url, pool_size=_SCREENS_CONNECTIONS, plans=Plans.ONCE)
        stack.push_async_callback(screens.close)
        reports = Database(settings.database_url, pool_size=_REPORTS_CONNECTIONS)
        stack.push_async_callback(reports.close)
        redis = None
        if settings.redis_url is not None:
            redis = Redis.from_url(settings.redis_url, socket_timeout=1, socket_connect_timeout=1)
            stack.push_async_callback(redis.aclose)
        services = Services(settings, database, screens, reports, redis, clock_of(settings.replay_clock))
        if settings.replay_clock is not None:
            _log.warning("a season is replayed: its clock is not the wall clock, and no rate is limited")
        stack.push_async_callback(services.drain)
        yield services
