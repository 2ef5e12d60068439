"""Every refusal code is reached over HTTP, and says itself in English and in Traditional Chinese with all its facts.

A scenario makes ready and returns the request that is refused. A refusal is never stored, so the same request is sent
in both languages.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from api.batches import batches_of
from api.graphql.messages import LOCALES, WORDINGS
from api.graphql.refusal import CODES
from api.identity.rules import MemberCaller
from api.refusals import EdgeCode
from api.runtime.checksums import changed_tables
from api.runtime.database import Database
from api.settings import Settings
from game.days.rules import business_day
from game.refusals import GameCode
from loyalty.ids import to_typeid
from loyalty.members.actions import erase_due
from loyalty.refusals import LoyaltyCode
from rewards.refusals import RewardsCode
from tests.contract.test_move_refusals import REACHED
from tests.earning import earn_chests
from tests.edge import Edge, basket, dumps, line, offer_body, open_edge
from tests.gacha_sheets import odds_body
from tests.things_http import ADDRESS, open_pot, ready, stock, store_id, win

# A redemption that was refused is noted in the member's timeline, and that is all it leaves.
NOTED = {"HoldBasket", "SettleBasket", "ReleaseBasket"}
Request = tuple[str, str, str, dict[str, Any]]
Scenario = Callable[[Edge], Awaitable[Request]]
SCENARIOS: dict[str, Scenario] = {}
ELSEWHERE = {"RATE_LIMITED", "COUPON_STACKING", "UNAVAILABLE"}  # tests of their own below
# Why a move stops is said inside `MovesPlayed`: tests/contract/test_move_refusals.py reaches each.
IN_MOVES = {*REACHED, "BOARD_STALE", "TOO_MANY_MOVES"}
MEI, LI, TILL, OTHER_TILL = "demo:mei", "demo:li", "demo:taipei-1", "demo:kaohsiung-2"
SUPPORT, MANAGER, OWNER = "demo:ann:support", "demo:cam:campaign_manager", "demo:olga:owner"


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        for who in (MEI, LI):
            await opened.give(who, 100_000)
        yield opened


def reaches(code: str) -> Callable[[Scenario], Scenario]:
    def keep(scenario: Scenario) -> Scenario:
        assert code not in SCENARIOS, f"{code} has a scenario"
        SCENARIOS[code] = scenario
        return scenario

    return keep


def request(kind: str, name: str, who: str, /, **variables: Any) -> Request:
    return kind, name, who, {"requestId": str(uuid4()), **variables}


def unknown(prefix: str) -> str:
    return to_typeid(prefix, uuid4())


def recording(receipt: dict[str, Any]) -> Request:
    return request("till", "RecordReceipt", TILL, receipt=receipt)


def returning(receipt_no: str, *lines: tuple[int, int], number: str = "B-1", points: int = 0) -> Request:
    given = [{"lineNo": at, "quantity": 1, "amountMinor": amount} for at, amount in lines]
    asked = {"receiptNo": receipt_no, "returnNo": number, "lines": given, "refundPoints": points}
    return request("till", "RecordReturn", TILL, receiptReturn=asked)


def holding(card: str | None, *codes: str, points: int = 0, who: str = TILL, whole: Any = None) -> Request:
    asked = {"cardNo": card, "codes": list(codes), "payPoints": points, "basket": whole or basket(100_000)}
    return request("till", "HoldBasket", who, **asked)


def adjusting(member_id: str, amount: int = 5, **changes: Any) -> Request:
    asked = {"memberId": member_id, "currency": "POINTS", "amount": amount, "reason": "for the test", **changes}
    return request("admin", "AdjustWallet", SUPPORT, **asked)


def publishing(kind: str, key: str, body: Any, based_on: int = 0) -> Request:
    asked = {"kind": kind, "key": key, "body": dumps(body), "basedOn": based_on, "reason": "for the test"}
    return request("admin", "PublishSheet", MANAGER, **asked)


async def done(edge: Edge, asked: Request) -> Any:
    """The answer to a request that is not refused."""
    kind, name, who, variables = asked
    answer = await edge.ask(kind, name, who, **variables)
    assert "retryable" not in answer, answer
    return answer


async def recorded(edge: Edge, *amounts: int, who: str = MEI) -> dict[str, Any]:
    receipt = edge.receipt(await edge.card(who), *amounts)
    await done(edge, recording(receipt))
    return receipt


async def sold(edge: Edge, slug: str, **changes: Any) -> str:
    """Publishes an offer of its own name; its id."""
    await done(edge, publishing("offer", slug, offer_body(**{"name": {"en": slug, "zh-TW": slug}, **changes})))
    return str((await edge.offer(MEI, slug))["id"])


async def coupon(edge: Edge, slug: str, who: str = MEI, **changes: Any) -> dict[str, Any]:
    """A coupon of an offer made for it."""
    await sold(edge, slug, **changes)
    return await edge.buy(who, slug)


async def held(edge: Edge, *codes: str, points: int = 0) -> str:
    answer = await done(edge, holding(await edge.card(MEI), *codes, points=points))
    return str(answer["hold"]["id"])


def settling(hold_id: str, receipt_no: str = "S-1", who: str = TILL) -> Request:
    return request("till", "SettleBasket", who, holdId=hold_id, receiptNo=receipt_no)


# --- the loyalty house


@reaches("REQUEST_ID_REUSED")
async def reused(edge: Edge) -> Request:
    first = request("mobile", "SetConsent", MEI, purpose="news", version="1", granted=True)
    await done(edge, first)
    return (*first[:3], {**first[3], "granted": False})


@reaches("INVALID_INPUT")
async def invalid(edge: Edge) -> Request:
    return recording(edge.receipt(await edge.card(MEI), -1))


@reaches("PAUSED")
async def paused(edge: Edge) -> Request:
    offer_id = await sold(edge, "stopped")
    asked = {"target": "offer:stopped", "message": "Back at noon.", "reason": "a wrong price"}
    await done(edge, request("admin", "Pause", MANAGER, **asked))
    return request("mobile", "BuyCoupon", MEI, offerId=offer_id)


@reaches("MEMBER_NOT_FOUND")
async def nobody(edge: Edge) -> Request:
    return recording(edge.receipt("2900000000001", 100))


@reaches("MEMBER_SUSPENDED")
async def suspended(edge: Edge) -> Request:
    member_id = await edge.member_id("demo:sue")
    card = await edge.card("demo:sue")
    await done(edge, request("admin", "SetMemberStatus", SUPPORT, memberId=member_id, suspended=True))
    return recording(edge.receipt(card, 100))


@reaches("MEMBER_ERASED")
async def erased(edge: Edge) -> Request:
    member_id = await edge.member_id("demo:gone")
    await done(edge, request("mobile", "EraseMe", "demo:gone"))
    async with edge.database.work() as work:
        assert await erase_due(work, edge.now() + timedelta(days=31), limit=10) == 1
    return adjusting(member_id)


@reaches("IDENTITY_TAKEN")
async def taken(edge: Edge) -> Request:
    asked = {"kind": "email", "subject": "mei@example.org"}
    await done(edge, request("admin", "LinkIdentity", SUPPORT, memberId=await edge.member_id(MEI), **asked))
    return request("admin", "LinkIdentity", SUPPORT, memberId=await edge.member_id(LI), **asked)


@reaches("NOT_ENOUGH")
async def poor(edge: Edge) -> Request:
    await edge.member_id("demo:poor")
    return request("mobile", "BuyCoupon", "demo:poor", offerId=(await edge.offer(MEI, "NT$50 off NT$300"))["id"])


@reaches("AMOUNT_OUT_OF_RANGE")
async def enormous(edge: Edge) -> Request:
    return adjusting(await edge.member_id(MEI), 2**31 - 1)


@reaches("RECEIPT_MISMATCH")
async def other_content(edge: Edge) -> Request:
    receipt = await recorded(edge, 10_000)
    return recording({**receipt, "lines": [line(1, 10_001)]})


@reaches("RECEIPT_NOT_FOUND")
async def no_receipt(edge: Edge) -> Request:
    return returning("R-none", (1, 1))


@reaches("RETURN_MISMATCH")
async def other_return(edge: Edge) -> Request:
    receipt = await recorded(edge, 10_000, 20_000)
    await done(edge, returning(receipt["receiptNo"], (1, 10_000), number="B-mismatch"))
    return returning(receipt["receiptNo"], (2, 20_000), number="B-mismatch")


@reaches("RETURN_EXCEEDS")
async def too_much_back(edge: Edge) -> Request:
    receipt = await recorded(edge, 10_000)
    return returning(receipt["receiptNo"], (1, 10_001), number="B-exceeds")


@reaches("NO_EARNING_SHEET")
async def foreign(edge: Edge) -> Request:
    return recording(edge.receipt(await edge.card(MEI), 100, currency="EUR"))


@reaches("SHEET_INVALID")
async def wrong_sheet(edge: Edge) -> Request:
    return publishing("offer", "wrong", offer_body(amount_minor=0, funder=None))


@reaches("SHEET_NOT_FOUND")
async def no_sheet(edge: Edge) -> Request:
    return publishing("offer", "never-there", offer_body(), based_on=3)


@reaches("SHEET_STATE")
async def old_base(edge: Edge) -> Request:
    await sold(edge, "moved")
    return publishing("offer", "moved", offer_body(), based_on=0)


async def drafted(edge: Edge, key: str, *, submit: bool = False) -> str:
    """The id of a draft of an offer, of the manager's hand."""
    asked = {"kind": "offer", "key": key, "body": dumps(offer_body()), "basedOn": 0, "reason": "for the test"}
    sheet_id = str((await edge.ask("admin", "DraftSheet", MANAGER, **asked))["sheetId"])
    if submit:
        await edge.ask("admin", "SubmitSheet", MANAGER, sheetId=sheet_id, revision=1, reason="for the test")
    return sheet_id


