"""What is counted and timed, for Prometheus. No label takes a member's data or a client's free text without a bound."""

from __future__ import annotations

import math
import os
import resource
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from sqlalchemy.pool import QueuePool

if TYPE_CHECKING:
    from api.runtime.database import Database

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

_MAX_OPERATIONS = 200
_OTHER = "other"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_COMMANDS = (1, 2, 4, 8, 16, 32, 64, 128, 256)

_requests = Counter(
    "mergemart_requests",
    "GraphQL requests by caller, operation and HTTP status",
    ("caller", "operation", "status"),
    registry=REGISTRY,
)
_latency = Histogram(
    "mergemart_request_seconds",
    "Time to answer a GraphQL request",
    ("caller", "operation"),
    buckets=_SECONDS,
    registry=REGISTRY,
)
_refusals = Counter("mergemart_refusals", "Refusals by caller and code", ("caller", "code"), registry=REGISTRY)
_batches = Histogram(
    "mergemart_batch_commands", "Commands in one batch", ("action",), buckets=_COMMANDS, registry=REGISTRY
)
_jobs = Counter("mergemart_job_runs", "Runs of a job by outcome", ("job", "outcome"), registry=REGISTRY)
_job_rows = Counter("mergemart_job_rows", "Rows that a job changed", ("job",), registry=REGISTRY)
# Of several processes under one port the living ones are added up; memory is told for each, by its process id.
_pool_in_use = Gauge(
    "mergemart_pool_in_use", "Database connections in use", ["pool"], registry=REGISTRY, multiprocess_mode="livesum"
)
_pool_size = Gauge(
    "mergemart_pool_size", "Database connections at most", ["pool"], registry=REGISTRY, multiprocess_mode="livesum"
)
_memory = Gauge(
    "mergemart_process_peak_bytes", "Most memory that a server process held", registry=REGISTRY,
    multiprocess_mode="liveall",
)  # fmt: skip
_fair_evidence = Gauge(
    "mergemart_fairness_evidence_log10",
    "Evidence against fair dice, as a power of ten; the alarm is at 4",
    registry=REGISTRY,
    multiprocess_mode="livemostrecent",
)
_fair_draws = Gauge(
    "mergemart_fairness_draws",
    "Draws that the fairness monitor weighed",
    registry=REGISTRY,
    multiprocess_mode="livemostrecent",
)
_fair_broken = Gauge(
    "mergemart_fairness_broken",
    "Revealed draws that do not follow from seeds",
    registry=REGISTRY,
    multiprocess_mode="livemostrecent",
)
_fair_alarm = Gauge(
    "mergemart_fairness_alarm",
    "1 once the fairness monitor has given its alarm",
    registry=REGISTRY,
    multiprocess_mode="livemostrecent",
)

_operations: set[str] = set()


class Metrics:
    """What the GraphQL apps report to (`Observer` of `api/graphql`)."""

    def served(self, caller: str, operation: str, status: int, seconds: float) -> None:
        """Counts and times one request. Past 200 names of operations further ones are counted as `other`."""
        name = _bounded(operation)
        _counter(caller, name, status).inc()
        _histogram(caller, name).observe(seconds)

    def refused(self, caller: str, code: str) -> None:
        """Counts one refusal."""
        _refusals.labels(caller, code).inc()


@cache
def _counter(caller: str, operation: str, status: int) -> Counter:
    return _requests.labels(caller, operation, str(status))


@cache
def _histogram(caller: str, operation: str) -> Histogram:
    return _latency.labels(caller, operation)


def observe_batch(action: str, commands: int) -> None:
    """Records the size of one batch of an action."""
    _batches.labels(action).observe(commands)


def observe_job(job: str, rows: int, *, failed: bool) -> None:
    """Counts one run of a job and the rows that it changed."""
    _jobs.labels(job, "failed" if failed else "done").inc()
    _job_rows.labels(job).inc(rows)


def sample(databases: Mapping[str, Database]) -> None:
    """Notes what is not counted as it happens: the pools as they are now, and memory."""
    for name, database in databases.items():
        pool = database.engine.pool
        in_use, size = (pool.checkedout(), pool.size()) if isinstance(pool, QueuePool) else (0, 0)
        _pool_in_use.labels(name).set(in_use)
        _pool_size.labels(name).set(size)
    _memory.set(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def render() -> bytes:
    """Everything in Prometheus' text format: of all processes under this port, whichever of them is asked."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    whole = CollectorRegistry()
    multiprocess.MultiProcessCollector(whole)  # type: ignore[no-untyped-call]
    return generate_latest(whole)


def observe_fairness(log_e: float, draws: int, broken: int, *, alarm: bool) -> None:
    """Shows the latest reading of the fairness monitor; `log_e` is a natural logarithm."""
    _fair_evidence.set(log_e / math.log(10))
    _fair_draws.set(draws)
    _fair_broken.set(broken)
    _fair_alarm.set(alarm)


def _bounded(operation: str) -> str:
    if not operation or len(operation) > 100:
        return _OTHER
    if operation not in _operations:
        if len(_operations) >= _MAX_OPERATIONS:
            return _OTHER
        _operations.add(operation)
    return operation
