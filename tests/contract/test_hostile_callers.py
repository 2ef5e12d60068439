"""Callers who want what is not theirs: another member, another store's till, an operator with too small a role, another
partner; and documents made to hurt."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from api.identity.rules import Role
from api.settings import Settings
from loyalty.ids import to_typeid
from loyalty.members.actions import erase_due
from tests.edge import API, Edge, Said, basket, dumps, line, offer_body, open_edge
from tests.seeding import table_names
from tests.things_http import stock

MEI, LI, TILL, OTHER_TILL, OWNER = "demo:mei", "demo:li", "demo:taipei-1", "demo:kaohsiung-2", "demo:olga:owner"


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        opened.lift_limits()
        yield opened


# --- another member


async def test_nothing_of_another_member_is_found_by_its_id(edge: Edge) -> None:
    await edge.give(MEI, 1_000)
    coupon = await edge.buy(MEI, "NT$20 off, printable")
    receipt = edge.receipt(await edge.card(MEI), 100)
    recorded = await edge.ask("till", "RecordReceipt", TILL, receipt=receipt)
    event = (await edge.ask("mobile", "Timeline", MEI, first=1))["nodes"][0]
    for node_id in (await edge.member_id(MEI), coupon["id"], recorded["receipt"]["id"], event["id"]):
        assert (await edge.ask("mobile", "Node", MEI, id=node_id))["id"] == node_id
        assert await edge.ask("mobile", "Node", LI, id=node_id) is None
    page = await edge.ask("mobile", "Timeline", MEI, first=1)
    theirs = await edge.ask("mobile", "Timeline", LI, first=100, after=page["pageInfo"]["endCursor"])
    own = {node["id"] for node in (await edge.ask("mobile", "Timeline", LI, first=100))["nodes"]}
    assert {node["id"] for node in theirs["nodes"]} <= own
    for name in ("Receipts", "Coupons", "Offers"):
        assert await edge.error("mobile", name, LI, first=5, after=page["pageInfo"]["endCursor"]) == (
            294, "BAD_USER_INPUT",
        )  # fmt: skip
    assert recorded["receipt"]["id"] not in await edge.ask("mobile", "ExportMyData", LI)


async def test_a_code_read_off_another_phone_spends_nothing_on_the_readers_card(edge: Edge) -> None:
    await edge.give(MEI, 1_000)
    coupon = await edge.buy(MEI, "NT$50 off NT$300")
    asked = {"cardNo": await edge.card(LI), "codes": [edge.shown(coupon)], "basket": basket(50_000)}
    assert await edge.code("till", "HoldBasket", TILL, **asked) == "COUPON_OTHER_MEMBER"
    checked = await edge.ask("till", "CheckBasket", TILL, **asked)
    assert (checked["refusal"]["code"], checked["discountMinor"]) == ("COUPON_OTHER_MEMBER", 0)


async def test_request_ids_are_each_callers_own_and_name_one_request(edge: Edge) -> None:
    shared = str(uuid4())
    for who in (MEI, LI):
        answer = await edge.ask(
            "mobile", "SetConsent", who, requestId=shared, purpose="news", version="1", granted=who == MEI
        )
        assert answer["consent"]["granted"] is (who == MEI)
    assert await edge.code("mobile", "EraseMe", MEI, requestId=shared) == "REQUEST_ID_REUSED"
    upper = await edge.ask(
        "mobile", "SetConsent", MEI, requestId=shared.upper(), purpose="news", version="1", granted=True
    )
    assert upper["consent"]["granted"] is True  # a UUID is one, however it is written
    card = await edge.card(MEI)
    for till in (TILL, OTHER_TILL):
        receipt = edge.receipt(card, 1_000)
        assert await edge.code("till", "RecordReceipt", till, requestId=shared, receipt=receipt) == "ok"
        receipt = edge.receipt(card, 1_000)
        assert await edge.code("till", "RecordReceipt", till, requestId=shared, receipt=receipt) == "REQUEST_ID_REUSED"
    # What was refused was not stored: the id is still free.
    free = str(uuid4())
    assert await edge.code("mobile", "KeepMe", MEI, requestId=free) == "ERASURE_NOT_PENDING"
    assert await edge.code("mobile", "EraseMe", MEI, requestId=free) == "ok"
    assert await edge.code("mobile", "KeepMe", MEI, requestId=free) == "REQUEST_ID_REUSED"


async def test_a_replay_after_the_world_moved_on_tells_what_was_and_does_nothing(edge: Edge) -> None:
    await edge.give(MEI, 1_000)
    card = await edge.card(MEI)
    asked = {"requestId": str(uuid4()), "cardNo": card, "codes": [], "payPoints": 300, "basket": basket(5_000)}
    held = await edge.ask("till", "HoldBasket", TILL, **asked)
    await edge.ask("till", "ReleaseBasket", TILL, holdId=held["hold"]["id"])
    assert await edge.ask("till", "HoldBasket", TILL, **asked) == held
    assert (await edge.wallet(MEI))["points"] == 1_000
    member_id = await edge.member_id(MEI)
    gift = {
        "memberId": member_id,
        "currency": "POINTS",
        "amount": 50,
        "reason": "an apology",
        "requestId": str(uuid4()),
    }
    first = await edge.ask("admin", "AdjustWallet", OWNER, **gift)
    await edge.ask("admin", "SetMemberStatus", OWNER, memberId=member_id, suspended=True)
    assert await edge.ask("admin", "AdjustWallet", OWNER, **gift) == first
    assert await edge.code("admin", "AdjustWallet", OWNER, **{**gift, "amount": 51}) == "REQUEST_ID_REUSED"
    with pytest.raises(Said, match="MEMBER_SUSPENDED"):
        await edge.ask("mobile", "Me", MEI)
    await edge.check_books()


async def test_one_request_sent_many_times_at_once_is_done_once(edge: Edge) -> None:
    """Whatever the mutation: impatient clients get one and the same answer."""
    await edge.give(MEI, 10_000)
    card, member_id = await edge.card(MEI), await edge.member_id(MEI)
    store = await edge.ask("admin", "Store", OWNER, code="taipei-1")
    offer = await edge.offer(MEI, "NT$50 off NT$300")
    key = await edge.ask("admin", "MakeKey", OWNER, boundTo=store["id"], name="till")
    for kind, name, who, variables in (
        ("mobile", "BuyCoupon", MEI, {"offerId": offer["id"]}), ("mobile", "EraseMe", MEI, {}),
        ("mobile", "SetConsent", MEI, {"purpose": "news", "version": "1", "granted": True}),
        ("till", "RecordReceipt", TILL, {"receipt": edge.receipt(card, 10_000)}),
        ("till", "HoldBasket", TILL, {"cardNo": card, "codes": [], "payPoints": 100, "basket": basket(5_000)}),
        ("admin", "AdjustWallet", OWNER,
         {"memberId": member_id, "currency": "STAMPS", "amount": 5, "reason": "a gift"}),
        ("admin", "MakeStore", OWNER, {"store": {"code": "new-1", "name": "New"}}),
        ("admin", "MakePartner", OWNER, {"name": "Alpine Dairy"}),
        ("admin", "MakeKey", OWNER, {"boundTo": store["id"], "name": "till 2"}),
        ("admin", "RotateKey", OWNER, {"keyId": key["keyId"]}), ("admin", "RevokeKey", OWNER, {"keyId": key["keyId"]}),
        ("admin", "Pause", OWNER, {"target": "offers", "message": "m", "reason": "for the test"}),
        ("admin", "LinkIdentity", OWNER, {"memberId": member_id, "kind": "email", "subject": "mei@example.org"}),
        ("admin", "SetMemberStatus", OWNER, {"memberId": member_id, "suspended": True}),
        ("admin", "PublishSheet", OWNER,
         {"kind": "offer", "key": "x", "body": dumps(offer_body()), "basedOn": 0, "reason": "for the test"}),
    ):  # fmt: skip
        asked = {**variables, "requestId": str(uuid4())}
        answers = await asyncio.gather(*(edge.ask(kind, name, who, **asked) for _ in range(8)))
        told = [{field: value for field, value in each.items() if field != "text"} for each in answers]
        assert all(each == told[0] and "retryable" not in each for each in told), (name, told)
        texts = [each["text"] for each in answers if each.get("text")]
        assert len(texts) <= 1, "a key's text is shown once"
    await edge.check_books()


# --- another store


async def test_goods_go_back_at_another_store_of_the_chain_under_its_own_number(edge: Edge) -> None:
    """On purpose: goods are taken back anywhere. The till names the store of purchase; return numbers are its own."""
    receipt = edge.receipt(await edge.card(MEI), 10_000, 20_000)
    await edge.ask("till", "RecordReceipt", TILL, receipt=receipt)

    def back(at: int, amount: int, **changes: Any) -> dict[str, Any]:
        lines = [{"lineNo": at, "quantity": 1, "amountMinor": amount}]
        return {"receiptNo": receipt["receiptNo"], "returnNo": "B-1", "lines": lines, **changes}

    here, there = back(1, 10_000), back(2, 20_000, storeCode="taipei-1")
    assert await edge.code("till", "RecordReturn", OTHER_TILL, receiptReturn=here) == "RECEIPT_NOT_FOUND"
    assert (await edge.ask("till", "RecordReturn", TILL, receiptReturn=here))["revoked"]["points"] == 10
    assert (await edge.ask("till", "RecordReturn", OTHER_TILL, receiptReturn=there))["everything"] is True
    assert await edge.code("till", "RecordReturn", OTHER_TILL, receiptReturn=back(1, 10_000)) == "RETURN_MISMATCH"
    again = back(1, 10_000, returnNo="B-2", storeCode="taipei-1")
    assert await edge.code("till", "RecordReturn", OTHER_TILL, receiptReturn=again) == "RETURN_EXCEEDS"
    assert (await edge.wallet(MEI))["points"] == 0
    await edge.check_books()


async def test_a_till_learns_no_personal_data_and_nothing_of_the_erased(edge: Edge) -> None:
    card = await edge.card(MEI)
    assert "mei" not in json.dumps(await edge.ask("till", "Member", TILL, cardNo=card)).replace("memberId", "")
    for number in ("2900000000001", "4006381333931", "", "2" * 13):
        assert await edge.ask("till", "Member", TILL, cardNo=number) is None
    await edge.ask("mobile", "EraseMe", MEI)
    await erase(edge)
    assert await edge.ask("till", "Member", TILL, cardNo=card) is None


# --- operators

ALL = set(Role)
ALLOWED: dict[str, set[Role]] = {
    "AdjustWallet": {Role.SUPPORT}, "SetMemberStatus": {Role.SUPPORT}, "LinkIdentity": {Role.SUPPORT},
    "MakeKey": set(), "RotateKey": set(), "RevokeKey": set(), "MakeStore": set(), "MakePartner": set(),
    "PublishSheet": {Role.CAMPAIGN_MANAGER}, "Pause": {Role.CAMPAIGN_MANAGER, Role.ODDS_APPROVER},
    "Resume": {Role.CAMPAIGN_MANAGER, Role.ODDS_APPROVER},
    "ReviewPause": {Role.CAMPAIGN_MANAGER, Role.ODDS_APPROVER, Role.AUDITOR},
    "Members": {Role.SUPPORT, Role.AUDITOR}, "MemberNode": {Role.SUPPORT, Role.AUDITOR}, "Identities": {Role.SUPPORT},
    "MemberDraws": {Role.SUPPORT, Role.AUDITOR}, "MemberBoard": {Role.SUPPORT, Role.AUDITOR},
    "DraftSheet": {Role.CAMPAIGN_MANAGER}, "EditSheet": {Role.CAMPAIGN_MANAGER},
    "SubmitSheet": {Role.CAMPAIGN_MANAGER}, "ReturnSheet": {Role.CAMPAIGN_MANAGER},
    "ApproveSheet": {Role.CAMPAIGN_MANAGER}, "WithdrawSheet": {Role.CAMPAIGN_MANAGER},
    "SheetReview": ALL, "OddsPreview": ALL, "BoardPreview": ALL, "Trail": ALL, "FairnessMonitor": ALL,
    "FairnessReadings": ALL, "SheetChanges": ALL, "SeasonFigures": ALL,
    "MemberDrawChecks": {Role.SUPPORT, Role.AUDITOR},
    "ProposeRole": set(), "ApproveRole": set(), "EndRole": set(), "RoleGrants": {Role.AUDITOR},
    "ProposeAdjustment": {Role.SUPPORT}, "ApproveAdjustment": {Role.SUPPORT}, "WithdrawAdjustment": {Role.SUPPORT},
    "Adjustments": {Role.SUPPORT, Role.AUDITOR}, "AddCaseNote": {Role.SUPPORT},
    "CaseNotes": {Role.SUPPORT, Role.AUDITOR},
    "CompensationPreview": {Role.CAMPAIGN_MANAGER, Role.SUPPORT},
    "ProposeCompensation": {Role.CAMPAIGN_MANAGER, Role.SUPPORT}, "ApproveCompensation": {Role.CAMPAIGN_MANAGER},
    "StopCompensation": {Role.CAMPAIGN_MANAGER, Role.SUPPORT},
    "Compensations": {Role.CAMPAIGN_MANAGER, Role.SUPPORT, Role.AUDITOR},
    "CompensationNode": {Role.CAMPAIGN_MANAGER, Role.SUPPORT, Role.AUDITOR},
    "CloneSeason": {Role.CAMPAIGN_MANAGER}, "SeasonTurns": {Role.CAMPAIGN_MANAGER, Role.SUPPORT, Role.AUDITOR},
    "Keys": {Role.AUDITOR}, "Me": ALL, "Store": ALL, "Sheets": ALL, "Pauses": ALL,
    "Prizes": {Role.SUPPORT, Role.AUDITOR, Role.TAX_OFFICER}, "PrizeToPost": {Role.SUPPORT},
    "PrizeToClear": {Role.TAX_OFFICER}, "ClearPrizeTax": {Role.TAX_OFFICER}, "ExportIdentities": {Role.TAX_OFFICER},
    "MarkPrizeReady": {Role.SUPPORT}, "MarkPrizeFulfilled": {Role.SUPPORT}, "ForfeitPrize": {Role.SUPPORT},
    "SetStoreStock": {Role.SUPPORT, Role.CAMPAIGN_MANAGER}, "StoreStock": ALL,
}  # fmt: skip
# An owner's role does not stand in for these: one role alone sees who a winner is.
NOT_EVEN_AN_OWNER = {"PrizeToClear", "ClearPrizeTax", "ExportIdentities"}

COMPENSATION: dict[str, Any] = {"cohort": {"everyone": True}, "gift": {"diamonds": 1}}


def test_the_table_of_roles_names_every_operation() -> None:
    assert set(ALLOWED) == {path.stem for path in (API / "admin" / "operations").glob("*.graphql")}


async def test_each_role_may_do_what_its_row_says_and_nothing_else(edge: Edge) -> None:
    member_id, store = await edge.member_id(MEI), await edge.ask("admin", "Store", OWNER, code="taipei-1")
    paused = await edge.ask("admin", "Pause", OWNER, target="earning", message="m", reason="for the test")
    await edge.ask("admin", "Resume", OWNER, target="earning")
    await stock(edge, 1, "enamel-pot")
    await edge.give(MEI, 20, "STAMPS")
    picked = await edge.ask("mobile", "PickThing", MEI, thing="enamel-pot", storeId=store["id"])
    prize = {"prizeId": to_typeid("prz", uuid4())}
    for role in Role:
        who = f"demo:{role.value.replace('_', '')}:{role.value}"
        key = await edge.ask("admin", "MakeKey", OWNER, boundTo=store["id"], name="till")
        slug = role.value.replace("_", "-")
        draft = {"kind": "offer", "key": f"{slug}-draft", "body": dumps(offer_body()), "basedOn": 0, "reason": "why"}
        sheet = {"sheetId": (await edge.ask("admin", "DraftSheet", OWNER, **{**draft, "key": f"{slug}-o"}))["sheetId"]}
        me = (await edge.ask("admin", "Me", who))["id"]
        asked: dict[str, dict[str, Any]] = {
            "AdjustWallet": {"memberId": member_id, "currency": "POINTS", "amount": 1, "reason": "a gift"},
            "SetMemberStatus": {"memberId": member_id, "suspended": False},
            "LinkIdentity": {"memberId": member_id, "kind": "email", "subject": "mei@example.org"},
            "MakeKey": {"boundTo": store["id"], "name": "till"}, "RotateKey": {"keyId": key["keyId"]},
            "RevokeKey": {"keyId": key["keyId"]}, "MakeStore": {"store": {"code": slug, "name": "n"}},
            "MakePartner": {"name": slug},
            "PublishSheet": {"kind": "offer", "key": slug, "body": dumps(offer_body()), "basedOn": 0, "reason": "why"},
            "DraftSheet": draft, "EditSheet": {**sheet, "revision": 1, "body": dumps(offer_body()), "reason": "why"},
            "SubmitSheet": {**sheet, "revision": 2, "reason": "why"}, "ReturnSheet": {**sheet, "comment": "why"},
            "ApproveSheet": {**sheet, "revision": 2, "reason": "why"}, "WithdrawSheet": {**sheet, "reason": "why"},
            "SheetReview": {"id": sheet["sheetId"]}, "OddsPreview": {"key": slug, "body": "{}"},
            "BoardPreview": {"sheetIds": [], "commands": []}, "Trail": {"first": 1},
            "ProposeRole": {"operatorId": me, "role": "SUPPORT", "reason": "why"},
            "ApproveRole": {"grantId": to_typeid("rol", uuid4())},
            "EndRole": {"grantId": to_typeid("rol", uuid4()), "reason": "why"}, "RoleGrants": {"first": 1},
            "ProposeAdjustment": {"memberId": member_id, "currency": "POINTS", "amount": 1, "reason": "a gift"},
            "ApproveAdjustment": {"adjustmentId": to_typeid("adj", uuid4())},
            "WithdrawAdjustment": {"adjustmentId": to_typeid("adj", uuid4()), "reason": "why"},
            "Adjustments": {"first": 1}, "AddCaseNote": {"memberId": member_id, "text": "why"},
            "CaseNotes": {"id": member_id, "first": 1},
            "CompensationPreview": {"key": slug, **COMPENSATION},
            "ProposeCompensation": {"key": slug, **COMPENSATION, "members": 9, "reason": "why"},
            "ApproveCompensation": {"compensationId": to_typeid("cmp", uuid4()), "members": 9},
            "StopCompensation": {"compensationId": to_typeid("cmp", uuid4()), "reason": "why"},
            "CloneSeason": {"code": slug, "basedOn": 9, "starts": "2027-06-01", "ends": "2027-09-01", "reason": "why"},
            "SeasonTurns": {},
            "Compensations": {"first": 1}, "CompensationNode": {"id": to_typeid("cmp", uuid4())},

            "FairnessMonitor": {}, "FairnessReadings": {"first": 1}, "SeasonFigures": {"days": 1},
            "SheetChanges": {"older": sheet["sheetId"], "newer": sheet["sheetId"]},
            "MemberDrawChecks": {"id": member_id, "first": 1},
            "Pause": {"target": "offers", "message": "m", "reason": "for the test"}, "Resume": {"target": "offers"},
            "ReviewPause": {"pauseId": paused["pauseId"], "note": "looked at"},
            "Members": {"text": "mei", "first": 1}, "MemberNode": {"id": member_id, "first": 1},
            "MemberDraws": {"id": member_id, "first": 1}, "MemberBoard": {"id": member_id},
            "Identities": {"id": member_id}, "Keys": {"first": 1}, "Me": {}, "Store": {"code": "taipei-1"},
            "Sheets": {"first": 1}, "Pauses": {"first": 1}, "Prizes": {"state": "READY", "first": 1},
            "PrizeToPost": {"id": picked["prize"]["id"]}, "PrizeToClear": {"id": picked["prize"]["id"]},
            "ClearPrizeTax": {**prize, "receivedMinor": 0}, "MarkPrizeReady": prize, "MarkPrizeFulfilled": prize,
            "ForfeitPrize": {**prize, "reason": "why"}, "ExportIdentities": {"year": 2027}, "StoreStock": {},
            "SetStoreStock": {"thing": "enamel-pot", "storeId": store["id"], "onHand": 1, "reason": "why"},
        }  # fmt: skip
        for name, roles in ALLOWED.items():
            refused = await is_forbidden(edge, name, who, asked[name])
            owner = role is Role.OWNER and name not in NOT_EVEN_AN_OWNER
            assert refused is (role not in roles and not owner), (role, name)


async def is_forbidden(edge: Edge, name: str, who: str, variables: dict[str, Any]) -> bool:
    """Whether the role was the reason; a review that somebody gave already is none."""
    try:
        answer = await edge.ask("admin", name, who, **variables)
    except Said as said:
        assert "FORBIDDEN" in str(said), (name, said)
        return True
    return isinstance(answer, dict) and answer.get("code") == "FORBIDDEN"


async def test_who_used_the_stop_switch_does_not_review_it(edge: Edge) -> None:
    paused = await edge.ask("admin", "Pause", OWNER, target="offers", message="m", reason="for the test")
    asked = {"pauseId": paused["pauseId"], "note": "all was well"}
    assert await edge.code("admin", "ReviewPause", OWNER, **asked) == "FORBIDDEN"
    assert await edge.code("admin", "ReviewPause", "demo:otto:auditor", **asked) == "ok"
    assert await edge.code("admin", "ReviewPause", "demo:olaf:owner", **asked) == "SHEET_STATE"
    assert await edge.code("admin", "Pause", OWNER, target="offers", message="m", reason="again") == "SHEET_STATE"


@pytest.mark.parametrize(
    "target", ["", "everything", "offer:", "offer:nothing", "earning:EUR", "Earning", "offer:\x00"]
)
async def test_what_is_not_there_cannot_be_paused(edge: Edge, target: str) -> None:
    asked = {"target": target, "message": "m", "reason": "for the test"}
    assert await edge.code("admin", "Pause", OWNER, **asked) == "INVALID_INPUT"


@pytest.mark.parametrize("reason", ["", "  ", "ab", "x" * 201, "call 0912345678", "for mei@example.org", "a\nb"])
async def test_a_reason_says_something_and_names_nobody(edge: Edge, reason: str) -> None:
    asked = {"memberId": await edge.member_id(MEI), "currency": "POINTS", "amount": 1, "reason": reason}
    assert await edge.code("admin", "AdjustWallet", OWNER, **asked) == "INVALID_INPUT"


async def test_a_search_takes_its_text_as_it_is(edge: Edge) -> None:
    await edge.member_id(MEI)
    for text in ("%%", "__", "m%", "me_", "' OR 1=1 --", "\\\\"):
        assert await edge.ask("admin", "Members", OWNER, text=text, first=5) == []
    assert len(await edge.ask("admin", "Members", OWNER, text="ME", first=5)) == 1


# --- partners


async def test_a_partner_sees_its_own_keys_alone(edge: Edge) -> None:
    mine, theirs = [await edge.ask("partner", "Me", who, first=1) for who in ("demo:brand", "demo:rival")]
    key = await edge.ask("admin", "MakeKey", OWNER, boundTo=mine["id"], name="office")
    for node_id in (mine["id"], key["keyId"]):
        assert (await edge.ask("partner", "PartnerNode", "demo:brand", id=node_id))["id"] == node_id
        assert await edge.ask("partner", "PartnerNode", "demo:rival", id=node_id) is None
    till = await edge.ask("admin", "Store", OWNER, code="taipei-1")
    till_key = await edge.ask("admin", "MakeKey", OWNER, boundTo=till["id"], name="till")
    assert await edge.ask("partner", "PartnerNode", "demo:brand", id=till_key["keyId"]) is None
    assert theirs["keys"]["nodes"] == []
    for node_id in (await edge.member_id(MEI), till["id"]):
        assert await edge.error("partner", "PartnerNode", "demo:brand", id=node_id) == (294, "BAD_USER_INPUT")


# --- documents made to hurt


def doubling(levels: int) -> str:
    steps = "".join(
        f"fragment F{at} on Query {{ ...F{at + 1} me {{ id }} ...F{at + 1} }} " for at in range(levels)
    )  # fmt: skip
    return f"{{ ...F0 }} {steps} fragment F{levels} on Query {{ me {{ id }} }}"


_PAGE = "receipts(first: 100) { nodes { id day lines { lineNo name brand } } }"
BOMBS = [
    ("{ " + " ".join(f"a{at}: me {{ id }}" for at in range(16)) + " }", "TOO_MANY_ALIASES"),
    ("{ " + "me { id } " * 260 + "}", "TOO_MANY_TOKENS"),
    ("{ " + "me { " * 50 + "id" + " }" * 50 + " }", "TOO_DEEP"),
    ("{ me { id " + "... on Member { " * 45 + "id" + " }" * 45 + " } }", "TOO_DEEP"),
    ("fragment A on Query { ...B } fragment B on Query { ...A } { ...A }", "GRAPHQL_VALIDATION_FAILED"),
    ("{ ...A } fragment A on Query { me { id ...A } }", "GRAPHQL_VALIDATION_FAILED"),
    ('{ me { id @include(if: true) @skip(if: "x") } }', "GRAPHQL_VALIDATION_FAILED"),
    ("mutation { " + 'keepMe(requestId: "x") { __typename } ' * 5 + "}", "TOO_MANY_MUTATIONS"),
    ("subscription { me { id } }", "GRAPHQL_VALIDATION_FAILED"),
    ("{ receipts(first: 100) { edges { node { lines { name } } nodes { id } } } }", "GRAPHQL_VALIDATION_FAILED"),
    ("{ " + " ".join(f"a{at}: {_PAGE}" for at in range(9)) + " }", "TOO_COSTLY"),
    ("query($f: Int = 101) { timeline(first: $f) { nodes { id } } }", "BAD_USER_INPUT"),
    ("\ufeff\x00{ me { id } }", "GRAPHQL_VALIDATION_FAILED"),
    ("#" * 60_000, "GRAPHQL_VALIDATION_FAILED"),
    ('"""' * 1_001, "GRAPHQL_VALIDATION_FAILED"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), BOMBS, ids=range(len(BOMBS)))