@reaches("SHEET_REVISION")
async def second_editor(edge: Edge) -> Request:
    asked = {"sheetId": await drafted(edge, "twice"), "revision": 1, "body": dumps(offer_body()), "reason": "mine"}
    await done(edge, request("admin", "EditSheet", MANAGER, **asked))
    return request("admin", "EditSheet", MANAGER, **asked)


@reaches("SHEET_OWN")
async def own_work(edge: Edge) -> Request:
    sheet_id = await drafted(edge, "own", submit=True)
    return request("admin", "ApproveSheet", MANAGER, sheetId=sheet_id, revision=1, reason="I like it")


@reaches("ERASURE_PENDING")
async def going(edge: Edge) -> Request:
    await done(edge, request("mobile", "EraseMe", "demo:going"))
    return request("mobile", "EraseMe", "demo:going")


@reaches("ERASURE_NOT_PENDING")
async def staying(edge: Edge) -> Request:
    return request("mobile", "KeepMe", MEI)


# --- the edge


@reaches("ROLE_GRANT_NOT_FOUND")
async def no_grant(edge: Edge) -> Request:
    return request("admin", "ApproveRole", OWNER, grantId=unknown("rol"))


@reaches("ROLE_GRANT_STATE")
async def proposed_twice(edge: Edge) -> Request:
    me = (await edge.ask("admin", "Me", OWNER))["id"]
    await done(edge, request("admin", "ProposeRole", OWNER, operatorId=me, role="SUPPORT", reason="for the test"))
    return request("admin", "ProposeRole", OWNER, operatorId=me, role="SUPPORT", reason="for the test")


