"""A till's day over HTTP: greeting, earning, holding, waiting, printing, and goods that come back in parts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from api.settings import Settings
from tests.edge import Edge, basket, line, open_edge

MEI, LI, OWNER = "demo:mei", "demo:li", "demo:olga:owner"


@pytest.fixture(params=[1, 2], ids=["one server", "two servers"])
async def edge(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Edge]:
    async with open_edge(settings, request.param) as opened:
        yield opened


async def key_of(edge: Edge, code: str) -> str:
    """A key of that store, as an owner makes it."""
    store = await edge.ask("admin", "Store", OWNER, code=code)
    return str((await edge.ask("admin", "MakeKey", OWNER, boundTo=store["id"], name=f"till of {code}"))["text"])


def back(receipt_no: str, return_no: str, *lines: tuple[int, int, int], points: int = 0) -> dict[str, Any]:
    return {
        "receiptNo": receipt_no, "returnNo": return_no, "refundPoints": points,
        "lines": [dict(zip(("lineNo", "quantity", "amountMinor"), each, strict=True)) for each in lines],
    }  # fmt: skip


async def test_a_member_is_greeted_by_card_in_the_tills_language(edge: Edge) -> None:
    till, card = await key_of(edge, "taipei-1"), await edge.card(MEI)
    for locale, name in (("zh-TW", "一般會員"), ("en", "General")):
        seen = await edge.ask("till", "Member", till, locale=locale, cardNo=card)
        assert (seen["tierName"], seen["multiplier"], seen["points"], seen["active"]) == (name, "1.00", 0, True)
    member_id = await edge.member_id(MEI)
    await edge.ask("admin", "SetMemberStatus", OWNER, memberId=member_id, suspended=True)
    assert (await edge.ask("till", "Member", till, cardNo=card))["active"] is False
    assert await edge.code("till", "RecordReceipt", till, receipt=edge.receipt(card, 100)) == "MEMBER_SUSPENDED"


async def test_a_return_in_any_parts_takes_the_same_and_a_tier_that_it_carried_goes_at_once(edge: Edge) -> None:
    """NT$20,003 in three lines of 6,667.66, 6,667.67 and 6,667.67: 2,000 points, 200 stamps, 20,003 credits."""
    till, card = await key_of(edge, "taipei-1"), await edge.card(MEI)
    receipt = edge.receipt(card, lines=[line(1, 666_766), line(2, 666_767), line(3, 666_767, quantity=2)])
    recorded = await edge.ask("till", "RecordReceipt", till, receipt=receipt)
    assert recorded["earned"] == {"points": 2_000, "stamps": 200, "tickets": 1}
    assert recorded["tier"] == "silver"
    number = receipt["receiptNo"]
    revoked = []
    for at, (lines, tier) in enumerate([
        ((1, 0, 300), "silver"), ((1, 1, 666_466), "general"), ((3, 1, 333_383), "general"),
        ((3, 1, 333_384), "general"), ((2, 1, 666_767), "general"),
    ]):  # fmt: skip
        answer = await edge.ask("till", "RecordReturn", till, receiptReturn=back(number, f"B-{at}", lines))
        assert answer["tier"] == tier
        assert answer["everything"] is (at == 4)
        revoked.append((answer["revoked"]["points"], answer["revoked"]["stamps"]))
    # NT$3 of 20,003: floor(0.299...) = 0; then 666, 999 (1,000,149 of 2,000,300), 1,333, and all.
    assert revoked == [(0, 0), (666, 66), (333, 33), (334, 34), (667, 67)]
    wallet = await edge.wallet(MEI)
    assert (wallet["points"], wallet["stamps"], wallet["tickets"]) == (0, 0, 4)  # energy and tickets stay
    await edge.check_books()


async def test_points_that_were_spent_before_the_goods_came_back_are_owed_and_settled_by_the_next_receipt(
    edge: Edge,
) -> None:
    till, card = await key_of(edge, "taipei-1"), await edge.card(MEI)
    receipt = edge.receipt(card, 400_000)
    await edge.ask("till", "RecordReceipt", till, receipt=receipt)  # 400 points
    await edge.buy(MEI, "NT$50 off NT$300")  # for 300
    await edge.ask("till", "RecordReturn", till, receiptReturn=back(receipt["receiptNo"], "B-1", (1, 1, 400_000)))
    wallet = await edge.wallet(MEI)
    assert (wallet["points"], wallet["pointsOwed"]) == (0, 300)
    await edge.ask("till", "RecordReceipt", till, receipt=edge.receipt(card, 350_000))  # 350 points
    wallet = await edge.wallet(MEI)
    assert (wallet["points"], wallet["pointsOwed"]) == (50, 0)
    await edge.check_books()


async def test_a_basket_goes_from_till_to_till_and_only_one_gets_the_coupon(edge: Edge) -> None:
    one, other, card = await key_of(edge, "taipei-1"), await key_of(edge, "kaohsiung-2"), await edge.card(MEI)
    await edge.give(MEI, 1_000)
    coupon = await edge.buy(MEI, "NT$50 off NT$300")
    asked = {"cardNo": card, "basket": basket(20_000, 20_000)}
    held = await edge.ask("till", "HoldBasket", one, codes=[edge.shown(coupon)], **asked)
    assert [each["discountMinor"] for each in held["lines"]] == [2_500, 2_500]
    again = await edge.ask("till", "HoldBasket", one, codes=[edge.shown(coupon)], **asked)
    assert again["hold"] == held["hold"]
    refused = await edge.ask("till", "HoldBasket", other, codes=[edge.shown(coupon)], **asked)
    assert (refused["code"], refused["retryable"]) == ("COUPON_RESERVED", True)
    assert refused["retryAt"][:19] == held["hold"]["expiresAt"][:19]
    released = await edge.ask("till", "ReleaseBasket", one, holdId=held["hold"]["id"])
    assert (released["couponsReleased"], released["pointsReturned"]) == (1, 0)
    taken = await edge.ask("till", "HoldBasket", other, codes=[edge.shown(coupon)], **asked)
    assert await edge.code("till", "SettleBasket", one, holdId=held["hold"]["id"], receiptNo="S-1") == "HOLD_RELEASED"
    settled = await edge.ask("till", "SettleBasket", other, holdId=taken["hold"]["id"], receiptNo="S-1")
    assert (settled["couponsRedeemed"], settled["discountMinor"]) == (1, 5_000)
    assert (await edge.ask("till", "SettleBasket", other, holdId=taken["hold"]["id"], receiptNo="S-1")) == settled
    checked = await edge.ask("till", "CheckBasket", one, codes=[edge.shown(coupon)], **asked)
    assert checked["refusal"]["code"] == "COUPON_REDEEMED"


async def test_a_hold_past_its_time_is_honoured_while_nobody_took_what_it_held(edge: Edge) -> None:
    till, card = await key_of(edge, "taipei-1"), await edge.card(MEI)
    await edge.give(MEI, 1_000)
    held = await edge.ask("till", "HoldBasket", till, cardNo=card, codes=[], payPoints=400, basket=basket(5_000))
    await edge.execute("UPDATE holds SET expires_at = clock_timestamp() - interval '1 second'")
    other = await edge.ask("till", "CheckBasket", till, cardNo=card, codes=[], payPoints=1_000, basket=basket(5_000))
    assert other["refusal"] is None  # what lapsed is free again, before any job came
    settled = await edge.ask("till", "SettleBasket", till, holdId=held["hold"]["id"], receiptNo="S-1")
    assert settled["pointsPaid"] == 400
    assert (await edge.wallet(MEI))["points"] == 600
    await edge.check_books()


async def test_a_printed_coupon_needs_no_card_and_works_where_its_channel_is(edge: Edge) -> None:
    till, online = await key_of(edge, "taipei-1"), await key_of(edge, "online")
    await edge.give(MEI, 1_000)
    coupon = await edge.buy(MEI, "NT$20 off, printable")
    whole = {
        "currency": "TWD",
        "lines": [line(1, 9_000), line(2, 3_000), line(3, 8_000, category="WINE")],
    }
    assert await edge.code("till", "HoldBasket", online, codes=[coupon["code"]], basket=whole) == "COUPON_WRONG_STORE"
    typed = coupon["code"].lower()[:4] + "-" + coupon["code"].lower()[4:]  # as somebody types it off paper
    held = await edge.ask("till", "HoldBasket", till, codes=[typed], basket=whole)
    # NT$20 over 90 and 30; wine is never discounted, and does not count for the minimum of NT$100.
    assert [each["discountMinor"] for each in held["lines"]] == [1_500, 500, 0]
    assert held["dueMinor"] == 18_000
    alcohol = {"currency": "TWD", "lines": [line(1, 9_000), line(2, 80_000, category="WINE")]}
    checked = await edge.ask("till", "CheckBasket", till, codes=[], cardNo=await edge.card(LI), basket=alcohol)
    assert checked["refusal"]["code"] == "NOTHING_TO_HOLD"


async def test_a_receipt_after_midnight_counts_for_the_day_it_was_bought_where_the_shop_stands(edge: Edge) -> None:
    till, card = await key_of(edge, "taipei-1"), await edge.card(MEI)
    day_before, day_after = [(edge.now() - timedelta(days=ago)).date().isoformat() for ago in (5, 4)]
    for bought_at, day in (
        (f"{day_before}T15:59:59+00:00", day_before),
        (f"{day_before}T16:00:00+00:00", day_after),
        (f"{day_after}T00:00:01+08:00", day_after),
    ):
        receipt = edge.receipt(card, 100, boughtAt=bought_at)
        assert await edge.code("till", "RecordReceipt", till, receipt=receipt) == "ok"
        [newest] = (await edge.ask("mobile", "Receipts", MEI, first=1))["edges"]
        assert (newest["node"]["receiptNo"], newest["node"]["day"]) == (receipt["receiptNo"], day)
