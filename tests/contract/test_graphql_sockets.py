"""`graphql-transport-ws` at `/graphql`: who may connect, for how long, what may be asked, and what is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api.graphql.sockets import Bounds, Sockets
from api.identity.rules import MemberCaller
from api.refusals import CheckUnavailable, Unauthenticated
from api.settings import Settings
from tests.edge import Edge, open_edge
from tests.serving import serving
from tests.sockets import Closed, Socket, connected, sockets_of, subscribed

MEI, LI = "demo:mei", "demo:li"
TAP = {"tap": {"cell": 23}}


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        yield opened


async def play(edge: Edge, who: str = MEI) -> int:
    board = await edge.ask("mobile", "Board", who)
    played = await edge.ask("mobile", "PlayMoves", who, baseRevision=board["revision"], commands=[TAP])
    assert played["applied"] == 1
    revision: int = played["board"]["revision"]
    return revision


async def settled(check: Any) -> None:
    """Returns once `check` holds."""
    async with asyncio.timeout(30):
        while not check():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)


async def test_an_open_app_is_told_of_a_move_on_another_device_and_of_no_one_elses(edge: Edge) -> None:
    async with subscribed(edge, MEI) as mine, subscribed(edge, LI) as others:
        assert (await mine.revision(), await others.revision()) == (0, 0)
        assert await play(edge) == 1
        assert await mine.revision() == 1
        assert await play(edge) == 2
        assert await mine.revision() == 2
        assert await play(edge, LI) == 1
        assert await others.revision() == 1, "the first that is told after 0: nothing of mei's board"


async def test_a_move_is_told_where_there_is_no_redis(settings: Settings) -> None:
    async with open_edge(replace(settings, redis_url=None), 1) as edge, subscribed(edge, MEI) as socket:
        assert await socket.revision() == 0
        await play(edge)
        assert await socket.revision() == 1


async def test_two_servers_tell_each_other_through_redis(settings: Settings, redis_url: str) -> None:
    shared = replace(settings, redis_url=redis_url)
    async with open_edge(shared) as one, open_edge(shared) as other, subscribed(one, MEI) as socket:
        assert await socket.revision() == 0
        for revision in (1, 2, 3):
            assert await play(other) == revision
            assert await socket.revision() == revision


async def test_a_subscription_ends_when_the_client_says_so_and_its_id_is_free_again(edge: Edge) -> None:
    query = edge.operation("mobile", "BoardChanged")
    async with subscribed(edge, MEI) as socket:
        assert await socket.revision() == 0
        await socket.send({"id": "1", "type": "complete"})
        await socket.send({"type": "ping"})
        assert await socket.hear() == {"type": "pong"}
        await play(edge)
        await socket.subscribe(query)
        assert await socket.revision() == 1


@pytest.mark.parametrize("payload", [None, {}, {"authorization": 5}, {"authorization": "Basic bWVp"}])
async def test_a_bad_credential_closes_with_4403(edge: Edge, payload: object) -> None:
    async with connected(sockets_of(edge)) as socket:
        message = {"type": "connection_init"} | ({} if payload is None else {"payload": payload})
        await socket.send(message)
        with pytest.raises(Closed) as end:
            await socket.hear()
        assert end.value.code == 4403


async def test_asking_before_the_credential_closes_with_4401(edge: Edge) -> None:
    async with connected(sockets_of(edge)) as socket:
        await socket.subscribe(edge.operation("mobile", "BoardChanged"))
        assert (await socket.closed()).code == 4401


@pytest.mark.parametrize("protocols", [(), ("graphql-ws",), ("soap",)])
async def test_the_legacy_protocol_and_none_at_all_close_with_4406(edge: Edge, protocols: tuple[str, ...]) -> None:
    async with connected(sockets_of(edge), protocols) as socket:
        assert (await socket.closed()).code == 4406


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no json", 4400),
        ("[1]", 4400),
        ("[" * 30_000, 4400),
        ('{"type": "start"}', 4400),
        ('{"type": ["a"]}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": "x"}', 4400),
        ('{"type": "subscribe", "id": 1, "payload": {"query": "{ me { id } }"}}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": {"query": "{ me { id } }", "variables": [1]}}', 4400),
        ('{"type": "connection_init", "payload": {"authorization": "Bearer demo:mei"}}', 4429),
    ],
)
async def test_a_message_that_is_none_closes_the_socket(edge: Edge, text: str, code: int) -> None:
    async with connected(sockets_of(edge)) as socket:
        await socket.init()
        await socket.send_text(text)
        assert (await socket.closed()).code == code


async def test_bytes_close_the_socket(edge: Edge) -> None:
    async with connected(sockets_of(edge)) as socket:
        await socket.init()
        await socket.send_bytes(b"{}")
        assert (await socket.closed()).code == 4400


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ me { id } }", "BAD_REQUEST"),
        ('mutation { eraseMe(requestId: "1") { __typename } }', "BAD_REQUEST"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { " + "a: boardChanged { revision } " * 16 + "}", "TOO_MANY_ALIASES"),
    ],
)
async def test_what_is_no_subscription_is_answered_by_an_error(edge: Edge, query: str, code: str) -> None:
    async with connected(sockets_of(edge)) as socket:
        await socket.init()
        await socket.subscribe(query, "7")
        answer = await socket.hear()
        assert (answer["type"], answer["id"]) == ("error", "7")
        assert answer["payload"][0]["extensions"]["code"] == code
        await socket.subscribe(edge.operation("mobile", "BoardChanged"), "7")
        assert await socket.revision() == 0


async def test_a_subscription_by_post_is_refused(edge: Edge) -> None:
    answer = await edge.send("mobile", MEI, edge.operation("mobile", "BoardChanged"))
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


async def test_only_registered_subscriptions_run_where_the_server_says_so(edge: Edge) -> None:
    sockets_of(edge).trusted_only = True
    async with connected(sockets_of(edge)) as socket:
        await socket.init()
        await socket.subscribe("subscription { boardChanged { revision } }")
        assert (await socket.hear())["payload"][0]["extensions"]["code"] == "UNTRUSTED_OPERATION"
        await socket.subscribe(edge.operation("mobile", "BoardChanged"))
        assert await socket.revision() == 0


async def test_a_socket_holds_so_many_operations_and_a_member_so_many_sockets(edge: Edge) -> None:
    sockets, query = sockets_of(edge), edge.operation("mobile", "BoardChanged")
    sockets.bounds = Bounds(operations=2, of_caller=1)
    async with connected(sockets) as socket:
        await socket.init()
        for number in "123":
            await socket.subscribe(query, number)
        heard = [await socket.hear() for _ in range(3)]
        assert sorted(each["type"] for each in heard) == ["error", "next", "next"]
        async with connected(sockets) as second:
            await second.send({"type": "connection_init", "payload": {"authorization": f"Bearer {MEI}"}})
            assert (await second.closed()).code == 1013
        async with connected(sockets) as anothers:
            await anothers.init(LI)
    await settled(lambda: not sockets.callers)
    async with connected(sockets) as again:
        await again.init()


async def test_a_process_holds_so_many_sockets(edge: Edge) -> None:
    sockets = sockets_of(edge)
    sockets.bounds = Bounds(sockets=1)
    async with connected(sockets) as first:
        await first.init()
        async with connected(sockets) as second:
            assert (await second.closed()).code == 1013
        await first.send({"type": "ping"})
        assert await first.hear() == {"type": "pong"}


async def test_too_many_messages_close_with_1008(edge: Edge) -> None:
    sockets_of(edge).bounds = Bounds(messages_per_minute=1, messages_burst=3)
    async with connected(sockets_of(edge)) as socket:
        await socket.init()
        for _ in range(3):
            await socket.send({"type": "ping"})
        assert (await socket.closed()).code == 1008


async def test_who_says_nothing_is_let_go_with_4408(edge: Edge) -> None:
    sockets_of(edge).bounds = Bounds(init_seconds=0)
    async with connected(sockets_of(edge)) as socket:
        assert (await socket.closed()).code == 4408


async def test_a_server_that_stops_closes_with_1001(edge: Edge) -> None:
    async with connected(sockets_of(edge)) as socket:
        await socket.init()
        await sockets_of(edge).close()
        assert (await socket.closed()).code == 1001


class Door:
    """A door whose one token ends at a time, or whose issuer is away."""

    def __init__(self, sockets: Sockets, member: MemberCaller) -> None:
        self.member = member
        self.ends: datetime | None = None
        self.away = False
        self.asked = 0
        sockets.authenticate = self.open
        sockets.expiry = lambda _: self.ends

    async def open(self, authorization: str | None, now: datetime) -> MemberCaller:
        self.asked += 1
        if self.away:
            raise CheckUnavailable("away")
        if self.ends is not None and now >= self.ends:
            raise Unauthenticated("The token has expired.", "expired")
        return self.member


async def opened(edge: Edge, socket: Socket) -> Door:
    """A socket subscribed through a door of the test's own."""
    sockets = sockets_of(edge)
    member = await sockets.authenticate(f"Bearer {MEI}", edge.now())
    assert isinstance(member, MemberCaller)
    return Door(sockets, member)


