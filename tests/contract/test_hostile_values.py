"""Hostile values in every place of every operation: each is refused by name or taken, and none is ever a fault."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.graphql.refusal import CODES
from api.settings import Settings
from tests.contract.test_operations import KINDS, operations_of
from tests.edge import Edge, basket, dumps, line, offer_body, open_edge
from tests.gacha_sheets import odds_body
from tests.things_http import ADDRESS, IDENTITY, TAX, open_pot, stock, store_id, win

MEI, TILL, OWNER, BRAND = "demo:mei", "demo:taipei-1", "demo:olga:owner", "demo:brand"
TEXTS = (
    "", " ", "\x00", "a\x00b", "\u202e\u200b\ufeff", "\x1b[31m\r\n", "𝕏" * 40, "é" * 5_000, "'; DROP TABLE members; --",
    "{0}{x!r}%s%(a)s", "../../etc/passwd", "mem_", "mem_zzzzzzzzzzzzzzzzzzzzzzzzzz", "mem_7zzzzzzzzzzzzzzzzzzzzzzzzz",
    "0" * 36, "٣" * 13, "NaN", "null", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00",
)  # fmt: skip
NUMBERS = (-1, 0, -(2**31), 2**31 - 1, 2**31, 2**63, 10**30, 1.5, True, "7", None)
OVER_SOCKETS = {"BoardChanged"}  # takes no variables; hostile messages: test_graphql_sockets.py
ALLOWED_ERRORS = {"BAD_USER_INPUT", "FORBIDDEN", *CODES}


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        opened.lift_limits()
        yield opened


async def good_requests(edge: Edge) -> list[tuple[str, str, str, dict[str, Any]]]:
    """One good set of variables for each operation."""
    me = await edge.ask("mobile", "Me", MEI)
    await edge.give(MEI, 5_000)
    offer = await edge.offer(MEI, "NT$20 off, printable")
    coupon = await edge.buy(MEI, "NT$20 off, printable")
    receipt = edge.receipt(me["cardNo"], 12_345, lines=[line(1, 12_345, name="n", brand="b", category="c", quantity=1)])
    await edge.ask("till", "RecordReceipt", TILL, receipt=receipt)
    back = {"receiptNo": receipt["receiptNo"], "returnNo": "B-1", "storeCode": "taipei-1", "refundPoints": 0}
    whole = {"currency": "TWD", "lines": receipt["lines"]}
    asked = {"cardNo": me["cardNo"], "codes": [coupon["code"]], "payPoints": 100, "basket": whole}
    held = await edge.ask("till", "HoldBasket", TILL, cardNo=me["cardNo"], codes=[], payPoints=100, basket=basket(900))
    store = await edge.ask("admin", "Store", OWNER, code="taipei-1")
    key = await edge.ask("admin", "MakeKey", OWNER, boundTo=store["id"], name="till 1")
    partner = await edge.ask("partner", "Me", BRAND, first=1)
    paused = await edge.ask("admin", "Pause", OWNER, target="offers", message="m", reason="for the test")
    await edge.ask("admin", "Resume", OWNER, target="offers")
    pool = (await edge.ask("mobile", "Pools", MEI))[0]
    drawn = await edge.ask("mobile", "Draw", MEI, poolId=pool["id"], oddsHash=pool["oddsHash"])
    draw_id = drawn["draws"][0]["id"]
    page = {"first": 5, "after": "WzEsInRpbWVsaW5lIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0"}
    mine = (await edge.ask("admin", "Me", OWNER))["id"]
    draft = {"kind": "offer", "body": dumps(offer_body()), "basedOn": 0, "reason": "for the test"}
    drafts = [(await edge.ask("admin", "DraftSheet", OWNER, **draft, key=f"d-{at}"))["sheetId"] for at in range(4)]
    for each in drafts[1:3]:
        await edge.ask("admin", "SubmitSheet", OWNER, sheetId=each, revision=1, reason="for the test")
    grant = await edge.ask("admin", "ProposeRole", OWNER, operatorId=mine, role="SUPPORT", reason="for the test")
    adjusting = {"memberId": me["id"], "currency": "POINTS", "amount": 1, "reason": "for the test"}
    adjustments = [
        (await edge.ask("admin", "ProposeAdjustment", OWNER, **adjusting))["adjustment"]["id"] for _ in range(2)
    ]
    window = {"activeFrom": (edge.now() - timedelta(days=1)).isoformat(), "activeTo": edge.now().isoformat()}
    cohort = {**window, "activeBy": "VISITED", "tiers": ["general"], "cards": [me["cardNo"]]}
    day = (edge.now() - timedelta(days=3)).date().isoformat()
    gift = {"diamonds": 9_000, "energy": 1, "tickets": 1, "forgivenDays": [day]}
    compensation = {"cohort": cohort, "gift": gift}
    proposed = [
        (await edge.ask("admin", "ProposeCompensation", OWNER, key=f"outage-{at}", members=1, gift=gift,
                        cohort={"cards": [me["cardNo"]]}, reason="for the test"))["compensation"]["id"]
        for at in range(2)
    ]  # fmt: skip
    sheet = {"kind": "offer", "key": "x", "body": dumps(offer_body()), "basedOn": 0, "reason": "for the test"}
    return [
        ("mobile", "Me", MEI, {}), ("mobile", "Profile", MEI, {}), ("mobile", "Consents", MEI, {}),
        ("mobile", "ExportMyData", MEI, {}), ("mobile", "MemberNode", MEI, {"id": me["id"]}),
        ("mobile", "Node", MEI, {"id": me["id"]}), ("mobile", "Offers", MEI, page), ("mobile", "Timeline", MEI, page),
        ("mobile", "Receipts", MEI, page), ("mobile", "Coupons", MEI, {**page, "state": "ISSUED"}),
        ("mobile", "BuyCoupon", MEI, {"offerId": offer["id"]}),
        ("mobile", "SetConsent", MEI, {"purpose": "news", "version": "1", "granted": True}),
        ("mobile", "Pools", MEI, {}), ("mobile", "Seed", MEI, {}), ("mobile", "DrawLimits", MEI, {}),
        ("mobile", "Draws", MEI, page), ("mobile", "DrawReceipt", MEI, {"id": draw_id}),
        ("mobile", "Draw", MEI, {"poolId": pool["id"], "oddsHash": pool["oddsHash"], "count": 1}),
        ("mobile", "SetClientSeed", MEI, {"clientSeed": "alice"}),
        ("mobile", "RevealSeed", MEI, {"clientSeed": "bob"}),
        ("mobile", "SetSelfExclusion", MEI, {"period": "HOURS_24"}),
        ("mobile", "SetBirthYear", MEI, {"birthYear": 1990}),
        ("admin", "MemberDraws", OWNER, {**page, "id": me["id"]}), ("admin", "MemberBoard", OWNER, {"id": me["id"]}),
        ("mobile", "Home", MEI, {"ifVersion": "x"}), ("mobile", "Board", MEI, {}), ("mobile", "Chains", MEI, {}),
        *(
            ("mobile", "PlayMoves", MEI, {"baseRevision": 1, "commands": [move], "season": "2027-spring"})
            for move in (
                {"tap": {"cell": 31}}, {"merge": {"from": 0, "to": 1}}, {"move": {"from": 0, "to": 1}},
                {"store": {"cell": 0}}, {"retrieve": {"slot": 0, "cell": 1, "inbox": False}}, {"sell": {"cell": 0}},
                {"deliver": {"order": 1}}, {"open": {"cell": 0}}, {"pop": {"cell": 0}}, {"claimLevel": {"level": 2}},
            )
        ),
        ("mobile", "Shop", MEI, {}), ("mobile", "DrawMe", MEI, {}), ("mobile", "CouponsToShow", MEI, page),
        ("mobile", "PastDraws", MEI, page),
        ("mobile", "Play", MEI, {"baseRevision": 1, "commands": [{"tap": {"cell": 31}}]}),
        ("mobile", "OpenApp", MEI, {"device": {"system": "IOS", "form": "PHONE"}}),
        ("mobile", "RecordExposure", MEI, {"screen": "home", "shown": ["board", "pool:daily"]}),
        ("mobile", "Streak", MEI, {}), ("mobile", "Calendar", MEI, {}),
        ("mobile", "Season", MEI, {}), ("mobile", "PastSeasons", MEI, {"first": 5}),
        ("mobile", "CheckIn", MEI, {"day": "2026-06-15", "season": "2027-spring"}),
        ("mobile", "MakeUp", MEI, {"day": "2026-06-14"}),
        ("mobile", "RepairStreak", MEI, {"payDiamonds": True}),
        ("mobile", "SetTimezone", MEI, {"timezone": "Asia/Tokyo"}),
        ("mobile", "Quests", MEI, {}), ("mobile", "ClaimQuest", MEI, {"code": "daily-check-in"}),
        ("mobile", "RerollPrice", MEI, {}),
        ("mobile", "RerollOrder", MEI, {"baseRevision": 1, "order": 2, "mostDiamonds": 0}),
        ("mobile", "Chests", MEI, {}), ("mobile", "ChestReceipt", MEI, {"number": 3}),
        ("mobile", "QueueChest", MEI, {"number": 3}),
        ("mobile", "HurryChest", MEI, {"number": 3, "mostDiamonds": 5}), ("mobile", "OpenChest", MEI, {"number": 3}),
        ("mobile", "EnergyRefill", MEI, {}), ("mobile", "RefillEnergy", MEI, {"mostDiamonds": 20}),
        ("mobile", "EraseMe", MEI, {}), ("mobile", "KeepMe", MEI, {}),
        ("till", "Member", TILL, {"cardNo": me["cardNo"]}), ("till", "CheckBasket", TILL, asked),
        ("till", "HoldBasket", TILL, asked), ("till", "ReleaseBasket", TILL, {"holdId": held["hold"]["id"]}),
        ("till", "SettleBasket", TILL, {"holdId": held["hold"]["id"], "receiptNo": "S-1"}),
        ("till", "RecordReceipt", TILL, {"receipt": receipt}),
        ("till", "RecordReturn", TILL,
         {"receiptReturn": {**back, "lines": [{"lineNo": 1, "quantity": 1, "amountMinor": 12_345}]}}),
        ("partner", "Me", BRAND, page), ("partner", "PartnerNode", BRAND, {"id": partner["id"]}),
        ("partner", "RotateMyKey", BRAND, {"overlapHours": 1}),
        ("admin", "Me", OWNER, {}), ("admin", "Members", OWNER, {"text": "mei", "first": 5}),
        ("admin", "MemberNode", OWNER, {**page, "id": me["id"], "at": edge.now().isoformat()}),
        ("admin", "Identities", OWNER, {"id": me["id"]}), ("admin", "Keys", OWNER, {**page, "boundTo": store["id"]}),
        ("admin", "Store", OWNER, {"code": "taipei-1"}), ("admin", "Pauses", OWNER, {"first": 5}),
        ("admin", "Sheets", OWNER, {"kind": "offer", "key": "x", "first": 5}),
        ("admin", "AdjustWallet", OWNER,
         {"memberId": me["id"], "currency": "POINTS", "amount": 1, "reason": "for the test"}),
        ("admin", "SetMemberStatus", OWNER, {"memberId": me["id"], "suspended": False}),
        ("admin", "LinkIdentity", OWNER, {"memberId": me["id"], "kind": "email", "subject": "mei@example.org"}),
        ("admin", "MakeKey", OWNER, {"boundTo": store["id"], "name": "till 2"}),
        ("admin", "RotateKey", OWNER, {"keyId": key["keyId"], "overlapHours": 1}),
        ("admin", "RevokeKey", OWNER, {"keyId": key["keyId"]}),
        ("admin", "MakeStore", OWNER, {"store": {"code": "x-1", "name": "n", "timezone": "UTC", "currency": "TWD",
                                                 "channel": "STORE"}}),
        ("admin", "MakePartner", OWNER, {"name": "Alpine Dairy"}), ("admin", "PublishSheet", OWNER, sheet),
        ("admin", "DraftSheet", OWNER, {**draft, "key": "y", "fromVersion": None}),
        ("admin", "EditSheet", OWNER,
         {"sheetId": drafts[0], "revision": 1, "body": dumps(offer_body()), "reason": "for the test"}),
        ("admin", "SubmitSheet", OWNER, {"sheetId": drafts[3], "revision": 1, "reason": "for the test"}),
        ("admin", "ReturnSheet", OWNER, {"sheetId": drafts[1], "comment": "for the test"}),
        ("admin", "ApproveSheet", "demo:omar:owner",
         {"sheetId": drafts[2], "revision": 1, "reason": "for the test", "at": "2099-01-01T00:00"}),
        ("admin", "WithdrawSheet", OWNER, {"sheetId": drafts[1], "reason": "for the test"}),
        ("admin", "SheetReview", OWNER, {"id": drafts[0]}),
        ("admin", "BoardPreview", OWNER, {"sheetIds": [], "commands": [{"tap": {"cell": 23}}], "level": 2}),
        ("admin", "OddsPreview", OWNER, {"key": "spring", "body": dumps(odds_body())}),
        *await prize_requests(edge, page),
        ("admin", "Trail", OWNER, {**page, "subject": "offer.x"}), ("admin", "FairnessMonitor", OWNER, {}),
        ("admin", "FairnessReadings", OWNER, {"first": 5}), ("admin", "SeasonFigures", OWNER, {"days": 7}),
        ("admin", "SheetChanges", OWNER, {"older": drafts[0], "newer": drafts[0]}),
        ("admin", "MemberDrawChecks", OWNER, {**page, "id": me["id"]}),
        ("admin", "ProposeRole", OWNER, {"operatorId": mine, "role": "AUDITOR", "reason": "for the test"}),
        ("admin", "ApproveRole", "demo:omar:owner", {"grantId": grant["grantId"]}),
        ("admin", "EndRole", OWNER, {"grantId": grant["grantId"], "reason": "for the test"}),
        ("admin", "RoleGrants", OWNER, {"first": 5}),
        ("admin", "Pause", OWNER, {"target": "offers", "message": "m", "reason": "for the test"}),
        ("admin", "Resume", OWNER, {"target": "offers"}),
        ("admin", "ProposeAdjustment", OWNER,
         {"memberId": me["id"], "currency": "POINTS", "amount": 1, "reason": "for the test"}),
        ("admin", "ApproveAdjustment", "demo:omar:owner", {"adjustmentId": adjustments[0]}),
        ("admin", "WithdrawAdjustment", OWNER, {"adjustmentId": adjustments[1], "reason": "for the test"}),
        ("admin", "Adjustments", OWNER, {**page, "waiting": True}),
        ("admin", "AddCaseNote", OWNER, {"memberId": me["id"], "text": "for the test"}),
        ("admin", "CaseNotes", OWNER, {**page, "id": me["id"]}),
        ("admin", "CompensationPreview", OWNER, {"key": "outage-9", **compensation}),
        ("admin", "ProposeCompensation", OWNER,
         {"key": "outage-9", **compensation, "members": 1, "reason": "for the test"}),
        ("admin", "ApproveCompensation", "demo:omar:owner", {"compensationId": proposed[0], "members": 1}),
        ("admin", "StopCompensation", OWNER, {"compensationId": proposed[1], "reason": "for the test"}),
        ("admin", "CloneSeason", OWNER,
         {"code": "2027-summer", "basedOn": 1, "starts": "2027-06-01", "ends": "2027-09-01", "reason": "for the test"}),
        ("admin", "SeasonTurns", OWNER, {}),
        ("admin", "Compensations", OWNER, page), ("admin", "CompensationNode", OWNER, {"id": proposed[0]}),
        ("admin", "ReviewPause", OWNER, {"pauseId": paused["pauseId"], "note": "looked at it"}),
    ]  # fmt: skip


async def prize_requests(edge: Edge, page: dict[str, Any]) -> list[tuple[str, str, str, dict[str, Any]]]:
    await open_pot(edge, value_minor=150_000)
    await stock(edge, 3)
    await stock(edge, 3, "enamel-pot")
    await edge.give(MEI, 20, "STAMPS")
    prize_id, where = await win(edge, "demo:wina"), await store_id(edge)
    prize, thing = {"prizeId": prize_id}, {"thing": "enamel-pot", "storeId": where}
    claim = {**prize, "address": ADDRESS, "storeId": None, "identity": IDENTITY}
    picked = (await edge.ask("mobile", "PickThing", "demo:mei", **thing))["prize"]
    return [
        ("mobile", "Prizes", MEI, page), ("mobile", "Catalogue", MEI, {}), ("mobile", "PickThing", MEI, thing),
        ("mobile", "ClaimPrize", "demo:wina", claim), ("till", "CheckPrize", TILL, {"code": picked["code"]}),
        ("till", "HandOverPrize", TILL, {"code": picked["code"], "cashMinor": 19_900, "receiptNo": "R-5"}),
        ("admin", "Prizes", OWNER, {**page, "state": "WON", "storeId": where}),
        ("admin", "PrizeToPost", OWNER, {"id": prize_id}), ("admin", "PrizeToClear", TAX, {"id": prize_id}),
        ("admin", "ClearPrizeTax", TAX, {**prize, "receivedMinor": 0}),
        ("admin", "MarkPrizeReady", OWNER, {**prize, "trackingNo": "TW-1"}),
        ("admin", "MarkPrizeFulfilled", OWNER, prize), ("admin", "ExportIdentities", TAX, {"year": 2027}),
        ("admin", "ForfeitPrize", OWNER, {**prize, "reason": "for the test"}),
        ("admin", "StoreStock", OWNER, {"thing": "pot"}),
        ("admin", "SetStoreStock", OWNER, {**thing, "onHand": 3, "reason": "for the test"}),
    ]  # fmt: skip


def hostile(value: Any) -> Iterator[Any]:
    """The value with one place of it changed, for every place and every hostile value."""
    if isinstance(value, dict):
        for key, inside in value.items():
            for changed in hostile(inside):
                yield {**value, key: changed}
        yield {**value, "unknownKey": 1}
    elif isinstance(value, list):
        yield []
        yield value * 60
        yield value[0] if value else "x"
        for at, inside in enumerate(value):
            for changed in hostile(inside):
                yield [*value[:at], changed, *value[at + 1 :]]
    elif isinstance(value, str):
        yield from TEXTS
        yield from (None, 7, [value], {"a": value})
    else:
        yield from NUMBERS


@pytest.mark.parametrize("kind", KINDS)
async def test_no_value_in_any_place_is_a_fault(edge: Edge, kind: str) -> None:
    requests = [each for each in await good_requests(edge) if each[0] == kind]
    assert {name for _, name, _, _ in requests} == operations_of(kind) - OVER_SOCKETS
    wrong = []
    for _, name, who, variables in requests:
        text = edge.operation(kind, name)
        base = {"requestId": str(uuid4()), **variables} if text.startswith("mutation") else variables
        for changed in hostile(base):
            if "requestId" in changed and changed["requestId"] == base["requestId"]:
                changed["requestId"] = str(uuid4())
            # A rate of one request after another: whatever the answer, the next one is judged anew.
            answer = await edge.send(kind, who, text, **{k: v for k, v in changed.items() if k != "unknownKey"})
            if not may_be_answered(answer.status_code, answer.json()):
                wrong.append((name, changed, answer.status_code, answer.text[:300]))
    assert not wrong, f"{len(wrong)}: {wrong[:8]}"
    await edge.check_books()


def may_be_answered(status: int, body: dict[str, Any]) -> bool:
    """Data, a refusal, or errors that name what is wrong; a fault never."""
    codes = {error["extensions"]["code"] for error in body.get("errors", [])}
    return status in {200, 294, 400} and codes <= ALLOWED_ERRORS


@pytest.mark.parametrize("text", ['"\\ud800"', '"\\udfff\\ud800"', "1e400", "NaN", "-0", "[" * 500 + "]" * 500])
async def test_json_that_other_readers_take_differently_is_no_fault(edge: Edge, text: str) -> None:
    query = "query M($cardNo: String!) { member(cardNo: $cardNo) { id } }"
    body = f'{{"query": "{query}", "variables": {{"cardNo": {text}}}}}'.encode()
    headers = {"authorization": f"Bearer {TILL}", "content-type": "application/json"}
    answer = await edge.client.post("/till/graphql", content=body, headers=headers)
    assert answer.json()["errors"][0]["extensions"]["code"] in {"BAD_REQUEST", "BAD_USER_INPUT"}


DEEP = '{"a":' * 400 + "1" + "}" * 400


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "INVALID_INPUT"),
        ("[]", "INVALID_INPUT"),
        ("{", "INVALID_INPUT"),
        ("[" * 30_000, "INVALID_INPUT"),
        (DEEP, "INVALID_INPUT"),
        ('{"kind": "\\ud800"}', "INVALID_INPUT"),
        ('{"kind": NaN}', "INVALID_INPUT"),
        ('{"a": ' + "1" * 50_000 + "}", "INVALID_INPUT"),
        ('{"a": 1e308, "b": -0.0, "c": null}', "SHEET_INVALID"),
        (dumps(offer_body(funder="a\x00b")), "SHEET_INVALID"),
        (dumps(offer_body(name={"en": "x", "zh-TW": "x", "\x00": "y"})), "SHEET_INVALID"),
        (dumps(offer_body(validity=[])), "SHEET_INVALID"),
        (dumps(offer_body(price={"currency": "POINTS", "amount": 2**31})), "SHEET_INVALID"),
        (dumps(offer_body(scope={"categories": ["BEER", "嬰兒奶粉"]})), "SHEET_INVALID"),
    ],
)
async def test_a_hostile_sheet_is_refused(edge: Edge, body: str, code: str) -> None:
    answer = await edge.publish_sheet("offer", "hostile", body)
    assert answer["code"] == code, answer
    assert await edge.rows("SELECT 1 FROM sheets WHERE key = 'hostile'") == []


@pytest.mark.parametrize("key", ["", " ", "\x00", "a\x00", "é", "k" * 61, "\n"])
async def test_a_hostile_key_of_a_sheet_is_refused(edge: Edge, key: str) -> None:
    answer = await edge.publish(key)
    assert answer.get("code") == "INVALID_INPUT"
