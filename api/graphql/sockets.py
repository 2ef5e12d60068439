"""Subscriptions over a web socket: the protocol `graphql-transport-ws`, spoken by Strawberry's handler.

The handler speaks the protocol; this module decides what may be asked, by whom, and for how long. The credential comes
in `connection_init` and is looked at again until the socket closes. Queries and mutations go by POST.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import strawberry
from graphql import GraphQLError, OperationType
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.unset import UNSET

from api.graphql.context import Context, Observer
from api.graphql.documents import Documents, Prepared
from api.graphql.errors import log_fault, present
from api.graphql.http import Receive, Scope, Send, headers_of, trace_id_of
from api.graphql.messages import choose_locale
from api.graphql.operations import Operations
from api.identity.rules import Caller
from api.refusals import CheckUnavailable, Forbidden, Unauthenticated
from api.runtime.database import Database
from api.runtime.limits import LocalLimiter, Rate
from loyalty.refusals import Refused

if TYPE_CHECKING:
    from api.graphql.asgi import Authenticate, Limits

PROTOCOL = "graphql-transport-ws"
FORBIDDEN, UNACCEPTABLE, TOO_MUCH, LATER, GOING = 4403, 4406, 1008, 1013, 1001
_ID_LENGTH_MAX = 64
_MARGIN_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one socket, one caller and one process may hold; the messages are those that one socket may send."""

    init_seconds: int = 10
    recheck_seconds: int = 60
    operations: int = 4
    of_caller: int = 8
    sockets: int = 5_000
    messages_per_minute: int = 120
    messages_burst: int = 40


class Sockets:
    """Serves one schema's subscriptions.

    `expiry` tells when a credential that was found good ends, None where it does not. A bad credential closes with
    4403, and so does one that ends; a socket without the protocol closes with 4406; who asks too much gets 1008, and
    whoever finds no room, or a rate limit, or the issuer of tokens away, 1013.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        authenticate: Authenticate,
        *,
        kind: str,
        documents: Documents,
        operations: Operations,
        database: Database,
        services: Any,
        limits: Limits | None,
        observer: Observer,
        trusted_only: bool,
        clock: Callable[[], datetime],
        expiry: Callable[[str], datetime | None],
        bounds: Bounds | None = None,
    ) -> None:
        self.schema = schema
        self.authenticate = authenticate
        self.kind = kind
        self.documents = documents
        self.operations = operations
        self.database = database
        self.services = services
        self.limits = limits
        self.observer = observer
        self.trusted_only = trusted_only
        self.clock = clock
        self.expiry = expiry
        self.bounds = bounds or Bounds()
        self.callers: Counter[UUID] = Counter()
        self._open: set[_Socket] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One socket from its handshake to its end."""
        await receive()
        wire = _Wire(receive, send)
        if PROTOCOL not in scope.get("subprotocols", ()):
            await wire.accept(None)
            await wire.close(UNACCEPTABLE, "Subprotocol not acceptable")
            return
        await wire.accept(PROTOCOL)
        if not await self._admits(scope) or len(self._open) >= self.bounds.sockets:
            await wire.close(LATER, "Try again later")
            return
        socket = _Socket(self, wire, headers_of(scope))
        self._open.add(socket)
        try:
            await socket.serve()
        except Exception as fault:  # noqa: BLE001 - the last net: nothing of a fault may reach the caller
            log_fault(fault, trace_id=socket.trace_id, operation="socket")
            await wire.close(1011, "internal error")
        finally:
            self._open.discard(socket)
            socket.end()

    async def close(self) -> None:
        """Closes every socket, so that the clients go to another server."""
        await asyncio.gather(*(socket.wire.close(GOING, "Going away") for socket in set(self._open)))

    async def _admits(self, scope: Scope) -> bool:
        if self.limits is None:
            return True
        address = scope["client"][0] if scope.get("client") else "local"
        return await self.limits.admit_address(address, self.clock()) is None


