"""Coupons on the real database: every refusal, replays, time limits, returns to ISSUED."""

from __future__ import annotations

import json
import tomllib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.runtime.database import Database
from loyalty.members import actions as members
from loyalty.members.rules import MemberStatus
from loyalty.receipts.actions import RecordReceipt, record_receipts
from loyalty.receipts.rules import Line as ReceiptLine
from loyalty.receipts.rules import ReturnLine, parse_earning
from loyalty.refusals import Refused
from loyalty.sheets.actions import pause, publish, resume
from loyalty.sheets.rules import SheetInvalid, parse_season
from rewards.coupons import actions as coupons
from rewards.coupons.actions import buy_coupons, hold_baskets, release_baskets, settle_baskets
from rewards.coupons.rules.coupons import CouponState
from rewards.coupons.rules.offers import OfferKind
from rewards.coupons.store import holds as hold_store
from tests.races.coupons_shop import NOW, ROOT, Shop, basket, check_books, line, one, open_shop


@pytest.fixture
async def shop(database: Database) -> Shop:
    return await open_shop(database)


def code(answer: Any) -> str:
    assert isinstance(answer, Refused), answer
    return str(answer.code)


async def test_a_coupon_costs_its_price_and_is_found_by_its_code(shop: Shop) -> None:
    member = await shop.member(points=500)
    bought = await shop.coupon(member, "fifty-off")
    assert await shop.points(member) == 200
    assert (bought.state, bought.expires_at - NOW > timedelta(days=29)) == (CouponState.ISSUED, True)
    assert await shop.rows("SELECT member_id, coupon_id FROM coupon_codes WHERE code = $1", bought.code) == [
        (member, bought.coupon_id)
    ]
    assert (await shop.rows("SELECT kind FROM events WHERE member_id = $1 ORDER BY id DESC LIMIT 1", member)) == [
        ("coupon_bought",)
    ]
    await check_books(shop)


async def test_every_refusal_of_a_purchase_is_reached(shop: Shop) -> None:
    rich = await shop.member(points=5000)
    await shop.publish("early", validity={"days": 3, "opens_on": "2027-03-11"})
    await shop.publish("gone", limits={"total": 1})
    await shop.publish("single", limits={"member": 1})
    await shop.publish("daily", limits={"day": 1})
    for slug in ("gone", "single", "daily"):
        await shop.coupon(rich, slug)

    async def refusal(slug: str, member: UUID = rich) -> str:
        return code(await one(shop.database, buy_coupons, shop.buying(member, slug)))

    assert await refusal("nothing") == "OFFER_NOT_FOUND"
    assert await refusal("welcome-thirty") == "OFFER_NOT_FOR_SALE"
    assert await refusal("early") == "OFFER_NOT_OPEN"
    assert await refusal("gold-dinner") == "OFFER_AUDIENCE"
    assert await refusal("gone") == "SOLD_OUT"
    assert await refusal("single") == "MEMBER_LIMIT"
    assert await refusal("daily") == "DAY_LIMIT"
    assert await refusal("enamel-mug") == "NOT_ENOUGH"
    assert await refusal("fifty-off", uuid4()) == "MEMBER_NOT_FOUND"
    later = shop.buying(rich, "daily", now=NOW + timedelta(days=1))
    assert isinstance(await one(shop.database, buy_coupons, later), coupons.CouponIssued)
    async with shop.database.work() as work:
        await members.set_status(work, rich, MemberStatus.SUSPENDED, operator="test", now=NOW)
    assert await refusal("fifty-off") == "MEMBER_SUSPENDED"
    await check_books(shop)


@pytest.mark.parametrize("target", ["offers", "offer:fifty-off", "id"])
async def test_a_paused_offer_is_neither_sold_nor_held(shop: Shop, target: str) -> None:
    member = await shop.member(points=900)
    bought = await shop.coupon(member, "fifty-off")
    named = f"offer:{shop.offers['fifty-off']}" if target == "id" else target
    async with shop.database.work() as work:
        await pause(work, named, message="wrong price", reason="test", operator="op", now=NOW)
    refused = await one(shop.database, buy_coupons, shop.buying(member, "fifty-off"))
    assert (code(refused), refused.facts["message"]) == ("PAUSED", "wrong price")
    shown = await shop.shown(bought)
    assert code(await one(shop.database, hold_baskets, shop.holding(member, basket(40000), [shown]))) == "PAUSED"
    async with shop.database.work() as work:
        await resume(work, named, operator="op", now=NOW)
    await shop.coupon(member, "fifty-off")


