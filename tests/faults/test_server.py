"""Servers and databases are killed under load, and clients retry: the books balance, nothing acknowledged is lost, and
nothing happened twice."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from api.runtime.embedded import Embedded
from loyalty.ids import to_typeid
from tests.faults.load import LEFT_POINTS, Load
from tests.faults.play import DRAWS, Play
from tests.faults.server import Server, postgres_of, serving


@pytest.fixture
async def server(started_before: Path) -> AsyncIterator[Server]:
    with serving(started_before) as running:
        yield running


async def rows(server: Server, statement: str) -> list[tuple[object, ...]]:
    """What the owner of the database reads."""
    url = make_url(Embedded(server.var).owner_url)
    connection = await asyncpg.connect(
        user=url.username, database=url.database, host=url.query["host"], port=int(str(url.query["port"]))
    )
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def check_nothing_lost_or_twice(server: Server, load: Load) -> None:
    """Every answer stands, every round happened once, and the audit finds nothing."""
    assert await load.ask_again() >= 4 * len(load.finished) > 0
    wallets = await rows(
        server,
        "SELECT i.subject, w.balance FROM identities i JOIN wallets w ON w.member_id = i.member_id "
        "WHERE i.kind = 'demo' AND w.currency = 'POINTS'",
    )
    assert {name: points for name, points in wallets if name in set(load.finished)} == dict.fromkeys(
        load.finished, LEFT_POINTS
    )
    [(receipts, numbers)] = await rows(server, "SELECT count(*), count(DISTINCT receipt_no) FROM receipts")
    assert receipts == numbers == len(load.finished)
    assert await rows(server, "SELECT state, count(*) FROM holds GROUP BY 1") == [("SETTLED", len(load.finished))]
    redeemed = await rows(server, "SELECT count(*) FROM coupons WHERE state = 'REDEEMED'")
    assert redeemed == [(len(load.finished),)]
    audit = await asyncio.to_thread(server.command, "audit")
    assert audit.returncode == 0, audit.stdout[-3000:] + audit.stderr[-3000:]


async def test_a_server_killed_again_and_again_loses_and_doubles_nothing(server: Server) -> None:
    load = Load(server.url)
    load.start()
    for _ in range(3):
        await load.until(10)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
    await load.until(10)
    await load.stop()
    assert load.retries > 0
    await check_nothing_lost_or_twice(server, load)


async def test_a_postgres_killed_under_load_comes_back_and_the_server_goes_on(server: Server) -> None:
    load = Load(server.url)
    load.start()
    assert server.process is not None
    for _ in range(2):
        await load.until(10)
        os.kill(postgres_of(server.var), signal.SIGKILL)
    await load.until(20)
    await load.stop()
    assert server.process.poll() is None, "the server itself never stopped"
    assert load.retries > 0
    assert "INTERNAL" not in load.refused
    await check_nothing_lost_or_twice(server, load)


async def check_play_is_whole(server: Server, play: Play) -> None:
    """Every answer stands; days, revisions, deliveries and nonces are those that members were told of; all audits."""
    names = set(play.finished)
    mine = "JOIN identities i ON i.member_id = t.member_id AND i.kind = 'demo'"
    # Asking again takes what prizes left waiting for the board, so this comes first.
    boards = await rows(server, f"SELECT i.subject, t.revision FROM boards t {mine}")
    assert {name: lists for name, lists in boards if name in names} == {
        name: play.told[name].lists for name in names
    }, "each list of moves was one revision"
    assert await play.ask_again() >= 6 * len(names) > 0
    draws = await rows(server, f"SELECT i.subject, t.id, t.epoch, t.nonce FROM draws t {mine} ORDER BY 1, 3, 4")
    numbers = {
        name: [(epoch, nonce) for subject, _, epoch, nonce in draws if subject == name] for name in names
    }  # fmt: skip
    assert numbers == {name: [(1, 0), (1, 1), (2, 0)] for name in names}, "nonces are gapless and each was used once"
    for name in names:
        assert {to_typeid("drw", UUID(str(draw))) for subject, draw, _, _ in draws if subject == name} == set(
            play.told[name].draws
        )
        assert sorted(play.told[name].draws.values()) == numbers[name]
    days = await rows(
        server, f"SELECT i.subject, count(*) FROM checkin_days t {mine} WHERE paid IS NOT NULL GROUP BY 1"
    )
    assert {name: paid for name, paid in days if name in names} == dict.fromkeys(names, 1)
    orders = await rows(server, f"SELECT i.subject, t.number FROM deliveries t {mine}")
    for name in names:
        assert {number for subject, number in orders if subject == name} == play.told[name].orders
    chests = await rows(server, f"SELECT i.subject, t.number FROM chests t {mine} WHERE t.opened_at IS NOT NULL")
    for name in names:
        assert {number for subject, number in chests if subject == name} == play.told[name].chests
    refills = await rows(server, f"SELECT i.subject, count(*), sum(t.diamonds) FROM refills t {mine} GROUP BY 1")
    assert {name: (times, paid) for name, times, paid in refills if name in names} == dict.fromkeys(names, (1, 20))
    visits = await rows(
        server, f"SELECT i.subject, count(*) FROM events t {mine} WHERE t.kind = 'app_opened' GROUP BY 1"
    )
    assert {name: seen for name, seen in visits if name in names} == dict.fromkeys(names, 1)
    spent = await rows(server, "SELECT count(*), -sum(amount) FROM transfers WHERE account = 'sink:gacha'")
    assert spent == [(DRAWS * len(names),) * 2], "a ticket for each draw, and no more"
    audit = await asyncio.to_thread(server.command, "audit")
    assert audit.returncode == 0, audit.stdout[-3000:] + audit.stderr[-3000:]


async def test_a_server_killed_under_draws_and_play_loses_and_doubles_nothing(server: Server) -> None:
    play = Play(server.url)
    play.start()
    for _ in range(3):
        await play.until(5)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
    await play.until(5)
    await play.stop()
    assert play.retries > 0
    assert any(told.orders for told in play.told.values()), "something was delivered"
    assert any(told.chests for told in play.told.values()), "a chest was opened"
    await check_play_is_whole(server, play)


async def test_a_postgres_killed_under_draws_and_play_loses_and_doubles_nothing(server: Server) -> None:
    play = Play(server.url)
    play.start()
    for _ in range(3):
        await play.until(5)
        os.kill(postgres_of(server.var), signal.SIGKILL)
    await play.until(6)
    await play.stop()
    assert play.retries > 0
    assert "INTERNAL" not in play.refused
    await check_play_is_whole(server, play)


async def test_without_redis_the_api_goes_on_and_says_so_until_redis_is_back(server: Server) -> None:
    pid = Embedded(server.var).process_ids.get("redis")
    if pid is None:
        pytest.skip("no Redis for this version of Python among the installed packages")
    load = Load(server.url)
    load.start()
    await load.until(5)
    os.kill(pid, signal.SIGSTOP)  # it takes connections and says nothing: worse than gone
    try:
        await asyncio.to_thread(wait_for, server, "redis", "down")
        await load.until(10)
        assert server.status("/readyz")[0] == 200, "Redis is no reason to get no requests"
    finally:
        os.kill(pid, signal.SIGCONT)
    os.kill(pid, signal.SIGKILL)
    await load.until(10)
    await asyncio.to_thread(wait_for, server, "redis", "ok")
    await load.stop()
    await check_nothing_lost_or_twice(server, load)


def wait_for(server: Server, part: str, state: str) -> None:
    for _ in range(200):
        if server.status("/readyz")[1].get(part) == state:
            return
    raise AssertionError(f"{part} never was {state}: {server.status('/readyz')}")


async def test_without_the_database_the_server_lives_is_not_ready_and_refuses_with_a_retry(var: Path) -> None:
    owner = Embedded(var)
    with owner:
        environment = {
            "DATABASE_URL": owner.database_url, "DATABASE_OWNER_URL": owner.owner_url, "MERGEMART_SECRET": "s" * 32,
        }  # fmt: skip
        for words in (("migrate",), ("season", "seed")):
            done = Server(var.with_name("other"), environment).command(*words)
            assert done.returncode == 0, done.stderr
        with serving(var.with_name("other"), environment) as server:
            assert server.status("/readyz")[1]["database"] == "ok"
            os.kill(postgres_of(var), signal.SIGKILL)
            await asyncio.to_thread(wait_for, server, "database", "down")
            assert server.status("/readyz")[0] == 503
            assert server.status("/healthz")[0] == 200
            async with Load(server.url).session() as client:
                key = "Key key_01h455vb4pex5vsknk084sn02q." + "s" * 43
                answer = await client.post(
                    "/till/graphql", json={"query": "{ __typename }"}, headers={"authorization": key}
                )
            assert answer.status_code == 503, answer.text
            assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
            assert "retry-after" in answer.headers
            assert "postgres" not in owner.process_ids, "dead, and buried by asking: it was our child"
            with Embedded(var):
                await asyncio.to_thread(wait_for, server, "database", "ok")
                assert server.status("/readyz")[0] == 200
                assert server.terminate() == 0


async def test_sigterm_under_load_finishes_what_was_accepted_and_exits_with_0(server: Server) -> None:
    load = Load(server.url, clients=12)
    load.start()
    await load.until(15)
    assert await asyncio.to_thread(server.terminate) == 0
    assert server.faults_logged() == []
    await asyncio.to_thread(server.start)
    await load.until(10)
    await load.stop()
    assert "INTERNAL" not in load.refused
    await check_nothing_lost_or_twice(server, load)
