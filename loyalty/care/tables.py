"""Adjustments that take two people, and notes on cases."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer, Text
from sqlmodel import Field, SQLModel


class AdjustmentRow(SQLModel, table=True):
    """A correction of a wallet: proposed by one operator, done or withdrawn by a word of another."""

    __tablename__ = "adjustments"
    __table_args__ = (
        CheckConstraint("state IN ('PROPOSED', 'DONE', 'WITHDRAWN')", name="adjustments_state_known"),
        CheckConstraint("amount <> 0", name="adjustments_not_nothing"),
        CheckConstraint("(state = 'PROPOSED') = (decided_by IS NULL)", name="adjustments_decided_by"),
        CheckConstraint("(state = 'DONE') = (transfer_id IS NOT NULL)", name="adjustments_done_by_transfer"),
        CheckConstraint("state <> 'DONE' OR decided_by <> proposed_by", name="adjustments_by_two"),
        Index("adjustments_member", "member_id", "id"),
        Index("adjustments_waiting", "id", postgresql_where="state = 'PROPOSED'"),
    )

    id: UUID = Field(primary_key=True)
    member_id: UUID
    currency: str
    amount: int = Field(sa_column=Column(Integer, nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    state: str
    proposed_by: UUID
    proposed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    decided_by: UUID | None
    decided_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    transfer_id: UUID | None


class CaseNoteRow(SQLModel, table=True):
    """A note of an operator on a member, without personal data; append-only."""

    __tablename__ = "case_notes"
    __table_args__ = ({"info": {"append_only": True}},)

    member_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    text: str = Field(sa_column=Column(Text, nullable=False))
    operator_id: UUID
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