async def test_a_request_sent_again_gives_the_first_result(shop: Shop) -> None:
    member, request = await shop.member(points=900), uuid4()
    first = await one(shop.database, buy_coupons, shop.buying(member, "fifty-off", request_id=request))
    again = await one(shop.database, buy_coupons, shop.buying(member, "fifty-off", request_id=request))
    assert first == again
    assert isinstance(first, coupons.CouponIssued) and isinstance(again, coupons.CouponIssued)
    shown, (kept,) = coupons.view_issued(first), await shop.rows("SELECT secret FROM coupons")
    assert shown is not None and shown.coupon.secret == kept[0] and "secret" not in repr(first)
    assert coupons.view_issued(again) is None, "no result keeps the secret: a replay reads the coupon"
    [(outcome,)] = await shop.rows("SELECT outcome::text FROM request_results")
    assert "secret" not in outcome
    assert await shop.points(member) == 600
    other = await one(shop.database, buy_coupons, shop.buying(member, "flyer-twenty", request_id=request))
    assert code(other) == "REQUEST_ID_REUSED"


async def test_in_one_batch_a_member_sees_what_he_did_before(shop: Shop) -> None:
    poor, rich = await shop.member(points=300), await shop.member(points=900)
    twice = shop.buying(rich, "fifty-off")
    commands = [shop.buying(poor, "fifty-off"), twice, shop.buying(poor, "fifty-off"), twice]
    async with shop.database.work() as work:
        answers = await buy_coupons(work, commands)
    assert code(answers[2]) == "NOT_ENOUGH"
    assert answers[1] == answers[3]
    assert (await shop.points(poor), await shop.points(rich)) == (0, 600)
    await check_books(shop)


async def test_coupons_keep_the_terms_that_they_were_issued_under(shop: Shop) -> None:
    member = await shop.member(points=100)
    await shop.publish("changing", amount_minor=1000)
    old = await shop.coupon(member, "changing")
    await shop.publish("changing", amount_minor=500)
    new = await shop.coupon(member, "changing")
    assert (old.version, new.version) == (1, 2)
    held = await shop.hold(member, basket(5000), [await shop.shown(old)])
    assert held.discount_minor == 1000


async def test_a_total_limit_is_never_added_to_an_offer(shop: Shop) -> None:
    await shop.publish("open")
    with pytest.raises(SheetInvalid):
        await shop.publish("open", limits={"total": 5})
    assert await shop.rows("SELECT version FROM offers WHERE slug = 'open'") == [(1,)]


