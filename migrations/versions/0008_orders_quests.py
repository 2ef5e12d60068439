"""rerolls of orders, and claims of quests."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rerolls",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=False),
        sa.Column("diamonds", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("diamonds >= 0 AND number >= 1 AND replaced_by > number", name="rerolls_forward"),
        sa.PrimaryKeyConstraint("member_id", "day", "number"),
    )
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "quest_claims",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("code", text(), nullable=False),
        sa.Column("period", text(), nullable=False),
        sa.Column("counts", text(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("diamonds", sa.Integer(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("energy", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("progress >= target AND target >= 1", name="quest_claims_done"),
        sa.CheckConstraint("diamonds >= 0 AND tickets >= 0 AND energy >= 0", name="quest_claims_pay"),
        sa.CheckConstraint("since < until AND since <= at", name="quest_claims_in_time"),
        sa.PrimaryKeyConstraint("member_id", "code", "period"),
    )
    op.execute(
        """INSERT INTO operator_accounts (account, purpose) VALUES
        ('issue:quest', 'diamonds and tickets for quests'),
        ('sink:reroll', 'diamonds paid to reroll orders')"""
    )


def downgrade() -> None:
    op.execute("DELETE FROM operator_accounts WHERE account IN ('issue:quest', 'sink:reroll')")
    op.drop_table("quest_claims")
    op.drop_table("rerolls")
