"""A thing's way over HTTP: drawn, claimed, taxed, posted, or fetched at a store; and the catalogue."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from api.settings import Settings
from rewards.prizes.actions import expire_prizes, forget_papers
from tests.edge import Edge, kinds_of, open_edge
from tests.things_http import ADDRESS, IDENTITY, OWNER, SUPPORT, TAX, open_pot, ready, stock, store_id, win

MEI, LI, TILL, OTHER_TILL = "demo:mei", "demo:li", "demo:taipei-1", "demo:kaohsiung-2"


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        yield opened


async def test_a_parcel_with_tax_goes_from_the_draw_to_the_door_and_the_tax_office(edge: Edge) -> None:
    await open_pot(edge, "grand", value_minor=2_500_000)
    prize_id = await win(edge, MEI, "grand")
    [prize] = (await edge.ask("mobile", "Prizes", MEI, first=5))["nodes"]
    assert (prize["state"], prize["needsIdentity"], prize["code"]) == ("WON", True, None)
    asked = {"prizeId": prize_id, "address": ADDRESS}
    assert await edge.code("mobile", "ClaimPrize", LI, **asked) == "PRIZE_NOT_FOUND"
    assert await edge.code("mobile", "ClaimPrize", MEI, **asked) == "IDENTITY_NEEDED"
    claimed = (await edge.ask("mobile", "ClaimPrize", MEI, **asked, identity=IDENTITY))["prize"]
    assert (claimed["state"], claimed["withheldMinor"]) == ("TAX_HOLD", 250_000)
    seen = await edge.ask("admin", "PrizeToClear", TAX, id=prize_id)
    assert (seen["withheldMinor"], seen["identity"]) == (250_000, IDENTITY)
    for who, name in ((OWNER, "PrizeToClear"), (SUPPORT, "PrizeToClear"), (TAX, "PrizeToPost")):
        assert (await edge.error("admin", name, who, id=prize_id))[1] == "FORBIDDEN", (who, name)
    assert await edge.code("admin", "ClearPrizeTax", OWNER, prizeId=prize_id, receivedMinor=250_000) == "FORBIDDEN"
    cleared = await edge.ask("admin", "ClearPrizeTax", TAX, prizeId=prize_id, receivedMinor=250_000)
    assert cleared["state"] == "CLAIMED"
    [listed] = (await edge.ask("admin", "Prizes", SUPPORT, state="CLAIMED", first=5))["nodes"]
    assert (listed["id"], listed["delivery"]) == (prize_id, "POST")
    assert (await edge.ask("admin", "PrizeToPost", SUPPORT, id=prize_id))["address"] == ADDRESS
    done = await edge.ask("admin", "MarkPrizeReady", SUPPORT, prizeId=prize_id, trackingNo="TW-123")
    assert done["state"] == "READY"
    [prize] = (await edge.ask("mobile", "Prizes", MEI, first=5))["nodes"]
    assert (prize["state"], prize["trackingNo"], prize["code"]) == ("READY", "TW-123", None)
    mine = json.loads(await edge.ask("mobile", "ExportMyData", MEI))["prizes"]
    assert (mine[0]["identity"], mine[0]["address"]["recipient"]) == (IDENTITY, ADDRESS["recipient"])
    assert (await edge.ask("admin", "MarkPrizeFulfilled", SUPPORT, prizeId=prize_id))["state"] == "FULFILLED"
    export = {"requestId": "6f0d4d3e-0000-4000-8000-000000000001", "year": edge.now().year}
    assert await edge.code("admin", "ExportIdentities", OWNER, **export) == "FORBIDDEN"
    first = await edge.ask("admin", "ExportIdentities", TAX, **export)
    assert [(each["identity"], each["withheldMinor"]) for each in first["lines"]] == [(IDENTITY, 250_000)]
    assert await edge.ask("admin", "ExportIdentities", TAX, **export) == first, "a lost answer is told again"
    assert await edge.code("admin", "ExportIdentities", TAX, year=export["year"]) == "NOTHING_TO_EXPORT"
    [(outcome,)] = await edge.rows("SELECT outcome::text FROM request_results WHERE mutation = 'exportIdentities'")
    assert IDENTITY["number"] not in outcome and "王" not in outcome
    async with edge.database.work() as work:
        await forget_papers(work, edge.now(), 10)
    assert (await edge.ask("admin", "PrizeToPost", SUPPORT, id=prize_id))["address"] is None
    looks = (await edge.ask("admin", "Trail", SUPPORT, first=10, subject=f"prize:{prize_id}"))["nodes"]
    assert [(each["act"], each["reason"]) for each in looks] == [("LOOKED", "address"), ("LOOKED", "identity")]
    events = kinds_of((await edge.ask("mobile", "Timeline", MEI, first=100))["nodes"])
    assert [kind for kind in reversed(events) if kind.startswith("prize_")] == [
        "prize_won", "prize_held", "prize_cleared", "prize_ready", "prize_fulfilled",
    ]  # fmt: skip


async def test_a_prize_is_fetched_at_its_store_by_the_members_code(edge: Edge) -> None:
    await open_pot(edge)
    await stock(edge, 2)
    code = await ready(edge, MEI)
    checked = await edge.ask("till", "CheckPrize", TILL, code=code.lower())
    assert (checked["refusal"], checked["name"], checked["cashMinor"]) == (None, "A pot", 0)
    assert (await edge.ask("till", "CheckPrize", OTHER_TILL, code=code))["refusal"]["code"] == "PRIZE_OTHER_STORE"
    assert (await edge.ask("till", "CheckPrize", TILL, code="?" * 2000))["refusal"]["code"] == "PRIZE_NOT_FOUND"
    assert await edge.code("till", "HandOverPrize", OTHER_TILL, code=code) == "PRIZE_OTHER_STORE"
    assert (await edge.ask("till", "HandOverPrize", TILL, code=code))["thing"] == "pot"
    assert await edge.code("till", "HandOverPrize", TILL, code=code) == "PRIZE_HANDED_OVER"
    [left] = await edge.ask("admin", "StoreStock", SUPPORT, thing="pot")
    assert (left["onHand"], left["reserved"]) == (1, 0)
    [prize] = (await edge.ask("mobile", "Prizes", MEI, first=5))["nodes"]
    assert (prize["state"], prize["code"], prize["store"]["code"]) == ("FULFILLED", None, "taipei-1")
    assert (await edge.ask("mobile", "Node", MEI, id=prize["id"]))["id"] == prize["id"]
    assert await edge.ask("mobile", "Node", LI, id=prize["id"]) is None


async def test_the_catalogue_takes_stamps_in_the_app_and_cash_at_the_till(edge: Edge) -> None:
    await stock(edge, 1, "enamel-pot")
    await edge.give(MEI, 25, "STAMPS")
    await edge.give(LI, 25, "STAMPS")
    [thing] = await edge.ask("mobile", "Catalogue", MEI)
    assert (thing["thing"], thing["stamps"], thing["cashMinor"], thing["stores"][0]["left"]) == (
        "enamel-pot", 20, 19_900, 1,
    )  # fmt: skip
    asked = {"thing": "enamel-pot", "storeId": thing["stores"][0]["store"]["id"]}
    picked = (await edge.ask("mobile", "PickThing", MEI, **asked))["prize"]
    assert (picked["state"], picked["source"], picked["cashMinor"]) == ("READY", "PICK", 19_900)
    assert (await edge.wallet(MEI))["stamps"] == 5
    assert await edge.code("mobile", "PickThing", LI, **asked) == "STORE_STOCK_OUT"
    [thing] = await edge.ask("mobile", "Catalogue", LI)
    assert thing["stores"] == []
    assert await edge.code("till", "HandOverPrize", TILL, code=picked["code"]) == "CASH_DIFFERS"
    paid = {"code": picked["code"], "cashMinor": 19_900, "receiptNo": "R-77"}
    done = await edge.ask("till", "HandOverPrize", TILL, **paid)
    assert (done["stampsPaid"], done["cashMinor"]) == (20, 19_900)
    await stock(edge, 1, "enamel-pot")
    lis = (await edge.ask("mobile", "PickThing", LI, **asked))["prize"]
    edge.ahead = timedelta(hours=72, minutes=1)
    [over] = (await edge.ask("mobile", "Prizes", LI, first=5))["nodes"]
    assert (over["state"], over["code"]) == ("EXPIRED", None), "said at once, before the job has booked it"
    assert (await edge.ask("till", "CheckPrize", TILL, code=lis["code"]))["refusal"]["code"] == "PRIZE_EXPIRED"
    async with edge.database.work() as work:
        assert await expire_prizes(work, edge.now(), 10) == 1
    assert (await edge.wallet(LI))["stamps"] == 25
    [thing] = await edge.ask("mobile", "Catalogue", LI)
    assert thing["stores"][0]["left"] == 1
    await edge.check_books()


async def test_a_claim_names_an_address_or_a_store_and_is_told_what_is_wrong_with_it(edge: Edge) -> None:
    await open_pot(edge)
    prize_id, store = await win(edge, MEI), await store_id(edge)
    for variables in ({}, {"address": ADDRESS, "storeId": store}, {"storeId": "sto_nonsense"},
                      {"address": {**ADDRESS, "phone": "x"}}, {"address": {**ADDRESS, "lines": "\x00"}}):  # fmt: skip
        assert await edge.code("mobile", "ClaimPrize", MEI, prizeId=prize_id, **variables) == "INVALID_INPUT"
    paused = {"target": "thing:pot", "message": "Back soon.", "reason": "a wrong price"}
    await edge.ask("admin", "Pause", OWNER, **paused)
    assert await edge.code("mobile", "PickThing", MEI, thing="pot", storeId=store) == "PAUSED"
