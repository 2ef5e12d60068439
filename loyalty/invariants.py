"""What must hold over a whole database: each flat states it in its store, the audit of the api asks them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class Invariant:
    """One sentence that holds, the SQL that counts what it speaks of, and the SQL that finds what breaks it.

    `broken` selects pseudonymous ids and numbers, never personal data or a bearer secret; `$1` in it is the moment of
    the audit. An `advisory` is something to look at that breaks nothing.
    """

    sentence: str
    counted: str
    broken: str
    advisory: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one invariant: how many were checked, how many break it, and the first of them."""

    sentence: str
    checked: int
    broken: int
    rows: tuple[dict[str, Any], ...]
    advisory: bool = False

    @property
    def ok(self) -> bool:
        return self.broken == 0 or self.advisory


async def examine(connection: Any, invariants: Sequence[Invariant], now: datetime) -> list[Finding]:
    """Asks each invariant on this connection, which should read one snapshot throughout."""
    findings = []
    for each in invariants:
        checked = await connection.fetchval(each.counted)
        moment = (now,) if "$1" in each.broken else ()
        # The statement is a flat's own text; nothing that a caller sent is in it.
        rows = await connection.fetch(
            f"SELECT *, count(*) OVER () AS broken_in_all FROM ({each.broken}) AS b LIMIT {MOST_ROWS}",  # noqa: S608
            *moment,
        )
        broken = rows[0]["broken_in_all"] if rows else 0
        shown = tuple({name: value for name, value in row.items() if name != "broken_in_all"} for row in rows)
        findings.append(Finding(each.sentence, checked, broken, shown, each.advisory))
    return findings