async def test_every_refusal_of_a_hold_is_reached(shop: Shop) -> None:
    member, other = await shop.member(points=2000), await shop.member(points=2000)
    for slug, changes in {
        "plain": {}, "alone": {"scope": {"stores": ["banqiao"]}},
        "later": {"validity": {"days": 30, "from": "2027-03-12"}},
        "short": {"validity": {"days": 1}}, "big": {"minimum_minor": 99000}, "none": {"scope": {"skus": ["nothing"]}},
    }.items():  # fmt: skip
        await shop.publish(slug, **changes)
    mine = await shop.coupon(member, "plain")
    shown = await shop.shown(mine)

    async def refusal(*asked: Any, **more: Any) -> str:
        return code(await one(shop.database, hold_baskets, shop.holding(*asked, **more)))

    async def with_coupon(slug: str, **more: Any) -> str:
        at = more.get("now", NOW)
        return await refusal(member, basket(5000), [await shop.shown(await shop.coupon(member, slug), at)], **more)

    assert await refusal(member, basket(5000), ["nonsense"]) == "COUPON_NOT_FOUND"
    assert await refusal(None, basket(5000), ["0" * 16]) == "COUPON_NOT_FOUND"
    assert await refusal(member, basket(5000), [mine.code]) == "COUPON_TOKEN_MISSING"
    assert await refusal(member, basket(5000), [f"{mine.code}.000000"]) == "COUPON_TOKEN_OLD"
    assert await refusal(member, basket(5000), [shown], now=NOW + timedelta(minutes=2)) == "COUPON_TOKEN_OLD"
    assert await refusal(other, basket(5000), [shown]) == "COUPON_OTHER_MEMBER"
    assert await refusal(uuid4(), basket(5000), [shown]) == "MEMBER_NOT_FOUND"
    assert await with_coupon("later") == "COUPON_NOT_YET"
    assert await with_coupon("short", now=NOW + timedelta(days=1)) == "COUPON_EXPIRED"
    assert await with_coupon("alone") == "COUPON_WRONG_STORE"
    assert await with_coupon("big") == "BASKET_TOO_SMALL"
    assert await with_coupon("none") == "BASKET_NO_MATCH"
    assert await refusal(member, basket(5000)) == "NOTHING_TO_HOLD"
    assert await refusal(None, basket(5000)) == "NOTHING_TO_HOLD"
    assert await refusal(None, basket(5000), [shown], 100) == "CARD_NEEDED"
    assert await refusal(member, basket(5000, currency="USD"), [], 100) == "TENDER_CURRENCY"
    assert await refusal(member, basket(5000), [shown], 4001) == "TENDER_TOO_LARGE"
    assert await refusal(member, basket(500000), [], 5000) == "NOT_ENOUGH"
    assert await refusal(member, basket(-1), [shown]) == "INVALID_INPUT"
    assert await refusal(member, basket(2**31 - 1, 1), [shown]) == "AMOUNT_OUT_OF_RANGE"
    held = await shop.hold(member, basket(5000), [shown])
    reserved = await one(shop.database, hold_baskets, shop.holding(member, basket(6000), [shown], store="banqiao"))
    assert (code(reserved), reserved.retry_at) == ("COUPON_RESERVED", held.expires_at)
    await one(shop.database, settle_baskets, shop.settling(held.hold_id))
    assert await refusal(member, basket(5000), [shown]) == "COUPON_REDEEMED"
    failed = await shop.rows(
        "SELECT facts->>'code' FROM events WHERE member_id = $1 AND kind = 'redemption_failed'", member
    )
    assert {row[0] for row in failed} >= {"COUPON_TOKEN_OLD", "COUPON_REDEEMED", "NOT_ENOUGH", "COUPON_EXPIRED"}
    assert not {row[0] for row in failed} & {"INVALID_INPUT"}
    await check_books(shop)


async def test_points_that_are_worth_no_whole_cent_are_refused(shop: Shop) -> None:
    member = await shop.member(points=1000)
    [(text,)] = await shop.rows("SELECT body FROM sheets WHERE kind = 'season'")
    changed = {**json.loads(text), "tender_points_per_major": 300}
    async with shop.database.work() as work:
        await publish(work, "season", "current", changed, parse_season, author="t", reason="t", based_on=None, now=NOW)
    refused = await one(shop.database, hold_baskets, shop.holding(member, basket(5000), [], 100))
    assert (code(refused), refused.facts["step"]) == ("TENDER_NOT_WHOLE", 3)


async def test_a_hold_discounts_lines_and_holds_points(shop: Shop) -> None:
    member = await shop.member(points=2000)
    await shop.publish("plain", amount_minor=1000)
    shown = await shop.shown(await shop.coupon(member, "plain"))
    held = await shop.hold(member, basket(2000, 1000), [shown], 500)
    assert [each.discount_minor for each in held.lines] == [667, 333]
    assert (held.basket_minor, held.tender_minor, held.due_minor) == (3000, 500, 1500)
    assert await shop.points(member) == 2000 - 10 - 500
    await check_books(shop)
    settled = await one(shop.database, settle_baskets, shop.settling(held.hold_id))
    assert (settled.points_paid, settled.discount_minor) == (500, 1000)
    assert await shop.points(member) == 1490
    accounts = await shop.rows(
        "SELECT account, -sum(amount) FROM transfers WHERE member_id = $1 GROUP BY account ORDER BY account", member
    )
    assert dict(accounts)["sink:tender"] == 500
    assert dict(accounts)["clearing:hold"] == 0
    await check_books(shop)


async def test_the_same_basket_is_the_same_hold_whatever_the_request(shop: Shop) -> None:
    member = await shop.member(points=2000)
    await shop.publish("plain")
    bought = await shop.coupon(member, "plain")
    held = await shop.hold(member, basket(2000), [await shop.shown(bought)], 100)
    later = NOW + timedelta(minutes=3)
    again = await shop.hold(member, basket(2000), [await shop.shown(bought, later)], 100, now=later)
    assert again == held
    elsewhere = shop.holding(member, basket(2000), [await shop.shown(bought)], 100, store="banqiao")
    assert code(await one(shop.database, hold_baskets, elsewhere)) == "COUPON_RESERVED"
    assert await shop.points(member) == 2000 - 10 - 100


