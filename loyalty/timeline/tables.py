"""Events, and the rows that carry some of them outside."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Event(SQLModel, table=True):
    """What happened to a member; append-only, without personal data."""

    __tablename__ = "events"
    __table_args__ = (
        Index("events_kind_at", "kind", "at"),
        {"info": {"append_only": True, "partition_months": 3}, "postgresql_partition_by": "RANGE (id)"},
    )

    member_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    kind: str
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    facts: str = Field(sa_column=Column(JSONB, nullable=False))
    request_id: UUID | None


class Exposure(SQLModel, table=True):
    """What a member was shown; append-only, without personal data, apart from what he did."""

    __tablename__ = "exposures"
    __table_args__ = (
        Index("exposures_kind_at", "kind", "at"),
        {"info": {"append_only": True, "partition_months": 1}, "postgresql_partition_by": "RANGE (id)"},
    )

    member_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    kind: str
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    facts: str = Field(sa_column=Column(JSONB, nullable=False))
    request_id: UUID | None


class Outbox(SQLModel, table=True):
    """An event still to be carried outside; deleted when it has been."""

    __tablename__ = "outbox"
    __table_args__ = (Index("outbox_due", "due_at"),)

    id: UUID = Field(primary_key=True)
    member_id: UUID
    kind: str
    due_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
