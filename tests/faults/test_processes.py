"""Several server processes under one port: all of them serve, one that dies comes back, and a reload drops nothing."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
import urllib.request
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import pytest

from tests.faults.load import Load
from tests.faults.server import Server, serving


@pytest.fixture
async def server(started_before: Path) -> AsyncIterator[Server]:
    with serving(started_before, {"MERGEMART_PROCESSES": "2"}) as running:
        yield running


def metrics_of(server: Server) -> str:
    with urllib.request.urlopen(server.url + "/metrics", timeout=5) as answer:  # noqa: S310 - our own
        text: str = answer.read().decode()
        return text


def serving_processes(server: Server) -> set[int]:
    """The process ids of those that live and serve, as whoever answers sees them."""
    return {int(pid) for pid in re.findall(r'mergemart_process_peak_bytes\{pid="(\d+)"\}', metrics_of(server))}


def requests_counted(server: Server) -> float:
    return sum(float(n) for n in re.findall(r"^mergemart_requests_total\{.*\} (\S+)$", metrics_of(server), re.M))


async def until_processes(server: Server, count: int, other_than: set[int]) -> set[int]:
    """Waits until so many serve, none of them of `other_than`."""
    deadline = time.monotonic() + 60
    while len(found := serving_processes(server)) != count or found & other_than:
        assert time.monotonic() < deadline, f"{found}; before {other_than}: {server.log.read_text()[-3000:]}"
        await asyncio.sleep(0.1)
    return found


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].startswith(" Z")


async def knock(server: Server, load: Load, stop: asyncio.Event) -> int:
    """A new connection for every request, as fast as they are answered; each must be. Returns how many.

    A fast machine comes to the limit of its caller or address, which is an answer too: it waits then.
    """
    count = 0
    while not stop.is_set():
        async with load.session() as client:
            answer = await client.post(
                "/graphql", json={"query": "{ me { id } }"}, headers={"authorization": "Bearer demo:knock"}
            )
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            await asyncio.sleep(0.2)
            continue
        assert answer.status_code == HTTPStatus.OK, answer.text
        count += 1
    return count


async def test_a_reload_under_load_refuses_and_drops_no_request(server: Server) -> None:
    before = await until_processes(server, 2, set())
    load, stop = Load(server.url, clients=4), asyncio.Event()
    load.start()
    knocking = [asyncio.create_task(knock(server, load, stop)) for _ in range(2)]
    assert server.process is not None
    for _ in range(2):
        await load.until(5)
        server.process.send_signal(signal.SIGHUP)
        before = await until_processes(server, 2, before)
        await load.until(5)
    await load.stop()
    stop.set()
    assert min(await asyncio.gather(*knocking)) > 0
    assert (load.retries, load.refused) == (0, set())
    assert server.faults_logged() == []


async def test_what_all_processes_counted_is_told_by_any_of_them(server: Server) -> None:
    await until_processes(server, 2, set())
    load = Load(server.url, clients=1)
    before = requests_counted(server)
    for _ in range(30):
        async with load.session() as client:
            await client.post(
                "/graphql", json={"query": "{ __typename }"}, headers={"authorization": "Bearer demo:mei"}
            )
    assert {requests_counted(server) for _ in range(10)} == {before + 30}
    assert 'mergemart_pool_size{pool="members"} 12.0' in metrics_of(server)


async def test_a_process_that_is_killed_comes_back_while_the_other_serves(server: Server) -> None:
    before = await until_processes(server, 2, set())
    load = Load(server.url)
    load.start()
    await load.until(5)
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    after = await until_processes(server, 2, {victim})
    assert len(before & after) == 1, "the other one was left alone"
    await load.until(5)
    await load.stop()


async def test_sigterm_ends_all_in_good_order(server: Server) -> None:
    pids = await until_processes(server, 2, set())
    load = Load(server.url)
    load.start()
    await load.until(3)
    assert await asyncio.to_thread(server.terminate) == 0
    assert not any(map(lives, pids))
    load.stopping = True
    for task in load._tasks:
        task.cancel()
    await asyncio.gather(*load._tasks, return_exceptions=True)


async def test_processes_whose_parent_is_killed_leave_by_themselves(server: Server) -> None:
    pids = await until_processes(server, 2, set())
    server.kill()
    deadline = time.monotonic() + 40
    while any(map(lives, pids)):
        assert time.monotonic() < deadline, "orphans serve on"
        await asyncio.sleep(0.1)
