"""Carriers: how events reach other systems, at least once. Receivers know a repeated event by its id."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import logging
import os
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError

import orjson

from api.runtime.embedded.locks import FileLock
from loyalty.ids import to_typeid
from loyalty.timeline.actions import EventRow

if TYPE_CHECKING:
    from api.settings import Settings

SIGNATURE = "X-Mergemart-Signature"
_SECONDS = 10
_FILE_BYTES = 50_000_000

_log = logging.getLogger(__name__)


def carrier_of(settings: Settings) -> Callable[[Sequence[EventRow]], Awaitable[None]]:
    """Posts to MERGEMART_OUTBOX_URL where that is set; else appends to `outbox.jsonl` in the data folder."""
    if settings.outbox_url is not None:
        return Webhook(settings.outbox_url, settings.outbox_secret)
    return EventFile(settings.var / "outbox.jsonl")


class EventFile:
    """Appends events to a file, one JSON object a line; past 50 MB the file moves to `.1` and a new one begins."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def __call__(self, events: Sequence[EventRow]) -> None:
        """Raises `OSError` where the file cannot be written; on disk when it returns."""
        await asyncio.to_thread(self._append, b"".join(write_event(event) + b"\n" for event in events))

    def _append(self, lines: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._path.with_suffix(".lock")).held():
            if self._path.exists() and self._path.stat().st_size > _FILE_BYTES:
                self._path.replace(self._path.with_suffix(".jsonl.1"))
            with self._path.open("ab") as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())


class Webhook:
    """Posts events as JSON lines. `X-Mergemart-Signature: sha256=<hex>` is the HMAC-SHA256 of the body."""

    def __init__(self, url: str, secret: bytes) -> None:
        self._url = url
        self._secret = secret

    async def __call__(self, events: Sequence[EventRow]) -> None:
        """Raises `OSError` unless the receiver answers 2xx within 10 s."""
        body = b"".join(write_event(event) + b"\n" for event in events)
        try:
            await asyncio.to_thread(self._post, body)
        except (OSError, http.client.HTTPException) as error:
            status = error.code if isinstance(error, HTTPError) else None
            told = {"events": len(events), "error": type(error).__name__, "status": status}
            _log.warning("events could not be carried outside; they will be tried again", extra={"facts": told})
            raise error if isinstance(error, OSError) else OSError(type(error).__name__) from error

    def _post(self, body: bytes) -> None:
        signature = "sha256=" + hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/x-ndjson", SIGNATURE: signature}
        request = urllib.request.Request(self._url, body, headers, method="POST")  # noqa: S310 - settings take http(s)
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - the same URL
            answer.read(65_536)


def write_event(event: EventRow) -> bytes:
    """One event as JSON: id, member, kind, at, facts; ids in their edge form."""
    return orjson.dumps(
        {
            "id": to_typeid("evt", event.id),
            "member": to_typeid("mem", event.member_id),
            "kind": event.kind,
            "at": event.at.isoformat(),
            "facts": event.facts,
        }
    )
