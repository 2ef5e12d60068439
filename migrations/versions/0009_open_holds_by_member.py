"""Open holds are found by their members alone: the index by their end is gone."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("holds_due", table_name="holds", postgresql_where="state = 'OPEN'")


def downgrade() -> None:
    op.create_index("holds_due", "holds", ["expires_at"], unique=False, postgresql_where="state = 'OPEN'")
