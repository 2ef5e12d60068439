"""Commit and reveal: seeds, commitments and rolls that anybody can check afterwards.

A server seed is committed to by its SHA-256 before the member picks a client seed, and shown when its epoch ends.
docs/fairness.md defines every byte of what is computed here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from loyalty.sheets.rules import canonical_json
from rewards.refusals import RewardsCode, RewardsRefused

SEED_BYTES = 32
SERVER_CLIENT_SEED_BYTES = 16
CLIENT_SEED = re.compile(r"[A-Za-z0-9_-]{1,64}")
SEAL_LABEL = "gf1r"
_SPAN = 2**64


class SetBy(StrEnum):
    """Who set a client seed. Under one of the server's own making nobody can show that it was not ground."""

    MEMBER = "MEMBER"
    SERVER = "SERVER"


class Vault(Protocol):
    """Keeps server seeds unreadable at rest until they are revealed; the edge holds its key."""

    def seal(self, seed: bytes, nonce: bytes, place: bytes) -> bytes:
        """The encrypted seed, bound to its place; `nonce` is 12 fresh random bytes."""

    def unseal(self, sealed: bytes, place: bytes) -> bytes:
        """The seed. Raises where it was sealed for another place, or with another key."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One server seed's time, of one member. The next one is committed to already and has no client seed yet."""

    member_id: UUID
    epoch: int
    commit: bytes
    sealed: bytes
    client_seed: str | None
    set_by: SetBy | None
    next_nonce: int
    revealed_at: datetime | None

    @property
    def place(self) -> bytes:
        """What the sealed seed is bound to."""
        return seed_place(self.member_id, self.epoch)


@dataclass(frozen=True, slots=True)
class FairSeed:
    """What a member may know of the current epoch before it is revealed. Commitments in hex."""

    epoch: int
    commit_sha256: str
    next_commit_sha256: str
    client_seed: str
    set_by_member: bool
    next_nonce: int


@dataclass(frozen=True, slots=True)
class Place:
    """What a roll is made for, each as it stands in the receipt: ids and version in their edge form."""

    pool: str
    odds_version: str
    member: str
    client_seed: str
    nonce: int


@dataclass(frozen=True, slots=True)
class Roll:
    """A uniform whole number `value` in [0, limit), and the block of the digest that gave it."""

    label: str
    limit: int
    block: int
    value: int


def seed_place(member_id: UUID, epoch: int) -> bytes:
    return member_id.bytes + epoch.to_bytes(8, "big")


def commitment(seed: bytes) -> bytes:
    """SHA-256 of a server seed, shown before anything is drawn under it."""
    return hashlib.sha256(seed).digest()


def check_client_seed(text: str) -> str:
    """Refuses CLIENT_SEED_INVALID where it is not 1 to 64 letters, digits, `_` or `-`."""
    if not CLIENT_SEED.fullmatch(text):
        raise RewardsRefused(RewardsCode.CLIENT_SEED_INVALID)
    return text


def roll(seed: bytes, label: str, limit: int, place: Place) -> Roll:
    """A roll of `limit` sides: HMAC-SHA256 under the server seed, rejected and made again where it would be biased.

    The message is `label|pool|oddsVersion|member|clientSeed|nonce|block`; its digest's first eight bytes are a
    big-endian number. `limit` is 1 to 2^64.
    """
    assert 0 < limit <= _SPAN, "a roll has 1 to 2^64 sides"
    fair = _SPAN // limit * limit
    stem = f"{label}|{place.pool}|{place.odds_version}|{place.member}|{place.client_seed}|{place.nonce}|"
    block = 0
    while True:
        digest = hmac.digest(seed, f"{stem}{block}".encode(), "sha256")
        number = int.from_bytes(digest[:8], "big")
        if number < fair:
            return Roll(label, limit, block, number % limit)
        block += 1


def seal_document(seed: bytes, document: Mapping[str, Any]) -> str:
    """HMAC-SHA256, in hex, of `gf1r|` and the canonical JSON of a receipt without its seal and its server seed.

    Until the seed is revealed only the server can make it; afterwards everybody can see that nothing was altered.
    """
    bare = {key: value for key, value in document.items() if key not in ("seal", "serverSeedHex")}
    message = f"{SEAL_LABEL}|{canonical_json(bare)}"
    return hmac.digest(seed, message.encode(), "sha256").hex()


def show_seed(current: Epoch, following: Epoch) -> FairSeed:
    """The current epoch and the next one's commitment."""
    assert current.client_seed is not None, "an epoch that has begun has a client seed"
    return FairSeed(
        current.epoch, current.commit.hex(), following.commit.hex(), current.client_seed,
        current.set_by is SetBy.MEMBER, current.next_nonce,
    )  # fmt: skip
