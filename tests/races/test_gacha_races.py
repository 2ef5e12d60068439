"""Sixteen real connections fight for the last prize, one nonce, one wallet; and batches agree with one by one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.runtime.batcher import run_action
from api.runtime.clock import SeededDice
from api.runtime.database import Database
from loyalty.refusals import Refused
from rewards.gacha.actions import set_self_exclusions
from rewards.gacha.rules.rails import Exclusion
from tests.conftest import Servers
from tests.gacha_sheets import prize
from tests.races.gacha_fair import (
    NOW,
    Fair,
    ask,
    check_books,
    codes_of,
    draw_prizes,
    open_fair,
    reveal_seeds,
    set_client_seeds,
)
from tests.seeding import CountingMint

CONNECTIONS = 16


@pytest.fixture
async def wide(database_url: str) -> AsyncIterator[Database]:
    """A database with sixteen connections."""
    opened = Database(database_url, pool_size=CONNECTIONS)
    yield opened
    await opened.close()


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """Another server on the same database."""
    opened = Database(database_url, pool_size=CONNECTIONS)
    yield opened
    await opened.close()


@pytest.fixture
async def fair(wide: Database) -> Fair:
    return await open_fair(wide)


def few(stock: int, when_gone: str) -> dict[str, Any]:
    entry = prize("few", "PLAIN", 1_000_000, stock=stock, when_gone=when_gone, fallback="rest")
    return {"hazard": None, "ten_guarantee": False, "prizes": [entry, prize("rest", "PLAIN", 0, kind="ENERGY")]}


async def test_the_last_prizes_are_awarded_once(fair: Fair, wide: Database) -> None:
    await fair.publish("few", **few(5, "FALLBACK"))
    members = [await fair.member(diamonds=100) for _ in range(CONNECTIONS)]
    answers = await asyncio.gather(*(ask(wide, draw_prizes, fair.drawing(each, "few")) for each in members))
    assert sorted(each.draws[0].prize for each in answers) == ["few"] * 5 + ["rest"] * 11
    assert await fair.rows("SELECT awarded FROM pool_stock WHERE code = 'few'") == [(5,)]
    await check_books(fair)


async def test_the_last_prize_closes_the_pool_for_everybody_else(fair: Fair, wide: Database) -> None:
    await fair.publish("few", **few(1, "CLOSE_POOL"))
    members = [await fair.member(diamonds=100) for _ in range(CONNECTIONS)]
    answers = await asyncio.gather(*(ask(wide, draw_prizes, fair.drawing(each, "few")) for each in members))
    assert codes_of(answers) == ["SOLD_OUT"] * 15 + ["ok"]
    await check_books(fair)


async def test_tens_from_two_pools_with_stock_do_not_lock_each_other_out(fair: Fair, wide: Database) -> None:
    await fair.publish("a", **few(40, "FALLBACK"))
    await fair.publish("b", **few(40, "FALLBACK"))
    members = [await fair.member(diamonds=1_000) for _ in range(CONNECTIONS)]
    batches = [
        [fair.drawing(each, slug, 1) for each in members[at::4] for slug in (("a", "b") if at % 2 else ("b", "a"))]
        for at in range(4)
    ] * 3
    async with asyncio.timeout(60):
        await asyncio.gather(*(run_action(wide, draw_prizes, batch) for batch in batches))
    await check_books(fair)


async def test_one_members_nonces_have_no_gap_and_no_twin(fair: Fair, wide: Database, other: Database) -> None:
    member = await fair.member(diamonds=1_000)
    answers = await asyncio.gather(
        *(
            ask(server, draw_prizes, fair.drawing(member, slug))
            for server, slug in zip((wide, other) * 8, ("daily", "daily", "treasure", "treasure") * 4, strict=True)
        )
    )
    made = [each for each in answers if not isinstance(each, Refused)]
    assert codes_of(answers) == ["DRAW_CAP_DAY"] * 6 + ["ok"] * 10
    assert sorted(draw.nonce for each in made for draw in each.draws) == list(range(10))
    await check_books(fair)


async def test_one_wallet_never_pays_twice(fair: Fair, wide: Database) -> None:
    await fair.publish("energy", **few(1, "FALLBACK"))
    member = await fair.member(diamonds=30)
    answers = await asyncio.gather(
        *(ask(wide, draw_prizes, fair.drawing(member, "energy")) for _ in range(CONNECTIONS))
    )  # fmt: skip
    # The one prize that is not energy is ten diamonds: they pay for a fourth draw.
    assert codes_of(answers) == ["NOT_ENOUGH"] * 12 + ["ok"] * 4
    await check_books(fair)


async def test_one_request_on_two_servers_draws_once(fair: Fair, wide: Database, other: Database) -> None:
    member, request = await fair.member(diamonds=1_000), uuid4()
    answers = await asyncio.gather(
        *(
            ask(server, draw_prizes, fair.drawing(member, "daily", 10, request_id=request))
            for server in (wide, other) * 8
        )
    )
    assert len(set(answers)) == 1
    assert await fair.rows("SELECT count(*) FROM draws") == [(10,)]
    await check_books(fair)


async def test_draws_and_reveals_at_once_leave_every_draw_in_one_epoch(fair: Fair, wide: Database) -> None:
    member = await fair.member(diamonds=1_000)
    actions: list[Any] = [(draw_prizes, fair.drawing(member, "daily")) for _ in range(8)]
    actions += [(reveal_seeds, fair.revealing(member, f"s{at}")) for at in range(4)]
    actions += [(set_client_seeds, fair.setting(member, f"c{at}")) for at in range(4)]
    random.shuffle(actions)
    answers = await asyncio.gather(*(ask(wide, action, command) for action, command in actions))
    assert codes_of(answers) == ["ok"] * 16
    await check_books(fair)


async def test_draws_meet_new_odds_whole_or_not_at_all(fair: Fair, wide: Database) -> None:
    await fair.publish("few", **few(30, "FALLBACK"))
    members = [await fair.member(diamonds=100) for _ in range(CONNECTIONS)]
    commands = [fair.drawing(each, "few") for each in members]

    async def publish() -> None:
        await asyncio.sleep(0.01)
        await fair.publish("few", price_diamonds=11, **few(31, "FALLBACK"))

    answers, _ = await asyncio.gather(
        asyncio.gather(*(ask(wide, draw_prizes, each) for each in commands)), publish()
    )  # fmt: skip
    assert set(codes_of(answers)) <= {"ok", "ODDS_CHANGED"}
    await check_books(fair)


# --- in batches and one by one

TABLES = {
    "draws": "member_id, id", "pity": "member_id, pool_id", "draw_rails": "member_id", "seeds": "member_id, epoch",
    "pool_stock": "pool_id, code", "coupons": "member_id, id", "coupon_codes": "code", "grants": "member_id, id",
    "wallets": "member_id, currency", "lots": "member_id, currency, provenance, expires_on",
    "transfers": "member_id, id", "events": "member_id, id", "outbox": "id", "request_results": "scope, id",
}  # fmt: skip


async def live(servers: Servers, name: str, seed: int, *, batched: bool) -> tuple[list[Any], dict[str, list[Any]]]:
    """A random history of draws, seeds, reveals and stops; the answers and all rows."""
    url = servers.url(servers.embedded.database_url, name)
    database = Database(url, pool_size=2, dice=SeededDice(seed), mint=CountingMint(f"gacha {seed}"))
    fair, chance = await open_fair(database), random.Random(seed)
    await fair.publish("few", **few(25, "FALLBACK"))
    members = [await fair.member(diamonds=3_000, tickets=5, name=f"m{at}") for at in range(5)]
    for member in members:  # a first epoch takes dice in the order of the commands; begin them all here
        await ask(database, reveal_seeds, fair.revealing(member, request_id=UUID(int=chance.getrandbits(128))))
    answers: list[Any] = []
    for turn in range(12):
        begins = NOW + timedelta(hours=9 * turn)
        # What comes together was not asked for at one moment: a day may turn between two, and clocks differ.
        times = iter([begins + timedelta(hours=chance.choice([0, 0, 1, 8, 16, -2])) for _ in range(24)])
        ids = [UUID(int=chance.getrandbits(128)) for _ in range(24)]
        draws = [
            fair.drawing(
                chance.choice(members), chance.choice(["daily", "treasure", "few", "nowhere"]),
                chance.choice([1, 1, 1, 10, 2]), request_id=request, now=next(times),
            )
            for request in ids[:12]
        ]  # fmt: skip
        seeds = [
            fair.setting(chance.choice(members), f"c{at}", request_id=ids[12 + at], now=next(times)) for at in range(3)
        ]
        reveals = [
            fair.revealing(each, "r", request_id=ids[20 + at], now=next(times)) for at, each in enumerate(members[:2])
        ]
        stops = [
            fair.excluding(members[4 - at], wish, request_id=ids[16 + at], now=next(times))
            for at, wish in enumerate([Exclusion.HOURS_24, Exclusion.DAYS_7, Exclusion.NONE] if turn in {4, 9} else [])
        ]
        for action, commands in (
            (draw_prizes, [*draws, draws[0]]), (set_client_seeds, seeds), (reveal_seeds, reveals[: turn % 3]),
            (set_self_exclusions, stops),
        ):  # fmt: skip
            for part in [commands] if batched and commands else [[each] for each in commands]:
                answers += await run_action(database, action, part)
    await check_books(fair)
    rows = {table: await fair.rows(f"SELECT * FROM {table} ORDER BY {key}") for table, key in TABLES.items()}
    await database.close()
    return [str(each.code) if isinstance(each, Refused) else each for each in answers], rows


async def test_a_history_in_batches_leaves_the_rows_of_one_by_one(embedded_servers: Servers, seed: int) -> None:
    found = []
    for batched in (True, False):
        name = await embedded_servers.make()
        try:
            found.append(await live(embedded_servers, name, seed, batched=batched))
        finally:
            await embedded_servers.drop(name)
    assert found[0][0] == found[1][0]
    for table in TABLES:
        assert found[0][1][table] == found[1][1][table], table
    told = {answer if isinstance(answer, str) else type(answer).__name__ for answer in found[0][0]}
    assert told >= {
        "PrizesDrawn",
        "ClientSeedSet",
        "SeedRevealed",
        "SelfExclusionSet",
        "DRAW_CAP_DAY",
        "POOL_NOT_FOUND",
    }
