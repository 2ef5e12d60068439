"""A draw's receipt: one canonical JSON document with all that a verifier needs. docs/fairness.md defines each key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from loyalty.ids import to_typeid
from loyalty.ledger.rules import Currency
from loyalty.sheets.rules import canonical_json
from rewards.fairness.rules import Place, Roll, SetBy, seal_document

FORMAT = "mergemart-draw-1"
SOLD_OUT = "SOLD_OUT"
DRAW_PREFIX = "drw"
POOL_PREFIX = "pol"
MEMBER_PREFIX = "mem"
COUPON_PREFIX = "cpn"


@dataclass(frozen=True, slots=True)
class DrawRecord:
    """One draw as it was recorded; `position` of `count`, from 1. `set_id` is the first draw of the same command.

    `pity_start` are the draws without a TOP before that first one. `rolled` and `awarded` are codes of prizes: they
    differ where the rolled one was sold out.
    """

    member_id: UUID
    id: UUID
    set_id: UUID
    pool_id: UUID
    version: int
    epoch: int
    nonce: int
    client_seed: str
    set_by: SetBy
    count: int
    position: int
    pity_start: int
    pity_before: int
    pity_after: int
    nothing_before: bool
    guaranteed: bool
    roll: int
    roll_prize: int
    roll_ten: int | None
    rolled: str
    awarded: str
    currency: Currency
    amount: int
    coupon_id: UUID | None
    at: datetime

    def place(self, nonce: int) -> Place:
        """What a roll of this set is made for."""
        return place_of(self.pool_id, self.version, self.member_id, self.client_seed, nonce)


def place_of(pool_id: UUID, version: int, member_id: UUID, client_seed: str, nonce: int) -> Place:
    """Ids and version in their edge form, as they stand in the receipt and in the messages of rolls."""
    return Place(
        to_typeid(POOL_PREFIX, pool_id), write_version(version), to_typeid(MEMBER_PREFIX, member_id), client_seed, nonce
    )


def write_version(version: int) -> str:
    return f"v{version}"


def write_receipt(
    record: DrawRecord,
    odds: Mapping[str, Any],
    odds_hash: str,
    rolls: Sequence[Roll],
    *,
    commit: bytes,
    next_commit: bytes,
    seed: bytes,
    revealed: bool,
) -> str:
    """The canonical JSON of a draw's receipt; the server seed stands in it once it is revealed."""
    place = record.place(record.nonce)
    document: dict[str, Any] = {
        "format": FORMAT,
        "id": to_typeid(DRAW_PREFIX, record.id),
        "set": to_typeid(DRAW_PREFIX, record.set_id),
        "drawnAt": record.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "member": place.member,
        "pool": place.pool,
        "oddsVersion": place.odds_version,
        "oddsHash": odds_hash,
        "odds": odds,
        "epoch": record.epoch,
        "commitSha256": commit.hex(),
        "nextCommitSha256": next_commit.hex(),
        "clientSeed": record.client_seed,
        "clientSeedBy": record.set_by.value,
        "nonce": record.nonce,
        "count": record.count,
        "index": record.position,
        "pityAtStart": record.pity_start,
        "pityBefore": record.pity_before,
        "pityAfter": record.pity_after,
        "guarantee": {"nothingBefore": record.nothing_before, "applied": record.guaranteed},
        "rolls": [
            {"label": each.label, "limit": each.limit, "block": each.block, "value": each.value} for each in rolls
        ],
        "payment": {"currency": record.currency.value, "amount": record.amount},
        "rolledPrize": record.rolled,
        "awardedPrize": record.awarded,
        "why": None if record.rolled == record.awarded else SOLD_OUT,
        "coupon": to_typeid(COUPON_PREFIX, record.coupon_id) if record.coupon_id else None,
    }
    document["seal"] = seal_document(seed, document)
    if revealed:
        document["serverSeedHex"] = seed.hex()
    return canonical_json(document)
