"""A fair for the tests of draws: the demo season with its pools, members with diamonds, and short ways to ask."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from api.runtime.audit import audit
from api.runtime.batcher import run_action
from api.runtime.database import Database
from loyalty.ledger.actions import ISSUE_ADJUST, Note, open_ledger
from loyalty.ledger.rules import Currency, LotKey, Provenance
from loyalty.members import actions as members
from loyalty.members.rules import IdentityKind
from loyalty.refusals import Refused
from loyalty.requests.rules import RequestKey, fingerprint
from loyalty.sheets.actions import seed_files
from loyalty.sheets.rules import parse_season
from loyalty.tiers.rules import parse_ladder
from rewards.coupons import actions as coupons
from rewards.coupons.rules.offers import parse_offer
from rewards.fairness import actions as fairness
from rewards.gacha import actions as gacha
from rewards.gacha.rules.odds import parse_odds
from rewards.gacha.rules.rails import Exclusion, parse_rails
from tests.gacha_sheets import odds_body

ROOT = Path(__file__).parents[2]
NOW = datetime(2027, 3, 10, 4, 0, tzinfo=UTC)
VAULT = fairness.AesVault(b"a secret for tests only, 32 bytes")
PARSERS = {
    "season": parse_season, "ladder": parse_ladder, "offer": parse_offer, "odds": parse_odds, "rails": parse_rails,
}  # fmt: skip
FOLDERS = ("loyalty/sheets", "loyalty/tiers", "rewards/coupons", "rewards/gacha")
LOT = LotKey(Provenance.FREE, date(2029, 3, 31))
draw_prizes = partial(gacha.draw_prizes, vault=VAULT)
set_client_seeds = partial(fairness.set_client_seeds, vault=VAULT)
reveal_seeds = partial(fairness.reveal_seeds, vault=VAULT)


@dataclass
class Fair:
    """The fair on one database. `pools` are those known by slug, with the hash of their odds."""

    database: Database
    pools: dict[str, tuple[UUID, str]] = field(default_factory=dict)

    async def publish(self, slug: str, now: datetime = NOW, **changes: Any) -> UUID:
        """A pool of the plain kind, changed key by key."""
        async with self.database.work() as work:
            body = odds_body(**changes)
            await gacha.publish_odds(work, slug, body, author="test", reason="test", based_on=None, now=now)
            self.pools[slug] = (
                (await gacha.find_pools(work.connection, [slug]))[slug], parse_odds("odds", body).sha256
            )  # fmt: skip
        return self.pools[slug][0]

    async def member(
        self, diamonds: int = 0, tickets: int = 0, *, birth_year: int | None = 1990, name: str | None = None
    ) -> UUID:
        subject = name or uuid4().hex
        async with self.database.work() as work:
            new = members.NewMember(IdentityKind.LEGACY, subject, NOW - timedelta(days=400))
            member_id = (await members.create_members(work, [new]))[subject]
            await work.connection.execute("UPDATE members SET birth_year = $2 WHERE id = $1", member_id, birth_year)
            await members.lock(work, [member_id])
            ledger = await open_ledger(work, [member_id])
            note = Note(ISSUE_ADJUST, "test", None, NOW)
            for currency, amount in ((Currency.DIAMONDS, diamonds), (Currency.TICKETS, tickets)):
                if amount:
                    ledger.credit(work, member_id, currency, amount, LOT, note)
            await ledger.save(work)
        return member_id

    def drawing(
        self, member_id: UUID, slug: str = "daily", count: int = 1, *, request_id: UUID | None = None,
        odds_hash: str | None = None, now: datetime = NOW,
    ) -> gacha.DrawPrizes:  # fmt: skip
        pool_id, sha256 = self.pools.get(slug) or (uuid4(), "")
        asked = {"pool": pool_id, "hash": odds_hash or sha256, "count": count}
        key = RequestKey(member_id, request_id or uuid4(), fingerprint("draw", asked))
        return gacha.DrawPrizes(key, member_id, pool_id, odds_hash or sha256, count, now)

    def setting(
        self, member_id: UUID, client_seed: str, *, request_id: UUID | None = None, now: datetime = NOW
    ) -> fairness.SetClientSeed:
        key = RequestKey(member_id, request_id or uuid4(), fingerprint("setClientSeed", {"seed": client_seed}))
        return fairness.SetClientSeed(key, member_id, client_seed, now)

    def revealing(
        self, member_id: UUID, client_seed: str = "mine", *, request_id: UUID | None = None, now: datetime = NOW
    ) -> fairness.RevealSeed:
        key = RequestKey(member_id, request_id or uuid4(), fingerprint("revealSeed", {"seed": client_seed}))
        return fairness.RevealSeed(key, member_id, client_seed, now)

    def excluding(
        self, member_id: UUID, wish: Exclusion, *, request_id: UUID | None = None, now: datetime = NOW
    ) -> gacha.SetSelfExclusion:
        key = RequestKey(member_id, request_id or uuid4(), fingerprint("setSelfExclusion", {"wish": wish}))
        return gacha.SetSelfExclusion(key, member_id, wish, now)

    async def draw(self, *asked: Any, **more: Any) -> gacha.PrizesDrawn:
        """Draws just now; fails the test where it is refused."""
        drawn = await ask(self.database, draw_prizes, self.drawing(*asked, **more))
        assert isinstance(drawn, gacha.PrizesDrawn), drawn
        return drawn

    async def code(self, *asked: Any, **more: Any) -> str:
        """The code that a draw is refused with, or `ok`."""
        return code_of(await ask(self.database, draw_prizes, self.drawing(*asked, **more)))

    async def receipt(self, member_id: UUID, draw_id: UUID) -> dict[str, Any]:
        async with self.database.read() as connection:
            found = await gacha.read_receipt(connection, VAULT, member_id, draw_id)
        assert found is not None
        document: dict[str, Any] = json.loads(found.document)
        return document

    async def rows(self, statement: str, *arguments: Any) -> list[Any]:
        async with self.database.read() as connection:
            return [tuple(row) for row in await connection.fetch(statement, *arguments)]

    async def spendable(self, member_id: UUID, currency: str) -> int:
        found = await self.rows(
            "SELECT balance FROM wallets WHERE member_id = $1 AND currency = $2", member_id, currency
        )  # fmt: skip
        return int(found[0][0]) if found else 0


async def open_fair(database: Database) -> Fair:
    """Seeds the demo season with its pools."""
    files = {
        file.name: file.read_text(encoding="utf-8")
        for folder in FOLDERS
        for file in sorted((ROOT / folder / "sheets").glob("*.toml"))
        if file.name.split(".")[0] in PARSERS
    }
    fair = Fair(database)
    async with database.work() as work:
        await seed_files(work, files, PARSERS, now=NOW)
        await coupons.put_on_sale(work, NOW)
        await gacha.put_in_force(work, NOW)
        for slug, pool_id in (await gacha.find_pools(work.connection, ["daily", "treasure"])).items():
            sha256 = await work.connection.fetchval("SELECT sha256 FROM pool_odds WHERE pool_id = $1", pool_id)
            fair.pools[slug] = (pool_id, sha256.hex())
    return fair


async def ask(database: Database, action: Any, command: Any) -> Any:
    """One command in a unit of work of its own, run again as the batcher would."""
    return (await run_action(database, action, [command]))[0]


def code_of(answer: Any) -> str:
    return str(answer.code) if isinstance(answer, Refused) else "ok"


def codes_of(answers: Sequence[Any]) -> list[str]:
    """The code of each refusal, `ok` for each result, sorted."""
    return sorted(code_of(answer) for answer in answers)


async def check_books(fair: Fair) -> None:
    """Every invariant of every flat holds, every draw made again from its seed."""
    report = await audit(fair.database, NOW, vault=VAULT)
    assert report.ok, report.failed()
