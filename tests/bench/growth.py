"""What an operation costs as the members become more: `python -m tests.bench.growth [--sizes 1000,100000] [--json F]`.

One durable PostgreSQL, a database of its own for each size, filled by set-based SQL with copies of one member who did
everything. The same number of members act in each, spread over all of them and each met once before; `--among 0` lets
anybody act, so that most rows come from the disk. Actions run in this process in batches of 64, reads one by one, over
connections that are planned as the server's are. Rounds of the sizes are interleaved, medians compared; past 1.3 of the
smallest size an operation is said to grow. This process has a core for itself: a system that is left alone keeps the
connection of one database on the same core as this process and that of the next on another, where being woken takes
longer, and a page of 20 coupons had 1.8 times the cost in whichever database came second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy.engine import make_url

from api.content import publish, seed_sheets
from api.runtime.batcher import Batcher
from api.runtime.database import Database, Plans
from api.runtime.embedded import Embedded
from api.runtime.migrations import migrate
from game.board.rules.moves import Move, MoveKind
from game.checkin.actions import CheckIn, check_in
from game.home.actions import Home
from game.orders.actions import Played, PlayMoves, play_moves
from loyalty.ledger.actions import ISSUE_ADJUST, Note, open_ledger
from loyalty.ledger.rules import Currency, LotKey, Provenance
from loyalty.members.actions import NewMember, OpenApp, create_members, load_members, open_apps
from loyalty.members.rules import IdentityKind
from loyalty.receipts.actions import RecordReceipt, create_stores, record_receipts
from loyalty.refusals import Refused
from loyalty.requests.rules import RequestKey
from loyalty.timeline.actions import load_events
from rewards.coupons.actions import (
    BasketHeld,
    BasketQuery,
    BuyCoupon,
    CouponIssued,
    HoldBasket,
    SettleBasket,
    buy_coupons,
    find_offers,
    hold_baskets,
    read_coupons,
    settle_baskets,
)
from rewards.fairness.actions import AesVault
from rewards.gacha import actions as gacha
from tests.bench import shop
from tests.bench.commands import BASKET

BATCH = 64
VISITS = 12
FRIDGE = 23
TAP = Move(MoveKind.TAP, FRIDGE)
_VAULT = AesVault(b"a secret for the bench, 32 bytes!")
_HASH = bytes(range(32))
# Not copied: what is sealed for one member, directories of what is not asked for, and what is no member's.
_OMITTED = ("seeds", "draws", "pity", "draw_rails", "outbox", "hold_directory", "settled_receipts", "return_directory")
_ID = "('01a00000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
_CARD = (
    "'29' || lpad(n::text, 10, '0') || ((1000 - 29 - 3 * (n % 10) - (n / 10) % 10 - 3 * ((n / 100) % 10) "
    "- (n / 1000) % 10 - 3 * ((n / 10000) % 10) - (n / 100000) % 10 - 3 * ((n / 1000000) % 10)) % 10)"
)
_CHANGED = {
    "member_id": _ID,
    "identities.subject": f"CASE t.kind WHEN 'card' THEN {_CARD} ELSE t.subject || n END",
    "receipt_directory.receipt_no": "t.receipt_no || '-' || n",
    "receipts.receipt_no": "t.receipt_no || '-' || n",
    "coupons.code": "t.code || n",
    "coupon_codes.code": "t.code || n",
    "request_results.scope": f"CASE WHEN t.scope = t.member_id THEN {_ID} ELSE t.scope END",
    "request_results.id": "md5(t.id::text || n)::uuid",
}


def key(scope: UUID) -> RequestKey:
    return RequestKey(scope, uuid4(), _HASH)


class Shop:
    """A database with so many members."""

    def __init__(self, url: str, members: int, among: int, seed: int) -> None:
        self.database = Database(url, pool_size=4, plans=Plans.BY_KEYS)
        self.screens = Database(url, pool_size=1, plans=Plans.ONCE)
        self.members = members
        self.acting: Sequence[int] = range(1, members)
        if among:
            self.acting = random.Random(seed).sample(self.acting, min(among, members - 1))
        self.offer_id = self.pool_id = UUID(int=0)
        self.odds = ""
        self.home = Home()
        self.revision = 0
        self.revisions: dict[UUID, int] = {}
        # What waits for its next step, by the member: a code that was bought, a basket that was held.
        self.bought: dict[UUID, str] = {}
        self.held: dict[UUID, UUID] = {}
        self.days = 0
        self.receipts = 0

    async def close(self) -> None:
        await self.screens.close()
        await self.database.close()

    async def recall(self) -> None:
        """What `fill` of an earlier run made, and what was played since."""
        async with self.database.read() as connection:
            self.offer_id = (await find_offers(connection, ["bench"]))["bench"]
            await self._know_pool(connection)
            model = await connection.fetchval(
                "SELECT member_id FROM identities WHERE kind = 'demo' AND subject = 'growth'"
            )
            self.revision = await connection.fetchval("SELECT revision FROM boards WHERE member_id = $1", model)
            played = "SELECT member_id, revision FROM boards WHERE revision <> $1"
            self.revisions = {
                each["member_id"]: each["revision"] for each in await connection.fetch(played, self.revision)
            }
            ahead = "SELECT greatest(max(last_day) - current_date, 0) FROM streaks"
            self.days = await connection.fetchval(ahead)

    async def _know_pool(self, connection: Any) -> None:
        self.pool_id = (await gacha.find_pools(connection, ["daily"]))["daily"]
        sha256 = await connection.fetchval("SELECT sha256 FROM pool_odds WHERE pool_id = $1", self.pool_id)
        self.odds = sha256.hex()

    async def fill(self, admin_url: str) -> float:
        """Seeds a season, makes the model, copies it; the seconds that the copies took."""
        now = datetime.now(UTC)
        async with self.database.work() as work:
            await seed_sheets(work, now)
            await publish(work, "offer", "bench", shop.OFFER, author="bench", reason="bench", based_on=0, now=now)
            await create_stores(work, [shop.STORE])
            self.offer_id = (await find_offers(work.connection, ["bench"]))["bench"]
        model = await self._model(now)
        connection = await _admin(admin_url)
        started = time.perf_counter()
        try:
            # Copies of what was checked need no second check of every reference.
            await connection.execute("SET session_replication_role = replica")
            for table in await connection.fetch(_TABLES):
                if table["name"] not in _OMITTED:
                    await connection.execute(self._copies(table["name"], table["columns"]), model)
            await connection.execute(self._copies("members", await connection.fetchval(_COLUMNS_OF_MEMBERS)), model)
            await connection.execute("VACUUM ANALYZE")
        finally:
            await connection.close()
        return time.perf_counter() - started

    async def _model(self, now: datetime) -> UUID:
        async with self.database.work() as work:
            made = (await create_members(work, [NewMember(IdentityKind.DEMO, "growth", now)]))["growth"]
            await work.connection.execute("UPDATE members SET birth_year = 1990 WHERE id = $1", made)
            card = str((await load_members(work.connection, [made]))[made].card_no)
            ledger = await open_ledger(work, [made])
            for currency in (Currency.POINTS, Currency.DIAMONDS, Currency.TICKETS):
                lot = LotKey(Provenance.PURCHASE, now.date() + timedelta(days=3000))
                ledger.credit(work, made, currency, 1_000_000, lot, Note(ISSUE_ADJUST, "bench", None, now))
            await ledger.save(work)
            await self._know_pool(work.connection)
        for number in range(VISITS):
            at = now - timedelta(days=VISITS - number)
            await self._once(open_apps, OpenApp(key(made), made, None, at))
        for number in range(3):
            receipt = RecordReceipt(key(shop.STORE.id), shop.STORE.id, card, f"g{number}", now, "TWD", shop.LINES, now)
            await self._once(record_receipts, receipt)
        await self._once(buy_coupons, BuyCoupon(key(made), made, self.offer_id, now))
        await self._once(check_in, CheckIn(key(made), made, None, now))
        await self._once(play_moves, PlayMoves(key(made), made, 0, (), now))
        async with self.database.read() as connection:
            self.revision = await connection.fetchval("SELECT revision FROM boards WHERE member_id = $1", made)
        return made

    async def _once(self, action: Any, command: Any) -> None:
        async with self.database.work() as work:
            [answer] = await action(work, [command])
        assert not isinstance(answer, Refused), repr(answer)

    def _copies(self, table: str, columns: Sequence[str]) -> str:
        owner = "id" if table == "members" else "member_id"
        changed = {**_CHANGED, "members.id": _ID, "members.card_no": _CARD}
        values = [changed.get(f"{table}.{each}", changed.get(each, f't."{each}"')) for each in columns]
        names = ", ".join(f'"{each}"' for each in columns)
        return (
            f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM {table} t, "
            f"generate_series(1, {self.members - 1}) AS n WHERE t.{owner} = $1"
        )

    def note(self, member_id: UUID, answer: Any) -> None:
        """Remembers what the member's next command needs."""
        match answer:
            case Played():
                assert answer.result.applied == 1, answer.result
                self.revisions[member_id] = answer.result.revision
            case CouponIssued():
                self.bought[member_id] = answer.code
            case BasketHeld():
                self.held[member_id] = answer.hold_id
            case _:
                pass

    def fit(self, operation: str, numbers: Sequence[int]) -> Sequence[int]:
        """Those of the members who can do it: whoever bought holds, whoever held settles, in place of any others."""
        waiting = {"hold": self.bought, "settle": self.held}.get(operation)
        return numbers if waiting is None else [each.int & 0xFFFFFFFF for each in waiting]


