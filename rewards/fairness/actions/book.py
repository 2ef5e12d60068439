"""The seeds of locked members: opened, drawn under, revealed, saved once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag

from loyalty.work import Work
from rewards.fairness import rules, store
from rewards.fairness.actions.vault import NONCE_BYTES
from rewards.fairness.rules import Epoch, FairSeed, Place, Roll, SetBy, Vault

Roller = Callable[[str, int], Roll]


@dataclass(frozen=True, slots=True)
class Revealed:
    """An epoch that ended, and its server seed."""

    epoch: int
    seed: bytes


class Seeds:
    """The current and the next epoch of each member that one batch touches."""

    def __init__(self, vault: Vault, current: dict[UUID, Epoch], following: dict[UUID, Epoch]) -> None:
        self._vault = vault
        self._current = current
        self._following = following
        self._opened: dict[tuple[UUID, int], bytes] = {}
        self._touched: dict[tuple[UUID, int], Epoch] = {}
        self._new: list[tuple[Any, ...]] = []

    def open(self, work: Work, member_id: UUID, now: datetime) -> Epoch:
        """The current epoch; a member without one begins the first, under a client seed of the server's making."""
        if member_id not in self._current:
            client_seed = work.dice.bytes(rules.SERVER_CLIENT_SEED_BYTES).hex()
            self._current[member_id] = self._make(work, member_id, 1, client_seed, SetBy.SERVER, now)
            self._following[member_id] = self._make(work, member_id, 2, None, None, now)
        return self._current[member_id]

    def show(self, member_id: UUID) -> FairSeed:
        """What the member may know now."""
        return rules.show_seed(self._current[member_id], self._following[member_id])

    def roller(self, member_id: UUID, place: Place) -> Roller:
        """Rolls for one nonce of the current epoch."""
        seed = self._seed(self._current[member_id])
        return lambda label, limit: rules.roll(seed, label, limit, place)

    def use(self, member_id: UUID, count: int) -> None:
        """Takes the next `count` nonces: no other draw gets them."""
        epoch = self._current[member_id]
        self._put(replace(epoch, next_nonce=epoch.next_nonce + count))

    def set_client_seed(self, member_id: UUID, client_seed: str) -> None:
        """The member's own client seed, for the draws that follow; the server seed is committed to already."""
        self._put(replace(self._current[member_id], client_seed=client_seed, set_by=SetBy.MEMBER))

    def reveal(self, work: Work, member_id: UUID, client_seed: str, now: datetime) -> Revealed:
        """Ends the current epoch and begins the next with that client seed; commits to the one after it."""
        ended = replace(self._current[member_id], revealed_at=now)
        begun = replace(self._following[member_id], client_seed=client_seed, set_by=SetBy.MEMBER)
        self._put(ended)
        self._put(begun)
        self._following[member_id] = self._make(work, member_id, begun.epoch + 1, None, None, now)
        return Revealed(ended.epoch, self._seed(ended))

    async def save(self, work: Work) -> None:
        """Writes new epochs, and each touched one once."""
        if self._new:
            await store.insert_seeds(work, self._new)
        if self._touched:
            rows = [self._touched[key] for key in sorted(self._touched)]
            await store.save_seeds(
                work, [(each.member_id, each.epoch, each.client_seed, each.set_by, each.next_nonce, each.revealed_at)
                       for each in rows],
            )  # fmt: skip

    def _make(
        self, work: Work, member_id: UUID, number: int, client_seed: str | None, set_by: SetBy | None, now: datetime
    ) -> Epoch:
        seed = work.dice.bytes(rules.SEED_BYTES)
        nonce = work.dice.bytes(NONCE_BYTES)
        sealed = self._vault.seal(seed, nonce, rules.seed_place(member_id, number))
        self._opened[member_id, number] = seed
        commit = rules.commitment(seed)
        self._new.append((member_id, number, commit, sealed, client_seed, set_by, now))
        return Epoch(member_id, number, commit, sealed, client_seed, set_by, 0, None)

    def _put(self, epoch: Epoch) -> None:
        self._touched[epoch.member_id, epoch.epoch] = epoch
        if epoch.revealed_at is None:
            self._current[epoch.member_id] = epoch

    def _seed(self, epoch: Epoch) -> bytes:
        key = (epoch.member_id, epoch.epoch)
        if key not in self._opened:
            self._opened[key] = unseal(self._vault, epoch)
        return self._opened[key]


async def open_seeds(work: Work, vault: Vault, member_ids: Iterable[UUID]) -> Seeds:
    """Opens the seeds of members. Expects their locks."""
    current, following = {}, {}
    for row in await store.load_unrevealed(work.connection, sorted(set(member_ids))):
        epoch = read_epoch(row)
        if epoch.client_seed is None:
            following[epoch.member_id] = epoch
        else:
            current[epoch.member_id] = epoch
    return Seeds(vault, current, following)


def unseal(vault: Vault, epoch: Epoch) -> bytes:
    """The server seed, which is the one that was committed to."""
    seed = vault.unseal(epoch.sealed, epoch.place)
    assert rules.commitment(seed) == epoch.commit, "a seed is the one that was committed to"
    return seed


def try_unseal(vault: Vault, epoch: Epoch) -> bytes | None:
    """The server seed; None where it cannot be opened or is not the one that was committed to: it proves nothing."""
    try:
        seed = vault.unseal(epoch.sealed, epoch.place)
    except (InvalidTag, ValueError):  # another key, place or bytes; bytes too few to be a sealed seed
        return None
    return seed if rules.commitment(seed) == epoch.commit else None


async def read_epochs(connection: Any, keys: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], Epoch]:
    """Epochs by (member, epoch), for reading."""
    rows = await store.load_epochs(connection, keys)
    return {(row["member_id"], row["epoch"]): read_epoch(row) for row in rows}


async def read_page(connection: Any, after: tuple[UUID, int], limit: int) -> list[Epoch]:
    """Epochs of everybody past (member, epoch), for the audit."""
    return [read_epoch(row) for row in await store.load_page(connection, after, limit)]


def read_epoch(row: Any) -> Epoch:
    return Epoch(
        row["member_id"], row["epoch"], row["commit_sha256"], row["sealed"], row["client_seed"],
        SetBy(row["set_by"]) if row["set_by"] else None, row["next_nonce"], row["revealed_at"],
    )  # fmt: skip
