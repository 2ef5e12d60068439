"""A member's day over HTTP: from a receipt to a redeemed coupon, and back again with the goods.

Every figure is worked out by hand from the shipped sheets: NT$1 is 100 minor units; 1 point for NT$10, 1 stamp for
NT$100, 1 credit for NT$1; house brand 150 %, produce on weekends 200 %; silver from 20,000 credits on earns 110 %.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from api.settings import Settings
from tests.edge import Edge, kinds_of, line, open_edge

MEI, TILL = "demo:mei", "demo:taipei-1"
TAIPEI = ZoneInfo("Asia/Taipei")


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        yield opened


def saturday_before(moment: datetime) -> datetime:
    """Noon of the last Saturday in Taipei that is at least two days past."""
    noon = (moment - timedelta(days=2)).astimezone(TAIPEI).replace(hour=12, minute=0, second=0, microsecond=0)
    while noon.weekday() != 5 or noon > moment - timedelta(days=2):
        noon -= timedelta(days=1)
    return noon


async def record(edge: Edge, card: str, *lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await edge.ask(
        "till", "RecordReceipt", TILL, receipt=edge.receipt(card, **{**changes, "lines": list(lines)})
    )
    return answer


async def earn_a_silver_card(edge: Edge, card: str) -> None:
    """Three receipts: a weekend's shopping, a large one that reaches silver, a small one at silver's rate."""
    weekend = await record(
        edge, card,
        line(1, 12_345, brand="Private", category="PRODUCE"), line(2, 40_000, brand="Private", category="DAIRY"),
        line(3, 250_055), line(4, 50_000, category="TOBACCO"),
        boughtAt=saturday_before(edge.now()).isoformat(),
    )  # fmt: skip
    # 246.90 (produce twice: of two bonuses the better) + 600.00 (house brand) + 2,500.55 = NT$3,347.45 worth of points;
    # tobacco earns nothing.
    assert weekend["earned"] == {"points": 334, "stamps": 30, "tickets": 1}
    assert weekend["tier"] == "general"
    large = await record(edge, card, line(1, 1_700_000))
    # 3,024 + 17,000 credits: silver, at once; but this receipt was earned as general.
    assert (large["earned"], large["tier"]) == ({"points": 1700, "stamps": 170, "tickets": 1}, "silver")
    small = await record(edge, card, line(1, 10_000))
    # Silver's 110 %; the day's visit was rewarded already.
    assert (small["earned"], small["tier"]) == ({"points": 11, "stamps": 1, "tickets": 0}, "silver")


async def hold_and_settle(edge: Edge, card: str, fifty: dict[str, Any], dairy: dict[str, Any]) -> str:
    """A basket of NT$500 with two coupons and 500 points; the receipt's number."""
    whole = {
        "currency": "TWD",
        "lines": [line(1, 25_000, category="DAIRY"), line(2, 20_000), line(3, 5_000, category="TOBACCO")],
    }
    asked = {"cardNo": card, "codes": [edge.shown(fifty), edge.shown(dairy)], "payPoints": 500, "basket": whole}
    expected = {
        # A tenth of the dairy first (2,500); NT$50 then falls on 22,500 and 20,000, to the cent; none on tobacco.
        "discountMinor": 7_500, "pointsHeld": 500, "dueMinor": 42_000, "notApplied": [],
        "lines": [
            {"lineNo": 1, "discountMinor": 5_147},
            {"lineNo": 2, "discountMinor": 2_353},
            {"lineNo": 3, "discountMinor": 0},
        ],
    }  # fmt: skip
    checked = await edge.ask("till", "CheckBasket", TILL, **asked)
    assert checked == {"refusal": None, **expected}
    held = await edge.ask("till", "HoldBasket", TILL, **asked)
    hold = held.pop("hold")
    assert held == {**expected, "tenderMinor": 500}
    assert (await edge.wallet(MEI))["points"] == 1_095
    states = {node["name"]: node["state"] for node in (await edge.ask("mobile", "Coupons", MEI, first=10))["nodes"]}
    assert states["NT$50 off NT$300"] == states["10% off dairy"] == "RESERVED"
    receipt_no = "M-1"
    settled = await edge.ask("till", "SettleBasket", TILL, holdId=hold["id"], receiptNo=receipt_no)
    assert settled == {
        "holdId": hold["id"], "receiptNo": receipt_no, "couponsRedeemed": 2, "discountMinor": 7_500, "pointsPaid": 500,
    }  # fmt: skip
    paid = await record(
        edge, card,
        line(1, 19_853, category="DAIRY"), line(2, 17_647), line(3, 5_000, category="TOBACCO"), receiptNo=receipt_no,
    )  # fmt: skip
    assert paid["earned"] == {"points": 41, "stamps": 3, "tickets": 0}  # NT$375 at 110 %
    return receipt_no


async def send_back(edge: Edge, receipt_no: str) -> None:
    """First one line, then all the rest."""

    async def returned(number: str, points: int, *lines: tuple[int, int]) -> dict[str, Any]:
        given = {
            "receiptNo": receipt_no, "returnNo": number, "refundPoints": points,
            "lines": [{"lineNo": at, "quantity": 1, "amountMinor": amount} for at, amount in lines],
        }  # fmt: skip
        answer: dict[str, Any] = await edge.ask("till", "RecordReturn", TILL, receiptReturn=given)
        assert answer.pop("id").startswith("ret_")
        return answer

    # Of 41 points by weight (21,838 and 19,412): floor(41 x 19,412 / 41,250); of 3 stamps floor(3 x 17,647 / 37,500).
    assert await returned("B-1", 200, (2, 17_647)) == {
        "revoked": {"points": 19, "stamps": 1}, "refundedPoints": 200, "couponsReopened": 0, "tier": "silver",
        "everything": False,
    }  # fmt: skip
    assert (await edge.wallet(MEI))["points"] == 1_317
    assert await returned("B-2", 300, (1, 19_853), (3, 5_000)) == {
        "revoked": {"points": 22, "stamps": 2}, "refundedPoints": 300, "couponsReopened": 1, "tier": "silver",
        "everything": True,
    }  # fmt: skip


