"""Bad input gets a clear error and loses nothing: the list that the shop opened with, over HTTP, with exact codes.

Refusals that need no more than their code are reached in `test_refusal_codes.py`; here stand statuses, credentials, and
what must be unchanged afterwards.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.identity.rules import KEY_CACHE_SECONDS
from api.runtime.checksums import changed_tables
from api.settings import Settings
from loyalty.ids import to_typeid
from tests.contract.test_refusal_codes import SCENARIOS
from tests.edge import Edge, basket, dumps, line, offer_body, open_edge
from tests.gacha_sheets import odds_body, prize
from tests.rules.test_identity_firebase import PROJECT, Issuer, issuer, signer

__all__ = ["issuer", "signer"]  # fixtures
MEI, TILL, OTHER_TILL, OWNER = "demo:mei", "demo:taipei-1", "demo:kaohsiung-2", "demo:olga:owner"


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        yield opened


async def test_a_refusal_changes_no_balance_and_no_coupon(edge: Edge) -> None:
    for who in (MEI, "demo:li"):
        await edge.give(who, 100_000)
    for code in (
        "OFFER_NOT_FOUND", "NOT_ENOUGH", "SOLD_OUT", "MEMBER_LIMIT", "BASKET_NO_MATCH", "BASKET_TOO_SMALL",
        "COUPON_EXPIRED", "COUPON_REDEEMED", "COUPON_RESERVED", "COUPON_OTHER_MEMBER", "COUPON_TOKEN_OLD",
        "RECEIPT_MISMATCH", "RETURN_EXCEEDS", "AMOUNT_OUT_OF_RANGE", "HOLD_OTHER_STORE", "WRONG_RECEIPT",
    ):  # fmt: skip
        kind, name, who, variables = await SCENARIOS[code](edge)
        before = await holdings(edge)
        assert await edge.code(kind, name, who, **variables) == code
        assert await holdings(edge) == before, code


async def holdings(edge: Edge) -> list[list[tuple[Any, ...]]]:
    """Everything of worth."""
    return [
        await edge.rows("SELECT member_id, currency, balance, owed FROM wallets ORDER BY 1, 2"),
        await edge.rows("SELECT id, state, hold_id FROM coupons ORDER BY 1"),
        await edge.rows("SELECT id, state, receipt_no FROM holds ORDER BY 1"),
        await edge.rows("SELECT id, points, revoked_points FROM receipts ORDER BY 1"),
        await edge.rows("SELECT scope, id FROM request_results ORDER BY 1, 2"),
        await edge.rows("SELECT slug, version, issued FROM offers ORDER BY 1"),
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lines": [line(1, -1)]}, "INVALID_INPUT"),
        ({"lines": [line(1, 2**31 - 1)]}, "INVALID_INPUT"),
        ({"lines": [line(1, 600_000_000), line(2, 600_000_000)]}, "INVALID_INPUT"),
        ({"lines": [line(1, 100, quantity=-1)]}, "INVALID_INPUT"),
        ({"lines": [line(1, 100, quantity=2_000_000)]}, "INVALID_INPUT"),
        ({"lines": [line(1, 100), line(1, 100)]}, "INVALID_INPUT"),
        ({"lines": [line(0, 100)]}, "INVALID_INPUT"),
        ({"lines": [line(at, 1) for at in range(1, 502)]}, "INVALID_INPUT"),
        ({"lines": []}, "INVALID_INPUT"),
        ({"receiptNo": ""}, "INVALID_INPUT"),
        ({"receiptNo": "R 1"}, "INVALID_INPUT"),
        ({"receiptNo": "R" * 65}, "INVALID_INPUT"),
        ({"boughtAt": "2099-01-01T00:00:00Z"}, "INVALID_INPUT"),
        ({"boughtAt": "2001-01-01T00:00:00Z"}, "INVALID_INPUT"),
        ({"currency": "XXX"}, "NO_EARNING_SHEET"),
        ({"cardNo": "4006381333931"}, "MEMBER_NOT_FOUND"),
        ({"cardNo": "2900000000000000000"}, "MEMBER_NOT_FOUND"),
    ],
)
async def test_a_receipt_that_no_till_would_print_is_refused(edge: Edge, changes: dict[str, Any], code: str) -> None:
    receipt = edge.receipt(await edge.card(MEI), 100, **changes)
    assert await edge.code("till", "RecordReceipt", TILL, receipt=receipt) == code
    assert await edge.rows("SELECT 1 FROM receipts") == []


@pytest.mark.parametrize(
    ("lines", "changes", "code"),
    [
        ([(1, 1, -1)], {}, "INVALID_INPUT"),
        ([(1, -1, 5)], {}, "INVALID_INPUT"),
        ([(1, 0, 0)], {}, "INVALID_INPUT"),
        ([(7, 1, 5)], {}, "INVALID_INPUT"),
        ([], {}, "INVALID_INPUT"),
        ([(1, 2, 100)], {}, "RETURN_EXCEEDS"),
        ([(1, 1, 60), (1, 0, 60)], {}, "RETURN_EXCEEDS"),
        ([(1, 1, 2**31 - 1)], {}, "RETURN_EXCEEDS"),
        ([(1, 1, 100)], {"returnNo": ""}, "INVALID_INPUT"),
        ([(1, 1, 100)], {"refundPoints": -1}, "INVALID_INPUT"),
        ([(1, 1, 100)], {"refundPoints": 1}, "TENDER_RETURN_EXCEEDS"),
        ([(1, 1, 100)], {"receiptNo": "?"}, "INVALID_INPUT"),
        ([(1, 1, 100)], {"receiptNo": "R-none"}, "RECEIPT_NOT_FOUND"),
        ([(1, 1, 100)], {"storeCode": "nowhere"}, "INVALID_INPUT"),
        ([(1, 1, 100)], {"storeCode": "kaohsiung-2"}, "RECEIPT_NOT_FOUND"),
    ],
)
async def test_a_return_that_cannot_be_is_refused(
    edge: Edge, lines: list[tuple[int, int, int]], changes: dict[str, Any], code: str
) -> None:
    receipt = edge.receipt(await edge.card(MEI), 100, 200)
    assert await edge.code("till", "RecordReceipt", TILL, receipt=receipt) == "ok"
    given = {
        "receiptNo": receipt["receiptNo"], "returnNo": "B-1", **changes,
        "lines": [dict(zip(("lineNo", "quantity", "amountMinor"), each, strict=True)) for each in lines],
    }  # fmt: skip
    assert await edge.code("till", "RecordReturn", TILL, receiptReturn=given) == code
    assert await edge.rows("SELECT 1 FROM returns") == []


@pytest.mark.parametrize(
    "offer_id", ["", "off_", "7", "mem_01h455vb4pex5vsknk084sn02q", "off_81h455vb4pex5vsknk084sn02q"]
)
async def test_a_malformed_id_names_its_field(edge: Edge, offer_id: str) -> None:
    await edge.ask("mobile", "Me", MEI)
    before = await edge.checksums()
    refused = await edge.ask("mobile", "BuyCoupon", MEI, offerId=offer_id)
    assert (refused["code"], refused["message"].partition(":")[0]) == ("INVALID_INPUT", "offerId")
    refused = await edge.ask("mobile", "BuyCoupon", MEI, offerId=to_typeid("off", uuid4()), requestId="no uuid")
    assert (refused["code"], refused["message"].partition(":")[0]) == ("INVALID_INPUT", "requestId")
    wrong = offer_id if not offer_id.startswith("mem_") else offer_id.upper()
    assert await edge.error("mobile", "Node", MEI, id=wrong) == (294, "BAD_USER_INPUT")
    assert changed_tables(before, await edge.checksums()) == []


@pytest.mark.parametrize("path", ["/graphql", "/till/graphql", "/partner/graphql", "/admin/graphql"])
async def test_a_body_of_10_mb_and_a_query_of_2000_levels_are_turned_away(edge: Edge, path: str) -> None:
    who = {"/graphql": MEI, "/till/graphql": TILL, "/partner/graphql": "demo:brand", "/admin/graphql": OWNER}[path]
    headers = {
        "authorization": f"Bearer {who}", "content-type": "application/json",
        "accept": "application/graphql-response+json",
    }  # fmt: skip
    assert (await edge.client.post(path, json={"query": "{ __typename }"}, headers=headers)).status_code == 200
    before = await edge.checksums()
    answer = await edge.client.post(path, content=b'{"query": "' + b" " * 10_000_000 + b'"}', headers=headers)
    assert (answer.status_code, code_of(answer.json())) == (413, "BODY_TOO_LARGE")
    deep = "{me" * 2_000 + "}" * 2_000
    answer = await edge.client.post(path, json={"query": deep}, headers=headers)
    assert (answer.status_code, code_of(answer.json())) == (400, "TOO_DEEP")
    assert changed_tables(before, await edge.checksums()) == []


def code_of(body: dict[str, Any]) -> str:
    assert "data" not in body
    return str(body["errors"][0]["extensions"]["code"])


async def test_a_key_works_at_its_own_store_alone(edge: Edge) -> None:
    card = await edge.card(MEI)
    await edge.give(MEI, 1_000)
    stores = {code: await edge.ask("admin", "Store", OWNER, code=code) for code in ("taipei-1", "kaohsiung-2")}
    keys = {
        code: (await edge.ask("admin", "MakeKey", OWNER, boundTo=store["id"], name=code))["text"]
        for code, store in stores.items()
    }
    asked = {"cardNo": card, "codes": [], "payPoints": 200, "basket": basket(5_000)}
    held = await edge.ask("till", "HoldBasket", keys["taipei-1"], **asked)
    hold_id = held["hold"]["id"]
    other = keys["kaohsiung-2"]
    assert await edge.code("till", "SettleBasket", other, holdId=hold_id, receiptNo="S-1") == "HOLD_OTHER_STORE"
    assert await edge.code("till", "ReleaseBasket", other, holdId=hold_id) == "HOLD_OTHER_STORE"
    # The same basket there is another hold, of other points.
    again = await edge.ask("till", "HoldBasket", other, **asked)
    assert again["hold"]["id"] != hold_id
    assert (await edge.wallet(MEI))["points"] == 600
    # And its receipt number is its own.
    for key in keys.values():
        assert await edge.code("till", "RecordReceipt", key, receipt=edge.receipt(card, 900, receiptNo="N-1")) == "ok"
    assert await edge.code("till", "SettleBasket", keys["taipei-1"], holdId=hold_id, receiptNo="S-1") == "ok"


async def test_a_stolen_key_stops_at_once_when_it_is_revoked_and_after_the_overlap_when_it_is_rotated(
    edge: Edge,
) -> None:
    store = await edge.ask("admin", "Store", OWNER, code="taipei-1")
    card = await edge.card(MEI)

    async def made(name: str) -> dict[str, str]:
        found: dict[str, str] = await edge.ask("admin", "MakeKey", OWNER, boundTo=store["id"], name=name)
        return found

    async def opens(text: str) -> bool:
        answer = await edge.send("till", text, edge.operation("till", "Member"), cardNo=card)
        assert answer.status_code in {200, 401}
        return answer.status_code == 200

    stolen, old, kept = await made("stolen"), await made("old"), await made("kept")
    assert [await opens(each["text"]) for each in (stolen, old, kept)] == [True] * 3
    await edge.ask("admin", "RevokeKey", OWNER, keyId=stolen["keyId"])
    at_once = await edge.ask("admin", "RotateKey", OWNER, keyId=old["keyId"], overlapHours=0)
    later = await edge.ask("admin", "RotateKey", OWNER, keyId=kept["keyId"], overlapHours=2)
    if len(edge.servers) > 1:
        # The one that ended a key forgets it; the others remember it for this long.
        edge.ahead = timedelta(seconds=KEY_CACHE_SECONDS)
    assert [await opens(each["text"]) for each in (stolen, old, kept, at_once, later)] == [
        False,
        False,
        True,
        True,
        True,
    ]
    edge.ahead = timedelta(hours=3)
    assert [await opens(each["text"]) for each in (stolen, old, kept, at_once, later)] == [
        False,
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("kind", "who", "status", "code"),
    [
        ("mobile", "", 401, "UNAUTHENTICATED"),
        ("mobile", "Bearer", 401, "UNAUTHENTICATED"),
        ("mobile", "Basic bWVpOm1laQ==", 401, "UNAUTHENTICATED"),
        ("mobile", "demo:mei:owner", 401, "UNAUTHENTICATED"),
        ("mobile", "demo:", 401, "UNAUTHENTICATED"),
        ("mobile", "demo:a b", 401, "UNAUTHENTICATED"),
        ("mobile", "demo:" + "a" * 65, 401, "UNAUTHENTICATED"),
        ("till", "Key key_01h455vb4pex5vsknk084sn02q." + "a" * 43, 401, "UNAUTHENTICATED"),
        ("till", "Key key_01h455vb4pex5vsknk084sn02q", 401, "UNAUTHENTICATED"),
        ("till", "demo:taipei-1:owner", 401, "UNAUTHENTICATED"),
        ("partner", "demo:brand:owner", 401, "UNAUTHENTICATED"),
        ("admin", "demo:mei", 403, "FORBIDDEN"),
        ("admin", "demo:mei:king", 403, "FORBIDDEN"),
        ("admin", "demo:mei:owner:owner", 401, "UNAUTHENTICATED"),
    ],
)
async def test_a_credential_that_does_not_hold_opens_nothing(
    edge: Edge, kind: str, who: str, status: int, code: str
) -> None:
    before = await edge.checksums()
    answer = await edge.send(kind, who, "{ __typename }")
    assert (answer.status_code, code_of(answer.json())) == (status, code)
    assert changed_tables(before, await edge.checksums()) == []


async def test_a_key_opens_the_schema_that_it_was_made_for_alone(edge: Edge) -> None:
    store = await edge.ask("admin", "Store", OWNER, code="taipei-1")
    brand = await edge.ask("partner", "Me", "demo:brand", first=1)
    till = (await edge.ask("admin", "MakeKey", OWNER, boundTo=store["id"], name="till"))["text"]
    office = (await edge.ask("admin", "MakeKey", OWNER, boundTo=brand["id"], name="office"))["text"]
    for kind, key, status in (
        ("till", till, 200), ("partner", till, 401), ("mobile", till, 401), ("admin", till, 401),
        ("partner", office, 200), ("till", office, 401), ("mobile", office, 401), ("admin", office, 401),
    ):  # fmt: skip
        assert (await edge.send(kind, key, "{ __typename }")).status_code == status, kind


async def _grant(edge: Edge, issuer: Issuer, role: str) -> None:
    """Two people whose tokens claim `owner` grant a role to ann; nobody holds a granted one yet."""
    first, second = [f"Bearer {issuer.token(name, roles=['owner'])}" for name in ("olga", "omar")]
    [(ann,)] = await edge.rows("SELECT id FROM operators WHERE uid = 'ann'")
    asked = {"operatorId": to_typeid("opr", ann), "role": role.upper(), "reason": "joins the desk"}
    grant = await edge.ask("admin", "ProposeRole", first, **asked)
    assert await edge.code("admin", "ApproveRole", first, grantId=grant["grantId"]) == "SHEET_OWN"
    assert await edge.code("admin", "ApproveRole", second, grantId=grant["grantId"]) == "ok"


async def test_stolen_and_expired_tokens_are_401_and_roles_count(settings: Settings, issuer: Issuer) -> None:
    real = replace(settings, demo=False, firebase_project_id=PROJECT, google_application_credentials=issuer.credential)
    async with open_edge(real) as edge:
        issuer.users = {"mei": {}, "ann": {}, "olga": {}, "omar": {}}
        issuer.users |= {"stolen": {"validSince": str(2**31)}, "left": {"disabled": True}}

        async def status(kind: str, token: str) -> int:
            return (await edge.send(kind, f"Bearer {token}", "{ __typename }")).status_code

        good = issuer.token("mei")
        assert (await edge.ask("mobile", "Me", f"Bearer {good}"))["cardNo"]
        assert await status("mobile", issuer.token("mei", exp=1_700_000_000, iat=1_699_999_000)) == 401
        assert await status("mobile", issuer.token("stolen")) == 401
        assert await status("mobile", issuer.token("left")) == 401
        assert await status("mobile", issuer.token("mei", aud="another-project")) == 401
        assert await status("mobile", good[:-4] + "AAAA") == 401
        assert await status("mobile", "demo:mei") == 401
        assert await status("admin", good) == 403
        assert await status("partner", good) == 403
        assert await status("till", good) == 401
        ann = issuer.token("ann", roles=["support"])
        assert await status("admin", ann) == 403, "two owners have to grant what the token claims"
        await _grant(edge, issuer, "support")
        edge.ahead += timedelta(seconds=6)
        assert await status("admin", ann) == 200
        assert await status("partner", issuer.token("ann", partner=to_typeid("par", uuid4()))) == 403


async def test_a_sheet_with_five_mistakes_names_all_five_with_file_and_key(edge: Edge) -> None:
    body = offer_body(
        kind="BOGOF", amount_minor=None, cap_minor=5, funder="", validity={"days": -1}, price={"currency": "TICKETS"}
    )
    await edge.ask("admin", "Me", "demo:cam:campaign_manager")
    before = await edge.checksums()
    answer = await edge.publish_sheet("offer", "five", body)
    assert answer["code"] == "SHEET_INVALID"
    [first, *faults] = answer["message"].splitlines()
    assert sorted(fault.split(": ")[1] for fault in faults) == [
        "amount_minor", "cap_minor", "funder", "kind", "price.amount", "price.currency", "validity.days",
        "validity.days",
    ]  # fmt: skip
    assert all(fault.startswith("offer.five: ") for fault in faults)
    assert str(len(faults)) in first
    assert changed_tables(before, await edge.checksums()) == []


async def test_a_draw_is_refused_at_the_door_and_nothing_has_changed(edge: Edge) -> None:
    """Codes that other things are refused with too; those that draws have for themselves are reached elsewhere."""
    for slug in ("dear", "stopped", "emptied"):
        price = 5_000 if slug == "dear" else 1
        few = {"stock": 1, "when_gone": "CLOSE_POOL", "fallback": "rest"} if slug == "emptied" else {}
        prizes = [prize("it", "PLAIN", 1_000_000, **few), *([prize("rest", "PLAIN", 0, amount=1)] if few else [])]
        changes = {"name": {"en": slug, "zh-TW": slug}, "price_diamonds": price, "takes_tickets": False}
        body = odds_body(hazard=None, ten_guarantee=False, prizes=prizes, **changes)
        asked = {"kind": "odds", "key": slug, "body": dumps(body), "basedOn": 0, "reason": "for the test"}
        assert await edge.code("admin", "PublishSheet", "demo:odo:odds_editor", **asked) == "ok", slug
    await edge.give(MEI, 100, "DIAMONDS")
    pools = {each["name"]: each for each in await edge.ask("mobile", "Pools", MEI)}
    seen = {name: {"poolId": pool["id"], "oddsHash": pool["oddsHash"]} for name, pool in pools.items()}
    assert await edge.code("mobile", "Draw", MEI, **seen["emptied"]) == "ok"
    paused = {"target": "pool:stopped", "message": "Back at noon.", "reason": "a wrong price"}
    assert await edge.code("admin", "Pause", OWNER, **paused) == "ok"
    before = await edge.checksums()
    for slug, code in (("dear", "NOT_ENOUGH"), ("stopped", "PAUSED"), ("emptied", "SOLD_OUT")):
        assert await edge.code("mobile", "Draw", MEI, **seen[slug]) == code
    for client_seed in ("", "a b", "é", "s" * 65, "a|b"):
        for name in ("SetClientSeed", "RevealSeed"):
            assert await edge.code("mobile", name, MEI, clientSeed=client_seed) == "CLIENT_SEED_INVALID"
    assert changed_tables(before, await edge.checksums()) == []