async def test_codes_that_do_not_apply_are_named_and_left_alone(shop: Shop) -> None:
    member = await shop.member(points=2000)
    await shop.publish("better", amount_minor=900, minimum_minor=900)
    await shop.publish("worse", amount_minor=100, minimum_minor=100)
    await shop.publish("other", stacking="other", scope={"skus": ["nothing"]})
    bought = [await shop.coupon(member, slug) for slug in ("worse", "better", "other")]
    held = await shop.hold(member, basket(2000), [await shop.shown(each) for each in bought])
    assert [(each.code, each.reason) for each in held.not_applied] == [
        (bought[0].code, "COUPON_STACKING"), (bought[2].code, "BASKET_NO_MATCH"),
    ]  # fmt: skip
    assert [await shop.state(each.coupon_id) for each in bought] == ["ISSUED", "RESERVED", "ISSUED"]


async def test_a_printed_offer_takes_the_bare_code_without_a_card(shop: Shop) -> None:
    member = await shop.member(points=2000)
    bought = await shop.coupon(member, "flyer-twenty")
    held = await shop.hold(None, basket(20000), [bought.code.lower()])
    assert held.discount_minor == 2000
    online = await one(shop.database, hold_baskets, shop.holding(None, basket(20000), [bought.code], store="online"))
    assert code(online) == "COUPON_RESERVED"


async def test_a_released_hold_gives_everything_back(shop: Shop) -> None:
    member = await shop.member(points=2000)
    await shop.publish("plain")
    bought = await shop.coupon(member, "plain")
    held = await shop.hold(member, basket(2000), [await shop.shown(bought)], 100)
    released = await one(shop.database, release_baskets, shop.releasing(held.hold_id))
    assert (released.points_returned, released.coupon_ids) == (100, (bought.coupon_id,))
    assert (await shop.state(bought.coupon_id), await shop.points(member)) == ("ISSUED", 1990)
    assert await one(shop.database, release_baskets, shop.releasing(held.hold_id)) == released
    assert code(await one(shop.database, settle_baskets, shop.settling(held.hold_id))) == "HOLD_RELEASED"
    again = await shop.hold(member, basket(2000), [await shop.shown(bought)], 100)
    assert again.hold_id != held.hold_id
    await check_books(shop)


async def test_every_refusal_of_settling_and_releasing_is_reached(shop: Shop) -> None:
    member = await shop.member(points=2000)
    held = await shop.hold(member, basket(2000), [], 100)

    async def settle(**more: Any) -> str:
        return code(await one(shop.database, settle_baskets, shop.settling(more.pop("hold", held.hold_id), **more)))

    assert await settle(hold=uuid4()) == "HOLD_NOT_FOUND"
    assert await settle(store="banqiao") == "HOLD_OTHER_STORE"
    assert await settle(receipt_no="no number!") == "INVALID_INPUT"
    assert code(await one(shop.database, release_baskets, shop.releasing(uuid4()))) == "HOLD_NOT_FOUND"
    settled = await one(shop.database, settle_baskets, shop.settling(held.hold_id, "R-9"))
    assert await one(shop.database, settle_baskets, shop.settling(held.hold_id, "R-9")) == settled
    assert await settle(receipt_no="R-10") == "HOLD_SETTLED"
    assert code(await one(shop.database, release_baskets, shop.releasing(held.hold_id))) == "HOLD_SETTLED"
    second = await shop.hold(member, basket(3000), [], 100)
    assert await settle(hold=second.hold_id, receipt_no="R-9") == "WRONG_RECEIPT"
    await check_books(shop)


async def test_the_job_lets_go_what_is_past_its_time_limit(shop: Shop) -> None:
    member = await shop.member(points=2000)
    await shop.publish("plain")
    bought = await shop.coupon(member, "plain")
    held = await shop.hold(member, basket(2000), [await shop.shown(bought)], 100)
    async with shop.database.work() as work:
        assert await coupons.expire_holds(work, NOW, 10) == 0
    await shop.lapse(held.hold_id)
    async with shop.database.work() as work:
        assert await coupons.expire_holds(work, NOW, 10) == 1
        assert await coupons.expire_holds(work, NOW, 10) == 0
    assert (await shop.state(bought.coupon_id), await shop.points(member)) == ("ISSUED", 1990)
    await check_books(shop)
    assert isinstance(await one(shop.database, settle_baskets, shop.settling(held.hold_id)), coupons.BasketSettled)
    assert (await shop.state(bought.coupon_id), await shop.points(member)) == ("REDEEMED", 1890)
    await check_books(shop)


