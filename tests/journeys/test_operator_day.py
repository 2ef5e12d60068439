"""An operator's day over HTTP: helping a member, tuning a sheet, the stop switch and its review, keys."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from api.settings import Settings
from tests.edge import Edge, kinds_of, offer_body, open_edge

MEI, TILL = "demo:mei", "demo:taipei-1"
SUPPORT, MANAGER, AUDITOR, OWNER = (
    "demo:ann:support", "demo:cam:campaign_manager", "demo:ada:auditor", "demo:olga:owner"
)  # fmt: skip


@pytest.fixture(params=[1, 2], ids=["one server", "two servers"])
async def edge(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Edge]:
    async with open_edge(settings, request.param) as opened:
        yield opened


async def points_of(edge: Edge, amount: int) -> int:
    receipt = edge.receipt(await edge.card(MEI), amount)
    answer = await edge.ask("till", "RecordReceipt", TILL, receipt=receipt)
    return int(answer["earned"]["points"])


async def test_support_finds_a_member_sees_what_happened_and_puts_it_right(edge: Edge) -> None:
    card = await edge.card(MEI)
    before = edge.now()
    assert await points_of(edge, 2_100_000) == 2_100
    for text in (card, "mei", "ME"):
        [found] = await edge.ask("admin", "Members", SUPPORT, text=text, first=5)
        assert (found["cardNo"], found["status"]) == (card, "ACTIVE")
    given = await edge.ask(
        "admin", "AdjustWallet", SUPPORT, memberId=found["id"], currency="POINTS", amount=150, reason="damaged goods"
    )
    assert given["spendable"] == 2_250
    taken = {"memberId": found["id"], "currency": "POINTS", "amount": -2_251, "reason": "a mistake of ours"}
    refused = await edge.ask("admin", "AdjustWallet", SUPPORT, **taken)
    assert (refused["code"], refused["message"]) == ("NOT_ENOUGH", "Not enough points: 2251 needed, 2250 available.")
    seen = await edge.ask("admin", "MemberNode", SUPPORT, id=found["id"], first=100)
    [points] = [wallet for wallet in seen["wallets"] if wallet["currency"] == "POINTS"]
    assert (points["balance"], points["spendable"], points["owed"]) == (2_250, 2_250, 0)
    assert {(lot["provenance"], lot["units"]) for lot in points["lots"]} == {("FREE", 150), ("PURCHASE", 2_100)}
    assert sorted(kinds_of(seen["timeline"]["nodes"])) == [
        "coupon_issued", "member_joined", "receipt_recorded", "tier_raised", "wallet_adjusted", "welcomed",
    ]  # fmt: skip
    adjusted = json.loads(seen["timeline"]["nodes"][0]["facts"])
    assert (adjusted["amount"], adjusted["reason"]) == (150, "damaged goods")
    assert seen["tier"] == "silver"
    past = await edge.ask("admin", "MemberNode", SUPPORT, id=found["id"], first=1, at=before.isoformat())
    assert past["tier"] in {None, "general"}
    await edge.check_books()


async def test_a_new_version_of_a_sheet_counts_from_the_next_receipt_on_and_a_rollback_is_a_version_too(
    edge: Edge,
) -> None:
    assert await points_of(edge, 10_000) == 10
    [first] = await edge.ask("admin", "Sheets", AUDITOR, kind="earning", key="TWD", first=10)
    body = json.loads(first["body"])
    doubled = {**body, "minor_per_point": 500}
    wrong = {**doubled, "minor_per_stamp": 0, "late_days": "many", "bonus": []}
    refused = await edge.publish_sheet("earning", "TWD", wrong, based_on=1)
    assert refused["code"] == "SHEET_INVALID"
    assert sorted(fault.split(": ")[1] for fault in refused["message"].splitlines()[1:]) == [
        "bonus", "late_days", "minor_per_stamp",
    ]  # fmt: skip
    assert (await edge.publish_sheet("earning", "TWD", doubled, based_on=1))["version"] == 2
    assert await points_of(edge, 10_000) == 20
    assert (await edge.publish_sheet("earning", "TWD", body, based_on=1))["code"] == "SHEET_STATE"
    assert (await edge.publish_sheet("earning", "TWD", body, based_on=2))["version"] == 3
    assert await points_of(edge, 10_000) == 10
    versions = await edge.ask("admin", "Sheets", AUDITOR, kind="earning", key="TWD", first=10)
    assert [(each["version"], each["state"]) for each in versions] == [
        (3, "ACTIVE"), (2, "RETIRED"), (1, "RETIRED"),
    ]  # fmt: skip
    assert versions[0]["sha256"] == versions[2]["sha256"] != versions[1]["sha256"]
    manager = (await edge.ask("admin", "Me", MANAGER))["id"]
    assert versions[0]["author"] != versions[2]["author"] == "seed"
    assert manager.startswith("opr_")


async def test_the_stop_switch_stops_at_once_and_what_waited_goes_on_under_its_own_request_id(edge: Edge) -> None:
    receipt = edge.receipt(await edge.card(MEI), 10_000)
    request_id = "6a4b1c9e-0d2f-4a7b-9c3d-1e5f7a9b0c2d"
    paused = await edge.ask(
        "admin", "Pause", MANAGER, target="earning", message="點數系統維護中", reason="points were counted twice"
    )
    for locale, sentence in (
        ("en", "Paused for the moment: 點數系統維護中"),
        ("zh-TW", "此項服務暫停中：點數系統維護中"),
    ):
        refused = await edge.ask(
            "till", "RecordReceipt", TILL, locale=locale, requestId=request_id, receipt=receipt
        )  # fmt: skip
        assert (refused["code"], refused["retryable"], refused["message"]) == ("PAUSED", True, sentence)
    await edge.ask("admin", "Resume", MANAGER, target="earning")
    recorded = await edge.ask("till", "RecordReceipt", TILL, requestId=request_id, receipt=receipt)
    assert recorded["earned"]["points"] == 10
    await edge.ask("admin", "ReviewPause", AUDITOR, pauseId=paused["pauseId"], note="it was a display error")
    [pause] = await edge.ask("admin", "Pauses", AUDITOR, first=5)
    assert (pause["target"], pause["reason"], pause["reviewNote"]) == (
        "earning", "points were counted twice", "it was a display error",
    )  # fmt: skip
    assert pause["pausedBy"] != pause["reviewedBy"]
    assert pause["resumedAt"]


async def test_an_offer_is_published_sold_amended_and_stopped_without_touching_coupons_that_are_out(edge: Edge) -> None:
    await edge.give(MEI, 1_000)
    assert (await edge.publish("ten-off"))["version"] == 1
    early = await edge.buy(MEI, "NT$10 off")
    changed = offer_body(amount_minor=2_000, minimum_minor=2_000, name={"en": "NT$20 off", "zh-TW": "折二十元"})
    assert (await edge.publish_sheet("offer", "ten-off", changed, based_on=1))["version"] == 2
    late = await edge.buy(MEI, "NT$20 off")
    node = await edge.ask("mobile", "Node", MEI, id=early["id"])
    assert node["amountMinor"] == 1_000  # as it was issued
    assert (await edge.ask("mobile", "Node", MEI, id=late["id"]))["amountMinor"] == 2_000
    limited = offer_body(limits={"total": 5})
    refused = await edge.publish_sheet("offer", "ten-off", limited, based_on=2)
    assert (refused["code"], "limits.total" in refused["message"]) == ("SHEET_INVALID", True)
    await edge.ask("admin", "Pause", MANAGER, target="offer:ten-off", message="Soon.", reason="a wrong price")
    offer = await edge.offer(MEI, "NT$20 off")
    assert offer["refusal"]["code"] == "PAUSED"
    assert await edge.code("mobile", "BuyCoupon", MEI, offerId=offer["id"]) == "PAUSED"


async def test_an_owner_opens_a_store_gives_it_a_key_and_takes_the_key_away(edge: Edge) -> None:
    given: dict[str, Any] = {"code": "hualien-4", "name": "花蓮四店", "timezone": "Asia/Taipei", "currency": "TWD"}
    store = (await edge.ask("admin", "MakeStore", OWNER, store=given))["store"]
    assert await edge.code("admin", "MakeStore", OWNER, store=given) == "INVALID_INPUT"  # the code is taken
    request_id = "0d6c5b77-54a2-4a5b-8d0e-2f1c3b4a5d6e"
    asked = {"requestId": request_id, "boundTo": store["id"], "name": "till 1"}
    made = await edge.ask("admin", "MakeKey", OWNER, **asked)
    assert await edge.ask("admin", "MakeKey", OWNER, **asked) == {**made, "text": None}  # shown once
    card = await edge.card(MEI)
    receipt = edge.receipt(card, 10_000)
    assert await edge.code("till", "RecordReceipt", made["text"], receipt=receipt) == "ok"
    [newest] = (await edge.ask("mobile", "Receipts", MEI, first=1))["edges"]
    assert newest["node"]["store"] == "花蓮四店"
    rotated = await edge.ask("admin", "RotateKey", OWNER, keyId=made["keyId"], overlapHours=24)
    assert await edge.code("admin", "RotateKey", OWNER, keyId=made["keyId"]) == "KEY_ENDED"
    for text in (made["text"], rotated["text"]):
        assert (await edge.ask("till", "Member", text, cardNo=card))["points"] == 10
    edge.ahead = timedelta(hours=25)
    assert (await edge.send("till", made["text"], "{ __typename }")).status_code == 401
    await edge.ask("admin", "RevokeKey", OWNER, keyId=rotated["keyId"])
    assert (await edge.send("till", rotated["text"], "{ __typename }")).status_code == 401
    keys = (await edge.ask("admin", "Keys", AUDITOR, boundTo=store["id"], first=5))["nodes"]
    assert [(key["name"], key["lastUsedAt"] is not None) for key in keys] == [("till 1", True), ("till 1", True)]
    dumped = await edge.rows("SELECT t::text FROM api_keys t")
    assert made["text"].partition(".")[2] not in str(dumped)


async def test_a_member_of_the_old_system_keeps_everything_under_a_new_sign_in(edge: Edge) -> None:
    """Somebody whose card stands already signs in with an identity that support links first."""
    await edge.give(MEI, 700)
    member_id = await edge.member_id(MEI)
    linked = {"memberId": member_id, "kind": "demo", "subject": "mei-chen"}
    assert (await edge.ask("admin", "LinkIdentity", SUPPORT, **linked))["kind"] == "demo"
    assert await edge.code("admin", "LinkIdentity", SUPPORT, **linked) == "ok"  # said twice, done once
    assert await edge.member_id("demo:mei-chen") == member_id
    assert (await edge.wallet("demo:mei-chen"))["points"] == 700
    other = await edge.member_id("demo:li")
    assert await edge.code("admin", "LinkIdentity", SUPPORT, **{**linked, "memberId": other}) == "IDENTITY_TAKEN"
    assert await edge.code("admin", "LinkIdentity", SUPPORT, **{**linked, "kind": "card"}) == "INVALID_INPUT"
