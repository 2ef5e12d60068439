"""Many statements as one.

The flats below read with statements of their own. What they asked for the last first screen is foreseen for the next:
all of it goes to the database as one statement, and each flat's own code then finds its rows here. What was not
foreseen (another day, another pool, a sheet read for the first time) is asked by itself and foreseen from then on. An
answer is found by statement and arguments together, so a plan can be out of date but never wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

Ask = tuple[str, tuple[Any, ...]]
Plan = tuple[Ask, ...]

# What the first screen rests on, told by the versions of its rows (`xmin` and `ctid` together name one), or by what it
# reads of rows that others write all the time. Terms of offers and pools, and bodies of sheets, never change.
MARKS = """
SELECT
  (SELECT sum(hash_record_extended(ROW(m.xmin, m.ctid), 0)) FROM members m WHERE m.id = $1) AS members,
  (SELECT sum(hash_record_extended(ROW(s.xmin, s.ctid), 0)) FROM standings s WHERE s.member_id = $1) AS standings,
  (SELECT sum(hash_record_extended(ROW(c.xmin, c.ctid), 0)) FROM tier_credits c WHERE c.member_id = $1) AS credits,
  (SELECT sum(hash_record_extended(ROW(w.xmin, w.ctid), 0)) FROM wallets w WHERE w.member_id = $1) AS wallets,
  (SELECT sum(hash_record_extended(ROW(l.xmin, l.ctid), 0)) FROM lots l
    WHERE l.member_id = $1 AND l.remaining > 0) AS lots,
  (SELECT sum(hash_record_extended(ROW(g.xmin, g.ctid), 0)) FROM grants g
    WHERE g.member_id = $1 AND g.consumed_at IS NULL) AS grants,
  (SELECT sum(hash_record_extended(ROW(b.xmin, b.ctid), 0)) FROM boards b WHERE b.member_id = $1) AS boards,
  (SELECT sum(hash_record_extended(ROW(t.xmin, t.ctid), 0)) FROM streaks t WHERE t.member_id = $1) AS streaks,
  (SELECT sum(hash_record_extended(ROW(y.xmin, y.ctid), 0)) FROM pity y WHERE y.member_id = $1) AS pity,
  (SELECT sum(hash_record_extended(ROW(r.xmin, r.ctid), 0)) FROM draw_rails r WHERE r.member_id = $1) AS rails,
  (SELECT sum(hash_record_extended(ROW(c.xmin, c.ctid), 0)) FROM coupons c
    WHERE c.member_id = $1 AND c.state = 'ISSUED') AS coupons,
  (SELECT sum(hash_record_extended(ROW(p.id, p.slug, p.version), 0)) FROM pools p) AS pools,
  (SELECT sum(hash_record_extended(ROW(k.pool_id, k.code, k.total, k.awarded), 0)) FROM pool_stock k) AS stock,
  (SELECT sum(hash_record_extended(ROW(o.id, o.slug, o.version), 0)) FROM offers o) AS offers,
  (SELECT sum(hash_record_extended(ROW(h.id, h.sha256), 0)) FROM sheets h WHERE h.state = 'ACTIVE') AS sheets,
  (SELECT sum(hash_record_extended(ROW(u.xmin, u.ctid), 0)) FROM pauses u WHERE u.resumed_at IS NULL) AS pauses
"""

_PARAMETER = re.compile(r"\$(\d+)")
# What each statement answers with; None for one that cannot be read inside another (arrays have no names there).
_columns: dict[str, tuple[str, ...] | None] = {}


class _TheMember:
    """Stands in a plan where a member's id goes."""


_MEMBER = _TheMember()


class Reader:
    """A connection for reading: finds what was foreseen, asks for the rest once, and notes everything asked."""

    def __init__(self, connection: Any, foreseen: dict[Ask, list[Any]]) -> None:
        self.connection = connection
        self._known = foreseen
        self.asked: dict[Ask, None] = {}
        self.statements = 1 if foreseen else 0

    async def fetch(self, statement: str, *arguments: Any) -> list[Any]:
        """The rows of a statement."""
        ask = (statement, _freeze(arguments))
        self.asked[ask] = None
        if ask not in self._known:
            self._known[ask] = list(await self.connection.fetch(statement, *arguments))
            self.statements += 1
        return self._known[ask]

    async def fetchrow(self, statement: str, *arguments: Any) -> Any:
        """The first row of a statement, or None."""
        found = await self.fetch(statement, *arguments)
        return found[0] if found else None

    async def fetchval(self, statement: str, *arguments: Any) -> Any:
        """The first column of the first row, or None."""
        row = await self.fetchrow(statement, *arguments)
        return None if row is None else next(iter(row.values()))

    def plan(self, member_id: UUID) -> Plan:
        """What was asked, for any member."""
        return tuple((statement, _replace(asked, member_id, _MEMBER)) for statement, asked in self.asked)


async def load_marks(connection: Any, member_id: UUID) -> tuple[object, ...]:
    """Values of which one differs as soon as a row does that the member's first screen is made of."""
    return tuple(str(each) for each in (await connection.fetchrow(MARKS, member_id)).values())


async def foresee(connection: Any, plan: Plan, member_id: UUID) -> dict[Ask, list[Any]]:
    """Asks a whole plan for one member in one statement."""
    asks: list[tuple[Ask, tuple[str, ...]]] = []
    for statement, template in plan:
        columns = await _columns_of(connection, statement)
        if columns is not None:
            asks.append(((statement, _replace(template, _MEMBER, member_id)), columns))
    if not asks:
        return {}
    parts: list[str] = []
    arguments: list[Any] = []
    for (statement, given), _ in asks:
        parts.append(f"ARRAY(SELECT r FROM ({_renumber(statement, len(arguments))}) AS r)")
        arguments.extend(given)
    row = await connection.fetchrow(f"SELECT {', '.join(parts)}", *arguments)
    return {
        ask: [dict(zip(columns, record, strict=True)) for record in records]
        for (ask, columns), records in zip(asks, row, strict=True)
    }


async def _columns_of(connection: Any, statement: str) -> tuple[str, ...] | None:
    if statement not in _columns:
        attributes = (await connection.prepare(statement)).get_attributes()
        plain = all(each.type.kind == "scalar" for each in attributes)
        _columns[statement] = tuple(each.name for each in attributes) if plain else None
    return _columns[statement]


def _renumber(statement: str, by: int) -> str:
    return _PARAMETER.sub(lambda found: f"${int(found.group(1)) + by}", statement)


def _freeze(value: Any) -> Any:
    return tuple(_freeze(each) for each in value) if isinstance(value, Sequence | set) and not _atom(value) else value


def _atom(value: object) -> bool:
    return isinstance(value, str | bytes)


def _replace(value: Any, old: object, new: object) -> Any:
    if isinstance(value, tuple):
        return tuple(_replace(each, old, new) for each in value)
    return new if value == old else value


def same(one: Iterable[Ask], other: Iterable[Ask]) -> bool:
    """Whether two plans ask for the same."""
    return set(one) == set(other)
