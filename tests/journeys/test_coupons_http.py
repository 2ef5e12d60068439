"""A coupon's way over HTTP: offer, purchase, QR, hold, settlement; and what callers are told when it cannot go on."""

from __future__ import annotations

from base64 import b32decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

import api
from api.graphql.nodes import parse_id
from api.runtime.clock import utc_now
from api.runtime.services import Services
from api.settings import Settings
from rewards.coupons.rules.codes import token_at
from tests.races.coupons_shop import give
from tests.servers import open_servers

ROOT = Path(api.__file__).parent
MEI, TILL, OTHER_TILL = "Bearer demo:mei", "Bearer demo:taipei-1", "Bearer demo:kaohsiung-2"


class Caller:
    """The application, asked with the operations that clients really send."""

    def __init__(self, services: Services, client: httpx.AsyncClient) -> None:
        self.services = services
        self.client = client

    async def ask(self, kind: str, operation: str, token: str, **variables: Any) -> Any:
        path = "/graphql" if kind == "mobile" else f"/{kind}/graphql"
        text = (ROOT / kind / "operations" / f"{operation}.graphql").read_text(encoding="utf-8")
        headers = {"authorization": token, "accept": "application/graphql-response+json"}
        answer = await self.client.post(path, json={"query": text, "variables": variables}, headers=headers)
        found = answer.json()
        assert "errors" not in found, found
        [value] = found["data"].values()
        return value


@pytest.fixture
async def caller(settings: Settings) -> AsyncIterator[Caller]:
    async with open_servers(settings) as servers:
        yield Caller(servers.services[0], servers.client)


async def _rich(caller: Caller) -> str:
    """Mei with 2,000 points; her card."""
    me = await caller.ask("mobile", "Me", MEI)
    async with caller.services.database.work() as work:
        await give(work, parse_id("mem", me["id"]), 2000)
    card: str = me["cardNo"]
    return card


async def _offer(caller: Caller, price: int) -> dict[str, Any]:
    page = await caller.ask("mobile", "Offers", MEI, first=50)
    return next(each for each in page["nodes"] if each["price"] == {"currency": "POINTS", "amount": price})


def _shown(coupon: dict[str, Any]) -> str:
    secret = coupon["token"]["secret"]
    return f"{coupon['code']}.{token_at(b32decode(secret + '=' * (-len(secret) % 8)), utc_now())}"


def _basket(amount: int) -> dict[str, Any]:
    return {"currency": "TWD", "lines": [{"lineNo": 1, "sku": "A", "category": "GROCERY", "amountMinor": amount}]}


async def test_a_coupon_goes_from_the_offer_to_the_settled_till(caller: Caller) -> None:
    card = await _rich(caller)
    offer = await _offer(caller, 300)
    assert (offer["amountMinor"], offer["refusal"]) == (5000, None)
    request = str(uuid4())
    bought = await caller.ask("mobile", "BuyCoupon", MEI, requestId=request, offerId=offer["id"])
    assert (bought["coupon"]["state"], len(bought["coupon"]["code"])) == ("ISSUED", 16)
    assert await caller.ask("mobile", "BuyCoupon", MEI, requestId=request, offerId=offer["id"]) == bought
    page = await caller.ask("mobile", "Coupons", MEI, first=10)
    [coupon] = [each for each in page["nodes"] if each["id"] == bought["coupon"]["id"]]
    asked = {"cardNo": card, "codes": [_shown(coupon)], "payPoints": 500, "basket": _basket(40000)}
    check = await caller.ask("till", "CheckBasket", TILL, **asked)
    assert (check["refusal"], check["discountMinor"], check["dueMinor"]) == (None, 5000, 34500)
    held = await caller.ask("till", "HoldBasket", TILL, requestId=str(uuid4()), **asked)
    assert (held["lines"], held["pointsHeld"]) == ([{"lineNo": 1, "discountMinor": 5000}], 500)
    taken = await caller.ask("till", "HoldBasket", OTHER_TILL, requestId=str(uuid4()), **asked)
    assert (taken["code"], taken["retryable"], taken["retryAt"]) == (
        "COUPON_RESERVED", True, held["hold"]["expiresAt"],
    )  # fmt: skip
    hold = {"holdId": held["hold"]["id"]}
    stolen = await caller.ask("till", "SettleBasket", OTHER_TILL, requestId=str(uuid4()), receiptNo="R-1", **hold)
    assert stolen["code"] == "HOLD_OTHER_STORE"
    settled = await caller.ask("till", "SettleBasket", TILL, requestId=str(uuid4()), receiptNo="R-1", **hold)
    assert (settled["couponsRedeemed"], settled["pointsPaid"]) == (1, 500)
    late = await caller.ask("till", "ReleaseBasket", TILL, requestId=str(uuid4()), **hold)
    assert late["code"] == "HOLD_SETTLED"
    [coupon] = (await caller.ask("mobile", "Coupons", MEI, first=10, state="REDEEMED"))["nodes"]
    assert coupon["id"] == bought["coupon"]["id"]


