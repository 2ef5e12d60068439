"""Clients that never give up: each goes the whole way from a receipt to a redeemed coupon, and keeps what it was told.

A request is sent again, with the same request id, until it is answered for good. What was answered is kept, so that
after the storm each answer can be asked for once more, and must be the same.
"""

from __future__ import annotations

import asyncio
import time
from base64 import b32decode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from rewards.coupons.rules.codes import token_at
from tests.faults.server import ROOT

PAID_MINOR = 500_000
LEFT_POINTS = 500 - 300 - 100
"""Of 500 points for the receipt, 300 go for the coupon and 100 pay at the till."""
_SECONDS_TO_GIVE_UP = 60
_HEADERS = {"accept": "application/graphql-response+json"}


@dataclass
class Asked:
    """One request, and the answer that it was given."""

    path: str
    token: str
    operation: str
    variables: dict[str, Any]
    answer: dict[str, Any] | None = None


@dataclass
class Load:
    """Clients on one server, from `start` to `stop`."""

    url: str
    clients: int = 6
    asked: list[Asked] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    retries: int = 0
    refused: set[str] = field(default_factory=set)
    stopping: bool = False
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _texts: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._shop(number)) for number in range(self.clients)]

    async def until(self, rounds: int) -> None:
        """Waits until so many more rounds are finished."""
        goal = len(self.finished) + rounds
        deadline = time.monotonic() + _SECONDS_TO_GIVE_UP
        while len(self.finished) < goal:
            assert time.monotonic() < deadline, f"{len(self.finished)} of {goal} rounds; refused: {self.refused}"
            for task in self._tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Lets every client finish its round."""
        self.stopping = True
        async with asyncio.timeout(_SECONDS_TO_GIVE_UP):
            await asyncio.gather(*self._tasks)

    def session(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers=_HEADERS, timeout=20)

    async def _shop(self, number: int) -> None:
        async with self.session() as client:
            while not self.stopping:
                await self.round(client, f"load-{number}-{uuid4().hex[:8]}")

    async def round(self, client: httpx.AsyncClient, name: str) -> None:
        """One member's way: a receipt, a coupon for its points, a basket held, and settled."""
        member, till = f"Bearer demo:{name}", "Bearer demo:taipei-1"
        me = await self.ask(client, "mobile", member, "Me", {})
        lines = [{"lineNo": 1, "sku": "rice", "category": "GROCERY", "amountMinor": PAID_MINOR}]
        bought = {
            "cardNo": me["cardNo"], "receiptNo": f"A-{name}", "boughtAt": datetime.now(UTC).isoformat(),
            "currency": "TWD", "lines": lines,
        }  # fmt: skip
        recorded = await self.ask(client, "till", till, "RecordReceipt", {"receipt": bought})
        assert recorded["earned"]["points"] == 500, recorded
        offer = await self.offer(client, member)
        coupon = (await self.ask(client, "mobile", member, "BuyCoupon", {"offerId": offer}))["coupon"]
        secret = coupon["token"]["secret"]
        shown = token_at(b32decode(secret + "=" * (-len(secret) % 8)), datetime.now(UTC))
        basket = {"currency": "TWD", "lines": [{"lineNo": 1, "sku": "tea", "amountMinor": 40_000}]}
        hold = {"cardNo": me["cardNo"], "codes": [f"{coupon['code']}.{shown}"], "payPoints": 100, "basket": basket}
        held = await self.ask(client, "till", till, "HoldBasket", hold)
        settle = {"holdId": held["hold"]["id"], "receiptNo": f"B-{name}"}
        settled = await self.ask(client, "till", till, "SettleBasket", settle)
        assert (settled["couponsRedeemed"], settled["pointsPaid"]) == (1, 100), settled
        self.finished.append(name)

    async def offer(self, client: httpx.AsyncClient, member: str) -> str:
        page = await self.ask(client, "mobile", member, "Offers", {"first": 50})
        price = {"currency": "POINTS", "amount": 300}
        found: str = next(each["id"] for each in page["nodes"] if each["price"] == price)
        return found

    async def ask(
        self, client: httpx.AsyncClient, kind: str, token: str, operation: str, variables: dict[str, Any]
    ) -> Any:
        """The answer, however often it takes; a mutation keeps its request id."""
        path = "/graphql" if kind == "mobile" else f"/{kind}/graphql"
        if self._text(kind, operation).startswith("mutation"):
            variables = {"requestId": str(uuid4()), **variables}
        asked = Asked(path, token, operation, variables)
        self.asked.append(asked)
        deadline = time.monotonic() + _SECONDS_TO_GIVE_UP
        while True:
            asked.answer = await self.once(client, kind, asked)
            if asked.answer is not None:
                await asyncio.sleep(0.02)
                return asked.answer
            assert time.monotonic() < deadline, f"{operation} was never answered; refused: {self.refused}"
            self.retries += 1
            await asyncio.sleep(0.2)

    async def once(self, client: httpx.AsyncClient, kind: str, asked: Asked) -> Any:
        """One try; None where it is worth another."""
        body = {"query": self._text(kind, asked.operation), "variables": asked.variables}
        try:
            answer = await client.post(asked.path, json=body, headers={"authorization": asked.token})
        except httpx.TransportError as error:
            self.refused.add(type(error).__name__)
            return None
        found = answer.json()
        if "errors" in found:
            extensions = found["errors"][0]["extensions"]
            self.refused.add(extensions["code"])
            assert answer.status_code in {429, 503} or extensions.get("retryable"), (answer.status_code, found)
            return None
        [value] = found["data"].values()
        if isinstance(value, dict) and "retryable" in value:
            self.refused.add(value["code"])
            assert value["retryable"], (asked.operation, value)
            return None
        return value

    async def ask_again(self) -> int:
        """Sends every answered mutation once more: the answer must be the same. Returns how many."""
        mutations = [asked for asked in self.asked if asked.answer is not None and "requestId" in asked.variables]
        async with self.session() as client:
            for asked in mutations:
                kind = "mobile" if asked.path == "/graphql" else asked.path.split("/")[1]
                again = None
                while again is None:
                    again = await self.once(client, kind, asked)
                    await asyncio.sleep(0 if again else 0.2)
                assert asked.answer is not None
                assert self.same(again, asked.answer), (asked.operation, again, asked.answer)
        return len(mutations)

    def same(self, again: dict[str, Any], first: dict[str, Any]) -> bool:
        """Whether a request that was sent again was answered as at first."""
        return again == first

    def _text(self, kind: str, operation: str) -> str:
        if operation not in self._texts:
            path: Path = ROOT / "api" / kind / "operations" / f"{operation}.graphql"
            self._texts[operation] = path.read_text(encoding="utf-8")
        return self._texts[operation]