_TABLES = """
SELECT c.table_name AS name, array_agg(c.column_name::text ORDER BY c.ordinal_position) AS columns
FROM information_schema.columns c JOIN pg_class r ON r.oid = ('public.' || c.table_name)::regclass
WHERE c.table_schema = 'public' AND NOT r.relispartition
GROUP BY 1 HAVING bool_or(c.column_name = 'member_id') ORDER BY 1
"""
_COLUMNS_OF_MEMBERS = """
SELECT array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = 'members'
"""


def commands(at: Shop, operation: str, numbers: Sequence[int]) -> list[Any]:
    """One command of each of these members."""
    now, scope = datetime.now(UTC), shop.STORE.id
    made: list[Any] = []
    at.days += operation == "checkIn"
    for number in numbers:
        member_id = shop.member_id(number)
        at.receipts += 1
        receipt_no = f"{now:%y%m%d%H%M%S}-{at.receipts:06}"  # a till's numbers ascend
        match operation:
            case "draw":
                made.append(gacha.DrawPrizes(key(member_id), member_id, at.pool_id, at.odds, 1, now))
            case "buyCoupon":
                made.append(BuyCoupon(key(member_id), member_id, at.offer_id, now))
            case "playMoves":
                revision = at.revisions.get(member_id, at.revision)
                made.append(PlayMoves(key(member_id), member_id, revision, (TAP,), now))
            case "recordReceipt":
                card = shop.card_no(number)
                made.append(RecordReceipt(key(scope), scope, card, receipt_no, now, "TWD", shop.LINES, now))
            case "checkIn":
                made.append(CheckIn(key(member_id), member_id, None, now + timedelta(days=at.days)))
            case "hold":
                query = BasketQuery(scope, shop.card_no(number), (at.bought.pop(member_id),), 100, BASKET, now)
                made.append(HoldBasket(key(scope), query))
            case "settle":
                made.append(SettleBasket(key(scope), scope, at.held.pop(member_id), receipt_no, now))
            case _:
                made.append(OpenApp(key(member_id), member_id, None, now))
    return made


