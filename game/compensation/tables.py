"""Compensations, and for each of their members whether he got it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, CheckConstraint, Column, Date, DateTime, Index, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class CompensationRow(SQLModel, table=True):
    """What a cohort gets after an incident, and the people who agreed to it; `key` names the incident."""

    __tablename__ = "compensations"
    __table_args__ = (
        CheckConstraint(
            "state IN ('PROPOSED', 'RUNNING', 'DONE', 'WITHDRAWN', 'STOPPED')", name="compensations_state_known"
        ),
        CheckConstraint("diamonds >= 0 AND energy >= 0 AND tickets >= 0 AND members > 0", name="compensations_sane"),
        CheckConstraint("approved_by <> proposed_by", name="compensations_by_two"),
        CheckConstraint(
            "alone OR approved_by IS NOT NULL OR state IN ('PROPOSED', 'WITHDRAWN')", name="compensations_agreed_to"
        ),
        Index(
            "compensations_key", "key", unique=True, postgresql_where="state IN ('PROPOSED', 'RUNNING', 'DONE')"
        ),
        Index("compensations_running", "id", postgresql_where="state = 'RUNNING'"),
        Index("compensations_proposed", "proposed_by", "proposed_at"),
    )  # fmt: skip

    id: UUID = Field(primary_key=True)
    key: str = Field(sa_column=Column(Text, nullable=False))
    state: str
    cohort: str = Field(sa_column=Column(JSONB, nullable=False))
    diamonds: int = Field(sa_column=Column(Integer, nullable=False))
    energy: int = Field(sa_column=Column(Integer, nullable=False))
    tickets: int = Field(sa_column=Column(Integer, nullable=False))
    days: list[date] = Field(sa_column=Column(ARRAY(Date), nullable=False))
    members: int = Field(sa_column=Column(Integer, nullable=False))
    alone: bool = Field(sa_column=Column(Boolean, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    proposed_by: UUID
    proposed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    approved_by: UUID | None
    approved_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    ended_by: UUID | None
    ended_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))


class CompensatedRow(SQLModel, table=True):
    """One member of a compensation. Its key lets nobody be compensated twice for one incident."""

    __tablename__ = "compensated"
    __table_args__ = (
        CheckConstraint("state IN ('WAITING', 'GRANTED', 'SKIPPED')", name="compensated_state_known"),
        CheckConstraint("(state = 'WAITING') = (at IS NULL)", name="compensated_when"),
        CheckConstraint("(state = 'SKIPPED') = (why IS NOT NULL)", name="compensated_skipped_why"),
        Index("compensated_of", "compensation_id", "state"),
    )

    member_id: UUID = Field(primary_key=True)
    key: str = Field(sa_column=Column(Text, primary_key=True))
    compensation_id: UUID
    state: str
    due_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    days: int = Field(sa_column=Column(Integer, nullable=False))
    why: str | None
    at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
