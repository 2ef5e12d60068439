"""The chests of locked members: loaded with what they hold, changed in memory, saved once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from game.chests import store
from game.chests.rules.content import ChestKind, ChestSheet, parse_chests
from game.chests.rules.timers import Chest, Shelf
from loyalty.sheets import actions as sheets
from loyalty.work import Work

CHESTS = ("chests", "current", parse_chests)

# Versions that were in force never change.
_versions: dict[tuple[int, str], ChestSheet] = {}


@dataclass(frozen=True, slots=True)
class Earned:
    """A chest that an order earned, of a version of the sheet."""

    member_id: UUID
    number: int
    kind: ChestKind
    version: int
    at: datetime


class Shelves:
    """The chests that one batch has open."""

    def __init__(self, sheet: ChestSheet, shelves: dict[UUID, Shelf], kinds: dict[tuple[int, str], ChestKind]) -> None:
        self.sheet = sheet
        self._shelves = shelves
        self._before = {member_id: dict(shelf) for member_id, shelf in shelves.items()}
        self._kinds = kinds
        self._openings: list[tuple[Any, ...]] = []

    def shelf(self, member_id: UUID) -> Shelf:
        return self._shelves.setdefault(member_id, {})

    def put(self, member_id: UUID, shelf: Shelf) -> None:
        self._shelves[member_id] = shelf

    def kind(self, chest: Chest) -> ChestKind:
        """What the chest is, by the version of the sheet under which it was earned."""
        return self._kinds[chest.version, chest.kind]

    def record_opening(self, row: tuple[Any, ...]) -> None:
        self._openings.append(row)

    async def save(self, work: Work) -> None:
        """Writes each chest that changed once, and the openings."""
        rows = []
        for member_id in sorted(self._shelves):
            before = self._before.get(member_id, {})
            rows += [
                (member_id, number, chest.starts_at, chest.opens_at, chest.opened_at)
                for number, chest in sorted(self._shelves[member_id].items())
                if chest != before.get(number)
            ]
        if rows:
            await store.save_chests(work, rows)
        if self._openings:
            await store.insert_openings(work, self._openings)


async def open_shelves(
    work: Work, opened: sheets.Sheets, member_ids: Iterable[UUID], named: Sequence[tuple[UUID, int]]
) -> Shelves:
    """Opens the shut chests of members, and those named. Expects the members' locks; asserts that there is a sheet."""
    sheet = await opened.get(work.connection, *CHESTS)
    assert sheet is not None, "no sheet of chests: run `main.py season seed` first"
    shelves: dict[UUID, Shelf] = {}
    for row in await store.load_chests(work.connection, sorted(set(member_ids)), sorted(set(named))):
        shelves.setdefault(row["member_id"], {})[row["number"]] = read_chest(row)
    chests = [chest for shelf in shelves.values() for chest in shelf.values()]
    return Shelves(sheet, shelves, await load_kinds(work.connection, chests))


async def insert_earned(work: Work, earned: Sequence[Earned]) -> None:
    """Puts chests on their members' shelves. Expects the members' locks."""
    await store.insert_chests(
        work,
        [(each.member_id, each.number, each.kind.code, each.version, each.kind.unlock_seconds, each.at)
         for each in earned],
    )  # fmt: skip


async def load_kinds(connection: Any, chests: Iterable[Chest]) -> dict[tuple[int, str], ChestKind]:
    """(version, code) -> kind, of every chest, by the version that it was earned under."""
    wanted = {(chest.version, chest.kind) for chest in chests}
    found: dict[tuple[int, str], ChestKind] = {}
    for version in sorted({version for version, _ in wanted}):
        sheet = await _load_version(connection, version)
        for each_version, code in wanted:
            if each_version == version:
                kind = sheet.kind(code)
                assert kind is not None, "a chest is of a kind of its version"
                found[version, code] = kind
    return found


async def _load_version(connection: Any, version: int) -> ChestSheet:
    [row] = await sheets.load_scheduled(connection, CHESTS[0], CHESTS[1], version - 1, version)
    key = (version, row.sha256.hex())
    if key not in _versions:
        _versions[key] = parse_chests("chests.current", json.loads(row.body))
    return _versions[key]


def read_chest(row: Any) -> Chest:
    return Chest(
        row["number"], row["kind"], row["version"], row["unlock_seconds"], row["earned_at"], row["starts_at"],
        row["opens_at"], row["opened_at"],
    )  # fmt: skip