ACTIONS: dict[str, Any] = {
    "draw": partial(gacha.draw_prizes, vault=_VAULT),
    "recordReceipt": record_receipts,
    "buyCoupon": buy_coupons,
    "playMoves": play_moves,
    "openApp": open_apps,
    "checkIn": check_in,
    "hold": hold_baskets,
    "settle": settle_baskets,
}


async def act(at: Shop, operation: str, numbers: Sequence[int]) -> float:
    """Milliseconds per command of one batch."""
    asked = commands(at, operation, numbers)
    started = time.perf_counter()
    async with at.database.work() as work:
        answers = await ACTIONS[operation](work, asked)
    took = time.perf_counter() - started
    for number, answer in zip(numbers, answers, strict=True):
        at.note(shop.member_id(number), answer)
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert len(refused) <= BATCH // 8, (operation, refused[:3])
    return took * 1000 / len(numbers)


async def read(at: Shop, operation: str, numbers: Sequence[int]) -> float:
    """Milliseconds per read."""
    now = datetime.now(UTC)
    started = time.perf_counter()
    async with (at.screens if operation == "home" else at.database).read() as connection:
        for number in numbers:
            member_id = shop.member_id(number)
            if operation == "home":
                await at.home.read(connection, member_id, now, "en")
            elif operation == "timeline":
                page = await load_events(connection, member_id, first=20)
                await load_events(connection, member_id, first=20, before=page[-1].id)
            else:
                await read_coupons(connection, member_id, now, first=20, state=None)
    return (time.perf_counter() - started) * 1000 / len(numbers)


