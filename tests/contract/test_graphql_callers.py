"""The schemas behind the real application: a member's and a partner's first steps, over HTTP on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

import api
from api.graphql.nodes import parse_id
from api.identity import actions
from api.identity.actions import MakeKey
from api.identity.rules import KeyKind
from api.runtime.clock import utc_now
from api.runtime.services import Services
from api.settings import Settings
from loyalty.requests.rules import RequestKey
from tests.servers import open_servers

ROOT = Path(api.__file__).parent


class Shop:
    """The application, and how to ask it."""

    def __init__(self, services: Services, client: httpx.AsyncClient) -> None:
        self.services = services
        self.client = client

    async def ask(self, path: str, operation: str, authorization: str, **variables: Any) -> dict[str, Any]:
        kind = "mobile" if path == "/graphql" else path.split("/")[1]
        text = (ROOT / kind / "operations" / f"{operation}.graphql").read_text(encoding="utf-8")
        headers = {"authorization": authorization, "accept": "application/graphql-response+json"}
        answer = await self.client.post(path, json={"query": text, "variables": variables}, headers=headers)
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def shop(settings: Settings) -> AsyncIterator[Shop]:
    async with open_servers(settings) as servers:
        yield Shop(servers.services[0], servers.client)


async def test_a_member_is_made_at_the_first_sign_in_and_found_again_by_id(shop: Shop) -> None:
    me = (await shop.ask("/graphql", "Me", "Bearer demo:mei"))["data"]["me"]
    assert me["displayName"] == "mei"
    assert len(me["cardNo"]) == 13
    again = await shop.ask("/graphql", "MemberNode", "Bearer demo:mei", id=me["id"])
    assert again["data"]["node"] == {"id": me["id"], "cardNo": me["cardNo"]}
    stranger = await shop.ask("/graphql", "MemberNode", "Bearer demo:li", id=me["id"])
    assert stranger == {"data": {"node": None}}
    malformed = await shop.ask("/graphql", "MemberNode", "Bearer demo:li", id="off_1")
    assert malformed["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "id"}


async def test_a_partner_sees_its_profile_and_rotates_its_own_key(shop: Shop) -> None:
    path = "/partner/graphql"
    me = (await shop.ask(path, "Me", "Bearer demo:brand", first=10))["data"]["me"]
    assert (me["name"], me["key"], me["keys"]["nodes"]) == ("brand", None, [])
    partner_id = parse_id("par", me["id"])
    command = MakeKey(RequestKey(uuid4(), uuid4(), b""), utc_now(), KeyKind.PARTNER, partner_id, "back office")
    async with shop.services.database.work() as work:
        made = await actions.make_key(work, shop.services.settings.secret, command)
    with_key = f"Key {made.text}"
    request_id = str(uuid4())
    rotated = (await shop.ask(path, "RotateMyKey", with_key, requestId=request_id))["data"]["rotateMyKey"]
    repeated = (await shop.ask(path, "RotateMyKey", with_key, requestId=request_id))["data"]["rotateMyKey"]
    assert repeated == {**rotated, "text": None}
    other = await shop.ask(path, "RotateMyKey", with_key, requestId=request_id, overlapHours=1)
    assert other["data"]["rotateMyKey"]["code"] == "REQUEST_ID_REUSED"
    successor = f"Key {rotated['text']}"
    seen = (await shop.ask(path, "Me", successor, first=1))["data"]["me"]
    assert seen["key"]["id"] == rotated["key"]["id"]
    assert seen["keys"]["pageInfo"]["hasNextPage"] is True
    rest = await shop.ask(path, "Me", successor, first=1, after=seen["keys"]["pageInfo"]["endCursor"])
    assert [key["id"] for key in rest["data"]["me"]["keys"]["nodes"]] == [rotated["key"]["id"]]
    node = await shop.ask(path, "PartnerNode", successor, id=rotated["key"]["id"])
    assert node["data"]["node"]["name"] == "back office"
    stranger = await shop.ask(path, "PartnerNode", "Bearer demo:rival", id=rotated["key"]["id"])
    assert stranger == {"data": {"node": None}}


@pytest.mark.parametrize(
    ("variables", "code"),
    [({"requestId": "1"}, "INVALID_INPUT"), ({"overlapHours": 721}, "INVALID_INPUT"), ({}, "KEY_NOT_FOUND")],
)
async def test_a_refused_rotation_says_why(shop: Shop, variables: dict[str, Any], code: str) -> None:
    given = {"requestId": str(uuid4()), **variables}
    answer = await shop.ask("/partner/graphql", "RotateMyKey", "Bearer demo:brand", **given)
    assert answer["data"]["rotateMyKey"]["code"] == code
    assert answer["data"]["rotateMyKey"]["retryable"] is False


@pytest.mark.parametrize(("first", "after"), [(0, None), (101, None), (5, "nonsense")])
async def test_a_page_that_cannot_be_is_refused_by_name(shop: Shop, first: int, after: str | None) -> None:
    answer = await shop.ask("/partner/graphql", "Me", "Bearer demo:brand", first=first, after=after)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert answer["errors"][0]["extensions"]["field"] == ("after" if after else "first")
