"""The pools that the bench draws from, and the seeds of its members.

Three pools: `daily` without a stock, `treasure` with a stock on its rarest prize alone, `hot` whose every draw takes
from one row. All prizes are points, so that each draw of either side sends the same statements. A seed is sealed for
its member, so seeds cannot be copied from a model: each is made here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from api.content import publish
from loyalty.work import Work
from rewards.fairness.actions import AesVault
from rewards.fairness.rules import commitment, seed_place
from rewards.gacha.actions import find_pools, load_terms

SECRET = b"a secret for the bench, 32 bytes!"
VAULT = AesVault(SECRET)
POOLS = {"draw": "daily", "drawStock": "treasure", "drawHot": "hot"}
# Told from every other number in a recorded statement; pgbench's own nonces stay below it.
FIRST_NONCE = 2_000_000_000
_MANY = 2_000_000_000
_RAILS = {"day": 10_000, "month": 100_000, "minor_day": 10_000, "adult_age": 0, "loosening_hours": 24}
_SEEDS = """
INSERT INTO seeds (member_id, epoch, commit_sha256, sealed, client_seed, set_by, next_nonce, created_at)
SELECT * FROM unnest($1::uuid[], $2::int[], $3::bytea[], $4::bytea[], $5::text[], $6::text[], $7::int[],
                     $8::timestamptz[])
"""


def _prize(code: str, prize_class: str, weight: int, amount: int, **stock: Any) -> dict[str, Any]:
    named = {"en": code, "zh-TW": code}
    what = {"code": code, "class": prize_class, "weight": weight, "kind": "POINTS", "amount": amount}
    return {**what, "name": named, **stock}


def _limited(fallback: str) -> dict[str, Any]:
    return {"stock": _MANY, "when_gone": "FALLBACK", "fallback": fallback}


def sheets() -> dict[str, dict[str, Any]]:
    """The odds of each pool by its slug."""
    top, plain = _prize("points-5000", "TOP", 5_000, 5_000), _prize("points-50", "PLAIN", 990_000, 50)
    rare = _prize("points-9000", "TOP", 5_000, 9_000)
    prizes = {
        "daily": [top, rare, plain],
        "treasure": [top, {**rare, **_limited("points-5000")}, plain],
        "hot": [top, rare, {**plain, **_limited("points-40")}, _prize("points-40", "PLAIN", 0, 40)],
    }
    return {
        slug: {
            "price_diamonds": 20, "takes_tickets": False, "ten_guarantee": False, "carries_pity": True,
            "name": {"en": slug, "zh-TW": slug}, "prizes": each,
        }
        for slug, each in prizes.items()
    }  # fmt: skip


async def publish_pools(work: Work, now: datetime) -> None:
    """Puts the bench's odds in force in place of the shipped ones, and rails that nobody reaches."""
    for slug, body in sheets().items():
        based_on = 0 if slug == "hot" else 1
        await publish(work, "odds", slug, body, author="bench", reason="bench", based_on=based_on, now=now)
    await publish(work, "rails", "current", _RAILS, author="bench", reason="bench", based_on=1, now=now)


async def read_pools(connection: Any) -> dict[str, tuple[UUID, str]]:
    """Operation -> the pool that it draws from and the hash of its odds."""
    ids = await find_pools(connection, list(POOLS.values()))
    versions = {
        row["id"]: row["version"] for row in await connection.fetch("SELECT id, version FROM pools")
    }  # fmt: skip
    terms = await load_terms(connection, [(each, versions[each]) for each in ids.values()])
    hashes = {pool_id: found.odds.sha256 for (pool_id, _), found in terms.items()}
    return {name: (ids[slug], hashes[ids[slug]]) for name, slug in POOLS.items()}


async def seal_seeds(work: Work, member_ids: Sequence[UUID], now: datetime) -> None:
    """The current epoch and the next one of each member; the same for the same member."""
    rows: list[tuple[Any, ...]] = []
    for member_id in member_ids:
        for epoch, client_seed, set_by, nonce in ((1, "bench", "SERVER", FIRST_NONCE), (2, None, None, 0)):
            seed = hashlib.sha256(seed_place(member_id, epoch)).digest()
            sealed = VAULT.seal(seed, seed[:12], seed_place(member_id, epoch))
            rows.append((member_id, epoch, commitment(seed), sealed, client_seed, set_by, nonce, now))
    await work.connection.execute(_SEEDS, *map(list, zip(*rows, strict=True)))