async def test_the_socket_closes_with_4403_when_the_token_expires(edge: Edge) -> None:
    async with connected(sockets_of(edge)) as socket:
        door = await opened(edge, socket)
        door.ends = edge.now() + timedelta(seconds=1)
        await socket.init()
        await socket.subscribe(edge.operation("mobile", "BoardChanged"))
        assert await socket.revision() == 0
        end = await socket.closed()
        assert (end.code, end.reason) == (4403, "The token has ended")
        assert edge.now() >= door.ends


async def test_a_socket_outlives_an_issuer_that_is_away_but_none_begins(edge: Edge) -> None:
    sockets_of(edge).bounds = Bounds(recheck_seconds=0)
    async with connected(sockets_of(edge)) as socket:
        door = await opened(edge, socket)
        await socket.init()
        door.away = True
        asked = door.asked
        await settled(lambda: door.asked > asked + 3)
        async with connected(sockets_of(edge)) as late:
            await late.send({"type": "connection_init", "payload": {"authorization": "Bearer x"}})
            assert (await late.closed()).code == 1013
        await socket.send({"type": "ping"})
        assert await socket.hear() == {"type": "pong"}
        door.away, door.ends = False, edge.now()
        assert (await socket.closed()).code == 4403


async def test_a_client_from_elsewhere_hears_over_a_real_socket_and_the_legacy_one_is_closed(
    settings: Settings,
) -> None:
    async with serving(settings) as shop:
        url = shop.url.replace("http", "ws") + "/graphql"

        async def say(client: ClientConnection, **message: Any) -> None:
            await client.send(orjson.dumps(message).decode())

        async def heard(client: ClientConnection) -> Any:
            return orjson.loads(await asyncio.wait_for(client.recv(), 30))

        async with connect(url, subprotocols=[Subprotocol("graphql-ws")]) as legacy:
            with pytest.raises(ConnectionClosed) as end:
                await asyncio.wait_for(legacy.recv(), 30)
            assert end.value.rcvd is not None
            assert end.value.rcvd.code == 4406
        async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as client:
            await say(client, type="connection_init", payload={"authorization": f"Bearer {MEI}"})
            assert (await heard(client))["type"] == "connection_ack"
            await say(client, id="a", type="subscribe", payload={"query": "subscription { boardChanged { revision } }"})
            assert (await heard(client))["payload"]["data"]["boardChanged"]["revision"] == 0
            played = await shop.ask("mobile", "PlayMoves", MEI, baseRevision=0, commands=[])
            assert played["board"]["revision"] == 1
            assert (await heard(client))["payload"]["data"]["boardChanged"]["revision"] == 1
