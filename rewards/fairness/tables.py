"""Seeds of members, epoch by epoch."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer, LargeBinary
from sqlmodel import Field, SQLModel


class SeedRow(SQLModel, table=True):
    """One server seed of one member: the current epoch's and the next one's are always there.

    `sealed` is the seed under AES-256-GCM, bound to member and epoch. The next epoch has no client seed yet.
    """

    __tablename__ = "seeds"
    __table_args__ = (
        CheckConstraint("epoch >= 1", name="seeds_epoch_from_one"),
        CheckConstraint("next_nonce >= 0", name="seeds_nonce_not_negative"),
        CheckConstraint("octet_length(commit_sha256) = 32", name="seeds_commit_is_sha256"),
        CheckConstraint("(client_seed IS NULL) = (set_by IS NULL)", name="seeds_client_seed_set_by_somebody"),
        CheckConstraint("client_seed ~ '^[A-Za-z0-9_-]{1,64}$'", name="seeds_client_seed_legal"),
        CheckConstraint("set_by IN ('MEMBER', 'SERVER')", name="seeds_set_by_known"),
        CheckConstraint("client_seed IS NOT NULL OR (next_nonce = 0 AND revealed_at IS NULL)", name="seeds_next_waits"),
        Index("seeds_unrevealed", "member_id", "epoch", postgresql_where="revealed_at IS NULL"),
    )

    member_id: UUID = Field(primary_key=True)
    epoch: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    commit_sha256: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    client_seed: str | None
    set_by: str | None
    next_nonce: int = Field(sa_column=Column(Integer, nullable=False))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    revealed_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