OPERATIONS: dict[str, Callable[[Shop, str, Sequence[int]], Any]] = {
    **dict.fromkeys(ACTIONS, act),
    **dict.fromkeys(("home", "timeline", "coupons"), read),
}


async def measure(shops: Sequence[Shop], rounds: int) -> dict[str, dict[int, float]]:
    """Operation -> members -> median milliseconds; the sizes in turn in every round, the first three not counted."""
    dice = random.Random(1)
    found: dict[str, dict[int, list[float]]] = {name: {at.members: [] for at in shops} for name in OPERATIONS}
    for at in shops if len(shops[-1].acting) < shops[-1].members - 1 else ():
        for first in range(0, len(at.acting) - BATCH + 1, BATCH):
            for name, once in OPERATIONS.items():
                await once(at, name, at.fit(name, at.acting[first : first + BATCH]))
    for number in range(rounds + 3):
        for name, once in OPERATIONS.items():
            for at in shops if number % 2 else reversed(shops):
                took = await once(at, name, at.fit(name, dice.sample(at.acting, BATCH)))
                if number >= 3:
                    found[name][at.members].append(took)
    return {name: {size: median(each) for size, each in sizes.items()} for name, sizes in found.items()}


async def lanes(at: Shop, rounds: int) -> dict[str, dict[int, float]]:
    """Operation -> lanes -> median commands a second through a batcher that 64 callers keep busy."""
    dice = random.Random(2)
    found: dict[str, dict[int, list[float]]] = {}
    count_of = min(1_600, at.members // 2)
    for number in range(rounds + 1):
        for name in ("draw", "recordReceipt", "playMoves"):
            for count in (1, 2):
                batcher: Batcher[Any, Any] = Batcher(
                    at.database, ACTIONS[name], lanes=count, most=64, submitter=lambda command: command.request.id,
                    key=lambda command: getattr(command, "card_no", command.request.scope),
                )  # fmt: skip
                asked = iter(commands(at, name, dice.sample(range(1, at.members), count_of)))

                async def caller(asked: Any = asked, batcher: Any = batcher) -> None:
                    for command in asked:
                        try:
                            at.note(command.request.scope, await batcher.submit(command))
                        except Refused:
                            continue

                started = time.perf_counter()
                await asyncio.gather(*(caller() for _ in range(64)))
                if number:
                    rate = count_of / (time.perf_counter() - started)
                    found.setdefault(name, {}).setdefault(count, []).append(rate)
    return {name: {count: round(median(each)) for count, each in rates.items()} for name, rates in found.items()}


async def run(
    servers: Embedded, sizes: Sequence[int], rounds: int, among: int, seed: int, in_lanes: bool
) -> dict[str, Any]:
    """Fills a database for each size, where none is there yet, and measures all of them."""
    shops: list[Shop] = []
    async with AsyncExitStack() as stack:
        for size in sizes:
            name = f"growth_{size}"
            urls = [
                make_url(url).set(database=name).render_as_string(hide_password=False)
                for url in (servers.admin_url, servers.owner_url, servers.database_url)
            ]
            made = await _make(servers.admin_url, name)
            shops.append(Shop(urls[2], size, among, seed))
            stack.push_async_callback(shops[-1].close)
            if made:
                await asyncio.to_thread(migrate, urls[1])
                print(f"{size} members: filled in {await shops[-1].fill(urls[0]):.0f} s", flush=True)
            else:
                await shops[-1].recall()
        if not rounds:
            return {}
        await _settle(servers.admin_url)
        figures = await measure(shops, rounds)
        return {"ms": figures, "lanes": await lanes(shops[-1], 3) if in_lanes else {}}


async def _make(admin_url: str, name: str) -> bool:
    """Makes a database; False where it is there."""
    connection = await _admin(admin_url)
    try:
        if await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
            return False
        await connection.execute(f"CREATE DATABASE {name} OWNER mergemart_owner")
        return True
    finally:
        await connection.close()


async def _settle(admin_url: str) -> None:
    """Writes out what filling left to be written, so that measuring does not pay for it."""
    connection = await _admin(admin_url)
    await connection.execute("CHECKPOINT")
    await connection.close()


async def _admin(admin_url: str) -> Any:
    url = make_url(admin_url)
    return await asyncpg.connect(
        user=url.username, database=url.database, host=url.query["host"], port=int(str(url.query["port"]))
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures what an operation costs as the members become more.")
    parser.add_argument("--sizes", default="1000,100000", help="numbers of members, the smallest first")
    parser.add_argument("--rounds", type=int, default=15, help="0: databases are filled, and nothing is measured")
    parser.add_argument("--among", type=int, default=1_000, help="so many members act (default: 1000); 0: anybody")
    parser.add_argument("--seed", type=int, default=1, help="who acts; another run on kept databases takes another")
    parser.add_argument("--lanes", action="store_true", help="the largest also through batchers of one lane and of two")
    parser.add_argument(
        "--buffers", default="3GB", help="PostgreSQL's shared_buffers (default: 3GB, an eighth of 24 GiB)"
    )
    parser.add_argument("--folder", type=Path, help="where databases stay for another run (default: nowhere)")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    arguments = parser.parse_args()
    sizes = [int(each) for each in arguments.sizes.split(",")]
    with tempfile.TemporaryDirectory(prefix="mergemart-growth-") as passing:
        folder = arguments.folder or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        # Linux alone can; what this process may use while it starts PostgreSQL is what PostgreSQL may use for good.
        own, *others = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else [0]
        if others:
            os.sched_setaffinity(0, others)
        with Embedded(folder / "var", buffers=arguments.buffers) as servers:
            if others:
                os.sched_setaffinity(0, [own])
            found = asyncio.run(run(servers, sizes, arguments.rounds, arguments.among, arguments.seed, arguments.lanes))
    if not found:
        return
    print(f"{'ms each':<15}" + "".join(f"{size:>12}" for size in sizes) + f"{'ratio':>8}")
    for name, by_size in found["ms"].items():
        ratio = by_size[sizes[-1]] / by_size[sizes[0]]
        row = "".join(f"{by_size[size]:>12.3f}" for size in sizes)
        print(f"{name:<15}{row}{ratio:>8.2f}{'  grows' if ratio > 1.3 else ''}")
    for name, rates in found["lanes"].items():
        print(f"{name}: {rates[1]} a second in one lane, {rates[2]} in two ({rates[2] / rates[1]:.2f})")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
