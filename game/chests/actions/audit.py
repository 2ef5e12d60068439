"""The invariants of chests: what SQL can see, and every opening made again from its seed and its sheet."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from game.chests import store
from game.chests.actions.book import load_kinds
from game.chests.actions.reading import read_opening
from game.chests.rules import rolling
from game.chests.rules.content import ChestKind
from game.chests.rules.receipts import Opening
from game.chests.rules.timers import Chest
from loyalty.invariants import MOST_ROWS, Finding, examine
from rewards.fairness import actions as fairness
from rewards.fairness.rules import Epoch, Vault, roll

_PAGE = 5_000
FOLLOWS = "what each opened chest gave follows from its seed and its contents"


async def audit(connection: Any, now: datetime, *, vault: Vault | None = None) -> list[Finding]:
    """Examines every chest; with the vault also makes every opening again. Reads everything, changes nothing."""
    findings = await examine(connection, store.AUDIT, now)
    if vault is not None:
        findings.append(await _make_again(connection, vault))
    return findings


async def _make_again(connection: Any, vault: Vault) -> Finding:
    checked, broken = 0, []
    after = (UUID(int=0), 0)
    while page := [read_opening(row) for row in await store.load_openings_page(connection, after, _PAGE)]:
        after = (page[-1].member_id, page[-1].number)
        checked += len(page)
        chests = [Chest(each.number, each.kind, each.version, 0, each.at) for each in page]
        kinds = await load_kinds(connection, chests)
        epochs = await fairness.read_epochs(connection, sorted({(each.member_id, each.epoch) for each in page}))
        broken += [
            {"member_id": each.member_id, "chest": each.number, "epoch": each.epoch}
            for each in page
            if not _follows(each, kinds[each.version, each.kind], epochs.get((each.member_id, each.epoch)), vault)
        ]
    return Finding(FOLLOWS, checked, len(broken), tuple(broken[:MOST_ROWS]))


def _follows(opening: Opening, kind: ChestKind, epoch: Epoch | None, vault: Vault) -> bool:
    seed = fairness.try_unseal(vault, epoch) if epoch else None
    if seed is None:
        return False
    place = opening.place()
    filled = rolling.fill(kind, lambda label, limit: roll(seed, label, limit, place))
    made = tuple((content.prize.value, content.amount, each.value, each.block) for each, content in filled)
    return made == opening.drops
