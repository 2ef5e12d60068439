"""Tables partitioned by time on their UUIDv7 ids: partitions are made ahead, and dropped past their retention.

`<table>_earlier` and `<table>_later` take what lies outside the periods, so that no write is ever refused; ranges and
no DEFAULT partition, since only then can a page be read partition after partition in the order of ids. Everything here
is run by the owner of the tables: nothing that the app's role may call drops a row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, Table, text

from api.runtime.schema import metadata, partition_months

_AHEAD = 2
_LOCK_TIMEOUT = "2s"
_BOUND = re.compile(r"FROM \((?:'([0-9a-f-]+)'|MINVALUE)\) TO \((?:'([0-9a-f-]+)'|MAXVALUE)\)")
_PARTITIONS = """
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass(:parent)
"""


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: ids from `start` up to but not `end`; None is the end of the world."""

    name: str
    start: UUID | None
    end: UUID | None


def period_start(at: datetime, months: int) -> datetime:
    """The first moment of the period of so many months (a divisor of 12) that holds `at`, in UTC."""
    there = at.astimezone(UTC)
    return datetime(there.year, there.month - (there.month - 1) % months, 1, tzinfo=UTC)


def shifted(start: datetime, months: int) -> datetime:
    """The first of a month so many months later; earlier where it is negative."""
    number = start.year * 12 + start.month - 1 + months
    return start.replace(year=number // 12, month=number % 12 + 1)


def least_id(at: datetime) -> UUID:
    """No UUIDv7 minted at this moment or later is below it, none minted before is above."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


def moment_of(bound: UUID) -> datetime:
    """The moment that `least_id` made a bound of."""
    return datetime.fromtimestamp((bound.int >> 80) / 1000, UTC)


def partitioned_tables() -> list[Table]:
    """The tables that are partitioned by time."""
    return [table for table in metadata().sorted_tables if partition_months(table)]


def read_partitions(connection: Connection, table: str) -> list[Partition]:
    """The partitions of a table in the order of their ids; none where there is no such table."""
    found = []
    for name, bound in connection.execute(text(_PARTITIONS), {"parent": f"public.{table}"}):
        match = _BOUND.fullmatch(str(bound).removeprefix("FOR VALUES "))
        assert match, f"{name} is not a range of ids: {bound}"
        found.append(Partition(name, *(UUID(each) if each else None for each in match.groups())))
    return sorted(found, key=lambda each: each.start.int if each.start else -1)


def tend(connection: Connection, table: Table, now: datetime, exposures_months: int) -> list[str]:
    """Makes what is missing and drops what is expired; returns the names of both.

    Only exposures expire. Events are books: the audit counts balances, levels and tiers against them.
    """
    keep = exposures_months if table.name == "exposures" else 0
    return make_ahead(connection, table, now) + drop_expired(connection, table, now, keep)


def make_ahead(connection: Connection, table: Table, now: datetime) -> list[str]:
    """Makes the periods up to two after that of `now`; returns the names of what was made.

    What already lies in `<table>_later` moves to where it belongs. Holds the table for itself meanwhile, 2 s at most
    before it begins (a lock timeout raises `OperationalError`).
    """
    months = partition_months(table)
    partitions = read_partitions(connection, table.name)
    if not partitions:
        return []
    bound = partitions[-1].start
    assert bound is not None and partitions[-1].end is None, f"{table.name} has no partition for what comes later"
    start, target = moment_of(bound), shifted(period_start(now, months), months * (_AHEAD + 1))
    if start >= target:
        return []
    name = table.name
    _alone(connection, name)
    connection.execute(text(f"ALTER TABLE {name} DETACH PARTITION {name}_later"))
    connection.execute(text(f"ALTER TABLE {name}_later RENAME TO {name}_moving"))
    made = []
    while start < target:
        after = shifted(start, months)
        made.append(f"{name}_{start:%Y_%m}")
        _make(connection, name, Partition(made[-1], least_id(start), least_id(after)))
        start = after
    _make(connection, name, Partition(f"{name}_later", least_id(target), None))
    connection.execute(text(f"INSERT INTO {name} SELECT * FROM {name}_moving"))  # noqa: S608 - our own table's name
    connection.execute(text(f"DROP TABLE {name}_moving"))
    return made


def drop_expired(connection: Connection, table: Table, now: datetime, keep_months: int) -> list[str]:
    """Drops the periods that ended `keep_months` months ago or longer; returns the names of what was dropped.

    0 keeps everything. `<table>_earlier` goes with the first period, and comes back empty.
    """
    partitions = read_partitions(connection, table.name)
    if not keep_months or not partitions:
        return []
    cutoff = least_id(shifted(period_start(now, 1), -keep_months))
    expired = [each for each in partitions if each.end is not None and each.end <= cutoff]
    if not expired:
        return []
    name = table.name
    if [each.name for each in expired] == [f"{name}_earlier"] and not _holds_any(connection, f"{name}_earlier"):
        return []
    _alone(connection, name)
    for each in expired:
        connection.execute(text(f"DROP TABLE {each.name}"))
    _make(connection, name, Partition(f"{name}_earlier", None, expired[-1].end))
    return [each.name for each in expired]


def _holds_any(connection: Connection, name: str) -> bool:
    found = text(f"SELECT EXISTS (SELECT FROM {name})")  # noqa: S608 - our own table's name
    return connection.execute(found).scalar_one() is True


def _alone(connection: Connection, name: str) -> None:
    connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
    connection.execute(text(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE"))


def _make(connection: Connection, parent: str, made: Partition) -> None:
    start = f"'{made.start}'" if made.start else "MINVALUE"
    end = f"'{made.end}'" if made.end else "MAXVALUE"
    connection.execute(text(f"CREATE TABLE {made.name} PARTITION OF {parent} FOR VALUES FROM ({start}) TO ({end})"))
