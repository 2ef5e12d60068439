"""Every committed operation runs over HTTP against a seeded server, and together they use every field of each schema's
queries and mutations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from graphql import FieldNode, OperationDefinitionNode, build_schema, parse

from api.settings import Settings
from tests.earning import earn_chests
from tests.edge import API, Edge, basket, dumps, offer_body, open_edge
from tests.gacha_sheets import odds_body
from tests.sockets import subscribed
from tests.things_http import ADDRESS, IDENTITY, open_pot, ready, stock, store_id
from tests.things_http import win as win_thing

DAY = timedelta(days=1)
KINDS = ("mobile", "till", "partner", "admin")
MEI, TILL, OWNER = "demo:mei", "demo:taipei-1", "demo:olga:owner"


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        yield opened


def operations_of(kind: str) -> set[str]:
    return {path.stem for path in (API / kind / "operations").glob("*.graphql")}


@pytest.mark.parametrize("kind", KINDS)
def test_every_query_and_mutation_field_occurs_in_an_operation(kind: str) -> None:
    schema = build_schema((API / kind / "schema.graphql").read_text(encoding="utf-8"))
    used: dict[str, set[str]] = {"query": set(), "mutation": set(), "subscription": set()}
    for path in (API / kind / "operations").glob("*.graphql"):
        for node in parse(path.read_text(encoding="utf-8")).definitions:
            if isinstance(node, OperationDefinitionNode):
                used[node.operation.value] |= {
                    each.name.value for each in node.selection_set.selections if isinstance(each, FieldNode)
                }
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    assert used["query"] == set(schema.query_type.fields)
    assert used["mutation"] == set(schema.mutation_type.fields)
    assert used["subscription"] == set(schema.subscription_type.fields if schema.subscription_type else ())


class Runner:
    """Runs operations and remembers which; each must answer data, and a mutation no refusal."""

    def __init__(self, edge: Edge, kind: str, who: str) -> None:
        self.edge, self.kind, self.who = edge, kind, who
        self.ran: set[str] = set()

    async def __call__(self, name: str, /, **variables: Any) -> Any:
        self.ran.add(name)
        found = await self.edge.ask(self.kind, name, self.who, **variables)
        assert not isinstance(found, dict) or "retryable" not in found, (name, found)
        return found


async def test_every_operation_of_a_member_runs(edge: Edge) -> None:
    run = Runner(edge, "mobile", MEI)
    me = await run("Me")
    await edge.give(MEI, 1_000)
    await edge.ask("till", "RecordReceipt", TILL, receipt=edge.receipt(me["cardNo"], 12_345))
    assert (await run("Profile"))["wallet"]["points"] == 1_012
    [page] = (await run("Receipts", first=1))["edges"]
    assert page["node"]["lines"][0]["amountMinor"] == 12_345
    assert len((await run("Timeline", first=100))["nodes"]) > 3
    offer = next(node for node in (await run("Offers", first=100))["nodes"] if node["price"]["amount"] == 300)
    coupon = (await run("BuyCoupon", offerId=offer["id"]))["coupon"]
    assert coupon["id"] in {node["id"] for node in (await run("Coupons", first=10, state="ISSUED"))["nodes"]}
    for node_id, kind in (
        (me["id"], "Member"), (coupon["id"], "Coupon"), (offer["id"], "Offer"), (page["node"]["id"], "Receipt"),
        ((await run("Timeline", first=1))["nodes"][0]["id"], "Event"),
    ):  # fmt: skip
        assert (await run("Node", id=node_id))["__typename"] == kind
    assert (await run("MemberNode", id=me["id"]))["cardNo"] == me["cardNo"]
    await play_and_look_home(run)
    await hear_of_the_board(run)
    await open_the_game(run)
    assert (await run("Season"))["code"] == "2027-spring"
    assert await run("PastSeasons", first=5) == []
    await check_in_and_visit(run)
    await win_and_pick(run)
    await open_a_chest(run)
    await refill_energy(run)
    await reroll_an_order(run)
    await claim_a_quest(run)
    await draw_and_reveal(run)
    consent = (await run("SetConsent", purpose="marketing", version="2026-01", granted=True))["consent"]
    assert (await run("Consents")) == [consent]
    assert me["cardNo"] in await run("ExportMyData")
    assert (await run("EraseMe"))["eraseAt"]
    assert (await run("KeepMe"))["member"]["eraseAt"] is None
    assert run.ran == operations_of("mobile")


async def play_and_look_home(run: Runner) -> None:
    board = await run("Board")
    generator = next(cell["index"] for cell in board["cells"] if cell["kind"] == "GENERATOR")
    played = await run("PlayMoves", baseRevision=board["revision"], commands=[{"tap": {"cell": generator}}])
    assert (played["applied"], played["refusal"], played["board"]["revision"]) == (1, None, 1)
    assert len(await run("Chains")) == 6
    home = await run("Home")
    assert home["board"]["revision"] == 1
    assert (await run("Home", ifVersion=home["version"]))["unchanged"] is True


async def hear_of_the_board(run: Runner) -> None:
    run.ran.add("BoardChanged")
    async with subscribed(run.edge, run.who) as socket:
        assert await socket.revision() == 1


async def open_the_game(run: Runner) -> None:
    """What the app in the browser sends beside the others; `me` and more in one, so asked for as it is."""
    run.ran |= {"Shop", "DrawMe"}
    answer = (await run.edge.send("mobile", run.who, run.edge.operation("mobile", "Shop"))).json()["data"]
    assert (answer["me"]["cardNo"], answer["board"]["revision"]) == (await run.edge.card(run.who), 1)
    assert (await run.edge.ask("mobile", "DrawMe", run.who))["wallet"]["points"] > 0
    played = await run("Play", baseRevision=1, commands=[{"tap": {"cell": 23}}])
    assert (played["applied"], played["board"]["revision"]) == (1, 2)
    assert len((await run("CouponsToShow", first=10))["nodes"]) > 1
    assert (await run("PastDraws", first=10))["nodes"] == []


async def refill_energy(run: Runner) -> None:
    offer = await run("EnergyRefill")
    assert (offer["priceDiamonds"], offer["amount"], offer["left"]) == (20, 100, 4)
    await run.edge.give(run.who, 20, "DIAMONDS")
    done = await run("RefillEnergy", mostDiamonds=20)
    assert (done["diamonds"], done["energy"], done["refill"]["priceDiamonds"]) == (20, 100, 40)
    assert done["board"]["energy"]["now"] >= 100


async def reroll_an_order(run: Runner) -> None:
    assert await run("RerollPrice") == 0
    board = await run("Board")
    order = board["orders"][0]["number"]
    rerolled = await run("RerollOrder", baseRevision=board["revision"], order=order, mostDiamonds=0)
    assert (rerolled["order"], rerolled["diamonds"]) == (order, 0)
    assert rerolled["board"]["orders"][0]["number"] == rerolled["replacedBy"]


async def claim_a_quest(run: Runner) -> None:
    quest = next(each for each in await run("Quests") if each["code"] == "daily-orders")
    assert (quest["period"], quest["counts"], quest["claimable"]) == ("DAY", "ORDER_DELIVERED", True)
    claimed = await run("ClaimQuest", code="daily-orders")
    assert (claimed["quest"]["reward"]["diamonds"], claimed["quest"]["claimed"]) == (3, True)


async def open_a_chest(run: Runner) -> None:
    assert (await run("Chests"))["orderEvery"] == 3
    [first, second] = await earn_chests(run.edge, run.who, 6)
    assert [first["state"], first["kind"]["code"], first["hurryDiamonds"]] == ["WAITING", "basket", 0]
    assert sum(line["ppm"] for line in first["kind"]["contents"]) == 1_000_000
    for each in (first, second):
        assert (await run("QueueChest", number=each["number"]))["opensAt"]
    await run.edge.give(run.who, 100, "DIAMONDS")
    assert (await run("HurryChest", number=first["number"], mostDiamonds=2))["diamonds"] == 2
    opened = await run("OpenChest", number=first["number"])
    assert len(opened["drops"]) == 2
    assert first["kind"]["contentsHash"] in (await run("ChestReceipt", number=first["number"]))["document"]
    [left] = (await run("Chests"))["chests"]
    assert (left["number"], left["state"]) == (second["number"], "UNLOCKING")


async def win_and_pick(run: Runner) -> None:
    assert (await run("SetBirthYear", birthYear=1990))["member"]["birthYear"] == 1990
    await stock(run.edge, 1, "enamel-pot")
    await run.edge.give(run.who, 20, "STAMPS")
    [thing] = await run("Catalogue")
    picked = await run("PickThing", thing=thing["thing"], storeId=thing["stores"][0]["store"]["id"])
    assert (await run("Node", id=picked["prize"]["id"]))["__typename"] == "Prize"
    await open_pot(run.edge, claim_days=3)
    prize_id = await win_thing(run.edge, "demo:li")
    li = Runner(run.edge, "mobile", "demo:li")
    assert (await li("ClaimPrize", prizeId=prize_id, address=ADDRESS))["prize"]["state"] == "CLAIMED"
    assert [each["source"] for each in (await li("Prizes", first=5))["nodes"]] == ["DRAW"]
    run.ran |= li.ran


async def draw_and_reveal(run: Runner) -> None:
    await run.edge.give(run.who, 1_000, "DIAMONDS")
    pool, treasure = (await run("Pools"))[:2]
    assert (pool["pity"]["count"], treasure["priceDiamonds"]) == (0, 60)
    assert sum(line["ppm"] for line in pool["odds"]) == 1_000_000
    before = await run("Seed")
    assert (before["epoch"], before["nextNonce"], before["setByMember"]) == (1, 0, False)
    assert (await run("SetClientSeed", clientSeed="alice"))["seed"]["setByMember"] is True
    drawn = await run("Draw", poolId=pool["id"], oddsHash=pool["oddsHash"], count=10)
    assert [each["nonce"] for each in drawn["draws"]] == list(range(10))
    assert any(each["couponId"] for each in drawn["draws"])
    assert {each["id"] for each in (await run("Draws", first=100))["nodes"]} == {each["id"] for each in drawn["draws"]}
    shown = await run("RevealSeed", clientSeed="bob")
    assert (shown["epoch"], shown["seed"]["commitSha256"]) == (1, before["nextCommitSha256"])
    assert shown["serverSeedHex"] in (await run("DrawReceipt", id=drawn["draws"][0]["id"]))["document"]
    for node_id, kind in ((pool["id"], "Pool"), (drawn["draws"][0]["id"], "Draw")):
        assert (await run("Node", id=node_id))["__typename"] == kind
    assert (await run("SetSelfExclusion", period="HOURS_24"))["limits"]["excludedUntil"]
    assert (await run("DrawLimits"))["dayLeft"] == 0


async def check_in_and_visit(run: Runner) -> None:
    opened = await run("OpenApp", device={"system": "IOS"})
    event = await run("Node", id=opened["visitId"])
    assert (event["__typename"], event["kind"]) == ("Event", "app_opened")
    assert (await run("RecordExposure", screen="home", shown=["streak", "pool:spring"]))["shown"] == 2
    assert (await run("Streak"))["state"] == "NONE"
    done = await run("CheckIn")
    assert (done["streak"]["state"], done["streak"]["length"]) == ("ACTIVE", 1)
    assert done["wallet"]["diamonds"] == done["reward"]["diamonds"] > 0
    assert (await run("Streak")) == done["streak"]
    calendar = await run("Calendar")
    assert {each["state"] for each in calendar["days"] if each["day"] == calendar["today"]} == {"CHECKED_IN"}
    member = "s.member_id = (SELECT id FROM members WHERE card_no = $1)"
    card = await run.edge.card(run.who)
    await run.edge.execute(f"UPDATE streaks s SET last_day = last_day - 2 WHERE {member}", card)
    await run.edge.execute(f"UPDATE checkin_days s SET day = day - 2 WHERE {member}", card)
    await run.edge.give(run.who, 100, "DIAMONDS")
    assert (await run("Streak"))["repair"]["ordersDelivered"] == 0
    assert (await run("RepairStreak", payDiamonds=True))["streak"]["state"] == "AT_RISK"
    assert (await run("SetTimezone", timezone="Asia/Tokyo"))["member"]["timezone"] == "Asia/Tokyo"
    today = date.fromisoformat(calendar["today"])
    later = (today.replace(day=1) + timedelta(days=45)).replace(day=20)
    run.edge.ahead += later - today
    assert (await run("MakeUp", day=later.replace(day=10).isoformat()))["left"] == 2
    run.edge.ahead = timedelta(0)


async def test_every_operation_of_a_till_runs(edge: Edge) -> None:
    run = Runner(edge, "till", TILL)
    card = await edge.card(MEI)
    await edge.give(MEI, 1_000)
    assert (await run("Member", cardNo=card))["points"] == 1_000
    receipt = edge.receipt(card, 20_000)
    assert (await run("RecordReceipt", receipt=receipt))["earned"]["points"] == 20
    asked = {"cardNo": card, "codes": [], "payPoints": 100, "basket": basket(5_000)}
    assert (await run("CheckBasket", **asked))["dueMinor"] == 4_900
    first = await run("HoldBasket", **asked)
    assert (await run("ReleaseBasket", holdId=first["hold"]["id"]))["pointsReturned"] == 100
    second = await run("HoldBasket", **asked)
    assert second["hold"]["id"] != first["hold"]["id"]
    assert (await run("SettleBasket", holdId=second["hold"]["id"], receiptNo="S-1"))["pointsPaid"] == 100
    await open_pot(run.edge)
    await stock(run.edge, 1)
    code = await ready(run.edge, MEI)
    assert (await run("CheckPrize", code=code))["name"] == "A pot"
    assert (await run("HandOverPrize", code=code))["thing"] == "pot"
    returned = {
        "receiptNo": receipt["receiptNo"], "returnNo": "B-1",
        "lines": [{"lineNo": 1, "quantity": 1, "amountMinor": 20_000}],
    }  # fmt: skip
    assert (await run("RecordReturn", receiptReturn=returned))["everything"] is True
    assert run.ran == operations_of("till")


async def test_every_operation_of_a_partner_runs(edge: Edge) -> None:
    run = Runner(edge, "partner", "demo:brand")
    me = await run("Me", first=10)
    made = await edge.ask("admin", "MakeKey", OWNER, boundTo=me["id"], name="office")
    run.who = made["text"]
    assert (await run("Me", first=10))["key"]["id"] == made["keyId"]
    rotated = await run("RotateMyKey")
    assert (await run("PartnerNode", id=rotated["key"]["id"]))["name"] == "office"
    assert run.ran == operations_of("partner")


async def test_every_operation_of_an_operator_runs(edge: Edge) -> None:
    run = Runner(edge, "admin", OWNER)
    assert (await run("Me"))["roles"] == ["owner"]
    card, member_id = await edge.card(MEI), await edge.member_id(MEI)
    assert [found["id"] for found in await run("Members", text=card, first=5)] == [member_id]
    given = await run("AdjustWallet", memberId=member_id, currency="POINTS", amount=70, reason="lost receipt")
    assert given["spendable"] == 70
    seen = await run("MemberNode", id=member_id, first=5)
    assert {each["currency"]: each["spendable"] for each in seen["wallets"]} == {"POINTS": 70, "TICKETS": 3}
    assert {each["kind"] for each in (await run("Identities", id=member_id))["identities"]} == {"card", "demo"}
    assert (await run("LinkIdentity", memberId=member_id, kind="phone", subject="+886912345678"))["kind"] == "phone"
    assert (await run("MemberBoard", id=member_id))["board"]["revision"] == 0
    assert (await run("MemberDraws", id=member_id, first=5))["draws"]["nodes"] == []
    assert (await run("MemberDrawChecks", id=member_id, first=5))["drawChecks"]["nodes"] == []
    assert (await run("SeasonFigures", days=7))["code"] == "2027-spring"
    assert (await run("SetMemberStatus", memberId=member_id, suspended=True))["status"] == "SUSPENDED"
    assert (await run("SetMemberStatus", memberId=member_id, suspended=False))["status"] == "ACTIVE"
    await run_keys_and_stores(run)
    await run_sheets(run)
    await run_lifecycle(run)
    await run_prizes(run)
    await run_roles(run)
    await run_care(run, member_id)
    given = {"code": "2027-summer", "basedOn": 1, "starts": "2027-06-01", "ends": "2027-09-01", "reason": "the next"}
    assert (await run("CloneSeason", **given))["state"] == "DRAFT"
    assert await run("SeasonTurns") == []
    assert run.ran == operations_of("admin")


async def run_keys_and_stores(run: Runner) -> None:
    store = (await run("MakeStore", store={"code": "taichung-3", "name": "Taichung 3"}))["store"]
    assert (await run("Store", code="taichung-3")) == store
    partner = (await run("MakePartner", name="Alpine Dairy"))["partnerId"]
    key = await run("MakeKey", boundTo=store["id"], name="till 1")
    await run("MakeKey", boundTo=partner, name="office")
    successor = await run("RotateKey", keyId=key["keyId"], overlapHours=1)
    await run("RevokeKey", keyId=successor["keyId"])
    listed = (await run("Keys", first=10, boundTo=store["id"]))["nodes"]
    assert [(each["id"], each["expiresAt"] is None, each["revokedAt"] is None) for each in listed] == [
        (key["keyId"], False, True),
        (successor["keyId"], True, False),
    ]
    assert len((await run("Keys", first=10))["nodes"]) == 3


async def run_sheets(run: Runner) -> None:
    [season] = await run("Sheets", kind="season", key="current", first=5)
    assert (season["version"], season["state"]) == (1, "ACTIVE")
    body = dumps(offer_body())
    given = {"kind": "offer", "key": "ten-off", "body": body, "reason": "a try"}
    assert (await run("PublishSheet", **given, basedOn=0))["version"] == 1
    assert (await run("PublishSheet", **given, basedOn=1))["version"] == 2
    states = [(each["version"], each["state"]) for each in await run("Sheets", kind="offer", key="ten-off", first=5)]
    assert states == [(2, "ACTIVE"), (1, "RETIRED")]
    [active] = await run("Sheets", kind="offer", key="ten-off", state="ACTIVE", first=5)
    assert (active["version"], await run("SheetChanges", older=active["id"], newer=active["id"])) == (2, [])
    paused = await run("Pause", target="offer:ten-off", message="Back soon.", reason="a wrong price")
    await run("Resume", target="offer:ten-off")
    run.who = "demo:omar:owner"
    await run("ReviewPause", pauseId=paused["pauseId"], note="the price was right")
    [pause] = await run("Pauses", first=5)
    assert (pause["id"], pause["resumedAt"] is None, pause["reviewNote"]) == (
        paused["pauseId"], False, "the price was right",
    )  # fmt: skip


async def run_lifecycle(run: Runner) -> None:
    """A table of odds from its draft to its withdrawal: written by one, approved by another."""
    editor, approver = "demo:odo:odds_editor", "demo:ada:odds_approver"
    run.who = editor
    body = dumps(odds_body())
    preview = await run("OddsPreview", key="spring", body=body)
    assert (preview["faults"], preview["odds"]["proposed"]["perDrawMinor"]) == ([], "0.000000")
    given = {"kind": "odds", "key": "spring", "basedOn": 0, "reason": "capsules for spring"}
    draft = await run("DraftSheet", **given, body=body)
    assert (draft["version"], draft["revision"], draft["state"]) == (1, 1, "DRAFT")
    sheet = {"sheetId": draft["sheetId"]}
    changed = dumps(odds_body(price_diamonds=20))
    edited = await run("EditSheet", **sheet, revision=1, body=changed, reason="dearer")
    await run("SubmitSheet", **sheet, revision=edited["revision"], reason="ready")
    run.who = approver
    assert (await run("ReturnSheet", **sheet, comment="why dearer?"))["state"] == "DRAFT"
    run.who = editor
    await run("SubmitSheet", **sheet, revision=2, reason="because of the mugs")
    run.who = approver
    review = await run("SheetReview", id=draft["sheetId"])
    preview = await run("BoardPreview", sheetIds=[], commands=[])
    assert (preview["board"]["level"], preview["faults"]) == (1, [])
    assert (review["faults"], review["odds"]["current"], review["sheet"]["revision"]) == ([], None, 2)
    later = (run.edge.now() + timedelta(days=2)).date().isoformat()
    scheduled = await run("ApproveSheet", **sheet, revision=2, at=f"{later}T00:00", reason="well done")
    assert (scheduled["state"], scheduled["activeAt"][:10]) == ("SCHEDULED", str(date.fromisoformat(later) - DAY))
    assert (await run("WithdrawSheet", **sheet, reason="not this spring"))["state"] == "WITHDRAWN"
    acts = [each["act"] for each in (await run("Trail", first=20, subject="odds.spring"))["nodes"]]
    assert acts == ["WITHDRAWN", "APPROVED", "SUBMITTED", "RETURNED", "SUBMITTED", "EDITED", "DRAFTED"]


async def run_prizes(run: Runner) -> None:
    """One prize is posted after the tax, another one is forfeited."""
    support, tax, edge = "demo:ann:support", "demo:tina:tax_officer", run.edge
    await open_pot(edge, "grand", value_minor=150_000)
    sent, lost = [await win_thing(edge, MEI, "grand") for _ in range(2)]
    await edge.ask("mobile", "ClaimPrize", MEI, prizeId=sent, address=ADDRESS, identity=IDENTITY)
    run.who = tax
    assert (await run("PrizeToClear", id=sent))["identity"] == IDENTITY
    assert (await run("ClearPrizeTax", prizeId=sent, receivedMinor=0))["state"] == "CLAIMED"
    run.who = support
    assert (await run("PrizeToPost", id=sent))["address"] == ADDRESS
    assert (await run("MarkPrizeReady", prizeId=sent, trackingNo="TW-1"))["state"] == "READY"
    assert [each["id"] for each in (await run("Prizes", state="READY", first=5))["nodes"]] == [sent]
    assert (await run("MarkPrizeFulfilled", prizeId=sent))["state"] == "FULFILLED"
    assert (await run("ForfeitPrize", prizeId=lost, reason="drawn by a bot"))["state"] == "FORFEITED"
    where = await store_id(edge)
    counted = (await run("SetStoreStock", thing="grand", storeId=where, onHand=5, reason="counted"))["stock"]
    assert await run("StoreStock", thing="grand") == [counted]
    run.who = tax
    assert [each["prizeId"] for each in (await run("ExportIdentities", year=edge.now().year))["lines"]] == [sent]


async def run_roles(run: Runner) -> None:
    assert await run("FairnessMonitor") is None
    assert await run("FairnessReadings", first=5) == []
    run.who = OWNER
    mine = (await run("Me"))["id"]
    proposed = await run("ProposeRole", operatorId=mine, role="ODDS_EDITOR", reason="writes the tables")
    run.who = "demo:omar:owner"
    assert (await run("ApproveRole", grantId=proposed["grantId"]))["role"] == "ODDS_EDITOR"
    assert (await run("EndRole", grantId=proposed["grantId"], reason="moved on"))["role"] == "ODDS_EDITOR"
    [grant] = await run("RoleGrants", first=5)
    assert (grant["state"], grant["proposedBy"], grant["approvedBy"] == mine) == ("ENDED", mine, False)


async def run_care(run: Runner, member_id: str) -> None:
    """A correction by two, a note, and a compensation from its dry run to its end."""
    given = {"memberId": member_id, "currency": "POINTS", "reason": "a lost year"}
    run.who = OWNER
    big = (await run("ProposeAdjustment", **given, amount=500_000))["adjustment"]
    small = (await run("ProposeAdjustment", **given, amount=5))["adjustment"]
    run.who = "demo:omar:owner"
    assert (await run("ApproveAdjustment", adjustmentId=big["id"]))["adjustment"]["state"] == "DONE"
    withdrawn = await run("WithdrawAdjustment", adjustmentId=small["id"], reason="too small for two")
    assert withdrawn["adjustment"]["state"] == "WITHDRAWN"
    listed = (await run("Adjustments", first=5))["nodes"]
    assert [each["state"] for each in listed] == ["WITHDRAWN", "DONE"]
    note = (await run("AddCaseNote", memberId=member_id, text="was glad"))["note"]
    assert (await run("CaseNotes", id=member_id, first=5))["notes"]["nodes"] == [note]
    asked = {"key": "outage-1", "cohort": {"everyone": True}, "gift": {"diamonds": 9_000, "energy": 5}}
    dry = await run("CompensationPreview", **asked)
    assert (dry["members"], dry["diamonds"], dry["needsSecondPerson"]) == (1, 9_000, True)
    made = (await run("ProposeCompensation", **asked, members=1, reason="the outage"))["compensation"]
    run.who = OWNER
    approved = (await run("ApproveCompensation", compensationId=made["id"], members=1))["compensation"]
    assert (approved["state"], approved["waiting"]) == ("RUNNING", 1)
    assert (await run("CompensationNode", id=made["id"]))["state"] == "RUNNING"
    stopped = await run("StopCompensation", compensationId=made["id"], reason="no outage")
    assert stopped["compensation"]["waiting"] == 0
    [found] = (await run("Compensations", first=5))["nodes"]
    assert (found["state"], found["cohort"]) == ("STOPPED", '{"everyone":true}')
