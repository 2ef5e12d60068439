"""GraphQL over HTTP: reading requests and choosing media types, as its specification says (draft of August 2026).

Where the draft and the public audit suite for servers differ, the audit decides, since clients are tested with it:
request errors of a document are 400 (the draft: 422), and 200 for clients that accept `application/json` alone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import orjson

from api.graphql.errors import HttpError
from api.graphql.headers import read_once
from api.graphql.limits import BODY_BYTES_MAX
from api.runtime.clock import SystemDice

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
_DISCARD_BYTES_MAX = 16 * 1024 * 1024
_BODY_SECONDS_MAX = 20
_DICE = SystemDice()
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A well-formed GraphQL-over-HTTP request; not yet a valid document."""

    query: str | None
    document_hash: str | None
    operation_name: str | None
    variables: dict[str, Any]


def headers_of(scope: Scope) -> dict[str, str]:
    """Headers by lower-case name; of repeated ones, joined as HTTP says."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def trace_id_of(headers: Mapping[str, str]) -> str:
    """The trace id of a W3C `traceparent`, or a fresh one."""
    found = _TRACEPARENT.fullmatch(headers.get("traceparent", "").strip())
    if found and found[1].strip("0") and found[2].strip("0"):
        return found[1]
    return _DICE.bytes(16).hex()


@read_once
def choose_media_type(accept: str | None) -> str:
    """The media type of the answer. Raises 406 where the client takes none that we have.

    A wildcard gets `application/json`, as clients from before the specification expect.
    """
    if not accept:
        return JSON
    best, best_weight = None, 0.0
    for part in accept.split(","):
        name, *parameters = [piece.strip().lower() for piece in part.split(";")]
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        offered = {GRAPHQL_JSON: GRAPHQL_JSON, JSON: JSON, "*/*": JSON, "application/*": JSON}.get(name)
        if offered and weight > best_weight:
            best, best_weight = offered, weight
    if best is None:
        raise HttpError(406, "NOT_ACCEPTABLE", f"Accept must allow {GRAPHQL_JSON} or {JSON}.")
    return best


@read_once
def check_content_type(content_type: str | None) -> None:
    """Raises 415 for anything but JSON in UTF-8."""
    name, *parameters = [piece.strip().lower() for piece in (content_type or "").split(";")]
    charsets = [piece.partition("=")[2].strip('"') for piece in parameters if piece.startswith("charset=")]
    if name != JSON or any(charset not in {"utf-8", "utf8"} for charset in charsets):
        raise HttpError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Type must be {JSON}, in UTF-8.")


async def read_body(headers: Mapping[str, str], receive: Receive) -> bytes:
    """The body, 64 KiB at most. Raises 413, or 408 where it does not come.

    A larger body is never kept. Up to 16 MiB of it are read and dropped, so that a client that writes all before it
    reads gets this answer and not a broken pipe; beyond that, or where the client waits for `100 Continue`, the
    answer comes at once.
    """
    announced = headers.get("content-length", "")
    size = int(announced) if announced.isdecimal() and len(announced) < 16 else None
    if size is not None and size > BODY_BYTES_MAX and ("expect" in headers or size > _DISCARD_BYTES_MAX):
        raise _too_large()
    try:
        async with asyncio.timeout(_BODY_SECONDS_MAX):
            return await _gather_body(receive)
    except TimeoutError:
        raise HttpError(
            408, "REQUEST_TIMEOUT", f"The body did not come within {_BODY_SECONDS_MAX} s.", {"connection": "close"}
        ) from None


async def _gather_body(receive: Receive) -> bytes:
    kept = bytearray()
    seen, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk = message.get("body", b"")
        seen += len(chunk)
        if seen <= BODY_BYTES_MAX:
            kept += chunk
        else:
            kept.clear()
        if seen > _DISCARD_BYTES_MAX:
            raise _too_large()
        more = message.get("more_body", False)
    if seen > BODY_BYTES_MAX:
        raise _too_large()
    return bytes(kept)


class Disconnected(Exception):
    """The client went away before it had sent its request."""


def _too_large() -> HttpError:
    return HttpError(
        413,
        "BODY_TOO_LARGE",
        f"The body is larger than {BODY_BYTES_MAX // 1024} KiB. Send less at once, or use a trusted operation's hash.",
        {"connection": "close"},
        {"limit": BODY_BYTES_MAX},
    )


def parse_body(body: bytes) -> Asked:
    """Reads a POST's JSON. Raises 400 with the sentence that names what is wrong."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _bad("The body is not JSON in UTF-8.") from None
    if isinstance(given, list):
        raise _bad("Batches are not served: send one operation in a JSON object.")
    if not isinstance(given, dict):
        raise _bad("The body must be a JSON object with `query` or `documentId`.")
    return _asked(given)


def parse_query_string(query_string: bytes) -> Asked:
    """Reads a GET's parameters. Raises 400, or 414 for one longer than a body may be."""
    if len(query_string) > BODY_BYTES_MAX:
        raise HttpError(414, "URI_TOO_LONG", "The URI is too long; send the request by POST.")
    try:
        fields = parse_qs(query_string.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise _bad("The query string is not URL-encoded UTF-8.") from None
    given: dict[str, Any] = {name: values[-1] for name, values in fields.items()}
    for name in ("variables", "extensions"):
        if given.get(name):
            try:
                given[name] = orjson.loads(given[name])
            except orjson.JSONDecodeError:
                raise _bad(f"`{name}` must be URL-encoded JSON.") from None
        elif name in given:
            given[name] = None
    return _asked(given)


def _asked(given: Mapping[str, Any]) -> Asked:
    for name, kind, word in (
        ("query", str, "a string"),
        ("documentId", str, "a string"),
        ("operationName", str, "a string or null"),
        ("variables", dict, "an object or null"),
        ("extensions", dict, "an object or null"),
    ):
        if given.get(name) is not None and not isinstance(given[name], kind):
            raise _bad(f"`{name}` must be {word}.")
    document_hash = given.get("documentId")
    persisted = (given.get("extensions") or {}).get("persistedQuery")
    if document_hash is None and persisted is not None:
        document_hash = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
        if not isinstance(document_hash, str):
            raise _bad("`extensions.persistedQuery.sha256Hash` must be a string.")
    query = given.get("query")
    if not query and document_hash is None:
        raise _bad("The request must hold `query`, or the `documentId` of a trusted operation.")
    return Asked(query, document_hash, given.get("operationName") or None, given.get("variables") or {})


def _bad(message: str) -> HttpError:
    return HttpError(400, "BAD_REQUEST", message)


async def reply(
    send: Send, status: int, body: bytes, media_type: str, headers: Mapping[str, str] | None = None
) -> None:
    """Sends one whole answer."""
    fields = {
        "content-type": f"{media_type}; charset=utf-8",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "vary": "Accept, Accept-Language, Authorization",
        **(headers or {}),
    }
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in fields.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})