class _Wire:
    """The socket as Strawberry's handler wants it. After `close` nothing is sent any more."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.closed = False

    async def accept(self, subprotocol: str | None) -> None:
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol})

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        """The messages, until either side closes. Each must be a JSON object, as text."""
        del ignore_parsing_errors
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                self.closed = True
            if self.closed:
                return
            text = message.get("text")
            if text is None:
                raise NonTextMessageReceived
            try:
                given = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise NonJsonMessageReceived from error
            if not isinstance(given, dict):
                raise NonJsonMessageReceived
            yield given

    async def send_json(self, message: Mapping[str, object]) -> None:
        if not self.closed:
            with suppress(OSError):  # the client went away; the next `receive` says so
                await self._send({"type": "websocket.send", "text": json.dumps(message, separators=(",", ":"))})

    async def close(self, code: int, reason: str) -> None:
        if not self.closed:
            self.closed = True
            with suppress(OSError):
                await self._send({"type": "websocket.close", "code": code, "reason": reason})


@dataclass
class _Params:
    """Where the handler puts the payload of `connection_init`."""

    connection_params: Any = None


class _Protocol(BaseGraphQLTransportWSHandler[_Params, None]):
    """Strawberry's handler; what it trusts in a message is checked before."""

    def __init__(self, socket: _Socket, bounds: Bounds) -> None:
        super().__init__(
            view=cast(Any, socket),
            websocket=cast(Any, socket.wire),
            context=_Params(),
            root_value=None,
            schema=cast(Any, socket),
            connection_init_wait_timeout=timedelta(seconds=bounds.init_seconds),
            max_subscriptions_per_connection=bounds.operations,
        )
        self._limiter = LocalLimiter()
        self._rate = Rate(bounds.messages_per_minute, bounds.messages_burst)

    async def handle_message(self, message: Any) -> None:
        """Refuses what is too much or malformed; else as the protocol says."""
        if self._limiter.wait_us("", self._rate):
            await self.websocket.close(TOO_MUCH, "Too many messages")
        elif not _well_formed(message):
            await self.handle_invalid_message("Invalid message")
        else:
            await super().handle_message(message)


