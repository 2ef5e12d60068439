"""the lifecycle of sheets, the audit trail, roles by two people, the fairness monitor."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_STATES = "'DRAFT', 'IN_REVIEW', 'SCHEDULED', 'ACTIVE', 'RETIRED'"


def upgrade() -> None:
    op.add_column("sheets", sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("sheets", sa.Column("based_on", sa.Integer(), nullable=False, server_default="0"))
    op.alter_column("sheets", "revision", server_default=None)
    op.alter_column("sheets", "based_on", server_default=None)
    op.execute("UPDATE sheets SET based_on = version - 1")
    op.drop_constraint("sheets_state_known", "sheets", type_="check")
    op.create_check_constraint("sheets_state_known", "sheets", f"state IN ({_STATES}, 'SUCCESSOR', 'WITHDRAWN')")
    op.create_check_constraint("sheets_scheduled_at", "sheets", "state <> 'SCHEDULED' OR active_at IS NOT NULL")
    op.create_check_constraint("sheets_revision_from_one", "sheets", "revision >= 1 AND based_on >= 0")
    op.create_index(
        "sheets_open", "sheets", ["kind", "key"], unique=True,
        postgresql_where=sa.text("state IN ('DRAFT', 'IN_REVIEW')"),
    )  # fmt: skip
    op.create_index(
        "sheets_scheduled", "sheets", ["active_at"], unique=False, postgresql_where=sa.text("state = 'SCHEDULED'")
    )
    op.create_table(
        "trail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("act", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("operator", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "role_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('PROPOSED', 'GRANTED', 'ENDED')", name="role_grants_state"),
        sa.CheckConstraint(
            "state <> 'GRANTED' OR (approved_by <> proposed_by AND approved_by <> operator_id)",
            name="role_grants_by_two",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "role_grants_standing", "role_grants", ["operator_id", "role"], unique=True,
        postgresql_where=sa.text("state IN ('PROPOSED', 'GRANTED')"),
    )  # fmt: skip
    op.create_table(
        "replayed_epochs",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("draws", sa.Integer(), nullable=False),
        sa.Column("broken", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "epoch"),
    )
    op.create_table(
        "fairness_readings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("draws", sa.BigInteger(), nullable=False),
        sa.Column("bins", sa.Double(), nullable=False),
        sa.Column("together", sa.Double(), nullable=False),
        sa.Column("replayed", sa.BigInteger(), nullable=False),
        sa.Column("broken", sa.BigInteger(), nullable=False),
        sa.Column("alarm", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("trail_subject", "trail", ["subject", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("fairness_readings")
    op.drop_table("replayed_epochs")
    op.drop_table("role_grants")
    op.drop_table("trail")
    op.drop_index("sheets_scheduled", "sheets")
    op.drop_index("sheets_open", "sheets")
    op.execute("DELETE FROM sheets WHERE state NOT IN ('ACTIVE', 'RETIRED')")
    op.drop_constraint("sheets_revision_from_one", "sheets", type_="check")
    op.drop_constraint("sheets_scheduled_at", "sheets", type_="check")
    op.drop_constraint("sheets_state_known", "sheets", type_="check")
    op.create_check_constraint("sheets_state_known", "sheets", f"state IN ({_STATES})")
    op.drop_column("sheets", "based_on")
    op.drop_column("sheets", "revision")
