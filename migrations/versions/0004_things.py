"""things that members win or pick: prizes, their papers, yearly values, stock in stores."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "prizes",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("thing", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("law", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("value_minor", sa.Integer(), nullable=False),
        sa.Column("taxed", sa.Boolean(), nullable=False),
        sa.Column("won_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivery", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("store_id", sa.Uuid(), nullable=True),
        sa.Column("tax_year", sa.Integer(), nullable=True),
        sa.Column("withheld_minor", sa.Integer(), nullable=False),
        sa.Column("stamps", sa.Integer(), nullable=False),
        sa.Column("cash_minor", sa.Integer(), nullable=False),
        sa.Column("transfer_id", sa.Uuid(), nullable=True),
        sa.Column("paid_id", sa.Uuid(), nullable=True),
        sa.Column("receipt_no", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("tracking_no", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(delivery IS NOT DISTINCT FROM 'STORE') = (store_id IS NOT NULL)", name="prizes_at_a_store"
        ),
        sa.CheckConstraint(
            "state NOT IN ('TAX_HOLD', 'CLAIMED', 'READY') OR delivery IS NOT NULL", name="prizes_delivered"
        ),
        sa.CheckConstraint(
            "(state IN ('FULFILLED', 'FORFEITED', 'EXPIRED')) = (ended_at IS NOT NULL)", name="prizes_ended"
        ),
        sa.CheckConstraint("value_minor > 0 AND cash_minor >= 0 AND withheld_minor >= 0", name="prizes_not_negative"),
        sa.CheckConstraint("source IN ('DRAW', 'PICK')", name="prizes_source_known"),
        sa.CheckConstraint(
            "(source = 'PICK') = (stamps > 0 AND transfer_id IS NOT NULL)", name="prizes_stamps_by_transfer"
        ),
        sa.CheckConstraint(
            "state IN ('WON', 'TAX_HOLD', 'CLAIMED', 'READY') OR state IN ('FULFILLED', 'FORFEITED', 'EXPIRED')",
            name="prizes_state_known",
        ),
        sa.PrimaryKeyConstraint("member_id", "id"),
    )
    op.create_index("prizes_by_state", "prizes", ["state", "id"], unique=False)
    op.create_index("prizes_due", "prizes", ["due_at"], unique=False, postgresql_where=sa.text("due_at IS NOT NULL"))
    op.create_table(
        "prize_directory",
        sa.Column("prize_id", sa.Uuid(), nullable=False),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("prize_id"),
    )
    op.create_index("prize_directory_code", "prize_directory", ["code"], unique=True)
    op.create_table(
        "prize_papers",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("prize_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("identity", sa.LargeBinary(), nullable=True),
        sa.Column("export_id", sa.Uuid(), nullable=True),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exported_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.CheckConstraint("(export_id IS NULL) = (exported_at IS NULL)", name="prize_papers_exported_once"),
        sa.PrimaryKeyConstraint("member_id", "prize_id"),
    )
    op.create_index(
        "prize_papers_export",
        "prize_papers",
        ["export_id"],
        unique=False,
        postgresql_where=sa.text("export_id IS NOT NULL"),
    )
    op.create_table(
        "prize_years",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value_minor", sa.Integer(), nullable=False),
        sa.CheckConstraint("value_minor >= 0", name="prize_years_not_negative"),
        sa.PrimaryKeyConstraint("member_id", "year"),
    )
    op.create_table(
        "thing_stock",
        sa.Column("thing", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.CheckConstraint("reserved BETWEEN 0 AND on_hand", name="thing_stock_never_overdrawn"),
        sa.PrimaryKeyConstraint("thing", "store_id"),
    )
    op.create_table(
        "thing_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("thing", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("prize_id", sa.Uuid(), nullable=True),
        sa.Column("operator", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(prize_id IS NULL) = (operator IS NOT NULL)", name="thing_moves_by_somebody"),
        sa.CheckConstraint("prize_id IS NULL OR change = -1", name="thing_moves_one_at_a_time"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "thing_moves_prize", "thing_moves", ["prize_id"], unique=True, postgresql_where=sa.text("prize_id IS NOT NULL")
    )
    op.execute(
        """INSERT INTO operator_accounts (account, purpose) VALUES
        ('sink:catalogue', 'stamps paid for things of the catalogue'),
        ('clearing:pick',
         'stamps held for things of the catalogue until a store takes the cash, or the time is over')"""
    )


def downgrade() -> None:
    op.execute("DELETE FROM operator_accounts WHERE account IN ('sink:catalogue', 'clearing:pick')")
    op.drop_table("thing_moves")
    op.drop_table("thing_stock")
    op.drop_table("prize_years")
    op.drop_table("prize_papers")
    op.drop_table("prize_directory")
    op.drop_table("prizes")
