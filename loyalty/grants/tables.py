"""What flows upward: rows that a higher house consumes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer
from sqlmodel import Field, SQLModel


class Grant(SQLModel, table=True):
    """Something that a receipt or a prize gave and that a higher house has still to take."""

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint("amount > 0", name="grants_amount_positive"),
        Index("grants_waiting", "member_id", "kind", postgresql_where="consumed_at IS NULL"),
    )

    member_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    kind: str
    amount: int = Field(sa_column=Column(Integer, nullable=False))
    source: str
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    consumed_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
