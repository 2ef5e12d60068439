"""Events and exposures are partitioned by time; what stands in them stays where it is, in the first partition."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Table -> months of one partition.
_TABLES = {"events": 3, "exposures": 1}
# The period in which this revision was written begins here; an older row never lies after it.
_FIRST = datetime(2026, 10, 1, tzinfo=UTC)


def upgrade() -> None:
    for table, months in _TABLES.items():
        bound = _bound_after(_newest(table), months)
        op.execute(f"ALTER TABLE {table} RENAME TO {table}_earlier")
        op.execute(f"ALTER INDEX {table}_pkey RENAME TO {table}_earlier_pkey")
        op.execute(f"ALTER INDEX {table}_kind_at RENAME TO {table}_earlier_kind_at_idx")
        op.execute(
            f"CREATE TABLE {table} (LIKE {table}_earlier, CONSTRAINT {table}_pkey PRIMARY KEY (member_id, id)) "
            "PARTITION BY RANGE (id)"
        )
        op.execute(f"CREATE INDEX {table}_kind_at ON {table} (kind, at)")
        op.execute(f"ALTER TABLE {table} ATTACH PARTITION {table}_earlier FOR VALUES FROM (MINVALUE) TO ('{bound}')")
        op.execute(f"CREATE TABLE {table}_later PARTITION OF {table} FOR VALUES FROM ('{bound}') TO (MAXVALUE)")


def downgrade() -> None:
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} RENAME TO {table}_parted")
        op.execute(f"ALTER INDEX {table}_pkey RENAME TO {table}_parted_pkey")
        op.execute(f"ALTER INDEX {table}_kind_at RENAME TO {table}_parted_kind_at")
        op.execute(f"CREATE TABLE {table} (LIKE {table}_parted, CONSTRAINT {table}_pkey PRIMARY KEY (member_id, id))")
        op.execute(f"INSERT INTO {table} SELECT * FROM {table}_parted")
        op.execute(f"DROP TABLE {table}_parted")
        op.execute(f"CREATE INDEX {table}_kind_at ON {table} (kind, at)")


def _newest(table: str) -> UUID | None:
    found: UUID | None = op.get_bind().execute(sa.text(f"SELECT id FROM {table} ORDER BY id DESC LIMIT 1")).scalar()
    return found


def _bound_after(newest: UUID | None, months: int) -> UUID:
    """The first id of the period after that of the newest row: everything there is lies before it."""
    start = _FIRST
    while newest is not None and _least_id(start) <= newest:
        number = start.year * 12 + start.month - 1 + months
        start = start.replace(year=number // 12, month=number % 12 + 1)
    return _least_id(start)


def _least_id(at: datetime) -> UUID:
    return UUID(int=int(at.timestamp() * 1000) << 80)
