"""From open services to the ASGI app of one schema: what `build(services)` of each caller's `schema.py` calls."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import strawberry

from api.graphql.asgi import Authenticate, GraphQLApp, Options
from api.graphql.operations import Operations
from api.graphql.sockets import Sockets
from api.identity import actions
from api.identity.authenticate import Authenticator
from api.identity.joining import Joining
from api.runtime.limits import RateLimits, Rates
from api.runtime.metrics import Metrics
from api.runtime.services import Services

Kind = Literal["mobile", "till", "partner", "admin"]
# Their statements read much of a table: they have connections of their own.
_READ_MUCH = ("admin", "partner")
_API = Path(__file__).resolve().parents[1]


def serve(services: Services, schema: strawberry.Schema, kind: Kind) -> GraphQLApp:
    """The app of one caller: its door, its trusted operations, the shared limits and metrics; drained at shutdown."""
    settings = services.settings
    door = services.once(Authenticator, lambda: _open_door(services))
    doors: dict[Kind, Authenticate] = {
        "mobile": door.member,
        "till": door.till,
        "partner": door.partner,
        "admin": door.operator,
    }

    async def registered(digest: bytes) -> str | None:
        async with services.database.read() as connection:
            return await actions.registered_operation(connection, kind, digest)

    app = GraphQLApp(
        schema,
        doors[kind],
        kind=kind,
        database=services.reports if kind in _READ_MUCH else services.database,
        services=services,
        operations=Operations(_API / kind / "operations", registered),
        limits=services.once(RateLimits, lambda: _limits(services)),
        observer=services.once(Metrics, Metrics),
        options=Options(demo=settings.demo, trusted_only=settings.trusted_only, get_queries=True, plans=settings.plans),
        clock=services.clock,
    )
    services.on_stop(app.drain)
    if schema._schema.subscription_type is not None:
        app.sockets = Sockets(
            schema,
            doors[kind],
            kind=kind,
            documents=app.documents,
            operations=app.operations,
            database=services.database,
            services=services,
            limits=services.once(RateLimits, lambda: RateLimits(services.redis)),
            observer=services.once(Metrics, Metrics),
            trusted_only=settings.trusted_only,
            clock=app.now,
            expiry=door.expiry,
        )
        services.on_stop(app.sockets.close)
    return app


def _limits(services: Services) -> RateLimits:
    """The shared limits; none in a replay, whose season runs through in minutes and comes from one address."""
    return RateLimits(services.redis, Rates({}) if services.settings.replay_clock is not None else None)


def _open_door(services: Services) -> Authenticator:
    settings = services.settings
    firebase = None
    if settings.firebase_project_id:
        from api.identity.firebase import FirebaseTokens  # noqa: PLC0415 - a fifth of the start for who has no project

        firebase = FirebaseTokens(settings.firebase_project_id, settings.google_application_credentials)
        services.on_stop(firebase.close)
    sign_in = Joining(settings.secret)
    return Authenticator(services.database, settings.secret, sign_in=sign_in, firebase=firebase, demo=settings.demo)
