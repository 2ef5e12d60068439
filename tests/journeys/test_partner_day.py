"""A partner's day over HTTP: its profile, its keys, a rotation without a gap, and the contract it may read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from api.settings import Settings
from tests.edge import API, Edge, open_edge

OWNER = "demo:olga:owner"


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        yield opened


async def test_a_brand_gets_a_key_rotates_it_without_a_gap_and_loses_the_old_one(edge: Edge) -> None:
    partner_id = (await edge.ask("admin", "MakePartner", OWNER, name="Alpine Dairy"))["partnerId"]
    assert (await edge.ask("admin", "MakePartner", OWNER, name="Alpine Dairy"))["partnerId"] == partner_id
    first = await edge.ask("admin", "MakeKey", OWNER, boundTo=partner_id, name="back office")
    me = await edge.ask("partner", "Me", first["text"], first=10)
    assert (me["id"], me["name"], me["key"]["id"]) == (partner_id, "Alpine Dairy", first["keyId"])

    rotated = await edge.ask("partner", "RotateMyKey", first["text"], overlapHours=24)
    ends_at = datetime.fromisoformat(rotated["oldKeyEndsAt"])
    assert timedelta(hours=23, minutes=59) < ends_at - edge.now() < timedelta(hours=24)
    for text in (first["text"], rotated["text"]):
        assert (await edge.ask("partner", "Me", text, first=10))["name"] == "Alpine Dairy"
    assert await edge.code("partner", "RotateMyKey", first["text"]) == "KEY_ENDED"  # it has a successor

    edge.ahead = timedelta(hours=24, seconds=1)
    assert (await edge.send("partner", first["text"], "{ __typename }")).status_code == 401
    keys = (await edge.ask("partner", "Me", rotated["text"], first=10))["keys"]["nodes"]
    assert [(key["id"], key["expiresAt"] is None) for key in keys] == [
        (first["keyId"], False), (rotated["key"]["id"], True),
    ]  # fmt: skip


async def test_pages_of_keys_hold_each_key_once(edge: Edge) -> None:
    partner_id = (await edge.ask("partner", "Me", "demo:brand", first=1))["id"]
    made = [(await edge.ask("admin", "MakeKey", OWNER, boundTo=partner_id, name=f"k{at}"))["keyId"] for at in range(5)]
    seen, after = [], None
    while True:
        page = (await edge.ask("partner", "Me", "demo:brand", first=2, after=after))["keys"]
        seen += [key["id"] for key in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == made


async def test_the_contract_is_there_to_read_and_names_nothing_of_members(edge: Edge) -> None:
    answer = await edge.client.get("/partner/graphql/schema.graphql")
    assert answer.text == (API / "partner" / "schema.graphql").read_text(encoding="utf-8")
    assert "Member" not in answer.text
    assert "Wallet" not in answer.text