@reaches("OPERATOR_NOT_FOUND")
async def no_operator(edge: Edge) -> Request:
    return request("admin", "ProposeRole", OWNER, operatorId=unknown("opr"), role="SUPPORT", reason="for the test")


@reaches("SECOND_PERSON_NEEDED")
async def alone(edge: Edge) -> Request:
    """A server that is no demo takes no demo tokens either: the caller is let in first."""
    object.__setattr__(edge.services.settings, "demo", False)
    return publishing("offer", "alone", offer_body())


@reaches("FORBIDDEN")
async def small_role(edge: Edge) -> Request:
    return request("admin", "MakePartner", SUPPORT, name="Alpine Dairy")


@reaches("KEY_NOT_FOUND")
async def no_key(edge: Edge) -> Request:
    return request("admin", "RevokeKey", OWNER, keyId=unknown("key"))


@reaches("KEY_ENDED")
async def ended_key(edge: Edge) -> Request:
    store = await edge.ask("admin", "Store", OWNER, code="taipei-1")
    key = await done(edge, request("admin", "MakeKey", OWNER, boundTo=store["id"], name="till 1"))
    await done(edge, request("admin", "RevokeKey", OWNER, keyId=key["keyId"]))
    return request("admin", "RotateKey", OWNER, keyId=key["keyId"])


@reaches("PARTNER_NOT_FOUND")
async def no_partner(edge: Edge) -> Request:
    return request("admin", "MakeKey", OWNER, boundTo=unknown("par"), name="office")


@reaches("OVERLOADED")
async def overloaded(edge: Edge) -> Request:
    for server in edge.servers:
        batches_of(server).keep_me._waiting._limit = 0
    return request("mobile", "KeepMe", MEI)


# --- things

WINNER = "demo:wina"  # who draws has told a birth year, which others here must not have


async def won(edge: Edge, who: str = WINNER) -> str:
    """A pot that was won just now, from a pool that gives nothing else."""
    if not await edge.rows("SELECT 1 FROM pools WHERE slug = 'pot'"):
        await open_pot(edge)
    return await win(edge, who)


def claiming(prize_id: str, who: str = WINNER, **changes: Any) -> Request:
    return request("mobile", "ClaimPrize", who, **{"prizeId": prize_id, "address": ADDRESS, **changes})


async def waiting(edge: Edge, who: str = WINNER) -> str:
    """The code of a pot that waits at taipei-1."""
    await won(edge, who)
    await stock(edge, 9)
    return await ready(edge, who)


def handing(code: str, who: str = TILL, **changes: Any) -> Request:
    return request("till", "HandOverPrize", who, code=code, **changes)


@reaches("THING_NOT_FOUND")
async def no_thing(edge: Edge) -> Request:
    return request("mobile", "PickThing", MEI, thing="nothing", storeId=await store_id(edge))


@reaches("PRIZE_NOT_FOUND")
async def no_prize(edge: Edge) -> Request:
    return claiming(unknown("prz"))


@reaches("PRIZE_STATE")
async def claimed_twice(edge: Edge) -> Request:
    prize_id = await won(edge)
    await done(edge, claiming(prize_id))
    return claiming(prize_id)


@reaches("PRIZE_EXPIRED")
async def too_late(edge: Edge) -> Request:
    prize_id = await won(edge, "demo:wen")
    await edge.execute("UPDATE prizes SET due_at = won_at WHERE state = 'WON'")
    return claiming(prize_id, "demo:wen")


@reaches("PRIZE_FORFEITED")
async def forfeited(edge: Edge) -> Request:
    prize_id = await won(edge, "demo:wen")
    await done(edge, request("admin", "ForfeitPrize", SUPPORT, prizeId=prize_id, reason="drawn by a bot"))
    return claiming(prize_id, "demo:wen")


@reaches("PRIZE_HANDED_OVER")
async def handed_over(edge: Edge) -> Request:
    code = await waiting(edge, "demo:first")
    await done(edge, handing(code))
    return handing(code)


@reaches("PRIZE_OTHER_STORE")
async def elsewhere(edge: Edge) -> Request:
    return handing(await waiting(edge, "demo:second"), OTHER_TILL)


@reaches("DELIVERY_NOT_OFFERED")
async def not_posted(edge: Edge) -> Request:
    await open_pot(edge, "heavy", delivery=["STORE"])
    return claiming(await win(edge, "demo:third", "heavy"), "demo:third")


@reaches("STORE_STOCK_OUT")
async def none_left(edge: Edge) -> Request:
    await edge.give(MEI, 20, "STAMPS")
    return request("mobile", "PickThing", MEI, thing="enamel-pot", storeId=await store_id(edge))


@reaches("STOCK_RESERVED")
async def set_aside(edge: Edge) -> Request:
    await waiting(edge, "demo:fourth")
    asked = {"thing": "pot", "storeId": await store_id(edge), "onHand": 0, "reason": "counted"}
    return request("admin", "SetStoreStock", SUPPORT, **asked)


@reaches("IDENTITY_NEEDED")
async def nameless(edge: Edge) -> Request:
    await open_pot(edge, "grand", value_minor=2_500_000)
    return claiming(await win(edge, "demo:fifth", "grand"), "demo:fifth")


