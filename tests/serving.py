"""The application behind a real port in this process, for clients that need one: browsers and web sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import uvicorn

from api.app import create_app
from api.commands.seed import seed
from api.runtime.answers import WholeAnswers
from api.runtime.database import Database
from api.settings import Settings
from tests.edge import API, PATHS


class Shop:
    """The server's address, and how its other callers ask."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self.url = url
        self.client = client

    async def ask(self, kind: str, name: str, who: str, /, **variables: Any) -> Any:
        """What the one field of a committed operation answers; a mutation gets a request id."""
        text = (API / kind / "operations" / f"{name}.graphql").read_text(encoding="utf-8")
        if text.startswith("mutation"):
            variables = {"requestId": str(uuid4()), **variables}
        headers = {"authorization": f"Bearer {who}"}
        answer = await self.client.post(PATHS[kind], json={"query": text, "variables": variables}, headers=headers)
        [found] = answer.json()["data"].values()
        return found

    async def give(self, who: str, amount: int, currency: str) -> None:
        """An operator's gift."""
        member = (await self.ask("mobile", "Me", who))["id"]
        given = await self.ask(
            "admin", "AdjustWallet", "demo:ann:support",
            memberId=member, currency=currency, amount=amount, reason="a gift for the test",
        )  # fmt: skip
        assert "transferId" in given, given

    async def words(self, who: str) -> list[str]:
        """The goods on a member's board as the server has it, by cell."""
        cells = (await self.ask("mobile", "Board", who))["cells"]
        return [f"{each['item']['chain']}.{each['item']['level']}" if each["kind"] == "ITEM" else "" for each in cells]


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Shop]:
    """The application, seeded and without jobs, on a free port; it drains at the end."""
    database = Database(str(settings.database_url), pool_size=2)
    await seed(database, settings)
    await database.close()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = create_app(replace(settings, jobs=False))
    config = uvicorn.Config(
        app, log_config=None, http=WholeAnswers, lifespan="on", ws="websockets-sansio", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            async with asyncio.timeout(60):
                while not server.started:
                    assert not running.done(), "the server ended"
                    await asyncio.sleep(0.02)
            yield Shop(url, client)
    finally:
        server.should_exit = True
        await running
