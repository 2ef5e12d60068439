"""Many statements as one.

The flats below read with statements of their own. What they asked for the last first screens is foreseen for the next:
all of it goes to the database as one statement, for all members who want theirs at the same time, and each flat's own
code then finds its rows here. What was not
foreseen (another day, another pool, a sheet read for the first time) is asked by itself and foreseen from then on. An
answer is found by statement and arguments together, so a plan can be out of date but never wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

Ask = tuple[str, tuple[Any, ...]]
Answers = dict[Ask, list[Any]]
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

_MARKS_OF_MANY = (
    f"{MARKS.replace('$1', 'asked.id')} FROM unnest($1::uuid[]) WITH ORDINALITY AS asked(id, place) ORDER BY place"
)

# What statements are asked with, apart from single values.
_LISTS = frozenset({list, tuple, set})
_PARAMETER = re.compile(r"\$(\d+)")
# What each statement answers with; None for one that cannot be read inside another (arrays have no names there).
_columns: dict[str, tuple[str, ...] | None] = {}


class _TheMember:
    """Stands in a plan where a member's id goes."""


_MEMBER = _TheMember()


class Reader:
    """A connection for reading: finds what was foreseen, and asks for the rest once.

    `shared` is what was foreseen for everybody, `own` for the one that is read; `missed` is what was not.
    """

    def __init__(self, connection: Any, shared: Answers, own: Answers) -> None:
        self.connection = connection
        self._shared = shared
        self._own = own
        self.missed: list[Ask] = []
        self.statements = 1 if shared or own else 0

    async def fetch(self, statement: str, *arguments: Any) -> list[Any]:
        """The rows of a statement."""
        ask = (statement, _freeze(arguments))
        found = self._own.get(ask)
        if found is None:
            found = self._shared.get(ask)
        if found is None:
            found = self._own[ask] = list(await self.connection.fetch(statement, *arguments))
            self.statements += 1
            self.missed.append(ask)
        return found

    async def fetchrow(self, statement: str, *arguments: Any) -> Any:
        """The first row of a statement, or None."""
        found = await self.fetch(statement, *arguments)
        return found[0] if found else None

    async def fetchval(self, statement: str, *arguments: Any) -> Any:
        """The first column of the first row, or None."""
        row = await self.fetchrow(statement, *arguments)
        return None if row is None else next(iter(row.values()))

    def plan(self, member_id: UUID) -> Plan:
        """What was missed, for any member."""
        return tuple((statement, _replace(asked, member_id, _MEMBER)) for statement, asked in self.missed)


async def load_marks(connection: Any, member_id: UUID) -> tuple[object, ...]:
    """Values of which one differs as soon as a row does that the member's first screen is made of."""
    return tuple(str(each) for each in (await connection.fetchrow(MARKS, member_id)).values())


async def load_marks_of_many(connection: Any, member_ids: Sequence[UUID]) -> list[tuple[object, ...]]:
    """The same for each of some members, in their order, in one statement; what all of them share is read once."""
    return [tuple(str(each) for each in row.values()) for row in await connection.fetch(_MARKS_OF_MANY, member_ids)]


class Foresight:
    """A plan made ready: one statement for all of it and for many members, and which of its rows answer what."""

    def __init__(self, plan: Plan, parts: Sequence[tuple[Ask, tuple[str, ...]]]) -> None:
        self.plan = plan
        self._arguments: list[Any] = []
        self._shared = [part for part in parts if not _names_member(part[0][1])]
        self._own = [part for part in parts if _names_member(part[0][1])]
        self._fills = [(ask[0], _filling(ask[1]), columns) for ask, columns in self._own]
        # What all members share is read, and sent, with the first of them alone.
        columns = [f"CASE one.place WHEN 1 THEN {self._array(ask)} END" for ask, _ in self._shared]
        columns += [self._array(ask) for ask, _ in self._own]
        self._statement = (
            f"SELECT {', '.join(columns)} FROM unnest($1::uuid[]) WITH ORDINALITY AS one(id, place) ORDER BY place"
            if columns
            else ""
        )

    def _array(self, ask: Ask) -> str:
        statement, arguments = ask
        return (
            f"ARRAY(SELECT r FROM ({_PARAMETER.sub(lambda found: self._argument(arguments, found), statement)}) AS r)"
        )

    def _argument(self, arguments: tuple[Any, ...], found: re.Match[str]) -> str:
        value = arguments[int(found.group(1)) - 1]
        if value is _MEMBER:
            return "one.id"
        if _names_member(value):
            return f"ARRAY[{', '.join('one.id' for _ in value)}]"
        self._arguments.append(value)
        return f"${len(self._arguments) + 1}"

    async def ask(self, connection: Any, member_ids: Sequence[UUID]) -> tuple[Answers, list[Answers]]:
        """Asks the plan in one statement: what all members share, and what is each one's own, in their order."""
        if not self._statement:
            return {}, [{} for _ in member_ids]
        rows = await connection.fetch(self._statement, member_ids, *self._arguments)
        count = len(self._shared)
        shared = {
            ask: _named(columns, records) for (ask, columns), records in zip(self._shared, rows[0][:count], strict=True)
        }
        return shared, [
            {
                (statement, fill(member_id)): _named(columns, records)
                for (statement, fill, columns), records in zip(self._fills, row[count:], strict=True)
            }
            for member_id, row in zip(member_ids, rows, strict=True)
        ]


async def prepare(connection: Any, plan: Plan) -> Foresight:
    """Makes a plan ready, without what cannot be read inside another statement."""
    columns = [(ask, await _columns_of(connection, ask[0])) for ask in plan if _can_be_one(ask[1])]
    return Foresight(plan, [(ask, names) for ask, names in columns if names is not None])


async def _columns_of(connection: Any, statement: str) -> tuple[str, ...] | None:
    if statement not in _columns:
        attributes = (await connection.prepare(statement)).get_attributes()
        plain = all(each.type.kind == "scalar" for each in attributes)
        _columns[statement] = tuple(each.name for each in attributes) if plain else None
    return _columns[statement]


def _filling(arguments: tuple[Any, ...]) -> Callable[[UUID], tuple[Any, ...]]:
    """Puts a member's id where it goes."""
    if arguments == (_MEMBER,):
        return lambda member_id: (member_id,)
    if arguments == ((_MEMBER,),):
        return lambda member_id: ((member_id,),)
    return lambda member_id: tuple([_replace(each, _MEMBER, member_id) for each in arguments])


def _named(columns: tuple[str, ...], records: Sequence[Any]) -> list[Any]:
    return [dict(zip(columns, record, strict=True)) for record in records]


def _names_member(value: Any) -> bool:
    return value is _MEMBER or (type(value) is tuple and any(_names_member(each) for each in value))


def _can_be_one(arguments: tuple[Any, ...]) -> bool:
    """Whether each argument is the member, a list of nobody else, or the same for all members."""
    lists = [each for each in arguments if type(each) is tuple and _names_member(each)]
    return all(each is _MEMBER for members in lists for each in members)


def _freeze(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple([_freeze(each) if type(each) in _LISTS else each for each in values])


def _replace(value: Any, old: object, new: object) -> Any:
    if type(value) is tuple:
        return tuple([_replace(each, old, new) for each in value])
    return new if value is old or value == old else value
