"""Draws on a real database: what they cost, what they give, what refuses them, and what their receipts prove."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from api.runtime.audit import examine_all
from api.runtime.database import Database
from loyalty.members.actions import set_status
from loyalty.members.rules import MemberStatus
from loyalty.refusals import Refused
from loyalty.sheets import actions as sheets
from loyalty.sheets.rules import SheetInvalid
from rewards.fairness.actions import SeedRevealed, read_seed
from rewards.gacha import actions as gacha
from rewards.gacha.rules.chains import check_together
from rewards.gacha.rules.rails import Exclusion
from rewards.gacha.rules.verifying import seeds_of, verify
from tests.gacha_sheets import prize
from tests.races.gacha_fair import (
    NOW,
    VAULT,
    Fair,
    ask,
    check_books,
    draw_prizes,
    open_fair,
    reveal_seeds,
    set_client_seeds,
)

ONLY = {"hazard": None, "ten_guarantee": False}


@pytest.fixture
async def fair(database: Database) -> Fair:
    return await open_fair(database)


def one_prize(**changes: Any) -> dict[str, Any]:
    """A pool that always gives the same."""
    return {**ONLY, "prizes": [prize("it", "PLAIN", 1_000_000, **changes)]}


def limited(stock: int, when_gone: str) -> dict[str, Any]:
    """A pool that always rolls a prize of which there are few."""
    few = prize("few", "PLAIN", 1_000_000, stock=stock, when_gone=when_gone, fallback="rest")
    return {**ONLY, "prizes": [few, prize("rest", "PLAIN", 0, amount=1)]}


async def test_tickets_pay_before_diamonds(fair: Fair) -> None:
    await fair.publish("plain", **one_prize(kind="ENERGY"))
    member = await fair.member(diamonds=100, tickets=3)
    drawn = await fair.draw(member, "plain", 10)
    assert [each.currency for each in drawn.draws] == ["TICKETS"] * 3 + ["DIAMONDS"] * 7
    assert (await fair.spendable(member, "TICKETS"), await fair.spendable(member, "DIAMONDS")) == (0, 30)
    assert await fair.rows("SELECT kind, sum(amount) FROM grants GROUP BY kind") == [("ENERGY", 100)]
    await check_books(fair)


async def test_a_pool_that_takes_no_tickets_takes_diamonds(fair: Fair) -> None:
    await fair.publish("plain", takes_tickets=False, **one_prize())
    member = await fair.member(diamonds=10, tickets=3)
    await fair.draw(member, "plain")
    assert (await fair.spendable(member, "TICKETS"), await fair.spendable(member, "DIAMONDS")) == (3, 10)


@pytest.mark.parametrize(
    ("kind", "more", "currency"),
    [("POINTS", {}, "POINTS"), ("STAMPS", {"days": 7}, "STAMPS"), ("TICKETS", {"days": 7}, "TICKETS"),
     ("DIAMONDS", {}, "DIAMONDS")],
)  # fmt: skip
async def test_prizes_of_value_go_to_the_wallet(fair: Fair, kind: str, more: dict[str, Any], currency: str) -> None:
    await fair.publish("plain", takes_tickets=False, **one_prize(kind=kind, amount=7, **more))
    member = await fair.member(diamonds=100)
    await fair.draw(member, "plain", 10)
    assert await fair.spendable(member, currency) == 70
    await check_books(fair)


async def test_a_coupon_that_is_drawn_is_the_members(fair: Fair) -> None:
    await fair.publish("plain", **one_prize(kind="COUPON", offer="lucky-ten", amount=None))
    member = await fair.member(diamonds=100)
    drawn = await fair.draw(member, "plain", 10)
    found = await fair.rows("SELECT id, state FROM coupons WHERE member_id = $1", member)
    assert sorted(found) == sorted((each.coupon_id, "ISSUED") for each in drawn.draws)
    await check_books(fair)


async def test_every_ten_of_the_daily_pool_brings_a_coupon(fair: Fair) -> None:
    for _ in range(5):
        drawn = await fair.draw(await fair.member(diamonds=1_000), "daily", 10)
        assert any(each.coupon_id for each in drawn.draws)
    await check_books(fair)


async def test_a_replayed_draw_returns_the_first_result(fair: Fair) -> None:
    member, request = await fair.member(diamonds=100), uuid4()
    first = await fair.draw(member, "daily", request_id=request)
    again = await fair.draw(member, "daily", request_id=request, now=NOW + timedelta(days=3))
    assert again == first
    assert await fair.code(member, "daily", 10, request_id=request) == "REQUEST_ID_REUSED"
    assert await fair.rows("SELECT count(*) FROM draws") == [(1,)]


async def snapshot(fair: Fair) -> list[Any]:
    return [
        await fair.rows(f"SELECT * FROM {table} ORDER BY 1, 2")
        for table in ("wallets", "draws", "seeds", "pity", "draw_rails", "pool_stock", "events", "coupons", "grants")
    ]


async def test_a_refused_draw_changes_nothing(fair: Fair) -> None:
    member = await fair.member(diamonds=1_000)
    await fair.draw(member, "daily")
    await fair.publish("later", window={"opens_on": "2027-03-11"}, **one_prize())
    await fair.publish("over", window={"closes_on": "2027-03-09"}, **one_prize())
    await fair.publish("gold", gates={"tiers": ["gold"]}, **one_prize())
    await fair.publish("old", gates={"min_age": 60}, **one_prize())
    await fair.publish("dear", price_diamonds=5_000, **one_prize())
    await fair.publish("capped", caps={"day": 1}, **one_prize())
    await fair.draw(member, "capped")
    await fair.publish("empty", **limited(1, "CLOSE_POOL"))
    await fair.draw(await fair.member(diamonds=10), "empty")
    await fair.publish("stopped", **one_prize())
    await fair.publish("coupon", **one_prize(kind="COUPON", offer="lucky-ten", amount=None))
    async with fair.database.work() as work:
        for target in ("pool:stopped", "offer:lucky-ten"):
            await sheets.pause(work, target, message="Soon.", reason="test", operator="ann", now=NOW)
    before = await snapshot(fair)
    for expected, asked in {
        "COUNT_INVALID": ("daily", 3), "POOL_NOT_FOUND": ("nowhere", 1), "POOL_NOT_OPEN": ("later", 1),
        "POOL_CLOSED": ("over", 1), "TIER_TOO_LOW": ("gold", 1), "UNDER_AGE": ("old", 1), "NOT_ENOUGH": ("dear", 1),
        "DRAW_CAP_DAY": ("capped", 1), "SOLD_OUT": ("empty", 1), "PAUSED": ("stopped", 1),
    }.items():  # fmt: skip
        assert await fair.code(member, *asked) == expected
    assert await fair.code(member, "coupon") == "PAUSED"
    for count in (0, -1, 2, 11, 100):
        assert await fair.code(member, "daily", count) == "COUNT_INVALID"
    assert await fair.code(member, "dear", odds_hash="0" * 64) == "ODDS_CHANGED"
    assert await fair.code(uuid4(), "daily") == "MEMBER_NOT_FOUND"
    assert await snapshot(fair) == before
    await check_books(fair)


async def test_a_full_wallet_refuses_a_prize_before_anything_is_drawn(fair: Fair) -> None:
    await fair.publish("points", **one_prize(kind="POINTS", amount=2**31 - 1, tax_step=True))
    member = await fair.member(diamonds=100)
    await fair.draw(member, "points")
    before = await snapshot(fair)
    assert await fair.code(member, "points") == "AMOUNT_OUT_OF_RANGE"
    assert await snapshot(fair) == before


async def test_a_suspended_member_draws_nothing(fair: Fair) -> None:
    member = await fair.member(diamonds=100)
    async with fair.database.work() as work:
        await set_status(work, member, MemberStatus.SUSPENDED, operator="ann", now=NOW)
    assert await fair.code(member) == "MEMBER_SUSPENDED"


async def test_what_is_gone_is_stood_in_for(fair: Fair) -> None:
    await fair.publish("few", **limited(3, "FALLBACK"))
    member = await fair.member(diamonds=200)
    drawn = await fair.draw(member, "few", 10)
    assert [each.prize for each in drawn.draws] == ["few"] * 3 + ["rest"] * 7
    assert {each.rolled for each in drawn.draws} == {"few"}
    assert await fair.rows("SELECT awarded FROM pool_stock WHERE code = 'few'") == [(3,)]
    assert (await fair.receipt(member, drawn.draws[9].id))["why"] == "SOLD_OUT"
    await check_books(fair)


async def test_the_last_prize_closes_a_pool_that_says_so(fair: Fair) -> None:
    await fair.publish("few", **limited(3, "CLOSE_POOL"))
    drawn = await fair.draw(await fair.member(diamonds=100), "few", 10)
    assert [each.prize for each in drawn.draws] == ["few"] * 3 + ["rest"] * 7
    late = await fair.member(diamonds=100)
    assert await fair.code(late, "few") == "SOLD_OUT"
    async with fair.database.read() as connection:
        [shown] = await gacha.view_pools(connection, late, NOW, [fair.pools["few"][0]])
    assert shown.refusal is not None
    assert shown.refusal.code == "SOLD_OUT"
    await fair.publish("few", **limited(4, "CLOSE_POOL"))
    assert (await fair.draw(await fair.member(diamonds=100), "few")).draws[0].prize == "few"
    with pytest.raises(SheetInvalid, match="SHEET_INVALID") as refused:
        await fair.publish("few", **limited(3, "CLOSE_POOL"))
    assert "at least the 4 awarded" in str(refused.value.faults[0])
    await check_books(fair)


@pytest.mark.parametrize(
    ("offer", "rule"),
    [("nothing", "there is no offer"), ("fifty-off", "of source GACHA"), ("first-hundred", "of source GACHA")],
)
async def test_a_pool_gives_only_coupons_that_are_made_for_it(fair: Fair, offer: str, rule: str) -> None:
    with pytest.raises(SheetInvalid) as refused:
        await fair.publish("plain", **one_prize(kind="COUPON", offer=offer, amount=None))
    assert rule in str(refused.value.faults[0])
    assert await fair.rows("SELECT slug FROM pools ORDER BY slug") == [("daily",), ("treasure",)]


async def test_pity_carries_over_a_version_unless_the_new_one_says_not(fair: Fair) -> None:
    await fair.publish("pity", **one_prize())
    member = await fair.member(diamonds=1_000)
    await fair.draw(member, "pity")
    old = fair.pools["pity"]
    await fair.publish("pity", price_diamonds=11, **one_prize())
    assert await fair.code(member, "pity", odds_hash=old[1]) == "ODDS_CHANGED"
    assert (await fair.draw(member, "pity")).draws[0].pity_before == 1
    await fair.publish("pity", price_diamonds=12, carries_pity=False, **one_prize())
    await fair.publish("pity", price_diamonds=13, **one_prize())
    assert (await fair.draw(member, "pity")).draws[0].pity_before == 0
    await check_books(fair)


# --- guard rails


async def test_ten_a_day_and_a_hundred_a_month(fair: Fair) -> None:
    member = await fair.member(diamonds=100_000)
    start = datetime(2027, 3, 1, 4, tzinfo=UTC)
    for day in range(10):
        await fair.draw(member, "daily", 10, now=start + timedelta(days=day))
        assert await fair.code(member, "treasure", now=start + timedelta(days=day)) in (
            "DRAW_CAP_DAY",
            "DRAW_CAP_MONTH",
        )
    refused = await ask(fair.database, draw_prizes, fair.drawing(member, "daily", now=start + timedelta(days=12)))
    assert (refused.code, refused.facts["limit"], refused.facts["left"]) == ("DRAW_CAP_MONTH", 100, 0)
    assert refused.retry_at == datetime(2027, 3, 31, 16, tzinfo=UTC)
    await fair.draw(member, "daily", now=refused.retry_at)
    await check_books(fair)


@pytest.mark.parametrize("birth_year", [None, 2027 - 18, 2027 - 17])
async def test_the_young_and_the_unknown_draw_three_a_day(fair: Fair, birth_year: int | None) -> None:
    member = await fair.member(diamonds=1_000, birth_year=birth_year)
    refused = await ask(fair.database, draw_prizes, fair.drawing(member, "daily", 10))
    assert (refused.code, refused.facts["limit"], refused.retryable) == ("DRAW_CAP_DAY", 3, False)
    for _ in range(3):
        await fair.draw(member, "daily")
    refused = await ask(fair.database, draw_prizes, fair.drawing(member, "daily"))
    assert (refused.code, refused.retry_at) == ("DRAW_CAP_DAY", datetime(2027, 3, 10, 16, tzinfo=UTC))
    await fair.draw(member, "daily", now=refused.retry_at)
    grown = await fair.member(diamonds=1_000, birth_year=2027 - 19)
    await fair.draw(grown, "daily", 10)


async def test_a_members_own_stop_holds_at_once_and_is_loosened_a_day_later(fair: Fair) -> None:
    member, day = await fair.member(diamonds=1_000), timedelta(days=1)

    async def exclude(wish: Exclusion, now: datetime) -> datetime | None:
        answer = await ask(fair.database, gacha.set_self_exclusions, fair.excluding(member, wish, now=now))
        assert isinstance(answer, gacha.SelfExclusionSet)
        return answer.excluded_until

    assert await exclude(Exclusion.NONE, NOW) is None
    assert await exclude(Exclusion.DAYS_7, NOW) == NOW + 7 * day
    refused = await ask(fair.database, draw_prizes, fair.drawing(member, "daily"))
    assert (refused.code, refused.retry_at) == ("SELF_EXCLUDED", NOW + 7 * day)
    assert await exclude(Exclusion.HOURS_24, NOW) == NOW + day
    assert await exclude(Exclusion.DAYS_30, NOW) == NOW + 30 * day
    assert await exclude(Exclusion.NONE, NOW) == NOW + day
    assert await exclude(Exclusion.FOR_GOOD, NOW) == datetime(9999, 12, 31, tzinfo=UTC)
    for_good = await ask(fair.database, draw_prizes, fair.drawing(member, "daily"))
    assert (for_good.code, for_good.retry_at, for_good.retryable) == ("SELF_EXCLUDED", None, False)
    assert await exclude(Exclusion.NONE, NOW) == NOW + day
    assert await exclude(Exclusion.NONE, NOW + day / 2) == NOW + day
    await fair.draw(member, "daily", now=NOW + day)
    assert await fair.rows("SELECT count(*) FROM draw_rails") == [(1,)]


# --- seeds and receipts


async def test_a_member_picks_a_client_seed_for_a_seed_that_is_committed_to(fair: Fair) -> None:
    member = await fair.member(diamonds=1_000)
    drawn = await fair.draw(member, "daily")
    async with fair.database.read() as connection:
        before = await read_seed(connection, member)
    assert before is not None
    assert (before.epoch, before.set_by_member, before.next_nonce) == (1, False, 1)
    set_ = await ask(fair.database, set_client_seeds, fair.setting(member, "alice"))
    assert (set_.seed.client_seed, set_.seed.set_by_member) == ("alice", True)
    assert set_.seed.commit_sha256 == before.commit_sha256
    after = await fair.draw(member, "daily")
    assert [each.nonce for each in (*drawn.draws, *after.draws)] == [0, 1]
    first, second = [await fair.receipt(member, each.draws[0].id) for each in (drawn, after)]
    assert (first["clientSeedBy"], second["clientSeedBy"], second["clientSeed"]) == ("SERVER", "MEMBER", "alice")
    for text in ("", "a b", "x" * 65, "名"):
        refused = await ask(fair.database, set_client_seeds, fair.setting(member, text))
        assert refused.code == "CLIENT_SEED_INVALID"
    await check_books(fair)


async def test_a_reveal_opens_this_epoch_and_keeps_the_promise_of_the_next(fair: Fair) -> None:
    member = await fair.member(diamonds=100_000)
    documents = []
    for turn in range(3):
        now = NOW + timedelta(days=turn)
        drawn = [await fair.draw(member, slug, now=now) for slug in ("daily", "treasure", "daily")]
        ids = [each.id for one in drawn for each in one.draws]
        async with fair.database.read() as connection:
            before = await read_seed(connection, member)
        assert before is not None
        assert "serverSeedHex" not in await fair.receipt(member, ids[0])
        shown = await ask(fair.database, reveal_seeds, fair.revealing(member, f"turn-{turn}", now=now))
        assert isinstance(shown, SeedRevealed)
        assert shown.epoch == turn + 1
        assert (shown.seed.epoch, shown.seed.client_seed, shown.seed.next_nonce) == (turn + 2, f"turn-{turn}", 0)
        assert shown.seed.commit_sha256 == before.next_commit_sha256
        documents += [await fair.receipt(member, each) for each in ids]
        assert documents[-1]["serverSeedHex"] == shown.server_seed_hex
    verdicts = [verify(each["id"], each, seeds_of(documents)) for each in documents]
    assert len(check_together(verdicts)) == 3
    assert all(each.is_proved for each in verdicts), [each.wrong for each in verdicts]
    await check_books(fair)


async def test_a_reveal_is_replayed_and_never_done_twice(fair: Fair) -> None:
    member, request = await fair.member(), uuid4()
    first = await ask(fair.database, reveal_seeds, fair.revealing(member, request_id=request))
    again = await ask(fair.database, reveal_seeds, fair.revealing(member, request_id=request))
    assert first == again
    assert await fair.rows("SELECT count(*) FROM seeds WHERE revealed_at IS NOT NULL") == [(1,)]


async def test_seeds_are_unreadable_at_rest_and_receipts_belong_to_their_member(fair: Fair) -> None:
    member, other = await fair.member(diamonds=100), await fair.member()
    drawn = await fair.draw(member, "daily")
    shown = await ask(fair.database, reveal_seeds, fair.revealing(member))
    for sealed, commit in await fair.rows("SELECT sealed, commit_sha256 FROM seeds"):
        assert bytes.fromhex(shown.server_seed_hex) not in sealed
        assert len(commit) == 32
    async with fair.database.read() as connection:
        assert await gacha.read_receipt(connection, VAULT, other, drawn.draws[0].id) is None
        assert await gacha.read_draws(connection, other, first=10) == []


async def test_pools_show_exact_chances_as_they_stand_for_a_member(fair: Fair) -> None:
    await fair.publish("few", **limited(1, "FALLBACK"))
    member = await fair.member(diamonds=100)
    await fair.draw(member, "few")
    async with fair.database.read() as connection:
        views = {each.pool.slug: each for each in await gacha.view_pools(connection, member, NOW)}
    assert list(views) == ["daily", "treasure", "few"]
    assert [line.effective for line in views["few"].lines] == [0, 1]
    assert [line.left for line in views["few"].lines] == [0, None]
    assert (views["few"].pity, views["daily"].pity) == (1, 0)
    assert sum(line.consolidated for line in views["daily"].lines) == 1
    assert all(not isinstance(each.refusal, Refused) for each in views.values())


async def test_the_audit_sees_a_draw_that_was_altered(fair: Fair, owner_url: str) -> None:
    await fair.publish("few", **limited(3, "FALLBACK"))
    member = await fair.member(diamonds=1_000)
    await fair.draw(member, "daily")
    await fair.draw(member, "few")
    await check_books(fair)
    url = make_url(owner_url)
    owner = await asyncpg.connect(
        user=url.username, database=url.database, host=url.query["host"], port=int(str(url.query["port"]))
    )
    for statement, sentence in {
        "UPDATE draws SET roll = (roll + 1) % 1000000 WHERE nonce = 0": "follows from its seed",
        "UPDATE draws SET rolled = 'rest', awarded = 'rest' WHERE nonce = 1": "follows from its seed",
        "UPDATE draws SET client_seed = 'other' WHERE nonce = 0": "follows from its seed",
        "UPDATE draws SET pity_before = 1, pity_start = 1, pity_after = 2 WHERE nonce = 1": "follows from its seed",
        "DELETE FROM draws WHERE nonce = 0": "nonces have no gap",
        "UPDATE draws SET amount = amount + 1": "paid for",
        "UPDATE draws SET count = 10": "stand together",
        "UPDATE pool_stock SET awarded = awarded + 1 WHERE code = 'few'": "more often than its stock",
        "UPDATE pools SET version = 9": "the odds that are in force",
        "UPDATE draws SET coupon_id = id": "a coupon that was drawn",
        "UPDATE seeds SET sealed = sealed || 'x'": "every sealed seed opens",
        "UPDATE seeds SET commit_sha256 = sha256('another seed')": "every sealed seed opens",
        "UPDATE seeds SET sealed = 'x'": "every sealed seed opens",
        "DELETE FROM seeds WHERE epoch = 2": "epochs follow each other",
    }.items():
        change = owner.transaction()
        await change.start()
        assert not (await owner.execute(statement)).endswith(" 0"), statement
        report = await examine_all(owner, NOW, vault=VAULT)
        await change.rollback()
        assert any(sentence in finding.sentence for _, finding in report.failed()), (statement, report.failed())
    await owner.close()
