"""The audit trail: what each operator did, field by field, and why. Append-only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.sheets import store
from loyalty.sheets.rules import Act, Change
from loyalty.work import Work


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `subject` is `<kind>.<key>` of a sheet, `pause:<target>`, `operator:<id>`,
    `adjustment:<id>` or `compensation:<id>`."""

    id: UUID
    subject: str
    version: int | None
    act: Act
    operator: str
    at: datetime
    reason: str
    changes: tuple[Change, ...]


async def record(
    work: Work, subject: str, act: Act, operator: str, now: datetime, *,
    reason: str = "", version: int | None = None, changes: Sequence[Change] = (),
) -> None:  # fmt: skip
    """Writes one act down in the transaction that does it."""
    told = json.dumps([asdict(each) for each in changes], ensure_ascii=False)
    await store.insert_act(work, (work.mint(now), subject, version, act.value, operator, now, reason, told))


async def read_trail(
    connection: Any, *, subject: str | None = None, before: UUID | None = None, limit: int
) -> list[Entry]:
    """Acts, newest first, by keyset; of one subject or of all."""
    return [_read(row) for row in await store.load_trail(connection, subject, before, limit)]


def _read(row: Any) -> Entry:
    changes = tuple(Change(**each) for each in json.loads(row["changes"]))
    return Entry(**{**dict(row), "act": Act(row["act"]), "changes": changes})
