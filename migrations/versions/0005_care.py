"""Adjustments by two, case notes, compensations, and forgiven days."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint("checkin_days_kept_known", "checkin_days", type_="check")
    op.create_check_constraint(
        "checkin_days_kept_known", "checkin_days", "kept IN ('FROZEN', 'MENDED', 'TRAVEL', 'FORGIVEN')"
    )
    op.execute("INSERT INTO operator_accounts (account, purpose) VALUES ('issue:care', 'what compensations give')")
    op.execute("INSERT INTO operator_accounts (account, purpose) VALUES ('sink:season', 'what expired with a season')")
    _adjustments()
    _compensations()
    _seasons()


def _adjustments() -> None:
    op.create_table(
        "adjustments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("transfer_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("state IN ('PROPOSED', 'DONE', 'WITHDRAWN')", name="adjustments_state_known"),
        sa.CheckConstraint("amount <> 0", name="adjustments_not_nothing"),
        sa.CheckConstraint("(state = 'PROPOSED') = (decided_by IS NULL)", name="adjustments_decided_by"),
        sa.CheckConstraint("(state = 'DONE') = (transfer_id IS NOT NULL)", name="adjustments_done_by_transfer"),
        sa.CheckConstraint("state <> 'DONE' OR decided_by <> proposed_by", name="adjustments_by_two"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("adjustments_member", "adjustments", ["member_id", "id"], unique=False)
    op.create_index(
        "adjustments_waiting", "adjustments", ["id"], unique=False, postgresql_where=sa.text("state = 'PROPOSED'")
    )
    op.create_table(
        "case_notes",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "id"),
    )


def _compensations() -> None:
    op.create_table(
        "compensations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cohort", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("diamonds", sa.Integer(), nullable=False),
        sa.Column("energy", sa.Integer(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("days", sa.ARRAY(sa.Date()), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('PROPOSED', 'RUNNING', 'DONE', 'WITHDRAWN', 'STOPPED')", name="compensations_state_known"
        ),
        sa.CheckConstraint("diamonds >= 0 AND energy >= 0 AND tickets >= 0 AND members > 0", name="compensations_sane"),
        sa.CheckConstraint("approved_by <> proposed_by", name="compensations_by_two"),
        sa.CheckConstraint(
            "alone OR approved_by IS NOT NULL OR state IN ('PROPOSED', 'WITHDRAWN')", name="compensations_agreed_to"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "compensations_key", "compensations", ["key"], unique=True,
        postgresql_where=sa.text("state IN ('PROPOSED', 'RUNNING', 'DONE')"),
    )  # fmt: skip
    op.create_index(
        "compensations_running", "compensations", ["id"], unique=False, postgresql_where=sa.text("state = 'RUNNING'")
    )
    op.create_index("compensations_proposed", "compensations", ["proposed_by", "proposed_at"], unique=False)
    op.create_table(
        "compensated",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("compensation_id", sa.Uuid(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("why", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('WAITING', 'GRANTED', 'SKIPPED')", name="compensated_state_known"),
        sa.CheckConstraint("(state = 'WAITING') = (at IS NULL)", name="compensated_when"),
        sa.CheckConstraint("(state = 'SKIPPED') = (why IS NOT NULL)", name="compensated_skipped_why"),
        sa.PrimaryKeyConstraint("member_id", "key"),
    )
    op.create_index("compensated_of", "compensated", ["compensation_id", "state"], unique=False)


def _seasons() -> None:
    op.create_table(
        "season_turns",
        sa.Column("season", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("following", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reached", sa.Uuid(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("season"),
    )
    counts = (
        "level", "experience", "streak", "longest", "total", "diamonds", "tickets", "stamps", "expired_diamonds",
        "expired_tickets", "expired_stamps",
    )  # fmt: skip
    op.create_table(
        "season_ends",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("season", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "expired_diamonds BETWEEN 0 AND diamonds AND expired_tickets BETWEEN 0 AND tickets "
            "AND expired_stamps BETWEEN 0 AND stamps",
            name="season_ends_of_what_there_was",
        ),
        sa.PrimaryKeyConstraint("member_id", "season"),
    )
    op.create_index("season_ends_season", "season_ends", ["season"], unique=False)


def downgrade() -> None:
    op.drop_table("season_ends")
    op.drop_table("season_turns")
    op.drop_table("compensated")
    op.drop_table("compensations")
    op.drop_table("case_notes")
    op.drop_table("adjustments")
    op.execute("DELETE FROM operator_accounts WHERE account IN ('issue:care', 'sink:season')")
    op.execute("DELETE FROM checkin_days WHERE kept = 'FORGIVEN' AND paid IS NULL")
    op.execute("UPDATE checkin_days SET kept = NULL WHERE kept = 'FORGIVEN'")
    op.drop_constraint("checkin_days_kept_known", "checkin_days", type_="check")
    op.create_check_constraint("checkin_days_kept_known", "checkin_days", "kept IN ('FROZEN', 'MENDED', 'TRAVEL')")
