"""The thin ASGI app that serves one schema: no framework between the socket and the operation."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import orjson
import strawberry
from graphql import GraphQLError, OperationType

from api.graphql import explorer
from api.graphql.context import Context, Observer, Silent
from api.graphql.documents import Documents, Operation, Prepared
from api.graphql.errors import HttpError, log_fault, present
from api.graphql.http import (
    GRAPHQL_JSON,
    JSON,
    Asked,
    Disconnected,
    Receive,
    Scope,
    Send,
    check_content_type,
    choose_media_type,
    headers_of,
    parse_body,
    parse_query_string,
    read_body,
    reply,
    trace_id_of,
)
from api.graphql.messages import WORDINGS, choose_locale, say
from api.graphql.operations import Operations, digest_of, read_hash
from api.graphql.schema import sdl
from api.graphql.sockets import Sockets
from api.identity.rules import Caller
from api.refusals import CheckUnavailable, Forbidden, Unauthenticated
from api.runtime.clock import utc_now
from api.runtime.database import Database
from loyalty.refusals import Refused

Authenticate = Callable[[str | None, datetime], Awaitable[Caller]]
_SDL_SUFFIX = "/schema.graphql"


class Limits(Protocol):
    """Rate limits, by address before a credential is checked and by caller after."""

    async def admit_address(self, address: str, now: datetime) -> datetime | None:
        """None, or when the next request is welcome."""

    async def admit_caller(self, kind: str, caller: Caller, now: datetime) -> datetime | None:
        """None, or when the next request is welcome."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a server serves. `get_queries` also takes queries (never mutations) by GET, as the specification allows.
    `plans` runs operations as compiled plans; without it all of them go through `schema.execute`."""

    demo: bool = False
    trusted_only: bool = False
    get_queries: bool = False
    plans: bool = True


@dataclass(slots=True)
class _Request:
    """One request on its way."""

    headers: Mapping[str, str]
    now: datetime
    trace_id: str
    started: float
    media_type: str = JSON
    operation: str = "other"
    extra: dict[str, str] = field(default_factory=dict)


class GraphQLApp:
    """Serves one schema at one path, with its SDL at `<path>/schema.graphql`.

    `kind` names the caller (`mobile`, `till`, `partner`, `admin`). `authenticate` turns the Authorization header into
    a caller, or raises `Unauthenticated`, `Forbidden` or `CheckUnavailable`. `services` is handed to resolvers as it
    is. An accepted mutation runs to its end though the client goes away; `drain` waits for such.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        authenticate: Authenticate,
        *,
        kind: str,
        database: Database,
        services: Any = None,
        operations: Operations | None = None,
        limits: Limits | None = None,
        observer: Observer | None = None,
        options: Options | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.schema = schema
        self._options = options or Options()
        self.documents = Documents(schema, plans=self._options.plans)
        self.operations = operations or Operations()
        self._authenticate = authenticate
        self._kind = kind
        self._database = database
        self._services = services
        self._limits = limits
        self._observer = observer or Silent()
        self._clock = clock
        self._sdl = sdl(schema).encode()
        self._accepted: set[asyncio.Task[Any]] = set()
        self.sockets: Sockets | None = None

    def now(self) -> datetime:
        """This app's clock."""
        return self._clock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and self.sockets is not None:
            await self.sockets(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4406, "reason": "This schema has no subscriptions."})
            return
        headers = headers_of(scope)
        request = _Request(headers, self._clock(), trace_id_of(headers), time.perf_counter())
        request.extra["x-trace-id"] = request.trace_id
        try:
            status, body, media_type = await self._serve(scope, request, receive)
        except Disconnected:
            return
        except HttpError as error:
            request.extra.update(error.headers)
            status, body, media_type = error.status, orjson.dumps(error.body()), request.media_type
        except Exception as fault:  # noqa: BLE001 - the last net: nothing of a fault may reach the caller
            log_fault(fault, trace_id=request.trace_id, operation=request.operation)
            masked = HttpError(500, "INTERNAL", "internal error", extensions={"traceId": request.trace_id})
            status, body, media_type = 500, orjson.dumps(masked.body()), request.media_type
        self._observer.served(self._kind, request.operation, status, time.perf_counter() - request.started)
        await reply(send, status, body, media_type, request.extra)

    async def _serve(self, scope: Scope, request: _Request, receive: Receive) -> tuple[int, bytes, str]:
        if scope["path"].endswith(_SDL_SUFFIX) and scope["method"] in {"GET", "HEAD"}:
            return 200, b"" if scope["method"] == "HEAD" else self._sdl, "text/plain"
        by_get = scope["method"] == "GET"
        if by_get and self._options.demo and "text/html" in request.headers.get("accept", ""):
            return 200, explorer.page(self._kind, self.operations.files), "text/html"
        taken = "GET, POST" if self._options.get_queries else "POST"
        if scope["method"] != "POST" and not (by_get and self._options.get_queries):
            raise HttpError(405, "METHOD_NOT_ALLOWED", "Send operations by POST.", {"allow": taken})
        request.media_type = choose_media_type(request.headers.get("accept"))
        if not by_get:
            check_content_type(request.headers.get("content-type"))
        caller = await self._admit(scope, request)
        if by_get:
            asked = parse_query_string(scope["query_string"])
        else:
            asked = parse_body(await read_body(request.headers, receive))
        return await self._run(request, caller, asked, by_get=by_get)

    async def _admit(self, scope: Scope, request: _Request) -> Caller:
        """The caller, let in by both rate limits. Raises 401, 403, 429 or 503."""
        if self._limits is not None:
            address = scope["client"][0] if scope.get("client") else "local"
            _check_rate(await self._limits.admit_address(address, request.now), request)
        try:
            caller = await self._authenticate(request.headers.get("authorization"), request.now)
        except Unauthenticated as error:
            raise HttpError(401, "UNAUTHENTICATED", error.message, {"www-authenticate": "Bearer, Key"}) from error
        except Forbidden as error:
            raise HttpError(403, "FORBIDDEN", error.message) from error
        except CheckUnavailable as error:
            raise HttpError(503, "UNAVAILABLE", str(error), {"retry-after": "5"}) from error
        except Refused as error:
            if error.retryable:
                raise HttpError(503, str(error.code), "Try again in a few seconds.", {"retry-after": "5"}) from error
            raise HttpError(403, str(error.code), "This account may not be used.") from error
        if self._limits is not None:
            _check_rate(await self._limits.admit_caller(self._kind, caller, request.now), request)
        return caller

    async def _run(self, request: _Request, caller: Caller, asked: Asked, *, by_get: bool) -> tuple[int, bytes, str]:
        prepared = self.documents.prepare(await self._text(asked))
        if isinstance(prepared, list):
            return self._errors(request, prepared)
        operation = prepared.select(asked.operation_name)
        if isinstance(operation, GraphQLError):
            return self._errors(request, [operation])
        if operation.type is OperationType.SUBSCRIPTION:
            raise HttpError(400, "BAD_REQUEST", "Subscriptions go over a web socket, protocol graphql-transport-ws.")
        if (costly := operation.measured.check(asked.variables)) is not None:
            return self._errors(request, [costly])
        if by_get and operation.type is not OperationType.QUERY:
            raise HttpError(405, "METHOD_NOT_ALLOWED", "Send mutations by POST.", {"allow": "POST"})
        if operation.name and await self.operations.trusts(prepared.text):
            request.operation = operation.name
        context = Context(
            kind=self._kind,
            caller=caller,
            now=request.now,
            trace_id=request.trace_id,
            locale=choose_locale(request.headers.get("accept-language")),
            database=self._database,
            services=self._services,
            observer=self._observer,
            prepared=prepared,
        )
        result = await self._execute(prepared, operation, asked, context)
        if result.data is None and result.errors and not any(error.path for error in result.errors):
            return self._errors(request, result.errors)
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = present(
                result.errors, locale=context.locale, trace_id=context.trace_id, operation=request.operation
            )
        partial = bool(result.errors) and request.media_type == GRAPHQL_JSON
        return 294 if partial else 200, orjson.dumps(body), request.media_type

    async def _text(self, asked: Asked) -> str:
        """The document's text, from the request or from the trusted operations. Raises 400 or 403."""
        if asked.document_hash is not None:
            digest = read_hash(asked.document_hash)
            text = await self.operations.find(digest) if digest else None
            if text is None and not asked.query:
                # The message is the word that clients of automatic persisted queries wait for.
                raise HttpError(400, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
            if asked.query and asked.query != text and digest != digest_of(asked.query):
                raise HttpError(400, "BAD_REQUEST", "The hash is not the SHA-256 of `query`; send one or the other.")
            if text is not None:
                return text
        assert asked.query
        if self._options.trusted_only and not await self.operations.trusts(asked.query):
            raise HttpError(
                403,
                "UNTRUSTED_OPERATION",
                "This server runs registered operations only; register it with `main.py trust`.",
            )
        return asked.query

    async def _execute(self, prepared: Prepared, operation: Operation, asked: Asked, context: Context) -> Any:
        run = operation.plan.start(asked.variables, context) if operation.plan else None
        running: Coroutine[Any, Any, Any]
        if run is not None:
            running = run.outcome()
        else:
            running = self.schema.execute(
                prepared.text,
                variable_values=asked.variables,
                context_value=context,
                operation_name=operation.name,
            )
        if operation.type is not OperationType.MUTATION:
            return await running
        task = asyncio.create_task(running)
        self._accepted.add(task)
        task.add_done_callback(self._accepted.discard)
        return await asyncio.shield(task)

    def _errors(self, request: _Request, errors: list[GraphQLError]) -> tuple[int, bytes, str]:
        """A request error: no `data`. Masked faults before execution are 500."""
        shown = present(
            errors,
            locale=choose_locale(request.headers.get("accept-language")),
            trace_id=request.trace_id,
            operation=request.operation,
        )
        if any(error["extensions"]["code"] == "INTERNAL" for error in shown):
            status = 500
        else:
            status = 400 if request.media_type == GRAPHQL_JSON else 200
        return status, orjson.dumps({"errors": shown}), request.media_type

    async def drain(self) -> None:
        """Waits for every accepted mutation; called at shutdown before the database closes."""
        while self._accepted:
            await asyncio.wait(set(self._accepted))


def _check_rate(retry_at: datetime | None, request: _Request) -> None:
    if retry_at is not None:
        seconds = max(1, math.ceil((retry_at - request.now).total_seconds()))
        raise HttpError(
            429,
            "RATE_LIMITED",
            say(WORDINGS["RATE_LIMITED"], choose_locale(request.headers.get("accept-language")), {"seconds": seconds}),
            {"retry-after": str(seconds)},
            {"retryAt": retry_at.isoformat()},
        )