async def picked(edge: Edge, who: str) -> str:
    """The code of a pot that was picked for stamps and NT$199."""
    await won(edge, who)
    await stock(edge, 9)
    await edge.give(who, 40, "STAMPS")
    answer = await done(edge, request("mobile", "PickThing", who, thing="pot", storeId=await store_id(edge)))
    return str(answer["prize"]["code"])


@reaches("PICK_LIMIT")
async def one_at_a_time(edge: Edge) -> Request:
    await picked(edge, "demo:sixth")
    return request("mobile", "PickThing", "demo:sixth", thing="pot", storeId=await store_id(edge))


@reaches("CASH_DIFFERS")
async def unpaid(edge: Edge) -> Request:
    return handing(await picked(edge, "demo:seventh"), cashMinor=100, receiptNo="R-1")


@reaches("NOTHING_TO_EXPORT")
async def nobody_to_tell_of(edge: Edge) -> Request:
    return request("admin", "ExportIdentities", "demo:tina:tax_officer", year=2001)


# --- offers and their purchase


@reaches("OFFER_NOT_FOUND")
async def no_offer(edge: Edge) -> Request:
    return request("mobile", "BuyCoupon", MEI, offerId=unknown("off"))


@reaches("OFFER_NOT_FOR_SALE")
async def not_sold(edge: Edge) -> Request:
    [(offer_id,)] = await edge.rows("SELECT id FROM offers WHERE slug = 'welcome-thirty'")
    return request("mobile", "BuyCoupon", MEI, offerId=to_typeid("off", offer_id))


@reaches("OFFER_NOT_OPEN")
async def too_early(edge: Edge) -> Request:
    opens_on = (edge.now() + timedelta(days=3)).date().isoformat()
    offer_id = await sold(edge, "early", validity={"days": 3, "opens_on": opens_on})
    return request("mobile", "BuyCoupon", MEI, offerId=offer_id)


@reaches("OFFER_AUDIENCE")
async def not_gold(edge: Edge) -> Request:
    offer = await edge.offer(MEI, "NT$200 off for gold and black")
    return request("mobile", "BuyCoupon", MEI, offerId=offer["id"])


async def bought_up(edge: Edge, limit: str) -> Request:
    offer_id = await sold(edge, f"limit-{limit}", limits={limit: 1})
    await done(edge, request("mobile", "BuyCoupon", MEI, offerId=offer_id))
    return request("mobile", "BuyCoupon", MEI, offerId=offer_id)


@reaches("SOLD_OUT")
async def sold_out(edge: Edge) -> Request:
    return await bought_up(edge, "total")


@reaches("MEMBER_LIMIT")
async def member_limit(edge: Edge) -> Request:
    return await bought_up(edge, "member")


@reaches("DAY_LIMIT")
async def day_limit(edge: Edge) -> Request:
    return await bought_up(edge, "day")


# --- coupons at the till


@reaches("COUPON_NOT_FOUND")
async def no_coupon(edge: Edge) -> Request:
    return holding(await edge.card(MEI), "0000000000000000")


@reaches("COUPON_TOKEN_OLD")
async def old_token(edge: Edge) -> Request:
    mine = await coupon(edge, "old-token")
    return holding(await edge.card(MEI), edge.shown(mine, edge.now() - timedelta(minutes=3)))


@reaches("COUPON_TOKEN_MISSING")
async def bare_code(edge: Edge) -> Request:
    return holding(await edge.card(MEI), (await coupon(edge, "bare"))["code"])


@reaches("COUPON_NOT_YET")
async def not_yet(edge: Edge) -> Request:
    begins = (edge.now() + timedelta(days=3)).date().isoformat()
    mine = await coupon(edge, "not-yet", validity={"days": 30, "from": begins}, print=True)
    return holding(await edge.card(MEI), mine["code"])


@reaches("COUPON_EXPIRED")
async def expired(edge: Edge) -> Request:
    mine = await coupon(edge, "expired", print=True)
    await edge.execute("UPDATE coupons SET expires_at = issued_at WHERE code = $1", mine["code"])
    return holding(await edge.card(MEI), mine["code"])


@reaches("COUPON_REDEEMED")
async def redeemed(edge: Edge) -> Request:
    mine = await coupon(edge, "redeemed", print=True)
    await done(edge, settling(await held(edge, mine["code"]), "S-redeemed"))
    return holding(await edge.card(MEI), mine["code"])


@reaches("COUPON_VOID")
async def void(edge: Edge) -> Request:
    mine = await coupon(edge, "void", print=True, on_return="VOID")
    receipt = edge.receipt(await edge.card(MEI), 99_000)
    await done(edge, settling(await held(edge, mine["code"]), receipt["receiptNo"]))
    await done(edge, recording(receipt))
    await done(edge, returning(receipt["receiptNo"], (1, 99_000), number="B-void"))
    return holding(await edge.card(MEI), mine["code"])


@reaches("COUPON_RESERVED")
async def reserved(edge: Edge) -> Request:
    mine = await coupon(edge, "reserved", print=True)
    await held(edge, mine["code"])
    return holding(await edge.card(MEI), mine["code"], who=OTHER_TILL)


@reaches("COUPON_OTHER_MEMBER")
async def anothers(edge: Edge) -> Request:
    return holding(await edge.card(LI), (await coupon(edge, "anothers", print=True))["code"])


@reaches("COUPON_WRONG_STORE")
async def wrong_store(edge: Edge) -> Request:
    mine = await coupon(edge, "online-only", print=True, scope={"channels": ["ONLINE"]})
    return holding(await edge.card(MEI), mine["code"])