async def test_a_late_settlement_is_refused_where_somebody_else_took_the_coupon(shop: Shop) -> None:
    member = await shop.member(points=2000)
    await shop.publish("plain")
    bought = await shop.coupon(member, "plain")
    late = await shop.hold(member, basket(2000), [await shop.shown(bought)], 100)
    await shop.lapse(late.hold_id)
    other = await shop.hold(member, basket(4000), [await shop.shown(bought)], store="banqiao")
    assert code(await one(shop.database, settle_baskets, shop.settling(late.hold_id))) == "HOLD_EXPIRED"
    await one(shop.database, release_baskets, shop.releasing(other.hold_id, store="banqiao"))
    assert code(await one(shop.database, settle_baskets, shop.settling(late.hold_id))) == "HOLD_EXPIRED"
    assert await shop.points(member) == 1990
    await check_books(shop)


async def test_a_late_settlement_is_refused_where_the_points_are_gone(shop: Shop) -> None:
    member = await shop.member(points=310)
    late = await shop.hold(member, basket(2000), [], 100)
    await shop.lapse(late.hold_id)
    async with shop.database.work() as work:
        await coupons.expire_holds(work, NOW, 10)
    await shop.coupon(member, "fifty-off")
    assert code(await one(shop.database, settle_baskets, shop.settling(late.hold_id))) == "HOLD_EXPIRED"
    assert await shop.points(member) == 10


