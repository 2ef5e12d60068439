"""The whole edge over HTTP for tests: the application on a fresh database, its operations, and a clock to move."""

from __future__ import annotations

from base64 import b32decode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson

import api
from api.runtime.checksums import Checksum, table_checksums
from api.runtime.clock import utc_now
from api.runtime.database import Database
from api.runtime.limits import RateLimits
from api.runtime.services import Services
from api.settings import Settings
from rewards.coupons.rules.codes import token_at
from tests.seeding import BALANCE
from tests.servers import open_servers

API = Path(api.__file__).parent
PATHS = {
    "mobile": "/graphql",
    "till": "/till/graphql",
    "partner": "/partner/graphql",
    "admin": "/admin/graphql",
}
GRAPHQL_JSON = "application/graphql-response+json"
_numbers = count(1)


class Said(Exception):
    """An answer with errors, where a test expected data."""


@dataclass
class Edge:
    """How tests ask. `ahead` moves the server's clock; the database's own clock judges holds and stays as it is."""

    servers: list[Services]
    client: httpx.AsyncClient
    ahead: timedelta = timedelta(0)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    routes: dict[str, Any] = field(default_factory=dict)

    @property
    def services(self) -> Services:
        """The first server's."""
        return self.servers[0]

    @property
    def database(self) -> Database:
        return self.services.database

    def now(self) -> datetime:
        return utc_now() + self.ahead

    def operation(self, kind: str, name: str) -> str:
        """The text of a committed operation."""
        if (kind, name) not in self.texts:
            self.texts[kind, name] = (API / kind / "operations" / f"{name}.graphql").read_text(encoding="utf-8")
        return self.texts[kind, name]

    async def send(self, kind: str, who: str, query: str, /, locale: str = "en", **variables: Any) -> httpx.Response:
        """The raw answer to a document."""
        headers = {"authorization": authorization(who), "accept": GRAPHQL_JSON, "accept-language": locale}
        body = {"query": query, "variables": variables}
        return await self.client.post(PATHS[kind], json=body, headers=headers)

    async def ask(self, kind: str, name: str, who: str, /, locale: str = "en", **variables: Any) -> Any:
        """What the one field of a committed operation answers; raises `Said` where there are errors.

        A mutation gets a request id where none is given.
        """
        text = self.operation(kind, name)
        if text.startswith("mutation"):
            variables = {"requestId": str(uuid4()), **variables}
        answer = (await self.send(kind, who, text, locale, **variables)).json()
        if "errors" in answer:
            raise Said(answer["errors"])
        [found] = answer["data"].values()
        return found

    async def code(self, kind: str, name: str, who: str, /, **variables: Any) -> str:
        """The code of the refusal that a mutation answers, or `ok`."""
        return str((await self.ask(kind, name, who, **variables)).get("code", "ok"))

    async def error(self, kind: str, name: str, who: str, /, **variables: Any) -> tuple[int, str]:
        """Status and code of an operation that is answered by errors."""
        answer = await self.send(kind, who, self.operation(kind, name), **variables)
        return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]

    async def card(self, who: str) -> str:
        return str((await self.ask("mobile", "Me", who))["cardNo"])

    async def member_id(self, who: str) -> str:
        return str((await self.ask("mobile", "Me", who))["id"])

    async def wallet(self, who: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.ask("mobile", "Profile", who))["wallet"]
        return found

    async def give(self, who: str, amount: int, currency: str = "POINTS") -> None:
        """An operator's gift."""
        given = await self.ask(
            "admin", "AdjustWallet", "demo:ann:support",
            memberId=await self.member_id(who), currency=currency, amount=amount, reason="a gift for the test",
        )  # fmt: skip
        assert "transferId" in given, given

    async def offer(self, who: str, name: str) -> dict[str, Any]:
        """An offer by its English name."""
        page = await self.ask("mobile", "Offers", who, first=100)
        return next(node for node in page["nodes"] if node["name"] == name)

    async def buy(self, who: str, name: str) -> dict[str, Any]:
        """A coupon of that offer."""
        bought = await self.ask("mobile", "BuyCoupon", who, offerId=(await self.offer(who, name))["id"])
        assert "coupon" in bought, bought
        found: dict[str, Any] = bought["coupon"]
        return found

    def shown(self, coupon: dict[str, Any], at: datetime | None = None) -> str:
        """`CODE.TOKEN`, as the app shows it."""
        secret = coupon["token"]["secret"]
        padded = secret + "=" * (-len(secret) % 8)
        return f"{coupon['code']}.{token_at(b32decode(padded), at or self.now())}"

    def receipt(self, card_no: str, *amounts: int, **changes: Any) -> dict[str, Any]:
        """A receipt of plain lines, bought just now."""
        lines = [line(number, amount) for number, amount in enumerate(amounts, 1)]
        return {
            "cardNo": card_no, "receiptNo": f"E{next(_numbers)}", "boughtAt": self.now().isoformat(),
            "currency": "TWD", "lines": lines, **changes,
        }  # fmt: skip

    async def publish(self, slug: str, *, based_on: int = 0, **changes: Any) -> Any:
        """Publishes an offer (NT$10 off for 10 points) as an operator does; the answer."""
        return await self.publish_sheet("offer", slug, offer_body(**changes), based_on=based_on)

    async def publish_sheet(self, kind: str, key: str, body: Any, *, based_on: int = 0) -> Any:
        return await self.ask(
            "admin", "PublishSheet", "demo:cam:campaign_manager",
            kind=kind, key=key, body=dumps(body), basedOn=based_on, reason="for the test",
        )  # fmt: skip

    async def rows(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        async with self.database.read() as connection:
            return [tuple(row) for row in await connection.fetch(statement, *arguments)]

    async def execute(self, statement: str, *arguments: Any) -> None:
        async with self.database.work() as work:
            await work.connection.execute(statement, *arguments)

    async def checksums(self) -> dict[str, Checksum]:
        """What every table holds."""
        async with self.database.read() as connection:
            return await table_checksums(connection)

    def lift_limits(self) -> None:
        """No rate limits from here on, for tests that ask thousands of times."""

        async def admit(*asked: Any) -> None:
            """Everybody."""

        for limits in self.limits():
            limits.admit_address = limits.admit_caller = admit  # type: ignore[method-assign]

    def limits(self) -> list[RateLimits]:
        """Those of each server."""
        return [each.once(RateLimits, partial(RateLimits, each.redis)) for each in self.servers]

    async def check_books(self) -> None:
        """Wallets, lots and transfers of everybody agree, and what is held is what open holds hold."""
        ids = [row[0] for row in await self.rows("SELECT id FROM members")]
        assert await self.rows(BALANCE, ids) == []
        [(held,)] = await self.rows("SELECT coalesce(-sum(amount), 0) FROM transfers WHERE account = 'clearing:hold'")
        [(wanted,)] = await self.rows("SELECT coalesce(sum(points), 0) FROM holds WHERE state = 'OPEN'")
        assert held == wanted


@asynccontextmanager
async def open_edge(settings: Settings, servers: int | None = None) -> AsyncIterator[Edge]:
    """The application, seeded and without jobs in the background, behind an HTTP client.

    `servers` of them take the requests in turn; none given: as the environment says.
    """
    async with open_servers(replace(settings, jobs=False), servers) as opened:
        edge = Edge(opened.services, opened.client, routes=opened.routes)
        opened.set_clock(edge.now)
        yield edge


def authorization(who: str) -> str:
    """`demo:...` is a bearer token; what is a key or a whole header already stays."""
    if who.startswith("key_"):
        return f"Key {who}"
    return f"Bearer {who}" if who.startswith("demo:") else who


def line(number: int, amount: int, **changes: Any) -> dict[str, Any]:
    """A line of a receipt or a basket; without brand and category no bonus fits."""
    return {"lineNo": number, "sku": f"sku-{number}", "amountMinor": amount, **changes}


def basket(*amounts: int, currency: str = "TWD") -> dict[str, Any]:
    return {"currency": currency, "lines": [line(number, amount) for number, amount in enumerate(amounts, 1)]}


def offer_body(**changes: Any) -> dict[str, Any]:
    """An offer of NT$10 off for 10 points, changed key by key; None takes a key away."""
    plain: dict[str, Any] = {
        "kind": "AMOUNT_OFF", "source": "PRICE", "currency": "TWD", "amount_minor": 1000, "minimum_minor": 1000,
        "funder": "mergemart", "stacking": "basket", "on_return": "REOPEN",
        "name": {"en": "NT$10 off", "zh-TW": "折十元"}, "terms": {"en": "One each.", "zh-TW": "每人一張。"},
        "validity": {"days": 30}, "price": {"currency": "POINTS", "amount": 10},
    }  # fmt: skip
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


def dumps(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def kinds_of(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["kind"] for event in events]