@reaches("BASKET_TOO_SMALL")
async def small_basket(edge: Edge) -> Request:
    mine = await coupon(edge, "large-only", print=True, minimum_minor=500_000)
    return holding(await edge.card(MEI), mine["code"])


@reaches("BASKET_NO_MATCH")
async def no_match(edge: Edge) -> Request:
    mine = await coupon(edge, "dairy-only", print=True, scope={"categories": ["DAIRY"]})
    return holding(await edge.card(MEI), mine["code"])


@reaches("NOTHING_TO_HOLD")
async def nothing(edge: Edge) -> Request:
    return holding(await edge.card(MEI))


@reaches("CARD_NEEDED")
async def no_card(edge: Edge) -> Request:
    return holding(None, points=100)


@reaches("TENDER_CURRENCY")
async def dollars(edge: Edge) -> Request:
    return holding(await edge.card(MEI), points=100, whole=basket(10_000, currency="USD"))


@reaches("TENDER_TOO_LARGE")
async def overpaid(edge: Edge) -> Request:
    return holding(await edge.card(MEI), points=101, whole=basket(100))


# --- what becomes of a hold


@reaches("HOLD_NOT_FOUND")
async def no_hold(edge: Edge) -> Request:
    return settling(unknown("hld"))


@reaches("HOLD_OTHER_STORE")
async def hold_elsewhere(edge: Edge) -> Request:
    return settling(await held(edge, points=200), who=OTHER_TILL)


@reaches("HOLD_SETTLED")
async def settled(edge: Edge) -> Request:
    hold_id = await held(edge, points=300)
    await done(edge, settling(hold_id, "S-settled"))
    return settling(hold_id, "S-other")


@reaches("HOLD_RELEASED")
async def released(edge: Edge) -> Request:
    hold_id = await held(edge, points=400)
    await done(edge, request("till", "ReleaseBasket", TILL, holdId=hold_id))
    return settling(hold_id, "S-released")


@reaches("HOLD_EXPIRED")
async def run_out(edge: Edge) -> Request:
    mine = await coupon(edge, "run-out", print=True)
    late = await held(edge, mine["code"])
    statement = "UPDATE holds SET expires_at = clock_timestamp() - interval '1 second' WHERE state = 'OPEN'"
    await edge.execute(statement)
    await done(edge, holding(await edge.card(MEI), mine["code"], who=OTHER_TILL))
    return settling(late, "S-late")


@reaches("WRONG_RECEIPT")
async def wrong_receipt(edge: Edge) -> Request:
    receipt = await recorded(edge, 100_000, who=LI)
    return settling(await held(edge, points=500), receipt["receiptNo"])


@reaches("TENDER_RETURN_EXCEEDS")
async def too_many_points_back(edge: Edge) -> Request:
    receipt = edge.receipt(await edge.card(MEI), 100_000)
    await done(edge, settling(await held(edge, points=600), receipt["receiptNo"]))
    await done(edge, recording(receipt))
    return returning(receipt["receiptNo"], (1, 1_000), number="B-tender", points=601)


# --- the check-in


def today_of(edge: Edge) -> date:
    return business_day(edge.now(), ZoneInfo("Asia/Taipei"))


async def came_days_ago(edge: Edge, who: str, days: int) -> None:
    """One check-in, that many days ago."""
    await done(edge, request("mobile", "CheckIn", who))
    await edge.execute(
        "UPDATE streaks SET last_day = last_day - $2::int WHERE member_id = "
        "(SELECT id FROM members WHERE card_no = $1)",
        await edge.card(who), days,
    )  # fmt: skip


# --- draws


def drawing(pool: dict[str, Any], who: str = MEI, **changes: Any) -> Request:
    asked = {"poolId": pool["id"], "oddsHash": pool["oddsHash"], "count": 1, **changes}
    return request("mobile", "Draw", who, **asked)


async def pool_of(edge: Edge, slug: str, who: str = MEI, **changes: Any) -> dict[str, Any]:
    """A pool of its own name, as the member sees it."""
    body = odds_body(**{"name": {"en": slug, "zh-TW": slug}, **changes})
    asked = {"kind": "odds", "key": slug, "body": dumps(body), "basedOn": 0, "reason": "for the test"}
    await done(edge, request("admin", "PublishSheet", "demo:odo:odds_editor", **asked))
    return next(each for each in await edge.ask("mobile", "Pools", who) if each["name"] == slug)


async def daily(edge: Edge, who: str = MEI) -> dict[str, Any]:
    await edge.give(who, 1_000, "DIAMONDS")
    found: dict[str, Any] = (await edge.ask("mobile", "Pools", who))[0]
    return found


@reaches("CLIENT_SEED_INVALID")
async def bad_client_seed(edge: Edge) -> Request:
    return request("mobile", "SetClientSeed", MEI, clientSeed="a b")


@reaches("COUNT_INVALID")
async def three(edge: Edge) -> Request:
    return drawing(await daily(edge), count=3)


@reaches("POOL_NOT_FOUND")
async def no_pool(edge: Edge) -> Request:
    return drawing(await daily(edge), poolId=unknown("pol"))


@reaches("POOL_NOT_OPEN")
async def pool_to_come(edge: Edge) -> Request:
    day = (edge.now() + timedelta(days=3)).date().isoformat()
    return drawing(await pool_of(edge, "to-come", window={"opens_on": day}))


@reaches("POOL_CLOSED")
async def pool_gone(edge: Edge) -> Request:
    pool = await pool_of(edge, "gone", window={"closes_on": (edge.now() + timedelta(hours=8)).date().isoformat()})
    edge.ahead += timedelta(days=2)
    return drawing(pool)


