"""What time does, on the real database: each job does what is due, and a second run of it does nothing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.runtime import metrics
from api.runtime.database import Database
from api.runtime.jobs.carrying import SIGNATURE, EventFile, Webhook
from api.runtime.jobs.polling import Job, poll, run_job
from api.runtime.jobs.work import jobs_of
from loyalty.ids import to_typeid
from loyalty.members.actions import RightsCommand, request_erasures
from loyalty.receipts.actions import record_receipts
from loyalty.receipts.rules import parse_earning
from loyalty.requests.rules import RequestKey
from loyalty.sheets.actions import seed_files
from loyalty.tiers import actions as tiers
from loyalty.timeline.actions import EventRow
from rewards.coupons.actions import settle_baskets
from tests.races.coupons_shop import LOT, NOW, ROOT, Shop, basket, check_books, one, open_shop
from tests.seeding import receipt

DAY = timedelta(days=1)
AFTER_LOT = datetime(LOT.expires_on.year, LOT.expires_on.month, LOT.expires_on.day, 4, tzinfo=NOW.tzinfo) + DAY


class Kept:
    """A carrier that keeps what it is given; fails while `broken`."""

    def __init__(self) -> None:
        self.events: list[EventRow] = []
        self.broken = False

    async def __call__(self, events: Sequence[EventRow]) -> None:
        if self.broken:
            raise OSError("nobody listens")
        self.events.extend(events)


@pytest.fixture
async def shop(database: Database) -> Shop:
    async with database.work() as work:
        earning = ROOT / "loyalty/receipts/sheets/earning.TWD.toml"
        await seed_files(work, {earning.name: earning.read_text()}, {"earning": parse_earning}, now=NOW)
    return await open_shop(database)


def job(name: str, carry: Any = None) -> Job:
    return {each.name: each for each in jobs_of(carry or Kept())}[name]


async def rows_of(shop: Shop, name: str, now: datetime, carry: Any = None) -> int:
    """How many rows the job says that it changed."""
    before = metrics.REGISTRY.get_sample_value("mergemart_job_rows_total", {"job": name}) or 0
    assert await run_job(shop.database, job(name, carry), now), "the job failed; the log says where"
    return int((metrics.REGISTRY.get_sample_value("mergemart_job_rows_total", {"job": name}) or 0) - before)


async def kinds_of(shop: Shop, member_id: UUID) -> list[str]:
    rows = await shop.rows("SELECT kind FROM events WHERE member_id = $1 ORDER BY id", member_id)
    return [kind for (kind,) in rows]


async def test_expired_lots_are_booked_to_breakage_once(shop: Shop) -> None:
    rich, poor = await shop.member(points=120), await shop.member()
    last_moment = AFTER_LOT - timedelta(hours=12, seconds=1)  # 23:59:59 in Taipei, on the lot's last day
    assert await rows_of(shop, "lots", last_moment) == 0
    assert await shop.points(rich) == 120
    assert await rows_of(shop, "lots", last_moment + timedelta(seconds=1)) == 1
    assert await rows_of(shop, "lots", AFTER_LOT) == 0
    assert await shop.points(rich) == 0
    booked = await shop.rows("SELECT member_id, amount FROM transfers WHERE account = 'breakage'")
    assert booked == [(rich, -120)]
    assert (await kinds_of(shop, rich)).count("lots_expired") == 1
    assert "lots_expired" not in await kinds_of(shop, poor)
    await check_books(shop)


async def test_a_hold_past_its_time_limit_lets_go_once(shop: Shop) -> None:
    member = await shop.member(points=500)
    coupon = await shop.coupon(member, "fifty-off")
    held = await shop.hold(member, basket(40_000), [await shop.shown(coupon)], points=100)
    assert await rows_of(shop, "holds", NOW) == 0
    await shop.lapse(held.hold_id)
    assert await rows_of(shop, "holds", NOW) == 1
    assert await rows_of(shop, "holds", NOW) == 0
    assert await shop.state(coupon.coupon_id) == "ISSUED"
    assert await shop.points(member) == 200
    assert (await kinds_of(shop, member)).count("hold_released") == 1
    await check_books(shop)


async def test_a_coupon_past_its_last_moment_expires_once(shop: Shop) -> None:
    member = await shop.member(points=500)
    coupon = await shop.coupon(member, "fifty-off")
    assert await rows_of(shop, "coupons", coupon.expires_at - timedelta(seconds=1)) == 0
    assert await rows_of(shop, "coupons", coupon.expires_at) == 1
    assert await rows_of(shop, "coupons", coupon.expires_at) == 0
    assert await shop.state(coupon.coupon_id) == "EXPIRED"
    assert (await kinds_of(shop, member)).count("coupon_expired") == 1


async def test_a_tier_gets_its_notice_and_then_steps_down_each_once(shop: Shop) -> None:
    member = await shop.member()
    command = receipt(shop.stores["xinyi"], shop.cards[member], 10_000_000, now=NOW)
    async with shop.database.work() as work:
        [recorded] = await record_receipts(work, [command])
    reached = recorded.tier
    assert reached != "general"
    assert await rows_of(shop, "tiers", NOW + 330 * DAY) == 0
    noticed = NOW + 365 * DAY + timedelta(hours=1)
    assert await rows_of(shop, "tiers", noticed) == 1
    assert await rows_of(shop, "tiers", noticed) == 0
    assert await rows_of(shop, "tiers", noticed + 31 * DAY) == 1
    assert await rows_of(shop, "tiers", noticed + 31 * DAY) == 0
    moves = [kind for kind in await kinds_of(shop, member) if kind.startswith("tier_")]
    assert moves == ["tier_raised", "tier_notice", "tier_lowered"]
    async with shop.database.read() as connection:
        assert await tiers.tier_at(connection, member, noticed) == reached
        assert await tiers.tier_at(connection, member, noticed + 32 * DAY) != reached


async def test_members_who_keep_their_tier_do_not_hide_those_behind_them(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.runtime.jobs.work._MEMBERS", 2)
    ids = sorted([await shop.member() for _ in range(5)])
    keep, lose = ids[:3], ids[3:]
    # Gold from 60,000 on: those who keep it bought for as much again within the year that their anniversary looks at.
    for since, those in ((NOW, ids), (NOW + 100 * DAY, keep)):
        bought = [receipt(shop.stores["xinyi"], shop.cards[each], 7_000_000, now=since) for each in those]
        async with shop.database.work() as work:
            await record_receipts(work, bought)
    assert await rows_of(shop, "tiers", NOW + 340 * DAY) == 2
    noticed = await shop.rows("SELECT member_id FROM standings WHERE notice_at IS NOT NULL ORDER BY member_id")
    assert [each for (each,) in noticed] == lose


async def test_a_receipt_that_comes_after_its_settlement_is_noticed_once(shop: Shop) -> None:
    member = await shop.member(points=500)
    coupon = await shop.coupon(member, "fifty-off")
    held = await shop.hold(member, basket(40_000), [await shop.shown(coupon)])
    await one(shop.database, settle_baskets, shop.settling(held.hold_id, "R-late"))
    assert await rows_of(shop, "receipts", NOW) == 0
    paid_too_little = receipt(shop.stores["xinyi"], shop.cards[member], 100, number="R-late", now=NOW)
    async with shop.database.work() as work:
        await record_receipts(work, [paid_too_little])
    assert await rows_of(shop, "receipts", NOW) == 1
    assert await rows_of(shop, "receipts", NOW) == 0
    assert (await kinds_of(shop, member)).count("redemption_misfit") == 1


async def test_events_are_carried_outside_once_and_again_only_after_a_failure(shop: Shop) -> None:
    carrier = Kept()
    member = await shop.member()
    late = NOW + DAY
    carrier.broken = True
    assert await rows_of(shop, "outbox", late, carrier) == 0
    assert await shop.rows("SELECT attempts FROM outbox") == [(1,)]
    carrier.broken = False
    assert await rows_of(shop, "outbox", late + timedelta(minutes=1), carrier) == 0, "it is put off by two minutes"
    assert await rows_of(shop, "outbox", late + timedelta(minutes=2), carrier) == 1
    assert await rows_of(shop, "outbox", late + timedelta(minutes=2), carrier) == 0
    assert [(event.member_id, event.kind) for event in carrier.events] == [(member, "member_joined")]
    assert await shop.rows("SELECT count(*) FROM outbox") == [(0,)]


async def test_results_of_requests_are_forgotten_after_fourteen_days(shop: Shop) -> None:
    member = await shop.member(points=500)
    await shop.coupon(member, "fifty-off")
    assert await rows_of(shop, "requests", NOW + 14 * DAY) == 0
    assert await rows_of(shop, "requests", NOW + 14 * DAY + timedelta(seconds=1)) == 1
    assert await rows_of(shop, "requests", NOW + 15 * DAY) == 0


async def test_a_member_is_erased_after_thirty_days_and_the_books_stay(shop: Shop) -> None:
    member = await shop.member(points=70)
    asked = RightsCommand(RequestKey(member, uuid4(), b"hash"), member, NOW)
    await one(shop.database, request_erasures, asked)
    assert await rows_of(shop, "erasures", NOW + 30 * DAY - timedelta(seconds=1)) == 0
    assert await rows_of(shop, "erasures", NOW + 30 * DAY) == 1
    assert await rows_of(shop, "erasures", NOW + 30 * DAY) == 0
    assert await shop.rows("SELECT status, card_no FROM members WHERE id = $1", member) == [("ERASED", None)]
    assert await shop.rows("SELECT count(*) FROM identities WHERE member_id = $1", member) == [(0,)]
    assert await shop.points(member) == 70
    await check_books(shop)


async def test_before_the_first_season_no_job_fails(database: Database) -> None:
    for each in jobs_of(Kept()):
        assert await run_job(database, each, NOW), each.name


async def test_a_job_that_fails_is_counted_and_does_not_stop_the_others(database: Database) -> None:
    done = asyncio.Event()

    async def fail(opened: Database, now: datetime) -> AsyncGenerator[int, None]:
        raise RuntimeError("planted")
        yield 0

    async def work(opened: Database, now: datetime) -> AsyncGenerator[int, None]:
        done.set()
        yield 1

    labels = {"job": "broken", "outcome": "failed"}
    before = metrics.REGISTRY.get_sample_value("mergemart_job_runs_total", labels) or 0
    stopping = asyncio.Event()
    polling = asyncio.create_task(poll(database, [Job("broken", 0.02, fail), Job("whole", 0.2, work)], stopping))
    async with asyncio.timeout(5):
        await done.wait()
    stopping.set()
    async with asyncio.timeout(5):
        await polling
    after = metrics.REGISTRY.get_sample_value("mergemart_job_runs_total", labels) or 0
    assert 1 <= after - before <= 5, "each failure doubles the rest"


async def test_stopping_lets_the_transaction_under_way_commit_and_begins_no_other(database: Database) -> None:
    committed = 0
    stopping, under_way = asyncio.Event(), asyncio.Event()

    async def work(opened: Database, now: datetime) -> AsyncGenerator[int, None]:
        nonlocal committed
        while True:
            under_way.set()
            await asyncio.sleep(0.05)
            committed += 1
            yield 1

    polling = asyncio.create_task(poll(database, [Job("long", 0.01, work)], stopping))
    await under_way.wait()
    stopping.set()
    async with asyncio.timeout(5):
        await polling
    assert committed == 1


async def test_the_event_file_names_members_and_events_in_their_edge_form(tmp_path: Path) -> None:
    carrier = EventFile(tmp_path / "var" / "outbox.jsonl")
    event = EventRow(uuid4(), uuid4(), "coupon_bought", NOW, {"price": 300})
    await carrier([event])
    await carrier([event])
    lines = [json.loads(line) for line in (tmp_path / "var" / "outbox.jsonl").read_text().splitlines()]
    assert lines == 2 * [{
        "id": to_typeid("evt", event.id), "member": to_typeid("mem", event.member_id), "kind": "coupon_bought",
        "at": NOW.isoformat(), "facts": {"price": 300},
    }]  # fmt: skip


async def test_the_webhook_signs_what_it_posts_and_an_error_of_the_receiver_is_an_oserror() -> None:
    got: list[tuple[bytes, str]] = []
    answers = iter((204, 500))

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.rfile.read(int(self.headers["Content-Length"])), self.headers[SIGNATURE]))
            self.send_response(next(answers))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        carrier = Webhook(f"http://127.0.0.1:{server.server_port}/in", b"k" * 32)
        event = EventRow(uuid4(), uuid4(), "coupon_bought", NOW, {})
        await carrier([event])
        with pytest.raises(OSError, match="500"):
            await carrier([event])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    with pytest.raises(OSError, match="refused"):
        await carrier([event])
    body, signature = got[0]
    assert signature == "sha256=" + hmac.new(b"k" * 32, body, hashlib.sha256).hexdigest()
    assert json.loads(body)["kind"] == "coupon_bought"
