"""The invariants of seeds."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.invariants import MOST_ROWS, Finding, examine
from rewards.fairness import store
from rewards.fairness.actions.book import read_page, try_unseal
from rewards.fairness.rules import Vault

_PAGE = 5_000


async def audit(connection: Any, now: datetime, *, vault: Vault | None = None) -> list[Finding]:
    """Examines every epoch; with the vault also that each sealed seed is the one committed to. Changes nothing."""
    findings = await examine(connection, store.AUDIT, now)
    if vault is not None:
        findings.append(await _check_commitments(connection, vault))
    return findings


async def _check_commitments(connection: Any, vault: Vault) -> Finding:
    checked, broken = 0, []
    after = (UUID(int=0), 0)
    while page := await read_page(connection, after, _PAGE):
        after = (page[-1].member_id, page[-1].epoch)
        checked += len(page)
        for epoch in page:
            if try_unseal(vault, epoch) is None:
                broken.append({"member_id": epoch.member_id, "epoch": epoch.epoch})
    sentence = "every sealed seed opens, and is the one that was committed to"
    return Finding(sentence, checked, len(broken), tuple(broken[:MOST_ROWS]))