async def test_a_document_made_to_hurt_is_refused_by_name(edge: Edge, text: str, code: str) -> None:
    answer = await edge.send("mobile", MEI, text)
    assert answer.json()["errors"][0]["extensions"]["code"] == code, answer.text
    assert answer.status_code in ({294} if code == "BAD_USER_INPUT" else {400})


async def test_fragments_that_double_cost_no_more_than_they_say(edge: Edge) -> None:
    answer = await edge.send("mobile", MEI, doubling(40))
    assert answer.json()["errors"][0]["extensions"]["code"] in {"TOO_COSTLY", "TOO_REPETITIVE"}


async def test_a_mutation_never_runs_by_get_and_never_in_a_batch(edge: Edge) -> None:
    headers = {"authorization": f"Bearer {MEI}", "accept": "application/graphql-response+json"}
    text = f'mutation {{ eraseMe(requestId: "{uuid4()}") {{ __typename }} }}'
    answer = await edge.client.get("/graphql", params={"query": text}, headers=headers)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    answer = await edge.client.post("/graphql", json=[{"query": text}] * 2, headers=headers)
    assert answer.status_code == 400
    assert (await edge.ask("mobile", "Profile", MEI))["eraseAt"] is None


# --- the member's rights


async def erase(edge: Edge) -> None:
    """Thirty-one days pass, and the job comes."""
    edge.ahead = timedelta(days=31)
    async with edge.database.work() as work:
        assert await erase_due(work, edge.now(), limit=10) == 1