@reaches("ODDS_CHANGED")
async def old_odds(edge: Edge) -> Request:
    return drawing(await daily(edge), oddsHash="0" * 64)


@reaches("TIER_TOO_LOW")
async def for_gold(edge: Edge) -> Request:
    return drawing(await pool_of(edge, "for-gold", gates={"tiers": ["gold"]}))


@reaches("UNDER_AGE")
async def for_adults(edge: Edge) -> Request:
    return drawing(await pool_of(edge, "for-adults", gates={"min_age": 18}))


@reaches("DRAW_CAP_DAY")
async def ten_for_the_young(edge: Edge) -> Request:
    return drawing(await daily(edge), count=10)


@reaches("DRAW_CAP_MONTH")
async def month_is_full(edge: Edge) -> Request:
    pool = await pool_of(edge, "one-a-month", caps={"month": 1})
    await daily(edge)
    await done(edge, drawing(pool))
    return drawing(pool)


@reaches("SELF_EXCLUDED")
async def self_excluded(edge: Edge) -> Request:
    """The other member: who excluded himself draws nothing in the scenarios that follow."""
    pool = await daily(edge, LI)
    await done(edge, request("mobile", "SetSelfExclusion", LI, period="DAYS_7"))
    return drawing(pool, LI)


@reaches("BIRTH_YEAR_SET")
async def another_birth_year(edge: Edge) -> Request:
    await done(edge, request("mobile", "SetBirthYear", LI, birthYear=1990))
    return request("mobile", "SetBirthYear", LI, birthYear=1991)


# --- check-in


@reaches("DAY_ALREADY_PAID")
async def day_paid(edge: Edge) -> Request:
    await done(edge, request("mobile", "CheckIn", MEI))
    return request("mobile", "CheckIn", MEI)


@reaches("DAY_NOT_TODAY")
async def not_today(edge: Edge) -> Request:
    return request("mobile", "CheckIn", LI, day=(today_of(edge) + timedelta(days=2)).isoformat())


@reaches("NOTHING_TO_REPAIR")
async def nothing_to_repair(edge: Edge) -> Request:
    return request("mobile", "RepairStreak", LI)


@reaches("REPAIR_NEEDS_ORDERS")
async def repair_needs_orders(edge: Edge) -> Request:
    await came_days_ago(edge, "demo:kai", 2)
    return request("mobile", "RepairStreak", "demo:kai")


@reaches("REPAIR_TOO_LATE")
async def repair_too_late(edge: Edge) -> Request:
    await came_days_ago(edge, "demo:jo", 9)
    return request("mobile", "RepairStreak", "demo:jo", payDiamonds=True)


# --- refills


@reaches("PRICE_CHANGED")
async def refill_dearer(edge: Edge) -> Request:
    return request("mobile", "RefillEnergy", MEI, mostDiamonds=19)


@reaches("REFILLS_USED_UP")
async def refills_used_up(edge: Edge) -> Request:
    await edge.give(MEI, 300, "DIAMONDS")
    for price in (20, 40, 80, 160):
        await done(edge, request("mobile", "RefillEnergy", MEI, mostDiamonds=price))
    return request("mobile", "RefillEnergy", MEI, mostDiamonds=1_000)


# --- quests: of a member of their own


@reaches("QUEST_NOT_FOUND")
async def quest_unknown(edge: Edge) -> Request:
    return request("mobile", "ClaimQuest", "demo:kit", code="no-such-quest")


@reaches("QUEST_NOT_DONE")
async def quest_not_done(edge: Edge) -> Request:
    return request("mobile", "ClaimQuest", "demo:kit", code="daily-check-in")


@reaches("QUEST_CLAIMED")
async def quest_claimed(edge: Edge) -> Request:
    await done(edge, request("mobile", "CheckIn", "demo:kit"))
    await done(edge, request("mobile", "ClaimQuest", "demo:kit", code="daily-check-in"))
    return request("mobile", "ClaimQuest", "demo:kit", code="daily-check-in")


# --- rerolls: of a member of their own


async def rerolling(edge: Edge, order: int, most: int = 0) -> Request:
    board = (await edge.ask("mobile", "PlayMoves", "demo:rae", baseRevision=0, commands=[]))["board"]
    return request("mobile", "RerollOrder", "demo:rae", baseRevision=board["revision"], order=order, mostDiamonds=most)


@reaches("NOT_REROLLABLE")
async def reroll_of_an_appointment(edge: Edge) -> Request:
    await rerolling(edge, 1)  # opens the board
    order = '[[1999999999, ["dairy.1"], 1, 1, 0, "2999-01-01T00:00:00+00:00", "rush", 500, "Rush", "x"]]'
    mine = "member_id = (SELECT id FROM members WHERE card_no = $1)"
    await edge.execute(f"UPDATE boards SET orders = orders || '{order}' WHERE {mine}", await edge.card("demo:rae"))
    return await rerolling(edge, 1_999_999_999)


# --- chests: of the other member, one after the other


@reaches("CHEST_NOT_FOUND")
async def chest_of_another(edge: Edge) -> Request:
    assert [each["number"] for each in await earn_chests(edge, LI, 18)] == [3, 6, 9, 12, 15, 18]
    return request("mobile", "OpenChest", MEI, number=3)


@reaches("CHEST_NOT_QUEUED")
async def chest_not_queued(edge: Edge) -> Request:
    return request("mobile", "OpenChest", LI, number=3)


