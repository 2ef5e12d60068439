"""bubbles of boards, and refills of energy."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Boards that there are have no bubble and have counted no merge; every writer says both from here on.
    op.add_column("boards", sa.Column("merges", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "boards", sa.Column("bubbles", postgresql.JSONB(astext_type=sa.Text()), nullable=False, server_default="{}")
    )
    op.alter_column("boards", "merges", server_default=None)
    op.alter_column("boards", "bubbles", server_default=None)
    op.create_check_constraint("boards_merges_counted", "boards", "merges >= 0")
    op.create_table(
        "refills",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("diamonds", sa.Integer(), nullable=False),
        sa.Column("energy", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1 AND diamonds > 0 AND energy > 0", name="refills_positive"),
        sa.PrimaryKeyConstraint("member_id", "day", "number"),
    )
    op.execute(
        """INSERT INTO operator_accounts (account, purpose) VALUES
        ('sink:bubble', 'diamonds paid to pop bubbles of the board'),
        ('sink:energy', 'diamonds paid for refills of energy')"""
    )


def downgrade() -> None:
    op.execute("DELETE FROM operator_accounts WHERE account IN ('sink:bubble', 'sink:energy')")
    op.drop_table("refills")
    op.drop_constraint("boards_merges_counted", "boards")
    op.drop_column("boards", "bubbles")
    op.drop_column("boards", "merges")
