"""Chests for reading, and the receipts of opened ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from game.chests import store
from game.chests.actions.book import CHESTS, load_kinds, read_chest
from game.chests.rules import rolling, timers
from game.chests.rules.content import ChestKind, ChestSheet
from game.chests.rules.receipts import Opening, write_receipt
from game.chests.rules.timers import Chest, ChestState
from loyalty.sheets.actions import open_sheets
from rewards.fairness import actions as fairness
from rewards.fairness.rules import SetBy, Vault, roll

SHOWN = 100
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class ChestView:
    """A chest as it stands at an instant, what it can hold, and what it costs to have it ready now."""

    chest: Chest
    kind: ChestKind
    state: ChestState
    diamonds: int


@dataclass(frozen=True, slots=True)
class ShelfView:
    """A member's shut chests, and the sheet in force."""

    sheet: ChestSheet | None
    chests: tuple[ChestView, ...]


@dataclass(frozen=True, slots=True)
class ChestReceipt:
    """The canonical JSON of a receipt, and whether it holds the server seed."""

    document: str
    revealed: bool


async def read_shelf(connection: Any, member_id: UUID, now: datetime) -> ShelfView:
    """The member's shut chests, those that open first before the others; 100 at most."""
    sheet = await (await open_sheets(connection, now)).get(connection, *CHESTS)
    if sheet is None:
        return ShelfView(None, ())
    chests = [read_chest(row) for row in await store.load_shut(connection, member_id, SHOWN)]
    kinds = await load_kinds(connection, chests)
    views = [
        ChestView(each, kinds[each.version, each.kind], each.state(now), timers.price(each, now, sheet.diamond_seconds))
        for each in timers.order_of(chests, now)
    ]
    return ShelfView(sheet, tuple(views))


async def read_receipt(connection: Any, vault: Vault, member_id: UUID, number: int) -> ChestReceipt | None:
    """The receipt of a member's opened chest; with the server seed once that is revealed. None where it has none."""
    found = await store.load_openings(connection, member_id, number + 1, 1)
    if not found or found[0]["number"] != number:
        return None
    opening = read_opening(found[0])
    chest = Chest(number, opening.kind, opening.version, 0, opening.at)
    kind = (await load_kinds(connection, [chest]))[opening.version, opening.kind]
    keys = [(member_id, opening.epoch), (member_id, opening.epoch + 1)]
    epochs = await fairness.read_epochs(connection, keys)
    epoch = epochs[member_id, opening.epoch]
    seed = fairness.unseal(vault, epoch)
    place = opening.place()
    filled = rolling.fill(kind, lambda label, limit: roll(seed, label, limit, place))
    revealed = epoch.revealed_at is not None
    document = write_receipt(
        opening, kind.body, [each for each, _ in filled], commit=epoch.commit,
        next_commit=epochs[member_id, opening.epoch + 1].commit, seed=seed, revealed=revealed,
    )  # fmt: skip
    return ChestReceipt(document, revealed)


async def export_chests(connection: Any, member_id: UUID) -> list[dict[str, Any]]:
    """Every opening of a member, newest first, for `exportMyData`."""
    found: list[Any] = []
    before: int | None = None
    while page := await store.load_openings(connection, member_id, before, _PAGE):
        found.extend(page)
        before = page[-1]["number"]
    return [
        {
            "chest": each["number"], "kind": each["kind"], "at": each["at"].isoformat(),
            "drops": [{"prize": drop[0], "amount": drop[1]} for drop in json.loads(each["drops"])],
        }
        for each in found
    ]  # fmt: skip


def read_opening(row: Any) -> Opening:
    return Opening(
        row["member_id"], row["number"], row["kind"], row["version"], row["epoch"], row["client_seed"],
        SetBy(row["set_by"]), tuple(tuple(each) for each in json.loads(row["drops"])), row["at"],
    )  # fmt: skip