@reaches("CHEST_LOCKED")
async def chest_before_its_time(edge: Edge) -> Request:
    await done(edge, request("mobile", "QueueChest", LI, number=3))
    return request("mobile", "OpenChest", LI, number=3)


@reaches("CHEST_ALREADY_QUEUED")
async def chest_queued_twice(edge: Edge) -> Request:
    return request("mobile", "QueueChest", LI, number=3)


@reaches("CHEST_PRICE_ROSE")
async def chest_dearer(edge: Edge) -> Request:
    return request("mobile", "HurryChest", LI, number=3, mostDiamonds=1)


@reaches("CHEST_QUEUE_FULL")
async def chests_queued(edge: Edge) -> Request:
    for number in (6, 9, 12):
        await done(edge, request("mobile", "QueueChest", LI, number=number))
    return request("mobile", "QueueChest", LI, number=15)


@reaches("CHEST_READY")
async def chest_ready(edge: Edge) -> Request:
    await done(edge, request("mobile", "HurryChest", LI, number=3, mostDiamonds=2))
    return request("mobile", "HurryChest", LI, number=3, mostDiamonds=2)


@reaches("CHEST_OPENED")
async def chest_opened(edge: Edge) -> Request:
    await done(edge, request("mobile", "OpenChest", LI, number=3))
    return request("mobile", "OpenChest", LI, number=3)


@reaches("MAKE_UP_NOT_MISSED")
async def not_missed(edge: Edge) -> Request:
    return request("mobile", "MakeUp", LI, day=today_of(edge).isoformat())


@reaches("MAKE_UP_OTHER_MONTH")
async def other_month(edge: Edge) -> Request:
    card = await edge.card("demo:wen")
    await edge.execute("UPDATE members SET created_at = created_at - interval '70 days' WHERE card_no = $1", card)
    return request("mobile", "MakeUp", "demo:wen", day=(today_of(edge).replace(day=1) - timedelta(days=1)).isoformat())


@reaches("ZONE_TOO_SOON")
async def zone_too_soon(edge: Edge) -> Request:
    await done(edge, request("mobile", "SetTimezone", LI, timezone="Asia/Tokyo"))
    return request("mobile", "SetTimezone", LI, timezone="Asia/Seoul")


@reaches("MAKE_UP_LIMIT")
async def make_up_limit(edge: Edge) -> Request:
    """In the middle of a later month, so that there are days to make up for."""
    await edge.card(MEI)
    middle = (today_of(edge).replace(day=1) + timedelta(days=45)).replace(day=20)
    edge.ahead += timedelta(days=(middle - today_of(edge)).days)
    for day in (15, 16, 17):
        await done(edge, request("mobile", "MakeUp", MEI, day=middle.replace(day=day).isoformat()))
    return request("mobile", "MakeUp", MEI, day=middle.replace(day=18).isoformat())


@reaches("TENDER_NOT_WHOLE")
async def not_whole(edge: Edge) -> Request:
    """The last of all: it changes the season for those that come after."""
    [season] = await edge.rows("SELECT body::text FROM sheets WHERE kind = 'season'")
    body = season[0].replace('"tender_points_per_major": 100', '"tender_points_per_major": 300')
    await done(edge, publishing("season", "current", body, based_on=1))
    return holding(await edge.card(MEI), points=100)


@reaches("SEASON_OVER")
async def late_of_last_season(edge: Edge) -> Request:
    return request("mobile", "CheckIn", MEI, season="2026-winter")


# --- what operators do for members


COMPENSATION: dict[str, Any] = {"cohort": {"everyone": True}, "gift": {"diamonds": 10_000}}


async def proposed(edge: Edge, key: str) -> dict[str, Any]:
    """A compensation that waits for a second person."""
    dry = await edge.ask("admin", "CompensationPreview", MANAGER, key=key, **COMPENSATION)
    asked = {"key": key, **COMPENSATION, "members": dry["members"], "reason": "for the test"}
    made: dict[str, Any] = await done(edge, request("admin", "ProposeCompensation", MANAGER, **asked))
    return dict(made["compensation"])


@reaches("ADJUSTMENT_NEEDS_TWO")
async def too_much_for_one(edge: Edge) -> Request:
    return adjusting(await edge.member_id(MEI), 100_001)


@reaches("ADJUSTMENT_NOT_FOUND")
async def no_adjustment(edge: Edge) -> Request:
    return request("admin", "ApproveAdjustment", SUPPORT, adjustmentId=unknown("adj"))


@reaches("ADJUSTMENT_STATE")
async def adjusted(edge: Edge) -> Request:
    asked = {"memberId": await edge.member_id(MEI), "currency": "POINTS", "amount": 5, "reason": "for the test"}
    made = (await done(edge, request("admin", "ProposeAdjustment", SUPPORT, **asked)))["adjustment"]
    approving = request("admin", "ApproveAdjustment", OWNER, adjustmentId=made["id"])
    await done(edge, approving)
    return request("admin", "ApproveAdjustment", OWNER, adjustmentId=made["id"])


@reaches("COMPENSATION_NOT_FOUND")
async def no_compensation(edge: Edge) -> Request:
    return request("admin", "ApproveCompensation", MANAGER, compensationId=unknown("cmp"), members=1)


@reaches("COMPENSATION_STATE")
async def stopped_before(edge: Edge) -> Request:
    made = await proposed(edge, "outage-stopped")
    asked = {"compensationId": made["id"], "reason": "for the test"}
    await done(edge, request("admin", "StopCompensation", MANAGER, **asked))
    return request("admin", "ApproveCompensation", OWNER, compensationId=made["id"], members=made["members"])