class _Socket:
    """One accepted socket. It is the handler's view (who may connect) and its schema (what may be asked)."""

    def __init__(self, sockets: Sockets, wire: _Wire, headers: Mapping[str, str]) -> None:
        self.wire = wire
        self.trace_id = trace_id_of(headers)
        self._sockets = sockets
        self._locale = choose_locale(headers.get("accept-language"))
        self._authorization = ""
        self._caller: Caller | None = None
        self._watch: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Returns once the socket is closed."""
        await _Protocol(self, self._sockets.bounds).handle()

    def end(self) -> None:
        """Gives back what the socket held."""
        if self._watch is not None:
            self._watch.cancel()
        if self._caller is not None:
            self._sockets.callers[self._caller.scope] -= 1
            self._sockets.callers += Counter()  # drops those at zero

    async def on_ws_connect(self, params: _Params) -> Any:
        """Checks the credential of `connection_init`. Raises `ConnectionRejectionError`, which closes with 4403."""
        sockets, given = self._sockets, params.connection_params
        text = given.get("authorization", given.get("Authorization"))
        if not isinstance(text, str):
            raise ConnectionRejectionError
        now = sockets.clock()
        try:
            caller = await sockets.authenticate(text, now)
        except (Unauthenticated, Forbidden, Refused) as error:
            if isinstance(error, Refused) and error.retryable:
                await self.wire.close(LATER, "Try again later")
            raise ConnectionRejectionError from error
        except CheckUnavailable as error:
            await self.wire.close(LATER, "Try again later")
            raise ConnectionRejectionError from error
        full = sockets.callers[caller.scope] >= sockets.bounds.of_caller
        if full or (sockets.limits and await sockets.limits.admit_caller(sockets.kind, caller, now)):
            await self.wire.close(LATER, "Try again later")
            raise ConnectionRejectionError
        sockets.callers[caller.scope] += 1
        self._caller, self._authorization = caller, text
        self._watch = asyncio.create_task(self._watch_credential())
        return UNSET

    async def _watch_credential(self) -> None:
        """Closes with 4403 once the credential ends, is revoked, or is somebody else's."""
        sockets = self._sockets
        while True:
            wait = float(sockets.bounds.recheck_seconds)
            until = sockets.expiry(self._authorization)
            if until is not None:
                wait = min(wait, max(0.0, (until - sockets.clock()).total_seconds()) + _MARGIN_SECONDS)
            await asyncio.sleep(wait)
            try:
                caller = await sockets.authenticate(self._authorization, sockets.clock())
            except CheckUnavailable:
                continue
            except (Unauthenticated, Forbidden, Refused) as error:
                if isinstance(error, Refused) and error.retryable:
                    continue
                await self.wire.close(FORBIDDEN, "The token has ended")
                return
            if caller != self._caller:
                await self.wire.close(FORBIDDEN, "The token is another's")
                return

    async def stream(
        self,
        query: str,
        variable_values: dict[str, Any] | None,
        context_value: Any,
        root_value: None,
        operation_name: str | None,
    ) -> AsyncGenerator[ExecutionResult | PreExecutionError, None]:
        """The results of one subscription; errors before the first are one `PreExecutionError`."""
        del context_value, root_value
        return self._results(query, variable_values or {}, operation_name)

    async def _results(
        self, query: str, variables: dict[str, Any], name: str | None
    ) -> AsyncGenerator[ExecutionResult | PreExecutionError, None]:
        sockets = self._sockets
        assert self._caller is not None
        now = sockets.clock()
        prepared = await self._prepare(query, variables, name, now)
        if isinstance(prepared, list):
            yield PreExecutionError(data=None, errors=self._shown(prepared))
            return
        context = Context(
            kind=sockets.kind,
            caller=self._caller,
            now=now,
            trace_id=self.trace_id,
            locale=self._locale,
            database=sockets.database,
            services=sockets.services,
            observer=sockets.observer,
            prepared=prepared,
        )
        source = await sockets.schema.stream(
            prepared.text, variable_values=variables, context_value=context, operation_name=name
        )
        async with aclosing(cast(AsyncGenerator[Any, None], source)) as results:
            async for result in results:
                if result.errors:
                    result.errors = self._shown(result.errors)
                yield result

    async def _prepare(  # noqa: PLR0911 - one line per reason reads best
        self, query: str, variables: dict[str, Any], name: str | None, now: datetime
    ) -> Prepared | list[GraphQLError]:
        sockets = self._sockets
        assert self._caller is not None
        if sockets.limits and await sockets.limits.admit_caller(sockets.kind, self._caller, now):
            return [_error("RATE_LIMITED", "Too many requests. Try again in a minute.")]
        if sockets.trusted_only and not await sockets.operations.trusts(query):
            return [_error("UNTRUSTED_OPERATION", "This server runs registered operations only.")]
        prepared = sockets.documents.prepare(query)
        if isinstance(prepared, list):
            return prepared
        operation = prepared.select(name)
        if isinstance(operation, GraphQLError):
            return [operation]
        if operation.type is not OperationType.SUBSCRIPTION:
            return [_error("BAD_REQUEST", "Send queries and mutations by POST.")]
        if (costly := operation.measured.check(variables)) is not None:
            return [costly]
        return prepared

    def _shown(self, errors: list[GraphQLError]) -> list[GraphQLError]:
        shown = present(errors, locale=self._locale, trace_id=self.trace_id, operation="socket")
        return [
            GraphQLError(each["message"], path=each.get("path"), extensions=each["extensions"]) for each in shown
        ]  # fmt: skip


def _error(code: str, message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code})


def _well_formed(message: Mapping[str, Any]) -> bool:
    """Whether what the handler takes for granted is there."""
    kind = message.get("type")
    if not isinstance(kind, str):
        return False
    if kind in {"subscribe", "complete"}:
        number = message.get("id")
        if not isinstance(number, str) or not 1 <= len(number) <= _ID_LENGTH_MAX:
            return False
    if kind == "connection_init":
        return message.get("payload") is None or isinstance(message["payload"], dict)
    if kind != "subscribe":
        return True
    payload = message.get("payload")
    return (
        isinstance(payload, dict)
        and isinstance(payload.get("query"), str)
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("operationName"), str | None)
    )
