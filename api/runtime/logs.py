"""Logs: one JSON object a line, with the trace id of the request, and never personal data.

Messages are constant text; what varies goes into `extra={"facts": {...}}`: names, codes, counts, ids. An exception is
logged by its type, SQLSTATE and stack alone, since its text may quote a row.
"""

from __future__ import annotations

import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson

trace_id: ContextVar[str | None] = ContextVar("trace_id", default=None)
"""The trace id of the request that is being answered; the edge sets it."""

_STACK_FRAMES = 30


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object; facts that JSON does not know are written as text."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        trace = trace_id.get()
        if trace is not None:
            entry["traceId"] = trace
        facts = getattr(record, "facts", None)
        if facts:
            entry["facts"] = facts
        if record.exc_info and record.exc_info[1] is not None:
            entry["error"] = describe_error(record.exc_info[1])
        return orjson.dumps(entry, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def describe_error(error: BaseException) -> dict[str, Any]:
    """An exception without its text: type, SQLSTATE where there is one, where it was raised, and its causes."""
    frames = traceback.extract_tb(error.__traceback__)[-_STACK_FRAMES:]
    described: dict[str, Any] = {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "stack": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate:
        described["sqlstate"] = sqlstate
    cause = error.__cause__ or error.__context__
    if cause is not None:
        described["cause"] = describe_error(cause)
    return described


def configure_logs(level: str, stream: TextIO | None = None) -> None:
    """Sends every logger of this process to `stream` (standard error) as JSON, at `level` and above."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("alembic", "uvicorn.access", "asyncio", "httpx", "httpcore", "google", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