@reaches("COMPENSATION_EXISTS")
async def incident_twice(edge: Edge) -> Request:
    made = await proposed(edge, "outage-twice")
    asked = {"key": "outage-twice", **COMPENSATION, "members": made["members"], "reason": "for the test"}
    return request("admin", "ProposeCompensation", OWNER, **asked)


@reaches("COHORT_CHANGED")
async def cohort_grew(edge: Edge) -> Request:
    made = await proposed(edge, "outage-grown")
    return request("admin", "ApproveCompensation", OWNER, compensationId=made["id"], members=made["members"] + 1)


@reaches("CONTENT_IN_USE")
async def chain_without_an_heir(edge: Edge) -> Request:
    [sheet] = await edge.ask("admin", "Sheets", MANAGER, kind="chains", key="current", first=1)
    body = json.loads(sheet["body"])
    levels = [{"emoji": sign, "name": {"en": sign, "zh-TW": sign}} for sign in "ABCDE"]
    grown = {"chains": [*body["chains"], {"code": "tea", "name": {"en": "Tea", "zh-TW": "茶"}, "levels": levels}]}
    await done(edge, publishing("chains", "current", grown, based_on=sheet["version"]))
    return publishing("chains", "current", body, based_on=sheet["version"] + 1)


# --- the tests


def test_every_refusal_code_has_a_scenario_and_a_wording() -> None:
    assert set(SCENARIOS) | ELSEWHERE | IN_MOVES == set(CODES)
    assert set(WORDINGS) == set(CODES)
    assert all(wording.what_to_do.endswith(".") for wording in WORDINGS.values())


async def reach(edge: Edge, code: str) -> None:
    """The scenario ends in its code, in both languages, with nothing left unsaid, and no table has changed by it."""
    kind, name, who, variables = await SCENARIOS[code](edge)
    await edge.send(kind, who, "{ __typename }")  # signs in who has not been here yet
    said, before = {}, await edge.checksums()
    for locale in LOCALES:
        answer = await edge.ask(kind, name, who, locale=locale, **variables)
        assert answer.get("code") == code, (code, answer)
        said[locale] = answer["message"]
    changed = changed_tables(before, await edge.checksums())
    assert changed == [] or (name in NOTED and changed == ["events"]), (code, changed)
    assert said["en"] != said["zh-TW"], code
    for message in said.values():
        check_sentence(code, message)


def check_sentence(code: str, message: str) -> None:
    assert message, code
    assert not {"?", "{", "}"} & set(message), (code, message)
    assert "None" not in message, (code, message)


@pytest.mark.parametrize("house", [LoyaltyCode, RewardsCode, GameCode, EdgeCode])
async def test_every_refusal_of_a_house_is_reached_and_says_what_is_wrong(edge: Edge, house: type[Any]) -> None:
    edge.lift_limits()  # hundreds of requests of a few callers, as fast as the machine answers
    for code in SCENARIOS:
        if code in set(house):
            await reach(edge, code)
    await edge.check_books()


async def test_too_many_requests_are_429_and_say_when_to_come_back(edge: Edge) -> None:
    retry_at = edge.now() + timedelta(seconds=7)

    async def refuse(kind: str, caller: Any, now: Any) -> Any:
        return retry_at if isinstance(caller, MemberCaller) else None

    for limits in edge.limits():
        limits.admit_caller = refuse  # type: ignore[method-assign]
    said = set()
    for locale in LOCALES:
        answer = await edge.send("mobile", MEI, edge.operation("mobile", "Me"), locale=locale)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
        [error] = answer.json()["errors"]
        assert error["extensions"] == {"code": "RATE_LIMITED", "retryAt": retry_at.isoformat()}
        check_sentence("RATE_LIMITED", error["message"])
        said.add(error["message"])
    assert len(said) == len(LOCALES)


async def test_of_coupons_that_exclude_each_other_the_better_applies_and_the_other_says_why(edge: Edge) -> None:
    less, more = await coupon(edge, "less", print=True), await coupon(edge, "more", print=True, amount_minor=999)
    answer = await done(edge, holding(await edge.card(MEI), more["code"], less["code"]))
    assert answer["discountMinor"] == 1_000
    assert answer["notApplied"] == [{"code": more["code"], "reason": "COUPON_STACKING"}]


async def test_without_the_database_everything_says_unavailable_and_is_worth_a_retry(edge: Edge) -> None:
    for _ in edge.servers:  # each has seen her
        await edge.ask("mobile", "Me", MEI)
    opened = [server.database.engine for server in edge.servers]
    gone = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nowhere").engine
    for server in edge.servers:
        server.database.engine = gone
    try:
        for locale in LOCALES:
            answer = await edge.ask("mobile", "KeepMe", MEI, locale=locale)
            assert (answer["code"], answer["retryable"]) == ("UNAVAILABLE", True)
            check_sentence("UNAVAILABLE", answer["message"])
        answer = (await edge.send("mobile", MEI, edge.operation("mobile", "Me"))).json()
        assert answer["errors"][0]["extensions"] == {"code": "UNAVAILABLE", "retryable": True}
        # Somebody whom this server has not seen lately cannot be let in, nor sent away for good.
        stranger = await edge.send("mobile", "demo:stranger", edge.operation("mobile", "Me"))
        assert (stranger.status_code, stranger.headers["retry-after"]) == (503, "5")
        assert stranger.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    finally:
        for server, engine in zip(edge.servers, opened, strict=True):
            server.database.engine = engine
        await gone.dispose()
    assert (await edge.ask("mobile", "KeepMe", MEI))["code"] == "ERASURE_NOT_PENDING"