async def test_an_erased_member_leaves_balanced_books_and_no_name_and_may_join_anew(edge: Edge) -> None:
    card, member_id = await edge.card(MEI), await edge.member_id(MEI)
    await edge.give(MEI, 1_000)
    receipt = edge.receipt(card, 100_000, lines=[line(1, 100_000)])
    await edge.ask("till", "RecordReceipt", TILL, receipt=receipt)
    coupon = await edge.buy(MEI, "NT$50 off NT$300")
    await edge.ask("admin", "LinkIdentity", OWNER, memberId=member_id, kind="email", subject="mei@example.org")
    await edge.ask("mobile", "SetConsent", MEI, purpose="news", version="1", granted=True)
    await edge.ask("till", "HoldBasket", TILL, cardNo=card, codes=[], payPoints=100, basket=basket(5_000))
    document = json.loads(await edge.ask("mobile", "ExportMyData", MEI))
    assert {each["kind"] for each in document["account"]["identities"]} == {"card", "demo", "email"}
    assert coupon["code"] in json.dumps(document)
    assert coupon["token"]["secret"] not in json.dumps(document)

    await edge.ask("mobile", "EraseMe", MEI)
    await edge.ask("mobile", "KeepMe", MEI)
    asked = await edge.ask("mobile", "EraseMe", MEI)
    assert (await edge.ask("mobile", "Profile", MEI))["eraseAt"] == asked["eraseAt"]
    await erase(edge)

    seen = await edge.ask("admin", "MemberNode", OWNER, id=member_id, first=100)
    assert (seen["status"], seen["cardNo"], seen["displayName"]) == ("ERASED", None, None)
    assert (await edge.ask("admin", "Identities", OWNER, id=member_id))["identities"] == []
    assert await edge.ask("admin", "Members", OWNER, text="mei@example.org", first=5) == []
    assert await edge.code("till", "HoldBasket", TILL, cardNo=card, codes=[], payPoints=100, basket=basket(5_000)) == (
        "MEMBER_NOT_FOUND"
    )
    await no_trace_is_left(edge, [card, "mei@example.org", "demo:mei"])
    await edge.check_books()

    anew = await edge.ask("mobile", "Profile", MEI)
    assert anew["id"] != member_id
    assert (anew["wallet"]["tickets"], anew["wallet"]["points"]) == (0, 0)  # welcomed once, as a person
    assert (await edge.ask("mobile", "Coupons", MEI, first=10))["nodes"] == []
    assert await edge.ask("mobile", "Node", MEI, id=member_id) is None
    assert await edge.ask("mobile", "Node", MEI, id=coupon["id"]) is None
    # Goods still go back: the books of the erased take it.
    back = {"receiptNo": receipt["receiptNo"], "returnNo": "B-1"}
    lines = [{"lineNo": 1, "quantity": 1, "amountMinor": 100_000}]
    assert (await edge.ask("till", "RecordReturn", TILL, receiptReturn={**back, "lines": lines}))["everything"] is True
    await edge.check_books()


async def no_trace_is_left(edge: Edge, words: list[str]) -> None:
    """No table holds any of these words anywhere."""
    async with edge.database.read() as connection:
        tables = await table_names(connection)
    for table in tables:
        for word in words:
            found = await edge.rows(f"SELECT 1 FROM {table} t WHERE strpos(t::text, $1) > 0 LIMIT 1", word)
            assert found == [], (table, word)


async def test_a_pending_erasure_does_not_stop_the_member_meanwhile(edge: Edge) -> None:
    await edge.ask("mobile", "EraseMe", MEI)
    receipt = edge.receipt(await edge.card(MEI), 30_000)
    assert (await edge.ask("till", "RecordReceipt", TILL, receipt=receipt))["earned"]["points"] == 30
    assert await edge.code("mobile", "EraseMe", MEI) == "ERASURE_PENDING"
    async with edge.database.work() as work:
        assert await erase_due(work, edge.now() + timedelta(days=29), limit=10) == 0
