"""One embedded PostgreSQL and Redis for the whole run, shared by its workers; a fresh database for each test."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import hypothesis
import pytest
from redis import Redis
from sqlalchemy.engine import make_url

from api.runtime.database import Database
from api.runtime.embedded import Embedded
from api.runtime.embedded.locks import FileLock
from api.runtime.migrations import migrate
from api.settings import Settings
from rewards.prizes.actions import things
from tests.memory import enter_memory, leave_memory

_TEMPLATE = "template_mergemart"
# A slow machine is no failure: examples are counted, never timed.
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("untimed")
_SECRET = b"a secret for tests only, 32 bytes"


def pytest_configure(config: pytest.Config) -> None:
    """The run's temporary folders stand in memory; its workers inherit that."""
    made = None if hasattr(config, "workerinput") else enter_memory()
    if made is not None:
        config.add_cleanup(lambda: leave_memory(made))


@dataclass(frozen=True)
class Servers:
    """The embedded servers of this run and the template that fresh databases are copied from."""

    embedded: Embedded
    redis_url: str | None

    def url(self, role_url: str, database: str) -> str:
        return make_url(role_url).set(database=database).render_as_string(hide_password=False)

    async def execute(self, statement: str) -> None:
        url = make_url(self.embedded.admin_url)
        connection = await asyncpg.connect(
            user=url.username, database=url.database, host=url.query["host"], port=int(str(url.query["port"]))
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def make(self) -> str:
        """A fresh copy of the template; its name."""
        name = f"test_{uuid4().hex}"
        # Its files are in memory: to copy them takes half of what it takes to log each of their pages.
        strategy = "STRATEGY FILE_COPY"
        await self.execute(f"CREATE DATABASE {name} OWNER mergemart_owner TEMPLATE {_TEMPLATE} {strategy}")
        return name

    async def drop(self, name: str) -> None:
        await self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def embedded_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL (without fsync) and Redis, started by the first worker that needs them, stopped by the last."""
    base = tmp_path_factory.getbasetemp()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    var = (base.parent if worker else base) / "var"
    with Embedded(var, durable=False) as embedded:
        number = int(worker.removeprefix("gw") or 0) % 16
        redis_url = f"{embedded.redis_url}?db={number}" if embedded.redis_url else None
        servers = Servers(embedded, redis_url)
        with FileLock(var / "template.lock").held():
            _make_template(servers, var / f"{_TEMPLATE}.made")
        yield servers


def _make_template(servers: Servers, made: Path) -> None:
    if made.exists():
        return

    async def empty() -> None:
        await servers.execute(f"DROP DATABASE IF EXISTS {_TEMPLATE} WITH (FORCE)")
        await servers.execute(f"CREATE DATABASE {_TEMPLATE} OWNER mergemart_owner")

    asyncio.run(empty())
    migrate(servers.url(servers.embedded.owner_url, _TEMPLATE))
    made.touch()


@pytest.fixture
async def database_name(embedded_servers: Servers) -> AsyncIterator[str]:
    """The name of a fresh migrated database, dropped after the test."""
    name = await embedded_servers.make()
    yield name
    await embedded_servers.drop(name)


@pytest.fixture
def database_url(embedded_servers: Servers, database_name: str) -> str:
    """The app's role on the test's fresh database."""
    return embedded_servers.url(embedded_servers.embedded.database_url, database_name)


@pytest.fixture
def owner_url(embedded_servers: Servers, database_name: str) -> str:
    """The owner's role on the same database."""
    return embedded_servers.url(embedded_servers.embedded.owner_url, database_name)


@pytest.fixture(autouse=True)
def forget_things() -> None:
    """A process remembers what versions of things say, which is true of one database; each test has its own."""
    things._things.clear()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A `Database` on the test's fresh database."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
async def shared_database(embedded_servers: Servers) -> AsyncIterator[Database]:
    """One `Database` for all tests of a worker that need no clean one; nothing in it is cleaned."""
    name = await embedded_servers.make()
    opened = Database(embedded_servers.url(embedded_servers.embedded.database_url, name))
    yield opened
    await opened.close()
    await embedded_servers.drop(name)


@pytest.fixture
def redis_url(embedded_servers: Servers) -> str:
    """A Redis database of this worker, empty at the start. Skips where no Redis is installed."""
    if embedded_servers.redis_url is None:
        pytest.skip("no Redis for this version of Python among the installed packages")
    with Redis.from_url(embedded_servers.redis_url) as client:
        client.flushdb()
    return embedded_servers.redis_url


@pytest.fixture
def settings(embedded_servers: Servers, database_url: str, owner_url: str, tmp_path: Path) -> Settings:
    """Demo settings of a server on the test's fresh database."""
    return Settings(
        var=tmp_path,
        database_url=database_url,
        database_owner_url=owner_url,
        redis_url=embedded_servers.redis_url,
        demo=True,
        firebase_project_id="demo-mergemart",
        secret=_SECRET,
        plans=os.environ.get("MERGEMART_PLANS") != "0",
    )


@pytest.fixture
def seed() -> int:
    """A seed for a random test, printed when the test fails; MERGEMART_SEED repeats it."""
    chosen = int(os.environ.get("MERGEMART_SEED") or random.SystemRandom().randrange(2**32))
    print(f"MERGEMART_SEED={chosen}")
    return chosen