async def test_a_released_basket_frees_the_coupon(caller: Caller) -> None:
    card = await _rich(caller)
    offer = await _offer(caller, 300)
    bought = await caller.ask("mobile", "BuyCoupon", MEI, requestId=str(uuid4()), offerId=offer["id"])
    asked = {"cardNo": card, "codes": [_shown(bought["coupon"])], "payPoints": 100, "basket": _basket(40000)}
    held = await caller.ask("till", "HoldBasket", TILL, requestId=str(uuid4()), **asked)
    released = await caller.ask("till", "ReleaseBasket", TILL, requestId=str(uuid4()), holdId=held["hold"]["id"])
    assert (released["couponsReleased"], released["pointsReturned"]) == (1, 100)


async def test_bad_input_is_refused_in_words(caller: Caller) -> None:
    card = await _rich(caller)
    wrong = await caller.ask("mobile", "BuyCoupon", MEI, requestId=str(uuid4()), offerId="cpn_nonsense")
    assert wrong["code"] == "INVALID_INPUT"
    wrong = await caller.ask("till", "SettleBasket", TILL, requestId="no-uuid", holdId="hld_x", receiptNo="1")
    assert wrong["code"] == "INVALID_INPUT"
    empty = {"currency": "TWD", "lines": []}
    wrong = await caller.ask("till", "HoldBasket", TILL, requestId=str(uuid4()), cardNo=card, codes=["x"], basket=empty)
    assert wrong["code"] == "INVALID_INPUT"
    asked = {"cardNo": card, "codes": ["x" * 9000, ".", ""], "basket": _basket(100)}
    assert (await caller.ask("till", "CheckBasket", TILL, **asked))["refusal"]["code"] == "COUPON_NOT_FOUND"
    negative = {"cardNo": card, "codes": [], "payPoints": -5, "basket": _basket(100)}
    assert (await caller.ask("till", "CheckBasket", TILL, **negative))["refusal"]["code"] == "INVALID_INPUT"


async def test_text_that_no_database_takes_is_refused_in_words(caller: Caller) -> None:
    card, nul = await _rich(caller), "\x00"
    asked = {"cardNo": nul, "codes": [], "payPoints": 100, "basket": _basket(100)}
    assert (await caller.ask("till", "CheckBasket", TILL, **asked))["refusal"]["code"] == "MEMBER_NOT_FOUND"
    held = await caller.ask(
        "till", "HoldBasket", TILL, requestId=str(uuid4()), cardNo=card, codes=[], payPoints=100, basket=_basket(100)
    )
    hold = held["hold"]["id"]
    wrong = await caller.ask("till", "SettleBasket", TILL, requestId=str(uuid4()), holdId=hold, receiptNo=nul)
    assert wrong["code"] == "INVALID_INPUT"
