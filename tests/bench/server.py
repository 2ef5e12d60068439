"""The measured server as a process of its own: the application as it is, or a floor under the same uvicorn.

`python -m tests.bench.server LISTENER [DATABASE_URL REDIS_URL VAR | plain]`, where LISTENER is the number of an
inherited listening socket; says `ready` once it serves. Without more it gives a bare ASGI reply; `plain` is as bare,
and has Strawberry execute what it is asked, on a schema of one field.

Rate limits are asked as always, but let everything in; jobs are left to workers, since pgbench does none. Idle
connections are kept, so that an open load finds them.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

import orjson
import strawberry
import uvicorn

from api.app import create_app
from api.graphql import serve
from api.runtime.answers import WholeAnswers
from api.runtime.collector import spare_collector
from api.runtime.limits import Rate, RateLimits, Rates
from api.runtime.logs import configure_logs
from api.settings import Settings
from tests.bench.pools import SECRET

_WIDE = Rate(60_000_000, 1_000_000)


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """The least that an ASGI app can do with a request."""
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    while (await receive()).get("more_body"):
        pass
    await _reply(send, b'{"data":{"__typename":"Query"}}')


@strawberry.type
class Query:
    @strawberry.field
    def one(self) -> int:
        return 1


_SCHEMA = strawberry.Schema(Query)


async def plain(scope: Any, receive: Any, send: Any) -> None:
    """The least that an ASGI app can do with Strawberry: no caller, no limits, no database, no counts."""
    if scope["type"] == "lifespan":
        await bare(scope, receive, send)
        return
    asked, more = b"", True
    while more:
        message = await receive()
        asked += message["body"]
        more = message.get("more_body", False)
    done = await _SCHEMA.execute(orjson.loads(asked)["query"])
    await _reply(send, orjson.dumps({"data": done.data}))


async def _reply(send: Any, body: bytes) -> None:
    length = str(len(body)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def application(database_url: str, redis_url: str, var: str) -> Any:
    wide = Rates(dict.fromkeys(("address", "mobile", "till", "partner", "admin"), _WIDE))
    serve._limits = lambda services: RateLimits(services.redis, wide)
    return create_app(
        Settings(
            var=Path(var), database_url=database_url, database_owner_url=database_url, redis_url=redis_url or None,
            demo=True, secret=SECRET, jobs=False,
        )
    )  # fmt: skip


class _Server(uvicorn.Server):
    """Says when it serves: behind a shared socket nobody can ask one process alone."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        spare_collector()
        print("ready", flush=True)


if __name__ == "__main__":
    configure_logs("WARNING")
    floors = {(): bare, ("plain",): plain}
    app = floors.get(tuple(sys.argv[2:])) or application(*sys.argv[2:])
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, ws="none", proxy_headers=False, loop="uvloop",
        http=WholeAnswers, timeout_keep_alive=600,
    )  # fmt: skip
    _Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
