"""Identities leave once, for the tax office; and papers go as soon as the law lets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.sheets.actions import open_sheets
from loyalty.work import Work
from rewards.fairness.rules import Vault
from rewards.prizes.actions.book import read_won
from rewards.prizes.actions.papers import read_papers
from rewards.prizes.actions.things import law_of
from rewards.prizes.rules.lives import Won
from rewards.prizes.rules.papers import Identity
from rewards.prizes.store import papers as store
from rewards.prizes.store import prizes as prize_store
from rewards.refusals import RewardsCode, RewardsRefused

EXPORT_MOST = 500
_PAGE = 1_000
_FIRST = (UUID(int=0), UUID(int=0))


@dataclass(frozen=True, slots=True)
class Exported:
    """An export that was made: it names nobody, so that it can be kept for a retry."""

    export_id: UUID
    count: int


async def take_export(work: Work, year: int, *, operator: str, now: datetime) -> Exported:
    """Marks up to 500 identities to prizes of that year, handed over and never exported before.

    Refuses NOTHING_TO_EXPORT.
    """
    keys = await store.take_unexported(work, year, EXPORT_MOST)
    if not keys:
        raise RewardsRefused(RewardsCode.NOTHING_TO_EXPORT, year=year)
    export_id = work.mint(now)
    await store.mark_exported(work, keys, export_id, now, operator)
    return Exported(export_id, len(keys))


async def read_export(connection: Any, vault: Vault, export_id: UUID) -> list[tuple[Won, Identity]]:
    """What an export holds, in the clear: for the request that made it alone."""
    keys = await store.load_exported(connection, export_id)
    papers = await read_papers(connection, vault, keys)
    prizes = {row["id"]: read_won(row) for row in await prize_store.load_prizes(connection, keys)}
    found = [(prizes[prize_id], papers[member_id, prize_id].identity) for member_id, prize_id in keys]
    return [(won, identity) for won, identity in found if identity is not None]


async def forget_papers(work: Work, now: datetime, limit: int) -> int:
    """Deletes addresses of prizes that have ended, and identities that the law no longer asks for; how many changed.

    A prize that nobody was taxed for leaves nothing to keep. Idempotent; changes nothing that a member waits for.
    """
    opened = await open_sheets(work.connection, now)
    wholly: list[tuple[UUID, UUID]] = []
    addresses: list[tuple[UUID, UUID]] = []
    after = _FIRST
    while len(wholly) + len(addresses) < limit:
        rows = await store.load_ended(work.connection, after, _PAGE)
        for row in rows:
            key = (row["member_id"], row["prize_id"])
            law = await law_of(work.connection, opened, row["law"])
            keeps = row["identified"] and row["tax_year"] is not None and now < row["ended_at"] + law.keeps_identity
            if not keeps:
                wholly.append(key)
            elif row["addressed"]:
                addresses.append(key)
        if len(rows) < _PAGE:
            break
        after = (rows[-1]["member_id"], rows[-1]["prize_id"])
    await _forget(work, wholly[:limit], addresses_alone=False)
    await _forget(work, addresses[:limit], addresses_alone=True)
    return len(wholly[:limit]) + len(addresses[:limit])


async def _forget(work: Work, keys: Sequence[tuple[UUID, UUID]], *, addresses_alone: bool) -> None:
    if keys:
        await store.forget(work, keys, addresses_alone=addresses_alone)
