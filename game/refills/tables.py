"""Refills of energy that members bought."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Date, DateTime, Integer
from sqlmodel import Field, SQLModel


class RefillRow(SQLModel, table=True):
    """A refill, under its number on a member's business day: so each one is paid once. Append-only."""

    __tablename__ = "refills"
    __table_args__ = (
        CheckConstraint("number >= 1 AND diamonds > 0 AND energy > 0", name="refills_positive"),
        {"info": {"append_only": True}},
    )

    member_id: UUID = Field(primary_key=True)
    day: date = Field(sa_column=Column(Date, primary_key=True))
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    diamonds: int = Field(sa_column=Column(Integer, nullable=False))
    energy: int = Field(sa_column=Column(Integer, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
