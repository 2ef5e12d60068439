"""Addresses and identities, sealed before they are written, and unsealed for whom they are meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from loyalty.work import Work
from rewards.fairness.actions import NONCE_BYTES, PAPERS, AesVault
from rewards.fairness.rules import Vault
from rewards.prizes.rules.papers import Address, Identity, place_of
from rewards.prizes.store import papers as store

_ADDRESS, _IDENTITY = TypeAdapter(Address), TypeAdapter(Identity)


class PapersVault(AesVault):
    """Seals papers with a key of its own from the process's secret; each is bound to its member and prize."""

    def __init__(self, secret: bytes) -> None:
        super().__init__(secret, PAPERS)


@dataclass(frozen=True, slots=True)
class Papers:
    """What was sealed for one prize."""

    address: Address | None
    identity: Identity | None


class Drawer:
    """The papers that one batch seals."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._new: list[tuple[UUID, UUID, bytes | None, bytes | None]] = []

    def keep(
        self, work: Work, member_id: UUID, prize_id: UUID, address: Address | None, identity: Identity | None
    ) -> None:
        """Seals what there is, each for its place."""

        def seal(what: str, plain: bytes) -> bytes:
            return self._vault.seal(plain, work.dice.bytes(NONCE_BYTES), place_of(member_id, prize_id, what))

        if address or identity:
            self._new.append((
                member_id, prize_id, seal("address", _ADDRESS.dump_json(address)) if address else None,
                seal("identity", _IDENTITY.dump_json(identity)) if identity else None,
            ))  # fmt: skip

    async def save(self, work: Work) -> None:
        if self._new:
            await store.insert_papers(work, self._new)


async def read_papers(
    connection: Any, vault: Vault, keys: Sequence[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], Papers]:  # fmt: skip
    """Papers in the clear, by (member, prize). Whoever calls says who may see them."""
    found = {}
    for row in await store.load_papers(connection, keys):
        key = (row["member_id"], row["prize_id"])
        address = vault.unseal(row["address"], place_of(*key, "address")) if row["address"] else None
        identity = vault.unseal(row["identity"], place_of(*key, "identity")) if row["identity"] else None
        found[key] = Papers(
            _ADDRESS.validate_json(address) if address else None,
            _IDENTITY.validate_json(identity) if identity else None,
        )
    return found
