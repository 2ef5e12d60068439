"""Receipts made without a server: a fixed seed, a sheet, and draws as the action would record them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from loyalty.ledger.rules import Currency
from rewards.fairness.rules import SetBy, commitment, roll
from rewards.gacha.rules.drawing import draw_many
from rewards.gacha.rules.odds import parse_odds
from rewards.gacha.rules.receipts import DrawRecord, write_receipt

SEED, NEXT_SEED = bytes(range(32)), bytes(range(32, 64))
MEMBER, POOL = UUID(int=7 << 64), UUID(int=9 << 64)
AT = datetime(2027, 3, 10, 4, 0, tzinfo=UTC)


def receipts(
    body: Mapping[str, Any],
    *,
    count: int = 1,
    nonce: int = 0,
    pity: int = 0,
    epoch: int = 1,
    version: int = 1,
    client_seed: str = "alice",
    set_by: SetBy = SetBy.MEMBER,
    gone: frozenset[str] = frozenset(),
    seed: bytes = SEED,
    next_seed: bytes = NEXT_SEED,
    member: UUID = MEMBER,
    revealed: bool = True,
) -> list[dict[str, Any]]:
    """The receipts of one command; prizes in `gone` are sold out."""
    odds = parse_odds("odds", body)
    ids = [UUID(int=(1000 * epoch + nonce + number) << 64) for number in range(count)]
    common: dict[str, Any] = {
        "member_id": member, "set_id": ids[0], "pool_id": POOL, "version": version, "epoch": epoch,
        "client_seed": client_seed, "set_by": set_by, "count": count, "pity_start": pity, "coupon_id": None, "at": AT,
        "currency": Currency.DIAMONDS, "amount": odds.price_diamonds,
    }  # fmt: skip
    bare = DrawRecord(
        **common, id=ids[0], nonce=nonce, position=1, pity_before=0, pity_after=0, nothing_before=True,
        guaranteed=False, roll=0, roll_prize=0, roll_ten=None, rolled="", awarded="",
    )  # fmt: skip
    outcomes = draw_many(
        odds, lambda number: lambda label, limit: roll(seed, label, limit, bare.place(nonce + number)), pity, count
    )
    found, plain = [], True
    for number, outcome in enumerate(outcomes):
        entry = odds.entries[outcome.rolled]
        record = DrawRecord(
            **common, id=ids[number], nonce=nonce + number, position=number + 1, pity_before=outcome.pity_before,
            pity_after=outcome.pity_after, nothing_before=plain, guaranteed=outcome.guaranteed,
            roll=outcome.rolls[0].value, roll_prize=outcome.rolls[1].value, roll_ten=None, rolled=entry.code,
            awarded=entry.fallback if entry.code in gone else entry.code,
        )  # fmt: skip
        plain = plain and entry.prize_class == "PLAIN"
        text = write_receipt(
            record, body, odds.sha256, outcome.rolls, commit=commitment(seed), next_commit=commitment(next_seed),
            seed=seed, revealed=revealed,
        )  # fmt: skip
        found.append(json.loads(text))
    return found
