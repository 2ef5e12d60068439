"""Versions of sheets, and pauses."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class SheetRow(SQLModel, table=True):
    """One version of one sheet."""

    __tablename__ = "sheets"
    __table_args__ = (
        UniqueConstraint("kind", "key", "version", name="sheets_version"),
        CheckConstraint(
            "state IN ('DRAFT', 'IN_REVIEW', 'SCHEDULED', 'ACTIVE', 'RETIRED', 'SUCCESSOR', 'WITHDRAWN')",
            name="sheets_state_known",
        ),
        CheckConstraint("state <> 'SCHEDULED' OR active_at IS NOT NULL", name="sheets_scheduled_at"),
        CheckConstraint("revision >= 1 AND based_on >= 0", name="sheets_revision_from_one"),
        Index("sheets_active", "kind", "key", unique=True, postgresql_where="state = 'ACTIVE'"),
        Index("sheets_open", "kind", "key", unique=True, postgresql_where="state IN ('DRAFT', 'IN_REVIEW')"),
        Index("sheets_scheduled", "active_at", postgresql_where="state = 'SCHEDULED'"),
    )

    id: UUID = Field(primary_key=True)
    kind: str
    key: str
    version: int = Field(sa_column=Column(Integer, nullable=False))
    body: str = Field(sa_column=Column(JSONB, nullable=False))
    sha256: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    state: str
    author: str
    approver: str | None
    reason: str
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    active_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    retired_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    revision: int = Field(sa_column=Column(Integer, nullable=False))
    based_on: int = Field(sa_column=Column(Integer, nullable=False))


class TrailRow(SQLModel, table=True):
    """One act of one operator: on what, when, why, and what it changed field by field. Append-only."""

    __tablename__ = "trail"
    __table_args__ = (Index("trail_subject", "subject", "id"), {"info": {"append_only": True}})

    id: UUID = Field(primary_key=True)
    subject: str
    version: int | None = Field(sa_column=Column(Integer))
    act: str
    operator: str
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    reason: str
    changes: str = Field(sa_column=Column(JSONB, nullable=False))


class PauseRow(SQLModel, table=True):
    """One use of the stop switch: who, what, why; when it was let go, and who looked at it afterwards."""

    __tablename__ = "pauses"
    __table_args__ = (Index("pauses_active", "target", unique=True, postgresql_where="resumed_at IS NULL"),)

    id: UUID = Field(primary_key=True)
    target: str
    message: str
    reason: str
    paused_by: str
    paused_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    resumed_by: str | None
    resumed_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    reviewed_by: str | None
    reviewed_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    review_note: str | None
