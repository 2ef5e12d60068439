"""chests and how they were opened."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chests",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unlock_seconds", sa.Integer(), nullable=False),
        sa.Column("earned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("number >= 1 AND version >= 1 AND unlock_seconds >= 0", name="chests_positive"),
        sa.CheckConstraint("(starts_at IS NULL) = (opens_at IS NULL)", name="chests_timer_whole"),
        sa.CheckConstraint("opens_at >= starts_at", name="chests_timer_forward"),
        sa.CheckConstraint(
            "opened_at IS NULL OR (opens_at IS NOT NULL AND opened_at >= opens_at)", name="chests_in_time"
        ),
        sa.PrimaryKeyConstraint("member_id", "number"),
    )
    op.create_index(
        "chests_shut", "chests", ["member_id", "number"], unique=False, postgresql_where=sa.text("opened_at IS NULL")
    )
    op.create_table(
        "chest_openings",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("client_seed", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("set_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("drops", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("set_by IN ('MEMBER', 'SERVER')", name="chest_openings_set_by_known"),
        sa.CheckConstraint("jsonb_array_length(drops) >= 1", name="chest_openings_of_something"),
        sa.PrimaryKeyConstraint("member_id", "number"),
    )
    op.execute(
        """INSERT INTO operator_accounts (account, purpose) VALUES
        ('issue:chest', 'diamonds and tickets out of chests'),
        ('sink:chest', 'diamonds paid to hurry chests')"""
    )


def downgrade() -> None:
    op.execute("DELETE FROM operator_accounts WHERE account IN ('issue:chest', 'sink:chest')")
    op.drop_table("chest_openings")
    op.drop_table("chests")
