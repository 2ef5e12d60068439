"""Operators and members who come at once: one approver wins, and each draw goes by the version that it paid for."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.identity import granting
from api.identity.actions import sign_in_operator
from api.identity.rules import Role
from api.runtime.batcher import run_action
from api.runtime.database import Database
from api.runtime.settling import settle
from loyalty.refusals import Refused
from loyalty.sheets import actions as sheets
from loyalty.sheets.rules import Fault, SheetVersion
from rewards.gacha import actions as gacha
from rewards.gacha.actions.monitoring import read_monitor, replay_revealed, take_reading
from rewards.gacha.actions.pools import check_odds
from rewards.gacha.rules.odds import parse_odds
from tests.gacha_sheets import odds_body, prize
from tests.races.gacha_fair import NOW, VAULT, Fair, ask, check_books, draw_prizes, open_fair, reveal_seeds
from tests.seeding import two_servers

AT_ONCE = 16


@pytest.fixture
async def fair(database_url: str) -> AsyncIterator[Fair]:
    database = Database(database_url, pool_size=AT_ONCE)
    yield await open_fair(database)
    await database.close()


async def in_one_work(database: Database, act: Any) -> Any:
    async with database.work() as work:
        return await act(work)


async def outcome(waiting: Any) -> str:
    try:
        await waiting
    except Refused as refused:
        return str(refused.code)
    return "ok"


def checking(connection: Any) -> Any:
    async def check(kind: str, key: str, body: Mapping[str, Any]) -> list[Fault]:
        name = f"{kind}.{key}"
        return sheets.faults_of(name, body, parse_odds) or await check_odds(connection, key, parse_odds(name, body))

    return check


async def submitted(fair: Fair, slug: str, body: dict[str, Any], based_on: int) -> SheetVersion:
    async with fair.database.work() as work:
        made = await sheets.draft(
            work, "odds", slug, body, based_on=based_on, author="odo", reason="a new table", now=NOW
        )  # fmt: skip
        return await sheets.submit(
            work, made.id, 1, checking(work.connection), editor="odo", reason="a new table", now=NOW
        )  # fmt: skip


async def approve(fair: Fair, sheet: SheetVersion, at: Any = None, *, approver: str = "ada", now: Any = NOW) -> Any:
    async with fair.database.work() as work:
        return await sheets.approve(
            work, sheet.id, 1, checking(work.connection), approver=approver, at=at, reason="fine", now=now
        )  # fmt: skip


async def test_of_sixteen_approvers_one_wins(fair: Fair) -> None:
    sheet = await submitted(fair, "spring", odds_body(), 0)
    answers = await asyncio.gather(
        *(outcome(approve(fair, sheet, approver=f"a{each}")) for each in range(AT_ONCE))
    )  # fmt: skip
    assert Counter(answers) == {"ok": 1, "SHEET_STATE": AT_ONCE - 1}
    assert await fair.rows("SELECT count(*) FROM trail WHERE act = 'APPROVED'") == [(1,)]


async def test_of_sixteen_editors_one_wins_and_the_others_are_told_the_revision(fair: Fair) -> None:
    async with fair.database.work() as work:
        made = await sheets.draft(work, "odds", "spring", {}, based_on=0, author="odo", reason="begun", now=NOW)

    async def edit(price: int) -> None:
        async with fair.database.work() as work:
            await sheets.edit(
                work, made.id, 1, odds_body(price_diamonds=price), editor=f"e{price}", reason="mine", now=NOW
            )  # fmt: skip

    answers = await asyncio.gather(*(outcome(edit(each + 1)) for each in range(AT_ONCE)))
    assert Counter(answers) == {"ok": 1, "SHEET_REVISION": AT_ONCE - 1}


async def test_of_sixteen_drafts_one_is_begun(fair: Fair) -> None:
    async def draft() -> None:
        async with fair.database.work() as work:
            await sheets.draft(
                work, "odds", "spring", odds_body(), based_on=0, author=uuid4().hex, reason="mine", now=NOW
            )  # fmt: skip

    answers = await asyncio.gather(*(outcome(draft()) for _ in range(AT_ONCE)))
    assert Counter(answers) == {"ok": 1, "SHEET_STATE": AT_ONCE - 1}


async def test_an_approval_and_a_return_at_once_leave_one_of_them(fair: Fair) -> None:
    sheet = await submitted(fair, "spring", odds_body(), 0)

    async def send_back() -> None:
        async with fair.database.work() as work:
            await sheets.send_back(work, sheet.id, operator="eve", comment="not yet", now=NOW)

    answers = await asyncio.gather(
        *(outcome(approve(fair, sheet, approver=f"a{each}") if each % 2 else send_back()) for each in range(AT_ONCE))
    )  # fmt: skip
    assert Counter(answers) == {"ok": 1, "SHEET_STATE": AT_ONCE - 1}


async def test_of_sixteen_owners_one_approves_a_role_and_the_last_two_owners_stay(fair: Fair) -> None:
    async with fair.database.work() as work:
        people = [await sign_in_operator(work, f"uid-{each}", NOW) for each in range(AT_ONCE + 2)]
        grant = await granting.propose_role(work, people[0], Role.OWNER, owner=people[1], reason="founder", now=NOW)

    async def approve_as(owner: UUID) -> None:
        async with fair.database.work() as work:
            await granting.approve_role(work, grant.id, owner=owner, now=NOW)

    answers = await asyncio.gather(*(outcome(approve_as(each)) for each in people))
    assert Counter(answers)["ok"] == 1
    assert set(answers) <= {"ok", "SHEET_OWN", "ROLE_GRANT_STATE"}
    async with fair.database.work() as work:
        second = await granting.propose_role(work, people[1], Role.OWNER, owner=people[0], reason="founder", now=NOW)
        await granting.approve_role(work, second.id, owner=people[2], now=NOW)
        third = await granting.propose_role(work, people[2], Role.OWNER, owner=people[0], reason="founder", now=NOW)
        await granting.approve_role(work, third.id, owner=people[1], now=NOW)

    async def end(grant_id: UUID) -> None:
        async with fair.database.work() as work:
            await granting.end_role(work, grant_id, owner=people[0], reason="moved on", now=NOW)

    ended = await asyncio.gather(*(outcome(end(each.id)) for each in (grant, second, third)))
    assert Counter(ended) == {"ok": 1, "ROLE_GRANT_STATE": 2}


async def test_draws_under_load_across_a_publish_each_carry_the_version_charged(fair: Fair) -> None:
    """Members of two servers draw while the clock passes the instant of a scheduled table at another price."""
    pool_id = await fair.publish("spring", hazard=None, price_diamonds=10)
    old = fair.pools["spring"][1]
    body = odds_body(hazard=None, price_diamonds=30)
    new = parse_odds("odds.spring", body).sha256
    at = NOW + timedelta(seconds=2)
    await approve(fair, await submitted(fair, "spring", body, 1), at)
    people = [await fair.member(diamonds=10_000) for _ in range(40)]
    async with two_servers(fair.database) as servers:

        async def draw(number: int) -> str:
            when = NOW + timedelta(milliseconds=100 * (number // 8))
            command = fair.drawing(
                people[number % 40], "spring", odds_hash=(old, new)[number % 3 == 0], now=when
            )  # fmt: skip
            [answer] = await run_action(servers[number % 2], draw_prizes, [command])
            return str(answer.code) if isinstance(answer, Refused) else "ok"

        answers = []
        for start in range(0, 320, AT_ONCE):
            answers += await asyncio.gather(*(draw(each) for each in range(start, start + AT_ONCE)))
            if start == 240:
                async with fair.database.work() as work:
                    assert await settle(work, at + timedelta(seconds=1), 10) == 1
    assert set(answers) == {"ok", "ODDS_CHANGED"}
    rows = await fair.rows(
        "SELECT d.version, d.amount, d.at < $2, count(*) FROM draws d WHERE pool_id = $1 GROUP BY 1, 2, 3", pool_id, at
    )
    assert {row[:3] for row in rows} == {(1, 10, True), (2, 30, False)}
    assert sum(row[3] for row in rows) == Counter(answers)["ok"]
    await check_books(fair)


def limited(code: str, when_gone: str, count: int, **changes: Any) -> dict[str, Any]:
    """Half of all draws are of a prize with a stock."""
    return odds_body(hazard=None, ten_guarantee=False, **changes, prizes=[
        prize(code, "PLAIN", 500_000, stock=count, when_gone=when_gone, fallback="rest"),
        prize("rest", "PLAIN", 500_000, tax_step=True),
    ])  # fmt: skip


async def test_when_a_stock_ends_the_approved_successor_takes_over_and_nothing_is_awarded_twice(fair: Fair) -> None:
    after = odds_body(hazard=None, ten_guarantee=False, price_diamonds=5, prizes=[prize("rest", "PLAIN", 1_000_000)])
    body = limited("few", "RENORMALISE", 7, successor=after)
    done = await approve(fair, await submitted(fair, "spring", body, 0))
    async with fair.database.work() as work:
        await settle(work, NOW, 10)
        pool_id = (await gacha.find_pools(work.connection, ["spring"]))["spring"]
    assert done.version == 1
    first, second = parse_odds("odds.spring", body).sha256, parse_odds("odds.spring", after).sha256
    stored = "SELECT version, state, encode(sha256, 'hex') FROM sheets WHERE key = 'spring' ORDER BY 1"
    assert await fair.rows(stored) == [
        (1, "ACTIVE", first), (2, "SUCCESSOR", second),
    ]  # fmt: skip
    fair.pools["spring"] = (pool_id, first)
    people = [await fair.member(diamonds=1_000) for _ in range(AT_ONCE)]

    async def draw(member: UUID, sha256: str, count: int) -> str:
        return await fair.code(member, "spring", count, odds_hash=sha256)

    answers = await asyncio.gather(*(draw(each, first, 10) for each in people))
    assert Counter(answers).keys() == {"ok", "ODDS_CHANGED"}, "who comes after the last one meets other odds"
    assert await fair.rows("SELECT awarded FROM pool_stock WHERE code = 'few'") == [(7,)]
    async with fair.database.read() as connection:
        [shown] = await gacha.view_pools(connection, people[0], NOW, [pool_id])
    assert (shown.pool.terms.version, shown.pool.odds.sha256) == (2, second)
    others = [await fair.member(diamonds=1_000) for _ in range(AT_ONCE)]
    answers = await asyncio.gather(*(draw(each, second, 1) for each in others))
    assert Counter(answers) == {"ok": AT_ONCE}
    found = await fair.rows("SELECT version, amount, bool_or(awarded = 'few') FROM draws GROUP BY 1, 2 ORDER BY 1")
    assert found == [(1, 10, True), (2, 5, False)]
    await check_books(fair)


async def test_a_table_due_but_not_settled_is_drawn_from_with_its_own_stock(fair: Fair) -> None:
    pool_id = await fair.publish("spring", hazard=None)
    body = limited("few", "FALLBACK", 3)
    at = NOW + timedelta(hours=1)
    await approve(fair, await submitted(fair, "spring", body, 1), at)
    member = await fair.member(diamonds=1_000)
    sha256 = parse_odds("odds.spring", body).sha256
    assert await fair.code(member, "spring", odds_hash=sha256, now=at - timedelta(seconds=1)) == "ODDS_CHANGED"
    async with fair.database.read() as connection:
        [shown] = await gacha.view_pools(connection, member, at, [pool_id])
    assert (shown.pool.odds.sha256, await fair.rows("SELECT version FROM pools WHERE slug = 'spring'")) == (
        sha256,
        [(1,)],
    )
    assert await fair.code(member, "spring", 10, odds_hash=sha256, now=at) == "ok"
    assert await fair.rows("SELECT version FROM pools WHERE slug = 'spring'") == [(2,)]
    [(awarded,)] = await fair.rows("SELECT awarded FROM pool_stock WHERE code = 'few' AND pool_id = $1", pool_id)
    assert awarded <= 3
    async with fair.database.work() as work:
        await settle(work, at, 10)
    await check_books(fair)


async def test_the_monitor_finds_a_draw_that_was_altered_after_it(fair: Fair, owner_url: str) -> None:
    member = await fair.member(diamonds=1_000)
    await fair.draw(member, "daily", 10)
    owner = Database(owner_url)
    async with owner.work() as work:
        await work.connection.execute(
            "UPDATE draws SET roll = (roll + 1) % 1000000 WHERE member_id = $1 AND nonce = 4", member
        )
    await owner.close()
    await ask(fair.database, reveal_seeds, fair.revealing(member))
    async with fair.database.work() as work:
        assert await replay_revealed(work, NOW, 10, vault=VAULT) == 1
        await take_reading(work, NOW)
    async with fair.database.read() as connection:
        found = await read_monitor(connection)
    assert found is not None
    assert (found.draws, found.replayed, found.broken, found.alarm_since) == (10, 10, 1, NOW)


async def test_the_monitor_makes_revealed_draws_again(fair: Fair) -> None:
    member = await fair.member(diamonds=1_000)
    await fair.draw(member, "daily", 10)
    async with fair.database.work() as work:
        assert await replay_revealed(work, NOW, 10, vault=VAULT) == 0
        assert await take_reading(work, NOW) == 1
        assert await take_reading(work, NOW) == 0, "one look in five minutes, whoever looks"
    await ask(fair.database, reveal_seeds, fair.revealing(member))
    async with fair.database.work() as work:
        assert await replay_revealed(work, NOW, 10, vault=VAULT) == 1
        await take_reading(work, NOW + timedelta(minutes=6))
    async with fair.database.read() as connection:
        found = await read_monitor(connection)
    assert found is not None
    assert (found.draws, found.replayed, found.broken, found.alarm_since) == (10, 10, 0, None)
