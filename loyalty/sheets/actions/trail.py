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
    `adjustment:<id>` or `compensation:<id>`; of a look `members` (a search), `member:<id>` or `prize:<id>`."""

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
    connection: Any, *, subject: str | None = None, before: UUID | None = None, limit: int, looks: bool = False
) -> list[Entry]:
    """Acts, newest first, by keyset; of one subject, with who looked at it, or of all, with that by `looks`."""
    found = await store.load_trail(connection, subject, before, limit, looks or subject is not None)
    return [_read(row) for row in found]


async def has_looked(connection: Any, subject: str, what: str, operator: str, *, since: datetime) -> bool:
    """Whether it is written down that the operator looked at this of the subject since an instant."""
    return await store.has_looked(connection, subject, what, operator, since)


def _read(row: Any) -> Entry:
    changes = tuple(Change(**each) for each in json.loads(row["changes"]))
    return Entry(**{**dict(row), "act": Act(row["act"]), "changes": changes})