async def test_validity_is_judged_at_the_hold(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    member = await shop.member(points=2000)
    await shop.publish("short", validity={"days": 1})
    bought, lost = await shop.coupon(member, "short"), await shop.coupon(member, "short")
    clock = {"now": bought.expires_at - timedelta(minutes=1)}

    async def load_clock(connection: Any) -> datetime:
        del connection
        return clock["now"]

    monkeypatch.setattr(hold_store, "load_clock", load_clock)
    shown = await shop.shown(bought, clock["now"])
    held = await shop.hold(member, basket(2000), [shown], now=clock["now"])
    clock["now"] = over = bought.expires_at + timedelta(hours=1)
    async with shop.database.work() as work:
        assert await coupons.expire_holds(work, over, 10) == 1
        assert await coupons.expire_coupons(work, over, 10) == 1
    assert [await shop.state(each.coupon_id) for each in (bought, lost)] == ["ISSUED", "EXPIRED"]
    again = shop.holding(member, basket(3000), [await shop.shown(bought, over)], now=over)
    assert code(await one(shop.database, hold_baskets, again)) == "COUPON_EXPIRED"
    settled = await one(shop.database, settle_baskets, shop.settling(held.hold_id, now=over))
    assert settled.coupon_ids == (bought.coupon_id,)


async def test_nobody_waits_for_ever_for_a_late_settlement(shop: Shop) -> None:
    member = await shop.member(points=2000)
    await shop.publish("short", validity={"days": 1})
    bought = await shop.coupon(member, "short")
    held = await shop.hold(member, basket(2000), [await shop.shown(bought)])
    await shop.lapse(held.hold_id)
    async with shop.database.work() as work:
        await coupons.expire_holds(work, NOW, 10)
        assert await coupons.expire_coupons(work, NOW + timedelta(days=3), 10) == 1
    late = shop.settling(held.hold_id, now=NOW + timedelta(days=3))
    assert code(await one(shop.database, settle_baskets, late)) == "HOLD_EXPIRED"


async def test_coupons_expire_once_their_last_moment_is_over(shop: Shop) -> None:
    member = await shop.member(points=2000)
    await shop.publish("short", validity={"days": 1})
    bought, kept = await shop.coupon(member, "short"), await shop.coupon(member, "fifty-off")
    async with shop.database.work() as work:
        assert await coupons.expire_coupons(work, bought.expires_at - timedelta(seconds=1), 10) == 0
        assert await coupons.expire_coupons(work, bought.expires_at, 10) == 1
        assert await coupons.expire_coupons(work, bought.expires_at, 10) == 0
    assert (await shop.state(bought.coupon_id), await shop.state(kept.coupon_id)) == ("EXPIRED", "ISSUED")
    refused = shop.holding(member, basket(2000), [await shop.shown(bought)])
    assert code(await one(shop.database, hold_baskets, refused)) == "COUPON_EXPIRED"


async def _receipt(shop: Shop, member: UUID, number: str, total: int) -> None:
    await _earning(shop)
    key = shop.key(shop.stores["xinyi"].id, "recordReceipt", {"n": number}, None)
    lines = (ReceiptLine(1, "a", "goods", "brand", "GROCERY", 2, total),)
    command = RecordReceipt(key, shop.stores["xinyi"].id, shop.cards[member], number, NOW, "TWD", lines, NOW)
    answer = await one(shop.database, record_receipts, command)
    assert not isinstance(answer, Refused), answer


async def _earning(shop: Shop) -> None:
    text = (ROOT / "loyalty/receipts/sheets/earning.TWD.toml").read_text()
    async with shop.database.work() as work:
        await publish(
            work, "earning", "TWD", tomllib.loads(text), parse_earning, author="t", reason="t", based_on=None, now=NOW
        )


async def test_a_receipt_that_does_not_fit_is_refused(shop: Shop) -> None:
    member, other = await shop.member(points=2000), await shop.member()
    held = await shop.hold(member, basket(2000), [], 500)
    await _receipt(shop, other, "THEIRS", 90000)
    await _receipt(shop, member, "SMALL", 1499)
    await _receipt(shop, member, "FITS", 1500)
    for number in ("THEIRS", "SMALL"):
        assert code(await one(shop.database, settle_baskets, shop.settling(held.hold_id, number))) == "WRONG_RECEIPT"
    assert not isinstance(await one(shop.database, settle_baskets, shop.settling(held.hold_id, "FITS")), Refused)
    assert await shop.rows("SELECT receipt_state FROM holds") == [("FITS",)]


async def _review(shop: Shop) -> int:
    """What the job does, in pages of one."""
    decided, after = 0, None
    while True:
        async with shop.database.work() as work:
            page, after = await coupons.find_waiting(work, NOW, after=after, limit=1)
            decided += await coupons.review_settled(work, page, NOW)
        if after is None:
            return decided


async def test_a_receipt_that_comes_later_and_does_not_fit_is_noticed(shop: Shop) -> None:
    member, other = await shop.member(points=2000), await shop.member()
    good, bad, never = [await shop.hold(member, basket(amount), [], 500) for amount in (2000, 2001, 2002)]
    for held, number in ((good, "GOOD"), (bad, "BAD"), (never, "NEVER")):
        assert not isinstance(await one(shop.database, settle_baskets, shop.settling(held.hold_id, number)), Refused)
    await _receipt(shop, member, "GOOD", 1500)
    await _receipt(shop, other, "BAD", 90000)
    assert await _review(shop) == 2
    assert await _review(shop) == 0, "what was decided waits no more"
    found = await shop.rows("SELECT receipt_no, receipt_state FROM holds ORDER BY receipt_no")
    assert found == [("BAD", "MISFIT"), ("GOOD", "FITS"), ("NEVER", "WAITING")]
    assert len(await shop.rows("SELECT id FROM events WHERE kind = 'redemption_misfit'")) == 1


async def test_a_dry_run_says_what_a_hold_would_do_and_changes_nothing(shop: Shop) -> None:
    member = await shop.member(points=2000)
    await shop.publish("plain")
    bought = await shop.coupon(member, "plain")
    query = shop.holding(member, basket(2000, 1000), [await shop.shown(bought)], 500).query
    async with shop.database.read() as connection:
        checked = await coupons.check_basket(connection, query)
    assert await shop.rows("SELECT id FROM holds") == []
    held = await shop.hold(member, basket(2000, 1000), [await shop.shown(bought)], 500)
    assert (checked.lines, checked.due_minor, checked.tender_minor, checked.applied) == (
        held.lines, held.due_minor, held.tender_minor, held.applied,
    )  # fmt: skip
    async with shop.database.read() as connection:
        with pytest.raises(Refused, match="COUPON_RESERVED"):
            await coupons.check_basket(connection, query)
        await shop.lapse(held.hold_id)
        assert await coupons.check_basket(connection, query) == checked


async def test_a_person_is_welcomed_once(shop: Shop) -> None:
    first, second = await shop.member(), await shop.member()
    async with shop.database.work() as work:
        answers = await coupons.welcome(
            work,
            [
                coupons.Welcome(first, b"anna", NOW), coupons.Welcome(second, b"bert", NOW),
                coupons.Welcome(first, b"anna", NOW),
            ],
        )  # fmt: skip
    assert [(each.tickets, len(each.coupon_ids)) for each in answers] == [(3, 1), (3, 1), (0, 0)]
    back = await shop.member()
    assert (await one(shop.database, coupons.welcome, coupons.Welcome(back, b"anna", NOW))).tickets == 0
    assert await shop.rows("SELECT count(*), sum(balance) FROM wallets WHERE currency = 'TICKETS'") == [(2, 6)]


async def test_offers_are_listed_with_what_a_purchase_would_meet(shop: Shop) -> None:
    member = await shop.member(points=150)
    async with shop.database.read() as connection:
        first = await coupons.read_offers(connection, member, NOW, first=3)
        rest = await coupons.read_offers(connection, member, NOW, first=100, before=first[-1].id)
    whole = {each.offer.slug: each for each in first + rest}
    assert len(first) == 3
    assert len(whole) == len(first) + len(rest) == 9
    assert {slug: str(each.refusal.code) for slug, each in whole.items() if each.refusal} == {
        "fifty-off": "NOT_ENOUGH", "free-coffee": "NOT_ENOUGH", "enamel-mug": "NOT_ENOUGH",
        "gold-dinner": "OFFER_AUDIENCE",
    }  # fmt: skip
    assert (whole["first-hundred"].left, whole["flyer-twenty"].left) == (100, None)


async def test_coupons_are_listed_newest_first_by_state(shop: Shop) -> None:
    member = await shop.member(points=2000)
    bought = [await shop.coupon(member, "flyer-twenty") for _ in range(2)] + [await shop.coupon(member, "fifty-off")]
    await shop.hold(None, basket(20000), [bought[0].code])
    async with shop.database.read() as connection:
        every = await coupons.read_coupons(connection, member, NOW, first=2)
        more = await coupons.read_coupons(connection, member, NOW, first=2, before=every[-1].coupon.id)
        held = await coupons.read_coupons(connection, member, NOW, first=9, state=CouponState.RESERVED)
        late = await coupons.read_coupons(connection, member, NOW + timedelta(days=40), first=1)
        other = await coupons.read_coupons_by_id(connection, uuid4(), NOW, [bought[0].coupon_id])
        exported = await coupons.export_coupons(connection, member)
    assert [each.coupon.id for each in every + more] == [each.coupon_id for each in reversed(bought)]
    assert [each.coupon.id for each in held] == [bought[0].coupon_id]
    assert (late[0].shown, late[0].offer.kind) == (CouponState.EXPIRED, OfferKind.AMOUNT_OFF)
    assert other == []
    assert [each["code"] for each in exported] == [each.code for each in reversed(bought)]
    assert (exported[-1]["state"], exported[-1]["offer"]) == ("RESERVED", "flyer-twenty")


async def test_stamps_and_cash_through_the_till(shop: Shop) -> None:
    member = await shop.member(stamps=10)
    bought = await shop.coupon(member, "enamel-mug")
    whole = basket(100)
    mug = whole.__class__("TWD", (line(1, 39900, sku="MUG-ENAMEL"),))
    held = await shop.hold(member, mug, [await shop.shown(bought)])
    assert (held.discount_minor, held.due_minor) == (30000, 9900)


async def test_a_segment_opens_an_offer_to_its_members(shop: Shop) -> None:
    member = await shop.member(points=100)
    await shop.publish("parents", audience={"segments": ["parents"]})
    assert code(await one(shop.database, buy_coupons, shop.buying(member, "parents"))) == "OFFER_AUDIENCE"
    async with shop.database.work() as work:
        await coupons.add_to_segment(work, "parents", [member])
        await coupons.add_to_segment(work, "parents", [member])
    await shop.coupon(member, "parents")


async def test_a_refused_sheet_changes_nothing(shop: Shop) -> None:
    with pytest.raises(SheetInvalid) as refused:
        await shop.publish("bad", kind="PERCENT_OFF", scope={"categories": ["BEER"]})
    assert len(refused.value.faults) >= 3
    assert await shop.rows("SELECT id FROM offers WHERE slug = 'bad'") == []


def _returning(
    shop: Shop, number: str, amount: int, points: int = 0, *, receipt_no: str = "R-1", quantity: int = 1
) -> coupons.ReturnGoods:
    store_id = shop.stores["banqiao"].id
    key = shop.key(store_id, "recordReturn", {"no": number, "amount": amount, "points": points}, None)
    return coupons.ReturnGoods(
        key, store_id, shop.stores["xinyi"].id, receipt_no, number, (ReturnLine(1, quantity, amount),), points, NOW
    )


async def _paid(shop: Shop, member: UUID, slug: str) -> coupons.CouponIssued:
    """A basket of 30 dollars, 10 off by the coupon and 5 paid with points, settled by receipt R-1."""
    bought = await shop.coupon(member, slug)
    held = await shop.hold(member, basket(3000), [await shop.shown(bought)], 500)
    await _receipt(shop, member, "R-1", 1500)
    assert not isinstance(await one(shop.database, settle_baskets, shop.settling(held.hold_id)), Refused)
    return bought


async def test_a_whole_return_gives_points_back_and_reopens_the_coupon(shop: Shop) -> None:
    member = await shop.member(points=1000)
    await shop.publish("plain", on_return="REOPEN")
    bought = await _paid(shop, member, "plain")
    assert await shop.points(member) == 1000 - 10 - 500 + 1
    half = await one(shop.database, coupons.return_goods, _returning(shop, "T-1", 700, 200))
    assert (half.refunded_points, half.coupons_reopened, half.everything) == (200, 0, False)
    assert await shop.state(bought.coupon_id) == "REDEEMED"
    too_much = await one(shop.database, coupons.return_goods, _returning(shop, "T-2", 800, 301))
    assert (code(too_much), too_much.facts["most"]) == ("TENDER_RETURN_EXCEEDS", 300)
    rest = await one(shop.database, coupons.return_goods, _returning(shop, "T-2", 800, 300))
    assert (rest.refunded_points, rest.coupons_reopened, rest.everything, rest.points) == (300, 1, True, 1)
    assert await shop.points(member) == 990
    assert await shop.state(bought.coupon_id) == "ISSUED"
    again = await one(shop.database, coupons.return_goods, _returning(shop, "T-2", 800, 300))
    assert again == rest
    assert code(await one(shop.database, coupons.return_goods, _returning(shop, "T-2", 800, 299))) == "RETURN_MISMATCH"
    assert code(await one(shop.database, coupons.return_goods, _returning(shop, "T-3", 1))) == "RETURN_EXCEEDS"
    assert code(await one(shop.database, coupons.return_goods, _returning(shop, "T-3", 1, -1))) == "INVALID_INPUT"
    gone = _returning(shop, "T-3", 1, receipt_no="R-2")
    assert code(await one(shop.database, coupons.return_goods, gone)) == "RECEIPT_NOT_FOUND"
    assert not isinstance(await shop.hold(member, basket(2000), [await shop.shown(bought)]), Refused)
    await check_books(shop)


async def test_a_whole_return_voids_a_coupon_whose_offer_says_so(shop: Shop) -> None:
    member = await shop.member(points=1000)
    await shop.publish("plain", on_return="VOID")
    bought = await _paid(shop, member, "plain")
    back = await one(shop.database, coupons.return_goods, _returning(shop, "T-1", 1500, 500, quantity=2))
    assert (back.coupons_reopened, back.coupons_voided, back.everything) == (0, 1, True)
    assert await shop.state(bought.coupon_id) == "VOID"
    refused = shop.holding(member, basket(2000), [await shop.shown(bought)])
    assert code(await one(shop.database, hold_baskets, refused)) == "COUPON_VOID"
    await check_books(shop)


async def test_returns_of_one_receipt_in_one_batch_see_each_other(shop: Shop) -> None:
    member = await shop.member(points=1000)
    await shop.publish("plain")
    await _paid(shop, member, "plain")
    commands = [_returning(shop, "T-1", 700, 300), _returning(shop, "T-2", 800, 300), _returning(shop, "T-2", 800, 200)]
    async with shop.database.work() as work:
        answers = await coupons.return_goods(work, commands)
    assert code(answers[1]) == "TENDER_RETURN_EXCEEDS"
    assert (answers[2].refunded_points, answers[2].coupons_reopened) == (200, 1)  # type: ignore[union-attr]
    await check_books(shop)
