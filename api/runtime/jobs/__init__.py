"""What time does: a poll over due rows, in every server and in workers of their own, as many as there are."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from typing import TYPE_CHECKING

from redis.asyncio import Redis

from api.runtime.fanout import Fanout, fanout_of
from api.runtime.jobs.carrying import carrier_of
from api.runtime.jobs.polling import poll
from api.runtime.jobs.tending import tending_of
from api.runtime.jobs.work import jobs_of
from rewards.fairness.actions import AesVault

if TYPE_CHECKING:
    from api.runtime.database import Database
    from api.runtime.services import Services
    from api.settings import Settings

_log = logging.getLogger(__name__)
_REPLAY_NAP = 0.1


async def run_jobs(services: Services, stopping: asyncio.Event) -> None:
    """Does the due jobs beside the requests of a server, unless MERGEMART_JOBS=0 leaves them to workers."""
    if services.settings.jobs:
        nap = _REPLAY_NAP if services.settings.replay_clock is not None else None
        settings = services.settings
        work = jobs_of(carrier_of(settings), AesVault(settings.secret), fanout_of(services).tell)
        jobs = (*work, tending_of(settings))
        await poll(services.reports, jobs, stopping, services.clock, nap=nap)


async def run_worker(database: Database, settings: Settings, arguments: argparse.Namespace) -> int:
    """`main.py worker`: does the due jobs until SIGTERM or Ctrl-C, then finishes the transactions that it is in."""
    del arguments
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)
    redis = (
        Redis.from_url(settings.redis_url, socket_timeout=1, socket_connect_timeout=1) if settings.redis_url else None
    )
    fanout = Fanout(redis)
    jobs = (*jobs_of(carrier_of(settings), AesVault(settings.secret), fanout.tell), tending_of(settings))
    _log.info("the worker does its jobs", extra={"facts": {"jobs": [job.name for job in jobs]}})
    telling = asyncio.create_task(fanout.run(stopping))
    await poll(database, jobs, stopping)
    await telling
    if redis is not None:
        await redis.aclose()
    _log.info("the worker has stopped")
    return 0