async def test_a_receipt_becomes_points_a_coupon_and_a_discount_and_a_return_takes_it_all_back(edge: Edge) -> None:
    me = await edge.ask("mobile", "Profile", MEI)
    assert (me["wallet"]["points"], me["wallet"]["tickets"], me["tier"]["code"]) == (0, 3, "general")
    [starter] = (await edge.ask("mobile", "Coupons", MEI, first=10))["nodes"]
    assert (starter["name"], starter["state"]) == ("Welcome: NT$30 off", "ISSUED")
    await earn_a_silver_card(edge, me["cardNo"])

    me = await edge.ask("mobile", "Profile", MEI)
    assert {name: me["wallet"][name] for name in ("points", "stamps", "tickets", "diamonds", "pointsOwed")} == {
        "points": 2_045, "stamps": 201, "tickets": 5, "diamonds": 0, "pointsOwed": 0,
    }  # fmt: skip
    assert (me["tier"]["code"], me["tier"]["multiplier"], me["tier"]["credits"]) == ("silver", "1.10", 20_124)
    assert (me["tier"]["nextCode"], me["tier"]["nextThreshold"]) == ("gold", 60_000)

    fifty = await edge.buy(MEI, "NT$50 off NT$300")
    dairy = await edge.buy(MEI, "10% off dairy")
    assert (await edge.wallet(MEI))["points"] == 1_595
    receipt_no = await hold_and_settle(edge, me["cardNo"], fifty, dairy)
    assert (await edge.wallet(MEI))["points"] == 1_136
    await send_back(edge, receipt_no)

    wallet = await edge.wallet(MEI)
    assert (wallet["points"], wallet["stamps"]) == (1_595, 201)  # as before the basket
    coupons = (await edge.ask("mobile", "Coupons", MEI, first=10))["nodes"]
    assert {node["name"]: node["state"] for node in coupons} == {
        "Welcome: NT$30 off": "ISSUED", "NT$50 off NT$300": "ISSUED", "10% off dairy": "VOID",
    }  # fmt: skip
    await edge.check_books()
    await look_back(edge)


async def look_back(edge: Edge) -> None:
    """The member's own record of it all: receipts, events, and the export."""
    [edge_of_last, *_] = (await edge.ask("mobile", "Receipts", MEI, first=10))["edges"]
    last = edge_of_last["node"]
    assert (last["receiptNo"], last["total"]) == ("M-1", {"amountMinor": 42_500, "currency": "TWD"})
    assert (last["points"], last["revokedPoints"], last["stamps"], last["revokedStamps"]) == (41, 41, 3, 3)
    assert [each["returnedMinor"] for each in last["lines"]] == [19_853, 17_647, 5_000]
    events = kinds_of((await edge.ask("mobile", "Timeline", MEI, first=100))["nodes"])
    newest_first = [
        "coupon_voided", "coupon_reopened", "tender_returned", "receipt_returned", "tender_returned",
        "receipt_returned", "receipt_recorded", "basket_settled", "coupon_redeemed", "coupon_redeemed",
        "basket_held", "coupon_bought", "coupon_bought", "receipt_recorded", "tier_raised", "receipt_recorded",
        "receipt_recorded", "welcomed",
        "coupon_issued", "member_joined",
    ]  # fmt: skip
    assert sorted(events) == sorted(newest_first)
    document = json.loads(await edge.ask("mobile", "ExportMyData", MEI))
    assert len(document["receipts"]) == 4
    assert len(document["timeline"]) == len(newest_first)
    assert {each["offer"]: each["state"] for each in document["coupons"]} == {
        "welcome-thirty": "ISSUED", "fifty-off": "ISSUED", "dairy-ten-percent": "VOID",
    }  # fmt: skip
    assert document["account"]["displayName"] == "mei"


async def test_a_retry_of_anything_gives_the_first_answer_and_changes_nothing(edge: Edge) -> None:
    card = await edge.card(MEI)
    await edge.give(MEI, 1_000)
    offer = await edge.offer(MEI, "NT$50 off NT$300")
    request_id = "0b9f2c86-9d3c-4e63-8f0a-6f7c0c8f2a11"
    bought = [
        await edge.ask("mobile", "BuyCoupon", MEI, requestId=request_id, offerId=offer["id"]) for _ in range(3)
    ]  # fmt: skip
    assert bought[0] == bought[1] == bought[2]
    assert (await edge.wallet(MEI))["points"] == 700
    receipt = edge.receipt(card, 30_000)
    answers = [await edge.ask("till", "RecordReceipt", TILL, requestId=request_id, receipt=receipt) for _ in range(2)]
    answers.append(await edge.ask("till", "RecordReceipt", TILL, receipt=receipt))  # the same receipt, asked anew
    assert answers[0] == answers[1] == answers[2]
    assert (await edge.wallet(MEI))["points"] == 730
    await edge.check_books()
